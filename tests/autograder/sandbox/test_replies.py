"""Protects what is said of a candidate's own words: any of them may be a lie, and none ends the grader."""

import pytest
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


@pytest.mark.parametrize("number", [0, 1, 2, -1, None, True, "0", 0.0])
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
    ],
)
def test_an_ending_is_told_by_its_exit_code(code, words):
    assert replies.ending(code, secret=False) == words
    assert replies.ending(code, secret=True) == ("stopped answering" if code is None else "ended the Python process")
