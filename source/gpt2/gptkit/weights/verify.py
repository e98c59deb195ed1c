"""Is this the real model? Hashes, shapes, the checkpoint against its converted form, and what the model answers."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gptkit import weights
from gptkit.engine.model import GPT2
from gptkit.engine.tokenizer import Tokenizer
from gptkit.weights import checkpoint, layout, tensorfile
from gptkit.weights.download import Wanted
from gptkit.weights.published import MODELS, Published
from gptkit.weights.tensorfile import WeightsError

TOLERANCE = 0.01  # in logits of size 100, whose float32 sums differ by about 0.0005 between implementations

AGAIN = f"Delete {weights.PARAMETERS} and fetch the model again."


def verify(name: str) -> Iterator[str]:
    """Check a model of the models folder; yields one line per thing found right. Raises WeightsError for one wrong."""
    folder = weights.find(name)
    model = MODELS.get(name)
    if model is not None:
        yield from _files(model, folder)
    hparams, params = weights.load(folder)
    n_params = sum(int(np.prod(shape)) for shape in layout.shapes(hparams).values())
    yield f"{weights.PARAMETERS}: {n_params:,} parameters in the shapes of hparams.json"
    if (folder / "model.ckpt.index").exists() and importlib.util.find_spec("tensorflow"):
        yield _same_as_checkpoint(hparams, folder)
    tokenizer = Tokenizer.from_folder(folder)
    if tokenizer.n_vocab != hparams["n_vocab"]:
        raise WeightsError(f"{folder}: encoder.json has {tokenizer.n_vocab:,} tokens, not {hparams['n_vocab']:,}.")
    yield f"encoder.json, vocab.bpe: {tokenizer.n_vocab:,} tokens"
    if model is not None:
        yield from _answers(model, GPT2(hparams, params), tokenizer)


def _files(model: Published, folder: Path) -> Iterator[str]:
    """Size and SHA-256 of every published file that is there."""
    for name, (size, sha256) in model.files.items():
        if not (folder / name).exists():
            continue  # `weights.find` saw to those that are needed
        if flaw := Wanted("", name, size, sha256).flaw(folder / name):
            raise WeightsError(f"{folder / name} is not the published file ({flaw}). Delete it and fetch again.")
        yield f"{name}: the published size and SHA-256"


def _same_as_checkpoint(hparams: dict, folder: Path) -> str:
    """Compare every parameter with TensorFlow's reading of the checkpoint, bit for bit."""
    converted = tensorfile.read(folder / weights.PARAMETERS)
    for name, array in checkpoint.read(folder / "model.ckpt", list(layout.shapes(hparams))).items():
        if array.tobytes() != converted[name].tobytes():
            raise WeightsError(f"{folder / weights.PARAMETERS}: {name} is not the checkpoint's. {AGAIN}")
    return f"{weights.PARAMETERS}: the checkpoint's parameters, bit for bit"


def _answers(model: Published, gpt2: GPT2, tokenizer: Tokenizer) -> Iterator[str]:
    """Run the model on prompts whose logits are known, and continue one whose continuation is."""
    for figure in model.figures:
        ids = tokenizer.encode(figure.prompt)
        if tuple(ids) != figure.ids:
            raise WeightsError(f'The tokenizer reads "{figure.prompt}" as {ids}, not as {list(figure.ids)}.')
        logits = gpt2.logits(ids)
        top = tuple(int(i) for i in np.argsort(-logits)[: len(figure.top)])
        error = float(np.abs(logits[list(figure.top)] - figure.logits).max())
        if top != figure.top or not error <= TOLERANCE:
            raise WeightsError(
                f'After "{figure.prompt}" the likeliest tokens are {top} with {logits[list(top)]}, '
                f"not {figure.top} with {figure.logits}: this is not the published model. {AGAIN}"
            )
        yield f'"{figure.prompt}": the known five likeliest tokens, logits within {error:.1g}'
    if model.continuation:
        prompt, expected = model.continuation
        text = tokenizer.decode(gpt2.greedy(tokenizer.encode(prompt), len(tokenizer.encode(expected))))
        if not text.startswith(expected):  # longer where the model joins what the tokenizer splits: two newlines
            raise WeightsError(f'"{prompt}" goes on with {text!r}, not as published. {AGAIN}')
        yield f'"{prompt}": the known continuation, "{text[:30]}..."'
