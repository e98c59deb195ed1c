"""Protects what check() says when the function it is given is not the one that the student just tried to define."""

import contextlib
import io

import IPython
import pytest
from gptkit.notebook.feedback import examine, stale_definition
from IPython.core.interactiveshell import InteractiveShell

OLD = "def softmax(x):\n    return x"
NEW = "def softmax(x):\n    return x / x.sum()"


@pytest.fixture
def said(monkeypatch):
    """Runs cells in an IPython of its own, and returns what is said of `softmax` then."""
    shell = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)

    def run(*cells: str) -> str:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for cell in cells:
                shell.run_cell(cell, store_history=True)
        return stale_definition("softmax", shell.user_ns["softmax"])

    yield run
    shell.history_manager.end_session()


@pytest.mark.parametrize(
    "later",
    [
        f"{NEW}\n    return (",  # a SyntaxError
        f"import no_such_module\n{NEW}",
        f"x = undefined\n\n{NEW}",
        "def softmax(x)\n    return x",
    ],
)
def test_a_cell_that_ended_before_its_def(said, later):
    error = (
        "This is the softmax of cell [1]. Cell [3], which you ran later, did not get as far as its own `def softmax`"
    )
    assert said(OLD, "1 + 1", later, "2 + 2") == f"{error}: it shows an error."
    assert said(NEW) == ""


@pytest.mark.parametrize("name", ["sofmax", "Softmax", "soft_max", "softmaxx", "softmax2"])
def test_a_cell_with_a_misspelt_def(said, name):
    answer = said(OLD, NEW.replace("softmax", name))
    assert (
        answer
        == f"This is the softmax of cell [1]. Cell [2], which you ran later, defines {name}: is the name misspelt?"
    )


@pytest.mark.parametrize(
    "cells",
    [
        [OLD],
        [OLD, NEW],
        [OLD, f"{NEW}\n1 / 0"],  # an error after it
        [OLD, f"{NEW}\n    return (", OLD],  # the old one run again, as it was
        [OLD, "class Mine:\n    def softmax(self, x):\n        return x"],
        [OLD, "def layer_norm(x, g, b):\n    return x"],
        ["def softmax(x):\n    return my_softmax(x)", "def my_softmax(x):\n    return x"],  # a helper, below
        ["%%time\ndef softmax(x):\n    return x", "1 +"],
        ["import functools\nsoftmax = functools.partial(max, 1)", "def softmax(x)"],  # of no cell: nobody can tell
        ["import functools\n@functools.lru_cache\ndef softmax(x):\n    return x", "1 + 1"],
        [
            "def timed(f):\n    def inner(*a):\n        return f(*a)\n    return inner",
            "@timed\ndef softmax(x):\n    return x",
        ],
        ["softmax = lambda x: x", "1 +"],
        [OLD, "In = 3"],
        ["def softmax(x):\n    return x", "exec('def softmax(x): return 2 * x')"],
    ],
)
def test_nothing_is_said_of_the_newest_one_or_when_nobody_can_tell(said, cells):
    assert said(*cells) == ""


def test_outside_of_ipython_nothing_is_said():
    assert stale_definition("softmax", examine) == ""


def test_it_is_shown_above_the_marks(said):
    said(OLD, f"{NEW}\n    return (")
    function = IPython.get_ipython().user_ns["softmax"]
    feedback = examine("softmax", {"softmax": function})
    assert repr(feedback).splitlines()[1].startswith("  This is the softmax of cell [1]. Cell [2]")
    assert "This is the softmax of cell [1]" in feedback._repr_html_()
