"""Finding a model's folder and opening it: hyper-parameters, and parameters as read-only memory-mapped arrays.

A model folder has OpenAI's file names: hparams.json, encoder.json, vocab.bpe, and the parameters either converted
(model.safetensors) or as TensorFlow's checkpoint (model.ckpt.*), which is converted when it is first opened.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import numpy as np

from gptkit import tensorfile
from gptkit.tensorfile import WeightsError, cannot_write

__all__ = ["EMBEDDED", "PARAMETERS", "WeightsError", "find", "load", "models_dir", "shapes"]

PARAMETERS = "model.safetensors"
TEXT_FILES = ("hparams.json", "encoder.json", "vocab.bpe")
HPARAMS = ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer")
EMBEDDED = Path(__file__).parent / "tiny"


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
        from gptkit import checkpoint

        try:
            checkpoint.convert(folder)
        except OSError as why:
            raise cannot_write(folder / PARAMETERS, why) from None
    variables = tensorfile.read(folder / PARAMETERS)
    check_shapes(variables, hparams, folder / PARAMETERS)
    return hparams, nest({name: variables[name] for name in shapes(hparams)}, hparams["n_layer"])


def load_hparams(folder: Path) -> dict[str, int]:
    """The five numbers of hparams.json. Raises WeightsError when one is missing or not a positive integer."""
    path = folder / "hparams.json"
    try:
        hparams = json.loads(path.read_text(encoding="utf-8"))
        values = [hparams[name] for name in HPARAMS]
    except FileNotFoundError:
        raise WeightsError(f"{folder} is not a model folder: it has no hparams.json.") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise WeightsError(f"{path} cannot be read as GPT-2's hyper-parameters ({error!r}).") from None
    if not all(type(value) is int and value > 0 for value in values) or hparams["n_embd"] % hparams["n_head"]:
        raise WeightsError(f"{path} holds impossible hyper-parameters: {hparams}.")
    return hparams


def shapes(hparams: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every variable of a GPT-2 of these hyper-parameters, under the checkpoint's names."""
    n = hparams["n_embd"]
    block = {
        "attn/c_attn/b": (3 * n,),
        "attn/c_attn/w": (n, 3 * n),
        "attn/c_proj/b": (n,),
        "attn/c_proj/w": (n, n),
        "ln_1/b": (n,),
        "ln_1/g": (n,),
        "ln_2/b": (n,),
        "ln_2/g": (n,),
        "mlp/c_fc/b": (4 * n,),
        "mlp/c_fc/w": (n, 4 * n),
        "mlp/c_proj/b": (n,),
        "mlp/c_proj/w": (4 * n, n),
    }
    outside = {"wte": (hparams["n_vocab"], n), "wpe": (hparams["n_ctx"], n), "ln_f/b": (n,), "ln_f/g": (n,)}
    layers = range(hparams["n_layer"])
    named = outside | {f"h{i}/{name}": shape for i in layers for name, shape in block.items()}
    return {f"model/{name}": shape for name, shape in named.items()}


def check_shapes(variables: dict[str, np.ndarray], hparams: dict[str, int], source: Path) -> None:
    """Raise WeightsError unless there is every variable, in float32 and in the shape that the hyper-parameters tell."""
    for name, shape in shapes(hparams).items():
        if name not in variables:
            raise WeightsError(f"{source} has no variable {name}. Fetch the model again.")
        found = variables[name]
        if found.shape != shape or found.dtype != np.float32:
            raise WeightsError(
                f"{source}: {name} is {found.dtype} {list(found.shape)}, "
                f"but hparams.json beside it asks for float32 {list(shape)}."
            )


def nest(variables: dict[str, np.ndarray], n_layer: int) -> dict:
    """Variables by checkpoint name ("model/h0/ln_1/g") as the nested dict that `load` describes."""
    params: dict = {"blocks": [{} for _ in range(n_layer)]}
    for name, array in variables.items():
        first, *rest = name.removeprefix("model/").split("/")
        place = params
        if first[0] == "h" and first[1:].isdigit():
            place = params["blocks"][int(first[1:])]
        else:
            rest = [first, *rest]
        for key in rest[:-1]:
            place = place.setdefault(key, {})
        place[rest[-1]] = array
    return params
