"""Questions to a student's function, and what follows from its answers: measured facts, where no known mistake fits.

A probe is a call whose arguments make the function show one thing that it does: what it is divided by, over which axis,
what the mask changes. The inputs are public, so what is measured on them may be told in hidden checks too; for the same
reason they are asked before the function has seen a hidden input. Nothing here computes a right answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gptkit.checks.core import Failed

Said = tuple[str, str] | None  # a fact and a question
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
        array = np.asarray(result) if isinstance(result, np.ndarray | np.generic | int | float) else np.empty(0)
        if array.dtype.kind not in "fiu" or array.shape != self.shapes[name] or array.size == 0:
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

    def __init__(self) -> None:
        self.calls: dict[str, tuple] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.facts: list[Callable[[Answers], Said]] = []

    def ask(self, name: str, *args: Any, shape: tuple[int, ...]) -> None:
        """Add a call, lists as float32 arrays, whose right answer has this shape."""
        self.calls[name] = tuple(np.array(a, np.float32) if isinstance(a, list | np.ndarray) else a for a in args)
        self.shapes[name] = shape

    def fact(self, measure: Callable[[Answers], Said]) -> Callable[[Answers], Said]:
        """Register a measurement; its name is that of the fact."""
        self.facts.append(measure)
        return measure

    @np.errstate(all="ignore")
    def explain(self, results: Sequence[Any]) -> Failed | None:
        """The first measurement that says something about the results of `calls`, as a Failed."""
        answers = Answers(dict(zip(self.calls, results, strict=True)), self.shapes)
        for measure in self.facts:
            try:
                said = measure(answers)
            except Unusable:
                continue
            if said is not None:
                return Failed(*said, measured=measure.__name__)
        return None


def near(a: Any, b: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two results agree, relative to the largest number in either."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return bool((np.abs(a - b) <= tolerance * max(np.abs(a).max(initial=0), np.abs(b).max(initial=0), 1e-12)).all())


def number(value: float) -> str:
    """A measured number, with as many digits as a sentence needs."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "infinity"
    return f"{float(value):.3g}" if abs(value) > 1e-6 else "0"


def what_came(array: np.ndarray) -> str:
    """An answer that should be made of ordinary numbers, in a word."""
    return "NaN" if np.isnan(array).any() else "infinity" if np.isinf(array).any() else "other numbers"


def decimals(values: np.ndarray) -> int | None:
    """To how many decimals, 0 to 4, all of some numbers from -1 to 1 are rounded; None if to none."""
    if np.abs(values).max() > 1:
        return None
    return next((n for n in range(5) if near(values, np.round(values, n), 1e-7)), None)


def reach(changed: np.ndarray, at: tuple[int, ...]) -> str | None:
    """Which numbers of a result change, in words, when the number at `at` of the input does; None: its row, all of it.

    changed: boolean, of the result's shape, whose last axis is a row.
    """
    row = np.zeros_like(changed)
    row[at[:-1]] = True
    if np.array_equal(changed, row):
        return None
    if not changed.any():
        return "nothing"
    if changed.sum() == 1 and changed[at]:
        return "only the number in its place"
    if changed.all():
        return "every number of the result, not only its own row"
    for axis in range(changed.ndim - 1):
        line = np.zeros_like(changed)
        line[(*at[:axis], slice(None), *at[axis + 1 :])] = True
        if np.array_equal(changed, line):
            return "its column, not its row" if axis == changed.ndim - 2 else "its place in each table, not its row"
    return "other rows as well as its own" if (changed & ~row).any() else "only a part of its row"
