"""Protects the closing lines of a run: what the machine lacked and how many tests that cost, or nothing."""

import subprocess
import sys

import pytest

from tests.copies import ROOT

TESTS = """
import pytest
from tests.machine import Part, skip_without

@pytest.fixture(scope="module")
def browser():
    skip_without(Part.CHROMIUM, "looked for it everywhere")

def test_one(browser): pass
def test_two(browser): pass
def test_of_a_wall(): skip_without(Part.BUBBLEWRAP)
def test_of_another_kind(): pytest.skip("for a reason of its own")
def test_that_runs(): pass
"""


def run(file, source: str, *words: str) -> list[str]:
    file.write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), str(file)]
    done = subprocess.run([*command, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("words", [[], ["--numprocesses", "2"]], ids=["one process", "two"])
def test_each_missing_part_is_named_with_its_cost(tmp_path, words):
    said = run(tmp_path / "test_some.py", TESTS, *words)
    assert "  Chromium: 2 (apt install chromium)" in said
    assert "  bubblewrap: 1 (apt install bubblewrap)" in said
    assert "  another reason: 1 (pytest -rs shows it)" in said


def test_nothing_is_said_where_nothing_is_missing(tmp_path):
    assert not any("for want of" in line for line in run(tmp_path / "test_one.py", "def test_that_runs(): pass\n"))
