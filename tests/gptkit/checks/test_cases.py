"""Protects how results are compared: the gates and their words, the smallest failing case, and the diagnosis."""

import numpy as np
import pytest
from gptkit.checks.cases import Case, Stored, close, diagnose, gates, load, proved, same, save
from gptkit.checks.core import Failed, Foreign, Local
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from picoGPT.gpt2_pico import attention, softmax

PAIR = Case((np.ones((2, 3), np.float32),), np.array([[1.0, 2, 3], [4, 5, 6]]), "a table", "[n_q, d_v]")
ONE = Case((1.0,), np.asarray(0.5), "two vectors")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "returned None."),
        ([[1.0]], "returned a list where a NumPy array was expected."),
        (Foreign("DataFrame"), "returned a DataFrame where a NumPy array was expected."),
        (True, "returned a bool"),
        (np.ones(3), "returned an array of shape [3] where [n_q, d_v] = [2, 3] was expected for a table."),
        (2.0, "returned one number where [n_q, d_v] = [2, 3]"),
        (np.ones((2, 3), int), "numbers of type int64"),
        (np.ones((2, 3), np.float16), "numbers of type float16"),
        (np.ones((2, 3), complex), "numbers of type complex128"),
        (np.array([[object()] * 3] * 2), "an array of other things than numbers"),
        (np.full((2, 3), np.nan), "returned NaN for a table."),
        (np.full((2, 3), np.inf), "returned infinity for a table."),
    ],
)
def test_each_gate_has_its_own_words(result, words):
    with pytest.raises(Failed) as caught:
        gates("f", PAIR, result)
    assert words in caught.value.fact and caught.value.question.endswith("?")


def test_gates_of_a_single_number():
    assert gates("f", ONE, 1) == 1 and gates("f", ONE, np.float32(0.5)) == 0.5 and gates("f", ONE, np.array(0.5)) == 0.5
    with pytest.raises(Failed, match=r"shape \[1\] where one number was expected"):
        gates("f", ONE, np.array([0.5]))


def test_a_hidden_case_tells_no_numbers():
    hidden = Case(PAIR.args, PAIR.expected, "a table", PAIR.shape, shown=False)
    stored = Stored("softmax", "(x)")
    for answer in (np.zeros((7, 9)), np.full((2, 3), 123.456), np.full((2, 3), np.nan)):
        with pytest.raises(Failed) as caught:
            stored.compare(Local(lambda x, a=answer: a, "f"), [hidden])
        told = f"{caught.value.fact} {caught.value.question}"
        assert not any(digit in told.replace("2, 3", "") for digit in "1456789")


def test_the_smallest_failing_case_is_the_one_that_is_shown():
    stored = Stored("softmax", "(x)")
    with pytest.raises(Failed) as caught:
        stored.compare(Local(lambda x: np.zeros_like(x) + 0.25, "softmax"), "other_dimensions")
    assert caught.value.fact == "softmax(x = [0, 1]) returned [0.25, 0.25], not [0.2689, 0.7311]."


def test_a_raising_call_is_told_with_its_kind_of_input():
    def tables_only(x):
        assert x.ndim == 2, "I only know tables"
        x = np.exp(x - x.max(axis=1, keepdims=True))
        return x / x.sum(axis=1, keepdims=True) + 0.001

    with pytest.raises(Failed) as caught:
        Stored("softmax", "(x)").compare(Local(tables_only, "softmax"), "other_dimensions")
    assert "I only know tables" in caught.value.fact and caught.value.status == "error"


RAISED = Failed("f raised ValueError.", status="error")


def cases_of(*outputs_by_mistake, expected):
    names = [f"m{i}" for i in range(len(outputs_by_mistake))]
    prints = [dict(zip(names, row, strict=True)) for row in zip(*outputs_by_mistake, strict=True)]
    made = [Case((), np.asarray(e, float), "", "", True, p) for e, p in zip(expected, prints, strict=True)]
    return made, names


def test_a_mistake_is_named_only_when_it_fits_every_result():
    one, two = [np.array(1.0), np.array(2.0)], [np.array(1.0), np.array(3.0)]
    cases, names = cases_of(one, two, expected=[5, 6])
    assert diagnose([1.0, 2.0], cases, names) == "m0"
    assert diagnose([1.0, 3.0], cases, names) == "m1"
    assert diagnose([1.0, 4.0], cases, names) is None
    assert diagnose([5.0, 6.0], cases, names) is None


def test_raising_where_the_mistake_does_not_is_no_evidence_either_way():
    cases, names = cases_of([np.array(1.0), None], [None, None], expected=[5, 6])
    assert diagnose([1.0, RAISED], cases, names) == "m0"
    assert diagnose([1.0, 9.0], cases, names) == "m0"
    assert diagnose([RAISED, RAISED], cases, names) == "m1"
    assert diagnose([5.0, RAISED], cases, names) is None  # right where it answers: the error itself says why


def test_the_mistake_that_explains_more_results_wins():
    cases, names = cases_of([np.array(1.0), None], [np.array(1.0), np.array(2.0)], expected=[5, 6])
    assert diagnose([1.0, 2.0], cases, names) == "m1"


