"""Questions to cosine_similarity(a, b): how the result grows with each length, and with the angle alone."""

import numpy as np

from gptkit.checks.probes import Answers, Measured, Probes, decimals, near

probes = Probes("cosine_similarity")

A, B = np.array([3.0, 1, -2, 0.5]), np.array([1.0, 2, 0.5, -1])
FLIP, NONE = np.array([-1.0, 1, 1, 1]), [0, 0, 0, 0]
U, W = np.array([0.1, 0.5, 0.7, 0.5]), np.array([0.5, -0.1, 0.5, -0.7])  # of length 1, at a right angle
AXES = np.eye(4)  # vectors in which one number alone counts
COSINES = {0: 1, 60: 0.5, 90: 0, 120: -0.5, 180: -1}

for _name, _a, _b in (
    ("plain", A, B),
    ("a longer", 4 * A, B),
    ("b longer", A, 4 * B),
    ("swapped", B, A),
    ("flipped", FLIP * A, FLIP * B),
    ("padded", np.append(A, NONE), np.append(B, NONE)),
    ("opposite", -A, B),
):
    probes.ask(_name, _a, _b, shape=())
for _degrees, _cosine in COSINES.items():
    probes.ask(f"{_degrees} degrees", U, _cosine * U + (1 - _cosine**2) ** 0.5 * W, shape=())
for _i, _axis in enumerate(AXES):
    probes.ask(f"only number {_i}", _axis, _axis, shape=())


@probes.measure
def by_the_lengths(a: Answers) -> Measured:
    """By what the result is multiplied when a vector is made 4 times as long."""
    plain = a["plain"]
    factors = [a.raw(f"{letter} longer") / plain for letter in "ab"] if abs(plain) > 1e-6 else [1, 1]
    off = [not near(factor, 1) for factor in factors]
    if any(near(factor, 16) for factor in factors) and not all(off):
        return "length_multiplied", "`a`" if off[0] else "`b`", 16
    if all(off):
        return "both_lengths" if near(*factors) else "lengths_apart", *factors
    return None if not any(off) else ("one_length", "`a`" if off[0] else "`b`", factors[off.index(True)])


@probes.measure
def by_the_numbers(a: Answers) -> Measured:
    """Every number of the vectors takes part: where only one is not 0, in both, the result is 1."""
    got = [a.raw(f"only number {i}") for i in range(len(AXES))]
    there = [i for i, one in enumerate(got) if near(one, 1)]
    missing = next((i for i, one in enumerate(got) if near(one, 0) or not np.isfinite(one)), None)
    return None if not there or missing is None else ("left_out", shown(missing), got[missing], shown(there[0]))


def shown(i: int) -> str:
    return "`[" + ", ".join(f"{number:g}" for number in AXES[i]) + "]`"


@probes.measure
def by_the_place(a: Answers) -> Measured:
    """The sign of one number in both vectors changes nothing, nor do zeros at the end of both."""
    return next(((name,) for name in ("flipped", "padded") if not near(a.raw(name), a["plain"])), None)


@probes.measure
def by_the_angle(a: Answers) -> Measured:
    """What comes back for vectors of length 1 at known angles."""
    got, right = np.array([a.raw(f"{d} degrees") for d in COSINES]), np.array([*COSINES.values()])
    if near(got, right):
        return None
    if np.ptp(got) < 1e-6:
        return "constant", got[0]
    if near(got, got[0] * right):
        return ("sign",) if near(got, -right) else ("factor", got[0])
    return ("too_large", got[2]) if near(got - got[2], right) else ("angles", got[[0, 1, 2]], got[4])


@probes.measure
def by_the_order(a: Answers) -> Measured:
    """The order of the two changes nothing, and turning one around changes the sign."""
    if not near(a.raw("swapped"), a["plain"]):
        return ("swapped",)
    return None if near(a.raw("opposite"), -a["plain"]) else ("opposite",)


@probes.measure
def rounding(a: Answers) -> Measured:
    n = decimals(np.array([a["plain"], a["a longer"]]))
    return None if n is None else ("rounded", n)
