"""`autograder course grade`: a class examined, recorded in nbgrader's gradebook, with its feedback, in parallel.

Stopped at any moment and started again, it does what is not done. What is done to one is in nbgrader/recorder.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from autograder.doors.options import add_grading_options
from autograder.errors import AutograderError, NotGraded
from autograder.executors.local import skip_slow_import

if TYPE_CHECKING:
    from autograder.executors.local import LocalPool
    from autograder.nbgrader.recorder import Recorder

HELP = """Examine everything in submitted/, record it in the gradebook and write the feedback pages, in parallel.

Run it in the course folder. It does what `nbgrader autograde` and `nbgrader generate_feedback` do, with the course's
nbgrader_config.py, and may be stopped at any moment: started again, it does what is not done, or what has changed since
(a new submission, a mark given by hand, another version of the grader). Marks and comments given by hand stay. The exit
code is 3 when some could not be graded or recorded: they get no mark, and the next run does them."""

recorder: Recorder | None = None  # this worker process's own


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    course = commands.add_parser("course", help="grade a whole class into nbgrader's gradebook")
    actions = course.add_subparsers(dest="action", metavar="ACTION")
    grade = actions.add_parser(
        "grade",
        help="examine, record, write feedback",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    grade.add_argument("assignment", metavar="ASSIGNMENT", help="its name, gpt2")
    add_grading_options(grade)


def run(options: argparse.Namespace) -> int:
    """The command. Raises AutograderError; the exit code is 3 when some submissions could not be recorded."""
    skip_slow_import()
    from autograder.executors.batch import shown
    from autograder.executors.local import LocalPool
    from autograder.nbgrader.points import beside_in
    from autograder.nbgrader.recorder import Recorder

    head = Recorder(options.assignment, options.isolation, options.fresh)
    with head.grader:
        students = head.students()
        beside = head.persistently(lambda: beside_in(head.gradebook, options.assignment))
        digests = head.persistently(lambda: head.gradebook.digests(options.assignment))
        looked = shown(students, len(students), doing="looking for what is new")
        todo = [s for s in looked if options.fresh or not head.done(s, digests.get(s))]
        with LocalPool(options.jobs) as pool:
            results = outcomes(head, pool, todo, options)
            said = {who: why for who, why in shown(results, len(todo), lambda one: one[1]) if why}
    if todo:
        print(f"{len(todo) - len(said)} submissions recorded, with feedback; ", end="")
    print(f"{len(students) - len(todo)} were done already.")
    said |= dict.fromkeys(head.course.unfit, "nbgrader cannot handle a folder of that name; rename it")
    for line in beside:
        print(f"  {line}")
    for who, why in sorted(said.items()):
        print(f"  not recorded: {who}: {why}")
    return 3 if said else 0


def finish(settings: tuple, student: str, *known: Any) -> str | None:
    """In a worker process: finish a submission. Returns why it was not recorded; raises AutograderError if none can."""
    global recorder
    from autograder.nbgrader.recorder import Recorder, first_line

    recorder = recorder or Recorder(*settings)
    try:
        recorder.finish(student, *known)
    except NotGraded as error:
        return str(error)
    except AutograderError:
        raise
    except Exception as error:
        recorder.gradebook.forget()
        return f"{type(error).__name__}: {first_line(error)}" if str(error).strip() else type(error).__name__
    return None


def outcomes(
    head: Recorder, pool: LocalPool, todo: list[str], options: argparse.Namespace
) -> Iterator[tuple[str, str | None]]:
    """(student, why not) of everyone, as they come: examined here, or by Dask's workers."""
    from autograder.executors.batch import ENDED, ENDED_TWICE, examined, spread
    from autograder.nbgrader.course_files import made_from
    from autograder.notebooks.choosing import Work

    settings = (options.assignment, options.isolation, options.fresh)

    def calls() -> Iterator[tuple]:
        if not options.scheduler:
            yield from ((student, finish, settings, student) for student in todo)
            return
        from autograder.executors.dask import DaskCluster

        made: list[str] = []

        def work() -> Iterator[Work]:
            for student in todo:
                handed = head.submitted(student)
                made.append(made_from(head.exporter.context, handed))
                path = handed.notebook or head.file_of(student)
                yield Work(f"{student}/{head.assignment}/{path.name}", path, tuple(handed.notes))

        for place, record in examined(head.grader, work(), DaskCluster(options.scheduler)):
            yield todo[place], finish, settings, todo[place], record, made[place]

    for student, why in spread(pool, calls()):
        yield student, ENDED_TWICE if why is ENDED else why
