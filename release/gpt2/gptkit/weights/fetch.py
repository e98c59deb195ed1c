"""Fetching a published model: files are collected in a hidden folder, verified, converted, then moved into place."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from gptkit import weights
from gptkit.engine.tokenizer import Tokenizer
from gptkit.weights import checkpoint, contents
from gptkit.weights.download import Wanted, download
from gptkit.weights.lock import alone
from gptkit.weights.published import (
    CHECKPOINT_DATA,
    HF_PARAMETERS,
    HUGGINGFACE,
    MODELS,
    OPENAI,
    OPENAI_FILES,
    Published,
)
from gptkit.weights.tensorfile import Damaged, WeightsError, cannot_write

HF_NAMES = {"encoder.json": "vocab.json", "vocab.bpe": "merges.txt", HF_PARAMETERS: "model.safetensors"}
SPARE = 10_000_000  # bytes for the files that are not parameters


def fetch(name: str = "124M", source: str | None = None) -> Path:
    """Have the model `name` in the models folder, complete and verified; returns its folder.

    Downloads only what is not there. `source` is "openai" (the TensorFlow checkpoint, the default where TensorFlow is
    installed) or "huggingface"; the parameters are the same, and without a source those of either are enough. Two
    processes may do this at once: one waits. Raises WeightsError, and leaves no half-made file under a published name;
    what has arrived is continued the next time.
    """
    if name not in MODELS:
        raise WeightsError(f"There is no published model {name}. There are: {', '.join(MODELS)}.")
    models = weights.models_dir()
    folder, enough = models / name, wanted(name, source or "huggingface")
    if _is_complete(folder, enough):  # also in a folder that others share read-only
        return folder
    has_tensorflow = importlib.util.find_spec("tensorflow") is not None
    source = source or ("openai" if has_tensorflow else "huggingface")
    if source == "openai" and not has_tensorflow:
        raise WeightsError("OpenAI's files need TensorFlow, which is not installed. Use: --source huggingface")
    try:
        models.mkdir(parents=True, exist_ok=True)
        waiting = f"Another process is fetching {name}: waiting for it"
        with alone(models / f".{name}.held", waiting, lambda: _size(models.glob(f".{name}.*/*"))):
            # The process that was waited for may have fetched everything.
            if not _is_complete(folder, enough):
                _fetch(MODELS[name], wanted(name, source), models / f".{name}.{source}", folder)
            for remains in models.glob(f".{name}.*/"):  # of a download from the other source
                shutil.rmtree(remains)
    except OSError as why:
        raise cannot_write(Path(why.filename or models), why) from None
    return folder


def wanted(name: str, source: str) -> list[Wanted]:
    """What to download for a model, under the names that the files get here."""
    model, mirror = MODELS[name], os.environ.get("GPT2_MIRROR", "").rstrip("/")
    if source == "openai":
        base = f"{mirror or OPENAI}/{name}"
        remote = {file: file for file in OPENAI_FILES}
    else:
        base = f"{mirror or HUGGINGFACE}/{model.repository}/resolve/{model.revision}"
        remote = {"config.json": "config.json"} | HF_NAMES
    known = {CHECKPOINT_DATA: (4 * model.n_params, None)} | model.files
    return [
        Wanted(f"{base}/{there}", here, *known.get(here, (None, None)), functools.partial(contents.check, model, here))
        for here, there in remote.items()
    ]


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _is_complete(folder: Path, files: list[Wanted]) -> bool:
    """Whether every file is there, is the published one where that is known, and the parameters can be opened."""
    kept = [file for file in files if file.name not in (HF_PARAMETERS, "config.json")]
    try:
        if not all((folder / f.name).is_file() and f.flaw(folder / f.name) is None for f in kept):
            return False
        return (folder / weights.PARAMETERS).is_file() and bool(weights.load(folder))
    except (WeightsError, OSError):
        return False


def _fetch(model: Published, files: list[Wanted], partial: Path, folder: Path) -> None:
    """Download into `partial` what is not there yet, verify and convert it, and move it to `folder`."""
    partial.mkdir(exist_ok=True)
    for file in files:
        _reuse(file, folder / file.name, partial / file.name)
    _check_space(model, partial)
    for file in files:
        there = partial / file.name
        if not there.exists() or file.flaw(there):
            download(file, partial)
    try:
        _finish(model, partial)
    except (Damaged, ValueError) as why:  # the second: two that do not belong together
        suspects = (why.path.name,) if isinstance(why, Damaged) else ("encoder.json", "vocab.bpe")
        wrong = [file.name for file in files if file.name.startswith(suspects) and not file.sha256]
        for name in wrong:
            (partial / name).unlink(missing_ok=True)
        fate = f"Deleted: {', '.join(wrong)}. Fetch again" if wrong else "Nothing has been deleted"
        how = f"{why.path.name}: {why.how}" if isinstance(why, Damaged) else why
        raise WeightsError(f"What was downloaded is not {folder.name} ({how}). {fate}.") from None
    if not folder.exists():
        partial.rename(folder)
        return
    # A folder without its parameters is not taken for a model, so a move that breaks off leaves none that looks
    # whole.
    for path in sorted(partial.iterdir(), key=lambda path: path.name == weights.PARAMETERS):  # these come last
        path.replace(folder / path.name)
    shutil.rmtree(partial, ignore_errors=True)


def _reuse(file: Wanted, there: Path, here: Path) -> None:
    """Take a file that is in place and known to be right, instead of downloading it again; costs no space."""
    if file.sha256 and not here.exists() and there.is_file() and file.flaw(there) is None:
        try:
            os.link(there, here)
        except OSError:  # a file system without links
            shutil.copyfile(there, here)


def _check_space(model: Published, partial: Path) -> None:
    """Raise WeightsError unless the parameters fit on the disk twice, as published and as converted."""
    masks = model.n_layer * model.n_ctx**2  # numbers that Hugging Face's file has besides
    needed = 4 * (2 * model.n_params + masks) + SPARE - _size(partial.iterdir())
    free = shutil.disk_usage(partial).free
    if free < needed:
        raise WeightsError(
            f"The disk is too full: {partial.parent} needs {needed / 1e6:,.0f} MB more and has {free / 1e6:,.0f} MB. "
            f"Free some space, or name another folder in GPT2_MODELS_DIR."
        )


def _finish(model: Published, partial: Path) -> None:
    """Look at the downloaded files together and write model.safetensors. Raises WeightsError or ValueError."""
    config = partial / "config.json"
    if config.exists():  # Hugging Face's
        (partial / "hparams.json").write_bytes((json.dumps(model.hparams, indent=2) + "\n").encode())  # as OpenAI's
    Tokenizer.from_folder(partial)
    if config.exists():
        checkpoint.convert_huggingface(partial / HF_PARAMETERS, partial)
        (partial / HF_PARAMETERS).unlink()
        config.unlink()
    else:
        checkpoint.convert(partial)
