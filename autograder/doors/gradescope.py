"""Gradescope's way in: the zip that an instructor uploads there, and the command that grades inside of it.

The zip holds everything that is needed (the grader, the kit, the reference, the released notebook), so that building
the image there needs no other repository, only Python's packages.
"""

from __future__ import annotations

import io
import os
import shlex
import sys
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

from autograder.errors import UsageError
from autograder.files import save
from autograder.grading.grader import RELEASE, REPOSITORY, Grader
from autograder.notebooks.choosing import choose
from autograder.notebooks.submission import Release
from autograder.reports.report import gradescope

TEMPLATES = Path(__file__).parent / "templates"
PARTS = ("autograder", "source/gpt2/gptkit", "solutions/picoGPT")
PACKAGES = ("numpy", "regex", "requests", "filelock", "tqdm", "ipython")  # what the grader imports
SETTINGS = ("AUTOGRADER_ASSIGNMENT", "AUTOGRADER_SEED", "AUTOGRADER_LIMITS")  # taken along from where the zip is made


def pack(target: Path) -> None:
    """Write the autograder zip, whole or not at all. Raises UsageError."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("setup.sh", "run_autograder"):
            put(archive, name, (TEMPLATES / name).read_bytes(), 0o755)
        put(archive, "settings.sh", settings().encode())
        put(archive, "requirements.txt", pinned(PACKAGES).encode())
        for path in [*parts(), RELEASE]:
            put(archive, path.relative_to(REPOSITORY).as_posix(), path.read_bytes())
    try:
        save(target, memory.getvalue())
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror}).") from None


def put(archive: zipfile.ZipFile, name: str, content: bytes, mode: int = 0o644) -> None:
    """Add one file. All bear the same date, so that the same grader makes the same zip."""
    info = zipfile.ZipInfo(name)
    info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


def parts() -> Iterator[Path]:
    """The files of the grader, the kit and the reference, without what Python leaves beside them."""
    for folder in PARTS:
        yield from sorted(p for p in (REPOSITORY / folder).rglob("*") if p.is_file() and p.suffix != ".pyc")


def settings() -> str:
    """What run_autograder sets: where the packages lie, and this environment's seed and limits."""
    chosen = {name: os.environ[name] for name in SETTINGS if os.environ.get(name)}
    folders = ":".join(["$PWD", *(f"$PWD/{Path(part).parent}" for part in PARTS[1:])])
    lines = [f'export PYTHONPATH="{folders}" GPT2_MODELS_DIR="$PWD/models" AUTOGRADER_VERDICTS=""']
    return "\n".join([*lines, *(f"export {name}={shlex.quote(value)}" for name, value in chosen.items()), ""])


def pinned(names: Collection[str]) -> str:
    """The lines of requirements.txt for some packages, with the versions that are known to work together."""
    lines = (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines()
    return "\n".join([*(line for line in lines if line.split("==")[0] in names), ""])


def main(submission: str, results: str) -> int:
    """Grade what Gradescope has put into a folder; there is a results.json for whatever is in it."""
    with Grader() as grader:
        try:
            notebook, notes = chosen(Path(submission), grader.release)
            record = grader.grade(notebook, RELEASE.name)
            record["notes"] = [*notes, *record["notes"]]
        except UsageError as why:
            record = grader.zero(RELEASE.name, str(why))
        save(results, gradescope(record))
    return 0


def chosen(folder: Path, release: Release) -> tuple[Path, list[str]]:
    """The notebook to grade, and notes on the choice. Raises UsageError."""
    notebook, notes = choose(folder, release)
    if notebook is None:
        raise UsageError(f"There is no notebook in what you handed in: hand in {RELEASE.name}. {' '.join(notes)}")
    return notebook, notes


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
