"""Visible checks of softmax(x): [..., n] -> [..., n], over the last axis."""

import numpy as np

from gptkit.checks.cases import Stored, gates
from gptkit.checks.core import Exercise, Student
from gptkit.checks.probes.softmax import probes

exercise = Exercise("softmax", "(x)")
stored = Stored(exercise.name, exercise.signature, probes)


@exercise.check(share=0.2, value=True)
def rows(softmax: Student) -> None:
    """A few rows of scores become the probabilities expected."""
    stored.compare(softmax, "rows")


@exercise.check(share=0.1, value=True)
def other_dimensions(softmax: Student) -> None:
    """One row alone, and a stack of tables, work too: the last axis is the one that counts."""
    stored.compare(softmax, "other_dimensions")


@exercise.check(share=0.1, value=True)
def far_from_zero(softmax: Student) -> None:
    """Scores far below or far above zero give probabilities, not NaN."""
    stored.compare(softmax, "far_from_zero")


@exercise.check(share=0.1)
def rows_sum_to_one(softmax: Student) -> None:
    """Each row of the result is positive and sums to 1."""
    case = stored.groups["rows"][-1]
    p = gates(softmax.name, case, softmax(*case.args))
    if (p < 0).any():
        fact = "Some of the probabilities are negative."
        raise stored.failed(softmax, fact, "Which step makes every score positive?")
    if np.abs(p.sum(axis=-1) - 1).max() > 1e-3:
        raise stored.failed(softmax, "The rows do not all sum to 1.", "What is each row divided by?")


@exercise.check(share=0.05)
def argument_unchanged(softmax: Student) -> None:
    """`x` is left as it was."""
    softmax(*stored.groups["rows"][0].args)
    stored.unchanged(softmax)
