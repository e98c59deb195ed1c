"""Protects the exercises as a whole: shares, fresh data files, fair inputs for honest code, no marks for wrong code."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from gptkit.checks.cases import DATA, Stored
from gptkit.checks.core import SOFT_CAP, Local, earned, run
from gptkit.weights import find
from hypothesis import given
from hypothesis import strategies as st
from picoGPT import sampling

from autograder.exercises import EXERCISES, ORDER, modules, write_data
from autograder.exercises.hidden_data import Hidden
from tests.drawing import few

MODEL = ("softmax", "layer_norm", "attention")
CATALOGUES = {name: m.catalogue for name, m in modules().items() if hasattr(m, "catalogue")}
RIGHT = {name: catalogue.reference for name, catalogue in CATALOGUES.items()}
RIGHT |= {"sample_top_n": sampling.sample_top_n}  # its reference is the probabilities
HIDDEN = [Hidden(find("tiny"), seed) for seed in ("0", "another", "third")]


def student(name, functions=RIGHT):
    if name == "end_to_end":
        return SimpleNamespace(**{n: Local(functions[n], n) for n in MODEL})
    return Local(functions[name], name)


def failures(name, functions=RIGHT, hidden=HIDDEN[0]):
    results = run(EXERCISES[name].checks, student(name, functions), hidden)
    return [(r.check.name, r.message, r.hint) for r in results if not r.passed]


def say_the_same(one, other):
    """Whether two data files hold the same words, and the same numbers up to another machine's rounding."""
    with np.load(one) as a, np.load(other) as b:
        alike = a["values"].shape == b["values"].shape and str(a["text"]) == str(b["text"])
        return alike and np.allclose(a["values"], b["values"], rtol=1e-4, atol=1e-6, equal_nan=True)


def test_the_exercises_are_those_of_the_table_in_its_order():
    assert tuple(EXERCISES)[: len(ORDER)] == ORDER  # others may follow: docs/new-exercise.md


@pytest.mark.parametrize("name", EXERCISES)
def test_shares_sum_to_one_and_checks_without_values_stay_small(name):
    checks = EXERCISES[name].checks
    assert sum(c.share for c in checks) == pytest.approx(1)
    assert sum(c.share for c in checks if not c.value) <= SOFT_CAP + 1e-9 and SOFT_CAP == 0.3
    assert [c.hidden for c in checks] == sorted(c.hidden for c in checks)
    assert len({c.name for c in checks}) == len(checks)
    assert all(c.says.endswith(".") for c in checks)


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda h: f"seed {h.seed}")
@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_passes_with_any_seed(name, hidden):
    assert failures(name, hidden=hidden) == []


def test_the_data_files_are_fresh(tmp_path):
    write_data(tmp_path)
    stale = [p.name for p in sorted(tmp_path.glob("*.npz")) if not say_the_same(p, DATA / p.name)]
    assert not stale, f"{stale} differ from what the exercises say: run `autograder release`"
    assert sum(p.stat().st_size for p in DATA.iterdir()) < 350_000


def test_visible_checks_answer_within_a_second():
    """Of this process's own time, for the machine may be busy."""
    for name in EXERCISES:
        visible = [c for c in EXERCISES[name].checks if not c.hidden]
        run(visible, student(name))  # files are read once
        started = time.process_time()
        run(visible, student(name))
        assert time.process_time() - started < 0.5, name


def test_a_second_submission_costs_little():
    for name in EXERCISES:
        run(EXERCISES[name].checks, student(name), HIDDEN[0])
    started = time.process_time()
    for name in EXERCISES:
        if name != "sample_top_n":  # whose time is the student's own
            run(EXERCISES[name].checks, student(name), HIDDEN[0])
    assert time.process_time() - started < 0.3


# ---- Fair: every honest way of writing it passes ----

DTYPES = st.sampled_from([None, np.float32, np.float64])


def cast(dtype, *arrays):
    return arrays if dtype is None else [np.asarray(a, dtype) for a in arrays]


def row_by_row(f):
    """`f` for one row, made to work on the last axis by Python loops."""

    def looped(x, *rest):
        rows = [f(row, *rest) for row in x.reshape(-1, x.shape[-1])]
        return np.array(rows).reshape(x.shape)

    return looped


