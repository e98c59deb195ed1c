"""Questions to a student's function, and what follows from its answers: measured facts, where no known mistake fits.

A probe is a call whose arguments make the function show one thing that it does: what it is divided by, over which axis,
what the mask changes. The inputs are public, so what is measured on them may be told in hidden checks too; they are
asked before the function has seen a hidden input of its exercise. Nothing here computes a right answer. What is said of
each measurement stands in <exercise>.json: a fact with {} for what was measured, and a question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gptkit.checks.core import Failed

Measured = tuple | None  # the name of a fact, and the numbers or words that fill its {}
WITHIN = ("nothing", "only the number in its place", "only a part of its row")  # what a change of one number reaches
TOLERANCE = 2e-3  # relative: what any honest float32 keeps on these inputs


class Unusable(Exception):
    """The answer that a measurement needs is not one: the call raised, or has another shape, or is not finite."""


class Answers:
    """What a function returned for the probes, by their names."""

    def __init__(self, results: dict[str, Any], shapes: dict[str, tuple[int, ...]]):
        self.results, self.shapes = results, shapes

    def raw(self, name: str) -> np.ndarray:
        """An answer of the right shape as float64, NaN and infinity included. Raises Unusable."""
        result = self.results[name]
        # What a student returns may be of any type; np.asarray of an object would run its methods.
        array = np.asarray(result) if isinstance(result, np.ndarray | np.generic | int | float) else np.empty(0)
        if (
            array.dtype.kind not in "fiu"
            or array.dtype.itemsize < 4
            or array.shape != self.shapes[name]
            or array.size == 0
        ):
            raise Unusable
        return np.asarray(array, np.float64)

    def __getitem__(self, name: str) -> np.ndarray:
        """The same where it must be finite."""
        array = self.raw(name)
        if not np.isfinite(array).all():
            raise Unusable
        return array


class Probes:
    """The questions to one exercise's function, and the measurements on its answers, in the order they are tried."""

    def __init__(self, exercise: str | None = None) -> None:
        self.exercise = exercise
        self.calls: dict[str, tuple] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.measurements: list[Callable[[Answers], Measured]] = []

    @cached_property
    def words(self) -> dict[str, tuple[str, str]]:
        """What is said and asked for each fact."""
        return json.loads((Path(__file__).parent / f"{self.exercise}.json").read_text("utf-8"))

    def ask(self, name: str, *args: Any, shape: tuple[int, ...]) -> None:
        """Add a call, lists as float32 arrays, whose right answer has this shape."""
        self.calls[name] = tuple(np.array(a, np.float32) if isinstance(a, list | np.ndarray) else a for a in args)
        self.shapes[name] = shape

    def measure(self, measurement: Callable[[Answers], Measured]) -> Callable[[Answers], Measured]:
        """Register a measurement. It gives a fact where something is off, else None."""
        self.measurements.append(measurement)
        return measurement

    @np.errstate(all="ignore")
    def explain(self, results: Sequence[Any]) -> Failed | None:
        """The first fact about the results of `calls`."""
        answers = Answers(dict(zip(self.calls, results, strict=True)), self.shapes)
        for measurement in self.measurements:
            try:
                found = measurement(answers)
            except Unusable:
                continue
            if found is not None:
                return self.fact(*found)
        return None

    def fact(self, name: str, *values: Any) -> Failed:
        """What is said and asked where this was measured."""
        fact, question = self.words[name]
        return Failed(fact.format(*map(put, values)), question, measured=name)


def put(value: Any) -> str:
    """What was measured, as a sentence holds it."""
    if isinstance(value, str):
        return value
    if np.ndim(value):
        return ", ".join(map(put, value))
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "infinity"
    return f"{float(value):.3g}" if abs(value) > 1e-9 else "0"


def near(got: Any, expected: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether a result is what is expected, up to a part of the largest number in that."""
    return bool((np.abs(np.subtract(got, expected)) <= tolerance * np.abs(expected).max()).all())


def what_came(array: np.ndarray) -> str:
    """An answer that is not what it was, in a word."""
    return "NaN" if np.isnan(array).any() else "infinity" if np.isinf(array).any() else "other numbers"


def decimals(values: np.ndarray) -> int | None:
    """To how many decimals, 0 to 4, all of some numbers from -1 to 1 are rounded; None if to none."""
    return next((n for n in range(5) if np.abs(values).max() <= 1 and near(np.round(values, n), values, 1e-7)), None)


def reach(changed: np.ndarray, at: tuple[int, ...]) -> str | None:
    """Which numbers of a result change, in words, when the one at `at` of the input does; None: just its row."""
    row, column = np.zeros_like(changed), np.zeros_like(changed)
    row[at[:-1]] = True
    down: tuple[Any, ...] = (*at[:-2], slice(None), at[-1])
    column[down] = True
    if np.array_equal(changed, row):
        return None
    if not (changed & ~row).any():
        return WITHIN[0 if not changed.any() else 1 if changed.sum() == 1 and changed[at] else 2]
    if changed.all():
        return "every number of the result, not only its own row"
    return "its column, not its row" if np.array_equal(changed, column) else "other rows as well as its own"
