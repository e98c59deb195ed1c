"""The published forms of the parameters -> model.safetensors, once; the one place where gptkit imports TensorFlow.

OpenAI's TensorFlow checkpoint and Hugging Face's file hold the same float32 numbers; both become the same file here.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from gptkit.weights import layout, tensorfile
from gptkit.weights.tensorfile import Damaged, WeightsError


def convert(folder: Path, huggingface: Path | None = None) -> None:
    """Write the folder's model.safetensors from the checkpoint in it (model.ckpt.*), or from Hugging Face's file.

    Raises WeightsError when TensorFlow is missing and needed, or the source is damaged or does not fit hparams.json;
    OSError when the folder cannot be written to.
    """
    hparams = layout.load_hparams(folder)
    names, source = list(layout.shapes(hparams)), huggingface or folder / "model.ckpt"
    if huggingface is None:
        variables = read(source, names)
    else:  # its h.N.attn.bias are causal masks, no parameters, and are left behind
        found = tensorfile.read(source)
        variables = {name: found[theirs] for name in names if (theirs := huggingface_name(name)) in found}
    layout.check_shapes(variables, hparams, source)
    tensorfile.write(folder / layout.PARAMETERS, variables)


def read(prefix: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Those variables of the checkpoint `prefix` that are in it, by name; matrices are [in, out] here.

    TensorFlow compares each with the checksum stored beside it. Raises WeightsError as `convert` does.
    """
    # Else TensorFlow writes pages about itself to stderr. It reads these when it is imported, and not again.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        # Here, for it takes seconds to import, and whoever has the converted file can do without it.
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
    except MemoryError:  # not the file's fault
        raise WeightsError(f"There is not enough memory to convert {prefix}.") from None
    except Exception as error:  # TensorFlow's own errors, but IndexError and others too
        raise Damaged(prefix, f"it cannot be read: {str(error).splitlines()[0][:200]}") from None
    # OpenAI's matrices are convolutions of width 1: [1, in, out] -> [in, out].
    return {n: array[0] if n.endswith("/w") and array.ndim == 3 else array for n, array in variables.items()}


def huggingface_name(name: str) -> str:
    """Hugging Face's name of a variable: model/h0/ln_1/g -> h.0.ln_1.weight, model/wte -> wte.weight."""
    short = re.sub(r"^model/(h(\d+)/)?", lambda found: f"h.{found[2]}." if found[1] else "", name)
    stem, _, leaf = short.replace("/", ".").rpartition(".")
    return f"{stem}.{'bias' if leaf == 'b' else 'weight'}" if stem else f"{leaf}.weight"
