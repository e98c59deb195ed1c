"""`autograder github`: a repository for students on GitHub, whose pushes are checked with the visible checks.

What grades them all, hidden checks included, is `templates/github/grade-all.yml`, a workflow for the instructor's
private copy of this repository. It collects with `github_collect.py`.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from autograder.doors.gradescope import PACKAGES, TEMPLATES, pinned
from autograder.files import new_folder, save
from autograder.settings import REPOSITORY, Settings

NOTEBOOK = ("pandas", "matplotlib", "seaborn", "ipywidgets", "jupyterlab", "pytest")  # what it needs beside the kit
PLACES = {
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "check.yml": ".github/workflows/check.yml",
    "visible_checks.py": "test_gpt2.py",  # so named here that pytest's way in does not take it for its own
}


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR", type=Path, help="a folder that does not exist yet, or is empty")


def run(options: argparse.Namespace) -> int:
    """Make the students' repository, whole or not at all. Raises AutograderError."""
    settings = Settings.from_environment()
    kit = REPOSITORY / "source" / settings.assignment / "gptkit"
    with new_folder(options.folder) as made:
        shutil.copytree(kit, made / "gptkit", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copyfile(settings.release, made / settings.release.name)
        for name, place in PLACES.items():
            text = (TEMPLATES / "github" / name).read_text("utf-8")
            save(made / place, text.replace("gpt2.ipynb", settings.release.name))
        save(made / "requirements.txt", pinned([*PACKAGES, *NOTEBOOK]))
    print(f"{options.folder} is ready: try `pytest` in it, then push it as the template repository of the assignment.")
    return 0
