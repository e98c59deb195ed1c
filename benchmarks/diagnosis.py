"""How well feedback names mistakes, on whole functions written in other styles than the catalogue of known mistakes.

    python benchmarks/diagnosis.py [--json FILE]

named: the share of wrong functions that are told exactly the mistake in them; misnamed: the share that are told another
one; accused: the share of right functions that lose a point. (Peers name no mistakes, so there is none in the table.)
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from gptkit import weights
from gptkit.checks.core import Local, run

from autograder.exercises import EXERCISES
from autograder.exercises.hidden_data import Hidden

sys.path.insert(0, str(Path(__file__).parent))
from students import ANSWERS, Answer

COLUMNS = ("named", "unnamed", "misnamed", "right", "accused")


def verdict(answer: Answer, hidden: Hidden) -> tuple[str, str]:
    """(named, misnamed, unnamed, accused or right; what it was told)."""
    results = run(EXERCISES[answer.exercise].checks, Local(answer.function, answer.exercise), hidden)
    if answer.mistake is None:
        wrong = [r.message for r in results if not r.passed]
        return ("accused", wrong[0]) if wrong else ("right", "")
    told = {r.mistake for r in results if r.mistake}
    if told:
        right = {frozenset(name.split("+")) for name in told} == {frozenset(answer.mistake.split("+"))}
        return ("named" if right else "misnamed"), ", ".join(sorted(told))
    return "unnamed", next((r.message for r in results if not r.passed), "passed everything")


def verdicts() -> list[tuple[Answer, str, str]]:
    hidden = Hidden(weights.find("tiny"), "diagnosis")
    return [(answer, *verdict(answer, hidden)) for answer in ANSWERS]


def figures_of(found: list[tuple[Answer, str, str]]) -> dict[str, float]:
    total = Counter(outcome for _, outcome, _ in found)
    wrong = total["named"] + total["unnamed"] + total["misnamed"]
    return {
        "named": total["named"] / wrong,
        "misnamed": total["misnamed"] / wrong,
        "accused": total["accused"] / (total["right"] + total["accused"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures to FILE")
    arguments = parser.parse_args()

    found = verdicts()
    for answer, outcome, told in found:
        if outcome in ("misnamed", "accused") or (outcome == "unnamed" and answer.mistake):
            print(f"{answer.exercise}: {answer.mistake or 'nothing known'}: {outcome}: {told}")

    table: dict[str, Counter] = {}
    for answer, outcome, _ in found:
        table.setdefault(answer.exercise, Counter())[outcome] += 1
    table["all"] = sum(table.values(), Counter())
    print(f"\n{'':20}" + "".join(f"{column:>10}" for column in COLUMNS))
    for exercise, counts in table.items():
        print(f"{exercise:20}" + "".join(f"{counts[column]:>10}" for column in COLUMNS))

    figures = figures_of(found)
    print()
    for name, share in figures.items():
        print(f"{name:10}{share:8.1%}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"figures": figures}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
