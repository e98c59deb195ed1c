"""A mark explained as a notebook that does it again, on NumPy alone: the student's code, and failed checks' calls."""

from __future__ import annotations

import base64
import inspect
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.explaining.evidence import Evidence, of_check
from autograder.explaining.reproduce import Explain
from autograder.explaining.text import WARNING, Explanation
from autograder.explaining.witness import Ran, Witnessed
from autograder.notebooks.sanitize import markdown
from autograder.record import CheckResult, ExerciseResult
from autograder.reports import clean
from autograder.reports.words import why
from autograder.source_code import tree

FEW = 64  # numbers that are written out
START = """**{warning}**

{submission}: {exercises}. Run it from top to bottom; it needs NumPy only. It runs the student's code as you, without
the grader's wall around it: read that first. A function that remembers earlier calls may answer otherwise here."""


def as_notebook(it: Explanation) -> str:
    """The notebook's JSON."""
    names = ", ".join(f"{e.name} {e.score:g} of {e.max_score:g}" for e in it.exercises)
    start = START.format(warning=WARNING, submission=markdown(clean(it.record.submission)), exercises=names)
    cells = [new_markdown_cell(start)]
    attempts = [(exercise, a) for exercise in it.exercises if (a := it.witness.attempt(exercise.name))]
    before = None
    for exercise, attempt in sorted(attempts, key=lambda pair: bool(pair[1].candidate.defined)):
        if attempt.candidate is not before:
            cells += [*code(attempt.candidate), new_code_cell(inspect.getsource(Explain))]
        before = attempt.candidate
        for check in it.failed(exercise):
            cells += about(it, exercise, check)
    made = new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.writes(made) + "\n"


def code(candidate: Witnessed) -> Iterator[NotebookNode]:
    """The cells as they ran; one in which a statement failed goes on behind it, as it did while grading."""
    yield new_markdown_cell("## The code, as it was run")
    for cell in candidate.ran:
        if cell.left_out:
            yield new_markdown_cell(markdown(f"{cell.where} was left out while grading: {clean(cell.said[0])}"))
        else:
            goes_on = {"tags": ["raises-exception"]} if cell.said else {}
            yield from (new_code_cell(part, metadata=goes_on) for part in parts(cell))
    if candidate.defined:
        yield new_markdown_cell(
            "The grader's own: right functions in place of wrong ones, so that a mistake is paid once."
        )
        yield new_code_cell(candidate.defined)


def parts(cell: Ran) -> list[str]:
    """The source of a cell; statement by statement where one failed, each with the comments above it."""
    module = tree(cell.source) if cell.said else None
    if module is None:
        return [cell.source]
    rows = cell.source.splitlines(keepends=True)
    # A decorator stands above the line at which Python says that its function begins.
    firsts = [min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) for node in module.body]
    ends = [node.end_lineno or 0 for node in module.body]
    cuts = [0, *(end for end, after in zip(ends, firsts[1:], strict=False) if after > end), len(rows)]
    return ["".join(rows[a:b]).strip("\n") for a, b in pairwise(cuts)]


def about(it: Explanation, exercise: ExerciseResult, check: CheckResult) -> Iterator[NotebookNode]:
    """A check: a heading, what it looks at and what the student reads, and a cell for each of its calls."""
    words = [clean(check.says), f"The student reads: {clean(why(exercise, check))}"]
    points = f"{check.earned:.4g} of {check.points:.4g} points"
    yield new_markdown_cell(f"## {exercise.name}::{check.name}, {points}\n\n" + "\n\n".join(map(markdown, words)))
    asked, fresh = it.asked(exercise, check)
    calls = of_check(asked, fresh) if asked else []
    for number, one in enumerate(calls, 1):
        yield new_code_cell(f"# Call {number} of {len(calls)}{one.label and f': {one.label}'}\n{again(one)}")


def again(one: Evidence) -> str:
    """The line that makes the call, and shows the difference, once more."""
    args = f"({', '.join(map(literal, one.args))},)"
    if one.seeds:
        line = f"Explain.draws({one.name}, {args}, {list(one.seeds)}, {literal(one.expected)})"
    else:
        line = f"Explain.call({one.name}, {args}, {literal(one.expected)}, rtol={one.rtol}, atol={one.atol})"
    return f"# It {one.came} Take away the next # to see it.\n# {line}" if one.ended else line


def literal(value: Any) -> str:
    """A value as source: a few numbers written out, many as compressed bytes."""
    if not isinstance(value, np.ndarray | np.generic):
        return repr(value)
    array = np.asarray(value)
    if array.size <= FEW and np.isfinite(array).all():
        return f"Explain.np.array({array.tolist()}, {array.dtype.name!r})"
    packed = base64.b64encode(zlib.compress(array.tobytes())).decode()
    return f"Explain.array({packed!r}, {array.dtype.str!r}, {array.shape})"
