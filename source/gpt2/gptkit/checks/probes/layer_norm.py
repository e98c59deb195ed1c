"""Questions to layer_norm(x, g, b, eps): over what, moved by what, divided by what, and where eps, g and b come in."""

import numpy as np

from gptkit.checks.probes import Answers, Probes, Said, near, number, reach

probes = Probes()

X = np.array([[1.0, 2, 4, 9], [-3, 1, 2, 5], [2, -5, 7, -1]])
TEN = np.array([[3.0, -1, 4, 1, -5, 9, 2, -6, 5, 3]])
STACK = np.stack([X, 2 * X[::-1] + 1])
AT = (1, 1)  # the number that is raised
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
    ("plain, one raised", raised(X, AT, 3)),
    ("stack", STACK),
    ("stack, one raised", raised(STACK, (0, *AT), 3)),
    ("a quarter more", raised(X, AT, 0.25)),
    ("moved", X + np.array([[16.0], [-8], [32]])),
    ("wider", 4 * X),
    ("small", SMALL),
    ("equal", np.full((2, 4), 0.5)),
):
    probes.ask(_name, _x, ONE, ZERO, shape=_x.shape)
probes.ask("ten", TEN, np.ones(10), np.zeros(10), shape=(1, 10))
probes.ask("gains", X, G, ZERO, shape=X.shape)
probes.ask("gains of 2", X, 2 * ONE, ZERO, shape=X.shape)
probes.ask("gains of 0", X, ZERO, B, shape=X.shape)
probes.ask("biases", X, ONE, B, shape=X.shape)
probes.ask("gains and biases", X, G, B, shape=X.shape)
for _eps in EPS:
    probes.ask(f"eps {_eps}", X, ONE, ZERO, _eps, shape=X.shape)


@probes.fact
def use_of_b(a: Answers) -> Said:
    """What a bias adds to the result: itself."""
    added = a["biases"] - a["plain"]
    question = "What is done with b after each row has been scaled by g?"
    if near(added, np.broadcast_to(B, X.shape)):
        together = a["gains and biases"] - a["gains"]
        if near(together, np.broadcast_to(B, X.shape)):
            return None
        if near(together, np.broadcast_to(G * B, X.shape)):
            return "The biases are multiplied by the gains.", "Which of g and b comes first?"
        return "What b adds to the result depends on g.", question
    if near(added + 1, 1):
        return "Changing b changes nothing in the result.", question
    if near(a["biases"], a["plain"] * B) or (not a["plain"].any() and a["biases"].any()):
        return "The result is multiplied by b.", "Which of g and b scales, and which moves?"
    said = f"With the biases {', '.join(map(number, B))}, the first one adds {number(added[0, 0])} to the first row"
    return f"{said} and {number(added[1, 0])} to the second.", question


@probes.fact
def use_of_g(a: Answers) -> Said:
    """What a gain does to the result: multiplies its column."""
    plain, double, some = a["plain"], a["gains of 2"], a["gains"]
    question = "What is done with g after each row has been normalised?"
    if near(double, 2 * plain) and near(some, G * plain):
        return None
    if near(double, plain) and near(some, plain):
        return "Changing g changes nothing in the result.", question
    if near(double - plain, 1) and near(some - plain, np.broadcast_to(G - 1, X.shape)):
        return (
            "The gains are added to the result, where they should multiply it.",
            "Which of g and b scales, and which moves?",
        )
    for factor in (1.5, 4.0, 0.5):
        if near(double, factor * plain):
            return f"Gains of 2 make the result {number(factor)} times what it is with gains of 1.", question
    if near(double, 2 * plain):
        return "Each gain changes more of the result than its own column.", "In which place does g enter the formula?"
    return "Gains of 2 do not make the result twice what it is with gains of 1.", question


@probes.fact
def reach_of_a_number(a: Answers) -> Said:
    """Which results change when one number of x does: its row should, and nothing else."""
    for name, at in (("plain", AT), ("stack", (0, *AT))):
        words = reach(np.abs(a[f"{name}, one raised"] - a[name]) > 1e-5, at)
        if words:
            place = ", when x is a stack of tables" if name == "stack" else ""
            fact = f"Raising one number of x changes {words}{place}."
            return fact, "Along which axis of x does one row lie, and which of your steps go along it?"
    if near(a["a quarter more"], a["plain"], 1e-6):
        fact = "Raising one number of x from 1 to 1.25 changes nothing: its decimals do not count."
        return fact, "Which step turns x into whole numbers?"
    return None


