"""Gradescope's way in: the zip that an instructor uploads there, and the command that grades inside of it.

The zip holds everything that is needed (the grader, the kit, the reference, the released notebook), so that building
the image there needs no other repository, only Python's packages.
"""

from __future__ import annotations

import argparse
import io
import shlex
import sys
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

from autograder.errors import AutograderError, NotGraded
from autograder.files import save, save_output
from autograder.grading import Grader
from autograder.notebooks.choosing import choose
from autograder.record import Record
from autograder.reports import gradescope
from autograder.settings import REPOSITORY, Settings

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("setup.sh", "run_autograder")
PARTS = ("autograder", "source/gpt2/gptkit", "solutions/picoGPT")
PACKAGES = ("numpy", "regex", "requests", "filelock", "tqdm", "ipython")  # what the grader imports


def add_options(command: argparse.ArgumentParser) -> None:
    usual = "gpt2-gradescope.zip"
    command.add_argument("file", metavar="FILE.zip", nargs="?", default=usual, help="default: %(default)s")


def run(options: argparse.Namespace) -> int:
    """Make the autograder zip. Raises AutograderError."""
    pack(Path(options.file), Settings.from_environment())
    print(f"{options.file} is ready: upload it at Gradescope as the assignment's autograder.")
    return 0


def pack(target: Path, settings: Settings) -> None:
    """Write the autograder zip, whole or not at all. Raises AutograderError."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents(settings):
            put(archive, name, content, 0o755 if name in SCRIPTS else 0o644)
    save_output(target, memory.getvalue())


def contents(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of all that grades elsewhere: the scripts, the settings, what pip is to install, the grader."""
    for name in SCRIPTS:
        yield name, (TEMPLATES / name).read_bytes()
    yield "settings.sh", variables(settings).encode()
    yield "requirements.txt", pinned(PACKAGES).encode()
    for path in [*parts(), settings.release, settings.answer_key]:
        yield path.relative_to(REPOSITORY).as_posix(), path.read_bytes()


def put(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    """Add one file. All bear the same date, so that the same grader makes the same zip."""
    info = zipfile.ZipInfo(name)
    info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


def parts() -> Iterator[Path]:
    """The files of the grader, the kit and the reference, without what Python leaves beside them."""
    for folder in PARTS:
        yield from sorted(p for p in (REPOSITORY / folder).rglob("*") if p.is_file() and p.suffix != ".pyc")


def variables(settings: Settings) -> str:
    """What run_autograder sets: where the packages lie, and the seed and limits of where the zip is made."""
    chosen = settings.to_environment()
    folders = ":".join(["$PWD", *(f"$PWD/{Path(part).parent}" for part in PARTS[1:])])
    lines = [f'export PYTHONPATH="{folders}" GPT2_MODELS_DIR="$PWD/models" AUTOGRADER_VERDICTS=""']
    return "\n".join([*lines, *(f"export {name}={shlex.quote(value)}" for name, value in chosen.items()), ""])


def pinned(names: Collection[str]) -> str:
    """The lines of requirements.txt for some packages, with the versions that are known to work together."""
    lines = (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines()
    return "\n".join([*(line for line in lines if line.split("==")[0] in names), ""])


def graded(folder: Path) -> Record:
    """The record of what a student handed in, a zero when no notebook is in it. Raises AutograderError."""
    settings = Settings.from_environment()
    name = settings.release.name
    with Grader(settings) as grader:
        notebook, notes = choose(folder, grader.release)
        if notebook:
            record = grader.grade(notebook, name, notes)
        else:
            record = grader.zero(name, f"There is no notebook in what you handed in: hand in {name}. {' '.join(notes)}")
    if record.error is not None:
        raise NotGraded(record.error)
    return record


def main(submission: str, results: str) -> int:
    """Grade what Gradescope has put into a folder: a results.json for whatever is in it.

    Where this machine cannot grade, there is none: Gradescope shows an autograder that failed, and gives no mark.
    """
    try:
        save(results, gradescope(graded(Path(submission))))
    except AutograderError as error:
        print(f"This submission could not be graded, which is not its author's doing: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
