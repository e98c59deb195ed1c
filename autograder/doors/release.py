"""Remakes what is made from the instructor's notebook: release/, the kit's data files, the solved notebook as a page.

Everything is made beside its place and moved in when it is whole, so that an interrupted run leaves the old files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from autograder.files import save
from autograder.grading.grader import ASSIGNMENT
from autograder.notebooks import submission

ROOT = Path(__file__).resolve().parents[2]
KIT = ROOT / "source" / "gpt2" / "gptkit"
SOURCE = ROOT / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
RELEASE = ROOT / "release" / ASSIGNMENT
SOLVED = ROOT / "solutions" / f"{ASSIGNMENT}.html"
DATA = SOURCE.parent / "gptkit" / "checks" / "data"  # another assignment's kit is a copy of gpt2's, with its own points


class ReleaseError(Exception):
    """The assignment could not be remade; the message says which step failed and how."""


def main() -> None:
    """Remake everything, in the order in which one thing needs another, saying what is made. Raises ReleaseError."""
    print("gptkit's data files")
    if KIT.parent != SOURCE.parent:
        shutil.copytree(KIT, SOURCE.parent / "gptkit", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    write_data(DATA)
    print(f"release/{ASSIGNMENT}")
    with tempfile.TemporaryDirectory(dir=RELEASE.parent, prefix=".new-") as scratch:
        made = generate(Path(scratch))
        if RELEASE.exists():
            RELEASE.rename(Path(scratch) / "old")
        made.rename(RELEASE)
    print(f"solutions/{SOLVED.name} (the solved notebook is run from top to bottom: about a minute)")
    save(SOLVED, solved_page())


def write_data(folder: Path) -> None:
    """Write the data files of gptkit that are made: points, visible cases, fingerprints of known mistakes."""
    from autograder import exercises

    points = submission.Release.from_notebook(SOURCE).points
    save(folder / "points.json", json.dumps(points, indent=1) + "\n")
    exercises.write_data(folder)


def generate(folder: Path) -> Path:
    """Run stock `nbgrader generate_assignment` into `folder`, without a gradebook; returns the assignment's folder."""
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT, "--no-db", "--force"]
    place = f"--CourseDirectory.release_directory={folder}"
    done = subprocess.run([*command, place], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise ReleaseError(f"nbgrader generate_assignment failed:\n{done.stderr.strip()}")
    return folder / ASSIGNMENT


def solved_page() -> str:
    """The instructor's notebook, run in a folder of its own with the tiny model, as one HTML page."""
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    notebook = nbformat.read(SOURCE, as_version=4)
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(SOURCE.parent / "gptkit", Path(scratch) / "gptkit")
        tiny = {**os.environ, "GPT2_MODELS_DIR": str(Path(scratch) / "none")}  # whatever models this machine has
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": scratch}})
        client.extra_arguments = ["--log-level=ERROR"]
        client.execute(env=tiny)
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook)
    return f"{page}\n<!-- source: {source_hash()} -->\n"


def source_hash() -> str:
    """What the solved page was made from, so that a test can tell that it is up to date without running it."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()
