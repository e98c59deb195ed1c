"""Protects the whole-model checks: few messages when all is right, a culprit and partial marks when not."""

from types import SimpleNamespace

import numpy as np
import pytest
from gptkit.checks.core import Failed, Local, earned, run
from gptkit.checks.end_to_end import visible_text
from gptkit.weights import find
from picoGPT import gpt2_pico

from autograder.exercises import EXERCISES
from autograder.exercises.hidden_data import Hidden

HIDDEN = Hidden(find("tiny"), "7")


class Counting(Local):
    """Counts messages."""

    messages = 0

    def many(self, calls):
        self.messages += 1
        return super().many(calls)


def functions(**theirs):
    names = ("softmax", "layer_norm", "attention")
    return SimpleNamespace(**{n: Counting(theirs.get(n, getattr(gpt2_pico, n)), n) for n in names})


def failed(students):
    return {r.check.name: r for r in run(EXERCISES["end_to_end"].checks, students, HIDDEN) if not r.passed}


def test_right_functions_are_asked_once_for_each_text():
    students = functions()
    assert failed(students) == {}
    assert (students.layer_norm.messages, students.attention.messages) == (2, 2)


def test_the_first_place_that_deviates_is_told_with_the_mistake():
    def unscaled(q, k, v, mask):
        return gpt2_pico.softmax(q @ k.T + mask) @ v

    wrong = failed(functions(attention=unscaled))
    assert set(wrong) == {"tiny_model", "logits", "greedy_tokens"}
    assert "head 0 of block 0, where attention" in wrong["tiny_model"].message
    assert wrong["tiny_model"].mistake == "no_scale"


def test_one_layer_that_is_wrong_is_found():
    def by_gain(x, g, b, eps=1e-5):
        last = HIDDEN.gpt2.params["ln_f"]["g"]
        return gpt2_pico.layer_norm(x, g, b, eps) * (1.5 if np.array_equal(g, last) else 1)

    assert "ln_f, where layer_norm" in failed(functions(layer_norm=by_gain))["logits"].message


def test_scores_that_are_off_but_lead_to_the_same_tokens_earn_a_part():
    def a_little_off(x, g, b, eps=1e-5):
        return gpt2_pico.layer_norm(x, g, b, eps) * 1.01

    results = run(EXERCISES["end_to_end"].checks, functions(layer_norm=a_little_off), HIDDEN)
    passed = {r.check.name for r in results if r.passed}
    assert passed == {"tiny_probabilities", "probabilities", "greedy_tokens"}
    assert 0 < sum(earned(results, 1)) < 1


def test_a_deviation_that_reaches_no_score_costs_nothing():
    """The scores after the prompt decide, not the way to them: here a row is off that no other token looks at."""
    off = []

    def first_row(x, g, b, eps=1e-5):
        y = gpt2_pico.layer_norm(x, g, b, eps)
        if len(x) > 1 and any(np.array_equal(g, last) for last in lasts):
            y[0] += 1
            off.append(g)
        return y

    lasts = [text.params["ln_f"]["g"] for text in (HIDDEN.gpt2, visible_text().gpt2)]
    assert failed(functions(layer_norm=first_row)) == {} and off


def test_every_check_of_the_whole_model_compares_values():
    """So what one of them earns is not lost when the others fail."""
    assert all(check.value for check in EXERCISES["end_to_end"].checks)


def test_a_function_that_remembers_is_told_so():
    seen = {}

    def forgetful(x, g, b, eps=1e-5):
        seen[x.tobytes(), g.tobytes()] = count = seen.get((x.tobytes(), g.tobytes()), -1) + 1
        return gpt2_pico.layer_norm(x, g, b, eps) * (1 if count else 2)

    students = functions(layer_norm=forgetful)
    assert failed(students)["tiny_model"].measured == "fickle"


@pytest.mark.parametrize("answer", [None, np.zeros(3), np.full((2, 2), np.nan)])
def test_answers_that_cannot_be_used_fail_in_words(answer):
    wrong = failed(functions(attention=lambda *_: answer))
    assert {"tiny_model", "logits", "greedy_tokens"} <= set(wrong)
    assert all("attention returned" in wrong[n].message for n in ("tiny_model", "logits"))


def test_nan_from_a_late_layer_does_not_pass():
    def poisoned(x, g, b, eps=1e-5):
        y = gpt2_pico.layer_norm(x, g, b, eps)
        y[0, 0] = np.inf
        return y

    assert {"tiny_model", "logits"} <= set(failed(functions(layer_norm=poisoned)))


def test_a_softmax_for_tables_only_loses_the_probabilities():
    def tables_only(x):
        if x.ndim == 1:
            raise IndexError("too few")
        return gpt2_pico.softmax(x)

    assert set(failed(functions(softmax=tables_only))) == {"tiny_probabilities", "probabilities"}


def test_a_missing_function_ends_it():
    def stub(*_):
        raise NotImplementedError

    results = run(EXERCISES["end_to_end"].checks, functions(layer_norm=stub), HIDDEN)
    assert {r.status for r in results} == {"missing"}


def test_failures_of_other_kinds_are_not_swallowed():
    def explode(*_):
        raise Failed("It took too long.", status="timeout")

    students = functions()
    students.attention.many = explode
    assert {r.status for r in run(EXERCISES["end_to_end"].checks, students, HIDDEN)} == {"timeout"}
