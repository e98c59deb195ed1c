"""A mark explained on a terminal: the code, how the points add up, and each failed check with its calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import indent
from typing import Any

from gptkit.checks.core import Failed, earned

from autograder.exercises import EXERCISES
from autograder.explaining.evidence import Evidence, asked_as, of_check, proof, right, stored
from autograder.explaining.reproduce import Explain
from autograder.explaining.witness import Asked, Attempt, Ran, Witness
from autograder.grading.grader import WHOLE_MODEL, confirmed
from autograder.notebooks.submission import normal
from autograder.record import CheckResult, ExerciseResult, Record
from autograder.reports import clean, text
from autograder.reports.words import why as said
from autograder.sandbox.replies import plain

WARNING = "FOR THE INSTRUCTOR ONLY: this tells hidden cases. It is not for students."
LINE = 1000  # characters of a line of code that are shown


@dataclass
class Explanation:
    """One submission's record, the examination that found it, and the exercises (and the check) asked about."""

    record: Record
    witness: Witness
    exercises: list[ExerciseResult]
    check: str = ""

    def attempt(self, exercise: ExerciseResult) -> Attempt | None:
        return self.witness.attempt(exercise.name)

    def failed(self, exercise: ExerciseResult) -> list[CheckResult]:
        """The checks to explain, those that did not pass; the one that is asked about, whatever it did."""
        return [c for c in exercise.checks if (c.name == self.check if self.check else not c.passed)]

    def asked(self, exercise: ExerciseResult, check: CheckResult) -> tuple[Asked | None, bool]:
        """How the check failed, and whether it did so only on fresh cases of its kind."""
        for fresh in (False, True):
            asked = asked_as(self.attempt(exercise), check.name, fresh)
            if asked and asked.failed:
                return asked, fresh
        return None, False


def as_text(it: Explanation) -> str:
    """All of it."""
    parts = [WARNING, "", text(it.record), ""]
    if not it.exercises:
        return "\n".join([*parts, "No points were lost: there is nothing to explain. Name an exercise to see it."])
    parts += code(it)
    for exercise in it.exercises:
        parts += ["", f"==== {exercise.name}: {exercise.score:g} of {exercise.max_score:g} points", ""]
        parts += [*points(it, exercise), *rules(it, exercise)]
        told: set[str] = set()
        for check in it.failed(exercise):
            if check.reached:
                parts += ["", *about(it, exercise, check, told)]
        if why := {clean(check.fact) for check in it.failed(exercise) if not check.reached}:
            parts += ["", f"---- Not reached: the other checks. {' '.join(sorted(why))}"]
    return "\n".join(parts)


# ---- The code ----


def code(it: Explanation) -> Iterator[str]:
    """The cells that ran, with the lines' numbers: those of the exercises asked about, and what belongs to none."""
    names = {e.name for e in it.exercises} | {name for e in it.exercises for name in EXERCISES[e.name].uses}
    yield "==== The code, as it was run"
    for cell in it.witness.candidates[0].ran():
        ours = normal(cell.source) in it.witness.grader.release.setup
        if not ours and (cell.where in names or cell.where not in EXERCISES):
            yield from numbered(cell)
    for name in sorted(names & it.witness.work.untouched):
        yield from ("", f"{name}: the released stub, unchanged")


def numbered(cell: Ran) -> Iterator[str]:
    yield from ("", f"{cell.where}:" + " left out, because it ended its process or never returned" * cell.left_out)
    for number, line in enumerate(cell.source.splitlines(), 1):
        yield f"{number:4}  {plain(line, LINE, keep=chr(9))}"
    for words in cell.said:
        yield f"      {clean(words)}"


# ---- The points ----


def points(it: Explanation, exercise: ExerciseResult) -> Iterator[str]:
    """One line a check: its share, its points, what it earned, of which kind it is, and what became of it."""
    checks = {c.name: c for c in EXERCISES[exercise.name].checks}
    wide = max(map(len, checks))
    yield f"  {'check':<{wide}}  share  points  earned"
    for check in exercise.checks:
        own = checks[check.name]
        kind = f"{'hidden' if own.hidden else 'visible'}, {'values' if own.value else 'no values'}"
        yield f"  {check.name:<{wide}}  {own.share:4.0%}  {check.points:6.4g}  {check.earned:6.4g}  {kind:<18}  " + (
            became(it, exercise, check)
        )
    yield f"  {'sum':<{wide}}  {'':5}  {exercise.max_score:6.4g}  {exercise.score:6.4g}"


def became(it: Explanation, exercise: ExerciseResult, check: CheckResult) -> str:
    if not check.reached:
        return "not reached"
    if check.passed:
        return "passed"
    return "passed on the visible numbers, failed on fresh ones" if it.asked(exercise, check)[1] else "failed"


