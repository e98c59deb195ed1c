"""Protects `pip install .`, not editable: every data file comes along, and what cannot work from there says so."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.copies import copy_repository

ROOT = Path(__file__).resolve().parents[1]
PLACES = {"source/gpt2/gptkit": "gptkit", "solutions/picoGPT": "picoGPT", "autograder": "autograder"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """What real pip makes of a copy of the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = copy_repository(folder / "copy")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(copy)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_every_file_of_the_packages_is_in_the_wheel(wheel):
    listed = subprocess.run(["git", "ls-files", *PLACES], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    wanted = {name.replace(folder, place, 1) for name in listed for folder, place in PLACES.items() if folder in name}
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_what_is_installed_opens_the_model_and_says_what_grading_needs(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    site = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)  # which is all that pip does with a wheel like this one
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed))
    own = {"AUTOGRADER_VERDICTS": "", "PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def run(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run([python, "-P", *words], cwd=tmp_path, env=own, capture_output=True, text=True)

    opened = run("-m", "gptkit", "info")
    assert opened.returncode == 0 and str(site / "gptkit" / "tiny") in opened.stdout, opened.stderr
    assert run("-c", "import autograder.exercises, autograder.reports.class_page, picoGPT.gpt2_pico").returncode == 0
    graded = run("-m", "autograder", "grade", str(ROOT / "source" / "gpt2" / "gpt2.ipynb"))
    assert graded.returncode == 2 and "pip install --editable ." in graded.stderr and graded.stdout == ""
    assert len(graded.stderr.splitlines()) == 1


MADE = """
results.json results.xml summary.md results/results.json report/index.html reports/class.html feedback/ada/gpt2.html
gpt2-report.html gpt2-report.csv grades.csv gradebook.db gradebook.db-journal gpt2.zip submitted/ada/gpt2/gpt2.ipynb
autograded/ada/gpt2/gpt2.ipynb gpt2.ipynb .verdicts/x .autograder-seed
"""


def test_what_is_known_of_students_is_not_committed_by_mistake():
    command = ["git", "check-ignore", "--no-index", *MADE.split()]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.split() == MADE.split()


def test_nothing_that_belongs_to_the_project_is_ignored():
    listed = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    assert subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize("page", ["student.md", "jupyterhub.md"])
def test_the_pages_install_what_is_imported_and_nothing_else(page):
    (line,) = [
        line for line in (ROOT / "docs" / page).read_text().splitlines() if "pip install" in line and "numpy" in line
    ]
    kit = "".join(path.read_text() for path in (ROOT / "source" / "gpt2").rglob("*.py"))
    kit += (ROOT / "source" / "gpt2" / "gpt2.ipynb").read_text()
    for package in line.replace('"', "").split("install")[1].split():
        name = package.split(">")[0]
        assert name in ("jupyterlab", "nbgrader") or f"import {name}" in kit or f"from {name}" in kit, name
