"""Most students' code runs beside the usual modules; code that wants another is begun anew where all are loaded."""

import pytest

from autograder.grading import grader as grading
from autograder.grading.grader import Grader
from autograder.sandbox import isolation as sandbox
from autograder.sandbox.proxy import Candidate
from autograder.sandbox.zygote import Lacking
from autograder.settings import Settings
from tests.machine import need_bubblewrap
from tests.submissions.build import build

WANTING = {
    "a module": "import sqlite3",
    "a part of a package": "import xml.dom.minidom",
    "a part that nobody named": "import logging\nlogging.handlers",
    "a part that may not be there": "import logging\nassert hasattr(logging, 'handlers')",
    "a part of NumPy": "import numpy\nnumpy.testing.assert_allclose(1, 1)",
    "by name": "import importlib\nimportlib.import_module('unittest')",
    "if it is there": "try:\n    import tomllib\nexcept ImportError:\n    tomllib = None\ntomllib.loads('')",
}
CONTENT = {
    "a usual one": "import math, json, random, dataclasses, concurrent.futures, statistics, typing, numpy as np",
    "none that there is": "try:\n    import torch\nexcept ImportError:\n    pass",
    "a misspelt function": "import numpy\ntry:\n    numpy.softmax\nexcept AttributeError:\n    pass",
}


@pytest.fixture(scope="module", params=["bubblewrap", "process"])
def box(request):
    if request.param == "bubblewrap":
        need_bubblewrap()
    with sandbox.Sandbox(request.param) as box:
        yield box


def ask(box, cells, everything):
    with Candidate(box, [(cell, "x") for cell in cells], everything=everything) as one:
        return one.function("f")(), one.notes


@pytest.mark.parametrize("wish", WANTING.values(), ids=WANTING)
@pytest.mark.parametrize("where", ["cell", "function"])
def test_code_that_wants_more_gets_it(box, wish, where):
    inside = "\n".join("    " + line for line in wish.splitlines())
    cells = [wish, "def f(): return 1"] if where == "cell" else [f"def f():\n{inside}\n    return 1"]
    with pytest.raises(Lacking):
        ask(box, cells, everything=False)
    assert ask(box, cells, everything=True) == (1, [])


@pytest.mark.parametrize("wish", CONTENT.values(), ids=CONTENT)
def test_code_that_is_content_with_the_usual(box, wish):
    assert ask(box, [wish, "def f(): return 1"], everything=False) == (1, [])


def test_what_is_there_in_neither_is_told_alike(box):
    for wish in ("import torch", "import numpy\nnumpy.softmax", "import logging\nlogging.handler"):
        said = [ask(box, [wish, "def f(): return 1"], everything)[1] for everything in (False, True)]
        assert said[0] == said[1] != []


def graded(tmp_path, first, monkeypatch):
    """The record of a notebook, right but for the first line of its softmax, and what each examination had loaded."""
    softmax = "# %% softmax\ndef softmax(x):\n    {}\n    e = np.exp(x - x.max(-1, keepdims=True))\n"
    softmax += "    return e / e.sum(-1, keepdims=True)\n"
    (tmp_path / "changed.py").write_text(softmax.format(first))
    build(tmp_path / "changed.py", tmp_path / "gpt2.ipynb")
    seen = []

    class Noted(grading.Examination):
        def __init__(self, *args):
            super().__init__(*args)
            seen.append(self.everything)

    with Grader(Settings(seed="0", verdicts=None), "process") as grader:
        monkeypatch.setattr(grading, "Examination", Noted)
        return grader.grade(tmp_path / "gpt2.ipynb", "ada"), seen


def test_a_submission_that_wants_more_is_examined_anew(tmp_path, monkeypatch, caplog):
    record, seen = graded(tmp_path, "import unittest.mock", monkeypatch)
    assert (record.score, seen, caplog.records) == (90, [False, True], [])


def test_one_that_says_so_again_and_again_has_ended_its_own_process(tmp_path, monkeypatch):
    record, seen = graded(tmp_path, "import os; os._exit(72)", monkeypatch)
    softmax = next(exercise for exercise in record.exercises if exercise.name == "softmax")
    assert record.error is None and seen == [False, True]
    assert softmax.status == "crashed" and softmax.score == 0
