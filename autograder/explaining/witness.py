"""An examination that remembers: what each check asked and got, and the cells as they ran.

The checks know nothing of it. It stands between them and the student's functions, and hands everything on unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, NamedTuple

from gptkit.checks.cases import Compared
from gptkit.checks.core import Check, Failed, Result, Student

from autograder.grading.grader import WHOLE_MODEL, Examination
from autograder.sandbox import replies
from autograder.sandbox.proxy import Candidate, Proxy


class Call(NamedTuple):
    """One call of a student's function, or `times` draws from one `seed`.

    `came` is a Failed where it raised; one object for all calls of a message, if the process ended in one of them.
    `changed` holds the positions of the arguments that calls so far have changed.
    """

    name: str
    args: tuple
    came: Any
    changed: frozenset[int]
    seed: int = 0
    times: int = 0


@dataclass
class Asked:
    """A check as it was asked: how it failed, what was compared and is off, the calls made in it and before it."""

    check: Check
    failed: Failed | None = None
    compared: list[Compared] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    earlier: list[Call] = field(default_factory=list)


@dataclass
class Attempt:
    """An exercise asked in one candidate, on the student's own functions or with right ones in place of some."""

    exercise: str
    candidate: Witnessed
    asked: list[Asked] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)


class Ran(NamedTuple):
    """A cell as it ran; `said` is what its statements raised."""

    source: str
    where: str
    said: list[str]
    left_out: bool = False  # it had ended or hung its process


class Overheard(Proxy):
    """A student's function that keeps what it was asked and what came."""

    candidate: Witnessed

    def _ask(self, calls: list[tuple[tuple, tuple]]) -> list:
        # Private in Proxy: the one place where every call passes, and each with what came of it.
        results: list = []
        try:
            results = super()._ask(calls)
        except Failed as why:
            results = [why] * len(calls)
            raise
        finally:
            for (args, draw), came in zip(calls, results, strict=True):
                shown = came.__cause__ or came if isinstance(came, Failed) else came
                self.candidate.calls.append(Call(self.name, args, shown, frozenset(self.changed), *draw))
        return results


class Witnessed(Candidate):
    """A candidate whose functions are overheard; what is said of an exception has its cause, told in full."""

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.calls: list[Call] = []

    def function(self, name: str) -> Proxy:
        return Overheard(self, name)

    def raised(self, error: Any, name: str) -> Failed:
        # A student is not told a hidden case's error in full; whoever asks here is.
        why = super().raised(error, name)
        why.__cause__ = replies.raised(error, name, self._cells[: self._theirs], secret=False)
        return why

    @property
    def defined(self) -> str:
        """What the grader put in place of the student's."""
        return "\n".join(source for source, _ in self._cells[self._theirs :])

    @property
    def ran(self) -> list[Ran]:
        """The student's cells in the order in which they ran."""
        cells = enumerate(self._cells[: self._theirs])
        return [Ran(*cell, [n.fact for n in self._noted[i]], i in self._left_out) for i, cell in cells]


class Witness(Examination):
    """An examination whose attempts, with everything asked in them, can be looked at afterwards."""

    def __init__(self, *args: Any, **named: Any):
        super().__init__(*args, **named)
        self.attempts: list[Attempt] = []
        self.first_candidate: Witnessed | None = None  # all of whose functions are the student's own

    def candidate(self) -> Witnessed:
        g = self.grader
        made = Witnessed(g.sandbox, self.work.cells, g.limits, self.clock, self.second_look, self.everything)
        self.first_candidate = self.first_candidate or made
        return made

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
        mine = [a for a in self.attempts if a.exercise == exercise]
        return next((a for a in mine if counted & {id(r) for r in a.results}), mine[0] if mine else None)


def overheard(check: Check, attempt: Attempt) -> Check:
    """The same check; what it asks, and how it fails, is kept with the attempt."""

    def test(*args: Any) -> None:
        calls, asked = attempt.candidate.calls, Asked(check)
        attempt.asked.append(asked)
        before = len(calls)
        try:
            check.test(*args)
        except Failed as why:
            asked.failed, asked.compared = why, list(why.compared)  # a cause is one object, raised by many checks
            raise
        finally:
            asked.calls, asked.earlier = calls[before:], calls[:before]

    return replace(check, test=test)
