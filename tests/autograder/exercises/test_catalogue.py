"""Protects the catalogue of known mistakes: how it is written, combined and stored, and when it refuses."""

import numpy as np
import pytest
from gptkit.checks.cases import load

from autograder.exercises.catalogue import Catalogue, both, output


def doubling():
    """A catalogue of an exercise f(x) = 2 x + 1."""

    def variants(x, factor=2, added=1):
        return factor * x + added

    catalogue = Catalogue("f", lambda x: 2 * x + 1, "[n]", variants)
    catalogue.visible("some", [1, 2], label="two numbers")
    return catalogue


def test_a_mistake_brings_its_words():
    catalogue = doubling()

    @catalogue.mistake
    def nothing(x):
        """It is always 0.
        What is x for?"""
        return 0 * x

    assert catalogue.mistakes()["nothing"][1] == ["It is always 0.", "What is x for?"]


def test_two_variants_are_known_together_unless_they_change_the_same(tmp_path):
    catalogue = doubling()

    @catalogue.variant(factor=3)
    def tripled():
        """It triples.
        How much is twice?"""

    @catalogue.variant(factor=4)
    def quadrupled():
        """It takes four times as much.
        How much is twice?"""

    @catalogue.variant(added=0)
    def nothing_added():
        """The 1 is missing.
        What is added?"""

    catalogue.write(tmp_path)
    groups, words = load(tmp_path / "f.npz")
    assert list(words) == [
        "tripled",
        "quadrupled",
        "nothing_added",
        "tripled+nothing_added",
        "quadrupled+nothing_added",
    ]
    assert words["tripled+nothing_added"] == [
        "It triples, and the 1 is missing.",
        "How much is twice, and what is added?",
    ]
    (case,) = groups["some"]
    assert case.expected.tolist() == [3, 5]
    assert case.fingerprints["tripled+nothing_added"].tolist() == [3, 6]


def test_mistakes_that_the_visible_cases_cannot_tell_apart_are_refused(tmp_path):
    catalogue = doubling()
    catalogue.mistake(named("same_as_right", lambda x: x + x + 1))
    with pytest.raises(ValueError, match="same_as_right returns what the reference returns"):
        catalogue.write(tmp_path)


def named(name, function):
    function.__name__, function.__doc__ = name, "A fact.\nA question?"
    return function


def test_raising_and_precision_leave_no_fingerprint():
    def raises(x):
        raise ValueError

    assert output(raises, (np.ones(2, np.float32),)) is None
    assert output(lambda x: x + 1e10 - 1e10, (np.ones(2, np.float32),)) is None
    assert output(lambda x: x / 0, (np.ones(2, np.float32),)).tolist() == [np.inf, np.inf]


def test_words_of_two_mistakes_are_one_fact_and_one_question():
    assert both(["The scale is missing.", "What divides?"], ["NumPy is right.", "Why?"]) == [
        "The scale is missing, and NumPy is right.",
        "What divides, and why?",
    ]
