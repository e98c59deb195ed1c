"""Protects the questions about differences: each kind of difference has its own, and none tells a number."""

import numpy as np
import pytest
from gptkit.checks.words import AFTER, arguments, difference, numbers, question_about, question_after

RIGHT = np.array([[1.0, 2.0, 4.0], [3.0, 5.0, 7.0]])


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (RIGHT * 3, "same factor"),
        (-RIGHT, "same factor"),
        (RIGHT + 2, "same amount"),
        (RIGHT[::-1], "other places"),
        (np.vstack([RIGHT[0], RIGHT[1] ** 2]), "Some rows are right"),
        (RIGHT + 1e-3 * np.sin(RIGHT), "first digits are right"),
        (RIGHT**2, "Which step of the formula"),
    ],
)
def test_each_kind_of_difference_has_its_question(got, words):
    question = question_about(got, RIGHT)
    assert words in question and question.endswith("?") and not any(c.isdigit() for c in question)


def test_rows_of_one_dimension_are_numbers():
    assert "Some numbers are right" in question_about(np.array([1.0, 5, 3]), np.array([1.0, 2, 3]))


def test_a_single_number_and_zeros_have_a_question_too():
    assert question_about(np.asarray(2.0), np.asarray(0.0)).endswith("?")
    assert question_about(np.ones(3), np.zeros(3)).endswith("?")


def test_numbers_are_written_as_a_student_would():
    assert numbers(np.array([[0.5, 1.0], [1 / 3, -1e10]])) == "[[0.5, 1], [0.3333, -1e+10]]"
    assert arguments(["x", "eps"], [np.array([1.0]), 0.5]) == "x = [1], eps = 0.5"


def test_a_message_holds_at_most_twelve_numbers():
    """The arguments go first, then all but the place that is off the most."""
    small, long = np.array([0.5, 0.5]), np.linspace(0, 1, 256).reshape(16, 16)
    assert (
        difference("f", ["x"], [small], small, 1 - small, "a row")
        == "f(x = [0.5, 0.5]) returned [0.5, 0.5], not [0.5, 0.5]."
    )
    assert difference("f", ["x"], [long], small, 2 * small, "a row") == "f returned [0.5, 0.5], not [1, 1], for a row."
    off = long.copy()
    off[3, 5] = 7
    said = difference("f", ["x"], [long], off, long, "a table")
    assert said == "f returned 7 at [3, 5], not 0.2078, for a table."
    assert difference("f", ["a"], [long], np.asarray(2.0), np.asarray(1.0), "").startswith("f returned 2, not 1")


@pytest.mark.parametrize(
    ("error", "about", "question"),
    [
        ("NameError", None, "Where does that name get its value?"),
        ("AttributeError", None, "Does that object have anything spelt like that"),
        ("ValueError", "shape", "What are the shapes of the arrays in that line?"),
        ("ValueError", "truth value", "Which value in that line is a whole array"),
        ("IndentationError", None, "Do the lines that belong together begin"),
        ("ModuleNotFoundError", None, "Which part of NumPy"),
        ("ValueError", None, "What is each value in that line"),
        (None, None, "What is each value in that line"),
    ],
)
def test_the_question_after_an_error_fits_its_kind(error, about, question):
    assert question_after(error, about).startswith(question)


@pytest.mark.parametrize("error", [*AFTER, None, "Told"])
def test_no_error_but_one_of_shapes_is_asked_about_shapes(error):
    assert "shape" not in question_after(error)
