"""Visible checks of softmax(x): [..., n] -> [..., n], over the last axis."""

import numpy as np

from gptkit.checks.cases import Stored, gates
from gptkit.checks.core import Exercise, Student
from gptkit.checks.probes.softmax import probes

exercise = Exercise("softmax", "(x)")
stored = Stored(exercise.name, exercise.signature, probes)
stored.visible_check(exercise, "rows", share=0.2, says="A few rows of scores become the probabilities expected.")
stored.visible_check(
    exercise,
    "other_dimensions",
    share=0.1,
    says="One row alone, and a stack of tables, work too: the last axis is the one that counts.",
)
stored.visible_check(
    exercise, "far_from_zero", share=0.1, says="Scores far below or far above zero give probabilities, not NaN."
)


@exercise.check(share=0.1)
def rows_sum_to_one(softmax: Student) -> None:
    """Each row of the result is positive and sums to 1."""
    case = stored.groups["rows"][-1]
    p = gates(softmax.name, case, stored.result(softmax, case))
    if (p < 0).any():
        fact = "Some of the probabilities are negative."
        raise stored.failed(softmax, fact, "Which step makes every score positive?", case)
    if np.abs(p.sum(axis=-1) - 1).max() > 1e-3:
        raise stored.failed(softmax, "The rows do not all sum to 1.", "What is each row divided by?", case)


@exercise.check(share=0.05)
def argument_unchanged(softmax: Student) -> None:
    """`x` is left as it was."""
    stored.result(softmax, stored.groups["rows"][0])
    stored.unchanged(softmax)
