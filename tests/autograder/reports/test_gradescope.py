"""Protects Gradescope's results.json: it adds up, hides what is hidden, and is never made of what was not graded."""

import json

import pytest

from autograder import reports
from autograder.reports.pages import as_html
from tests.autograder.reports.examples import example, ungraded


def test_it_adds_up_and_hides_hidden_checks_until_grades_are_published():
    result = json.loads(reports.gradescope(example()))
    assert result["score"] == sum(t["score"] for t in result["tests"]) == 6.5
    assert [t["visibility"] for t in result["tests"]] == ["visible", "after_published"]
    assert {t["output_format"] for t in result["tests"]} == {"text"}


def test_what_could_not_be_graded_has_none():
    with pytest.raises(ValueError):
        reports.gradescope(ungraded())


def test_a_check_that_passed_and_earns_nothing_says_why():
    record = example()
    shape, values = record.exercises[0].checks
    shape.earned = values.earned = 0.0
    first, second = json.loads(reports.gradescope(record))["tests"]
    assert (first["status"], first["score"]) == ("passed", 0) and "counts as soon as" in first["output"]
    assert second["status"] == "failed" and "counts as soon as" not in second["output"]
    for form in (as_html(record.exercises[0]), reports.as_lines(record.exercises[0])):
        assert form.count("counts as soon as") == 1
