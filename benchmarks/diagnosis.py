"""How well feedback explains wrong answers: names of known mistakes, measured facts, and what leads nowhere.

    python benchmarks/diagnosis.py [--cases FILE]... [--json FILE]

The project's own set (benchmarks/students.py) says which mistake is in each function: named is the share that is told
exactly that one, misnamed another one; accused is the share of right functions that lose a point. A file of cases holds
W = [(name, exercise, source, words)], wrong answers, each with a regular expression of what feedback that explains it
would say, or H = [(name, exercise, source)], right ones; these are graded in a candidate, as a notebook is. Explained:
it is told something that matches. Mute: nothing that does. Told a name or a measured fact that does not match: false
until a person has read it. (Peers name no mistakes, so there is none in the table.)
"""

from __future__ import annotations

import argparse
import json
import re
import runpy
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gptkit import weights
from gptkit.checks.core import Local, Result, earned, run

from autograder.exercises import EXERCISES
from autograder.exercises.hidden_data import Hidden
from autograder.sandbox import isolation
from autograder.sandbox.proxy import Candidate

sys.path.insert(0, str(Path(__file__).parent))
from students import ANSWERS, Answer

COLUMNS = ("named", "unnamed", "misnamed", "right", "accused")
RIGHT_SOFTMAX = (
    "def softmax(x):\n    e = np.exp(x - x.max(-1, keepdims=True))\n    return e / e.sum(-1, keepdims=True)\n"
)


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


# ---- Cases: whole cells, in a candidate ----


@dataclass
class Told:
    """What one case was told."""

    name: str
    exercise: str
    wanted: re.Pattern | None  # None: a right answer
    results: list[Result]
    notes: list[str]
    seconds: float

    @property
    def failed(self) -> list[Result]:
        return [r for r in self.results if not r.passed]

    @property
    def off(self) -> bool:
        """Whether its numbers are off: something failed, and nothing raised or was missing."""
        return any(r.status == "failed" for r in self.failed) and all(r.status == "failed" for r in self.failed)

    @property
    def caused(self) -> bool:
        return any(r.mistake or r.measured for r in self.failed)

    @property
    def text(self) -> str:
        """All that it was told, printed arguments and quoted code of its own left out."""
        said = [f"{r.message} {r.hint or ''}" for r in self.failed] + self.notes
        return " ".join(re.sub(r"line \d+, `[^`]*`|\w+\((\w+ = [^)]*)\)", " ", s) for s in dict.fromkeys(said))

    @property
    def explained(self) -> bool:
        return bool(self.wanted and self.wanted.search(self.text))


def cases_of(path: Path) -> list[tuple[str, str, str, re.Pattern | None]]:
    """(name, exercise, source, words or None) of a file of cases."""
    held = runpy.run_path(str(path))
    wrong = [(name, exercise, source, re.compile(words, re.I)) for name, exercise, source, words in held.get("W", [])]
    return wrong + [(*case, None) for case in held.get("H", [])]


def told(paths: list[Path]) -> list[Told]:
    """Grade every case of some files, each in a candidate of its own that has a right softmax too."""
    hidden, found = Hidden(weights.find("tiny"), "diagnosis"), []
    with isolation.Sandbox("auto") as sandbox:
        for name, exercise, source, wanted in (case for path in paths for case in cases_of(path)):
            began = time.perf_counter()
            helper = [] if exercise == "softmax" else [(f"import numpy as np\n{RIGHT_SOFTMAX}", "softmax")]
            with Candidate(sandbox, [*helper, (source, exercise)]) as candidate:
                checks = [candidate.guarded(check) for check in EXERCISES[exercise].checks]
                results = run(checks, candidate.function(exercise), hidden)
                found.append(Told(name, exercise, wanted, results, candidate.notes, time.perf_counter() - began))
    return found


def shares_of(found: list[Told]) -> dict[str, float]:
    """The figures of cases, as shares; what cannot be judged by words alone is listed for a person to read."""
    wrong, right = [t for t in found if t.wanted], [t for t in found if not t.wanted]
    off = [t for t in wrong if t.off]
    return {
        "cases_explained": sum(t.explained for t in wrong) / max(len(wrong), 1),
        "cases_mute": sum(not t.explained for t in wrong) / max(len(wrong), 1),
        "cases_named": sum(any(r.mistake for r in t.failed) for t in wrong) / max(len(wrong), 1),
        "off_named_or_measured": sum(t.caused for t in off) / max(len(off), 1),
        "cases_false": sum(t.caused and not t.explained for t in wrong) / max(len(wrong), 1),
        "full_marks_for_wrong": sum(not t.failed for t in wrong) / max(len(wrong), 1),
        "cases_accused": sum(sum(earned(t.results, 1)) < 1 - 1e-9 for t in right) / max(len(right), 1),
        "cases_ms": 1000 * sum(t.seconds for t in found) / max(len(found), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", metavar="FILE", type=Path, action="append", default=[], help="a file of cases")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures to FILE")
    arguments = parser.parse_args()

    began = time.perf_counter()
    found = verdicts()
    each = 1000 * (time.perf_counter() - began) / len(found)
    for answer, outcome, said in found:
        if outcome in ("misnamed", "accused") or (outcome == "unnamed" and answer.mistake):
            print(f"{answer.exercise}: {answer.mistake or 'nothing known'}: {outcome}: {said}")

    table: dict[str, Counter] = {}
    for answer, outcome, _ in found:
        table.setdefault(answer.exercise, Counter())[outcome] += 1
    table["all"] = sum(table.values(), Counter())
    print(f"\n{'':20}" + "".join(f"{column:>10}" for column in COLUMNS))
    for exercise, counts in table.items():
        print(f"{exercise:20}" + "".join(f"{counts[column]:>10}" for column in COLUMNS))
    figures = figures_of(found) | {"ms": each}

    if arguments.cases:
        cases = told(arguments.cases)
        print()
        for case in cases:
            if case.wanted is None and case.failed:
                print(f"accused: {case.name}: {case.failed[0].message}")
            elif case.wanted and not case.explained:
                print(f"{'false?' if case.caused else 'mute'}: {case.name}: {case.text or 'full marks'}")
        figures |= shares_of(cases)
    print()
    for name, share in figures.items():
        print(f"{name:24}" + (f"{share:10.1f}" if name.endswith("ms") else f"{share:10.1%}"))
    if arguments.json:
        arguments.json.write_text(json.dumps({"figures": figures}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
