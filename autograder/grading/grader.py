"""Grading: a notebook's functions, called through the examiner, judged by the exercises, written down in one record.

Every way in (command line, pytest, nbgrader, Gradescope) calls `Grader.grade` and shows its record, so every way in
gives the same score.
"""

from __future__ import annotations

import inspect
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gptkit.checks.core import Local, Result, Student, earned, run
from gptkit.weights import find
from picoGPT import gpt2_pico

from autograder.errors import UsageError
from autograder.exercises import EXERCISES
from autograder.exercises.hidden_data import Hidden
from autograder.grading.verdicts import Verdicts, digest, rules, times
from autograder.notebooks import submission
from autograder.notebooks.opening import Unreadable, open_notebook
from autograder.sandbox import isolation as sandbox
from autograder.sandbox.proxy import Candidate, Limits

log = logging.getLogger(__name__)

REPOSITORY = Path(__file__).resolve().parents[2]
ASSIGNMENT = os.environ.get("AUTOGRADER_ASSIGNMENT", "gpt2")  # docs/new-exercise.md: a second assignment
RELEASE = REPOSITORY / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
RIGHT_SOFTMAX = "import numpy as np\n" + inspect.getsource(gpt2_pico.softmax)  # for follow-through marks
TRANSFORMER = ("softmax", "layer_norm", "attention")  # the functions that end_to_end runs the whole model on

# The student's other functions that an exercise may run on:
HELPERS = {"attention": ("softmax",), "sample_top_n": ("softmax",), "end_to_end": TRANSFORMER}


def released() -> submission.Release:
    """What the released notebook says. Raises UsageError when it has not been made."""
    if not RELEASE.exists():
        raise UsageError(f"{RELEASE} is missing: make it with `autograder release`.")
    return submission.Release.from_notebook(RELEASE)


