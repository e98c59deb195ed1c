"""`autograder course grade`: a class examined, recorded in nbgrader's gradebook, with its feedback, in parallel.

Stopped at any moment and started again, it does what is not done. What is done to one submission is in clerk.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.errors import UsageError
from autograder.executors.batch import DIED, LOST, examined, shown, spread
from autograder.executors.pools import Here, There
from autograder.nbgrader.converters import made_from
from autograder.nbgrader.recorder import Clerk, first_line

clerk: Clerk | None = None  # this worker process's own


def finish(settings: tuple, student: str, *known: Any) -> str | None:
    """In a worker process: finish a submission. Returns why it could not be recorded; raises UsageError if none can."""
    global clerk
    clerk = clerk or Clerk(*settings)
    try:
        clerk.finish(student, *known)
    except UsageError:
        raise
    except Exception as error:
        clerk.gradebook.forget()
        return f"{type(error).__name__}: {first_line(error)}" if str(error).strip() else type(error).__name__
    return None


def grade(options: argparse.Namespace) -> int:
    """The command. Raises UsageError; the exit code is 1 when some submissions could not be recorded."""
    head = Clerk(options.assignment, options.isolation)
    with head.grader:
        students = head.students()
        standing = head.patiently(lambda: head.gradebook.standing(options.assignment))
        looked = shown(students, len(students), doing="looking for what is new")
        todo = [student for student in looked if not head.done(student, standing.get(student))]
        with Here(options.jobs) as crew:
            results = outcomes(head, crew, todo, options)
            said = {who: why for who, why in shown(results, len(todo), lambda one: one[1]) if why}
    if todo:
        print(f"{len(todo) - len(said)} submissions recorded, with feedback; ", end="")
    print(f"{len(students) - len(todo)} were done already.")
    said |= dict.fromkeys(head.course.unfit, "nbgrader cannot handle a folder of that name; rename it")
    for who, why in sorted(said.items()):
        print(f"  not recorded: {who}: {why}")
    return 1 if said else 0


def outcomes(head: Clerk, crew: Here, todo: list[str], options: argparse.Namespace) -> Iterator[tuple[str, str | None]]:
    """(student, why not) of everyone, as they come: examined here, or by Dask's workers."""
    settings, lost = (options.assignment, options.isolation), []

    def calls() -> Iterator[tuple]:
        if not options.scheduler:
            yield from ((student, finish, settings, student) for student in todo)
            return
        made: list[str] = []

        def work() -> Iterator[tuple[str, Path]]:
            for student in todo:
                made.append(made_from(head.grader, head.submitted(student)))
                yield label(student), head.submitted(student)

        for place, record in examined(head.grader, work(), There(options.scheduler)):
            yield todo[place], finish, settings, todo[place], record, made[place]

    def label(student: str) -> str:
        return f"{student}/{head.assignment}/{head.assignment}.ipynb"

    for student, why in spread(crew, calls()):
        if why is LOST:
            lost.append(student)
        else:
            yield student, why
    zeros = ((student, finish, settings, student, head.grader.zero(label(student), DIED)) for student in lost)
    for student, why in spread(crew, zeros):
        yield student, "The process that recorded it ended, twice." if why is LOST else why
