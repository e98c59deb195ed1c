"""Visible checks of sample_top_n(logits, n, rng): [n_vocab], int, numpy.random.Generator -> token id.

A right sampler draws with the probabilities p. Against p stand *rivals* q: the known mistakes and, close to p, slightly
other temperatures and mixtures. Each draw of id i multiplies a rival's odds by q_i / p_i. An urn for each case is one
more rival and stands for any other probabilities. Draws come in looks until p or a rival has won:

- The sampler fails when the mean of all odds reaches 1 / ALARM. False alarms: under p this mean is a martingale that
  starts at 1, so by Ville's inequality it ever reaches 1 / ALARM with probability <= ALARM, however many looks there
  are and whatever they ask for. A grading runs two such tests, a visible and a hidden one: <= 2e-7. Otherwise a sampler
  that uses rng fails by chance only where AGAIN draws should differ: (sum of p ** 2) ** AGAIN < 1e-40.
- It passes when the odds of all rivals have fallen below MISS and the urns' below 1, or when the looks run out (a rival
  is decided long before). Power: under q it is 1 / odds that is a martingale, so the odds of one that draws with q fall
  below MISS in one test with probability <= MISS, and in both with <= MISS ** 2 = 0.0025.

- It passes at once when each draw of the first look is the one that *inversion* makes of p: the id at which the
  cumulated sum of p passes rng's next number, with the ids in one of the orders in which people put them. That is how
  `rng.choice` and most samplers draw. One that inverts a rival's q instead draws another id wherever the two cumulated
  sums lie apart, so it passes so with probability < 0.001 (a test holds it); who draws otherwise is not concerned.

`benchmarks/sampling.py` measures both. Three kinds of logits make the rivals differ from p: *steep* ones (one token has
a share of 0.6, 70 share the rest, the others hardly come) show a temperature and a uniform part, *flat* ones (all
nearly equal) a greedy part, *few* (n = 3) what is cut off or mixed up. A look asks only for those that still tell a
rival from p.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from gptkit.checks.cases import Case, Stored
from gptkit.checks.core import ENDS, Exercise, Failed, Student
from gptkit.checks.probes import Probes
from gptkit.checks.words import QUESTIONS, numbers

exercise = Exercise("sample_top_n", "(logits, n, rng)", uses=("softmax",))
stored = Stored(exercise.name, exercise.signature, Probes(exercise.name))  # which asks nothing: draws are measured

ALARM = 1e-7  # how often a right sampler fails one test
MISS = 0.05  # how often a rival passes one test
LOOK, LOOKS = (50, 30, 15), 60  # draws of the steep, the flat and the few logits in one look; looks at most
WIDE = 15  # draws of the wide logits that belong to a first look for a known mistake
SEED = 334  # of the visible draws
AGAIN = 20  # draws that are repeated to see whether rng decides
FOUND, PROVED = 1000, 2000  # seeds of the draws that a cause is found on, and of those that prove it
PRIOR = 10.0  # how many draws the urn is worth before the first
# Draws of the steep, the flat, the few and the wide logits that a cause is found on, and as many others that prove it.
EVIDENCE = (1000, 400, 400, 400)


@exercise.check(share=0.25, value=True)
def proportions(sample_top_n: Student) -> None:
    """Each of the `n` likeliest tokens comes as often as softmax of these `n` scores says, and `rng` decides."""
    compare_draws(sample_top_n, stored.groups["draws"], seed=SEED)


@exercise.check(share=0.15, value=True)
def rng_decides(sample_top_n: Student) -> None:
    """The same state of `rng` gives the same tokens, another state gives others."""
    flat = stored.groups["draws"][1]
    repeats(sample_top_n, flat, SEED + 1)
    if np.array_equal(draws(sample_top_n, flat, 0, AGAIN), draws(sample_top_n, flat, SEED + 1, AGAIN)):
        raise cause(sample_top_n) or Failed(
            "Another state of `rng` gives the same tokens.", "Where does the result depend on `rng`?"
        )


@exercise.check(share=0.15)
def only_the_top(sample_top_n: Student) -> None:
    """Only the `n` likeliest tokens come."""
    cases = stored.groups["draws"]
    for i in (1, 2):
        draws(sample_top_n, cases[i], SEED + i, LOOK[i])
    for case in cases:  # all that were drawn so far
        for ids in [ids for (drawn, *_), ids in sample_top_n.memory.drawn.items() if drawn is case]:
            outside(sample_top_n, case, ids)


@exercise.check(share=0.1)
def logits_unchanged(sample_top_n: Student) -> None:
    """`logits` is left as it was."""
    draws(sample_top_n, stored.groups["draws"][1], SEED + 1, LOOK[1])
    if 0 in sample_top_n.changed:
        raise known("changes_logits")


@exercise.check(share=0.05)
def any_n(sample_top_n: Student) -> None:
    """With `n = 1` the likeliest token always comes."""
    case = stored.groups["one"][0]
    outside(sample_top_n, case, draws(sample_top_n, case, 1, 20))


# ---- The test ----


def compare_draws(f: Student, cases: Sequence[Case], seed: int) -> None:
    """Raise Failed unless `f` draws with the probabilities of the three `cases`, and the same again from one seed."""
    tables = [log_odds(case) for case in cases]
    apart = [1 - (np.exp(table / 2) * case.expected).sum(axis=1) for case, table in zip(cases, tables, strict=True)]
    tells, odds, asked = np.argmax(apart, axis=0), np.zeros(len(tables[0])), {0, 1, 2}
    seen = [np.zeros(0, int)] * 3

    def series(look: int) -> list[tuple[Case, int, int]]:
        return [(cases[i], seed + 3 * look + i, LOOK[i]) for i in sorted(asked)]

    for look in range(LOOKS):
        ask(f, series(look))
        if look == 0 and all(inverts(c.expected, c, at, f.memory.drawn[c, at, n]) for c, at, n in series(0)):
            return
        for i, one in zip(sorted(asked), series(look), strict=True):
            ids = f.memory.drawn[one]
            outside(f, cases[i], ids)
            # Draws are independent, so the odds of all looks multiply: their logarithms add up.
            odds, seen[i] = odds + tables[i][:, ids].sum(axis=1), np.append(seen[i], ids)
        urns = np.array([urn(ids, case.expected) for ids, case in zip(seen, cases, strict=True)])
        if np.logaddexp.reduce([*odds, *urns]) - math.log(len(odds) + 3) >= -math.log(ALARM):
            fact = "Some of the `n` likeliest tokens come too often, others too seldom."
            raise cause(f) or Failed(fact, "Which probability does your draw use for each token id?")
        asked = {*tells[odds >= math.log(MISS)].tolist(), *np.flatnonzero(urns > 0).tolist()}
        if not asked:
            break
    repeats(f, cases[1], seed + 1)


def inverts(p: np.ndarray, case: Case, seed: int, ids: np.ndarray) -> bool:
    """Whether the draws `ids` are those of inversion: rng's next number between 0 and 1, looked up in sums of p."""
    uniform = np.random.default_rng(seed).random(len(ids))
    for order in orders(*case.args):
        sums = np.cumsum(p[order])  # [n_vocab]
        if sums[-1] > 0 and np.array_equal(order[np.searchsorted(sums, uniform * sums[-1], side="right")], ids):
            return True
    return False


