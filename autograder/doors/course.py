"""`autograder course grade`: a class examined, recorded in nbgrader's gradebook, with its feedback, in parallel; and
`autograder course mark`: the page for marking by hand.

Stopped at any moment and started again, it does what is not done. What is done to one is in nbgrader/recorder.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from autograder import settings
from autograder.doors.options import add_grading_options
from autograder.errors import AutograderError, CannotGrade, NotGraded, UsageError
from autograder.executors.batch import ENDED, ENDED_TWICE, examined, shown, spread
from autograder.executors.dask import DaskCluster
from autograder.executors.local import LocalPool, skip_slow_import
from autograder.notebooks.choosing import Work
from autograder.record import Record
from autograder.reports import clean

# What is in autograder.nbgrader is imported inside of functions: nbgrader takes seconds to load, and one who asks for
# help, or presses the tab key, waits for none of it.
if TYPE_CHECKING:
    from autograder.nbgrader.recorder import Recorder

GRADE = """Examine everything in submitted/, record it in the gradebook and write the feedback pages, in parallel.

Run it in the course folder. It does what `nbgrader autograde` and `nbgrader generate_feedback` do, with the course's
nbgrader_config.py, and may be stopped at any moment: started again, it does what is not done, or what has changed since
(a new submission, a mark given by hand, another version of the grader). Marks and comments given by hand stay. The exit
code is 3 when some could not be graded or recorded: they get no mark, and the next run does them."""

MARK = """Read all answers to a question in words under each other, and give marks by keyboard.

