"""Protects what is said of a candidate's own words: any of them may be a lie, and none ends the grader."""

import signal

import pytest
from gptkit.checks.core import NUMPY_SAYS
from hypothesis import given
from hypothesis import strategies as st

from autograder.sandbox import replies

CELLS = [("def softmax(x):\n    return x / y", "softmax"), ("a = 1", "cell 2")]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
FIELDS = ("type", "text", "cell", "line", "module", "function", "stub")


@given(ANYTHING | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, ANYTHING)), st.booleans())
def test_an_exception_may_be_described_in_any_way(error, secret):
    said = replies.raised(error, "softmax", CELLS, secret)
    assert said.fact.startswith("softmax ") and said.status in ("error", "missing")


@pytest.mark.parametrize("number", [0, 1, 2, 3, -1, None, True, "0", 0.0])
@pytest.mark.parametrize("line", [0, 1, 2, 3, -1, None, True, "2", 2.0])
def test_a_line_is_quoted_only_where_there_is_one(number, line):
    said = replies.raised({"type": "NameError", "text": "y", "cell": number, "line": line}, "softmax", CELLS, False)
    quoted = {(0, 1): "def softmax(x):", (0, 2): "return x / y", (1, 1): "a = 1"}
    known = type(number) is int and type(line) is int and (number, line) in quoted
    where = f" at line {line}, `{quoted[number, line]}`" if known else ""
    assert said.fact == f"softmax raised NameError{where}: y."


@given(ANYTHING)
def test_parameters_may_be_described_in_any_way(value):
    found = replies.parameters(value)
    assert found is None or all(name.isidentifier() and type(needed) is bool for name, needed in found)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([["x", True], ["axis", False]], [("x", True), ("axis", False)]),
        ([["x", 1]], [("x", False)]),
        ([["x", True, True]], None),
        ([["a b", True]], None),
        ([], None),
        ([[f"x{i}", True] for i in range(20)], [(f"x{i}", True) for i in range(12)]),
    ],
)
def test_parameters_are_names_and_whether_each_is_required(value, found):
    assert replies.parameters(value) == found


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, "stopped answering"),
        (0, "ended the Python process (exit code 0)"),
        (3, "ended the Python process (exit code 3)"),
        (-9, "used too much memory or processor time and was stopped"),
        (-11, "crashed Python (segmentation fault)"),
        (-32, "crashed Python (signal 32)"),  # Linux has no words for it
    ],
)
def test_an_ending_is_told_by_its_exit_code(code, words):
    if code is not None and -code >= signal.NSIG:
        pytest.skip("this system has no such signal")
    assert replies.ending(code, secret=False) == words
    assert replies.ending(code, secret=True) == ("stopped answering" if code is None else "ended the Python process")


SECRET = "hidden 42"
UNSAID = {"type": SECRET, "text": SECRET, "function": SECRET, "module": SECRET, "system": True}


def test_behind_a_secret_no_word_is_the_students():
    """Of a type and a text, only names of Python's own and sentences of NumPy's own are told."""
    said = replies.raised(UNSAID, "softmax", CELLS, secret=True)
    assert (said.fact, said.error) == ("softmax raised an error.", "an error")
    for kind in ("KeyError", "LinAlgError"):
        assert replies.raised({**UNSAID, "type": kind}, "softmax", CELLS, secret=True).error == kind
    sentence = next(iter(NUMPY_SAYS))
    said = replies.raised({"type": "ValueError", "text": sentence}, "softmax", CELLS, secret=True)
    assert said.fact == f"softmax raised ValueError: {sentence}." and said.about == NUMPY_SAYS[sentence]
    called = replies.raised({"type": "NotImplementedError", "function": "helper42"}, "softmax", CELLS, secret=True)
    assert called.fact == "softmax is not written yet."
    assert (
        type(replies.foreign(SECRET, secret=True)).__name__ == replies.foreign(SECRET, secret=True).type_name == "value"
    )


