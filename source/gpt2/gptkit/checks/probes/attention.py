"""Questions to attention(q, k, v, mask): with the identity as values it returns its weights, and they tell the rest.

The logarithm of two weights' ratio is the difference of their scores: from it follow the scale and what a mask does.
"""

import numpy as np

from gptkit.checks.probes import Answers, Probes, Said, near, number, what_came

probes = Probes()


def table(seed: int, rows: int, columns: int) -> np.ndarray:
    """Numbers with one decimal, of which no two rows or columns are alike."""
    return np.round(np.random.default_rng(seed).normal(size=(rows, columns)), 1)


def weights(name: str, q: np.ndarray, k: np.ndarray, mask: np.ndarray | None = None, more: int = 0) -> None:
    """Ask for the weights: identity as values, with `more` columns of zeros beside it."""
    n_q, n_k = len(q), len(k)
    v = np.hstack([np.eye(n_k), np.zeros((n_k, more))])
    probes.ask(name, q, k, v, np.zeros((n_q, n_k)) if mask is None else mask, shape=(n_q, n_k + more))
    INPUTS[name] = (q, k)


def only(row: int, column: int, value: float, shape: tuple[int, int] = (2, 3)) -> np.ndarray:
    mask = np.zeros(shape)
    mask[row, column] = value
    return mask


INPUTS: dict[str, tuple[np.ndarray, np.ndarray]] = {}
Q, K, V = table(21, 2, 4), table(22, 3, 4), table(23, 3, 2)
SIZES = {  # q, k, columns of zeros beside the identity: each time one size is another
    "weights": (Q, K, 0),
    "16 numbers": (np.tile(Q, 4) * 0.5, np.tile(K, 4), 0),
    "12 columns of `v`": (Q, K, 9),
    "8 queries": (table(24, 8, 4), K, 0),
    "9 keys": (Q, table(25, 9, 4), 0),
}
for _name, (_q, _k, _more) in SIZES.items():
    weights(_name, _q, _k, more=_more)
probes.ask("values", Q, K, V, np.zeros((2, 3)), shape=(2, 2))
probes.ask("values, doubled", Q, K, 2 * V, np.zeros((2, 3)), shape=(2, 2))
probes.ask("equal columns", Q, K, np.hstack([V, V]), np.zeros((2, 3)), shape=(2, 4))
probes.ask("ones", Q, K, np.ones((3, 2)), np.zeros((2, 3)), shape=(2, 2))
weights("another query", np.vstack([Q[0], -2 * Q[1]]), K)
weights("longer queries", 2 * Q, K)
SQUARE = table(26, 4, 4), table(27, 4, 4)
weights("square", *SQUARE)
weights("square, masked", *SQUARE, only(1, 3, -2.0, (4, 4)))
MASKS = (-0.5, 0.5, -3.0, 3.0)
for _m in MASKS:
    weights(f"mask {_m}", Q, K, only(0, 1, _m))
weights("hidden", Q, K, only(0, 1, -1e10))
weights("all moved", Q, K, np.array([[5.0, 5, 5], [-2, -2, -2]]))
weights("all moved far", Q, K, np.full((2, 3), 1000.0))
weights("large", 5000 * Q, K)
weights("rows far apart", np.vstack([Q[0], Q[1] + [4000, 0, 0, 0]]), np.hstack([np.ones((3, 1)), K[:, 1:]]))


def scores(a: Answers, name: str) -> np.ndarray:
    """The scores behind the weights, [n_q, n_k], each row less its first one; not finite where a weight is 0."""
    w = a[name][:, : len(INPUTS[name][1])]
    logs = np.log(w)
    return logs - logs[:, :1]


def products(name: str) -> np.ndarray:
    """q . k, each row less its first one."""
    q, k = INPUTS[name]
    p = q @ k.T
    return p - p[:, :1]


def fit(a: Answers, name: str) -> float | None:
    """What the products have been divided by to give the scores, or None where that is no one number."""
    s, p = scores(a, name), products(name)
    if not np.isfinite(s).all():
        return None
    slope = (s * p).sum() / (p * p).sum()
    return 1 / slope if near(s, slope * p, 1e-2) and abs(slope) > 1e-6 else None


