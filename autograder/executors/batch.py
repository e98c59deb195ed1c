"""Many notebooks at once: the loop that hands them out, what a worker does, and the records as they come back."""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.util
import platform
import sys
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import replace
from typing import Any, NamedTuple

from autograder.errors import CannotGrade
from autograder.executors.dask import GONE, DaskCluster
from autograder.executors.local import LocalPool
from autograder.grading import Grader
from autograder.notebooks.choosing import Work
from autograder.notebooks.opening import Notebook, Unreadable, open_notebook
from autograder.notebooks.submission import Submission, read, shortened
from autograder.record import Record
from autograder.sandbox.isolation import Sandbox
from autograder.settings import Settings

ENDED = object()  # stands for the result of a call that ended the process it ran in
ENDED_TWICE = "The grader's own process ended while it examined this notebook, twice; it is not graded."


def grade_all(
    work: list[Work],
    settings: Settings,
    isolation: str,
    jobs: int,
    scheduler: str | None = None,
    sandbox: Sandbox | None = None,
) -> Sequence[Record]:
    """The records of all notebooks, in their order; `sandbox` as a Grader takes it.

    Raises UsageError, and CannotGrade when nobody can be graded.
    """
    records = Records(len(work))
    found: Iterator[tuple[int, Record]]
    with Grader(settings, isolation, sandbox=sandbox) as grader:
        # For one notebook a second process would take longer to start than the notebook to examine.
        if scheduler is None and len(work) == 1:
            found = ((place, grader.grade(one.path, one.label, one.notes)) for place, one in enumerate(work))
        else:
            found = examined(grader, work, DaskCluster(scheduler) if scheduler else LocalPool(jobs))
        for place, record in shown(found, len(work), lambda one: one[1].error is not None):
            records.put(place, record)
    return records


def examined(grader: Grader, work: Iterable[Work], executor: LocalPool | DaskCluster) -> Iterator[tuple[int, Record]]:
    """(place, record) of each notebook, as they come. The executor's processes are ended with the iterator."""
    recipe = Recipe(grader.settings, grader.isolation, "" if executor.local else grader.rules)
    asked: dict[int, tuple[Work, Submission | None]] = {}
    known: deque[tuple[int, Record]] = deque()

    def calls() -> Iterator[tuple]:
        for place, one in enumerate(work):
            # A process of this machine reads the file and looks for its verdict itself, beside the others. Another
            # machine has neither: it is sent the bytes, and what is known here already is not sent at all.
            if executor.local:
                asked[place] = one, None
                yield place, examine, recipe, one
                continue
            try:
                notebook = open_notebook(one.path)
                cells = read(notebook, grader.release)
            except (Unreadable, CannotGrade):
                known.append((place, grader.grade(one.path, one.label, one.notes)))
                continue
            if grader.verdicts.get(cells):
                known.append((place, grader.grade(notebook, one.label, one.notes)))
            else:
                asked[place] = one, cells
                yield place, examine, recipe, one._replace(notes=()), notebook.content

    with executor:
        for place, record in spread(executor, calls()):
            one, cells = asked.pop(place)
            if record is ENDED:
                record = grader.ungraded(one.label, ENDED_TWICE)
            elif cells:  # from another machine, which kept nothing
                grader.verdicts.put(cells, record)
                record = replace(record, notes=shortened([*one.notes, *record.notes]))
            yield place, record
            # `calls` cannot hand these out itself: it runs only while `spread` asks it for more.
            while known:
                yield known.popleft()
    yield from known


# ---- At a worker ----


class Recipe(NamedTuple):
    """What a worker needs to know to grade as the process that asks it would."""

    settings: Settings
    isolation: str
    rules: str  # verdicts.rules, so that one with another version of what decides a score refuses; "": this machine


here = threading.local()  # a sandbox is used by one thread


