"""Protects the JSON that other tools read: the keys that DESIGN promises, and records that come back as they were."""

import json

import pytest

from autograder import reports
from tests.autograder.reports.examples import HOSTILE, example, ungraded, with_text

RECORD = {"schema", "submission", "assignment", "model", "isolation", "score", "max_score", "seconds", "exercises"}
EXERCISE = {"name", "score", "max_score", "status", "checks", "replaced"}
CHECK = {"name", "points", "earned", "passed", "hidden", "message", "mistake", "hint", "reached"}


def test_it_has_the_promised_keys():
    (written,) = json.loads("".join(reports.as_json([example()])))
    assert set(written) >= RECORD | {"error"} and written["schema"] == 1 and written["error"] is None
    (exercise,) = written["exercises"]
    assert set(exercise) >= EXERCISE
    assert all(set(check) >= CHECK for check in exercise["checks"])
    assert exercise["checks"][1]["message"] == "Each column sums to 1."


def test_what_could_not_be_graded_has_no_score_and_no_exercises():
    (written,) = json.loads("".join(reports.as_json([ungraded()])))
    assert (written["score"], written["error"], written["exercises"]) == (None, "The model is damaged.", [])


def test_records_come_back_as_they_were():
    records = [example(), with_text(HOSTILE), ungraded()]
    assert reports.from_json("".join(reports.as_json(records))) == records


def test_a_record_of_another_tool_without_our_own_keys_is_read():
    """Only what DESIGN promises is asked for: a check's message is its fact then."""
    written = json.loads("".join(reports.as_json([example()])))
    promised = {key: written[0][key] for key in RECORD}
    (exercise,) = promised["exercises"] = [{key: written[0]["exercises"][0][key] for key in EXERCISE}]
    exercise["checks"] = [{key: check[key] for key in CHECK} for check in exercise["checks"]]
    (record,) = reports.from_json(json.dumps([promised]))
    assert record.score == 6.5 and record.exercises[0].checks[1].fact == "Each column sums to 1."


@pytest.mark.parametrize("text", ["", "{", "null", "3", "[null]", "[[]]", "[{}]", "{}x", "[" * 100_000])
def test_what_is_none_is_a_value_error(text):
    with pytest.raises(ValueError):
        reports.from_json(text)
