"""GitHub Classroom's way in: a repository for students, whose pushes are checked with the visible checks.

What grades them all, hidden checks included, is `templates/grade-all.yml`, a workflow for the instructor's private copy
of this repository.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from autograder.doors.gradescope import PACKAGES, TEMPLATES, pinned
from autograder.errors import UsageError
from autograder.files import save
from autograder.grading.grader import ASSIGNMENT, RELEASE, REPOSITORY

NOTEBOOK = ("pandas", "matplotlib", "seaborn", "ipywidgets", "jupyterlab", "pytest")  # what it needs beside the kit
PLACES = {
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "check.yml": ".github/workflows/check.yml",
    "visible_checks.py": "test_gpt2.py",  # so named here that pytest's way in does not take it for its own
}


def make(folder: Path) -> None:
    """Make the students' repository, whole or not at all. Raises UsageError when there is something already."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder}: is there already. Name a new folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as scratch:
            made = Path(scratch) / folder.name
            fill(made)
            made.replace(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written ({error.strerror}).") from None


def fill(folder: Path) -> None:
    """Write the repository's files."""
    shutil.copytree(
        REPOSITORY / "source" / ASSIGNMENT / "gptkit", folder / "gptkit", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copyfile(RELEASE, folder / RELEASE.name)
    for name, place in PLACES.items():
        text = (TEMPLATES / "classroom" / name).read_text("utf-8")
        save(folder / place, text.replace("gpt2.ipynb", RELEASE.name))
    save(folder / "requirements.txt", pinned([*PACKAGES, *NOTEBOOK]))
