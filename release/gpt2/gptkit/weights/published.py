"""What is known of the published GPT-2 models, and whether a file is one of theirs.

The facts about each model stand in published.json: hyper-parameters, sizes, hashes, and what 124M answers.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gptkit.weights import layout, tensorfile
from gptkit.weights.tensorfile import Damaged, WeightsError

OPENAI = "https://openaipublic.blob.core.windows.net/gpt-2/models"  # / 124M / file
HUGGINGFACE = "https://huggingface.co"  # / repository / resolve / revision / file
SOURCES = ("openai", "huggingface")

CHECKPOINT_DATA = "model.ckpt.data-00000-of-00001"  # OpenAI's parameters
CHECKPOINT = ("checkpoint", CHECKPOINT_DATA, "model.ckpt.index", "model.ckpt.meta")  # and what goes with them
OPENAI_FILES = ("hparams.json", "encoder.json", "vocab.bpe", *CHECKPOINT)
HF_PARAMETERS = "huggingface.safetensors"  # Hugging Face's one file: the same parameters under other names
INDEX_ENDS_WITH = 0xDB4775248B80FB57.to_bytes(8, "little")  # TensorFlow's sign of a whole table


@dataclass(frozen=True)
class Figure:
    """What the model computes for one prompt: the five likeliest next tokens and their logits (float32)."""

    prompt: str
    ids: Sequence[int]
    top: Sequence[int]
    logits: Sequence[float]


@dataclass(frozen=True)
class Published:
    """One model as published; `files` maps a file's name to [bytes, SHA-256], either None where it is not known."""

    n_layer: int
    n_head: int
    n_embd: int
    repository: str  # of Hugging Face
    revision: str = "main"
    n_vocab: int = 50257
    n_ctx: int = 1024
    files: dict[str, Sequence] = field(default_factory=dict)
    figures: Sequence[Figure] = ()
    continuation: Sequence[str] | None = None  # a prompt, and the text that follows greedily

    @property
    def hparams(self) -> dict[str, int]:
        """The contents of hparams.json, in its order."""
        return {name: getattr(self, name) for name in layout.HPARAMS}

    @property
    def n_params(self) -> int:
        """How many numbers it consists of."""
        return sum(math.prod(shape) for shape in layout.shapes(self.hparams).values())

    def size(self, name: str) -> int | None:
        """The size of one of its files in bytes; None where it is not known."""
        return self.files.get(name, (None, None))[0]

    def sha256(self, name: str) -> str | None:
        """The SHA-256 of one of its files in hexadecimal; None where it is not known."""
        return self.files.get(name, (None, None))[1]

    def flaw(self, name: str, path: Path) -> str | None:
        """What tells `path` from the model's file `name`; None when nothing does."""
        size = path.stat().st_size
        if self.size(name) not in (None, size):
            return f"{size:,} bytes, not {self.size(name):,}"
        if self.sha256(name) is None:
            return self._flaw_of_content(name, path)
        return None if sha256(path) == self.sha256(name) else "its SHA-256 is another one"

    def _flaw_of_content(self, name: str, path: Path) -> str | None:
        """The same for a file whose hash nobody has published: what it holds must be what its name says."""
        if not path.stat().st_size:
            return "it is empty"
        if name == HF_PARAMETERS:
            try:
                tensorfile.read(path)
            except WeightsError as why:
                return why.how if isinstance(why, Damaged) else str(why)
        elif name == "model.ckpt.index" and not path.read_bytes().endswith(INDEX_ENDS_WITH):
            return "it is not the whole index of a TensorFlow checkpoint"
        elif (
            name == "vocab.bpe"
        ):  # a version, then one pair for each token that is neither a byte nor the end of a text
            pairs = path.read_text(encoding="utf-8", errors="replace").rstrip("\n").split("\n")[1:]
            if len(pairs) != self.n_vocab - 257 or any(len(pair.split(" ")) != 2 for pair in pairs):
                return f"it is not a list of {self.n_vocab - 257:,} merges"
        elif name.endswith(".json"):
            try:
                found = json.loads(path.read_bytes())
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                return "it is not a JSON object"
            if name == "encoder.json":
                ids = list(found.values())
                if not all(type(i) is int for i in ids) or sorted(ids) != list(range(self.n_vocab)):
                    return f"it is not a vocabulary of {self.n_vocab:,} tokens"
            else:  # hparams.json or config.json: OpenAI's, and Hugging Face's, where one number has another name
                given = {"n_vocab": found.get("vocab_size")} | {key: found[key] for key in self.hparams if key in found}
                if given != self.hparams:
                    return f"its hyper-parameters are {given}, not {self.hparams}"
        return None


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> dict[str, Published]:
    models = json.loads(path.read_text("utf-8"))
    for known in models.values():
        known["figures"] = tuple(Figure(**figure) for figure in known.get("figures", ()))
    return {name: Published(**known) for name, known in models.items()}


MODELS = _read(Path(__file__).with_suffix(".json"))  # by name: the sizes and hashes to hold a download against