@dataclass
class Grader:
    """Grades notebooks one after the other; what is the same for all of them is made once."""

    isolation: str = "auto"
    limits: Limits | None = None

    def __post_init__(self):
        self.release = released()
        self.names = [name for name in EXERCISES if name in self.release.points]  # of this assignment
        model, self.seed = find(), os.environ.get("AUTOGRADER_SEED", "0")
        self.hidden = Hidden(model, self.seed)
        try:
            self.limits = self.limits or Limits.chosen()
            self.sandbox = sandbox.open(self.isolation)
        except sandbox.Unavailable as why:
            raise UsageError(str(why)) from None
        self.rules = rules(RELEASE.read_bytes(), model, self.seed, self.limits)  # on any machine
        here = digest(self.rules, times(model))  # on this one
        self.context = digest(here, self.isolation)
        keep = os.environ.get("AUTOGRADER_VERDICTS", REPOSITORY / ".verdicts")
        self.verdicts = Verdicts(Path(keep), here, self.isolation) if keep else None

    def __enter__(self) -> Grader:
        return self

    def __exit__(self, *_: Any) -> None:
        self.sandbox.close()

    def grade(self, path: str | Path, label: str) -> dict[str, Any]:
        """The record of one submission. Never raises for what is in the notebook or what its code does."""
        started = time.perf_counter()
        try:
            result = self.verdict(submission.read(open_notebook(Path(path)), self.release))
        except Unreadable as error:
            result = self.nothing(str(error))
        except Exception:
            log.exception("The grader itself failed on %s", label)
            result = self.nothing("The grader itself failed on this notebook: please tell your instructor.")
        return self.record(label, result, time.perf_counter() - started)

    def zero(self, label: str, why: str) -> dict[str, Any]:
        """The record of a submission that could not be examined at all, with the reason."""
        return self.record(label, self.nothing(why), 0.0)

    def record(self, label: str, result: dict[str, Any], seconds: float) -> dict[str, Any]:
        return {
            "schema": 1,
            "submission": label,
            "assignment": self.release.name,
            "model": self.hidden.model,
            "isolation": result.get("isolation") or self.sandbox.isolation,  # asking the sandbox would start it
            "score": round(sum(e["score"] for e in result["exercises"]), 6),
            "max_score": sum(self.release.points.values()),
            "seconds": round(seconds, 3),
            **result,
        }

    def verdict(self, work: submission.Submission) -> dict[str, Any]:
        """The kept verdict on these cells, or an examination, which is then kept with the seconds that it took."""
        kept = self.verdicts.get(work) if self.verdicts else None
        if kept is None:
            started = time.perf_counter()
            kept = self.examine(work)
            kept |= {"isolation": self.sandbox.isolation, "seconds": round(time.perf_counter() - started, 3)}
            if self.verdicts:
                self.verdicts.put(work, kept)
        return kept

    def examine(self, work: submission.Submission) -> dict[str, Any]:
        """The exercises' results and the notes about the notebook."""
        with Candidate(self.sandbox, work.cells, self.limits) as candidate:
            results: dict[str, list[Result]] = {}
            for name in self.names:
                helpers = [n for n in HELPERS.get(name, ()) if n in results]
                ended = next((end for n in helpers if (end := ending(results[n]))), None)
                if ended:  # calling it again would only wait for the same function again
                    results[name] = not_reached(name, ended.message, ended.status)
                    continue
                student = function(work, candidate, name)
                if name == "end_to_end":
                    student = SimpleNamespace(**{n: function(work, candidate, n) for n in TRANSFORMER})
                results[name] = self.ask(candidate, name, student)
            notes = [*work.notes, *candidate.notes]
        failed = [n for n in self.names if not complete(results[n])]
        for name in ("attention", "sample_top_n"):
            if "softmax" in failed and name in failed and name not in work.untouched:
                results[name] = better(results[name], self.again(work, name, ["softmax"]))
        right = [n for n in TRANSFORMER if n in results and complete(results[n])]
        wrong = [n for n in TRANSFORMER if n in failed and n not in right and results[n][0].status != "missing"]
        if right and wrong and "end_to_end" in failed:
            results["end_to_end"] = better(results["end_to_end"], self.again(work, "end_to_end", wrong))
        return {"exercises": [self.exercise(n, results[n]) for n in self.names], "notes": notes}

    def ask(self, candidate: Candidate, name: str, student: Student | SimpleNamespace) -> list[Result]:
        return run([candidate.guarded(check) for check in EXERCISES[name]], student, self.hidden)

    def again(self, work: submission.Submission, name: str, wrong: list[str]) -> list[Result]:
        """Grade `name` once more in a new candidate, with right functions in place of those that failed their exercise.

        So a mistake is paid for once. The whole model is asked again only when one of its three functions is right.
        """
        with Candidate(self.sandbox, work.cells, self.limits) as candidate:
            if "softmax" in wrong:
                candidate.define(RIGHT_SOFTMAX)
            functions = {n: function(work, candidate, n) for n in TRANSFORMER}
            functions |= {n: Local(getattr(gpt2_pico, n), n) for n in wrong}
            student = SimpleNamespace(**functions) if name == "end_to_end" else candidate.function(name)
            return told(self.ask(candidate, name, student), wrong)

    def exercise(self, name: str, results: list[Result]) -> dict[str, Any]:
        """The record's object for one exercise."""
        points = self.release.points[name]
        marks = earned(results, points)
        return {
            "name": name,
            "score": points if complete(results) else round(sum(marks), 6),
            "max_score": points,
            "status": status(results, sum(marks)),
            "checks": [
                {
                    "name": r.check.name,
                    "says": r.check.says,
                    "points": round(points * r.check.share, 6),
                    "earned": round(mark, 6),
                    "passed": r.passed,
                    "hidden": r.check.hidden,
                    "message": r.message,
                    "mistake": r.mistake,
                    "hint": r.hint,
                }
                for r, mark in zip(results, marks, strict=True)
            ],
        }

    def nothing(self, why: str) -> dict[str, Any]:
        """The record of a notebook that cannot be examined: zero everywhere, and the reason."""
        none = {name: not_reached(name, why, "missing") for name in self.names}
        return {"exercises": [self.exercise(n, none[n]) for n in self.names], "notes": [why]}


def function(work: submission.Submission, candidate: Candidate, name: str) -> Student:
    """The student's function of that name; one that says so where its cell is still the released stub."""
    return Local(unwritten, name) if name in work.untouched else candidate.function(name)


def unwritten(*_: Any) -> None:
    raise NotImplementedError


def complete(results: list[Result]) -> bool:
    return all(r.passed for r in results)


def ending(results: list[Result]) -> Result | None:
    """The result with which a function took its process with it or never returned, if it did."""
    return next((r for r in results if r.status in ("timeout", "crashed")), None)


def not_reached(name: str, why: str, status: str) -> list[Result]:
    return [Result(check, False, f"Not reached: {why}", status=status) for check in EXERCISES[name]]


def better(first: list[Result], second: list[Result]) -> list[Result]:
    return second if sum(earned(second, 1.0)) > sum(earned(first, 1.0)) else first


def told(results: list[Result], replaced: list[str]) -> list[Result]:
    """The same results, each saying which functions were not the student's."""
    prefix = f"With a right {' and '.join(replaced)} in place of yours: "
    for result in results:
        result.message = prefix + result.message[:1].lower() + result.message[1:]
    return results


def status(results: list[Result], score: float) -> str:
    """The report's word for an exercise: passed, partial, failed, missing, error, timeout or crashed."""
    if complete(results):
        return "passed"
    abnormal = next((r.status for r in results if r.status not in ("passed", "failed")), "failed")
    return "partial" if score > 0 and abnormal in ("failed", "error", "missing") else abnormal
