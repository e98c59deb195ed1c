"""Protects the right softmax that stands in for a wrong one: it takes whatever it is given, by whatever name."""

from functools import partial

import numpy as np
import pytest
from gptkit.checks.core import Failed

from autograder.grading import follow_through
from autograder.grading.follow_through import replace_softmax

X = np.array([[1.0, 2.0, 4.0], [0.0, -3.0, 1.0]])
MASK = np.array([[0.0, -1e10, 0.0], [0.0, 0.0, -1e10]])


def right(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def run(cells: str, helper: int = 0) -> dict:
    """A notebook's names after its cells and the replacement."""
    space = {"np": np}
    exec(cells, space)
    space["__helpers__"] = replace_softmax(space, helper)
    return space


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("softmax(X)", right(X)),
        ("softmax(x=X)", right(X)),
        ("softmax(X, -1)", right(X)),
        ("softmax(X, 0)", right(X, 0)),
        ("softmax(X, axis=0)", right(X, 0)),
        ("softmax(X, axis=1)", right(X)),
        ("softmax(X, dim=0)", right(X, 0)),
        ("softmax(X, axis=None)", right(X)),
        ("softmax(X, 7)", right(X)),
        ("softmax(X, axis=-2)", right(X, 0)),
        ("softmax(X, axis=-3)", right(X)),
        ("softmax(X, True)", right(X)),
        ("softmax(X, 'last')", right(X)),
        ("softmax(X, temperature=2.0)", right(X / 2)),
        ("softmax(X, temp=4)", right(X / 4)),
        ("softmax(X, t=0.5)", right(X * 2)),
        ("softmax(X, T=2.0, axis=0)", right(X / 2, 0)),
        ("softmax(X, tau=2.0)", right(X / 2)),
        ("softmax(X, temperature=None)", right(X)),
        ("softmax(X, MASK)", right(X + MASK)),
        ("softmax(X, mask=MASK)", right(X + MASK)),
        ("softmax(X, MASK == 0)", right(X + MASK)),
        ("softmax([1, 2, 4])", right(np.array([1.0, 2.0, 4.0]))),
        ("softmax(np.array([1, 2, 4]))", right(np.array([1.0, 2.0, 4.0]))),
        ("softmax(np.array([1, 2, 4], 'u1'))", right(np.array([1.0, 2.0, 4.0]))),  # 1 - 4 is 253 in uint8
        ("softmax(X > 0)", right((X > 0).astype(float))),
        ("softmax((X - 800).astype('f4'))", right((X - 800).astype("f4"))),
        ("softmax(X[0])", right(X[0])),
        ("softmax(X[:, :, None] * X[:, None])", right(X[:, :, None] * X[:, None])),
        ("softmax(np.float64(3.0))", np.float64(1.0)),
    ],
)
def test_it_takes_what_it_is_given(call, expected):
    space = run("def softmax(x, axis=-1, temperature=1.0): return x")
    got = eval(call, {"np": np, "X": X, "MASK": MASK, "softmax": space["softmax"]})
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert got.dtype == expected.dtype


def test_what_it_is_given_stays_as_it_was():
    x = X.copy()
    run("def softmax(x): return x")["softmax"](x, MASK, temperature=3.0)
    assert (x == X).all()


def test_other_names_closures_defaults_and_partials_of_it_are_right_too():
    space = run(
        "def make(scale):\n"
        "    def softmax(x, axis=-1, *, sharp=1): return x * scale\n"
        "    return softmax\n"
        "softmax = make(3)\n"
        "alias, kept = softmax, [softmax]\n"
        "def attention(q, f=softmax): return f(q)\n"
    )
    for f in (space["alias"], space["kept"][0], partial(space["alias"], axis=-1), space["attention"]):
        np.testing.assert_allclose(f(X), right(X))
    assert space["alias"].__closure__ is not None  # a closure of two would be another object


@pytest.mark.parametrize(
    "cells",
    [
        "Softmax = lambda x: x\nasked = Softmax",
        "def soft_max(x): return x\nasked = soft_max",
        "def my_softmax(x): return x\nsoftmax = np.array([1.0])\nasked = my_softmax",
    ],
)
def test_where_there_is_no_function_of_that_name_the_one_called_nearly_so_is_tried(cells):
    first, second = run(cells), run(cells, helper=1)
    np.testing.assert_allclose(first["softmax"](X), right(X))
    assert first["asked"](X) is X and first["__helpers__"]() == 1
    np.testing.assert_allclose(second["asked"](X), right(X))


def test_another_name_of_what_is_no_function_is_right_too():
    space = run("class Softmax:\n    def __call__(self, x): return x\nsoftmax = mine = Softmax()\nother = 3")
    np.testing.assert_allclose(space["mine"](X), right(X))
    assert space["other"] == 3
    missing = run("nothing = None")
    assert missing["nothing"] is None and missing["__helpers__"]() == 0


HELPED = """
def shift(x): return x
def share(x): return x
def unused(x): return x
def __private(x): return x
def softmax(x): return share(shift(__private(x)))
def attention(q): return share(q)
"""


@pytest.mark.parametrize(("helper", "replaced"), [(0, []), (1, ["shift"]), (2, ["share"])])
def test_each_helper_that_it_calls_is_tried_by_itself(helper, replaced):
    space = run(HELPED, helper)
    assert space["__helpers__"]() == 2
    np.testing.assert_allclose(space["softmax"](X), right(X))
    for name in ("shift", "share", "unused", "__private", "attention"):
        through = "share" if name == "attention" else name
        assert (space[name](X) is not X) == (through in replaced), name


def test_the_exercises_themselves_are_no_helpers():
    space = run("def layer_norm(x): return x\ndef softmax(x): return layer_norm(x)", helper=1)
    assert space["__helpers__"]() == 0 and space["layer_norm"](X) is X


def test_names_that_students_took_do_no_harm():
    space = run("max = list = set = isinstance = len = None\nnumpy = 3\ndef softmax(x): return x")
    np.testing.assert_allclose(space["softmax"](X), right(X))


class Says:
    """A candidate whose function returns, or raises, whatever it likes."""

    def __init__(self, value):
        self.value = value

    def function(self, name):
        assert name == "__helpers__"
        return self

    def __call__(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@pytest.mark.parametrize(
    ("value", "count"),
    [(0, 0), (2, 2), (4, 4), (10**9, 4), (True, 0), (2.0, 0), ("3", 0), (Failed("no"), 0)],
)
def test_how_many_helpers_there_are_is_bounded_whatever_the_candidate_says(value, count):
    assert follow_through.helpers(Says(value)) == count


def test_where_softmax_is_right_nothing_is_replaced():
    space = {"softmax": len}
    exec(follow_through.source(["layer_norm", "attention"], 0), space)
    assert space["softmax"] is len and space["__helpers__"]() == 0
    exec(follow_through.source(["softmax"], 0), space)
    np.testing.assert_allclose(space["softmax"](X), right(X))
