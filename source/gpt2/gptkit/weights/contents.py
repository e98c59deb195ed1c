"""What a model's files are, told by their content: for files whose hash nobody has published."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gptkit.weights import tensorfile
from gptkit.weights.published import HF_PARAMETERS, Published

INDEX_ENDS_WITH = 0xDB4775248B80FB57.to_bytes(8, "little")  # TensorFlow's sign of a whole table


def check_of(name: str, model: Published) -> Callable[[Path], object] | None:
    """A function that raises ValueError or WeightsError unless the file it is given can be the model's `name`."""
    checks = {
        "hparams.json": _hparams,
        "config.json": _hparams,
        "encoder.json": _encoder,
        "vocab.bpe": _merges,
        "model.ckpt.index": _index,
        HF_PARAMETERS: lambda _, path: tensorfile.read(path),
    }
    return partial(checks[name], model) if name in checks else None


def _hparams(model: Published, path: Path) -> None:
    """OpenAI's hparams.json or Hugging Face's config.json."""
    found = _json(path)
    found.setdefault("n_vocab", found.get("vocab_size"))
    if not model.hparams.items() <= found.items():
        there = {name: found.get(name) for name in model.hparams}
        raise ValueError(f"its hyper-parameters are {there}, not {model.hparams}")


def _encoder(model: Published, path: Path) -> None:
    ids = list(_json(path).values())
    if not all(type(i) is int for i in ids) or sorted(ids) != list(range(model.n_vocab)):
        raise ValueError(f"it is not a vocabulary of {model.n_vocab:,} tokens")


def _merges(model: Published, path: Path) -> None:
    """A first line with the version, then one pair for each token that is neither a byte nor the end of a text."""
    pairs = _text(path).rstrip("\n").split("\n")[1:]
    if len(pairs) != model.n_vocab - 257 or any(len(pair.split(" ")) != 2 for pair in pairs):
        raise ValueError(f"it is not a list of {model.n_vocab - 257:,} merges")


def _index(_: Published, path: Path) -> None:
    if not path.read_bytes().endswith(INDEX_ENDS_WITH):
        raise ValueError("it is not the whole index of a TensorFlow checkpoint")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None


def _json(path: Path) -> dict:
    try:
        found = json.loads(_text(path))
    except (json.JSONDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    return found