@probes.fact
def use_of_v(a: Answers) -> Said:
    """The result is a sum of the values: twice the values give twice the result, in each column alike."""
    one, two = a["values"], a["values, doubled"]
    if near(one, two):
        return (
            "Doubling `v` changes nothing in the result.",
            "What is done with the values in the last step of the formula?",
        )
    if not near(two, 2 * one):
        return "Doubling `v` does not double the result.", "Which step comes last: softmax, or the product with `v`?"
    four = a["equal columns"]
    if not near(four[:, :2], four[:, 2:]):
        fact = "Two equal columns of `v` give two different columns of the result."
        return fact, "Does one query have one set of weights, over whole keys, for all columns of `v`?"
    if not near(a["weights"] @ V, one, 1e-3):
        return "The same queries and keys give other weights when `v` is another.", "Where does `v` enter the weights?"
    return None


@probes.fact
def reach_of_a_query(a: Answers) -> Said:
    """What one query collects depends on no other query."""
    one, other = a["weights"], a["another query"]
    if not near(one[0], other[0], 1e-4):
        fact = "Changing one query changes what the other one collects."
        if near(one.sum(axis=0), 1):
            fact = "The weights of each key sum to 1, not those of each query."
        return fact, "Along which axis of the scores do one query's weights lie, and which of your steps go along it?"
    if near(one[1], other[1], 1e-4) and near(one[0], 1 / 3):
        return (
            "With a mask of zeros, every query collects the plain average of the values.",
            "Where do the scores enter the result?",
        )
    return None


@probes.fact
def sums(a: Answers) -> Said:
    """What one query's weights sum to."""
    w = a["weights"]
    total = w.sum(axis=-1)
    question = "What should the weights of one query sum to, and what do you divide them by?"
    if (w < -1e-6).any():
        return "Some weights are negative.", "What makes weights positive, with a sum of 1?"
    if not near(total, 1, 5e-4):
        fact = f"With a mask of zeros, the weights of two queries sum to {number(total[0])} and {number(total[1])}"
        return f"{fact}, not to 1.", question
    for name in ("hidden", "mask -3.0", "mask 3.0"):
        total = a[name].sum(axis=-1)
        if not near(total, 1, 5e-4):
            value = "-1e10" if name == "hidden" else name.split()[1].removesuffix(".0")
            fact = f"When the mask holds a {value}, the weights of that query sum to {number(total[0])}, not to 1."
            return fact, "Does softmax come before the mask or after it?"
    return None


@probes.fact
def own_mask(a: Answers) -> Said:
    """With a mask of zeros every key has some weight."""
    w = a["square"]
    if (w < 1e-12).any() and (a["longer queries"] > 0).all():
        row, column = (int(i) for i in np.argwhere(w < 1e-12)[0])
        fact = f"With a mask of zeros, query {row} of 4 gives key {column} no weight."
        return fact, "Who decides what a query may see, the function or its caller?"
    return None


@probes.fact
def scale(a: Answers) -> Said:
    """What q . k is divided by, as each size grows."""
    found = {name: fit(a, name) for name in SIZES}
    if any(divisor is None for divisor in found.values()):
        return None
    right = {name: np.sqrt(INPUTS[name][0].shape[-1]) for name in SIZES}
    if all(near(found[name], right[name], 1e-2) for name in SIZES):
        return None
    base = float(np.exp(scores(a, "mask 3.0")[0, 1] - scores(a, "weights")[0, 1])) ** (1 / 3)
    if all(near(found[name] * np.log(base), right[name], 1e-2) for name in SIZES):
        fact = f"Of two keys whose scores, mask included, are 1 apart, one gets {number(base)} times the other's weight"
        return f"{fact}; exp makes it 2.72 times.", "What stands in the exponent of exp, and what is the base?"
    four, sixteen = found["weights"], found["16 numbers"]
    question = "What is q · k divided by, and how should that grow with d_k?"
    for name, usual in (("12 columns of `v`", 3), ("8 queries", 2), ("9 keys", 3)):
        if not near(found[name], four, 1e-2):
            fact = f"q · k is divided by {number(found[name])} with {name}, and by {number(four)} with {usual}."
            return fact, "Which axis of which array is d_k?"
    if four < 0:
        return "Keys that match a query better get less weight.", "What is the sign of q · k inside exp?"
    fact = f"q · k is divided by {number(four)} when d_k is 4, and by {number(sixteen)} when d_k is 16"
    return f"{fact}, not by 2 and by 4.", question