@probes.fact
def centre(a: Answers) -> Said:
    """The mean of each row of the result is 0, wherever the row lies."""
    y = a["plain"]
    means, spread = y.mean(axis=-1), np.abs(y).max()
    if (np.abs(means) < 2e-3 * spread).all():
        return None
    said = ", ".join(map(number, means))
    fact = f"With gains of 1 and biases of 0, the means of the rows of the result are {said}, not 0."
    if near(a["moved"], y, 5e-3):
        return fact, "Is it each row's mean that is subtracted?"
    return fact, "What is subtracted from each row, before anything is divided?"


@probes.fact
def direction(a: Answers) -> Said:
    """The largest number of a row stays its largest."""
    y = a["plain"]
    if ((y - y.mean(axis=-1, keepdims=True)) * (X - X.mean(axis=-1, keepdims=True)) < -1e-6).all():
        return (
            "The largest number of each row becomes its smallest.",
            "Which is subtracted from which, and what sign has g?",
        )
    return None


@probes.fact
def spread(a: Answers) -> Said:
    """What the rows are divided by: how the result changes with the row's width and its length."""
    y = a["plain"]
    one, four, ten = y.std(axis=-1), a["wider"].std(axis=-1), a["ten"].std()
    if near(one, 1) and near(four, 1) and near(ten, 1):
        return None
    ask = "What is each row divided by: how does a standard deviation follow from a variance?"
    if near(four, one, 1e-2):
        if near(one, np.sqrt(3 / 4)) and near(ten, np.sqrt(9 / 10)):
            fact = (
                "The variance of a row of 4 numbers is divided by 3, and that of 10 numbers by 9: by n - 1, not by n."
            )
            return fact, "Is the row a sample of something, or all there is?"
        if near(one, one[0]):
            fact = f"The result has standard deviation {number(one[0])} for rows of 4 numbers and {number(ten)} for 10"
            return f"{fact}, not 1.", "Over how many numbers does your variance average?"
        said = ", ".join(map(number, one))
        return f"The rows of the result have standard deviations {said}, not 1.", ask
    factor = (four / one).mean()
    if near(four, factor * one, 2e-2):
        fact = (
            f"Making the rows of x 4 times as wide makes the result {number(factor)} times as wide, and it should stay."
        )
        return fact, ask
    fact = f"Making the rows of x 4 times as wide changes the result's standard deviations from {number(one[0])} and "
    return f"{fact}{number(one[1])} to {number(four[0])} and {number(four[1])}, not 1.", ask


@probes.fact
def place_of_eps(a: Answers) -> Said:
    """What a row is divided by, for three sizes of eps."""
    variance, small = X[0].var(), SMALL[0].var()
    divisors = [X[0].std() / a[f"eps {eps}"][0].std() for eps in EPS]
    tiny = SMALL[0].std() / a["small"][0].std()
    moved = [a[f"eps {eps}"][0].mean() for eps in EPS]
    question = "Where does eps stand in the formula: beside what, and inside of what?"
    if abs(moved[0]) > 1e-2:
        return f"An eps of {EPS[0]} adds {number(moved[0])} to every number of a row.", question
    right = [np.sqrt(variance + eps) for eps in EPS]
    if near(divisors, right) and near(tiny, np.sqrt(small + 1e-5), 5e-3):
        return None
    if near(divisors[0], divisors[1]):
        fixed = tiny**2 - small
        if fixed < 1e-6:
            fact = "eps changes nothing: whatever the call says, less than 1e-06 is added to the variance."
            return fact, "Where does your code use its fourth parameter?"
        fact = f"eps changes nothing: about {number(fixed)} is added to the variance, whatever the call says."
        return fact, "Where does your code use its fourth parameter?"
    if near(divisors, [X[0].std() + eps for eps in EPS]):
        return "eps is added to the standard deviation, not to the variance.", "Is your eps inside the square root?"
    i = 0 if not near(divisors[0], right[0]) else 1
    if not near(divisors[i], right[i]):
        fact = f"A row of variance {number(variance)} is divided by {number(divisors[i])} when eps is {EPS[i]:g}; "
        return f"{fact}the root of {number(variance)} + {EPS[i]:g} is {number(right[i])}.", question
    fact = f"Without an eps in the call, a row of variance {number(small)} is divided by {number(tiny)}; "
    return f"{fact}the root of {number(small)} + 1e-05 is {number(np.sqrt(small + 1e-5))}.", question


@probes.fact
def equal_numbers(a: Answers) -> Said:
    """A row without variance becomes zeros."""
    got = a.raw("equal")
    if np.isfinite(got).all() and np.abs(got).max() < 1e-3:
        return None
    came = "NaN" if np.isnan(got).any() else number(got[0, 0])
    return f"A row of equal numbers becomes {came}, not 0.", "What keeps the denominator away from zero?"
