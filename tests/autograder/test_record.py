"""Protects the record's way through JSON: it comes back as it was, and damaged JSON is a ValueError, nothing else."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.record import CheckResult, ExerciseResult, Record

TEXT = st.text(st.characters(), max_size=20)
NUMBER = st.floats(0, 1e8, allow_nan=False)
STATUS = st.sampled_from(["passed", "partial", "failed", "missing", "error", "timeout", "crashed"])
CHECKS = st.builds(
    CheckResult, name=TEXT, points=NUMBER, earned=NUMBER, passed=st.booleans(), hidden=st.booleans(), fact=TEXT,
    says=TEXT, reached=st.booleans(), mistake=st.none() | TEXT, hint=st.none() | TEXT,
)  # fmt: skip
EXERCISES = st.builds(
    ExerciseResult, name=TEXT, score=NUMBER, max_score=NUMBER, status=STATUS, checks=st.lists(CHECKS, max_size=2),
    replaced=st.lists(TEXT, max_size=2), paid=st.floats(0, 1),
)  # fmt: skip
COMMON = {
    "submission": TEXT, "assignment": TEXT, "model": TEXT, "isolation": TEXT, "max_score": NUMBER, "seconds": NUMBER,
    "notes": st.lists(TEXT, max_size=2), "kept": st.booleans(),
}  # fmt: skip
RECORDS = st.one_of(
    st.builds(Record, score=NUMBER, error=st.none(), exercises=st.lists(EXERCISES, max_size=2), **COMMON),
    st.builds(Record, score=st.none(), error=TEXT, exercises=st.just([]), **COMMON),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=4,
)
SAMPLE = Record(
    "ada", "gpt2", "tiny", "process", 1.0, 2.0, 0.1,
    [ExerciseResult("softmax", 1.0, 2.0, "partial", [CheckResult("rows", 2.0, 1.0, False, True, "It is off.")])],
)  # fmt: skip


@given(RECORDS)
def test_a_record_comes_back_as_it_was(record):
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record


@st.composite
def damaged(draw):
    """A record's JSON in which one value, at any depth, is another or gone."""
    value = draw(RECORDS).to_json()
    place = value
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = draw(st.sampled_from(list(keys)))
        if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
            place = place[key]
        elif draw(st.booleans()):
            place[key] = draw(ANYTHING)
            return value
        else:
            del place[key]
            return value


@given(damaged() | ANYTHING)
@example(SAMPLE.to_json() | {"score": float("nan")})
@example(SAMPLE.to_json() | {"score": -1})
@example(SAMPLE.to_json() | {"score": True})
@example(SAMPLE.to_json() | {"score": 10**400})
@example(SAMPLE.to_json() | {"schema": True})
@example(SAMPLE.to_json() | {"exercises": [None]})
@example(SAMPLE.to_json() | {"exercises": [{"name": "softmax", "checks": [[]]}]})
@example(SAMPLE.to_json() | {"exercises": [SAMPLE.to_json()["exercises"][0] | {"status": []}]})
@example(SAMPLE.to_json() | {"exercises": [SAMPLE.to_json()["exercises"][0] | {"status": {}}]})
def test_damaged_json_is_a_value_error_or_a_whole_record(value):
    """What comes back, if anything, is one that every report can be made of."""
    try:
        record = Record.from_json(value)
    except ValueError:
        return
    assert Record.from_json(record.to_json()) == record
    assert (record.score is None) == (record.error is not None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, "90", True, 1e12, [90.0]])
def test_no_score_that_is_none_gets_into_a_record(value):
    """nbgrader gives full marks for NaN and for a negative number."""
    for damaged in (SAMPLE.to_json(), SAMPLE.to_json(), SAMPLE.to_json()):
        damaged["exercises"][0]["score"] = value
        with pytest.raises(ValueError):
            Record.from_json(damaged)
    with pytest.raises(ValueError):
        Record.from_json(SAMPLE.to_json() | {"score": value})


@pytest.mark.parametrize("change", [{"score": None}, {"error": "The model is damaged."}])
def test_a_record_has_either_a_score_or_an_error(change):
    with pytest.raises(ValueError):
        Record.from_json(SAMPLE.to_json() | change)


def test_a_check_was_reached_unless_it_says_otherwise():
    record = SAMPLE.to_json()
    del record["exercises"][0]["checks"][0]["reached"]
    assert Record.from_json(record).exercises[0].checks[0].reached
    assert CheckResult("rows", 2.0, 1.0, True, False, "").reached


def test_keys_that_are_not_known_are_left_out():
    assert Record.from_json(SAMPLE.to_json() | {"of another tool": [1]}) == SAMPLE


def test_an_exercise_pays_its_points_unless_it_says_otherwise():
    record = SAMPLE.to_json()
    del record["exercises"][0]["paid"]
    assert Record.from_json(record).exercises[0].paid == 1.0


def test_a_message_stands_for_a_fact_only_where_there_is_none():
    record = SAMPLE.to_json()
    check = record["exercises"][0]["checks"][0]
    check["message"] = "A sentence."
    assert Record.from_json(record).exercises[0].checks[0].fact == "It is off."
    del check["fact"]
    assert Record.from_json(record).exercises[0].checks[0].fact == "A sentence."