@probes.fact
def what_is_scored(a: Answers) -> Said:
    """Whether the scores follow q . k at all, and what doubling the queries does to them."""
    if fit(a, "weights") is not None:
        return None
    s, longer, p = scores(a, "weights"), scores(a, "longer queries"), products("weights")
    question = "How does a score follow from a query and a key, and what does exp make of it?"
    if not np.isfinite(s).all():
        return "Some keys get no weight at all, with a mask of zeros and small scores.", question
    if near(s, longer):
        return "Queries twice as long give the same weights.", "What does the formula divide q · k by?"
    order = [int(i) for i in np.argsort(p[0])]
    if order != [int(i) for i in np.argsort(s[0])]:
        return "The key with the largest q · k does not get the largest weight.", question
    ratio = longer[0, order[-1]] - longer[0, order[0]]
    was = s[0, order[-1]] - s[0, order[0]]
    fact = f"Queries twice as long make the logarithms of the weights differ {number(ratio / was)} times as much"
    return f"{fact}, or the weights are not made of q · k at all.", question


@probes.fact
def mask(a: Answers) -> Said:
    """What a number of the mask does to its key's share: it multiplies it by its exponential, once it is added."""
    question = "At which step of the formula does the mask come in, and how?"

    def odds(name: str) -> tuple[float, float, np.ndarray]:
        """Of the first query: the second key's share against the others', and theirs; the other query's weights."""
        (first, second, third), other = a[name]
        return second / (first + third), first / third if min(first, third) > 1e-30 else np.nan, other

    share, rest, other = odds("weights")
    hidden = a.raw("hidden")
    moved = {}
    for m in MASKS:
        moved[m], its_rest, its_other = odds(f"mask {m}")
        moved[m] /= share
        if not near(its_other, other, 1e-3):
            fact = "A number in the first row of the mask changes the weights of the second query."
            return fact, "Which row of the mask belongs to which query?"
        if moved[m] < 1e6 and not near(its_rest, rest, 5e-3):
            fact = "A number in one column of the mask changes how the weights of the other keys compare."
            return fact, "Which column of the mask belongs to which key?"
    if not np.isfinite(hidden).all():
        return f"A -1e10 in the mask turns the result into {what_came(hidden)}.", question
    gone = abs(hidden[0, 1]) < 1e-6
    if all(near(moved[m], np.exp(m), 1e-2) for m in MASKS) and gone:
        return None
    if all(near(moved[m], 1, 1e-3) for m in MASKS):
        if not gone:
            return "The mask changes nothing: a key with -1e10 keeps its weight.", question
        return (
            "A -1e10 in the mask hides its key, but -3 and 3 change nothing.",
            "What should a mask of -3 do to a score?",
        )
    if not gone:
        return f"A -1e10 in the mask does not hide its key: its weight is {number(hidden[0, 1])}.", question
    m = next((m for m in MASKS if not near(moved[m], np.exp(m), 1e-2)), None)
    if m is None:
        return None
    does = "hides its key" if moved[m] < 1e-9 else f"multiplies its key's share by {number(moved[m])}"
    does = "gives its key all the weight" if moved[m] > 1e9 else does
    fact = (
        f"A {m:g} in the mask {does}. Added to the scaled score, it would multiply that share by {number(np.exp(m))}."
    )
    return fact, question


@probes.fact
def mask_of_many(a: Answers) -> Said:
    """Adding one number to a whole row of the mask changes nothing, and each number stays in its place."""
    plain = a["weights"]
    for name, value in (("all moved", "5"), ("all moved far", "1000")):
        got = a.raw(name)
        if not near(got, plain):
            fact = f"A mask that is {value} everywhere turns the weights into {what_came(got)}, where it should change"
            return (
                f"{fact} nothing.",
                "At which step does the mask come in, and is it there before the largest score is subtracted?",
            )
    one, other = scores(a, "square"), scores(a, "square, masked")
    moved = np.abs(other - one) > 1e-3
    if moved.any() and not moved[1, 3]:
        row, column = (int(i) for i in np.argwhere(moved)[0])
        return (
            f"A number in row 1, column 3 of a square mask acts on query {row} and key {column}.",
            "Which axis of the mask runs over the queries?",
        )
    return None


@probes.fact
def large(a: Answers) -> Said:
    """Scores far from zero."""
    question = "Which of your functions takes care of large exponents, and whose maximum does it need?"
    got = a.raw("large")
    if not np.isfinite(got).all() or not near(got.sum(axis=-1), 1):
        return f"Queries 5000 times as long turn the weights into {what_came(got)}.", question
    got = a.raw("rows far apart")
    if not np.isfinite(got).all() or not near(got.sum(axis=-1), 1):
        return f"When one query's scores lie far from another's, its weights become {what_came(got)}.", question
    return None
