"""The tokenizer under the name that the course's first notebook uses."""

from __future__ import annotations

from pathlib import Path

from gptkit.engine.tokenizer import Tokenizer


def get_encoder(model_name: str, models_dir: str | Path) -> Tokenizer:
    """The tokenizer (`.encode(text)`, `.decode(ids)`) of a model. Raises ValueError when its files cannot be read."""
    return Tokenizer.from_folder(Path(models_dir) / model_name)
