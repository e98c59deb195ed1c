"""Protects what is measured: right functions show nothing, wrong ones what they do, names are given when proved."""

import importlib
import inspect
import pkgutil
import re
import runpy
from pathlib import Path

import gptkit
import numpy as np
import pytest
from gptkit.checks import attention, cosine_similarity, layer_norm, softmax
from gptkit.checks.core import Failed, Local, earned, run
from gptkit.checks.words import ROOM
from numpy.linalg import norm
from picoGPT import gpt2_pico

STORED = {m.exercise.name: m.stored for m in (cosine_similarity, softmax, layer_norm, attention)}
EXERCISES = {m.exercise.name: m.exercise for m in (cosine_similarity, softmax, layer_norm, attention)}
CASES = Path(__file__).parents[2] / "cases"
RIGHT = [case for name in ("right.py", "public.py") for case in runpy.run_path(str(CASES / name))["H"]]
right = gpt2_pico.attention


def cause(name, function):
    return STORED[name].cause(Local(function, name))


@pytest.mark.parametrize(
    ("name", "source"), [case[1:] for case in RIGHT if case[1] in STORED and "torch" not in case[2]]
)
def test_a_right_function_shows_nothing(name, source):
    space = {"softmax": gpt2_pico.softmax}
    exec(source, space)
    assert cause(name, space[name]) is None


def shares(x, e):
    return e / e.sum(axis=-1, keepdims=True)


def normed(x, divisor):
    return (x - x.mean(axis=-1, keepdims=True)) / divisor


def std(x):
    return x.std(axis=-1, keepdims=True)


def collected(scores, v):
    return gpt2_pico.softmax(scores) @ v


def scored(q, k, divisor=None):
    return q @ k.T / (divisor or q.shape[1] ** 0.5)


def by_column(q, k, v, m):
    return np.hstack([right(q, k, v[:, :1], m), right(2 * q, k, v[:, 1:], m)])


MEASURED = [
    ("softmax", "base", "1.22 times", lambda x: gpt2_pico.softmax(x / 5)),
    ("softmax", "base_by_length", "1.28 times", lambda x: gpt2_pico.softmax(x / x.shape[-1])),
    ("softmax", "no_share", "A score of 0 ", lambda x: shares(x, np.maximum(x, 0) + 0)),
    ("softmax", "no_exponential", "by 1.46", lambda x: shares(x, 1 / (1 + np.exp(-x)))),
    ("softmax", "reach_in_a_stack", "its column", lambda x: axis_one(x)),
    ("softmax", "rounded", "to 3 decimals", lambda x: np.round(gpt2_pico.softmax(x), 3)),
    ("softmax", "underflow", "100", lambda x: shares(x, np.exp(x - np.abs(x).max(axis=-1, keepdims=True)))),
    ("layer_norm", "grows", "0.25 times", lambda x, g, b, eps=1e-5: normed(x, std(x) ** 2 / 2 + eps) * g + b),
    ("layer_norm", "eps_added", "adds 0.5", lambda x, g, b, eps=1e-5: (normed(x, std(x)) + eps) * g + b),
    ("layer_norm", "eps", "`eps` is 0.5", lambda x, g, b, eps=1e-5: normed(x, np.sqrt(std(x) ** 2 + 3 * eps)) * g + b),
    ("layer_norm", "fixed_eps", "0.001", lambda x, g, b, eps=1e-5: normed(x, np.sqrt(std(x) ** 2 + 1e-3)) * g + b),
    ("layer_norm", "whole_numbers", "1.25", lambda x, g, b, eps=1e-5: gpt2_pico.layer_norm(x.astype(int), g, b, eps)),
    ("layer_norm", "g_added", "added", lambda x, g, b, eps=1e-5: gpt2_pico.layer_norm(x, 1, b, eps) + g),
    ("attention", "scale", "by 8 when", lambda q, k, v, m: collected(scored(q, k, 2 * q.shape[1]) + m, v)),
    ("attention", "scale", "by 6.93", lambda q, k, v, m: collected(scored(q, k) / 12**0.5 + m, v)),
    ("attention", "base", "2 times", lambda q, k, v, m: collected(np.log(2) * (scored(q, k) + m), v)),
    ("attention", "mask_hides", "-0.5", lambda q, k, v, m: collected(np.where(m != 0, -np.inf, scored(q, k)), v)),
    ("attention", "mask_elsewhere", "query 3 and", lambda q, k, v, m: right(q, k, v, m.T if len(q) == len(k) else m)),
    ("attention", "v_by_column", "Two equal", by_column),
    ("attention", "v_not_last", "Doubling", lambda q, k, v, m: gpt2_pico.softmax(q @ k.T @ v)),
    ("cosine_similarity", "length_multiplied", "`b` 4 times", lambda a, b: a @ b / norm(a) * norm(b)),
    ("cosine_similarity", "lengths_apart", "by 4.", lambda a, b: a @ b / norm(a) ** 2),
    ("cosine_similarity", "left_out", "0, 1, 0, 0", lambda a, b: a[0] * b[0] / norm(a) / norm(b)),
    ("cosine_similarity", "left_out", "0, 0, 0, 1", lambda a, b: a[:-1] @ b[:-1] / norm(a) / norm(b)),
    ("cosine_similarity", "factor", "100 times", lambda a, b: 100 * a @ b / norm(a) / norm(b)),
    ("cosine_similarity", "flipped", "sign", lambda a, b: a @ b / (a.sum() * b.sum())),
]  # fmt: skip


