"""Questions to attention(q, k, v, mask): with the identity as values it returns its weights, and they tell the rest.

The logarithm of two weights' ratio is the difference of their scores: from it follow the scale and what a mask does.
"""

from typing import Any

import numpy as np

from gptkit.checks.probes import Answers, Measured, Probes, near, what_came

probes = Probes("attention")
INPUTS: dict[str, tuple[np.ndarray, np.ndarray]] = {}


def table(seed: int, rows: int, columns: int) -> np.ndarray:
    """Numbers with one decimal, of which no two rows or columns are alike."""
    return np.round(np.random.default_rng(seed).normal(size=(rows, columns)), 1)


def weights(name: str, q: np.ndarray, k: np.ndarray, more: int = 0, at: Any = ..., value: float = 0) -> None:
    """Ask for the weights: identity as values, with `more` columns of zeros beside it; one number of the mask."""
    m, v = np.zeros((len(q), len(k))), np.hstack([np.eye(len(k)), np.zeros((len(k), more))])
    m[at] = value
    probes.ask(name, q, k, v, m, shape=(len(q), len(k) + more))
    INPUTS[name] = (q, k)


Q, K, V, SQUARE = table(21, 2, 4), table(22, 3, 4), table(23, 3, 2), (table(26, 4, 4), table(27, 4, 4))
weights("weights", Q, K)
weights("16 numbers", np.tile(Q, 4) * 0.5, np.tile(K, 4))
SIZES: dict[str, tuple[Any, ...]] = {
    "12 columns of `v`": (Q, K, 9),
    "8 queries": (table(24, 8, 4), K),
    "9 keys": (Q, table(25, 9, 4)),
}
for _name, _inputs in SIZES.items():
    weights(_name, *_inputs)
for _name, _v in (("values", V), ("values, doubled", 2 * V), ("equal columns", np.hstack([V, V]))):
    probes.ask(_name, Q, K, _v, np.zeros((2, 3)), shape=(2, _v.shape[1]))
weights("another query", np.vstack([Q[0], -2 * Q[1]]), K)
weights("longer queries", 2 * Q, K)
weights("square", *SQUARE)
weights("square, masked", *SQUARE, at=(1, 3), value=-2.0)
MASKS = (-0.5, 0.5, -3.0, 3.0)
for _m in (*MASKS, -1e10):
    weights(f"mask {_m:g}", Q, K, at=(0, 1), value=_m)
for _m in (5, 1000):
    weights(f"mask {_m} everywhere", Q, K, value=_m)
weights("large", 5000 * Q, K)
weights("rows far apart", np.vstack([Q[0], Q[1] + [4000, 0, 0, 0]]), np.hstack([np.ones((3, 1)), K[:, 1:]]))


def scores(a: Answers, name: str) -> np.ndarray:
    """The scores behind the weights, [n_q, n_k], each row less its first one; not finite where a weight is 0."""
    logs = np.log(a[name][:, : len(INPUTS[name][1])])
    return logs - logs[:, :1]


def products(name: str) -> np.ndarray:
    """q . k, each row less its first one."""
    q, k = INPUTS[name]
    return q @ k.T - (q @ k.T)[:, :1]


def divisor(a: Answers, name: str) -> float | None:
    """What the products have been divided by to give the scores, or None where that is no one number."""
    s, p = scores(a, name), products(name)
    # Least squares through the origin: one number must explain all scores.
    slope = (s * p).sum() / (p * p).sum()
    return 1 / slope if near(s, slope * p, 1e-2) and abs(slope) > 1e-9 else None


@probes.measure
def use_of_v(a: Answers) -> Measured:
    """The result is a sum of the values: twice the values give twice the result, in each column alike."""
    one, two, four = a["values"], a["values, doubled"], a["equal columns"]
    if near(two, one):
        return ("v_unused",)
    if not near(two, 2 * one):
        return ("v_not_last",)
    if not near(four[:, 2:], four[:, :2]):
        return ("v_by_column",)
    return None if near(a["weights"] @ V, one) else ("v_in_weights",)


@probes.measure
def over_what(a: Answers) -> Measured:
    """What one query collects depends on no other query, and on its own scores."""
    one, other = a["weights"], a["another query"]
    if not near(other[0], one[0], 1e-4):
        return ("over_queries",) if near(one.sum(axis=0), 1) else ("over_more",)
    return ("plain_average",) if near(one, 1 / 3) and near(other, 1 / 3) else None


@probes.measure
def sums(a: Answers) -> Measured:
    """What one query's weights sum to."""
    if (a["weights"] < -1e-6).any():
        return ("negative",)
    if not near(a["weights"].sum(axis=-1), 1, 5e-4):
        return "sums", *a["weights"].sum(axis=-1)
    for m in (-1e10, -3, 3):
        total = a[f"mask {m:g}"].sum(axis=-1)
        if not near(total, 1, 5e-4):
            return "sums_with_mask", m, total[0]
    return None


