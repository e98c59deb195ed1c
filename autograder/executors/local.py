"""A pool of processes on this machine. One that dies is replaced, and what it was doing is done again."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_end
from multiprocessing.queues import SimpleQueue
from typing import Any

from autograder.sandbox.isolation import warn

AHEAD = 2  # calls handed out per worker process: one to do, one to do next


class LocalPool:
    """Processes of this machine. When one dies, all at work are asked again, alone: one of them may be why."""

    local, died, sure = True, (BrokenProcessPool,), False

    def __init__(self, jobs: int):
        self.jobs = jobs

    @property
    def room(self) -> int:
        return AHEAD * self.jobs

    def __enter__(self) -> LocalPool:
        # A worker has the environment of the moment when it is started; there is no way to give it another.
        self.before = dict(os.environ)
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as many threads as processes
        os.environ["PYTHONSAFEPATH"] = "1"  # it imports nothing from the working directory: it may be a student's
        self.start()
        return self

    def start(self) -> None:
        # Spawned, not forked: this process may have threads (progress, Dask), whose locks a fork would copy locked.
        spawn = multiprocessing.get_context("spawn")
        shares = spawn.SimpleQueue()
        for share in cores(self.jobs):
            shares.put(share)
        self.pool = ProcessPoolExecutor(self.jobs, spawn, begin, (shares,))

    def __exit__(self, kind: type | None, *_: Any) -> None:
        if kind:  # do not wait for the notebooks at work
            # Its own processes and no others: whoever runs us may have children of their own. (A private name; Python
            # 3.14 has terminate_workers for it.)
            for process in list((self.pool._processes or {}).values()):
                process.terminate()
        self.pool.shutdown(cancel_futures=True)
        for name in os.environ.keys() - self.before.keys():
            del os.environ[name]
        os.environ.update(self.before)

    def submit(self, function: Callable, *args: Any) -> Future:
        try:
            return self.pool.submit(function, *args)
        except BrokenProcessPool:  # one process died, and the pool takes no more calls
            self.start()
            return self.pool.submit(function, *args)


def cores(jobs: int) -> list[set[int]]:
    """The cores that each of so many workers may use: one each where there are workers for all of them.

    A worker and its candidate take turns, so one core is enough for both, and they wake each other faster there: a
    sixth of an examination. Fewer workers than cores are free to go where others leave room. Empty: it cannot be set.
    """
    if not hasattr(os, "sched_setaffinity"):
        return [set()] * jobs
    here = sorted(os.sched_getaffinity(0))
    return [{here[i % len(here)]} if jobs >= len(here) else set(here) for i in range(jobs)]


def begin(shares: SimpleQueue) -> None:
    """Prepare a worker process: Ctrl-C is its parent's business, and it ends when its parent ends, however that is."""
    skip_slow_import()
    warn("")
    if share := shares.get():
        with contextlib.suppress(OSError):  # a container may forbid it
            os.sched_setaffinity(0, share)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=end_with, args=(parent.sentinel,), daemon=True).start()


def skip_slow_import() -> None:
    """Keep jsonschema, which nbgrader imports, from making a parser of web addresses for most of a second."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: an import of it fails


def end_with(parent: int) -> None:
    wait_for_end([parent])
    # Not sys.exit, which would end this thread alone.
    os._exit(1)
