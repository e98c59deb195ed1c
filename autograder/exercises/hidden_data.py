"""Hidden data: the loaded model's real activations and logits, for texts drawn by a seed.

They are the same for every submission of a run, so everything made from them is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from gptkit import weights
from gptkit.engine.model import GPT2, Trace
from gptkit.engine.tokenizer import Tokenizer

T = TypeVar("T")
DRAWN, SAMPLED, GREEDY = 4, 12, 6  # tokens of a hidden text: by chance, by the model and chance, by the model alone


class Hidden:
    """A model and a seed. `model` is its name; `ids` is the hidden text, of which `n_prompt` tokens are the prompt."""

    def __init__(self, folder: Path | str, seed: str | int = "0"):
        self.folder, self.model, self.seed = Path(folder), Path(folder).name, str(seed)
        self.n_prompt = DRAWN + SAMPLED
        self._kept: dict[Callable, Any] = {}

    def rng(self, name: str) -> np.random.Generator:
        """A generator of chance for one purpose; the same seed and name give the same numbers."""
        # Python's own hash() of a text is another one in each process, and workers must draw the same data.
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return np.random.default_rng(list(digest))

    def keep(self, make: Callable[[Hidden], T]) -> T:
        """`make(self)`, made once."""
        # By the function itself: two exercises may have functions of one name.
        if make not in self._kept:
            self._kept[make] = make(self)
        return self._kept[make]

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return Tokenizer.from_folder(self.folder)

    @cached_property
    def gpt2(self) -> GPT2:
        return GPT2(*weights.load(self.folder))

    @cached_property
    def ids(self) -> list[int]:
        """A text nobody has seen: a few tokens drawn, some that the model finds likely, then the likeliest ones."""
        rng, n_vocab = self.rng("text"), self.gpt2.hparams["n_vocab"]

        def likely(logits: np.ndarray) -> int:
            noise = rng.gumbel(size=n_vocab)  # the largest of logits + Gumbel noise is a draw from their softmax
            return int(np.argmax(logits + noise))

        prompt = [int(i) for i in rng.integers(n_vocab, size=DRAWN)]
        prompt += self.gpt2.generate(prompt, SAMPLED, likely)
        return list(chain(prompt, self.gpt2.greedy(prompt, GREEDY)))

    @cached_property
    def trace(self) -> Trace:
        """What layer_norm and attention are given and return while the model reads `ids`; logits [n_seq, n_vocab]."""
        return self.gpt2.trace(self.ids)

    @property
    def logits(self) -> np.ndarray:
        """Logits [n_vocab] of the token after the prompt."""
        return self.trace.logits[self.n_prompt - 1]
