"""Questions to layer_norm(x, g, b, eps): over what, moved by what, divided by what, and where eps, g and b come in."""

import numpy as np

from gptkit.checks.probes import WITHIN, Answers, Measured, Probes, near, reach

probes = Probes("layer_norm")

X = np.array([[1.0, 2, 4, 9], [-3, 1, 2, 5], [2, -5, 7, -1]])
STACK = np.stack([X, 2 * X[::-1] + 1])
TEN = np.array([[3.0, -1, 4, 1, -5, 9, 2, -6, 5, 3]])
PLACES = {"plain": (1, 1), "stack": (0, 1, 1)}  # of the number that is raised
G, B = np.array([2.0, 1, 0.5, -1]), np.array([1.0, -2, 0.5, 3])
ONE, ZERO = np.ones(4), np.zeros(4)
SMALL = 0.001 * X  # whose variance is about the usual eps
EPS = (0.5, 4.0)


def raised(x: np.ndarray, at: tuple[int, ...], by: float) -> np.ndarray:
    x = x.copy()
    x[at] += by
    return x


for _name, _x in (
    ("plain", X),
    ("plain, one raised", raised(X, PLACES["plain"], 3)),
    ("stack", STACK),
    ("stack, one raised", raised(STACK, PLACES["stack"], 3)),
    ("a quarter more", raised(X, PLACES["plain"], 0.25)),
    ("moved", X + np.array([[16.0], [-8], [32]])),
    ("wider", 4 * X),
    ("small", SMALL),
    ("equal", np.full((2, 4), 0.5)),
    ("ten", TEN),
):
    probes.ask(_name, _x, np.ones(_x.shape[-1]), np.zeros(_x.shape[-1]), shape=_x.shape)
for _name, _g, _b in (("gains", G, ZERO), ("gains of 2", 2 * ONE, ZERO), ("biases", ONE, B), ("both", G, B)):
    probes.ask(_name, X, _g, _b, shape=X.shape)
for _eps in EPS:
    probes.ask(f"eps {_eps}", X, ONE, ZERO, _eps, shape=X.shape)


@probes.measure
def use_of_b(a: Answers) -> Measured:
    """What the biases add to the result: themselves."""
    plain, added, together = a["plain"], a["biases"] - a["plain"], a["both"] - a["gains"]
    if near(added, B):
        return None if near(together, B) else ("b_times_g",) if near(together, G * B) else ("b_depends_on_g",)
    if np.abs(added).max() < 1e-3:
        return ("b_unused",)
    if not plain.any() or near(a["biases"], plain * B):
        return ("b_multiplies",)
    return "b_adds", B, added[0, 0], added[1, 0]


@probes.measure
def use_of_g(a: Answers) -> Measured:
    """What the gains do to the result: each multiplies its column."""
    plain, double, some = a["plain"], a["gains of 2"], a["gains"]
    if near(double, 2 * plain):
        return None if near(some, G * plain) else ("g_not_by_column",)
    if near(double, plain) and near(some, plain):
        return ("g_unused",)
    if near(double - plain, 1) and near(some - plain, G - 1):
        return ("g_added",)
    factor = double.std() / plain.std()
    return ("g_factor", factor) if near(double, factor * plain) else ("g_not_a_factor",)


@probes.measure
def over_what(a: Answers) -> Measured:
    """Which results change when one number of x does?"""
    for name, at in PLACES.items():
        words = reach(np.abs(a[f"{name}, one raised"] - a[name]) > 1e-5, at)
        if words:
            return f"reach_in_{name}" if words not in WITHIN else "reach_within", words
    return ("whole_numbers",) if near(a["a quarter more"], a["plain"], 1e-6) else None


@probes.measure
def centre(a: Answers) -> Measured:
    """The mean of each row of the result is 0, wherever the row lies; its largest number stays the largest."""
    y = a["plain"]
    means, along = y.mean(axis=-1), ((y - y.mean()) * (X - X.mean())).sum(axis=-1)
    if np.abs(means).max() > 2e-3 * np.abs(y).max():
        return "centre" if near(a["moved"], y, 5e-3) else "not_centred", means
    return ("turned",) if (along < 0).all() else None


@probes.measure
def spread(a: Answers) -> Measured:
    """What the rows are divided by: how the result changes with a row's width and length."""
    one, four, ten = a["plain"].std(axis=-1), a["wider"].std(axis=-1), a["ten"].std()
    if near(one, 1) and near(four, 1) and near(ten, 1):
        return None
    if near(four, one, 1e-2):
        if near(one, np.sqrt(3 / 4)) and near(ten, np.sqrt(9 / 10)):
            return ("n_minus_1",)
        return ("spread_by_length", one[0], ten) if near(one, one[0]) else ("spread_by_row", one)
    factor = (four / one).mean()
    return ("grows", factor) if near(four, factor * one, 2e-2) else ("spread_of_wider", one, four)


@probes.measure
def place_of_eps(a: Answers) -> Measured:
    """What a row is divided by, for three sizes of eps."""
    deviation, variance, small = X[0].std(), X[0].var(), SMALL[0].var()
    divisors = [deviation / a[f"eps {eps}"][0].std() for eps in EPS]
    tiny = SMALL[0].std() / a["small"][0].std()
    moved = a[f"eps {EPS[0]}"][0].mean()
    if abs(moved) > 1e-2:
        return "eps_added", EPS[0], moved
    right = [np.sqrt(variance + eps) for eps in EPS]
    if near(divisors, right):
        usual = np.sqrt(small + 1e-5)
        return None if near(tiny, usual, 5e-3) else ("usual_eps", small, tiny, small, usual)
    if near(divisors[0], divisors[1]):
        fixed = tiny**2 - small
        return ("eps_unused",) if fixed < 1e-6 else ("fixed_eps", fixed)
    if near(divisors, [deviation + eps for eps in EPS]):
        return ("eps_outside",)
    i = 0 if not near(divisors[0], right[0]) else 1
    return "eps", variance, divisors[i], EPS[i], variance, EPS[i], right[i]


@probes.measure
def equal_numbers(a: Answers) -> Measured:
    """A row without variance becomes zeros."""
    got = a.raw("equal")
    return None if np.abs(got).max() < 1e-3 else ("equal_numbers", got[0, 0])
