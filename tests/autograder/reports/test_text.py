"""Protects what a terminal shows: a line for each exercise, the total, and where the seconds went."""

from dataclasses import replace

from autograder import reports
from tests.autograder.reports.examples import example


def test_it_has_one_line_per_exercise_and_a_total():
    lines = reports.text(example()).splitlines()
    assert lines[0] == "alice/gpt2/gpt2.ipynb  (tiny, bubblewrap, 0.41 s)"
    assert " ".join(lines[1].split()) == "softmax 6.5 / 10 partial Each column sums to 1. Which axis is it?"
    assert lines[2].split() == ["total", "6.5", "/", "10"]
    assert lines[3] == "  note: The test cell was edited."


def test_a_kept_verdict_shows_no_seconds_as_if_it_had_been_examined_now():
    first = reports.text(replace(example(), kept=True)).splitlines()[0]
    assert first == "alice/gpt2/gpt2.ipynb  (tiny, bubblewrap, kept from an earlier run)"


def test_a_reason_that_is_a_note_already_is_not_said_in_every_line():
    record = example(fact="The test cell was edited.")
    (exercise,) = record.exercises
    exercise.checks[1].reached = False
    assert reports.text(record).count("The test cell was edited.") == 1
