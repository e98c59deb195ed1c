"""Protects the promise that every way in gives the same score: nbgrader, the command line and pytest, run after run."""

import json
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from nbgrader.api import Gradebook

from autograder.doors.command import main
from tests.autograder.conftest import NO_KEPT_VERDICTS, QUICK
from tests.submissions.build import HERE, ROOT, build

pytestmark = pytest.mark.timeout(1800)  # the class is large, and whoever comes first waits for it


@pytest.fixture(scope="module")
def records(whole_class, tmp_path_factory) -> dict[str, dict]:
    """What `autograder grade` writes, by student."""
    course, _ = whole_class
    file = tmp_path_factory.mktemp("out") / "results.json"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (NO_KEPT_VERDICTS | QUICK).items():
            patch.setenv(name, value)
        assert main(["grade", str(course.folder / "submitted"), "--json", str(file), "--jobs", "2"]) == 0
    return {record["submission"].split("/")[0]: record for record in json.loads(file.read_text())}


def test_every_sample_is_graded_as_expected(whole_class, records):
    _, expected = whole_class
    assert list(records) == sorted(expected)
    wrong = [line for student, e in expected.items() for line in e.differences(records[student])]
    assert not wrong, "\n".join(wrong)


def test_nbgrader_gives_the_scores_of_the_command_line(whole_class, records):
    course, expected = whole_class
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        there = [s.student_id for s in gradebook.assignment_submissions("gpt2")]
        assert len(there) > 40
        for student, record in [(student, records[student]) for student in there]:
            grades = {g.name: g for g in gradebook.find_submission_notebook("gpt2", "gpt2", student).grades}
            stored = {name.removeprefix("test_"): g.auto_score for name, g in grades.items()}
            stored.pop("compare_sampling")
            asked = {e["name"]: e["score"] for e in record["exercises"]}
            settled = {name: score for name, score in asked.items() if expected[student].settles(name)}
            assert stored.keys() == asked.keys(), student
            assert stored | settled == stored, student
            assert not any(g.needs_manual_grade for name, g in grades.items() if name != "compare_sampling"), student


def test_pytest_shows_the_checks_of_the_command_line(whole_class, records, tmp_path):
    course, expected = whole_class
    command = [sys.executable, "-m", "pytest", "autograder", f"--submission={course.folder / 'submitted'}"]
    command.append(f"--junit-xml={tmp_path / 'junit.xml'}")
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **NO_KEPT_VERDICTS, **QUICK}, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stdout[-2000:]
    assert "Traceback" not in done.stdout
    passed = {}
    for case in ElementTree.parse(tmp_path / "junit.xml").iter("testcase"):
        passed[case.get("name").removeprefix("test_check[").removesuffix("]")] = case.find("failure") is None
    asked = {
        f"{r['submission']}::{e['name']}::{c['name']}": c["passed"] if expected[student].settles(e["name"]) else None
        for student, r in records.items()
        for e in r["exercises"]
        for c in e["checks"]
    }
    assert passed.keys() == asked.keys()
    settled = {name: outcome for name, outcome in asked.items() if outcome is not None}
    assert passed | settled == passed


def run_pytest(*words: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, **NO_KEPT_VERDICTS, **QUICK, "COLUMNS": "200"}
    command = [sys.executable, "-m", "pytest", "autograder", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_pytest_says_first_which_of_several_notebooks_was_graded(tmp_path):
    perfect = HERE / "right" / "perfect.py"
    for name in ("gpt2.ipynb", "gpt2 (1).ipynb"):
        build(perfect, tmp_path / "class" / "ada" / name)
    (tmp_path / "class" / "ben").mkdir()
    (tmp_path / "class" / "ben" / "essay.txt").write_text("")
    said = run_pytest(f"--submission={tmp_path}/class", "-k", "softmax").stdout.splitlines()
    assert "gpt2 (1).ipynb" in said[0] and said[0].startswith("note: ada/gpt2.ipynb: ")
    assert said[1].startswith("note: no mark for ben: ") and "essay.txt" in said[1]


def test_pytest_shows_a_failing_check_by_its_words(tmp_path):
    build(HERE / "wrong" / "softmax_over_columns.py", tmp_path / "gpt2.ipynb")
    done = run_pytest(f"--submission={tmp_path}/gpt2.ipynb", "-k", "softmax")
    assert done.returncode == 1
    assert "test_check[softmax::rows] - Failed: Each column of your result sums to 1, not each row." in done.stdout
    assert "Traceback" not in done.stdout
    assert "def test_check" not in done.stdout
    _, points = done.stdout.split(" points =")
    assert re.search(r"\n  softmax +1\.5 / 10  partial ", points) and re.search(r"\n  total +81\.5 / 90\n", points)


@pytest.mark.parametrize(
    ("words", "says"),
    [([], "which notebook? pytest autograder --submission=PATH"), (["--submission=nowhere.ipynb"], "no such file")],
)
def test_pytest_says_what_it_needs_in_one_line(words, says):
    done = run_pytest(*words)
    assert done.returncode == 4  # pytest's exit code for a usage error
    assert says in done.stderr
    assert len((done.stdout + done.stderr).strip().splitlines()) == 1
