"""TensorFlow's checkpoint of GPT-2 -> model.safetensors, once; the one place where gptkit imports TensorFlow."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from gptkit import tensorfile, weights
from gptkit.tensorfile import WeightsError


def convert(folder: Path) -> Path:
    """Read the folder's checkpoint and write model.safetensors beside it; returns the new file's path.

    Raises WeightsError when TensorFlow is missing, the checkpoint is damaged or does not fit hparams.json, or the
    folder cannot be written to.
    """
    hparams = weights.load_hparams(folder)
    variables = read(folder / "model.ckpt", list(weights.shapes(hparams)))
    weights.check_shapes(variables, hparams, folder / "model.ckpt")
    target = folder / weights.PARAMETERS
    try:
        tensorfile.write(target, variables)
    except OSError as error:
        raise WeightsError(f"{target} cannot be written: {error.strerror}.") from None
    return target


def read(prefix: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Variables of the checkpoint `prefix` by name; OpenAI stores matrices as [1, in, out], here they are [in, out]."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # else TensorFlow talks about itself
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        from tensorflow import errors
        from tensorflow.train import load_checkpoint
    except ImportError:
        raise WeightsError(
            f"{prefix.parent} holds a TensorFlow checkpoint and TensorFlow is not installed. "
            f"Fetch the converted form with: python -m gptkit fetch --source huggingface"
        ) from None
    try:
        reader = load_checkpoint(str(prefix))
        found = reader.get_variable_to_shape_map()
        variables = {name: np.asarray(reader.get_tensor(name)) for name in names if name in found}
    except (errors.OpError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:200]
        raise WeightsError(f"{prefix} cannot be read ({reason}). Delete it and fetch the model again.") from None
    return {
        name: array[0] if name.endswith("/w") and array.ndim == 3 else array  # [1, in, out] -> [in, out]
        for name, array in variables.items()
    }
