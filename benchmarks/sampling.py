"""How surely the checks of sample_top_n find a wrong sampler, how often they accuse a right one, and in how many draws.

    python benchmarks/sampling.py [-n SEEDS] [--json FILE]

caught_<name>: the share of SEEDS (1,000) on which a sampler with the probabilities of <name> does not get full marks;
visible_<name>: the share on which the notebook already says so. accused: the share of right samplers that lose a point,
of five times as many. draws: what a whole examination asks of a right one, on average; draws_inverting: what it asks of
one that inverts the cumulated probabilities with rng's next number, as rng.choice does; draws_before: what it asked
when each test took 400 draws, and 1,500 more where undecided. (Peers have no such test.)
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from gptkit import weights
from gptkit.checks.core import Memory, run
from gptkit.checks.sample_top_n import likeliest, mixed, tempered

from autograder.exercises import EXERCISES
from autograder.exercises.hidden_data import Hidden
from autograder.exercises.sample_top_n import reference

Change = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (p, logits) -> the probabilities that are drawn with

DRAWS_BEFORE = (
    1016  # 2 tests of 400 + 40, 1 in 40 with 1,500 more; 40 for another state, 20 with n = 1, 2 of all tokens
)


def normalised(q: np.ndarray) -> np.ndarray:
    return q / q.sum()


WRONG: dict[str, tuple[float, Change]] = {  # the share of seeds to reach, and what is drawn
    "temperature_0.8": (0.999, lambda p, z: tempered(p, 0.8)),
    "temperature_1.2": (0.999, lambda p, z: tempered(p, 1.2)),
    "base_2.5": (0.999, lambda p, z: tempered(p, 1 / math.log(2.5))),
    "greedy_10": (0.999, lambda p, z: mixed(p, 0.1, likeliest(p))),
    "uniform_10": (0.999, lambda p, z: mixed(p, 0.1, p > 0)),
    "uniform_20": (0.999, lambda p, z: mixed(p, 0.2, p > 0)),
    "softplus_weights": (0.999, lambda p, z: normalised(np.where(p > 0, np.log1p(np.exp(z.astype(float))), 0))),
    "one_decimal": (0.999, lambda p, z: normalised(np.round(p, 1)) if np.round(p, 1).any() else p),
    "temperature_0.9": (0.99, lambda p, z: tempered(p, 0.9)),
    "temperature_1.1": (0.99, lambda p, z: tempered(p, 1.1)),
    "greedy_5": (0.99, lambda p, z: mixed(p, 0.05, likeliest(p))),
    "uniform_5": (0.99, lambda p, z: mixed(p, 0.05, p > 0)),
}


class Sampler:
    """A student's function that draws with changed probabilities, another time otherwise: `life` is its chance.

    None: it has no chance but the seed that it is given, and inverts with that.
    """

    name = "sample_top_n"

    def __init__(self, change: Change, life: int | None):
        self.change, self.life, self.changed, self.asked = change, life, set(), 0
        self.memory = Memory(explained=True)  # what it would be told is not asked for

    def draws(self, logits: np.ndarray, n: int, *, seed: int, times: int) -> np.ndarray:
        self.asked += times
        q = self.change(reference(logits.astype(float), n), logits)
        chance = seed if self.life is None else [self.life, seed]
        return np.random.default_rng(chance).choice(len(q), p=q / q.sum(), size=times)

    def many_draws(self, series: Iterable[tuple[tuple, int, int]]) -> list[np.ndarray]:
        return [self.draws(*args, seed=seed, times=times) for args, seed, times in series]


def examined(change: Change, life: int | None, hidden: Hidden) -> tuple[bool, bool, int]:
    """(whether it gets full marks, whether the visible checks pass, how many draws it was asked for)."""
    sampler = Sampler(change, life)
    results = run(EXERCISES["sample_top_n"].checks, sampler, hidden)
    return all(r.passed for r in results), all(r.passed for r in results if not r.check.hidden), sampler.asked


def measure(seeds: int) -> dict[str, float]:
    classes = [Hidden(weights.find("tiny"), f"sampling {i}") for i in range(10)]  # a hundred seeds each
    figures: dict[str, float] = {}
    for name, (_, change) in WRONG.items():
        found = np.array([examined(change, life, classes[life % 10])[:2] for life in range(seeds)])
        figures[f"caught_{name}"], figures[f"visible_{name}"] = 1 - found.mean(axis=0)
    right = np.array([examined(lambda p, z: p, 10_000 + life, classes[life % 10]) for life in range(5 * seeds)])
    inverting = np.array([examined(lambda p, z: p, None, hidden) for hidden in classes])
    figures |= {"accused": 1 - right[:, 0].mean(), "accused_inverting": 1 - inverting[:, 0].mean()}
    figures |= {"draws": right[:, 2].mean(), "draws_inverting": inverting[:, 2].mean(), "draws_before": DRAWS_BEFORE}
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-n", metavar="SEEDS", type=int, default=1000, help="seeds for each sampler (1000)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures to FILE")
    arguments = parser.parse_args()

    figures = {name: float(value) for name, value in measure(arguments.n).items()}
    print(f"{'drawn with':20}{'caught':>10}{'to reach':>10}{'visibly':>10}")
    for name, (least, _) in WRONG.items():
        print(f"{name:20}{figures[f'caught_{name}']:10.2%}{least:10.1%}{figures[f'visible_{name}']:10.2%}")
    print(f"\nright samplers accused: {figures['accused']:.2%} of {5 * arguments.n}")
    inverting = f"{figures['draws_inverting']:.0f} where it inverts"
    print(f"draws asked of a right one: {figures['draws']:.0f}, {inverting} (before: {figures['draws_before']:.0f})")
    if arguments.json:
        arguments.json.write_text(json.dumps({"figures": figures}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
