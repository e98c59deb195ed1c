"""Protects the grader's own process from what lies in a student's folder: none of it is imported, run or believed."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.submissions.build import HERE, ROOT, build
from tests.submissions.folders import lay_traps

QUICK = {"AUTOGRADER_LIMITS": "call_seconds=3,load_seconds=3,submission_seconds=20", "AUTOGRADER_VERDICTS": ""}
BIN = Path(sysconfig.get_path("scripts"))
STARTS_EARLY = Path(sysconfig.get_path("purelib"), "autograder.pth").exists()  # `make` writes it


@pytest.fixture
def trapped(tmp_path):
    """A student's notebook, with every trap beside it and in the two folders above; `sprung` says which was run."""
    notebook = tmp_path / "class" / "mallory" / "gpt2" / "gpt2.ipynb"
    build(HERE / "right" / "perfect.py", notebook)
    for folder in list(notebook.parents)[:3]:
        lay_traps(folder, tmp_path / "sprung")
    return notebook


def run(trapped, *command, cwd=ROOT, seed="0"):
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    environment |= {**QUICK, "AUTOGRADER_SEED": seed, "COLUMNS": "200", "MPLBACKEND": "agg"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=250)
    sprung = trapped.parents[3] / "sprung"
    assert not sprung.exists(), (sprung.read_text(), done.stdout[-800:], done.stderr[-800:])
    return done


PYTEST = str(BIN / "pytest")
OURS = str(ROOT / "autograder")


@pytest.mark.parametrize("pytest_command", [[PYTEST], [sys.executable, "-m", "pytest"]], ids=["pytest", "python -m"])
@pytest.mark.parametrize(
    "words",
    [
        [OURS, "--submission", "{}"],
        ["--submission", "{}", OURS],
        ["--submission", "{}"],
        ["--submission", "{}", "-q", OURS],
        ["-q", OURS, "--isolation=process", "--submission", "{}"],
        ["--isolation=process", "--submission", "{}", OURS],
        ["--submission", "{}", "--submission=nowhere.ipynb", OURS],
        ["--submission=nowhere.ipynb", OURS, "--submission", "{}"],
    ],
    ids=" ".join,
)
def test_the_option_in_two_words_is_refused_before_anything_is_imported(trapped, pytest_command, words):
    if not STARTS_EARLY and words[0] != OURS:
        pytest.skip("without `make`, a configuration file beside a notebook named first is read before any plugin")
    done = run(trapped, *pytest_command, *(word.format(trapped) for word in words))
    assert done.returncode == 4
    assert "write --submission=PATH, in one word" in done.stderr
    assert len((done.stdout + done.stderr).strip().splitlines()) == 1


@pytest.mark.parametrize("words", [[OURS, "--submission={}"], ["--submission={}", OURS]], ids=" ".join)
def test_the_option_in_one_word_grades(trapped, words):
    done = run(trapped, PYTEST, *(word.format(trapped) for word in words))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    folder = run(trapped, PYTEST, *(word.format(trapped.parents[2]) for word in words))
    assert folder.returncode == 0, folder.stdout[-2000:] + folder.stderr


def test_half_of_a_path_with_a_blank_is_no_folder_of_tests(trapped):
    done = run(trapped, PYTEST, OURS, f"--submission={trapped.parent}/my", str(trapped.parent))
    assert done.returncode == 4 and "and nothing else" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        [str(BIN / "autograder"), "grade", "gpt2.ipynb"],
        [str(BIN / "autograder"), "grade", ".", "--jobs=2"],
        [str(BIN / "autograder"), "grade", "../..", "--jobs=2", "--json", "-"],
        [str(BIN / "autograder"), "report", "../.."],
        [str(BIN / "autograder"), "grade", "gpt2.ipynb", "--gradescope", "results.json"],
        [PYTEST, OURS, "--submission=gpt2.ipynb"],
        [sys.executable, "-P", "-m", "autograder", "grade", "gpt2.ipynb"],
    ],
    ids=lambda words: " ".join(Path(word).name for word in words),
)
def test_in_a_students_folder_their_files_are_not_the_graders(trapped, command):
    build(HERE / "right" / "perfect.py", trapped.parents[1] / "other" / "gpt2.ipynb")
    done = run(trapped, *command, cwd=trapped.parent)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
