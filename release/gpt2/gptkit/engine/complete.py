"""Text from a model: a prompt is continued token by token."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np

from .model import GPT2
from .tokenizer import Tokenizer

Choose = Callable[[np.ndarray], int]  # logits [n_vocab] -> token id


def stream(
    gpt2: GPT2, tokenizer: Tokenizer, prompt: str, n_tokens: int = 40, choose: Choose | None = None
) -> Iterator[str]:
    """The text that follows `prompt`, one piece for each of `n_tokens` tokens.

    A character that is spread over several tokens comes with its last one. `choose(logits)` picks each token; without
    it the likeliest is taken. Raises ValueError at once for an empty prompt, n_tokens <= 0, or more than the model's
    context holds.
    """
    ids = gpt2.generate(tokenizer.encode(prompt), n_tokens, choose)
    return _as_text(ids, n_tokens, tokenizer)


def _as_text(ids: Iterator[int], n_tokens: int, tokenizer: Tokenizer) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for i, token in enumerate(ids, start=1):
        yield decoder.decode(tokenizer.token_bytes(token), final=i == n_tokens)


def complete(
    gpt2: GPT2,
    tokenizer: Tokenizer,
    prompt: str,
    n_tokens: int = 40,
    choose: Choose | None = None,
    progress: bool = True,
) -> str:
    """The text that follows `prompt` (`n_tokens` tokens), with a progress bar meanwhile. Raises as `stream` does."""
    pieces = stream(gpt2, tokenizer, prompt, n_tokens, choose)
    if progress:
        with suppress(ImportError):  # a browser's Python may lack it
            from tqdm.auto import tqdm  # here, for it takes longer to import than all of this package

            pieces = tqdm(pieces, total=n_tokens, desc="completing", unit="token", leave=False)
    return "".join(pieces)
