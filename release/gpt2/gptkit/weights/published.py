"""What is known of the published GPT-2 models: addresses, sizes, hashes, hyper-parameters, and what 124M answers.

The facts about each model stand in published.json.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

OPENAI = "https://openaipublic.blob.core.windows.net/gpt-2/models"  # / 124M / file
HUGGINGFACE = "https://huggingface.co"  # / repository / resolve / revision / file
SOURCES = ("openai", "huggingface")


@dataclass(frozen=True)
class Figure:
    """What the model computes for one prompt: the five likeliest next tokens and their logits (float32)."""

    prompt: str
    ids: Sequence[int]
    top: Sequence[int]
    logits: Sequence[float]


@dataclass(frozen=True)
class Published:
    """One model as published; `files` maps a file's name to (bytes, SHA-256), either None where it is not known."""

    n_layer: int
    n_head: int
    n_embd: int
    repository: str  # of Hugging Face
    revision: str = "main"
    n_vocab: int = 50257
    n_ctx: int = 1024
    files: dict[str, tuple[int | None, str | None]] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    continuation: Sequence[str] | None = None  # a prompt, and the text that follows greedily

    @property
    def hparams(self) -> dict[str, int]:
        """The contents of hparams.json, in its order."""
        return {name: getattr(self, name) for name in ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer")}

    @property
    def n_params(self) -> int:
        """Sum over token and position embedding, blocks and the last layer norm."""
        n = self.n_embd
        return (self.n_vocab + self.n_ctx) * n + self.n_layer * (12 * n * n + 13 * n) + 2 * n


CHECKPOINT_DATA = "model.ckpt.data-00000-of-00001"  # OpenAI's parameters
CHECKPOINT = ("checkpoint", CHECKPOINT_DATA, "model.ckpt.index", "model.ckpt.meta")  # and what goes with them
OPENAI_FILES = ("hparams.json", "encoder.json", "vocab.bpe", *CHECKPOINT)
HF_PARAMETERS = "huggingface.safetensors"  # Hugging Face's one file: the same parameters under other names


def _read(path: Path) -> dict[str, Published]:
    models = json.loads(path.read_text("utf-8"))
    for known in models.values():
        known["files"] = {name: tuple(pins) for name, pins in known.get("files", {}).items()}
        known["figures"] = tuple(Figure(**figure) for figure in known.get("figures", ()))
    return {name: Published(**known) for name, known in models.items()}


MODELS = _read(Path(__file__).with_suffix(".json"))  # by name: the sizes and hashes to hold a download against