def test_what_is_no_array_fits_no_mistake():
    cases, names = cases_of([np.array(1.0)], expected=[5])
    for answer in ("1.0", Foreign("Tensor"), np.array("a")):
        assert diagnose([answer], cases, names) is None


def test_nan_and_infinity_are_part_of_a_fingerprint():
    nan, inf = np.array([np.nan, 1.0]), np.array([np.inf, 1.0])
    assert same(nan, nan) and same(inf, inf) and not same(nan, inf) and not same(np.array([0.0, 1.0]), nan)


@given(arrays(np.float64, (3, 4), elements=st.floats(-1e6, 1e6).map(lambda v: round(v, 6))))
def test_float32_rounding_is_close_and_the_same(values):
    rounded = values.astype(np.float32).astype(np.float64)
    assert close(rounded, values) and same(rounded, values)


def test_zero_is_compared_absolutely():
    assert close(np.asarray(1e-7), np.asarray(0.0)) and not close(np.asarray(1e-3), np.asarray(0.0))


def test_where_zeros_are_expected_one_stands_for_the_largest_number():
    zeros = np.zeros(3)
    assert close(zeros + 0.9e-5, zeros) and not close(zeros + 1.1e-5, zeros)
    for largest in (100.0, 1e-3):
        expected, off = np.array([largest, 0.0]), np.array([0.0, largest])
        assert close(expected + 0.9e-5 * off, expected) and not close(expected + 1.1e-5 * off, expected)


def test_a_name_is_proved_by_each_fresh_result_and_by_one_that_tells():
    cases, _ = cases_of([np.array(1.0), None, np.array(5.0), np.empty(0)], expected=[4, 4, 5, 4])
    assert proved("m0", [1.0, RAISED, 5.0, 9.0], cases)  # the last one depends on the precision: it tells nothing
    for i, other in ((0, 2.0), (0, RAISED), (1, 1.0), (2, 4.0), (2, RAISED)):
        assert not proved("m0", [other if i == n else r for n, r in enumerate([1.0, RAISED, 5.0, 9.0])], cases)
    assert proved("m0", [RAISED], cases[1:2])
    assert not proved("m0", [5.0, 9.0], cases[2:])  # what is expected, too: no sign of a mistake
    assert not proved("m0", [], [])


@pytest.mark.parametrize("names", ["a, aa", "x, y", "b, c", "a, z", "A, B"])
def test_other_names_in_their_place_are_no_misfit(names):
    wrong = eval(f"lambda {names}: 0.25")
    assert Stored("cosine_similarity", "(a, b)").misfit(Local(wrong, "cosine_similarity")) is None


def test_names_in_another_order_are_a_misfit_where_that_would_be_right():
    stored = Stored("attention", "(q, k, v, mask)")

    def swapped(k, q, v, mask):
        return attention(q, k, v, mask)

    why = stored.misfit(Local(swapped, "attention"))
    assert why is not None and (why.measured, why.question[:14]) == ("signature", "In which order")
    assert stored.misfit(Local(lambda k, q, v, mask: v * 0, "attention")) is None


def test_a_data_file_keeps_everything(tmp_path):
    prints = {"a": np.array([1.0, np.nan]), "b": None, "a+b": np.asarray(7.0)}
    case = Case((np.array([1.5, 2.5], np.float32), 3, 0.5), np.array([0.25, 0.75]), "a row", "[n]", True, prints)
    words = {name: ["Fact.", "Question?"] for name in prints}
    save(tmp_path / "f.npz", {"group": [case]}, words)
    groups, known = load(tmp_path / "f.npz")
    (back,) = groups["group"]
    assert known == words and (back.label, back.shape, back.shown) == ("a row", "[n]", True)
    assert (back.args[0] == case.args[0]).all() and back.args[0].dtype == np.float32 and back.args[1:] == (3, 0.5)
    assert (back.expected == case.expected).all() and back.fingerprints["b"] is None
    assert all(same(back.fingerprints[n], prints[n]) for n in ("a", "a+b"))
    assert dict(back.fingerprints).keys() == prints.keys() and len(back.fingerprints) == 3
    assert back.fingerprints["a"] is back.fingerprints["a"]  # made once


def test_a_change_of_an_argument_is_told_by_its_name():
    student = Local(lambda q, k: k.sort(), "f")
    student(np.array([2.0, 1]), np.array([2.0, 1]))
    with pytest.raises(Failed, match="f changes k"):
        Stored("f", "(q, k)").unchanged(student)


def test_an_example_is_of_all_stored_cases_or_of_those_asked_for():
    stored = Stored("softmax", "(x)")
    wrong = Local(lambda x: x * 0, "softmax")
    whole = stored.smallest(wrong)
    assert whole and whole.startswith("The smallest input here that shows it: `softmax(x = [")
    assert stored.smallest(wrong, [max(stored.cases, key=lambda case: case.args[0].size)]) not in (None, whole)
    assert stored.smallest(Local(softmax, "softmax")) is None
