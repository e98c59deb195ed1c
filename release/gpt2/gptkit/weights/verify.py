"""Is this the real model? Hashes, shapes, the checkpoint against its converted form, and what the model answers."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gptkit import weights
from gptkit.engine.model import GPT2
from gptkit.engine.tokenizer import Tokenizer
from gptkit.weights import checkpoint, layout, tensorfile
from gptkit.weights.published import CHECKPOINT_DATA, MODELS, OPENAI_FILES, Published
from gptkit.weights.tensorfile import WeightsError

TOLERANCE = 0.01  # in logits of size 100, whose float32 sums differ by about 0.0005 between implementations

REPAIR = f"Delete {weights.PARAMETERS} and fetch the model again."


@dataclass(frozen=True)
class Finding:
    """One thing that was found right, or (`checked` is False) that nothing is known to compare with."""

    text: str
    checked: bool = True


def verify(name: str) -> Iterator[Finding]:
    """Check a model of the models folder, one finding for each thing. Raises WeightsError for one that is wrong."""
    folder = weights.find(name)
    model = MODELS.get(name)
    if model is not None:
        yield from _files(model, folder)
    hparams, params = weights.load(folder)
    n_params = sum(math.prod(shape) for shape in layout.shapes(hparams).values())
    yield Finding(f"{weights.PARAMETERS}: {n_params:,} parameters in the shapes of hparams.json")
    compared = None
    if (folder / CHECKPOINT_DATA).exists():
        compared = _same_as_checkpoint(hparams, folder)
        yield compared
    try:
        tokenizer = Tokenizer.from_folder(folder)
    except ValueError as why:
        raise WeightsError(str(why)) from None
    if tokenizer.n_vocab != hparams["n_vocab"]:
        raise WeightsError(f"{folder}: encoder.json has {tokenizer.n_vocab:,} tokens, not {hparams['n_vocab']:,}.")
    yield Finding(f"encoder.json, vocab.bpe: {tokenizer.n_vocab:,} tokens")
    if model is not None:
        yield from _answers(model, GPT2(hparams, params), tokenizer)
        hashed = compared and compared.checked and model.sha256(CHECKPOINT_DATA)
        if not (model.figures or hashed):
            yield Finding(f"{weights.PARAMETERS}: no published hash or answer to compare it with", checked=False)


def _files(model: Published, folder: Path) -> Iterator[Finding]:
    """Size and SHA-256 of every published file that is there, as far as they are known."""
    for name in OPENAI_FILES:
        if not (folder / name).exists():
            continue  # `weights.find` saw to those that are needed
        if flaw := model.flaw(name, folder / name):
            raise WeightsError(f"{folder / name} is not the published file ({flaw}). Delete it and fetch again.")
        if model.sha256(name):
            yield Finding(f"{name}: the published size and SHA-256")
        else:
            known = "of the published size" if model.size(name) else "of the right kind"
            yield Finding(f"{name}: {known}, no SHA-256 of it is known", checked=False)


def _same_as_checkpoint(hparams: dict, folder: Path) -> Finding:
    """Compare every parameter with TensorFlow's reading of the checkpoint, bit for bit."""
    if not importlib.util.find_spec("tensorflow"):
        return Finding(f"{weights.PARAMETERS}: no TensorFlow here to compare it with the checkpoint", checked=False)
    converted = tensorfile.read(folder / weights.PARAMETERS)
    for name, array in checkpoint.read(folder / "model.ckpt", list(layout.shapes(hparams))).items():
        if array.tobytes() != converted[name].tobytes():
            raise WeightsError(f"{folder / weights.PARAMETERS}: {name} is not the checkpoint's. {REPAIR}")
    return Finding(f"{weights.PARAMETERS}: the checkpoint's parameters, bit for bit")


def _answers(model: Published, gpt2: GPT2, tokenizer: Tokenizer) -> Iterator[Finding]:
    """Run the model on prompts whose logits are known, and continue one whose continuation is."""
    for figure in model.figures:
        ids = tokenizer.encode(figure.prompt)
        if ids != list(figure.ids):
            raise WeightsError(f'The tokenizer reads "{figure.prompt}" as {ids}, not as {list(figure.ids)}.')
        logits = gpt2.logits(ids)
        top = [int(i) for i in np.argsort(-logits)[: len(figure.top)]]
        error = float(np.abs(logits[list(figure.top)] - figure.logits).max())
        # "not <=" and not ">": an error that is NaN must not pass.
        if top != list(figure.top) or not error <= TOLERANCE:
            raise WeightsError(
                f'After "{figure.prompt}" the likeliest tokens are {top} with {logits[top]}, '
                f"not {figure.top} with {figure.logits}: this is not the published model. {REPAIR}"
            )
        yield Finding(f'"{figure.prompt}": the known five likeliest tokens, logits within {error:.1g}')
    if model.continuation:
        prompt, expected = model.continuation
        text = tokenizer.decode(gpt2.greedy(tokenizer.encode(prompt), len(tokenizer.encode(expected))))
        if not text.startswith(expected):  # longer where the model joins what the tokenizer splits: two newlines
            raise WeightsError(f'"{prompt}" goes on with {text!r}, not as published. {REPAIR}')
        yield Finding(f'"{prompt}": the known continuation, "{text[:30]}..."')
