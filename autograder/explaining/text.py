"""A mark explained on a terminal: the code, how the points add up, and each failed check with its calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import indent

from gptkit.checks.core import earned

from autograder.exercises import EXERCISES
from autograder.explaining.evidence import Evidence, of_check, proof, right, stored
from autograder.explaining.reproduce import Explain
from autograder.explaining.witness import Asked, Witness
from autograder.grading.grader import WHOLE_MODEL, confirmed
from autograder.notebooks.submission import normal
from autograder.record import CheckResult, ExerciseResult, Record
from autograder.reports import clean, text
from autograder.reports.words import why as said
from autograder.sandbox.replies import plain

WARNING = "FOR THE INSTRUCTOR ONLY: this tells hidden cases. It is not for students."
LINE, SEEDS, IDS = 1000, 6, 12  # characters of a line of code; seeds of draws, and ids of each, that are shown


@dataclass
class Explanation:
    """One submission's record, the examination that found it, and the exercises (and the check) asked about."""

    record: Record
    witness: Witness
    exercises: list[ExerciseResult]
    check: str = ""

    def failed(self, exercise: ExerciseResult) -> list[CheckResult]:
        """The checks to explain: those that did not pass, or the one that is asked about."""
        return [c for c in exercise.checks if not c.passed and self.check in ("", c.name)]

    def asked(self, exercise: ExerciseResult, check: CheckResult) -> tuple[Asked | None, bool]:
        """How the check failed, and whether it did so only on fresh cases of its kind."""
        attempt = self.witness.attempt(exercise.name)
        asked = [one for one in attempt.asked if one.check.name == check.name] if attempt else []
        return next(((one, fresh > 0) for fresh, one in enumerate(asked[:2]) if one.failed), (None, False))


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
            parts += ["", *about(it, exercise, check, told)] if check.reached else []
        if why := {clean(check.fact) for check in it.failed(exercise) if not check.reached}:
            parts += ["", f"---- Not reached: the other checks. {' '.join(sorted(why))}"]
    return "\n".join(parts)


def code(it: Explanation) -> Iterator[str]:
    """The cells that ran, with the lines' numbers: those of the exercises asked about, and what belongs to none."""
    names = {name for e in it.exercises for name in (e.name, *EXERCISES[e.name].uses)}
    yield "==== The code, as it was run"
    for cell in it.witness.first_candidate.ran if it.witness.first_candidate else ():
        if normal(cell.source) in it.witness.grader.release.setup or cell.where in EXERCISES.keys() - names:
            continue
        yield f"\n{cell.where}:" + " left out, because it ended its process or never returned" * cell.left_out
        for number, line in enumerate(cell.source.splitlines(), 1):
            yield f"{number:4}  {plain(line, LINE, keep=chr(9))}"
        yield from (f"      {clean(words)}" for words in cell.said)
    for name in sorted(names & it.witness.work.untouched):
        yield f"\n{name}: the released stub, unchanged"


def points(it: Explanation, exercise: ExerciseResult) -> Iterator[str]:
    """One line a check: its share, its points, what it earned, of which kind it is, and what became of it."""
    wide = max(len(check.name) for check in exercise.checks)
    yield f"  {'check':<{wide}}  share  points  earned"
    for check, own in zip(exercise.checks, EXERCISES[exercise.name].checks, strict=True):
        kind = f"{'hidden' if own.hidden else 'visible'}, {'values' if own.value else 'no values'}"
        became = "passed" if check.passed else "failed" if check.reached else "not reached"
        if it.asked(exercise, check)[1]:
            became = "passed on the visible numbers, failed on fresh ones"
        numbers = f"{own.share:5.0%}  {check.points:6.4g}  {check.earned:6.4g}"
        yield f"  {check.name:<{wide}}  {numbers}  {kind:<18}  {became}"
    yield f"  {'sum':<{wide}}  {'':5}  {exercise.max_score:6.4g}  {exercise.score:6.4g}"


