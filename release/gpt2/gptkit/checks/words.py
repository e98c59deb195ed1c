"""How numbers and differences are put into words: short, and without telling what a hidden case holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

AFTER = {  # an exception -> the question that leads to its cause
    "AttributeError": "Does that object have something by that name, spelt like that?",
    "NameError": "Where does that name get its value?",
    "UnboundLocalError": "Which line gives that name its value first?",
    "TypeError": "What is each of the things that meet in that line?",
    "IndexError": "How many axes are there, and how long is each?",
    "AxisError": "How many axes does the smallest input have?",
    "RecursionError": "Does the function call itself?",
}


def numbers(value: Any) -> str:
    """A few numbers as a student would write them: [[0.5, 0.5], [1, 0]]."""
    if isinstance(value, np.ndarray) and value.ndim:
        return "[" + ", ".join(numbers(part) for part in value) + "]"
    return f"{float(value):.4g}"


def arguments(names: Sequence[str], args: Sequence[Any]) -> str:
    """A call's arguments by name: x = [0, 1], g = [1, 1]."""
    return ", ".join(f"{name} = {numbers(a)}" for name, a in zip(names, args, strict=False))


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


def question_after(fact: str) -> str:
    """A question about a call that raised; `fact` names the exception ("softmax raised NameError at line 3 ...")."""
    kind = re.search(r" raised (\w+)", fact)
    return AFTER.get(kind[1] if kind else "", "Which shapes meet in that line?")
