"""Protects the promise of the feedback: mistakes in code written in other styles than the catalogue are named."""

from benchmarks.diagnosis import figures_of, verdicts
from benchmarks.students import ANSWERS


def test_wrong_functions_are_named_and_right_ones_not_accused():
    assert sum(a.mistake is not None for a in ANSWERS) >= 60
    figures = figures_of(verdicts())
    assert figures["named"] >= 0.9
    assert figures["misnamed"] <= 0.01
    assert figures["accused"] == 0
