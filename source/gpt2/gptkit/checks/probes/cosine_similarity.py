"""Questions to cosine_similarity(a, b): how the result grows with each length, and with the angle alone."""

import numpy as np

from gptkit.checks.probes import Answers, Probes, Said, decimals, near, number

probes = Probes()

A, B = np.array([3.0, 1, -2, 0.5]), np.array([1.0, 2, 0.5, -1])
FLIP = np.array([-1.0, 1, 1, 1])
U, W = np.array([0.1, 0.5, 0.7, 0.5]), np.array([0.5, -0.1, 0.5, -0.7])  # of length 1, at a right angle
ANGLES = (0, 60, 90, 120, 180)

for _name, _a, _b in (
    ("plain", A, B),
    ("a longer", 4 * A, B),
    ("b longer", A, 4 * B),
    ("swapped", B, A),
    ("flipped", FLIP * A, FLIP * B),
    ("padded", np.append(A, [0, 0, 0, 0]), np.append(B, [0, 0, 0, 0])),
    ("opposite", -A, B),
    ("long", 100 * A, 100 * B),
):
    probes.ask(_name, _a, _b, shape=())
for _degrees in ANGLES:
    _t = np.radians(_degrees)
    probes.ask(f"{_degrees} degrees", U, np.cos(_t) * U + np.sin(_t) * W, shape=())


@probes.fact
def grows(a: Answers) -> Said:
    """The factor by which the result changes when a vector is made 4 times as long, which should be 1."""
    plain, told = a["plain"], []
    if abs(plain) < 1e-6:
        return None
    for letter in "ab":
        got = a.raw(f"{letter} longer")
        if not near(got, plain):
            came = f"{number(got / plain)} times as large" if np.isfinite(got) else "no number any more"
            told.append((letter, came, float(got / plain)))
    if not told:
        return None
    if len(told) == 2 and told[0][1] == told[1][1]:
        fact = f"Making `a` or `b` 4 times as long makes the result {told[0][1]}."
    else:
        fact = "Making " + ", and ".join(
            f"`{letter}` 4 times as long makes the result {came}" for letter, came, _ in told
        )
        fact = fact.replace("and `", "and making `") + "."
    factors = [factor for *_, factor in told]
    if any(near(factor, 16) for factor in factors):
        return fact, "In which order does Python work out `x / y * z`, and where would brackets help?"
    if any(near(factor, 1 / 4) for factor in factors):
        return fact, "How does a length follow from the sum of the squares, and how often is it divided by?"
    return fact, "Which two lengths is the dot product divided by?"


@probes.fact
def by_the_place(a: Answers) -> Said:
    """The sign of one number in both vectors changes nothing, nor do zeros at the end of both."""
    if not near(a.raw("flipped"), a["plain"]):
        fact = "Turning the sign of the first number of both vectors changes the result."
        return fact, "Which step adds numbers up or averages them before they are multiplied or squared?"
    if not near(a.raw("padded"), a["plain"]):
        fact = "Four zeros at the end of both vectors change the result."
        return fact, "Which step uses how many numbers a vector has?"
    return None


@probes.fact
def by_the_angle(a: Answers) -> Said:
    """What comes back for vectors of length 1 at known angles."""
    got = np.array([a.raw(f"{d} degrees") for d in ANGLES])
    cosines = np.array([1, 0.5, 0, -0.5, -1])
    if near(got, cosines):
        return None
    if np.ptp(got) < 1e-6:
        return (
            f"The result is {number(got[0])} for all vectors of length 1.",
            "What is returned, and where do both enter it?",
        )
    if near(got, got[0] * cosines):
        fact = f"For vectors of length 1, the result is {number(got[0])} times their cosine."
        return fact, "What is their dot product multiplied with, or divided by?"
    if near(got, cosines + got[2]):
        return f"Each result is {number(got[2])} too large.", "Which term is added?"
    if near(got, -cosines):
        return "The sign of the result is turned.", "Should two equal vectors give 1 or -1?"
    fact = "Vectors of length 1 at 0, 60, 90 and 180 degrees give "
    return f"{fact}{', '.join(map(number, got[[0, 1, 2]]))} and {number(got[4])}.", "What is the cosine of each angle?"


@probes.fact
def rounding(a: Answers) -> Said:
    """Is a number with many digits round?"""
    n = decimals(np.array([a["plain"], a["a longer"]]))
    if n is not None:
        return f"The result is rounded to {n} decimals.", "Which step takes the other digits away?"
    return None


@probes.fact
def by_the_order(a: Answers) -> Said:
    """The order of the two changes nothing, and turning one around changes the sign."""
    if not near(a.raw("swapped"), a["plain"]):
        return "cosine_similarity(b, a) is not cosine_similarity(a, b).", "Which step treats the two differently?"
    if not near(a.raw("opposite"), -a["plain"]):
        return "Turning `a` around does not turn the sign of the result.", "Which step loses the sign?"
    return None
