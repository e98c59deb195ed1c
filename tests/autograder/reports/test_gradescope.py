"""Protects Gradescope's results.json: it adds up, hides what is hidden, and is never made of what was not graded."""

import json

import pytest

from autograder import reports
from tests.autograder.reports.examples import example, ungraded


def test_it_adds_up_and_hides_hidden_checks_until_grades_are_published():
    result = json.loads(reports.gradescope(example()))
    assert result["score"] == sum(t["score"] for t in result["tests"]) == 6.5
    assert [t["visibility"] for t in result["tests"]] == ["visible", "after_published"]
    assert {t["output_format"] for t in result["tests"]} == {"text"}


def test_what_could_not_be_graded_has_none():
    with pytest.raises(ValueError):
        reports.gradescope(ungraded())
