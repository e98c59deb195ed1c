"""Protects functions that stand beside magic lines: what IPython runs as Python runs here, and nothing else changes."""

import builtins
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from autograder.notebooks.magics import Magics
from autograder.source_code import MAX_CELL, lines


def plain(source):
    magics = Magics()
    return magics.taken_out(source, "softmax"), magics.notes


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("%matplotlib inline\nx = (7\n  % 3)", "pass\nx = (7\n  % 3)"),
        ("!pip install numpy \\\n  pandas\nx = 1", "pass\n\nx = 1"),
        ("%time scale = 1.0", "scale = 1.0"),
        ("x = %time 3 + 4", "x = 3 + 4"),
        ("def f():\n    %time y = 1\n    return y", "def f():\n    y = 1\n    return y"),
        ("%time !ls", "pass"),
        ("%timeit f()", "pass"),
        ("if True:\n    !ls\n    x = 1", "if True:\n    pass\n    x = 1"),
        ("if True: x = !ls", "if True: x = None"),
        ("\n%%time\nx = 1", "\n\nx = 1"),
        ("%%time\n%%capture out\n!ls\nx = 1", "\n\npass\nx = 1"),
        ("%%bash\nrm -rf x", ""),
        ("%%", ""),
        ("files = !ls\nx = 1", "files = None\nx = 1"),
        ("softmax?", "pass"),
        ("!echo it's\nx = 1", "pass\nx = 1"),
        (">>> x = 1\n>>> y = 2", "x = 1\ny = 2"),
        ("  x = 1\n  y = 2", "x = 1\ny = 2"),
        ("s = '''\n%no\n'''\n%cd", "s = '''\n%no\n'''\npass"),
        ("s = '\x0c\u2028'\n%cd\n1", "s = '\x0c\u2028'\npass\n1"),
        ("x = (7\n  % 3)", "x = (7\n  % 3)"),
        ("def (:", "def (:"),
    ],
)
def test_magics_are_taken_out_and_lines_stay_where_they_are(source, kept):
    assert plain(source)[0] == kept


def test_a_cell_has_one_note_for_its_lines():
    assert plain("%cd\nx = 1\n!ls\ny?")[1] == [
        "Lines 1, 3, 4 of softmax were dropped: grading runs plain Python, no magic or shell lines."
    ]
    assert "%%bash in softmax" in plain("%%bash\nls")[1][0]


BITS = [
    "%",
    "!",
    "?",
    "%%",
    "\n",
    "\\\n",
    " ",
    "    ",
    "x",
    "=",
    "(",
    ")",
    "'",
    '"""',
    "#",
    "/",
    ",",
    ";",
    ">>> ",
    "if a:\n",
]
BITS += ["\x0c", "\u2028", "é", "\t", "a.b", "[0]", "!!", "f'{", "}", "\\", "\r\n", "\0", "\ud800", "%time ", "time"]


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(BITS), max_size=12).map("".join))
def test_no_cell_stops_the_reading_or_moves_a_line(source):
    cell, _ = plain(source)
    assert cell == "" or len(lines(cell)) == len(lines(source))


@settings(deadline=None, max_examples=400)
@given(
    st.lists(
        st.sampled_from(
            ["%cd\n", "!ls\n", "x = 1\n", "y = (2\n  % 3)\n", "z?\n", "if x:\n    !ls\n", "s = '''\n%a\n'''\n"]
        )
    )
)
def test_what_ipython_runs_as_python_is_what_is_kept(parts):
    """The names that a cell defines are those it defines in IPython, which runs its own calls for the magics."""
    source = "".join(parts)
    there, here = {"get_ipython": lambda: Nothing(), "x": 0, "z": 0}, {"x": 0, "z": 0}
    exec(TransformerManager().transform_cell(source), there)
    exec(plain(source)[0], here)
    left = {"__builtins__", "get_ipython"}
    assert {k: v for k, v in here.items() if k not in left} == {k: v for k, v in there.items() if k not in left}


class Nothing:
    def __getattr__(self, name):
        return lambda *_: None


@pytest.mark.parametrize(
    "unit", ["!a\n", "a?\n", "x=%a\n", "if a:\n !b\n", "%time ", "'''\n!a\n'''\n", "!a\\\n", "'\n"]
)
def test_no_number_of_magics_costs_much(unit):
    began = time.perf_counter()
    magics, cell = Magics(), unit * (MAX_CELL // len(unit))
    for _ in range(12):
        magics.taken_out(cell, "softmax")
    assert time.perf_counter() - began < 60  # at most 4 s on an idle machine
    assert len(magics.notes) <= 12


def test_ipython_is_not_imported_for_plain_python(monkeypatch):
    original = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", lambda name, *a: 1 / 0 if "IPython" in name else original(name, *a))
    assert plain("x = 1 % 2")[0] == "x = 1 % 2"
