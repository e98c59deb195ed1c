"""Protects the one answer to what a cell defines, and its cost."""

import time
import warnings

import pytest

from autograder.source_code import MAX_CELL, defined, lines, tree


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(): x = 1", ["f"]),
        ("async def f(): pass", ["f"]),
        ("class f:\n    x = 1", ["f"]),
        ("f, (g, *h) = a", ["f", "g", "h"]),
        ("f = g = a", ["f", "g"]),
        ("f: object = a", ["f"]),
        ("f: object", []),
        ("import f.x, g as h", ["f", "h"]),
        ("from a import f, g as h", ["f", "h"]),
        ("if (f := a): pass", ["f"]),
        ("[(f := i) for i in a]", ["f"]),
        ("f = [i for i in a]\ng = 1", ["f", "g"]),
        ("[i for i in a]\nf = [j for j in b]\ng = {k: 1 for k in a}", ["f", "g"]),
        ("(lambda: (f := 1))", []),
        ("for f in a: pass", ["f"]),
        ("with a as f: pass", ["f"]),
        ("try:\n    def f(): pass\nexcept E: g = 1", ["f", "g"]),
        ("match a:\n    case [f, *g]: pass", ["f", "g"]),
        ("f[0] = f.x = 1\ndel f\nf == 1", []),
        ("def f(x)\n  return x\ng = 1", ["f", "g"]),
        ("x" * (MAX_CELL + 1), []),
    ],
)
def test_every_statement_that_gives_a_name_a_value_counts(source, names):
    assert defined(source) == names


def test_lines_are_counted_as_python_counts_them():
    source = "a\n\x0cb\r\nc = '\u2028\x85\x1c'\rd"
    assert lines(source) == ["a", "\x0cb", "c = '\u2028\x85\x1c'", "d"]
    assert tree("1\n\x0c2\r\n'\u2028\x85\x1c'\r3").body[-1].lineno == 4


def test_a_students_code_writes_no_warning_on_the_graders_terminal():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert defined(r"f = '\d'") == ["f"]


@pytest.mark.parametrize(
    "unit", ["a\n", "a,", "-", "(", "{", "a.b", "f'{", "lambda:", "a if b else ", "with (", "a b ", "=x"]
)
def test_no_cell_costs_much(unit):
    began = time.perf_counter()
    defined(unit * (MAX_CELL // len(unit)))
    assert time.perf_counter() - began < 20  # about 1 s on an idle machine
