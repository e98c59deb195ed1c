"""The grader: one submission in, one record out, whatever is in the notebook and whatever its code does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from gptkit.checks import core
from gptkit.checks.core import ENDS, Check, Failed, Local, Result, Student, earned, run
from gptkit.engine.model import PARTS
from gptkit.weights import WeightsError
from picoGPT import gpt2_pico

from autograder.errors import CannotGrade
from autograder.exercises import DRAWN, EXERCISES
from autograder.exercises.hidden_data import Hidden
from autograder.grading import follow_through
from autograder.grading.verdicts import Verdicts, digest, rules, times
from autograder.notebooks import submission
from autograder.notebooks.opening import Notebook, Unreadable, open_notebook
from autograder.notebooks.submission import shortened
from autograder.record import CheckResult, ExerciseResult, Record, Status
from autograder.sandbox.isolation import Sandbox
from autograder.sandbox.proxy import Candidate, Clock
from autograder.sandbox.zygote import Lacking, Lost
from autograder.settings import Settings

log = logging.getLogger(__name__)

WHOLE_MODEL = "end_to_end"
PAID = {0: 1.0, 1: 1.0, 2: 1 / 3, 3: 0.0}  # of the whole model's points, by how many of its functions are wrong
RESERVED = 0.025  # of a submission's seconds, for the visible or the hidden part of each exercise still to come
LOOKS = 3  # how often a submission is examined whose process was ended from outside
UNGRADED = "The grader itself failed on this notebook ({problem}); it is not graded."


class Grader:
    """Grades notebooks one after the other; what is the same for all of them is made once.

    Raises UsageError, and CannotGrade when this machine cannot grade: before the first student, the answer key is
    graded with the same model, seed, limits and sandbox, and must get full marks (`rehearsed`: that has been seen to).
    A sandbox that was started beforehand is used, and closed in the end.
    """

    def __init__(
        self, settings: Settings, isolation: str = "auto", rehearsed: bool = False, sandbox: Sandbox | None = None
    ):
        self.settings, self.isolation, self.limits = settings.seeded(), isolation, settings.limits
        assert self.settings.seed is not None
        self.release = submission.Release.of(settings)
        self.exercises = {name: e for name, e in EXERCISES.items() if name in self.release.points}
        model = settings.model()
        self.hidden = Hidden(model, self.settings.seed)
        self.sandbox = sandbox or Sandbox(isolation)
        self.rules = rules(settings.release.read_bytes(), model, self.settings.seed, self.limits)  # on any machine
        self.context = digest(self.rules, times(model))  # on this one
        self.verdicts = Verdicts(settings.verdicts, self.context, isolation, settings.fresh)
        if not rehearsed:
            try:
                self.rehearse()
            except BaseException:
                self.close()
                raise

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """End the sandbox's process."""
        self.sandbox.close()

    # ---- One submission ----

    def grade(self, notebook: str | Path | Notebook, label: str, notes: Sequence[str] = ()) -> Record:
        """The record of one submission, a file or what was read of one; `notes` on how it was found come first.

        Raises nothing: what could not be graded has an `error` and no score.
        """
        record = self._grade(notebook, label)
        return replace(record, submission=label, notes=shortened([*notes, *record.notes]))

    def _grade(self, notebook: str | Path | Notebook, label: str) -> Record:
        started = time.perf_counter()
        try:
            opened = notebook if isinstance(notebook, Notebook) else open_notebook(Path(notebook))
            record = self.verdict(submission.read(opened, self.release))
        except Unreadable as error:
            record = self.zero(label, str(error))
        except CannotGrade as error:
            return self.ungraded(label, str(error))
        # Whatever happens here is ours, and costs one record, not the class.
        except Exception as error:
            log.exception("The grader itself failed on %s", label)
            return self.ungraded(label, UNGRADED.format(problem=type(error).__name__))
        if not record.kept:
            record.seconds = rough(time.perf_counter() - started)
        return record

    def zero(self, label: str, why: str) -> Record:
        """The record of a submission with nothing in it that could be examined, which is the student's own doing."""
        none = {name: not_reached(exercise.checks, why, "missing") for name, exercise in self.exercises.items()}
        return self.record(none, [why], {}, label)

    def ungraded(self, label: str, why: str) -> Record:
        """The record of a submission that could not be graded, which is not the student's doing: no score."""
        return replace(self.record({}, [], {}, label), score=None, error=why)

    def record(
        self, results: dict[str, list[Result]], notes: list[str], replaced: dict[str, dict[str, Any]], label: str = ""
    ) -> Record:
        exercises = [self.exercise(name, found, **replaced.get(name, {})) for name, found in results.items()]
        return Record(
            submission=label,
            assignment=self.release.name,
            model=self.hidden.model,
            isolation=self.sandbox.mode,
            score=round(sum(e.score for e in exercises), 6),
            max_score=sum(self.release.points.values()),
            seconds=0.0,
            exercises=exercises,
            notes=notes,
        )

    def exercise(
        self, name: str, results: list[Result], replaced: Sequence[str] = (), paid: float = 1.0
    ) -> ExerciseResult:
        """The record's object for one exercise."""
        points = self.release.points[name]
        marks = [mark * paid for mark in earned(results, points)]
        checks = [
            CheckResult(
                name=r.check.name,
                points=round(points * r.check.share, 6),
                earned=round(mark, 6),
                passed=r.passed,
                hidden=r.check.hidden,
                fact=r.message,
                says=r.check.says,
                reached=r.reached,
                mistake=r.mistake,
                hint=r.hint,
                measured=r.measured,
                example=r.example,
            )
            for r, mark in zip(results, marks, strict=True)
        ]
        score = points * paid if complete(results) else sum(marks)  # shares such as 0.1 do not sum to 1 exactly
        return ExerciseResult(
            name, round(score, 6), points, status(results, sum(marks), paid), checks, list(replaced), round(paid, 6)
        )

    # ---- Examining ----

    def verdict(self, work: submission.Submission) -> Record:
        """The kept verdict on these cells, or an examination, which is then kept. Raises CannotGrade."""
        kept = self.verdicts.get(work)
        if kept is None:
            started = time.perf_counter()
            kept = self.examine(work)
            self.verdicts.put(work, replace(kept, seconds=rough(time.perf_counter() - started)))
        return kept

    def examine(self, work: submission.Submission, kind: Callable[..., Examination] | None = None) -> Record:
        """What the exercises find, asked again when a process was ended from outside. Raises CannotGrade.

        `kind` makes another Examination than usual, one that remembers more (explaining).
        """
        looks, everything = 0, False
        while True:
            try:
                with np.errstate(all="ignore"):  # a student's numbers may be as large as they like
                    return (kind or Examination)(self, work, looks > 0, everything).record()
            except Lacking:  # begun anew, so that all of it is as if it had begun with everything
                everything = True
            except Lost as why:
                looks += 1
                if looks == LOOKS:
                    raise CannotGrade(str(why)) from None
                log.warning("%s It is examined again.", why)
            except WeightsError as error:
                raise CannotGrade(str(error)) from None

    def rehearse(self) -> None:
        """Grade the answer key, once for all that decides a score. Raises CannotGrade with what is below full marks."""
        try:
            key = submission.read(open_notebook(self.settings.answer_key), self.release)
        except Unreadable as error:
            raise CannotGrade(f"The answer key cannot be read: {error}") from None
        record = self.verdicts.get(key)
        if record is None:
            record = self.examine(key)
            if record.score == record.max_score:
                self.verdicts.put(key, record)
        for exercise in record.exercises:
            for check in exercise.checks:
                if not check.passed:
                    raise CannotGrade(
                        f"The answer key does not get full marks here, so nobody is graded: {exercise.name}, "
                        f"{check.name}: {check.fact} Is the model {record.model} damaged, or a limit too low?"
                    )


