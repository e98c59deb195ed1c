"""Many notebooks at once, here or on other machines: one record for each, whoever dies, in whatever order they come.

There is one loop (`spread`) over an executor of `concurrent.futures`, one of crews.py. Workers elsewhere need this
package and bubblewrap and no file of the course, because the notebooks' bytes cross and not their paths.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.util
import os
import platform
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from autograder.errors import CannotGrade, UsageError
from autograder.executors.pools import Here, There
from autograder.grading.grader import Grader
from autograder.notebooks import submission
from autograder.notebooks.choosing import Work
from autograder.notebooks.opening import Unreadable, open_notebook

Record = dict[str, Any]
DIED = "The grader's own process ended while it examined this notebook, twice: please tell your instructor."
LOST = object()  # stands for the result of a call that ended the process it ran in


def grade_all(work: list[Work], isolation: str, jobs: int, scheduler: str | None = None) -> Sequence[Record]:
    """The records of all notebooks, in their order. Raises UsageError when they cannot be graded as asked."""
    records = Records(len(work))
    with Grader(isolation) as grader:
        if scheduler is None and (jobs == 1 or len(work) == 1):
            found = ((place, grader.grade(path, label)) for place, (label, path, *_) in enumerate(work))
        else:
            found = examined(grader, work, There(scheduler) if scheduler else Here(jobs))
        for place, record in shown(found, len(work), lambda one: unexamined(one[1])):
            records.put(place, {**record, "notes": [*Work(*work[place]).notes, *record["notes"]]})
    return records


def examined(grader: Grader, work: Iterable[Work], crew: Here | There) -> Iterator[tuple[int, Record]]:
    """(place, record) of each notebook, as they come. The crew's processes are ended with the iterator."""
    recipe = Recipe(grader.isolation, grader.seed, "" if crew.local else grader.rules)
    asked: dict[int, tuple[str, submission.Submission | None]] = {}
    known: deque[tuple[int, Record]] = deque()

    def calls() -> Iterator[tuple]:
        for place, (label, path, *_) in enumerate(work):
            if crew.local:
                asked[place] = label, None
                yield place, examine, recipe, label, path
                continue
            try:
                notebook = open_notebook(path)
                cells, content = submission.read(notebook, grader.release), notebook.content
            except (Unreadable, CannotGrade):
                known.append((place, grader.grade(path, label)))
                continue
            if kept := grader.verdicts and grader.verdicts.get(cells):
                known.append((place, grader.record(label, kept, 0.0)))
            else:
                asked[place] = label, cells
                yield place, examine, recipe, label, path.name, content

    with crew:
        for place, record in spread(crew, calls()):
            label, cells = asked.pop(place)
            if record is LOST:
                record = grader.zero(label, DIED)
            elif cells and grader.verdicts:
                grader.verdicts.put(cells, record)
            yield place, record
            while known:
                yield known.popleft()
    yield from known


# ---- At a worker ----


class Recipe(NamedTuple):
    """What a worker needs to know to grade as the process that asks it would."""

    isolation: str
    seed: str
    rules: str  # verdicts.rules, so that one with another version of what decides a score refuses; "" for any


here = threading.local()  # a sandbox is used by one thread


def examine(recipe: Recipe, label: str, notebook: Path | str, content: bytes | None = None) -> Record:
    """The record of a notebook: of this machine's file, or of `content` under that name. Raises UsageError."""
    grader = grader_for(recipe)
    if content is None:
        return grader.grade(notebook, label)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, notebook)
        path.write_bytes(content)
        return grader.grade(path, label)


def grader_for(recipe: Recipe) -> Grader:
    """This thread's grader; kept for the next notebook."""
    if getattr(here, "recipe", None) != recipe:
        if hasattr(here, "grader"):
            here.grader.sandbox.close()
        os.environ["AUTOGRADER_SEED"] = recipe.seed
        here.grader, here.recipe = Grader(recipe.isolation), recipe
        multiprocessing.util.Finalize(None, here.grader.sandbox.close, exitpriority=10)
        if recipe.rules not in ("", here.grader.rules):
            del here.recipe
            raise UsageError(
                f"The worker on {platform.node()} would grade differently: it has another version of this project, "
                "NumPy or the model, or other limits. Give all machines the same."
            )
    return here.grader


# ---- Handing out ----


def spread(crew: Here | There, calls: Iterable[tuple]) -> Iterator[tuple[Any, Any]]:
    """(key, result) of each (key, function, *args), as they come; LOST for one that ended its process, alone, too.

    Raises what a call raises, and UsageError when the scheduler is gone.
    """
    calls, suspects = iter(calls), deque()
    waiting: dict[Future, tuple[tuple, bool]] = {}
    while True:
        while len(waiting) < (1 if suspects or any(alone for _, alone in waiting.values()) else crew.room):
            alone = bool(suspects)
            call = suspects.popleft() if alone else next(calls, None)
            if call is None:
                break
            waiting[crew.submit(*call[1:])] = call, alone
        if not waiting:
            return
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            call, alone = waiting.pop(future)
            try:
                result = future.result()
            except crew.died:
                if not alone and not crew.sure:
                    suspects.append(call)
                    continue
                result = LOST
            except CancelledError:
                raise UsageError("The connection to the Dask scheduler was lost: start again to go on.") from None
            yield call[0], result


# ---- Coming back ----


class Records(Sequence):
    """Records by place, kept in a file, so that a class of ten thousand needs no more memory than one of ten."""

    def __init__(self, length: int):
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed, and gone, with this object)
        self._where: list[tuple[int, int]] = [(0, 0)] * length

    def put(self, place: int, record: Record) -> None:
        data = json.dumps(record).encode()
        self._where[place] = self._file.seek(0, os.SEEK_END), len(data)
        self._file.write(data)

    def __len__(self) -> int:
        return len(self._where)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[i] for i in range(len(self))[place]]
        start, length = self._where[place]
        self._file.seek(start)
        return json.loads(self._file.read(length))


def unexamined(record: Record) -> bool:
    """Whether not one check could be asked: an unreadable file, or a grader that died."""
    return all(check["message"].startswith("Not reached:") for e in record["exercises"] for check in e["checks"])


def shown(items: Iterable, total: int, failed: Callable[[Any], bool] | None = None, doing: str = "") -> Iterator:
    """The same items, with a progress bar on stderr (done, failed, rate, time left) for more than one.

    Where nobody is watching a terminal it is a line now and then, and none for what is done in half a minute.
    """
    watched, failures = sys.stderr.isatty(), 0
    often = {"mininterval": 0.2} if watched else {"mininterval": 30, "delay": 30}
    words = {"desc": doing or None, "unit": " notebooks", "leave": failed is not None}
    with tqdm(total=total, disable=total < 2, dynamic_ncols=True, **words, **often) as bar:
        if failed:
            bar.set_postfix(failed=0, refresh=False)
        for item in items:
            if failed and failed(item):
                failures += 1
                bar.set_postfix(failed=failures, refresh=False)
            bar.update()
            yield item