def rules(it: Explanation, exercise: ExerciseResult) -> Iterator[str]:
    """The rules that decided something here, a sentence each."""
    mine = [a for a in it.witness.attempts if a.exercise == exercise.name]
    if any(c.passed and not c.earned for c in exercise.checks):
        yield "  Values first: a check that compares no values earns nothing while every check of values fails."
    if any(it.asked(exercise, c)[1] for c in exercise.checks):
        yield "  Fresh cases: a visible check of values counts if it passes on others like them that the seed draws."
    if exercise.replaced and mine:
        alone = earned(confirmed(mine[0].results, len(exercise.checks)), exercise.max_score * exercise.paid)
        right_ones = f"asked with a right {' and '.join(exercise.replaced)} in place of theirs"
        yield f"  Follow-through: {right_ones}, because a mistake is paid for once."
        yield f"  With their own it would be {sum(alone):.4g}."
    elif len(mine) > 1:
        yield "  Follow-through: asked again with right functions in place of wrong ones; that gave no more points."
    if exercise.name == WHOLE_MODEL and 0 < exercise.paid < 1:
        yield "  Two of the model's three functions are wrong: a third of the points is paid."


def about(it: Explanation, exercise: ExerciseResult, check: CheckResult, told: set[str]) -> Iterator[str]:
    """A check: its sentence, what the student reads, its calls, and how the diagnosis was proved (once for each)."""
    yield f"---- {exercise.name}::{check.name}  ({check.earned:.4g} of {check.points:.4g} points)"
    yield f"  It looks at: {clean(check.says)}"
    yield f"  The student reads: {clean(said(exercise, check))}"
    (asked, fresh), attempt = it.asked(exercise, check), it.witness.attempt(exercise.name)
    if asked is None or asked.failed is None or attempt is None:
        return
    calls = of_check(asked, fresh)
    if fresh:
        yield "  It passed on the visible numbers. Asked again on others of their kind, drawn by the course's seed:"
    # One object for all calls of a message: in which of them the process ended is not known.
    if len(calls) > 1 and calls[0].raised and calls[0].came is calls[1].came:
        yield f"  The first of {len(calls)} calls that it made in one message; one of them did this:"
        calls = calls[:1]
    elif calls and not asked.compared and not calls[0].ended:
        yield "  The check has a rule of its own. The calls that it made, beside the reference's answers:"
    for number, one in enumerate(calls, 1):
        yield indent(f"\n{call(one, f'call {number} of {len(calls)}: ')}", "  ")
    if name := asked.failed.mistake or asked.failed.measured:
        kind = "known mistake" if asked.failed.mistake else "measurement"
        yield f"\n  Diagnosis: the {kind} {name}{', proved above' if name in told else ''}."
        sentence, calls = proof(asked, attempt) if name not in told else ("", [])
        yield from ([f"  {sentence}"] if sentence else [])
        yield from (indent(call(one, gives=bool(asked.failed.mistake)), "    ") for one in calls)
        told.add(name)


def call(one: Evidence, which: str = "", gives: bool = False) -> str:
    """A call: its arguments, what came, what should have come (`gives`: what a mistake gives), where they differ."""
    names = stored(one.name).names
    lines = [f"{which}{one.name}({', '.join(names)}){one.label and f', {one.label}'}"]
    rows = [(name, Explain.shown(value)) for name, value in zip(names, one.args, strict=False)]
    if one.seeds and one.drew:
        rows.append(("came", first_ids(one)))
    else:
        rows.append(("came", clean(one.came) if one.raised else Explain.shown(one.came)))
        wanted = "one token id" if one.seeds else Explain.shown(one.expected)
        rows.append(("the mistake gives" if gives else "should be", wanted))
        rows += [("right is", Explain.shown(right(one.name, one.args)))] if gives else []
    wide = max(len(name) for name, _ in rows)
    lines += [f"  {name:<{wide}}  " + shown.replace("\n", "\n" + " " * (wide + 4)) for name, shown in rows]
    if one.seeds or not (one.ended or gives):
        lines += indent(one.difference, "  ").splitlines()
    if one.changed:
        lines.append(f"  Calls so far have changed in place: {', '.join(one.changed)}.")
    return "\n".join(lines)


def first_ids(one: Evidence) -> str:
    """The first ids from each seed; seeds that were used twice come first, because there the ids should be the same."""
    at, lines, seeds = 0, [], [seed for seed, _ in one.seeds]
    for seed, times in one.seeds:
        ids = " ".join(map(str, one.came[at : at + IDS]))
        lines.append((seeds.count(seed) == 1, f"seed {seed}: {ids} ..."))
        at += times
    told = [line for _, line in sorted(lines, key=lambda line: line[0])]
    return "\n".join(told[:SEEDS] + [f"and so on, from {len(told) - SEEDS} more seeds"] * (len(told) > SEEDS))