class Examination:
    """One submission being examined: the results by exercise, and what was done for a mistake to be paid for once."""

    def __init__(self, grader: Grader, work: submission.Submission, second_look: bool, everything: bool):
        self.grader, self.work, self.second_look, self.everything = grader, work, second_look, everything
        self.results: dict[str, list[Result]] = {name: [] for name in grader.exercises}
        self.students: dict[str, Any] = {}  # what the checks of an exercise are given: a Student, or the whole model's
        self.undiagnosed: set[str] = set()  # exercises whose checks have not looked for causes yet
        self.clock = Clock(grader.limits.submission_seconds)
        self.replaced: dict[str, dict[str, Any]] = {}  # exercise -> the record's fields on what was replaced

    def record(self) -> Record:
        """Ask everything, then ask again with right functions where the student's own failed their exercise.

        All that is visible comes first: a process that has seen a hidden input is not asked a visible question.
        """
        # Two rounds: the visible checks of all exercises, then the hidden ones.
        steps = [(hidden, name) for hidden in (False, True) for name in self.grader.exercises]
        with self.candidate() as candidate:
            for to_come, (hidden, name) in zip(range(len(steps))[::-1], steps, strict=True):
                self.clock.reserved = to_come * RESERVED * self.clock.limit
                if hidden and name == WHOLE_MODEL and self.put_off():
                    continue
                found = self.results[name] + self.first(candidate, name, hidden)
                self.results[name] = confirmed(found, len(self.grader.exercises[name].checks))
            notes = [*self.work.notes, *candidate.notes]
        for name, exercise in self.grader.exercises.items():
            # In the exercises' order: an attention that is right on a right softmax is not wrong in the whole model.
            replaced = [part for part in exercise.uses if not complete(self.results.get(part, []))]
            if complete(self.results[name]):
                continue
            if name == WHOLE_MODEL:
                self.whole_model(replaced)
            elif replaced and name not in self.work.untouched:
                self.again(name, replaced)
                if name in self.undiagnosed and name not in self.replaced and not ending(self.results[name]):
                    self.as_it_is(name)
        return self.grader.record(self.results, notes, self.replaced)

    def candidate(self) -> Candidate:
        sandbox, limits = self.grader.sandbox, self.grader.limits
        return Candidate(sandbox, self.work.cells, limits, self.clock, self.second_look, self.everything)

    def first(self, candidate: Candidate, name: str, hidden: bool) -> list[Result]:
        """What the hidden or the visible checks of an exercise find in the student's functions as they are."""
        exercise = self.grader.exercises[name]
        checks = [check for check in exercise.checks if check.hidden == hidden] + (DRAWN[name] if hidden else [])
        # An exercise whose helper never returns would never return either.
        ended = [end for part in exercise.uses if (end := ending(self.results.get(part, [])))]
        ended = [result for result in self.results[name] if result.status in ENDS] or ended
        if ended:  # calling it again would only wait for the same function again
            return not_reached(checks, ended[0].message, ended[0].status)
        if name not in self.students:
            self.students[name] = self.theirs(candidate, name)
            wrong = [part for part in exercise.uses if not complete(self.results.get(part, []))]
            if wrong and name != WHOLE_MODEL:
                # Likely that is why it fails, if it does. The search for a cause, which may take thousands of draws,
                # waits until it is known what the function does with right ones.
                self.undiagnosed.add(name)
                self.students[name].memory.explained = True
        return self.ask(candidate, checks, self.students[name])

    def ask(self, candidate: Candidate, checks: list[Check], student: Student | SimpleNamespace) -> list[Result]:
        return run([candidate.guarded(check) for check in checks], student, self.grader.hidden)

    def theirs(self, candidate: Candidate, name: str) -> Student | SimpleNamespace:
        """What the checks of an exercise are given: the student's function, for the whole model its three."""
        if name != WHOLE_MODEL:
            return self.function(candidate, name)
        # What is known of them from their own exercises need not be asked again.
        mine = {n: s for n, s in self.students.items() if getattr(s, "candidate", None) is candidate}
        known = {part: s for part, s in mine.items() if part not in self.undiagnosed}
        return SimpleNamespace(**{part: known.get(part) or self.function(candidate, part) for part in PARTS})

    def function(self, candidate: Candidate, name: str) -> Student:
        """The student's function of that name; one that says so where its cell is still the released stub."""
        return Stub(name=name) if name in self.work.untouched else candidate.function(name)

    def again(self, name: str, replaced: list[str], paid: float = 1.0) -> None:
        """Ask `name` with right functions in place of those named, each way of doing that; the best result counts."""
        helper, helpers = 0, 0
        while helper <= helpers:
            with self.candidate() as candidate:
                candidate.define(follow_through.source(replaced, helper))
                helpers = follow_through.helpers(candidate) if not helper else helpers
                student = self.theirs(candidate, name)
                for part in replaced if name == WHOLE_MODEL else ():
                    setattr(student, part, Local(getattr(gpt2_pico, part), part))
                checks = self.grader.exercises[name].checks
                found = confirmed(self.ask(candidate, [*checks, *DRAWN[name]], student), len(checks))
            # Strictly better: where it makes no difference, the student is told about their own functions.
            if sum(earned(found, 1.0)) > sum(earned(self.results[name], 1.0)):
                self.results[name], self.replaced[name] = found, {"replaced": replaced, "paid": paid}
            if complete(found):
                return
            helper += 1

    def whole_model(self, wrong: list[str]) -> None:
        """Ask the whole model with right functions in place of wrong ones, for so many points as are the student's own.

        An untouched stub is not replaced: a model that lacks a function earns nothing, and neither does one in which
        none of the three is right.
        """
        exercise, paid = self.grader.exercises[WHOLE_MODEL], PAID[len(wrong)]
        if stubs := [part for part in PARTS if part in self.work.untouched]:
            self.results[WHOLE_MODEL] = not_reached(exercise.checks, f"{stubs[0]} is not written yet.", "missing")
        elif not paid:
            why = f"None of {', '.join(wrong[:-1])} and {wrong[-1]} passes its own exercise."
            self.results[WHOLE_MODEL] = not_reached(exercise.checks, why, "failed")
        elif wrong:
            put_off = len(self.results[WHOLE_MODEL]) < len(exercise.checks)
            self.replaced[WHOLE_MODEL] = {"paid": paid}
            self.again(WHOLE_MODEL, wrong, paid)
            if put_off and not complete(self.results[WHOLE_MODEL]):
                self.as_it_is(WHOLE_MODEL, paid)

    def put_off(self) -> bool:
        """Whether the whole model, which has failed already, is asked with right functions before all else.

        Where that passes, its hidden part on the wrong functions decides nothing, and costs a third of an examination.
        """
        failed = not complete(self.results[WHOLE_MODEL]) and not ending(self.results[WHOLE_MODEL])
        return failed and any(not complete(self.results.get(part, [])) for part in PARTS)

    def as_it_is(self, name: str, paid: float = 1.0) -> None:
        """Ask all of an exercise on the student's own functions after all; the better result counts."""
        checks = self.grader.exercises[name].checks
        with self.candidate() as candidate:
            found = confirmed(self.ask(candidate, [*checks, *DRAWN[name]], self.theirs(candidate, name)), len(checks))
        known = self.results[name]
        better = sum(earned(found, 1.0)) >= sum(earned(known, 1.0)) and not ending(found)
        if better or len(known) < len(checks):  # what was put off has to be answered, be it by a lack of time
            self.results[name], self.replaced[name] = found, {"paid": paid}