def rules(it: Explanation, exercise: ExerciseResult) -> Iterator[str]:
    """The rules that decided something here, a sentence each."""
    mine = [a for a in it.witness.attempts if a.exercise == exercise.name]
    if any(c.passed and not c.earned for c in exercise.checks) and exercise.paid:
        yield "  Values first: a check that compares no values earns nothing while every check of values fails."
    if any(it.asked(exercise, c)[1] for c in exercise.checks):
        yield "  Fresh cases: a visible check of values counts if it passes on others like them that the seed draws."
    if exercise.replaced:
        results = confirmed(mine[0].results, len(exercise.checks)) if mine else []
        alone = sum(earned(results, exercise.max_score * exercise.paid))
        yield (
            f"  Follow-through: asked with a right {' and '.join(exercise.replaced)} in place of theirs, because a "
            f"mistake is paid for once. With their own it would be {alone:.4g}."
        )
    elif len(mine) > 1:
        yield "  Follow-through: asked again with right functions in place of wrong ones; that gave no more points."
    if exercise.name == WHOLE_MODEL and exercise.paid not in (0, 1):
        yield "  Two of the model's three functions are wrong: a third of the points is paid."


# ---- A check ----


def about(it: Explanation, exercise: ExerciseResult, check: CheckResult, told: set[str]) -> Iterator[str]:
    """A check: its sentence, what the student reads, its calls, and how the diagnosis was proved (once for each)."""
    yield f"---- {exercise.name}::{check.name}  ({check.earned:.4g} of {check.points:.4g} points)"
    yield f"  It looks at: {clean(check.says)}"
    if check.passed:
        yield "  It passed."
        return
    yield f"  The student reads: {clean(said(exercise, check))}"
    asked, fresh = it.asked(exercise, check)
    attempt = it.attempt(exercise)
    if asked is None or asked.failed is None or attempt is None:
        return
    calls = of_check(asked)
    several = len(calls) if len(calls) > 1 and raised(calls[0]) and calls[0].came is calls[1].came else 0
    if fresh:
        yield "  It passed on the visible numbers. Asked again on others of their kind, drawn by the course's seed:"
    if several:
        calls = calls[:1]
        yield f"  The first of {several} calls that it made in one message; one of them did this:"
    elif calls and not asked.compared and not calls[0].ended:
        yield "  The check has a rule of its own. The calls that it made, beside the reference's answers:"
    for number, one in enumerate(calls, 1):
        yield from ("", indent(call(one, f"call {number} of {len(calls)}: "), "  "))
    name = asked.failed.mistake or asked.failed.measured
    if name:
        kind = "known mistake" if asked.failed.mistake else "measurement"
        yield from ("", f"  Diagnosis: the {kind} {name}{', proved above' if name in told else ''}.")
        sentence, calls = proof(asked, exercise.name, attempt) if name not in told else ("", [])
        yield from ([f"  {sentence}"] if sentence else [])
        for one in calls:
            yield indent(call(one, proves=bool(asked.failed.mistake)), "    ")
        told.add(name)


def call(one: Evidence, which: str = "", proves: bool = False) -> str:
    """A call: its arguments, what came, what should have come (`proves`: what a mistake gives), where they differ."""
    names = stored(one.name).names
    lines = [f"{which}{one.name}({', '.join(names)}){one.label and f', {one.label}'}"]
    given = list(zip(names, one.args, strict=False))
    if one.seeds and not raised(one):
        given.append(("came", first(one)))
    else:
        given.append(("came", clean(one.came) if raised(one) else one.came))
        given.append(("the mistake gives" if proves else "should be", one.expected))
        given += [("right is", right(one.name, one.args))] if proves else []
    wide = max(len(name) for name, _ in given)
    for name, value in given:
        shown = value if isinstance(value, str) else Explain.shown(value)
        lines.append(f"  {name:<{wide}}  " + shown.replace("\n", "\n" + " " * (wide + 4)))
    if not one.ended and (one.seeds or not proves):
        lines += indent(one.difference, "  ").splitlines()
    if one.changed:
        lines.append(f"  Calls so far have changed in place: {', '.join(one.changed)}.")
    return "\n".join(lines)


def raised(one: Evidence) -> bool:
    return isinstance(one.came, Failed)


def first(one: Evidence) -> str:
    """The first ids from each seed; seeds that were used twice come first, because there the ids should be the same."""
    at, lines = 0, []
    for seed, times in one.seeds:
        ids: Any = one.came[at : at + times]
        lines.append((sum(seed == s for s, _ in one.seeds) == 1, f"seed {seed}: {' '.join(map(str, ids[:12]))} ..."))
        at += times
    told = [line for _, line in sorted(lines, key=lambda line: line[0])]
    return "\n".join(told[:6] + [f"and so on, from {len(told) - 6} more seeds"] * (len(told) > 6))
