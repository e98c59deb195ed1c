"""GitHub Classroom's way in: a repository for students, whose pushes are checked with the visible checks.

What grades them all, hidden checks included, is `templates/grade-all.yml`, a workflow for the instructor's private copy
of this repository.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

from autograder.doors.gradescope import PACKAGES, TEMPLATES, pinned
from autograder.errors import UsageError
from autograder.files import not_written, save
from autograder.settings import REPOSITORY, Settings

NOTEBOOK = ("pandas", "matplotlib", "seaborn", "ipywidgets", "jupyterlab", "pytest")  # what it needs beside the kit
PLACES = {
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "check.yml": ".github/workflows/check.yml",
    "visible_checks.py": "test_gpt2.py",  # so named here that pytest's way in does not take it for its own
}


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    classroom = commands.add_parser("classroom", help="make the students' repository for GitHub Classroom")
    classroom.add_argument("folder", metavar="DIR", help="a folder that does not exist yet, or is empty")


def run(options: argparse.Namespace) -> int:
    """Make the students' repository. Raises UsageError."""
    make(Path(options.folder), Settings.from_environment())
    print(f"{options.folder} is ready: try `pytest` in it, then push it as the template repository of the assignment.")
    return 0


def make(folder: Path, settings: Settings) -> None:
    """Make the students' repository, whole or not at all. Raises UsageError when there is something already."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder}: is there already. Name a new folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as scratch:
            made = Path(scratch) / folder.name
            fill(made, settings)
            made.replace(folder)
    except OSError as error:
        raise not_written(folder, error) from None


def fill(folder: Path, settings: Settings) -> None:
    """Write the repository's files."""
    kit = REPOSITORY / "source" / settings.assignment / "gptkit"
    shutil.copytree(kit, folder / "gptkit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(settings.release, folder / settings.release.name)
    for name, place in PLACES.items():
        text = (TEMPLATES / "classroom" / name).read_text("utf-8")
        save(folder / place, text.replace("gpt2.ipynb", settings.release.name))
    save(folder / "requirements.txt", pinned([*PACKAGES, *NOTEBOOK]))