class Stub(Local):
    """Stands for a function whose cell is still the released stub; there is no need to run it."""

    def __init__(self, name: str):
        super().__init__(print, name)

    def __call__(self, *_: Any) -> Any:
        raise Failed(f"{self.name} is not written yet.", status="missing")


def confirmed(results: list[Result], count: int) -> list[Result]:
    """The first `count` results; a visible one of values passes when it also passes on cases that nobody has seen.

    What the checks found on those cases comes after the exercise's own results, under the names of the visible checks.
    """
    # Those that failed on fresh cases, by the visible check that they repeat.
    again = {result.check.name: result for result in results[count:] if not result.passed}
    return [looked_up(r, again[r.check.name]) if r.passed and r.check.name in again else r for r in results[:count]]


def looked_up(result: Result, again: Result) -> Result:
    """What is said of a visible check that passed on the visible numbers alone. The others' numbers stay hidden."""
    question = "What does it do with numbers, and sizes, that it has not seen?"
    fact = "Only the numbers of the visible checks come out right." if again.reached else again.message
    return Result(result.check, False, fact, hint=question, status=again.status, reached=again.reached)


def complete(results: list[Result]) -> bool:
    return all(r.passed for r in results)


def ending(results: list[Result]) -> Result | None:
    """The result with which a function took its process with it or never returned, if it did."""
    return next((r for r in results if r.status in ("timeout", "crashed")), None)


def not_reached(checks: list[Check], why: str, status: core.Status) -> list[Result]:
    return [Result(check, False, why, status=status, reached=False) for check in checks]


def rough(seconds: float) -> float:
    """Seconds to one digit: a student who may choose how long their code takes tells five bits with it, and no more."""
    return float(f"{seconds:.1g}")


def status(results: list[Result], score: float, paid: float = 1.0) -> Status:
    """The report's word for an exercise: passed, partial, failed, missing, error, timeout or crashed."""
    if complete(results):
        return "passed" if paid == 1 else "partial"
    abnormal: Status = next((r.status for r in results if r.status not in ("passed", "failed")), "failed")
    return "partial" if score > 0 and abnormal in ("failed", "error", "missing") else abnormal
