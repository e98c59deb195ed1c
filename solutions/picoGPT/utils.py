"""Loading a model under the name that the course's first notebook uses."""

from __future__ import annotations

from pathlib import Path

from gptkit import weights
from gptkit.engine.tokenizer import Tokenizer

from .encoder import get_encoder


def load_encoder_hparams_and_params(model_size: str, models_dir: str | Path) -> tuple[Tokenizer, dict, dict]:
    """(encoder, hparams, params) of the folder `models_dir/model_size`, as `gptkit.weights.load` reads it."""
    hparams, params = weights.load(Path(models_dir) / model_size)
    return get_encoder(model_size, models_dir), hparams, params
