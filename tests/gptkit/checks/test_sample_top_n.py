"""Protects the sampling test: its bounds, its power, what it costs a right sampler, and that what it tells is true."""

import importlib.util
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gptkit.checks.cases import Case
from gptkit.checks.core import Failed, Local, earned, run
from gptkit.checks.sample_top_n import (
    AGAIN,
    ALARM,
    EVIDENCE,
    LOOK,
    MISS,
    cause,
    compare_draws,
    exercise,
    explanation,
    inverts,
    log_odds,
    mixed,
    orders,
    outside,
    rivals,
    stored,
    tally,
    tempered,
    urn,
)
from gptkit.weights import find
from picoGPT.gpt2_pico import softmax

from autograder.exercises import EXERCISES
from autograder.exercises.hidden_data import Hidden
from autograder.exercises.sample_top_n import catalogue, likeliest
from autograder.sandbox import replies
from benchmarks.sampling import WRONG, examined

CASES = Path(__file__).resolve().parents[2] / "cases"
HIDDEN = [Hidden(find("tiny"), seed) for seed in ("0", "1", "2")]
ALL = [stored.groups["draws"], *(likeliest(hidden)[0] for hidden in HIDDEN)]


def answers(file, list_name):
    """The entries of one of tests/cases' files that answer this exercise."""
    spec = importlib.util.spec_from_file_location(file, CASES / f"{file}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [pytest.param(*entry[2:], id=entry[0]) for entry in getattr(module, list_name) if entry[1] == "sample_top_n"]


def written(source):
    """The function that a cell defines, with a right softmax beside it."""
    space = {"softmax": softmax}
    exec(source, space)
    return space["sample_top_n"]


def results_of(sample, hidden=HIDDEN[0]):
    return run(EXERCISES["sample_top_n"].checks, Local(sample, "sample_top_n"), hidden)


def drawing(weigh, choose=lambda z, n: np.argsort(z)[-n:]):
    """A sampler with weights `weigh(scores, n)` for the ids `choose(logits, n)`."""

    def sample_top_n(logits, n, rng):
        ids = choose(logits, n)
        p = weigh(logits[ids].astype(float), n)
        return int(rng.choice(ids, p=p / p.sum()))

    return sample_top_n


def by_softmax(z, n):
    return softmax(z)


# ---- The bounds ----


@pytest.mark.parametrize("cases", ALL)
def test_odds_are_martingales(cases):
    """One draw of a right sampler leaves each rival's odds at 1 on average: Ville's inequality needs no more."""
    for case in cases:
        p = case.expected / case.expected.sum()
        mean = (p[p > 0] * np.exp(log_odds(case)[:, p > 0])).sum(axis=1)
        assert (mean <= 1 + 1e-9).all()
        assert np.allclose(mean[:4], 1)


def test_the_urn_is_a_martingale():
    """Over all sequences of 4 draws, weighted with their probabilities, its odds are 1 on average."""
    p = np.array([0.5, 0.3, 0.2])
    sequences = np.indices([3] * 4).reshape(4, -1).T
    assert sum(math.exp(urn(ids, p)) * p[ids].prod() for ids in sequences) == pytest.approx(1)


def test_false_alarms_of_a_whole_grading_stay_below_one_in_a_million():
    same = max((case.expected**2).sum() for case in (cases[1] for cases in ALL)) ** AGAIN
    assert 2 * ALARM + same < 1e-6


def test_a_rival_slips_through_no_more_often_than_stated():
    """At a bound where something is to be seen: the share of runs in which a rival's odds ever fall below 0.1."""
    case, rng = stored.groups["draws"][0], np.random.default_rng(0)
    p, table = case.expected / case.expected.sum(), log_odds(case)[1]
    q = tempered(p, 1.09)
    ids = rng.choice(len(p), p=q, size=(2000, 1000))
    assert (np.cumsum(table[ids], axis=1).min(axis=1) < math.log(0.1)).mean() <= 0.12  # 3 standard errors above 0.1
    right = rng.choice(len(p), p=p, size=(2000, 1000))
    assert (np.cumsum(table[right], axis=1).max(axis=1) >= math.log(10)).mean() <= 0.12
    assert MISS**2 < 0.01


# ---- Power and price; benchmarks/sampling.py measures them on more seeds ----


@pytest.mark.parametrize("name", WRONG)
def test_slightly_wrong_samplers_are_caught(name):
    caught = [not examined(WRONG[name][1], life, HIDDEN[life % 3])[0] for life in range(15)]
    assert all(caught)


def test_right_samplers_pass_and_are_asked_no_more_than_before():
    right = [examined(lambda p, z: p, life, HIDDEN[life % 3]) for life in range(100)]
    assert all(passed for passed, _, _ in right)
    assert np.mean([asked for _, _, asked in right]) < 1016  # 2 * (400 + 40 + 1500 / 40), 40, 20 and 2


@pytest.mark.parametrize("life", range(2))
def test_every_known_mistake_is_caught_visibly(life):
    for name, wrong in catalogue.singles.items():
        if name not in ("ignores_rng", "changes_logits"):  # not seen by their probabilities
            change = lambda p, z, wrong=wrong: np.clip(wrong(z.astype(float), (p > 0).sum()), 0, None)  # noqa: E731
            assert not examined(change, life, HIDDEN[0])[1], name


def inverting(p, order, uniform):
    """The ids at which the sums of p, in this order, pass the numbers in `uniform`."""
    sums = np.cumsum(p[order])
    return order[np.searchsorted(sums, uniform * sums[-1], side="right")]


@pytest.mark.parametrize("cases", ALL)
def test_no_rival_passes_by_inverting_its_own_probabilities(cases):
    """In each order: the share of draws at which it takes the id that p takes, to the power of how many there are."""
    fine = (np.arange(100_000) + 0.5) / 100_000
    changes = {name: change for name, (_, change) in WRONG.items()}
    mistakes = {n: rival for n, rival in rivals(cases[0]).items() if rival.any()}
    for name in [*changes, *mistakes]:
        for number in range(len(orders(*cases[0].args))):
            agrees = 0.0
            for case, times in zip(cases, LOOK, strict=True):
                order = orders(*case.args)[number]
                q = changes[name](case.expected, case.args[0]) if name in changes else rivals(case)[name]
                same = (inverting(q, order, fine) == inverting(case.expected, order, fine)).mean()
                agrees += times * math.log(max(same, 1e-9))
            assert agrees < math.log(0.001), (name, number)


@pytest.mark.parametrize("number", range(6))
def test_who_inverts_in_a_usual_order_is_asked_for_one_look(number):
    def sample_top_n(logits, n, rng):
        order = orders(logits, n)[number]
        p = softmax(np.where(logits >= np.sort(logits)[-n], logits.astype(float), -np.inf))
        return int(inverting(p, order, rng.random()))

    for cases in ALL:
        student = Counting(sample_top_n, "sample_top_n")
        compare_draws(student, cases, 7)
        assert student.asked == list(LOOK)


def test_one_draw_that_is_not_inversions_is_seen():
    case = stored.groups["draws"][1]
    ids = inverting(case.expected, orders(*case.args)[0], np.random.default_rng(5).random(30))
    assert inverts(case.expected, case, 5, ids) and not inverts(case.expected, case, 6, ids)
    for place in range(30):
        other = ids.copy()
        other[place] = ids[place - 1] if ids[place - 1] != ids[place] else ids[place - 2]
        assert not inverts(case.expected, case, 5, other)


class Counting(Local):
    """Counts draws by message."""

    def draws(self, *args, seed, times):
        self.asked = [*getattr(self, "asked", []), times]
        return super().draws(*args, seed=seed, times=times)


def test_a_right_sampler_is_asked_in_few_messages():
    student = Counting(drawing(by_softmax), "sample_top_n")
    assert all(r.passed for r in run(exercise.checks, student))
    assert len(student.asked) < 10 and sum(student.asked) < 200


# ---- Right answers ----


@pytest.mark.parametrize("source", answers("right", "H"))
def test_right_answers_get_full_marks_with_any_seed(source):
    for hidden in HIDDEN:
        assert [r.message for r in results_of(written(source), hidden) if not r.passed] == []


def cut_after_softmax(logits, n, rng):
    p = softmax(logits.astype(float))
    p[p < np.sort(p)[-n]] = 0
    return int(rng.choice(len(p), p=p / p.sum()))


def float32_choice(logits, n, rng):
    ids = np.argpartition(-logits, n - 1)[:n]
    e = np.exp(logits[ids] - logits[ids].max())
    return int(rng.choice(ids, p=e / e.sum()))


def float32_multinomial(logits, n, rng):
    ids = np.argsort(-logits, kind="stable")[:n]  # the unlikeliest last: what NumPy gives the rest
    e = np.exp(logits[ids] - logits[ids].max())
    return int(ids[np.argmax(rng.multinomial(1, e / e.sum()))])


def float32_cdf(logits, n, rng):
    ids = np.argsort(logits)[::-1][:n]
    e = np.exp(logits[ids] - logits[ids][0])
    return int(ids[min(np.searchsorted(np.cumsum(e / e.sum()), np.float32(rng.random())), n - 1)])


def float32_gumbel(logits, n, rng):
    ids = np.argsort(logits)[-n:]
    return int(ids[np.argmax(logits[ids] + rng.gumbel(size=n).astype(np.float32))])


@pytest.mark.parametrize(
    "sample", [cut_after_softmax, float32_choice, float32_multinomial, float32_cdf, float32_gumbel]
)
def test_other_right_ways_get_full_marks(sample):
    for hidden in HIDDEN:
        assert [r.message for r in results_of(sample, hidden) if not r.passed] == []


# ---- What is told ----


@pytest.mark.parametrize(("source", "words"), answers("wrong", "W"))
def test_wrong_answers_lose_points_and_are_told_what_leads_to_the_mistake(source, words):
    failed = [r for r in results_of(written(source)) if not r.passed]
    assert any(re.search(words, f"{r.message} {r.hint or ''}") for r in failed)


def told(sample):
    """The first thing that a sampler is told: (fact, question, name of a mistake)."""
    first = next(r for r in results_of(sample) if not r.passed)
    return first.message, first.hint, first.mistake


@pytest.mark.parametrize("temperature", [0.6, 0.8, 1.2, 1.5, 2, 5])
def test_a_temperature_is_measured_and_no_other_cause_named(temperature):
    fact, _, mistake = told(drawing(lambda z, n: softmax(z / temperature)))
    measured = float(re.search(r"a temperature of about ([\d.]+)\.$", fact)[1])
    assert measured == pytest.approx(temperature, rel=0.1) and mistake is None


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
@pytest.mark.parametrize(
    ("part", "words"), [(lambda p: p == p.max(), "likeliest"), (lambda p: p > 0, "equally likely")]
)
def test_a_greedy_or_uniform_part_is_measured(share, part, words):
    fact, _, mistake = told(drawing(lambda z, n: mixed(softmax(z), share, part(softmax(z)))))
    assert words in fact and mistake is None
    assert float(re.search(r"(\d+) %", fact)[1]) == pytest.approx(100 * share, abs=5)


def own_seed(logits, n, rng):
    np.random.seed(42)
    return int(np.random.choice(np.argsort(logits)[-n:]))


def copied(logits, n, rng):
    import copy

    return drawing(by_softmax)(logits, n, copy.deepcopy(rng))


def smallest_and_places(logits, n, rng):
    return int(rng.choice(n, p=softmax(np.sort(logits)[:n].astype(float))))


def filled(filler):
    def sample_top_n(logits, n, rng):
        top = np.argsort(logits)[-n:]
        scores = np.full(len(logits), float(filler))
        scores[top] = logits[top]
        return int(rng.choice(len(logits), p=softmax(scores)))

    return sample_top_n


@pytest.mark.parametrize(
    ("sample", "words", "mistake"),
    [
        (drawing(lambda z, n: softmax(z / n)), "divided by `n`", "divided_by_n"),
        (drawing(lambda z, n: softmax(softmax(z))), "twice", "softmax_twice"),
        (own_seed, "whatever the state of `rng`", None),
        (copied, "One `rng` gives the same token", None),
        (smallest_and_places, "100 % of the tokens drawn are not among", None),
        (filled(0), "far below -120", None),
        (filled(1e-10), "far below -120", None),
        (filled(-100), "far below -120", None),
        (drawing(by_softmax, lambda z, n: np.argsort(z)[-n - 2 :]), "their ranks go down to 5", None),
        (drawing(by_softmax, lambda z, n: np.argsort(z)[-n:-1]), "next `n - 1` do", "stops_before_the_likeliest"),
        (drawing(by_softmax, lambda z, n: np.argsort(z)[-n - 1 : -1]), "next `n` do", "without_the_likeliest"),
        (drawing(lambda z, n: np.log1p(np.exp(z))), "not 0.5 %", None),
        (drawing(lambda z, n: softmax(z) + 0.01), "of the draws, not 60 %", None),
    ],
)
def test_what_is_told_is_true(sample, words, mistake):
    fact, question, name = told(sample)
    assert words in f"{fact} {question}" and name == mistake


def the_same_again(logits, n, rng, kept={}):  # noqa: B006 (what it remembers is the mistake)
    """Draws rightly, but begins anew, from a state of its own, with each rng."""
    if kept.get("rng") is not rng:
        kept.update(rng=rng, own=np.random.default_rng(42))
    return drawing(by_softmax)(logits, n, kept["own"])


def test_another_state_of_rng_must_give_other_tokens():
    (seen,) = [r for r in results_of(the_same_again) if r.check.name == "rng_decides"]
    assert not seen.passed


@pytest.mark.parametrize(("ids", "told"), [([0, 1], None), ([-1], "between 0 and 1"), ([2], "between 0 and 1")])
def test_a_token_id_is_one_from_the_first_to_the_last(ids, told):
    case = Case((), np.array([0.5, 0.5]), "two tokens")
    if told is None:
        outside(Local(own_seed), case, np.array(ids))
    else:
        with pytest.raises(Failed, match=told):
            outside(Local(own_seed), case, np.array(ids))


def test_a_right_sampler_has_no_cause():
    assert cause(Local(drawing(by_softmax), "sample_top_n")) is None


# ---- The notebook's own lesson ----


def naive(logits, n, rng):
    ids = np.argsort(logits)[-n:]
    e = np.exp(logits[ids])
    return int(rng.choice(ids, p=e / e.sum()))


def naive_without_choice(logits, n, rng):
    ids = np.argsort(logits)[-n:]
    e = np.exp(logits[ids])
    return int(ids[min(np.searchsorted(np.cumsum(e / e.sum()), rng.random()), n - 1)])


@pytest.mark.parametrize("sample", [naive, naive_without_choice])
def test_a_careless_exp_fails_visibly_and_is_led_to_it(sample):
    results = results_of(sample)
    assert [r.check.name for r in results if not r.passed] == ["proportions", "real_logits"]
    assert results[0].hint == "What is `exp(-120)` in float32?"
    assert sum(earned(results, 20)) == pytest.approx(9)


def test_the_same_in_float64_is_right():
    assert all(r.passed for r in results_of(drawing(lambda z, n: np.exp(z))))


def probabilities_of_all(logits, n, rng):
    ids = np.argsort(logits)[-n:]
    return int(rng.choice(ids, p=softmax(logits.astype(float))[ids]))


def one_decimal(logits, n, rng):
    ids = np.argsort(logits)[-n:]
    return int(rng.choice(ids, p=np.round(softmax(logits[ids].astype(float)), 1)))


@pytest.mark.parametrize(("sample", "mistake"), [(probabilities_of_all, "not_renormalised"), (one_decimal, None)])
def test_a_sum_that_is_not_1_is_named_only_where_the_cause_is_proved(sample, mistake):
    fact, question, name = told(sample)
    assert "sum to 1" in fact and question == "What should the probabilities of the `n` tokens add up to?"
    assert name == mistake


def test_looks_fit_the_cases():
    assert len(LOOK) == len(stored.groups["draws"]) == 3


# ---- NumPy's own sentences ----

UNDRAWABLE = {  # probabilities of two tokens, and what NumPy's error is about
    "nan": [np.nan, 0.5],
    "sum": [0.5, 0.4],
    "negative": [1.5, -0.5],
    "sizes": [0.5, 0.25, 0.25],
}


@pytest.mark.parametrize("about", UNDRAWABLE)
@pytest.mark.parametrize("chance", [np.random.default_rng(0), np.random], ids=["Generator", "np.random"])
def test_numpys_sentences_are_known_by_heart(about, chance):
    with pytest.raises(Failed) as why:
        Local(lambda: chance.choice(2, p=UNDRAWABLE[about]), "sample_top_n")()
    assert why.value.about == about


def test_only_numpys_sentences_are_shown_where_a_students_words_are_not():
    shown = replies.raised({"type": "ValueError", "text": "Probabilities contain NaN"}, "sample_top_n", [], True)
    assert shown.about == "nan" and shown.fact == "sample_top_n raised ValueError: Probabilities contain NaN."
    kept = replies.raised({"type": "ValueError", "text": "Probabilities contain NaN: -118.2"}, "sample_top_n", [], True)
    assert kept.about is None and kept.fact == "sample_top_n raised ValueError."


def test_the_example_tells_what_was_to_be_expected_of_the_likeliest_and_what_came():
    case = Case((np.array([0.0, 2.0, 1.0, 3.0]), 2), np.array([0.0, 0.25, 0.0, 0.75]), "few")
    told = tally(case, np.array([3, 3, 3, 3, 1, 1, 0, 3]))
    assert "Of 8 draws, id 3 6 times, id 1 2 times were to be expected. " in told
    assert told.endswith("What came: id 3 5 times, id 1 2 times, id 0 1 times.")
    wide = Case((np.arange(8.0), 1), np.eye(8)[7], "wide")
    assert tally(wide, np.arange(6)).endswith(" times, and others.") and "others" not in tally(wide, np.arange(5))


def test_a_mistake_is_not_named_when_another_explains_the_draws_as_well():
    cases = stored.groups["draws"] + stored.groups["wide"]
    name, other = "uniform_over_top", "greedy"
    twins = [replace(c, fingerprints={**c.fingerprints, other: c.fingerprints[name]}) for c in cases]
    rng = np.random.default_rng(0)
    q = [rivals(case)[name] / rivals(case)[name].sum() for case in cases]
    found, proof = ([rng.choice(len(a), n, p=a) for a, n in zip(q, EVIDENCE, strict=True)] for _ in range(2))
    f = Local(written("def sample_top_n(logits, n, rng): return 0"))
    assert explanation(f, found, proof, cases).mistake == name
    assert explanation(f, found, proof, twins).mistake is None
