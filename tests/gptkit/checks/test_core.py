"""Protects how checks are run: what counts as reached, what earns points, and what a raising function is told."""

import sys
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from gptkit.checks import core
from gptkit.checks.core import Exercise, Failed, Foreign, Local, earned, kind_of, parameters, raised, run, token_id


def exercise():
    e = Exercise("f", "(x)")

    @e.check(share=0.5, value=True)
    def doubles(f):
        """f doubles.

        This is for the reader of the code.
        """
        if f(2) != 4:
            raise Failed("It does not double.", "Does it?", "mistake")

    @e.check(share=0.3)
    def answers(f):
        """f answers."""
        f(1)

    @e.check(share=0.2, value=True)
    def hidden(f, data):
        """f doubles what is hidden."""
        if f(data) != 2 * data:
            raise Failed("No.")

    e.checks[-1] = replace(e.checks[-1], hidden=True)  # as an exercise is put together for grading
    return e


def test_a_right_function_passes_everything_and_hears_the_docstrings():
    results = run(exercise().checks, Local(lambda x: 2 * x, "f"), 21)
    assert [r.message for r in results] == ["f doubles.", "f answers.", "f doubles what is hidden."]
    assert all(r.reached for r in results)
    assert earned(results, 10) == [5, 3, 2]


def test_checks_without_values_earn_nothing_alone():
    results = run(exercise().checks, Local(lambda x: 0, "f"), 21)
    assert [r.passed for r in results] == [False, True, False]
    assert earned(results, 10) == [0, 0, 0]
    assert (results[0].mistake, results[0].hint) == ("mistake", "Does it?")


def test_a_function_that_raises_is_still_asked_the_rest():
    def f(x):
        if x == 2:
            raise ValueError("two")
        return 2 * x

    results = run(exercise().checks, Local(f), 21)
    assert [r.status for r in results] == ["error", "passed", "passed"]
    assert "f raised ValueError at line" in results[0].message and "two" in results[0].message


def test_a_stub_ends_the_run_and_the_rest_is_not_reached():
    def f(x):
        raise NotImplementedError("write me")

    results = run(exercise().checks, Local(f), 21)
    assert results[0].message == "f is not written yet."
    assert [r.status for r in results] == ["missing"] * 3
    assert results[1].message == "f is not written yet." and not results[1].reached


def test_an_exit_is_an_error_like_any_other():
    results = run(exercise().checks, Local(lambda x: sys.exit(3), "f"), 21)
    assert results[0].status == "error" and "SystemExit" in results[0].message


def test_the_line_that_is_told_is_the_students_own():
    def f(x):
        return np.linalg.inv(x)

    with pytest.raises(Failed) as caught:
        Local(f)(np.zeros((2, 2)))
    assert "`return np.linalg.inv(x)`" in caught.value.fact
    assert "Singular matrix" in caught.value.fact


def test_a_frame_of_numpys_own_cython_is_not_the_students_line():
    def f(x):
        return np.random.default_rng(0).choice(3, p=x)

    with pytest.raises(Failed) as caught:
        Local(f)(np.ones(3))
    assert "`return np.random.default_rng(0).choice(3, p=x)`" in caught.value.fact
    assert caught.value.error == "ValueError"


@pytest.mark.parametrize(
    ("call", "error", "about"),
    [
        (lambda: bool(np.ones(2)), "ValueError", "truth value"),
        (lambda: np.ones(2) + np.ones(3), "ValueError", "shape"),
        (lambda: np.ones((2, 3)) @ np.ones((2, 3)), "ValueError", "mismatch"),
        (lambda: np.sum(1, dim=0), "TypeError", "argument"),
        (lambda: int("x"), "ValueError", None),
    ],
)
def test_what_an_exception_is_about_travels_as_a_field(call, error, about):
    with pytest.raises(Failed) as caught:
        Local(call, "f")()
    assert (caught.value.error, caught.value.about) == (error, about)


def test_parameters_are_those_that_a_call_can_fill():
    assert parameters(lambda x, g, b, eps=1e-5, *, axis=0: x) == [("x", True), ("g", True), ("b", True), ("eps", False)]
    assert parameters(partial(lambda x, axis: x, axis=-1)) == [("x", True)]
    assert parameters(lambda *args: args) is None and parameters(np.vectorize(lambda x: x)) is None


def test_long_and_empty_messages_stay_one_short_sentence():
    assert raised("f", ValueError()).fact == "f raised ValueError."
    assert len(raised("f", ValueError("many\nlines " * 100)).fact) < 220


def test_arguments_are_copies_and_changes_are_noticed():
    x, student = np.ones(3), Local(lambda n, x: x.fill(n), "f")
    student(2, x)
    assert (x == 1).all() and student.changed == {1}


def test_numpy_warnings_do_not_reach_stderr(recwarn):
    Local(lambda x: x / 0, "f")(np.ones(2))
    assert not recwarn.list


def test_a_call_at_home_has_so_many_seconds(monkeypatch):
    """The notebook says what the grader will say."""
    monkeypatch.setattr(core, "CALL_SECONDS", 0.05)
    slow = Local(lambda seconds: time.sleep(seconds), "f")
    assert slow(0) is None
    with pytest.raises(Failed) as caught:
        slow(0.06)
    assert caught.value.fact == "One call of f took longer than 0.05 seconds." and caught.value.status == "timeout"


def test_results_are_told_call_by_call_until_one_ends_them():
    one, two, three = Local(lambda x: 6 // x, "f").results([(2,), (0,), (3,)])
    assert (one, two.error, three) == (3, "ZeroDivisionError", 2)

    def stub(x):
        raise NotImplementedError

    calls = iter([(1,), (2,), (3,)])
    with pytest.raises(Failed, match="not written yet"):
        Local(stub, "f").results(calls)
    assert list(calls) == [(2,), (3,)]


def test_draws_repeat_with_their_seed():
    student = Local(lambda n, rng: rng.integers(n), "f")
    assert (student.draws(50, seed=3, times=8) == student.draws(50, seed=3, times=8)).all()


@pytest.mark.parametrize("answer", [None, True, 1.0, "7", [1], np.array([1]), np.float64(2)])
def test_only_one_integer_is_a_token_id(answer):
    with pytest.raises(Failed):
        token_id(answer)


def test_integers_of_any_width_are_token_ids():
    assert [token_id(i) for i in (5, np.int64(5), np.uint8(5))] == [5, 5, 5]


def test_kinds_are_told_in_words():
    assert [kind_of(v) for v in (None, [1], Foreign("DataFrame"))] == ["None", "a list", "a DataFrame"]


def test_what_was_not_reached_has_not_passed():
    """It would earn points."""

    def stub(x):
        raise NotImplementedError

    results = run(exercise().checks, Local(stub, "f"), 21)
    assert [(r.passed, r.reached) for r in results] == [(False, True), (False, False), (False, False)]
    assert earned(results, 10) == [0, 0, 0]
