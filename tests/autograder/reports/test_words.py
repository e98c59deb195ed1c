"""Protects the sentences that are made of a record's fields: they say whose function it was, and what was reached."""

import pytest

from autograder.reports import message, why
from autograder.reports.words import clean
from tests.autograder.reports.examples import example


def told(reached=True, replaced=(), paid=1.0):
    (exercise,) = example().exercises
    exercise.checks[1].reached = reached
    exercise.replaced, exercise.paid = list(replaced), paid
    return message(exercise, exercise.checks[1])


def test_what_was_found_stands_as_it_is():
    assert told() == "Each column sums to 1."


def test_what_was_not_reached_says_so():
    assert told(reached=False) == "Not reached: Each column sums to 1."


def test_a_right_function_in_place_of_theirs_is_named_and_so_is_what_is_paid_then():
    assert told(replaced=["softmax"]) == "With a right softmax in place of yours: each column sums to 1."
    assert told(replaced=["softmax", "layer_norm"], paid=1 / 3) == (
        "With a right softmax and layer_norm in place of yours, for a third of the points: each column sums to 1."
    )


def test_the_question_follows_the_fact_in_one_line():
    (exercise,) = example(fact="It is\noff.", hint="Why\x1b[31m?").exercises
    assert why(exercise, exercise.checks[1]) == "It is off. Why\N{REPLACEMENT CHARACTER}[31m?"


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\u202e", "\ud800", "\ue000", "\u0378"])
def test_what_moves_a_cursor_or_is_no_text_is_replaced(sign):
    assert clean(f"a{sign}b") == "a\N{REPLACEMENT CHARACTER}b"
