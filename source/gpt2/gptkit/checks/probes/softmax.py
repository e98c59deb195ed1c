"""Questions to softmax(x): over what the shares are taken, what makes a score a share, how far scores may lie."""

import numpy as np

from gptkit.checks.probes import Answers, Probes, Said, decimals, near, number, reach, what_came

probes = Probes()

TABLE = np.array([[1.0, 2.5, 0.5, 2.0], [0.0, 1.0, 3.0, -1.0], [2.0, -0.5, 1.5, 0.25]])
AT = (1, 1)  # the score that is raised


def raised(x: np.ndarray, at: tuple[int, ...]) -> np.ndarray:
    """x with one score 4.5 higher, which makes it the largest of its row and its column."""
    x = x.copy()
    x[at] += 4.5
    return x


STACK = np.stack([TABLE, TABLE[::-1] * 0.5])
probes.ask("table", TABLE, shape=(3, 4))
probes.ask("table, one raised", raised(TABLE, AT), shape=(3, 4))
probes.ask("stack", STACK, shape=(2, 3, 4))
probes.ask("stack, one raised", raised(STACK, (0, *AT)), shape=(2, 3, 4))
probes.ask("one more", TABLE + 1, shape=(3, 4))
probes.ask("steps", [[0.0, 1.0, 2.0, 3.0]], shape=(1, 4))
probes.ask("many steps", [[0.25 * i for i in range(16)]], shape=(1, 16))
for _move in (40, -40, 100, -100, 800, -800):
    probes.ask(f"{_move}", TABLE + _move, shape=(3, 4))
probes.ask("one row far below", TABLE + np.array([[0], [0], [-2000.0]]), shape=(3, 4))
probes.ask("one score far below", [[0.0, 1.0, -3000.0, 2.0]], shape=(1, 4))
probes.ask("both far", [[100.0, 0.0, -100.0, 99.0]], shape=(1, 4))


@probes.fact
def logarithm(a: Answers) -> Said:
    """Are the results negative, with exponentials that sum to 1?"""
    p = a["table"]
    if (p < 0).all() and near(np.exp(p).sum(axis=-1), 1):
        return "The exponentials of the result sum to 1: it is a logarithm.", "Which step takes the logarithm?"
    return None


@probes.fact
def positive(a: Answers) -> Said:
    """Shares of scores that are not far apart are positive."""
    p = a["table"]
    if (p < -1e-7).any():
        return "Some of the probabilities are negative.", "What does exp make of a negative score?"
    if (p == 0).any() and (p > 0).any():
        score = number(TABLE[tuple(np.argwhere(p == 0)[0])])
        fact = f"A score of {score} gets a probability of 0, beside others that are at most 4 higher."
        return fact, "What is exp of a small score, and of a negative one?"
    return None


@probes.fact
def reach_of_a_score(a: Answers) -> Said:
    """Which results change when one score does: its row should, and nothing else."""
    for name, at in (("table", AT), ("stack", (0, *AT))):
        changed = np.abs(a[f"{name}, one raised"] - a[name]) > 1e-6
        if name == "table":
            words = reach(changed, at)
        else:
            words = reach(changed, at) and f"{reach(changed, at)}, when x is a stack of tables"
        if words:
            fact = f"Raising one score changes {words}."
            return fact, "Along which axis of x do the scores of one row lie, and which of your steps go along it?"
    return None


@probes.fact
def rounding(a: Answers) -> Said:
    """Are all numbers round?"""
    n = decimals(np.concatenate([a["table"].ravel(), a["many steps"].ravel()]))
    if n is not None:
        return f"The probabilities are rounded to {n} decimals.", "Which step takes the other digits away?"
    return None


@probes.fact
def ratio(a: Answers) -> Said:
    """The ratio of the shares of two scores, by how far apart they are, and whether that is the same everywhere."""
    few, many = a["steps"][0], a["many steps"][0]
    if (few <= 0).any() or (many <= 0).any():
        return None
    steps, small = np.diff(np.log(few)), np.diff(np.log(many)) / 0.25
    if near(steps, 1) and near(small, 1, 5e-3):
        return None
    question = "What stands in the exponent of exp, and what is the base?"
    if near(steps, steps.mean()) and near(small, small.mean(), 5e-3) and abs(steps.mean()) > 1e-6:
        one, other = np.exp(steps.mean()), np.exp(small.mean())
        fact = f"Of two scores that are 1 apart, the larger gets {number(one)} times the other's share"
        if not near(one, other, 5e-3):
            fact += f" in a row of 4, and {number(other)} times in a row of 16"
        return f"{fact}; exp makes it 2.72 times.", question
    if np.ptp(few) < 1e-6:
        return "All scores of a row get the same share.", "Where do the scores enter the result?"
    fact = f"A step from 0 to 1 multiplies a share by {number(few[1] / few[0])}, one from 2 to 3 by"
    return f"{fact} {number(few[3] / few[2])}; exp multiplies it by 2.72 each time.", question


@probes.fact
def sums(a: Answers) -> Said:
    """What the rows sum to."""
    total = a["table"].sum(axis=-1)
    if near(total, 1, 5e-4):
        return None
    if near(total, total[0]):
        return f"Each row of 4 sums to {number(total[0])}, not to 1.", "What is each row divided by?"
    return f"The rows sum to {', '.join(map(number, total))}, not to 1.", "What is each row divided by?"


@probes.fact
def far_away(a: Answers) -> Said:
    """Moving all scores of a row changes nothing; where that ends, exp has overflown or vanished."""
    home = a["table"]
    if not near(a.raw("one more"), home):
        fact = "Adding 1 to all scores of a row changes its result, which exp and one division would not."
        return fact, "Which step treats a score by its size, not by its distance from the others?"
    high = "How large can exp of a score get, and which number, subtracted from a row first, keeps it at 1 or less?"
    low = "What is left of exp of such scores, and what could be subtracted from each row first?"
    for move in (40, 100, 800, -40, -100, -800):
        got = a.raw(f"{move}")
        if not near(got, home):
            how = "Adding" if move > 0 else "Subtracting"
            fact = (
                f"{how} {abs(move)} {'to' if move > 0 else 'from'} all scores turns the result into {what_came(got)}."
            )
            return fact, high if move > 0 else low
    got = a.raw("one row far below")
    if not near(got[:2], home[:2]) or not near(got[2], home[2]):
        fact = f"A row far below the others becomes {what_came(got[2])}."
        return fact, "Whose maximum does each row need?"
    got = a.raw("one score far below")[0]
    if not near(got, [np.exp(-2) * got[3], np.exp(-1) * got[3], 0, got[3]]):
        fact = f"A score of -3000 beside scores near 0 gives {what_came(got)}."
        return fact, "Which score has to become 0 so that no exp is larger than 1?"
    got = a.raw("both far")[0]
    if not np.abs(got[[1, 2]]).max() < 1e-6 or not near(got[3] / got[0], np.exp(-1)):
        fact = f"Scores of 100, 99, 0 and -100 in one row give {what_came(got)}."
        return fact, "Which score has to become 0 so that no exp is larger than 1?"
    return None