def orders(logits: np.ndarray, n: int) -> list[np.ndarray]:
    """All token ids, in each order in which the n likeliest may stand: by logit, by id, or as `argpartition` does."""
    rising = np.argsort(logits)
    parted = [np.argpartition(logits, -n), np.argpartition(-logits, n - 1), np.argpartition(-logits, n)]
    return [rising, rising[::-1], np.arange(len(logits)), *parted]


@lru_cache(maxsize=32)
def log_odds(case: Case) -> np.ndarray:
    """log(q / p) of each rival, [n_rivals, n_vocab]; 0 for ids that p leaves out."""
    p = case.expected / case.expected.sum()
    near = [tempered(p, 0.9), tempered(p, 1.09), mixed(p, 0.05, likeliest(p)), mixed(p, 0.05, p > 0)]
    q = np.array([*near, *rivals(case).values()])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, np.log(q / np.maximum(q.sum(axis=1, keepdims=True), 1e-9) / p), 0)


def rivals(case: Case) -> dict[str, np.ndarray]:
    """What each known mistake draws with, [n_vocab]."""
    return {name: np.clip(q, 0, None) for name, q in case.fingerprints.items() if q is not None}


def tempered(p: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities p at another temperature."""
    q = p ** (1 / temperature)
    return q / q.sum()


def mixed(p: np.ndarray, share: float, part: np.ndarray) -> np.ndarray:
    """p, but in a share of the draws one of the ids of `part`, all equally often."""
    return (1 - share) * p + share * part / part.sum()


def likeliest(p: np.ndarray) -> np.ndarray:
    return p == p.max()


def urn(ids: np.ndarray, p: np.ndarray) -> float:
    """The log odds, against p, of Polya's urn, which begins as p and learns from each draw how often each kind comes.

    Kinds are ranks in p: the first, the next 2, the next 4, ...
    """
    kind = np.empty(len(p), int)
    kind[np.argsort(-p, kind="stable")] = np.log2(np.arange(1, len(p) + 1)).astype(int)
    # Kinds and not ids: with thousands of ids each comes too seldom to learn from.
    expected, came = np.bincount(kind, p) / p.sum(), np.bincount(kind[ids], minlength=kind.max() + 1)
    if (came[expected <= 0] > 0).any():
        return math.inf
    drawn = [(PRIOR * e, int(c), math.log(e)) for e, c in zip(expected, came, strict=True) if c]
    odds = math.lgamma(PRIOR) - math.lgamma(PRIOR + len(ids))
    return odds + sum(math.lgamma(start + c) - math.lgamma(start) - c * log for start, c, log in drawn)


def repeats(f: Student, case: Case, seed: int) -> None:
    if not np.array_equal(draws(f, case, seed, LOOK[1])[:AGAIN], draws(f, case, seed, AGAIN)):
        raise known("ignores_rng")


def outside(f: Student, case: Case, ids: np.ndarray) -> None:
    """Raise Failed when one of `ids` has no place among the n likeliest."""
    n_vocab = len(case.expected)
    if ((ids < 0) | (ids >= n_vocab)).any():
        fact = f"A token id came back that is not between 0 and {n_vocab - 1}."
        raise Failed(fact, "Is it a token id, or a place in some other list?")
    if (case.expected[ids] == 0).any():
        fact = "A token was drawn that is not among the `n` likeliest."
        raise cause(f) or Failed(fact, "How does your code find the ids of the `n` highest logits?")


def draws(f: Student, case: Case, seed: int, times: int) -> np.ndarray:
    """`times` token ids from one seed; asked once, then remembered on the function."""
    ask(f, [(case, seed, times)])
    return f.memory.drawn[case, seed, times]


def ask(f: Student, series: Sequence[tuple[Case, int, int]]) -> None:
    """Have `draws` of each (case, seed, times) remembered, those that are not yet asked for in one message."""
    kept = f.memory.drawn
    new = [one for one in series if one not in kept]
    try:
        found = f.many_draws((case.args, seed, times) for case, seed, times in new) if new else []
    except Failed as why:
        if len(new) > 1 and why.status not in ENDS:  # which of them was it?
            for one in new:
                draws(f, *one)
        raise explained(f, new[0][0], why) from None
    kept.update(zip(new, found, strict=True))
    few = stored.groups["draws"][2]
    if any(case is few for case, *_ in new):
        ids = np.concatenate([ids for (drawn, *_), ids in kept.items() if drawn is few])
        f.memory.example = tally(few, ids)


def tally(case: Case, ids: np.ndarray) -> str:
    """The few logits, how often each of the n likeliest should come, and which ids came how often."""
    top, (came, times) = np.argsort(-case.expected)[: case.args[1]], np.unique(ids, return_counts=True)
    most = np.argsort(-times)[:5]
    return (
        f"The smallest input in the notebook is `logits = {numbers(case.args[0])}` with `n = {case.args[1]}`. "
        f"Of {len(ids)} draws, {each(top, len(ids) * case.expected[top])} were to be expected. "
        f"What came: {each(came[most], times[most])}{', and others' * (len(came) > 5)}."
    )


def each(ids: np.ndarray, times: np.ndarray) -> str:
    return ", ".join(f"id {i} {t:.0f} times" for i, t in zip(ids, times, strict=True))


# ---- The cause, measured on the visible cases ----


def known(name: str) -> Failed:
    fact, question = stored.mistakes[name]
    return Failed(fact, question, mistake=name)


def explained(f: Student, case: Case, why: Failed) -> Failed:
    """One of NumPy's own errors about probabilities, with a question that leads to its cause; others as they are."""
    highest, question = float(case.args[0].max()), QUESTIONS["about_probabilities"].get(why.about)
    if question is None:
        return why
    if why.about == "nan" and abs(highest) > 80:
        question = f"What is `exp({highest:.0f})` in float32?"
    if why.about == "sum":
        logits = stored.groups["one"][0].args[0]
        try:  # among all tokens, the probabilities of all tokens are right
            f.draws(logits, len(logits), seed=1, times=AGAIN)
            return Failed(why.fact, question, "not_renormalised", why.status)
        except Failed:
            pass
    return Failed(why.fact, question, status=why.status)


def cause(f: Student) -> Failed | None:
    """What explains the draws on the visible cases, as a fact and a question; None when nothing does. Found once."""
    if not f.memory.explained:
        f.memory.explained, cases = True, stored.groups["draws"] + stored.groups["wide"]
        try:
            if inverted := mistake_inverted(f, cases):
                f.memory.cause = known(inverted)
                return f.memory.cause
            found, proof = ([draws(f, c, at + i, EVIDENCE[i]) for i, c in enumerate(cases)] for at in (FOUND, PROVED))
        except Failed:
            return None
        if all(ids.min() >= 0 and ids.max() < len(c.expected) for ids, c in zip(found + proof, cases * 2, strict=True)):
            f.memory.cause = stuck(found, proof, cases) or explanation(f, found, proof, cases)
    return f.memory.cause


def mistake_inverted(f: Student, cases: Sequence[Case]) -> str | None:
    """The one known mistake whose probabilities `f` inverts, id for id: this is seen in few draws."""
    series = [(case, SEED + i, times) for i, (case, times) in enumerate(zip(cases, (*LOOK, WIDE), strict=True))]
    ask(f, series)
    ids = [f.memory.drawn[one] for one in series]
    fits = [
        name
        for name in stored.mistakes
        if all(inverts(rivals(c)[name], c, at, d) for (c, at, _), d in zip(series, ids, strict=True))
    ]
    return fits[0] if len(fits) == 1 else None


def stuck(found: list[np.ndarray], proof: list[np.ndarray], cases: Sequence[Case]) -> Failed | None:
    """Said when one rng gives one token again and again, and not only the likeliest: no draw moves rng on."""
    first = [ids[0] for ids in found]
    top = all(likeliest(case.expected)[i] for case, i in zip(cases, first, strict=True))
    if top or any(np.ptp(ids) for ids in found + proof):
        return None
    return stored.probes.fact("rng" if first == [ids[0] for ids in proof] else "other rng")


def explanation(f: Student, found: list[np.ndarray], proof: list[np.ndarray], cases: Sequence[Case]) -> Failed | None:
    """The known mistake, temperature or mixture that explains the draws; else what is most conspicuous in them.

    Fits are made on `found`. What is told explains `proof` better than all others, and no worse than the urn.
    """
    p = [case.expected for case in cases]

    def likelihood(q: Sequence[np.ndarray], drawn: list[np.ndarray]) -> float:
        with np.errstate(divide="ignore"):
            return sum(float(np.log(a[ids]).sum()) for a, ids in zip(q, drawn, strict=True))

    families = {
        "temperature": {t: [tempered(a, t) for a in p] for t in np.geomspace(0.1, 10, 231)},
        "greedy part": {s: [mixed(a, s, likeliest(a)) for a in p] for s in np.arange(0.02, 1, 0.02)},
        "uniform part": {s: [mixed(a, s, a > 0) for a in p] for s in np.arange(0.02, 1, 0.02)},
    }
    fits = {name: max(family, key=lambda v: likelihood(family[v], found)) for name, family in families.items()}
    explains = {"": p} | {name: [rivals(case)[name] for case in cases] for name in stored.mistakes}
    explains |= {name: families[name][value] for name, value in fits.items()}
    scores = {name: likelihood(q, proof) for name, q in explains.items()}
    good = [name for name in scores if scores[name] >= max(scores.values()) - 3]
    best, several = good[0], good[0] and len([name for name in good if name in stored.mistakes]) > 1
    if scores[best] == -math.inf or several or max(map(urn, proof, explains[best])) > math.log(100):
        return conspicuous(f, proof, cases)
    if best in stored.mistakes:
        return known(best)
    if best == "temperature":
        came, expected = percent((proof[0] == p[0].argmax()).mean()), percent(p[0].max())
        return stored.probes.fact(best, came, expected, f"{fits[best]:.2g}")
    return stored.probes.fact(best, percent(fits[best])) if best else None


def conspicuous(f: Student, proof: list[np.ndarray], cases: Sequence[Case]) -> Failed:
    """The draws that are not among the n likeliest, else the token whose share is furthest from what was expected."""
    out = [float((case.expected[ids] == 0).mean()) for case, ids in zip(cases, proof, strict=True)]
    if any(out):
        i = int(np.argmax(out))
        logits, n = cases[i].args
        lowest = (logits > logits[proof[i]].min()).sum() + 1
        name = "outside if low" if out[0] > 2 * max(out[1], 0.1) else "outside"  # the lower the logits, the more come
        return stored.probes.fact(name, str(n), cases[i].label, percent(out[i]), str(lowest))
    far = []
    for case, ids in zip(cases, proof, strict=True):
        p, came = case.expected, np.bincount(ids, minlength=len(case.expected)) / len(ids)
        off = np.abs(came - p) / np.sqrt(np.maximum(p, 1 / len(ids)) / len(ids))  # in standard deviations
        i = off.argmax()
        which = f"the token of rank {(p > p[i]).sum() + 1}" if p[i] < p.max() else "the likeliest token"
        far.append((off[i], case.label, which, percent(came[i]), percent(p[i])))
    (_, *most), moved = max(far), far[0] == max(far) and right_elsewhere(f, cases[0])
    return stored.probes.fact("moved" if moved else "frequency", *most)


def right_elsewhere(f: Student, case: Case) -> bool:
    """Whether `f` draws rightly from the logits of `case` moved up to 0."""
    try:
        ids = f.draws(case.args[0] - case.args[0].max(), case.args[1], seed=3000, times=EVIDENCE[0])
    except Failed:
        return False
    return bool((case.expected[ids] > 0).all()) and urn(ids, case.expected) < 0


def percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.02 else f"{100 * share:.1g} %"
