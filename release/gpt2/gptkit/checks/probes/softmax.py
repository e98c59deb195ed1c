"""Questions to softmax(x): over what the shares are taken, what makes a score a share, how far scores may lie."""

import numpy as np

from gptkit.checks.probes import WITHIN, Answers, Measured, Probes, decimals, near, reach, what_came

probes = Probes("softmax")

TABLE = np.array([[1.0, 2.5, 0.5, 2.0], [0.0, 1.0, 3.0, -1.0], [2.0, -0.5, 1.5, 0.25]])
STACK = np.stack([TABLE, TABLE[::-1] * 0.5])
PLACES = {"table": (1, 1), "stack": (0, 1, 1)}  # of the score that is raised
FAR = (40, 100, 800, -40, -100, -800)  # exp of 100 is infinity in float32, of 800 in float64 too


for _name, _x in (("table", TABLE), ("stack", STACK)):
    _raised = _x.copy()
    _raised[PLACES[_name]] += 4.5  # the largest of its row and of its column
    probes.ask(_name, _x, shape=_x.shape)
    probes.ask(f"{_name}, one raised", _raised, shape=_x.shape)
probes.ask("steps", [[0.0, 1.0, 2.0, 3.0]], shape=(1, 4))
probes.ask("many steps", [[0.25 * i for i in range(16)]], shape=(1, 16))
for _move in (1, *FAR):
    probes.ask(f"{_move} more", TABLE + _move, shape=(3, 4))
probes.ask("one row far below", TABLE + np.array([[0], [0], [-2000.0]]), shape=(3, 4))
probes.ask("one score far below", [[0.0, 1.0, -1e10, 2.0]], shape=(1, 4))
probes.ask("both far", [[100.0, 0.0, -100.0, 99.0]], shape=(1, 4))


@probes.measure
def signs(a: Answers) -> Measured:
    """Are the shares positive, where scores are near each other?"""
    p = a["table"]
    if (p < 0).all() and near(np.exp(p).sum(axis=-1), 1):
        return ("logarithm",)
    if (p < -1e-7).any():
        return ("negative",)
    if (p == 0).any() and (p > 0).any():
        return "no_share", TABLE[tuple(np.argwhere(p == 0)[0])]
    return None


@probes.measure
def over_what(a: Answers) -> Measured:
    """Which results change when one score does?"""
    for name, at in PLACES.items():
        words = reach(np.abs(a[f"{name}, one raised"] - a[name]) > 1e-6, at)
        if words:
            return f"reach_in_a_{name}" if words not in WITHIN else "reach_within", words
    return ("not_the_largest",) if (a["table"].argmax(axis=-1) != TABLE.argmax(axis=-1)).any() else None


@probes.measure
def rounding(a: Answers) -> Measured:
    n = decimals(np.concatenate([a["table"].ravel(), a["many steps"].ravel()]))
    return None if n is None else ("rounded", n)


@probes.measure
def curve(a: Answers) -> Measured:
    """How many times the share of a score is that of another, by how far apart they are."""
    few, many = a["steps"][0], a["many steps"][0]
    if min(few.min(), many.min()) <= 0:
        return None
    # An exponential makes the logarithms of the shares rise in equal steps, by the logarithm of its base.
    steps, small = np.diff(np.log(few)), np.diff(np.log(many)) / 0.25
    if near(steps, 1) and near(small, 1, 5e-3):
        return None
    if np.ptp(few) < 1e-6:
        return ("uniform",)
    if np.ptp(steps) > 1e-2 * abs(steps).max() or np.ptp(small) > 1e-2 * abs(small).max():
        return "no_exponential", few[1] / few[0], few[3] / few[2]
    one, other = np.exp(steps.mean()), np.exp(small.mean())
    return ("base", one) if near(one, other, 5e-3) else ("base_by_length", one, other)


@probes.measure
def sums(a: Answers) -> Measured:
    total = a["table"].sum(axis=-1)
    return None if near(total, 1, 5e-4) else ("sums", total)


@probes.measure
def far_away(a: Answers) -> Measured:
    """Moving all scores of a row changes nothing; where that ends, exp has overflown or vanished."""
    home = a["table"]
    if not near(a.raw("1 more"), home):
        return ("not_only_distances",)
    for move in FAR:
        got = a.raw(f"{move} more")
        if not near(got, home):
            return "overflow" if move > 0 else "underflow", abs(move), what_came(got)
    got = a.raw("one row far below")
    if not near(got, home):
        return "row_far_below", what_came(got)
    for name, right in (("one score far below", [0.0900, 0.2447, 0, 0.6652]), ("both far", [0.7311, 0, 0, 0.2689])):
        if not near(a.raw(name)[0], right):
            return name.replace(" ", "_"), what_came(a.raw(name))
    return None
