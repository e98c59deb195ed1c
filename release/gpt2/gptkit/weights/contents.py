"""What a model's files are, told by their content: for files whose hash nobody has published."""

from __future__ import annotations

import json
from pathlib import Path

from gptkit.weights import tensorfile
from gptkit.weights.published import HF_PARAMETERS, Published

INDEX_ENDS_WITH = 0xDB4775248B80FB57.to_bytes(8, "little")  # TensorFlow's sign of a whole table


def check(model: Published, name: str, path: Path) -> None:
    """Raise ValueError or WeightsError unless the file `path` can be the model's file `name`."""
    if not path.stat().st_size:
        raise ValueError("it is empty")
    if name == HF_PARAMETERS:
        tensorfile.read(path)
    elif name == "model.ckpt.index" and not path.read_bytes().endswith(INDEX_ENDS_WITH):
        raise ValueError("it is not the whole index of a TensorFlow checkpoint")
    elif name == "vocab.bpe":  # a version, then one pair for each token that is neither a byte nor the end of a text
        pairs = path.read_text(encoding="utf-8", errors="replace").rstrip("\n").split("\n")[1:]
        if len(pairs) != model.n_vocab - 257 or any(len(pair.split(" ")) != 2 for pair in pairs):
            raise ValueError(f"it is not a list of {model.n_vocab - 257:,} merges")
    elif name == "encoder.json":
        ids = list(_object(path).values())
        if not all(type(i) is int for i in ids) or sorted(ids) != list(range(model.n_vocab)):
            raise ValueError(f"it is not a vocabulary of {model.n_vocab:,} tokens")
    elif name in ("hparams.json", "config.json"):  # OpenAI's, Hugging Face's
        found = _object(path)
        there = {"n_vocab": found.get("vocab_size")} | {key: found[key] for key in model.hparams if key in found}
        if there != model.hparams:
            raise ValueError(f"its hyper-parameters are {there}, not {model.hparams}")


def _object(path: Path) -> dict:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    return found