def axis_one(x):
    e = np.exp(x - x.max(axis=min(1, x.ndim - 1), keepdims=True))
    return e / e.sum(axis=min(1, x.ndim - 1), keepdims=True)


@pytest.mark.parametrize(("name", "measured", "words", "wrong"), MEASURED, ids=[m[1] for m in MEASURED])
def test_what_a_wrong_function_does_is_measured(name, measured, words, wrong):
    found = cause(name, wrong)
    told = found.mistake or found.measured
    assert told in (measured, "over_second_axis") and (words in found.fact or found.mistake)
    assert len(re.findall(r"(?<![\w.])-?\d+\.?\d*", found.fact)) <= ROOM


def test_a_result_that_changes_by_itself_is_told_before_anything_else():
    noise = np.random.default_rng(1)
    assert cause("softmax", lambda x: gpt2_pico.softmax(x) * noise.random()).measured == "fickle"


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x, g, b: gpt2_pico.layer_norm(x, g, b), "takes (x, g, b), and it is called as"),
        (lambda self, x, eps=1e-5: x, "takes (self, x, eps)"),
        (lambda g, b, x, eps=1e-5: gpt2_pico.layer_norm(x, g, b, eps), "takes (g, b, x, eps)"),
    ],
)
def test_parameters_are_compared_before_anything_is_measured(function, words):
    found = cause("layer_norm", function)
    assert found.measured == "signature" and words in found.fact


@pytest.mark.parametrize("function", [lambda x, γ, β, ε=1e-5: x, lambda *args: args[0], lambda b, g, x, eps=1e-5: b])
def test_parameters_by_other_names_are_no_fault_of_their_own(function):
    found = cause("layer_norm", function)
    assert found is None or found.measured != "signature"


def test_a_name_that_fresh_inputs_do_not_prove_is_not_given(monkeypatch):
    """A function that returns what a mistake returns on the stored cases, and only there."""
    stored = STORED["softmax"]
    known = {c.args[0].tobytes(): c.fingerprints["twice"] for c in stored.cases}

    def wrong(x):
        return known.get(x.tobytes(), gpt2_pico.softmax(x))

    for prove in (None, stored.prove):
        monkeypatch.setattr(stored, "prove", prove)
        assert stored.named(Local(wrong, "softmax")) is None
        assert stored.named(Local(lambda x: gpt2_pico.softmax(gpt2_pico.softmax(x)), "softmax")).mistake == "twice"


def test_a_cause_is_looked_for_once():
    asked = []
    student = Local(lambda x: asked.append(1) or x, "softmax")
    run(EXERCISES["softmax"].checks, student)
    once = len(asked)
    with pytest.raises(Failed):
        STORED["softmax"].compare(student, "rows")
    assert len(asked) == once


def kit_functions():
    """Every function of the kit, and every method that needs no object, by name."""
    for info in pkgutil.walk_packages(gptkit.__path__, "gptkit."):
        if not info.name.endswith("__main__"):
            module = importlib.import_module(info.name)
            for name, value in vars(module).items():
                if inspect.isfunction(value) and value.__module__.startswith("gptkit"):
                    yield f"{info.name}.{name}", value


def test_no_function_of_the_release_is_an_answer():
    found = dict(kit_functions())
    assert len(found) > 100
    for where, function in found.items():
        for name, exercise in EXERCISES.items():
            if len(inspect.signature(function).parameters) in (len(STORED[name].names), STORED[name].required):
                results = run(exercise.checks, Local(function, name))
                assert sum(earned(results, 1)) == 0, f"{where} earns marks as {name}"
