"""Visible checks of layer_norm(x, g, b, eps=1e-5): [..., n], [n], [n] -> [..., n], over the last axis."""

import numpy as np

from gptkit.checks.cases import Stored, gates
from gptkit.checks.core import Exercise, Student
from gptkit.checks.probes.layer_norm import probes

exercise = Exercise("layer_norm", "(x, g, b, eps=1e-5)")
stored = Stored(exercise.name, exercise.signature, probes)
stored.visible_check(
    exercise, "rows", share=0.1, says="With gains of 1 and biases of 0, a few rows become the numbers expected."
)
stored.visible_check(exercise, "gain_and_bias", share=0.15, says="The result is scaled by `g`, then moved by `b`.")
stored.visible_check(
    exercise,
    "other_dimensions",
    share=0.1,
    says="One row alone, and a stack of tables, work too: mean and variance are those of the last axis.",
)
stored.visible_check(
    exercise,
    "small_variance",
    share=0.1,
    says="`eps` does its work: inside the square root, and for a row whose numbers are all the same.",
)


@exercise.check(share=0.05)
def mean_0_variance_1(layer_norm: Student) -> None:
    """With gains of 1 and biases of 0, each row of the result has mean 0 and variance 1."""
    case = stored.groups["rows"][-1]
    y = gates(layer_norm.name, case, stored.result(layer_norm, case))
    if np.abs(y.mean(axis=-1)).max() > 1e-2:
        fact = "The rows of the result do not have mean 0."
        raise stored.failed(layer_norm, fact, "What is subtracted from each row?", case)
    if np.abs(y.var(axis=-1) - 1).max() > 1e-2:
        fact = "The rows of the result do not have variance 1."
        raise stored.failed(layer_norm, fact, "What is each row divided by?", case)


@exercise.check(share=0.05)
def arguments_unchanged(layer_norm: Student) -> None:
    """`x`, `g` and `b` are left as they were."""
    stored.result(layer_norm, stored.groups["gain_and_bias"][0])
    stored.unchanged(layer_norm)