It prints an address for the browser on this machine; nobody else can open it. Beside the answers stand the question and
what the answer key says. Each mark and comment is in the gradebook as soon as its field is left, so stop whenever you
like (Ctrl-C). Afterwards `autograder course grade` writes the feedback pages anew."""

# This worker process's own: to start nbgrader and open the gradebook takes longer than to record a submission.
recorder: Recorder | None = None


def add_options(command: argparse.ArgumentParser) -> None:
    wide = argparse.RawDescriptionHelpFormatter
    actions = command.add_subparsers(dest="action", metavar="ACTION")
    grade = actions.add_parser("grade", help="examine, record, write feedback", description=GRADE, formatter_class=wide)
    mark = actions.add_parser("mark", help="mark answers in words", description=MARK, formatter_class=wide)
    for action in (grade, mark):
        action.add_argument("assignment", metavar="ASSIGNMENT", help="its name, gpt2")
    dry = "write nothing: say who would get another mark than now, and why"
    grade.add_argument("--dry-run", action="store_true", help=dry)
    add_grading_options(grade)


def run(options: argparse.Namespace) -> int:
    """The command. Raises AutograderError."""
    return mark(options) if options.action == "mark" else grade(options)


def mark(options: argparse.Namespace) -> int:
    """Serve the marking page until Ctrl-C. Raises AutograderError."""
    import asyncio

    from autograder.nbgrader.marking import Marking, serve

    async def until_stopped() -> None:
        print(f"Mark here, and stop with Ctrl-C: {serve(marking)}", flush=True)
        await asyncio.Event().wait()

    marking = Marking(options.assignment)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(until_stopped())
    print("Stopped. What the page called saved is in the gradebook.")
    return 0


def grade(options: argparse.Namespace) -> int:
    """Grade the class. Raises AutograderError; the exit code is 3 when some submissions could not be recorded."""
    skip_slow_import()
    if options.dry_run:
        return dry_run(options)
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


def dry_run(options: argparse.Namespace) -> int:
    """Examine everybody anew, and say who would get another mark than the gradebook has. Raises AutograderError."""
    from autograder.nbgrader.course_files import grade
    from autograder.nbgrader.dry_run import change, marks
    from autograder.nbgrader.recorder import Course

    if not settings.Settings.from_environment().seed and not settings.SEED_FILE.exists():
        raise UsageError("This course has no seed yet, and a dry run draws none. Set AUTOGRADER_SEED, or grade first.")
    # No verdict is kept, for that would write a file, and none is used: everybody is examined anew.
    course = Course(options.assignment, options.isolation, verdicts=None)
    with course.grader:
        now, students = marks(course.course.db_url, options.assignment), course.students()
        known = [who for who in students if any(mark.automatic is not None for mark in now.get(who, {}).values())]
        records: dict[str, Record] = {}
        work = []
        for who in known:
            try:
                handed = course.submitted(who)
            except CannotGrade as error:
                records[who] = course.grader.ungraded(who, str(error))
                continue
            if handed.notebook:
                work.append(Work(who, handed.notebook, tuple(handed.notes)))
            else:
                records[who] = grade(course.grader, handed, who)
        executor = DaskCluster(options.scheduler) if options.scheduler else LocalPool(options.jobs)
        found = shown(examined(course.grader, work, executor), len(work), lambda one: one[1].error is not None)
        records |= {work[place].label: record for place, record in found}
    graded = {who: record for who, record in sorted(records.items()) if record.error is None}
    changes = {who: change(now[who], record, course.autograded(who)) for who, record in graded.items()}
    other = {who: it for who, it in changes.items() if it.why}
    print(f"Nothing was written. {len(other)} of {len(known)} would get another mark than in the gradebook:")
    for who, it in other.items():
        print(f"  {clean(who)}: {it.now:.4g} -> {it.then:.4g} ({it.then - it.now:+.4g}): {'; '.join(it.why)}")
    print(f"{len(changes) - len(other)} unchanged.")
    for who, it in changes.items():
        if it.kept:
            print(f"  a mark by hand stays: {clean(who)}: {', '.join(it.kept)}")
    for who in sorted({*students} - {*known}):
        print(f"  no mark yet: {clean(who)}")
    for who, record in sorted(records.items()):
        if record.error is not None:
            print(f"  cannot be graded now: {clean(who)}: {clean(record.error)}")
    return 0


def finish(how: tuple, student: str, *known: Any) -> str | None:
    """In a worker process: finish a submission. Returns why it was not recorded; raises AutograderError if none can."""
    global recorder
    from autograder.nbgrader.recorder import Recorder, first_line

    recorder = recorder or Recorder(*how)
    try:
        recorder.finish(student, *known)
    except NotGraded as error:
        return str(error)
    except AutograderError:
        raise
    # nbgrader raises what it likes about one student's files; the rest of the class goes on.
    except Exception as error:
        recorder.gradebook.forget()
        return f"{type(error).__name__}: {first_line(error)}" if str(error).strip() else type(error).__name__
    return None


def outcomes(
    head: Recorder, pool: LocalPool, todo: list[str], options: argparse.Namespace
) -> Iterator[tuple[str, str | None]]:
    """(student, why not) of everyone, as they come: examined here, or by Dask's workers."""
    from autograder.nbgrader.course_files import made_from

    how = (options.assignment, options.isolation, options.fresh)
    sent: list[tuple[str, str]] = []  # to Dask: a student, and what their notebook is made from

    def work() -> Iterator[Work]:
        for student in todo:
            with contextlib.suppress(CannotGrade):  # whoever cannot be read is told so below, alone
                handed = head.submitted(student)
                if handed.notebook:
                    sent.append((student, made_from(head.exporter.context, handed)))
                    label = f"{student}/{head.assignment}/{handed.notebook.name}"
                    yield Work(label, handed.notebook, tuple(handed.notes))

    def calls() -> Iterator[tuple]:
        if options.scheduler:
            for place, record in examined(head.grader, work(), DaskCluster(options.scheduler)):
                student, made = sent[place]
                yield student, finish, how, student, record, made
        # Who is not examined elsewhere has no notebook to send, or a folder that cannot be read; here that is told.
        elsewhere = {student for student, _ in sent}
        yield from ((student, finish, how, student) for student in todo if student not in elsewhere)

    for student, why in spread(pool, calls()):
        yield student, ENDED_TWICE if why is ENDED else why
