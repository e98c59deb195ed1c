"""Finding a model's folder and opening it: hyper-parameters, and parameters as read-only memory-mapped arrays.

A model folder has OpenAI's file names: hparams.json, encoder.json, vocab.bpe, and the parameters either converted
(model.safetensors) or as TensorFlow's checkpoint (model.ckpt.*), which is converted when it is first opened.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from gptkit.weights import checkpoint, tensorfile
from gptkit.weights.layout import PARAMETERS, check_shapes, load_hparams, nest, shapes
from gptkit.weights.tensorfile import WeightsError, cannot_write

__all__ = ["EMBEDDED", "PARAMETERS", "WeightsError", "find", "load", "models_dir"]

TEXT_FILES = ("hparams.json", "encoder.json", "vocab.bpe")
EMBEDDED = Path(__file__).parents[1] / "tiny"


def models_dir() -> Path:
    """Where model folders lie: GPT2_MODELS_DIR, else the repository's models/, else a folder of the user's cache."""
    if chosen := os.environ.get("GPT2_MODELS_DIR"):
        return Path(chosen).expanduser()
    for folder in Path(__file__).resolve().parents:
        if (folder / "models" / "tiny" / "train.py").is_file():
            return folder / "models"
    if sys.platform == "win32":
        cache = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "gpt2-models"


def find(name: str | None = None) -> Path:
    """The folder of the model `name`; without a name, 124M where it is there, else tiny, which always is.

    Raises WeightsError when the model named is not there.
    """
    folders = [models_dir() / (name or "124M")]
    if name in (None, "tiny"):
        folders += [models_dir() / "tiny", EMBEDDED]
    for folder in folders:
        if is_loadable(folder):
            return folder
    raise WeightsError(f"There is no model {name} in {models_dir()}. Fetch it with: python -m gptkit fetch {name}")


def is_loadable(folder: Path) -> bool:
    """Whether the folder has all files that `load` and the tokenizer need; their contents are not looked at."""
    if not all((folder / name).is_file() for name in TEXT_FILES):
        return False
    if (folder / PARAMETERS).is_file():
        return True
    return (folder / "model.ckpt.index").is_file() and importlib.util.find_spec("tensorflow") is not None


def load(folder: Path | str) -> tuple[dict, dict]:
    """Hyper-parameters and parameters of a model folder; takes milliseconds and no memory of its own.

    The parameters are nested as `wte, wpe, blocks[i].{attn.{c_attn,c_proj}, ln_1, ln_2, mlp.{c_fc,c_proj}}, ln_f`, each
    leaf with `w`, `b` or `g`, `b`: read-only float32 views of the file. Raises WeightsError when a file is missing,
    damaged, or not of the shapes that hparams.json tells.
    """
    folder = Path(folder)
    hparams = load_hparams(folder)
    if not (folder / PARAMETERS).is_file() and (folder / "model.ckpt.index").is_file():
        try:
            checkpoint.convert(folder)
        except OSError as why:
            raise cannot_write(folder / PARAMETERS, why) from None
    variables = tensorfile.read(folder / PARAMETERS)
    check_shapes(variables, hparams, folder / PARAMETERS)
    return hparams, nest({name: variables[name] for name in shapes(hparams)}, hparams["n_layer"])
