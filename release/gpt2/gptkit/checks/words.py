"""How numbers and differences are put into words: short, and without telling what a hidden case holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gptkit.checks.core import kind_of

QUESTIONS = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
AFTER = QUESTIONS["after"]  # an exception's type -> the question that leads to its cause
BY_INPUT = {"ValueError", "IndexError", "AxisError", "TypeError"}  # what a line may raise for some inputs only
ROOM = 12  # numbers in one message


def numbers(value: Any) -> str:
    """A few numbers as a student would write them: [[0.5, 0.5], [1, 0]]."""
    if isinstance(value, np.ndarray) and value.ndim:
        return "[" + ", ".join(numbers(part) for part in value) + "]"
    return f"{float(value):.4g}"


def arguments(names: Sequence[str], args: Sequence[Any]) -> str:
    """A call's arguments by name: x = [0, 1], g = [1, 1]."""
    return ", ".join(f"{name} = {numbers(a)}" for name, a in zip(names, args, strict=False))


def difference(
    name: str, names: Sequence[str], args: Sequence[Any], got: np.ndarray, expected: np.ndarray, label: str
) -> str:
    """What came and what should have, with at most ROOM numbers: the arguments and the place are left out for room."""
    if sum(map(np.size, args)) + got.size + expected.size <= ROOM:
        return f"{name}({arguments(names, args)}) returned {numbers(got)}, not {numbers(expected)}."
    if got.size + expected.size <= ROOM:
        return f"{name} returned {numbers(got)}, not {numbers(expected)}, for {label}."
    place = np.unravel_index(np.argmax(np.abs(got - expected)), got.shape)
    where = ", ".join(str(int(i)) for i in place)
    return f"{name} returned {numbers(got[place])} at [{where}], not {numbers(expected[place])}, for {label}."


def example(name: str, names: Sequence[str], args: Sequence[Any], came: Any, expected: np.ndarray, label: str) -> str:
    """An input with what came (an answer, or that the call raised) and what should have; long arrays are left out."""

    def shown(value: Any) -> str:
        if not isinstance(value, np.ndarray | np.generic | int | float):
            return kind_of(value)
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            return f"an array of type {array.dtype}"
        return f"`{numbers(array)}`" if array.size <= ROOM else f"an array of shape {list(array.shape)}"

    fits = sum(map(np.size, args)) <= ROOM
    given = f"`{name}({arguments(names, args)})`" if fits else label
    came = came if isinstance(came, str) else f"returned {shown(came)}"
    return f"The smallest input here that shows it: {given}. That call {came} and should return {shown(expected)}."


@np.errstate(all="ignore")  # a student's numbers may be as large as they like
def question_about(got: np.ndarray, expected: np.ndarray) -> str:
    """A question about how two arrays of one shape differ, in words that tell none of their numbers."""
    scale = np.abs(expected).max(initial=0.0) or 1.0
    off = np.abs(got - expected) > 1e-3 * scale
    if not off.any():
        return "The first digits are right: which small term or rounding makes the rest differ?"
    if expected.size > 1:
        factor = float((got * expected).sum() / ((expected * expected).sum() or 1.0))
        if np.abs(got - factor * expected).max() < 1e-3 * scale * abs(factor):
            return "Each number is off by the same factor: which step sets the scale?"
        if np.ptp(got - expected) < 1e-3 * scale:
            return "Each number is off by the same amount: which term is missing, or one too many?"
        if np.abs(np.sort(got, axis=None) - np.sort(expected, axis=None)).max() < 1e-3 * scale:
            return "These are the right numbers in other places: along which axis does each step work?"
    rows = off.reshape(-1, off.shape[-1]).any(axis=-1) if off.ndim > 1 else off
    if rows.size > 1 and not rows.all():
        return f"Some {'rows' if off.ndim > 1 else 'numbers'} are right and others are not: what differs between them?"
    return "Which step of the formula first gives other numbers when you work it out by hand?"


def question_after(error: str | None, about: str | None = None) -> str:
    """A question about a call that raised an exception of the type `error`, whose text is about something known."""
    known = QUESTIONS["about"].get(about) or AFTER.get(error)
    return known or "What is each value in that line, for the smallest input?"
