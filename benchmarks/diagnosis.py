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
from autograder.hidden import Hidden

sys.path.insert(0, str(Path(__file__).parent))
from students import ANSWERS, Answer


def verdict(answer: Answer, hidden: Hidden) -> tuple[str, str]:
    """(named, misnamed, unnamed, accused or right; what it was told)."""
    results = run(EXERCISES[answer.exercise], Local(answer.function, answer.exercise), hidden)
    if answer.mistake is None:
        wrong = [r.message for r in results if not r.passed]
        return ("accused", wrong[0]) if wrong else ("right", "")
    told = {r.mistake for r in results if r.mistake}
    if told:
        return ("named" if told == {answer.mistake} else "misnamed"), ", ".join(sorted(told))
    return "unnamed", next((r.message for r in results if not r.passed), "passed everything")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures to FILE")
    arguments = parser.parse_args()

    hidden = Hidden(weights.find("tiny"), "diagnosis")
    table: dict[str, Counter] = {}
    for answer in ANSWERS:
        outcome, told = verdict(answer, hidden)
        table.setdefault(answer.exercise, Counter())[outcome] += 1
        if outcome not in ("named", "right") and not (outcome == "unnamed" and answer.mistake == ""):
            print(f"{answer.exercise}: {answer.mistake or 'nothing known'}: {outcome}: {told}")

    columns = ("named", "unnamed", "misnamed", "right", "accused")
    print(f"\n{'':20}" + "".join(f"{c:>10}" for c in columns))
    for exercise, counts in table.items():
        print(f"{exercise:20}" + "".join(f"{counts[c]:>10}" for c in columns))
    total = sum(table.values(), Counter())
    wrong = total["named"] + total["unnamed"] + total["misnamed"]
    figures = {
        "named": total["named"] / wrong,
        "misnamed": total["misnamed"] / wrong,
        "accused": total["accused"] / (total["right"] + total["accused"]),
    }
    print(f"\n{wrong} wrong functions, {total['right'] + total['accused']} right ones")
    for name, share in figures.items():
        print(f"{name:10}{share:8.1%}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"figures": figures}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
