"""Finding a model's folder and opening it: hyper-parameters, and parameters as read-only memory-mapped arrays.

A model folder has OpenAI's file names: hparams.json, encoder.json, vocab.bpe, and the parameters either converted
(model.safetensors) or as TensorFlow's checkpoint (model.ckpt.*), which is converted when it is first opened.
"""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from gptkit.weights import checkpoint, tensorfile
from gptkit.weights.layout import PARAMETERS, check_shapes, load_hparams, nest, shapes
from gptkit.weights.tensorfile import WeightsError, cannot_write

TEXT_FILES = ("hparams.json", "encoder.json", "vocab.bpe")
EMBEDDED = Path(__file__).parents[1] / "tiny"


def models_dir() -> Path:
    """Where model folders lie: GPT2_MODELS_DIR, else the repository's models/, else a folder of the user's cache.

    Raises WeightsError when that is below a home folder and there is none.
    """
    chosen = os.environ.get("GPT2_MODELS_DIR")
    try:
        return Path(chosen).expanduser() if chosen else _usual_models_dir()
    except RuntimeError:  # neither HOME nor the system's list of users has one
        if chosen:
            raise WeightsError(f"GPT2_MODELS_DIR is {chosen}, and there is no such home folder.") from None
        raise WeightsError("You have no home folder: name a folder for models in GPT2_MODELS_DIR.") from None


def _usual_models_dir() -> Path:
    # A clone is known by a file that no student's folder has; above it there may be folders that we must not read.
    for folder in Path(__file__).resolve().parents:
        with suppress(PermissionError):
            if _is_file(folder / "models" / "tiny" / "train.py"):
                return folder / "models"
    # platformdirs knows these, too, but a browser's Python lacks it, and without a home it would make a folder "~".
    if sys.platform == "win32":
        cache = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "gpt2-models"


def find(name: str | None = None) -> Path:
    """The folder of the model `name`; without a name, 124M where it is there, else tiny, which always is.

    Raises WeightsError when the model named is not there, or the models folder cannot be read.
    """
    try:
        models = models_dir()
        for known in [name] if name else ["124M", EMBEDDED.name]:
            if is_loadable(models / known):
                return models / known
    except OSError as why:
        if name != EMBEDDED.name:  # it needs no models folder
            reason = f"{why.filename} cannot be read: {why.strerror}."
            raise WeightsError(f"{reason} Name another folder in GPT2_MODELS_DIR.") from None
    except WeightsError:
        if name != EMBEDDED.name:
            raise
    else:
        if name not in (None, EMBEDDED.name):
            raise WeightsError(f"There is no model {name} in {models}. Fetch it with: python -m gptkit fetch {name}")
    return EMBEDDED


def is_loadable(folder: Path) -> bool:
    """Whether the folder has all files that `load` and the tokenizer need; their contents are not looked at."""
    if not all(_is_file(folder / name) for name in TEXT_FILES):
        return False
    if _is_file(folder / PARAMETERS):
        return True
    # Looked for, not imported: that would take seconds.
    return _is_file(folder / "model.ckpt.index") and importlib.util.find_spec("tensorflow") is not None


def _is_file(path: Path) -> bool:
    """As Path.is_file, which answers False in new versions of Python where it is not allowed to look: this raises."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


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
