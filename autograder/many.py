"""Many notebooks at once: records in the order of the notebooks, whatever order they are done in, and none lost."""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from tqdm import tqdm

from autograder.grading import Grader

Work = tuple[str, Path]  # label, notebook
DIED = "The grader's own process ended while it examined this notebook, twice: please tell your instructor."

worker: Grader  # this worker process's own


def grade_all(work: list[Work], isolation: str, jobs: int) -> list[dict[str, Any]]:
    """The records of all notebooks, in their order. Raises UsageError when this machine cannot grade as asked."""
    with Grader(isolation) as grader:
        if jobs == 1 or len(work) == 1:
            return [grader.grade(path, label) for label, path in shown(work, len(work))]
        records = in_processes(dict(enumerate(work)), isolation, min(jobs, len(work)))
        for place in sorted(set(range(len(work))) - set(records)):  # in flight when a worker died: each on its own
            again = in_processes({place: work[place]}, isolation, 1)
            records[place] = again.get(place) or grader.zero(work[place][0], DIED)
    return [records[place] for place in range(len(work))]


def in_processes(work: dict[int, Work], isolation: str, jobs: int) -> dict[int, dict[str, Any]]:
    """Records by the keys of `work`; those that were not done when a worker process died are missing."""
    records = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, start, (isolation,)) as pool:
        futures = {pool.submit(grade_one, path, label): place for place, (label, path) in work.items()}
        try:
            for future in shown(as_completed(futures), len(work)):
                records[futures[future]] = future.result()
        except BrokenProcessPool:
            for future, place in futures.items():
                if future.done() and not future.cancelled() and not future.exception():
                    records[place] = future.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return records


def start(isolation: str) -> None:
    """Make this worker process's grader, and see to it that its sandbox is closed when the process ends."""
    global worker
    worker = Grader(isolation)
    multiprocessing.util.Finalize(None, worker.sandbox.close, exitpriority=10)


def grade_one(path: Path, label: str) -> dict[str, Any]:
    return worker.grade(path, label)


def shown(items: Iterable, total: int) -> Iterable:
    """The same items, with a progress bar on stderr where somebody is watching more than one."""
    return tqdm(items, total=total, unit="notebook", disable=total == 1 or not sys.stderr.isatty())
