"""Is this the real model? Hashes, shapes, the checkpoint against its converted form, and what the model answers."""

from __future__ import annotations

import importlib.util
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gptkit import weights
from gptkit.engine.model import GPT2
from gptkit.engine.tokenizer import Tokenizer
from gptkit.weights import checkpoint, contents, layout, tensorfile
from gptkit.weights.download import Wanted
from gptkit.weights.published import CHECKPOINT, CHECKPOINT_DATA, HF_PARAMETERS, MODELS, Published
from gptkit.weights.tensorfile import WeightsError

TOLERANCE = 0.01  # in logits of size 100, whose float32 sums differ by about 0.0005 between implementations

AGAIN = f"Delete {weights.PARAMETERS} and fetch the model again."


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
    if model is not None and hparams != model.hparams:
        raise WeightsError(f"{folder / 'hparams.json'} says {hparams}, and {name} has {model.hparams}.")
    n_params = sum(int(np.prod(shape)) for shape in layout.shapes(hparams).values())
    yield Finding(f"{weights.PARAMETERS}: {n_params:,} parameters in the shapes of hparams.json")
    sources = yield from _same_as_sources(hparams, folder)
    try:
        tokenizer = Tokenizer.from_folder(folder)
    except ValueError as why:
        raise WeightsError(str(why)) from None
    if tokenizer.n_vocab != hparams["n_vocab"]:
        raise WeightsError(f"{folder}: encoder.json has {tokenizer.n_vocab:,} tokens, not {hparams['n_vocab']:,}.")
    yield Finding(f"encoder.json, vocab.bpe: {tokenizer.n_vocab:,} tokens")
    if model is not None:
        yield from _answers(model, GPT2(hparams, params), tokenizer)
        known = any(model.files.get(source, (None, None))[1] for source in sources)
        if not (model.figures or known or len(sources) == 2):
            yield Finding(f"{weights.PARAMETERS}: no published hash or answer to compare it with", checked=False)


def _files(model: Published, folder: Path) -> Iterator[Finding]:
    """Size and SHA-256 of every published file that is there, as far as they are known."""
    for name in ("hparams.json", "encoder.json", "vocab.bpe", *CHECKPOINT, HF_PARAMETERS):
        if not (folder / name).exists():
            continue  # `weights.find` saw to those that are needed
        size, sha256 = model.files.get(name, (None, None))
        if flaw := Wanted("", name, size, sha256, contents.check_of(name, model)).flaw(folder / name):
            raise WeightsError(f"{folder / name} is not the published file ({flaw}). Delete it and fetch again.")
        known = " and ".join(what for what, one in (("size", size), ("SHA-256", sha256)) if one)
        if known:
            yield Finding(f"{name}: the published {known}")
        if not sha256:
            yield Finding(f"{name}: no SHA-256 of it is known", checked=False)


def _same_as_sources(hparams: dict, folder: Path) -> Generator[Finding, None, list[str]]:
    """Compare every parameter with those published files that are there, bit for bit; returns these files' names."""
    converted, names, same = tensorfile.read(folder / weights.PARAMETERS), list(layout.shapes(hparams)), []
    has_tensorflow = importlib.util.find_spec("tensorflow") is not None
    for file, whose in ((CHECKPOINT_DATA, "the checkpoint"), (HF_PARAMETERS, "Hugging Face")):
        if not (folder / file).exists():
            continue
        if file == HF_PARAMETERS:
            found = tensorfile.read(folder / file)
            published = {name: found.get(checkpoint.huggingface_name(name)) for name in names}
        elif has_tensorflow:
            published = checkpoint.read(folder / "model.ckpt", names)
        else:
            yield Finding(f"{weights.PARAMETERS}: not compared with {file}, for TensorFlow is not installed", False)
            continue
        for name in names:
            if published.get(name) is None or published[name].tobytes() != converted[name].tobytes():
                raise WeightsError(f"{folder / weights.PARAMETERS}: {name} is not {whose}'s. {AGAIN}")
        same.append(file)
        yield Finding(f"{weights.PARAMETERS}: {whose}'s parameters, bit for bit")
    return same


def _answers(model: Published, gpt2: GPT2, tokenizer: Tokenizer) -> Iterator[Finding]:
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
        yield Finding(f'"{figure.prompt}": the known five likeliest tokens, logits within {error:.1g}')
    if model.continuation:
        prompt, expected = model.continuation
        text = tokenizer.decode(gpt2.greedy(tokenizer.encode(prompt), len(tokenizer.encode(expected))))
        if not text.startswith(expected):  # longer where the model joins what the tokenizer splits: two newlines
            raise WeightsError(f'"{prompt}" goes on with {text!r}, not as published. {AGAIN}')
        yield Finding(f'"{prompt}": the known continuation, "{text[:30]}..."')
