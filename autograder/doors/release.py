"""Remakes what is made from the instructor's notebook: release/, the kit's data files, the solved notebook as a page.

Everything is made beside its place and moved in when it is whole, so that an interrupted run leaves the old files.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from autograder.errors import AutograderError
from autograder.files import save
from autograder.settings import REPOSITORY, Settings

KIT = REPOSITORY / "source" / "gpt2" / "gptkit"


class ReleaseError(AutograderError):
    """The assignment could not be remade; the message says which step failed and how."""


def add_options(_: argparse.ArgumentParser) -> None:
    """It has none."""


def run(_: argparse.Namespace) -> int:
    """Remake everything, in the order in which one thing needs another, saying what is made. Raises ReleaseError."""
    settings = Settings.from_environment()
    source, release = settings.answer_key, settings.release.parent
    solved = REPOSITORY / "solutions" / f"{settings.assignment}.html"
    # First of all, for the release holds a copy of the kit, and the solved notebook runs on one.
    print("gptkit's data files")
    if KIT.parent != source.parent:  # another assignment's kit is a copy of gpt2's, with its own points
        shutil.copytree(KIT, source.parent / "gptkit", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    write_data(source.parent / "gptkit" / "checks" / "data", source)
    print(f"release/{settings.assignment}")
    with tempfile.TemporaryDirectory(dir=release.parent, prefix=".new-") as scratch:
        made = generate(Path(scratch), settings.assignment)
        # A folder cannot replace one with files in it. The old one goes with the scratch folder.
        if release.exists():
            release.rename(Path(scratch) / "old")
        made.rename(release)
    print(f"solutions/{solved.name} (the solved notebook is run from top to bottom: about a minute)")
    save(solved, solved_page(source))
    return 0


def write_data(folder: Path, source: Path) -> None:
    """Write the data files of gptkit that are made: points, visible cases, fingerprints of known mistakes."""
    from autograder import exercises
    from autograder.nbgrader.points import points_json

    save(folder / "points.json", points_json(source))
    exercises.write_data(folder)


def generate(folder: Path, assignment: str) -> Path:
    """Run stock `nbgrader generate_assignment` into `folder`, without a gradebook; returns the assignment's folder."""
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", assignment, "--no-db", "--force"]
    options = [f"--CourseDirectory.release_directory={folder}", "--log-level=WARN"]
    # As an instructor runs it, in the repository's root, for the nbgrader_config.py there.
    done = subprocess.run([*command, *options], cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode:
        raise ReleaseError(f"nbgrader generate_assignment failed:\n{done.stderr.strip()}")
    print(done.stderr, end="", file=sys.stderr)  # its warnings
    return folder / assignment


def solved_page(source: Path) -> str:
    """The instructor's notebook, run in a folder of its own with the tiny model, as one HTML page."""
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    from autograder.nbgrader.points import write_table

    notebook = nbformat.read(source, as_version=4)
    write_table(notebook)
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(source.parent / "gptkit", Path(scratch) / "gptkit")
        tiny = {**os.environ, "GPT2_MODELS_DIR": str(Path(scratch) / "none")}  # whatever models this machine has
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": scratch}})
        client.extra_arguments = ["--log-level=ERROR"]
        client.execute(env=tiny)
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook)
    return f"{page}\n<!-- source: {source_hash(source)} -->\n"


def source_hash(source: Path) -> str:
    """What the solved page was made from, so that a test can tell that it is up to date without running it."""
    return hashlib.sha256(source.read_bytes()).hexdigest()