@st.composite
def softmaxes(draw):
    dtype, how = draw(DTYPES), draw(st.sampled_from(["divide", "log", "multiply", "in place", "logaddexp"]))
    total = draw(st.sampled_from([np.sum, lambda e, **k: np.einsum("...i->...", e)[..., None], np.add.reduce]))

    def softmax(x):
        (x,) = cast(dtype, x)
        z = x - x.max(axis=-1, keepdims=True)
        if how == "log":
            return np.exp(z - np.log(total(np.exp(z), axis=-1, keepdims=True)))
        if how == "logaddexp":
            return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))
        if how == "multiply":
            return np.exp(z) * (1 / total(np.exp(z), axis=-1, keepdims=True))
        if how == "in place":
            np.exp(z, out=z)
            z /= total(z, axis=-1, keepdims=True)
            return z
        return np.exp(z) / total(np.exp(z), axis=-1, keepdims=True)

    return row_by_row(softmax) if draw(st.booleans()) else softmax


@st.composite
def layer_norms(draw):
    dtype, how = draw(DTYPES), draw(st.sampled_from(["var", "std", "squares", "einsum", "power", "loop"]))

    def layer_norm(x, g, b, eps=1e-5):
        x, g, b = cast(dtype, x, g, b)
        d = x - x.mean(axis=-1, keepdims=True)
        if how == "std":
            return d / np.sqrt(x.std(axis=-1, keepdims=True) ** 2 + eps) * g + b
        if how == "squares":
            variance = np.mean(x * x, axis=-1, keepdims=True) - x.mean(axis=-1, keepdims=True) ** 2
        elif how == "einsum":
            variance = np.einsum("...i,...i->...", d, d)[..., None] / x.shape[-1]
        elif how == "loop":
            variance = sum(d[..., i : i + 1] ** 2 for i in range(x.shape[-1])) / x.shape[-1]
        else:
            variance = x.var(axis=-1, keepdims=True)
        return g * (d * (variance + eps) ** -0.5) + b if how == "power" else g * d / np.sqrt(variance + eps) + b

    return layer_norm


@st.composite
def attentions(draw):
    softmax, dtype = draw(softmaxes()), draw(DTYPES)
    scale, late = draw(st.sampled_from(["scores", "queries", "both"])), draw(st.booleans())

    def attention(q, k, v, mask):
        q, k, v, mask = cast(dtype, q, k, v, mask)
        d = q.shape[-1]
        if scale == "scores":
            scores = np.einsum("id,jd->ij", q, k) / np.sqrt(d)
        elif scale == "queries":
            scores = (q * d**-0.5) @ k.T
        else:
            scores = np.inner(q / d**0.25, k / d**0.25)
        scores = scores + mask
        if late:
            e = np.exp(scores - scores.max(axis=1, keepdims=True))
            return e @ v / e.sum(axis=1, keepdims=True)
        return np.stack([w @ v for w in softmax(scores)])

    return attention


@few(40)
@given(softmaxes(), layer_norms(), attentions(), st.sampled_from(HIDDEN))
def test_every_honest_implementation_passes(softmax, layer_norm, attention, hidden):
    functions = {"softmax": softmax, "layer_norm": layer_norm, "attention": attention}
    for name in (*MODEL, "end_to_end"):
        assert failures(name, functions, hidden) == []


@few(20)
@given(DTYPES, st.sampled_from(["norms", "units", "logs", "float"]), st.sampled_from(HIDDEN))
def test_every_honest_similarity_passes(dtype, how, hidden):
    def cosine_similarity(a, b):
        a, b = cast(dtype, a, b)
        if how == "units":
            return np.sum(a / np.sqrt(np.sum(a**2)) * (b / np.sqrt(np.sum(b**2))))
        if how == "logs":
            return (a @ b) * np.exp(-(np.log(a @ a) + np.log(b @ b)) / 2)
        value = a.dot(b) / np.linalg.norm(a) / np.linalg.norm(b)
        return float(value) if how == "float" else value

    assert failures("cosine_similarity", {"cosine_similarity": cosine_similarity}, hidden) == []


def by_choice(top, p, rng):
    return int(rng.choice(top, p=p / p.sum()))


def by_integers(top, p, rng):
    return top[np.searchsorted(np.cumsum(p), rng.integers(2**40) / 2**40 * p.sum())]