@pytest.mark.parametrize(
    ("error", "words", "status"),
    [
        ({}, "softmax raised an error.", "error"),
        ({"type": "OSError", "text": "no.", "system": True}, "OSError: no. Files, sockets and other", "error"),
        ({"type": "OSError", "text": "no.", "system": 1}, "softmax raised OSError: no.", "error"),
        ({"type": "ModuleNotFoundError", "text": "x", "module": "torch.nn"}, "Error: torch is not available", "error"),
        ({"type": "NameError", "text": "x", "module": "json.no"}, "NameError: x. json.no is not available", "error"),
        ({"type": "NameError", "text": "x", "module": "numpy.no"}, "NameError: x. numpy.no is not ava", "error"),
        ({"type": "NotImplementedError"}, "softmax is not written yet.", "missing"),
        ({"type": "NotImplementedError", "function": "helper"}, "softmax calls helper, which is", "missing"),
        ({"type": "NotImplementedError", "stub": None}, "softmax is not written yet.", "missing"),
        ({"type": "NotImplementedError", "stub": False}, "softmax ends in `raise Not", "error"),
    ],
)
def test_an_exception_is_told_in_plain_words(error, words, status):
    said = replies.raised(error, "softmax", CELLS, secret=False)
    assert words in said.fact and said.status == status


def test_a_stub_that_a_cell_calls_is_no_stub_of_the_cell():
    said = replies.raised({"type": "NotImplementedError"}, "The cell of softmax", CELLS, secret=False)
    assert said.fact == "The cell of softmax raised NotImplementedError." and said.status == "error"


def test_long_texts_are_cut():
    said = replies.raised({"type": "E" * 999, "text": "t" * 999}, "f", [("x" * 999, "f")], secret=False)
    assert said.fact == f"f raised {'E' * 60}: {'t' * 160}."
    said = replies.raised({"type": "E", "cell": 0, "line": 1}, "f", [("  " + "x" * 999, "f")], secret=False)
    assert said.line == f"line 1, `{'x' * 80}`"
    said = replies.raised({"type": "NameError", "text": "t", "module": "m" * 999}, "f", [], secret=False)
    assert f"t. {'m' * 60} is not available" in said.fact


def test_only_what_prints_is_text():
    assert replies.plain("a\x1b[31m\ud800\tb\nc", 99) == "a�[31m� b c"
    assert replies.plain("a\tb\nc", 3, keep="\n\t") == "a\tb"
    assert replies.plain(None, 9) == replies.plain(["a"], 9) == ""


def test_the_failed_of_a_message_are_those_of_its_calls():
    """A number that belongs to no call, or is none, is left out: what was asked for is then not there."""
    told = [[0, "first"], [2, {"type": "E"}], [1, None], [0, "last"]]
    assert replies.failed(told, 4) == {0: "last", 2: {"type": "E"}, 1: None}
    assert replies.failed([[3, "x"], [-1, "x"], [True, "x"], ["1", "x"], [1.0, "x"], [1], [1, 2, 3], None], 9) == {
        3: "x"
    }
    assert replies.failed([[3, "x"], [4, "x"]], 3) == {} and replies.failed([[2, "x"]], 3) == {2: "x"}
    assert replies.failed([[0, "x"]] * 2 + [[1, "x"]], 2) == {0: "x"}  # no more is read than there were calls
    assert replies.failed({"0": "x"}, 3) == replies.failed(None, 3) == {}


def test_two_places_are_one_only_if_all_that_is_told_of_them_is():
    error = {"type": "E", "text": "x", "cell": 0, "line": 1, "function": "f", "stub": False}
    assert replies.place(error) == replies.place({**error, "text": "y", "more": 1})
    for field in ("type", "cell", "line", "function", "stub"):
        assert replies.place(error) != replies.place({**error, field: "other"})
    assert replies.place(None) == replies.place({})


@pytest.mark.parametrize(("where", "words"), [("cell 7", "Cell 7"), ("softmax", "The cell of softmax")])
def test_a_cell_begins_a_sentence(where, words):
    assert replies.cell(where) == words
