"""Protects the promise of the feedback: wrong answers are explained, by nothing that is false, and right ones pass."""

import signal
from pathlib import Path

import pytest
from gptkit import weights

from autograder.exercises.hidden_data import Hidden
from benchmarks import mutants
from benchmarks.diagnosis import figures_of, shares_of, told, verdicts
from benchmarks.students import ANSWERS

CASES = Path(__file__).parent / "cases"
HIDDEN = Hidden(weights.find("tiny"), "mutants")


def test_wrong_functions_are_named_and_right_ones_not_accused():
    assert sum(a.mistake is not None for a in ANSWERS) >= 60
    figures = figures_of(verdicts())
    assert figures["named"] >= 0.9
    assert figures["misnamed"] <= 0.01
    assert figures["accused"] == 0


def test_what_people_post_in_public_is_explained():
    found = told([CASES / f"{name}.py" for name in ("wrong", "slips", "right", "public")])
    figures = shares_of([t for t in found if t.exercise in mutants.NAMES])
    assert figures["cases_explained"] >= 0.97
    assert figures["off_named_or_measured"] >= 0.65
    assert figures["cases_false"] == figures["full_marks_for_wrong"] == 0
    assert not [t.name for t in found if t.wanted is None and t.failed]


@pytest.fixture
def alarm():
    before = signal.signal(signal.SIGALRM, mutants.on_alarm)
    yield
    signal.signal(signal.SIGALRM, before)


def test_what_a_changed_program_is_told_is_true(alarm):
    """250 of the 5,600 of benchmarks/mutants.py."""
    tried = [mutants.try_one(e, source, HIDDEN, change) for e, change, source in mutants.wrong_ones(250)]
    wrong = [t for t in tried if t and t.failed]
    assert len(wrong) > 200
    assert sum(t.kind != "mute" for t in wrong) >= 0.97 * len(wrong)
    assert sum(t.kind in ("named", "measured") for t in wrong) >= 0.65 * len(wrong)
    assert sum(bool(t.false) for t in wrong) <= 1


def test_a_right_program_in_another_writing_passes_and_shows_nothing(alarm):
    for exercise, source in mutants.right_ones(80):
        tried = mutants.try_one(exercise, source, HIDDEN)
        assert tried and not tried.failed and not tried.shows, source
