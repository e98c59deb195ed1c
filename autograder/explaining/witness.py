"""An examination that remembers: each check's calls and their answers, the cells as they ran, each way it was asked.

The checks know nothing of it. It stands between them and the student's functions, and hands everything on unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from gptkit.checks.cases import Compared
from gptkit.checks.core import Check, Failed, Result, Student

from autograder.grading.grader import WHOLE_MODEL, Examination
from autograder.sandbox import replies
from autograder.sandbox.proxy import Candidate, Proxy


@dataclass(eq=False)
class Call:
    """One call of a student's function, or `times` draws from one `seed`; `came` is a Failed where it raised."""

    name: str
    args: tuple
    came: Any
    changed: set[int] = field(default_factory=set)  # positions of the arguments that calls so far have changed
    seed: int = 0
    times: int = 0


@dataclass
class Asked:
    """A check as it was asked: how it failed, what was compared and is off, and the calls that it made.

    Among these are draws that were remembered from an earlier check, where it looked at them.
    """

    check: Check
    failed: Failed | None = None
    compared: list[Compared] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


class Ran(NamedTuple):
    """A cell as it ran; `said` is what its statements raised."""

    source: str
    where: str
    said: list[str]
    left_out: bool = False  # it had ended or hung its process


class Draws(dict):
    """What a sampler's checks remember of its draws; whatever is looked at is noted in `looked_at`."""

    def __init__(self, looked_at: list[int]):
        super().__init__()
        self.looked_at = looked_at

    def __getitem__(self, key: Any) -> np.ndarray:
        self.looked_at.append(id(super().__getitem__(key)))
        return super().__getitem__(key)


@dataclass
class Overheard(Proxy):
    """A student's function that keeps what it was asked and what came."""

    candidate: Witnessed

    def __post_init__(self) -> None:
        self.memory.drawn = Draws(self.candidate.looked_at)

    def many(self, calls: Iterable[tuple]) -> list[Any]:
        calls = [tuple(args) for args in calls]
        try:
            results = super().many(calls)
        except Failed as why:
            self.keep([Call(self.name, args, why.__cause__ or why) for args in calls])  # one of them raised
            raise
        self.keep([Call(self.name, args, came) for args, came in zip(calls, results, strict=True)])
        return results

    def draws(self, *args: Any, seed: int, times: int) -> np.ndarray:
        try:
            ids = super().draws(*args, seed=seed, times=times)
        except Failed as why:
            self.keep([Call(self.name, args, why.__cause__ or why, seed=seed, times=times)])
            raise
        self.keep([Call(self.name, args, ids, seed=seed, times=times)])
        return ids

    def keep(self, calls: list[Call]) -> None:
        for call in calls:
            call.changed = set(self.changed)
        self.candidate.calls += calls


class Witnessed(Candidate):
    """A candidate whose functions are overheard; what is said of an exception has its cause, told in full."""

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.calls: list[Call] = []
        self.looked_at: list[int] = []  # ids of arrays of draws
        self.defined: list[str] = []  # what the grader put in place of the student's

    def function(self, name: str) -> Proxy:
        return Overheard(self, name)

    def define(self, source: str, where: str = "helper") -> None:
        self.defined.append(source)
        super().define(source, where)

    def _raised(self, error: Any, name: str) -> Failed:
        why = super()._raised(error, name)
        why.__cause__ = replies.raised(error, name, self._cells[: self._theirs], secret=False)
        return why

    def ran(self) -> list[Ran]:
        """The student's cells in the order in which they ran."""
        cells = enumerate(self._cells[: self._theirs])
        return [Ran(*cell, [n.fact for n in self._noted[i]], i in self._left_out) for i, cell in cells]


@dataclass
class Attempt:
    """An exercise asked in one candidate, on the student's own functions or with right ones in place of some."""

    exercise: str
    candidate: Witnessed
    asked: list[Asked] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)


class Witness(Examination):
    """An examination whose attempts, with everything asked in them, can be looked at afterwards."""

    def __init__(self, *args: Any, **named: Any):
        super().__init__(*args, **named)
        self.attempts: list[Attempt] = []
        self.candidates: list[Witnessed] = []

    def candidate(self) -> Witnessed:
        g = self.grader
        self.candidates.append(Witnessed(g.sandbox, self.work.cells, g.limits, self.clock, self.second_look))
        return self.candidates[-1]

    def ask(self, candidate: Candidate, checks: list[Check], student: Student | SimpleNamespace) -> list[Result]:
        assert isinstance(candidate, Witnessed)
        name = getattr(student, "name", WHOLE_MODEL)
        known = [a for a in self.attempts if a.candidate is candidate and a.exercise == name]
        attempt = known[0] if known else Attempt(name, candidate)
        self.attempts += [] if known else [attempt]
        found = super().ask(candidate, [overheard(check, attempt) for check in checks], student)
        attempt.results += found
        return found

    def attempt(self, exercise: str) -> Attempt | None:
        """The attempt whose results count; None where the exercise was not asked."""
        counted = {id(result) for result in self.results[exercise]}
        own = [a for a in self.attempts if a.exercise == exercise]
        return next((a for a in own if counted & {id(r) for r in a.results}), own[0] if own else None)


def overheard(check: Check, attempt: Attempt) -> Check:
    """The same check; what it asks, and how it fails, is kept with the attempt."""

    def test(*args: Any) -> None:
        candidate, asked = attempt.candidate, Asked(check)
        attempt.asked.append(asked)
        before, candidate.looked_at[:] = len(candidate.calls), []
        try:
            check.test(*args)
        except Failed as why:
            asked.failed, asked.compared = why, list(why.compared)  # a cause is one object, raised by many checks
            raise
        finally:
            looked_at = set(candidate.looked_at)
            remembered = [c for c in candidate.calls[:before] if id(c.came) in looked_at]
            asked.calls = remembered + candidate.calls[before:]

    return replace(check, test=test)
