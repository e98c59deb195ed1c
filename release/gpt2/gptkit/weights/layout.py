"""What a GPT-2 consists of: its hyper-parameters, and the name, shape and place of every parameter."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from gptkit.weights.tensorfile import Damaged, WeightsError

PARAMETERS = "model.safetensors"  # the file of a model folder that holds them in the form that is read
HPARAMS = ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer")


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
    # Not isinstance: JSON's true would be an int, too.
    if not all(type(value) is int and value > 0 for value in values) or hparams["n_embd"] % hparams["n_head"]:
        raise WeightsError(f"{path} holds impossible hyper-parameters: {hparams}.")
    return hparams


def shapes(hparams: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every variable of a GPT-2 of these hyper-parameters, under the checkpoint's names."""
    n = hparams["n_embd"]
    # In the order in which they are written, so that every conversion gives the same bytes.
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
    """Raise Damaged unless there is every variable, in float32 and in the shape that the hyper-parameters tell."""
    for name, shape in shapes(hparams).items():
        if name not in variables:
            raise Damaged(source, f"it has no variable {name}")
        found = variables[name]
        if found.shape != shape or found.dtype != np.float32:
            wanted = f"but hparams.json beside it asks for float32 {list(shape)}"
            raise Damaged(source, f"{name} is {found.dtype} {list(found.shape)}, {wanted}")


def nest(variables: dict[str, np.ndarray], n_layer: int) -> dict:
    """Variables by checkpoint name ("model/h0/ln_1/g") as the nested dict that `load` describes."""
    params: dict = {"blocks": [{} for _ in range(n_layer)]}
    for name, array in variables.items():
        *above, leaf = name.split("/")[1:]
        place = params
        for key in above:
            # h0, h1, ... are the blocks; wte, wpe and ln_f stand beside them.
            block = re.fullmatch(r"h(\d+)", key)
            place = params["blocks"][int(block[1])] if block else place.setdefault(key, {})
        place[leaf] = array
    return params
