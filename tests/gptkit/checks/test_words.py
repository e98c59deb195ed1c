"""Protects the questions about differences: each kind of difference has its own, and none tells a number."""

import numpy as np
import pytest
from gptkit.checks.words import arguments, numbers, question_about, question_after

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


@pytest.mark.parametrize(
    ("fact", "question"),
    [
        (
            "softmax raised NameError at line 3, `e / s`: 's' is not defined.",
            "Where does that name get its value?",
        ),
        ("softmax raised AttributeError: no attribute 'sums'.", "Does that object have something by that name"),
        ("softmax raised ValueError: it raised TypeError.", "Which shapes meet in that line?"),
        ("softmax raised an error.", "Which shapes meet in that line?"),
    ],
)
def test_the_question_after_an_error_fits_its_kind(fact, question):
    assert question_after(fact).startswith(question)
