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
from itertools import chain
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
    """Make the autograder zip, whole or not at all. Raises AutograderError."""
    # Made in memory, so that a run that is stopped, or a disk that is full, leaves no half of a zip to upload.
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents(Settings.from_environment()):
            info = zipfile.ZipInfo(name)  # its date is always the same, so the same grader makes the same zip
            info.external_attr = (0o755 if name in SCRIPTS else 0o644) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    save_output(Path(options.file), memory.getvalue())
    print(f"{options.file} is ready: upload it at Gradescope as the assignment's autograder.")
    return 0


def contents(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of all that grades elsewhere: the scripts, the settings, what pip is to install, the grader."""
    for name in SCRIPTS:
        yield name, (TEMPLATES / name).read_bytes()
    # Where the packages and models lie there, that no verdict is kept, and the seed and limits of where this is made.
    folders = ":".join(["$PWD", *(f"$PWD/{Path(part).parent}" for part in PARTS[1:])])
    lines = [f'export PYTHONPATH="{folders}" GPT2_MODELS_DIR="$PWD/models" AUTOGRADER_VERDICTS=""']
    lines += [f"export {name}={shlex.quote(value)}" for name, value in settings.to_environment().items()]
    yield "settings.sh", "\n".join([*lines, ""]).encode()
    yield "requirements.txt", pinned(PACKAGES).encode()
    parts = (sorted((REPOSITORY / part).rglob("*")) for part in PARTS)
    for path in [*chain(*parts), settings.release, settings.answer_key]:
        if path.is_file() and path.suffix != ".pyc":
            yield path.relative_to(REPOSITORY).as_posix(), path.read_bytes()


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
