"""Protects the promise that every way in gives the same score: nbgrader, the command line and pytest, run after run."""

import json
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from tests.autograder.conftest import NO_KEPT_VERDICTS
from tests.submissions.build import ROOT


@pytest.fixture(scope="module")
def records(whole_class, tmp_path_factory) -> dict[str, dict]:
    """What `autograder grade` writes, by student."""
    course, _ = whole_class
    file = tmp_path_factory.mktemp("out") / "results.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_VERDICTS", "")
        assert main(["grade", str(course.folder / "submitted"), "--json", str(file), "--jobs", "2"]) == 0
    return {record["submission"].split("/")[0]: record for record in json.loads(file.read_text())}


def test_every_sample_is_graded_as_expected(whole_class, records):
    _, expected = whole_class
    assert list(records) == sorted(expected)
    wrong = [line for student, e in expected.items() for line in e.differences(records[student])]
    assert not wrong, "\n".join(wrong)


def test_nbgrader_gives_the_scores_of_the_command_line(whole_class, records):
    course, _ = whole_class
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        for student, record in records.items():
            grades = {g.name: g for g in gradebook.find_submission_notebook("gpt2", "gpt2", student).grades}
            stored = {name.removeprefix("test_"): g.auto_score for name, g in grades.items()}
            stored.pop("compare_sampling")
            assert stored == {e["name"]: e["score"] for e in record["exercises"]}, student
            assert not any(g.needs_manual_grade for name, g in grades.items() if name != "compare_sampling"), student


def test_pytest_shows_the_checks_of_the_command_line(whole_class, records, tmp_path):
    course, _ = whole_class
    command = [sys.executable, "-m", "pytest", "autograder", f"--submission={course.folder / 'submitted'}"]
    command.append(f"--junit-xml={tmp_path / 'junit.xml'}")
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **NO_KEPT_VERDICTS}, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout[-2000:]
    assert "Traceback" not in done.stdout
    passed = {}
    for case in ElementTree.parse(tmp_path / "junit.xml").iter("testcase"):
        passed[case.get("name").removeprefix("test_check[").removesuffix("]")] = case.find("failure") is None
    assert passed == {
        f"{r['submission']}::{e['name']}::{c['name']}": c["passed"]
        for r in records.values()
        for e in r["exercises"]
        for c in e["checks"]
    }
