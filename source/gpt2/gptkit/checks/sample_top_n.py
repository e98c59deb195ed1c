"""Visible checks of sample_top_n(logits, n, rng): [n_vocab], int, numpy.random.Generator -> token id.

How often each token is drawn is compared with its probability by G = N * KL(observed || expected), which is about half
a chi-square. For k kinds of tokens and t > k - 1, P(G >= t) <= e^-t (e t / (k - 1))^(k - 1) for a right sampler
(Agrawal 2020, "Finite-sample concentration of the multinomial in relative entropy"); `limit` solves it for ALARM.

False alarms: 2 tests of at most 2 looks each, so 4 * ALARM = 4e-8 for a whole grading.
Power: a sampler passes for good when the first look finds G < limit / 5, and one right sampler in 40 has a second look.
Every known mistake fails the visible test with probability > 0.999 and the hidden one, whose logits vary, with > 0.99
(a test simulates both); most of them, greedy, uniform, n + 1 and smallest n among them, beyond all doubt.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from gptkit.checks.cases import Case, Stored
from gptkit.checks.core import ENDS, Exercise, Failed, Student

exercise = Exercise("sample_top_n", "(logits, n, rng)", uses=("softmax",))
stored = Stored(exercise.name, exercise.signature)

ALARM = 1e-8  # how often a right sampler fails one look of one test
DRAWS, MORE = 400, 1500  # draws in the first look, and in the second where the first is undecided
AGAIN = 40  # draws that are repeated to see whether `rng` decides
KINDS = 7  # rarer tokens are counted together, so that this many kinds are told apart


@exercise.check(share=0.25, value=True)
def proportions(sample_top_n: Student) -> None:
    """Each of the n likeliest tokens comes as often as softmax of these n scores says, and `rng` decides."""
    compare_draws(sample_top_n, stored.groups["draws"][0], seed=1)


@exercise.check(share=0.15, value=True)
def rng_decides(sample_top_n: Student) -> None:
    """The same state of `rng` gives the same tokens, another state gives others."""
    case = stored.groups["draws"][0]
    repeats(sample_top_n, case, seed=1)
    if np.array_equal(draws(sample_top_n, case, 2, AGAIN), draws(sample_top_n, case, 1, DRAWS)[:AGAIN]):
        raise Failed("Another state of rng gives the same tokens.", "Where does the result depend on rng?")


@exercise.check(share=0.15)
def only_the_top(sample_top_n: Student) -> None:
    """Only the n likeliest tokens come."""
    case = stored.groups["draws"][0]
    outside(case, draws(sample_top_n, case, 1, DRAWS))


@exercise.check(share=0.1)
def logits_unchanged(sample_top_n: Student) -> None:
    """logits are left as they were."""
    draws(sample_top_n, stored.groups["draws"][0], 1, DRAWS)
    if 0 in sample_top_n.changed:
        words = stored.mistakes["changes_logits"]
        raise Failed(*words, mistake="changes_logits")


@exercise.check(share=0.05)
def any_n(sample_top_n: Student) -> None:
    """With n = 1 the likeliest token always comes."""
    case = stored.groups["one"][0]
    outside(case, draws(sample_top_n, case, 1, 20))


def compare_draws(f: Student, case: Case, seed: int) -> None:
    """Raise Failed unless `f` draws with the probabilities of `case`, and draws the same again from the same seed."""
    ids = draws(f, case, seed, DRAWS)
    surprise = g_statistic(ids, case.expected)
    if limit() / 5 < surprise < limit():  # neither way beyond doubt
        ids = draws(f, case, seed + 1, MORE)
        surprise = g_statistic(ids, case.expected)
    if surprise >= limit():
        mistake = named(f)
        outside(case, ids, mistake)
        fact = "Some of the n likeliest tokens come too often, others too seldom."
        raise mistake or Failed(fact, "Which probabilities does your draw use, and for which token ids?")
    repeats(f, case, seed)


def repeats(f: Student, case: Case, seed: int) -> None:
    if not np.array_equal(draws(f, case, seed, DRAWS)[:AGAIN], draws(f, case, seed, AGAIN)):
        raise Failed(*stored.mistakes["ignores_rng"], mistake="ignores_rng")


def outside(case: Case, ids: np.ndarray, mistake: Failed | None = None) -> None:
    """Raise Failed when one of `ids` has no place among the n likeliest."""
    n_vocab = len(case.expected)
    if ((ids < 0) | (ids >= n_vocab)).any():
        fact = f"A token id came back that is not between 0 and {n_vocab - 1}."
        raise mistake or Failed(fact, "Is it a token id, or a place in some other list?")
    if (case.expected[ids] == 0).any():
        fact = "A token came that is not among the n likeliest."
        raise mistake or Failed(fact, "How does your code find the ids of the n highest logits?")


def draws(f: Student, case: Case, seed: int, times: int) -> np.ndarray:
    """`times` token ids from one seed; asked once, then remembered on the function."""
    kept = vars(f).setdefault("drawn", {})
    key = (id(case), seed, times)
    if key not in kept:
        try:
            kept[key] = f.draws(*case.args, seed=seed, times=times)
        except Failed as why:
            if why.status in ENDS or "sum to 1" not in why.fact:
                raise
            raise Failed(why.fact, stored.mistakes["not_renormalised"][1], "not_renormalised", why.status) from None
    return kept[key]


def named(f: Student) -> Failed | None:
    """The known mistake whose probabilities fit the draws best, where one fits and the right ones do not."""
    case = stored.groups["draws"][0]
    ids = np.concatenate([draws(f, case, 1, DRAWS), draws(f, case, 3, MORE)])
    surprise = {name: g_statistic(ids, case.fingerprints[name]) for name in stored.mistakes}
    best = min(surprise, key=surprise.get)
    if surprise[best] >= limit() / 2 or g_statistic(ids, case.expected) < limit():
        return None
    return Failed(*stored.mistakes[best], mistake=best)


def g_statistic(ids: np.ndarray, p: np.ndarray) -> float:
    """N * KL(observed || expected) over the KINDS likeliest tokens and the rest; infinite when an id has p = 0."""
    if ((ids < 0) | (ids >= len(p))).any():
        return math.inf
    counts = np.bincount(ids, minlength=len(p))
    order = np.argsort(-p)
    expected = np.append(p[order[: KINDS - 1]], p[order[KINDS - 1 :]].sum())
    observed = np.append(counts[order[: KINDS - 1]], counts[order[KINDS - 1 :]].sum())
    if (counts[p <= 0] > 0).any():
        return math.inf
    came = observed > 0
    return float((observed[came] * np.log(observed[came] / (len(ids) * expected[came]))).sum())


@cache
def limit() -> float:
    """The smallest t, to a tenth, with e^-t (e t / (k - 1))^(k - 1) <= ALARM for k = KINDS."""
    k, t = KINDS - 1, float(KINDS)
    while -t + k * math.log(math.e * t / k) > math.log(ALARM):
        t += 0.1
    return t
