"""What only the grader knows of an exercise: its reference, how its stored cases are made, and its known mistakes.

A known mistake is an entry of the exercise's JSON file: its name, one sentence of fact and one question. It is a change
to the parameters of one function (`variants`), and then every combination of two such changes is known too, or a
formula of its own. A name is proved on arguments that did not find it: fresh ones of each visible group's kind.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from gptkit.checks.cases import PROOFS, Case, alike, same, save

from autograder.exercises.hidden_data import Hidden

Function = Callable[..., Any]
Inputs = Callable[[np.random.Generator], list[tuple]]
IN_THE_KIT, AT_GRADING = 0, 1  # seeds of the inputs that prove a name


class Catalogue:
    """The reference, the visible cases and the known mistakes of one exercise.

    `shape` names the axes of a result ("[..., n]"); `variants` is the reference once more, with keyword parameters
    that make it wrong.
    """

    def __init__(self, exercise: str, reference: Function, shape: str = "", variants: Function | None = None):
        self.exercise, self.reference, self.shape, self.variants = exercise, reference, shape, variants or reference
        self.groups: dict[str, list[Case]] = {}
        self.singles: dict[str, Function] = {}
        self.words: dict[str, list[str]] = {}
        self.steps: dict[str, str] = {}  # the fact of a mistake that is made beside another
        self.changes: dict[str, dict[str, Any]] = {}
        self.proofs: dict[str, list[Case]] = {}  # what `prove` has made: a class makes the same mistakes
        self.draws: dict[str, Inputs] = {}  # group of visible cases -> what draws others of its kind

    def case(self, *args: Any, label: str, shown: bool = False) -> Case:
        """A case with what the reference returns in float64; hidden unless said otherwise."""
        # In float64: what is expected must be nearer to the truth than any honest float32 answer.
        expected = np.asarray(self.reference(*wide(args)), np.float64)
        return Case(args, expected, label, self.shape, shown)

    def visible(self, group: str, *args: Any, label: str) -> None:
        """Add a case to a group of the data file; lists become float32 arrays."""
        given = tuple(np.array(a, np.float32) if isinstance(a, list | np.ndarray) else a for a in args)
        self.groups.setdefault(group, []).append(self.case(*given, label=label, shown=True))

    def drawn(self, group: str) -> Callable[[Inputs], Inputs]:
        """Register what draws arguments of a visible group's kind: its check is asked again on them at grading, and a
        mistake's name is proved on others."""

        def register(draw: Inputs) -> Inputs:
            self.draws[group] = draw
            return draw

        return register

    def drawn_groups(self, data: Hidden) -> dict[str, list[Case]]:
        """Fresh cases of each visible group's kind, drawn by the course's seed; no message tells their numbers."""
        cases = {}
        for group, draw in self.draws.items():
            drawn = draw(data.rng(f"{self.exercise} {group}"))
            cases[group] = [self.case(*single(args), label="numbers that are not shown") for args in drawn]
        return cases

    def proof_cases(self, seed: int, known: dict[str, Function]) -> list[Case]:
        """Cases on drawn arguments, with what some mistakes return."""
        rng = np.random.default_rng(seed)
        made = [self.case(*single(args), label="") for draw in self.draws.values() for args in draw(rng)]
        return [replace(c, fingerprints={name: output(wrong, c.args) for name, wrong in known.items()}) for c in made]

    def prove(self, name: str) -> list[Case]:
        """Fresh cases for one mistake: see Stored.prove."""
        if name not in self.proofs:
            self.proofs[name] = self.proof_cases(AT_GRADING, {name: self.mistakes()[name][0]})
        return self.proofs[name]

    def read(self, path: Path) -> None:
        """Register what a JSON file says: visible cases by group, and mistakes, some of which need a formula.

        A fact that tells what comes out is true of this mistake alone; beside another, its `step` is told.
        """
        said = json.loads(path.read_text("utf-8"))
        for group, cases in said.get("cases", {}).items():
            for case in cases:
                self.visible(group, *case["args"], label=case["label"])
        for name, mistake in said["mistakes"].items():
            self.words[name] = [mistake["fact"], mistake["question"]]
            self.steps[name] = mistake.get("step", mistake["fact"])
            if change := mistake.get("change"):
                self.changes[name] = change
                self.singles[name] = partial(self.variants, **change)

    def formulas(self, **wrong: Function) -> None:
        """Register what computes the other mistakes. Raises ValueError where words or a formula lack."""
        self.singles |= wrong
        if self.singles.keys() != self.words.keys():
            lacking = ", ".join(sorted(self.singles.keys() ^ self.words.keys()))
            raise ValueError(f"{self.exercise}: words or a formula are missing for {lacking}")

    def mistakes(self) -> dict[str, tuple[Function, list[str]]]:
        """Every known mistake and its words: the single ones, then the combinations of two."""
        known = {name: (wrong, self.words[name]) for name, wrong in self.singles.items()}
        for a, b in combinations(self.changes, 2):
            if not self.changes[a].keys() & self.changes[b].keys():
                wrong = partial(self.variants, **self.changes[a], **self.changes[b])
                told = f"{self.steps[a].rstrip('.')}, and {lower(self.steps[b])}"
                known[f"{a}+{b}"] = (wrong, [told, self.words[a][1]])  # both facts, and one question
        return known

    def write(self, folder: Path) -> None:
        """Write the exercise's data file: cases, and what every mistake returns for them.

        A combination that returns what the reference or an earlier mistake returns is left out. Raises ValueError for
        a single one that does: the visible cases must tell mistakes apart.
        """
        cases, known = [case for group in self.groups.values() for case in group], self.mistakes()
        seen: dict[str, list[np.ndarray | None]] = {"the reference": [case.expected for case in cases]}
        for name, (wrong, _) in known.items():
            outputs = [output(wrong, case.args) for case in cases]
            # Two mistakes with the same results cannot be told apart; the first one, and the single one, is the
            # simpler story.
            twin = next((other for other, theirs in seen.items() if all(map(alike, theirs, outputs))), None)
            if twin is None:
                seen[name] = outputs
            elif name in self.singles:
                raise ValueError(f"{self.exercise}: on the visible cases {name} returns what {twin} returns")
        del seen["the reference"]
        prints = iter([{name: outputs[i] for name, outputs in seen.items()} for i in range(len(cases))])
        groups = {n: [replace(case, fingerprints=next(prints)) for case in group] for n, group in self.groups.items()}
        if self.draws:
            groups[PROOFS] = self.proof_cases(IN_THE_KIT, {name: known[name][0] for name in seen})
        for name in self.singles.keys() & seen.keys() if PROOFS in groups else ():
            if all(alike(case.fingerprints[name], case.expected) for case in groups[PROOFS]):
                raise ValueError(f"{self.exercise}: the inputs for proofs do not show {name}")
        save(folder / f"{self.exercise}.npz", groups, {name: known[name][1] for name in seen})


def single(args: tuple) -> tuple:
    """Drawn arguments with arrays in float32, as a model hands them over."""
    return tuple(a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in args)


def wide(args: tuple) -> list:
    """The arguments with arrays in float64."""
    return [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in args]


def output(wrong: Function, args: tuple) -> np.ndarray | None:
    """What a mistake returns, computed in float64; None when it raises, an empty array when float32 gives another."""
    # Students' float32 and ours in float64 must agree, else rounding would decide whether a mistake is recognised.
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        try:
            exact, short = (np.asarray(wrong(*given), np.float64) for given in (wide(args), args))
        except (ValueError, IndexError, TypeError):
            return None
    return exact if same(short, exact) else np.empty(0)


def lower(sentence: str) -> str:
    """A sentence to go on with: its first letter small, unless its first word is a name."""
    return sentence if sentence.startswith(("NumPy", "GPT")) else sentence[0].lower() + sentence[1:]