def by_gumbel(top, p, rng):
    return top[np.argmax(np.log(p) + rng.gumbel(size=len(p)))]


def by_inverse(top, p, rng):
    return int(top[min((np.cumsum(p) <= rng.random() * p.sum()).sum(), len(p) - 1)])


def by_race(top, p, rng):
    return int(top[np.argmin(rng.exponential(size=len(p)) / p)])


@few(60)
@given(
    st.sampled_from([by_choice, by_integers, by_gumbel, by_inverse, by_race]),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from(["ascending", "descending", "partition", "ids"]),
    st.sampled_from(HIDDEN),
)
def test_every_honest_sampler_passes(pick, dtype, order, hidden):
    def sample_top_n(logits, n, rng):
        top = {
            "ascending": lambda: np.argsort(logits)[-n:],
            "descending": lambda: np.argsort(-logits)[:n],
            "partition": lambda: np.argpartition(logits, -n)[-n:],
            "ids": lambda: np.flatnonzero(logits >= np.sort(logits)[-n]),
        }[order]()
        z = logits[top].astype(dtype)
        return pick(top, np.exp(z - z.max()), rng)

    assert failures("sample_top_n", {"sample_top_n": sample_top_n}, hidden) == []


# ---- Strict: every known mistake fails, and is named ----


def sampler(probabilities):
    """The mistake as a function that draws."""

    def sample_top_n(logits, n, rng):
        p = np.clip(probabilities(logits.astype(float), n), 0, None)
        return int(rng.choice(len(p), p=p / p.sum()))

    return sample_top_n


def singles():
    for exercise, catalogue in CATALOGUES.items():
        for name, wrong in catalogue.singles.items():
            if name not in ("ignores_rng", "changes_logits"):
                yield pytest.param(exercise, name, sampler(wrong) if exercise == "sample_top_n" else wrong, id=name)


@pytest.mark.parametrize(("exercise", "name", "wrong"), list(singles()))
def test_a_known_mistake_loses_points_and_hears_its_name(exercise, name, wrong):
    results = run(EXERCISES[exercise].checks, Local(wrong, exercise), HIDDEN[0])
    assert sum(earned(results, 1)) <= 0.85
    assert {r.mistake for r in results if r.mistake} == {name}
    assert any(not r.passed and r.check.hidden for r in results)


@pytest.mark.parametrize("exercise", ["softmax", "layer_norm", "attention"])
def test_two_mistakes_at_once_are_named_together(exercise):
    known = Stored(exercise, "(x)").mistakes
    pairs = [name for name in known if "+" in name]
    assert len(pairs) > 100
    for name in pairs[::12]:
        results = run(EXERCISES[exercise].checks, Local(CATALOGUES[exercise].mistakes()[name][0], exercise), HIDDEN[0])
        assert {r.mistake for r in results if r.mistake} == {name}


def test_the_catalogue_is_large():
    assert sum(len(c.singles) for c in CATALOGUES.values()) >= 50


CHANCE = np.random.default_rng(5)


def ignores_rng(logits, n, rng):
    return sampling.sample_top_n(logits, n, CHANCE)


def own_seed(logits, n, rng):
    return sampling.sample_top_n(logits, n, np.random.default_rng(5))


@pytest.mark.parametrize("sample", [ignores_rng, own_seed])
def test_ignoring_rng_costs_at_least_half(sample):
    results = run(EXERCISES["sample_top_n"].checks, Local(sample, "sample_top_n"), HIDDEN[0])
    assert sum(earned(results, 1)) <= 0.5


def test_a_greedy_sampler_earns_nothing():
    results = run(EXERCISES["sample_top_n"].checks, Local(lambda z, n, rng: z.argmax(), "sample_top_n"), HIDDEN[0])
    assert sum(earned(results, 1)) == 0


def test_visible_answers_learnt_by_heart_earn_the_visible_part_only():
    stored = {c.args[0].tobytes(): c.expected for g in Stored("softmax", "(x)").groups.values() for c in g}
    by_heart = Local(lambda x: stored.get(x.tobytes(), np.zeros_like(x)), "softmax")
    results = run(EXERCISES["softmax"].checks, by_heart, HIDDEN[0])
    assert all(r.passed != r.check.hidden for r in results)
