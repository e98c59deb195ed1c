"""Which of a student's cells are the answer to a question that is answered in words and graded by hand."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from autograder.notebooks.submission import Release, grade_id_of, normal
from autograder.source_code import tree

UNSURE = "*The grader was not sure that this is the answer, and a person should look at the whole notebook.*"


class Written(NamedTuple):
    """The places of the cells that are the answer, in order, and whether that is sure."""

    places: list[int]
    sure: bool


def written(cells: list[dict[str, Any]], release: Release) -> dict[str, Written]:
    """For each released question in words the cells that answer it; a question with nothing that could is left out.

    The answer is the released cell when it was edited; else Markdown of the student's own after the question. Words
    elsewhere, or in a cell of another kind, may be one.
    """
    plain = [normal(cell["source"]) for cell in cells]
    own = [i for i, said in enumerate(plain) if said and said not in release.sources]
    edited = {name: [i for i in own if grade_id_of(cells[i]) == name] for name in release.written}
    own = [i for i in own if grade_id_of(cells[i]) not in (*release.written, *release.solutions)]
    prose = [i for i in own if cells[i].get("cell_type") != "code"]
    words = [i for i in own if cells[i].get("cell_type") == "code" and in_words(cells[i]["source"])]
    asked = {name: plain.index(question) for name, question in release.written.items() if question in plain}
    found = {}
    for name in release.written:
        start = asked.get(name)
        end = min((other for other in asked.values() if start is not None and other > start), default=len(cells))
        after = [i for i in prose if start is not None and start < i < end]
        maybe = [i for i in words if start is not None and start < i < end]
        if edited[name]:
            found[name] = Written(edited[name][-1:], True)
        elif after:
            found[name] = Written(after, True)
        elif maybe or prose:
            found[name] = Written(maybe or prose, False)
    return found


def in_words(source: str) -> bool:
    """Whether a code cell holds no code: a text that is no Python, or comments and strings alone."""
    # A line that is no Python may be a typing error; so many words are a text.
    if (body := tree(source)) is None:
        return len(source.split()) > 8
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body.body)
