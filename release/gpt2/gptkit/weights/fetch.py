"""Fetching a published model: files are collected in a hidden folder, verified, converted, then moved into place."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from gptkit import weights
from gptkit.engine.tokenizer import Tokenizer
from gptkit.weights import checkpoint
from gptkit.weights.download import download
from gptkit.weights.lock import exclusive
from gptkit.weights.published import HF_PARAMETERS, HUGGINGFACE, MODELS, OPENAI, OPENAI_FILES, Published
from gptkit.weights.tensorfile import Damaged, WeightsError, cannot_write

HF_NAMES = {  # our name of each of Hugging Face's files, and theirs
    "config.json": "config.json",
    "encoder.json": "vocab.json",
    "vocab.bpe": "merges.txt",
    HF_PARAMETERS: "model.safetensors",
}
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
    model, models = MODELS[name], weights.models_dir()
    folder, enough = models / name, OPENAI_FILES if source == "openai" else ("encoder.json", "vocab.bpe")
    if _is_complete(model, folder, enough):  # also in a folder that others share read-only
        return folder
    has_tensorflow = importlib.util.find_spec("tensorflow") is not None
    source = source or ("openai" if has_tensorflow else "huggingface")
    if source == "openai" and not has_tensorflow:
        raise WeightsError("OpenAI's files need TensorFlow, which is not installed. Use: --source huggingface")
    try:
        models.mkdir(parents=True, exist_ok=True)
        waiting = f"Another process is fetching {name}: waiting for it"
        with exclusive(models / f".{name}.held", waiting, lambda: _size(models.glob(f".{name}.*/*"))):
            # The process that was waited for may have fetched everything.
            if not _is_complete(model, folder, enough):
                # On the same disk, and hidden: the last step is a rename, and until then nobody finds half a model.
                _fetch(model, urls(name, source), models / f".{name}.{source}", folder)
            for remains in models.glob(f".{name}.*/"):  # an empty folder, or a download from the other source
                shutil.rmtree(remains)
    except OSError as why:
        raise cannot_write(Path(why.filename or models), why) from None
    return folder


def urls(name: str, source: str) -> dict[str, str]:
    """Where to download each file of a model from, by the name that the file gets here."""
    model, mirror = MODELS[name], os.environ.get("GPT2_MIRROR", "").rstrip("/")
    if source == "openai":
        return {file: f"{mirror or OPENAI}/{name}/{file}" for file in OPENAI_FILES}
    base = f"{mirror or HUGGINGFACE}/{model.repository}/resolve/{model.revision}"
    return {file: f"{base}/{theirs}" for file, theirs in HF_NAMES.items()}


def _is_complete(model: Published, folder: Path, files: Sequence[str]) -> bool:
    """Whether these files are there, as published where that is known, and the parameters can be opened."""
    try:
        if not all((folder / file).is_file() and model.flaw(file, folder / file) is None for file in files):
            return False
        # A checkpoint alone is not enough: to convert it here would write into a folder that nobody holds.
        return (folder / weights.PARAMETERS).is_file() and bool(weights.load(folder))
    except (WeightsError, OSError):
        return False


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _fetch(model: Published, urls: dict[str, str], partial: Path, folder: Path) -> None:
    """Download into `partial` what is not there yet, verify and convert it, and move it to `folder`."""
    partial.mkdir(exist_ok=True)
    for file in urls:
        in_place, arriving = folder / file, partial / file
        # What is in place and known to be right is not downloaded again.
        if model.sha256(file) and not arriving.exists() and in_place.is_file() and model.flaw(file, in_place) is None:
            try:
                os.link(in_place, arriving)  # costs no space
            except OSError:  # a file system without links
                shutil.copyfile(in_place, arriving)
    _check_space(model, partial)
    for file, url in urls.items():
        if not (partial / file).exists() or model.flaw(file, partial / file):
            download(url, model, file, partial)
    try:
        _finish(model, partial)
    except (Damaged, ValueError) as why:  # the second: two that do not belong together
        suspects = (why.path.name,) if isinstance(why, Damaged) else ("encoder.json", "vocab.bpe")
        wrong = [file for file in urls if file.startswith(suspects) and not model.sha256(file)]
        for file in wrong:
            (partial / file).unlink(missing_ok=True)
        fate = f"Deleted: {', '.join(wrong)}. Fetch again" if wrong else "Nothing has been deleted"
        how = f"{why.path.name}: {why.how}" if isinstance(why, Damaged) else why
        raise WeightsError(f"What was downloaded is not {folder.name} ({how}). {fate}.") from None
    if not folder.exists():
        partial.rename(folder)
        return
    # A folder without its parameters is not taken for a model, so that a move which breaks off leaves none that looks
    # whole: they come last.
    for path in sorted(partial.iterdir(), key=lambda path: path.name == weights.PARAMETERS):
        path.replace(folder / path.name)


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
    config, theirs = partial / "config.json", partial / HF_PARAMETERS
    if config.exists():  # Hugging Face's
        (partial / "hparams.json").write_bytes((json.dumps(model.hparams, indent=2) + "\n").encode())  # as OpenAI's
    Tokenizer.from_folder(partial)
    checkpoint.convert(partial, theirs if config.exists() else None)
    theirs.unlink(missing_ok=True)
    config.unlink(missing_ok=True)
