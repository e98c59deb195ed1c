"""Visible checks of attention(q, k, v, mask): [n_q, d_k], [n_k, d_k], [n_k, d_v], [n_q, n_k] -> [n_q, d_v]."""

import numpy as np

from gptkit.checks.cases import Stored, gates
from gptkit.checks.core import Exercise, Student
from gptkit.checks.probes.attention import probes

exercise = Exercise("attention", "(q, k, v, mask)", uses=("softmax",))
stored = Stored(exercise.name, exercise.signature, probes)
stored.visible_check(
    exercise, "no_mask", share=0.15, says="With a mask of zeros, each query collects the values as the formula says."
)
stored.visible_check(exercise, "causal_mask", share=0.1, says="With -1e10 in the mask, what lies ahead is not seen.")
stored.visible_check(
    exercise, "any_mask", share=0.1, says="The mask may hold any numbers: they are added to the scaled scores."
)
stored.visible_check(exercise, "large_scores", share=0.05, says="Scores far from zero give numbers, not NaN.")


@exercise.check(share=0.1)
def weights_sum_to_one(attention: Student) -> None:
    """When all values are 1, every query collects 1."""
    case = stored.groups["any_mask"][-1]
    q, k, v, mask = case.args
    out = gates(attention.name, case, attention(q, k, np.ones_like(v), mask))
    if np.abs(out - 1).max() > 1e-3:
        fact = "When all values are 1, the result is not 1 everywhere."
        raise stored.failed(attention, fact, "What do one query's weights sum to?")


@exercise.check(share=0.05)
def arguments_unchanged(attention: Student) -> None:
    """`q`, `k`, `v` and `mask` are left as they were."""
    stored.result(attention, stored.groups["any_mask"][-1])
    stored.unchanged(attention)