def examine(recipe: Recipe, one: Work, content: bytes | None = None) -> Record:
    """The record of a notebook: of this machine's file, or of `content` from another. Raises AutograderError."""
    grader = grader_for(recipe)
    if content is None:
        return grader.grade(one.path, one.label, one.notes)
    return grader.grade(Notebook.from_bytes(one.path.name, content), one.label, one.notes)


def grader_for(recipe: Recipe) -> Grader:
    """This thread's grader; kept for the next notebook. On another machine than the asking one it rehearses itself."""
    if getattr(here, "recipe", None) != recipe:
        if hasattr(here, "grader"):
            here.grader.close()
        here.grader = Grader(recipe.settings, recipe.isolation, rehearsed=not recipe.rules)
        here.recipe = recipe
        # multiprocessing runs it when a worker has nothing more to do: the sandbox's process ends with the worker.
        multiprocessing.util.Finalize(None, here.grader.close, exitpriority=10)
        if recipe.rules not in ("", here.grader.rules):
            del here.recipe
            raise CannotGrade(
                f"The worker on {platform.node()} would grade differently: it has another version of this project, "
                "NumPy or the model, or other limits. Give all machines the same."
            )
    return here.grader


# ---- Handing out ----


def spread(executor: LocalPool | DaskCluster, calls: Iterable[tuple]) -> Iterator[tuple[Any, Any]]:
    """(key, result) of each (key, function, *args), as they come; ENDED for one that ended its process, alone, too.

    Raises what a call raises, and CannotGrade when the scheduler is gone.
    """
    calls, suspects = iter(calls), deque[tuple]()
    waiting: dict[Future, tuple[tuple, bool]] = {}
    while True:
        # Calls are drawn as room appears, not all at once: a class's notebooks are never in memory together. While one
        # is asked again, alone, nothing else runs: if its process ends once more, it was this call and no other.
        while len(waiting) < (1 if suspects or any(alone for _, alone in waiting.values()) else executor.room):
            alone = bool(suspects)
            call = suspects.popleft() if alone else next(calls, None)
            if call is None:
                break
            waiting[executor.submit(*call[1:])] = call, alone
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            call, alone = waiting.pop(future)
            try:
                result = future.result()
            except executor.died:
                # A pool cannot say which of its processes ended, so all calls at work are under suspicion.
                if not alone and not executor.sure:
                    suspects.append(call)
                    continue
                result = ENDED
            except CancelledError:
                raise CannotGrade(GONE) from None
            yield call[0], result


# ---- Coming back ----


class Records(Sequence):
    """Records by place, packed into 2 to 3 KB each: as objects they are 20 KB."""

    def __init__(self, length: int):
        self._packed = [b""] * length

    def put(self, place: int, record: Record) -> None:
        # The fastest level: 0.1 ms each, and the usual one saves a seventh more.
        self._packed[place] = zlib.compress(json.dumps(record.to_json()).encode(), 1)

    def __len__(self) -> int:
        return len(self._packed)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[i] for i in range(len(self))[place]]
        return Record.from_json(json.loads(zlib.decompress(self._packed[place])))


def shown(items: Iterable, total: int, failed: Callable[[Any], bool] | None = None, doing: str = "") -> Iterator:
    """The same items, with a progress bar on stderr (done, failed, rate, time left) for more than one.

    Where nobody is watching a terminal it is a line now and then, and none for what is done in half a minute.
    """
    if total < 2:
        yield from items
        return
    from tqdm import tqdm  # here, for it takes longer to import than one notebook to examine

    watched, failures = sys.stderr.isatty(), 0
    often = {"mininterval": 0.2} if watched else {"mininterval": 30, "delay": 30}
    words = {"desc": doing or None, "unit": " notebooks", "leave": failed is not None}
    with tqdm(total=total, dynamic_ncols=True, **words, **often) as bar:
        if failed:
            bar.set_postfix(failed=0, refresh=False)
        for item in items:
            if failed and failed(item):
                failures += 1
                bar.set_postfix(failed=failures, refresh=False)
            bar.update()
            yield item
