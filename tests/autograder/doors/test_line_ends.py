"""Protects what is made on a machine where git turns line ends into Windows': its scripts still run on Linux."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.copies import bash, copy_repository

GIT = [
    "git",
    "-c",
    "user.name=Ada",
    "-c",
    "user.email=ada@localhost",
    "-c",
    "core.autocrlf=false",
    "-c",
    "commit.gpgsign=false",
]
MADE = """
python -m autograder gradescope made/gpt2.zip
python -m autograder classroom50 made/classroom50
python -m autograder github made/students
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone of these files as git makes it with core.autocrlf=true, and in it what the three commands make."""
    here = copy_repository(tmp_path_factory.mktemp("from") / "repository")
    (here / "notes.foreign").write_bytes(b"one\ntwo\n")
    with (here / ".gitattributes").open("a") as file:
        file.write("*.foreign !eol\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*GIT, *command], cwd=here, check=True)
    there = tmp_path_factory.mktemp("to") / "clone"
    subprocess.run(["git", "clone", "-q", "-c", "core.autocrlf=true", here, there], check=True)
    bash(MADE, there, AUTOGRADER_SEED="line ends")
    return there


def test_git_does_turn_line_ends_there(clone):
    assert (clone / "notes.foreign").read_bytes() == b"one\r\ntwo\r\n"


def test_the_zip_for_gradescope_has_no_carriage_return_in_its_text(clone):
    with zipfile.ZipFile(clone / "made" / "gpt2.zip") as archive:
        names = archive.namelist()
        assert {"setup.sh", "run_autograder", "settings.sh"} <= set(names)
        assert not [name for name in names if is_text(archive.read(name)) and b"\r" in archive.read(name)]


@pytest.mark.parametrize("folder", ["made/classroom50", "made/students", ".ci", "binder", "autograder/doors/templates"])
def test_no_script_and_no_workflow_has_one(clone, folder):
    files = [path for path in (clone / folder).rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if is_text(path.read_bytes()) and b"\r" in path.read_bytes()]


def is_text(content: bytes) -> bool:
    return b"\0" not in content