@probes.measure
def own_mask(a: Answers) -> Measured:
    """With a mask of zeros every key has some weight."""
    none = np.argwhere(a["square"] < 1e-12)
    return ("own_mask", *map(str, none[0])) if len(none) and (a["longer queries"] > 0).all() else None


@probes.measure
def scale(a: Answers) -> Measured:
    """What q . k is divided by, as each size grows; or else what stands in the place of exp."""
    four, sixteen = divisor(a, "weights"), divisor(a, "16 numbers")
    if four is None or (near(four, 2, 1e-2) and sixteen is None):
        return None
    if four < 0:
        return ("scores_turned",)
    # A mask of 3 multiplies its key's odds by base ** 3, which tells e from 2 or 10.
    base = float(np.exp(scores(a, "mask 3")[0, 1] - scores(a, "weights")[0, 1])) ** (1 / 3)
    if sixteen and not near(base, np.e, 1e-2) and near([four * np.log(base), sixteen * np.log(base)], [2, 4], 1e-2):
        return "base", base
    for name, usual in zip(SIZES, (3, 2, 3), strict=True):
        other = divisor(a, name)
        if other and not near(other, four, 1e-2):
            return "scale_by_size", other, name, four, str(usual)
    if sixteen and near([four, sixteen], [2, 4], 1e-2):
        return None
    return ("scale", four, sixteen) if sixteen else ("scale_of_4", four)


@probes.measure
def what_is_scored(a: Answers) -> Measured:
    """Whether the scores follow q . k at all, and what doubling the queries does to them."""
    if divisor(a, "weights") is not None:
        return None
    s, longer, p = scores(a, "weights"), scores(a, "longer queries"), products("weights")
    if not np.isfinite(s).all():
        return ("no_weight",)
    if near(longer, s):
        return ("length_of_q",)
    least, most = np.argmin(p[0]), np.argmax(p[0])
    if np.argmax(s[0]) != most:
        return ("not_the_best_key",)
    return "not_products", (longer[0, most] - longer[0, least]) / (s[0, most] - s[0, least])


@probes.measure
def mask(a: Answers) -> Measured:
    """What a number of the mask does to its key's share: once it is added, it multiplies it by its exponential."""

    def odds(name: str) -> tuple[float, float, np.ndarray]:
        """Of the first query: the second key's share against the others', and theirs; the other query's weights."""
        (first, second, third), other = a[name]
        return second / (first + third), first / third if min(first, third) > 1e-30 else np.nan, other

    (share, rest, other), hidden, moved = odds("weights"), a.raw("mask -1e+10"), {}
    for m in MASKS:
        its_share, its_rest, its_other = odds(f"mask {m:g}")
        moved[m] = its_share / share
        if not near(its_other, other, 1e-3):
            return ("mask_of_another_query",)
        if moved[m] < 1e6 and not near(its_rest, rest, 5e-3):
            return ("mask_of_another_key",)
    if not np.isfinite(hidden).all():
        return "mask_fails", what_came(hidden)
    if abs(hidden[0, 1]) > 1e-6:
        return ("mask_unused",) if near([*moved.values()], 1) else ("mask_hides_not", hidden[0, 1])
    if near([*moved.values()], 1):
        return ("mask_only_hides",)
    off = [m for m in MASKS if not near(moved[m], np.exp(m), 1e-2)]
    if not off:
        return None
    m = off[0]
    if moved[m] < 1e-9 or moved[m] > 1e9:
        return "mask_hides" if moved[m] < 1 else "mask_prefers", m, np.exp(m)
    return "mask_multiplies", m, moved[m], np.exp(m)


@probes.measure
def mask_of_many(a: Answers) -> Measured:
    """One number everywhere in the mask changes nothing, and each number stays in its place."""
    for m in (5, 1000):
        got = a.raw(f"mask {m} everywhere")
        if not near(got, a["weights"]):
            return "mask_everywhere", m, what_came(got)
    moved = np.abs(scores(a, "square, masked") - scores(a, "square")) > 1e-3
    return ("mask_elsewhere", *map(str, np.argwhere(moved)[0])) if moved.any() and not moved[1, 3] else None


@probes.measure
def far_away(a: Answers) -> Measured:
    """Scores far from zero, and the scores of one query far from another's."""
    for name in ("large", "rows far apart"):
        got = a.raw(name)
        if not near(got.sum(axis=-1), 1):
            return name.replace(" ", "_"), what_came(got)
    return None
