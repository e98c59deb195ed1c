"""Who examines many notebooks: a pool of processes on this machine, or the workers of a Dask scheduler.

Both are an executor of `concurrent.futures` with three more words: `local`, whether paths mean the same there; `died`,
what a call raises that ended its process; `sure`, whether it was that call and not a neighbour's.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_end
from typing import Any

from autograder.errors import UsageError

PATIENCE, WORKERS = 10, 120  # seconds until a scheduler has answered, and a first worker is there
AHEAD = 2  # calls handed out per worker process: one to do, one to do next


class Here:
    """Processes of this machine. When one dies, all at work are asked again, alone: one of them may be why."""

    local, died, sure = True, (BrokenProcessPool,), False

    def __init__(self, jobs: int):
        self.jobs = jobs
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for the workers: as many threads as processes

    @property
    def room(self) -> int:
        return AHEAD * self.jobs

    def __enter__(self) -> Here:
        self.pool = ProcessPoolExecutor(self.jobs, multiprocessing.get_context("spawn"), begin)
        return self

    def __exit__(self, kind: type | None, *_: Any) -> None:
        if kind:  # do not wait for the notebooks at work
            for process in multiprocessing.active_children():
                process.terminate()
        self.pool.shutdown(cancel_futures=True)

    def submit(self, function: Callable, *args: Any) -> Future:
        try:
            return self.pool.submit(function, *args)
        except BrokenProcessPool:
            self.__enter__()
            return self.pool.submit(function, *args)


def begin() -> None:
    """Prepare a worker process: Ctrl-C is its parent's business, and it ends when its parent ends, however that is."""
    import_less()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=follow, args=(multiprocessing.parent_process().sentinel,), daemon=True).start()


def import_less() -> None:
    """Keep jsonschema, which nbgrader imports, from making a parser of web addresses for most of a second."""
    sys.modules.setdefault("rfc3987_syntax", None)


def follow(parent: int) -> None:
    wait_for_end([parent])
    os._exit(1)


class There:
    """Workers of a Dask scheduler. It asks another when one is lost, and says so when a notebook ended several."""

    local, sure = False, True

    def __init__(self, address: str):
        try:
            from distributed import Client, KilledWorker
        except ImportError:
            raise UsageError("--scheduler needs Dask: pip install distributed") from None
        try:
            self.client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError):
            raise UsageError(f"{address}: no Dask scheduler answers there.") from None
        self.died = (KilledWorker,)
        for name in ("distributed", "distributed.client"):  # what matters is told by the exceptions
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._room, self._counted = 0, 0.0

    @property
    def room(self) -> int:
        """Workers come and go, so they are counted again every few seconds."""
        if time.monotonic() - self._counted > 3:
            # Of a scheduler that is gone, distributed raises one of many things; the calls it had say it in one way.
            with contextlib.suppress(Exception):
                self._room = AHEAD * sum(self.client.nthreads().values())
            self._counted = time.monotonic()
        return max(self._room, AHEAD)

    def __enter__(self) -> There:
        try:
            self.client.wait_for_workers(1, timeout=WORKERS)
        except TimeoutError:
            self.client.close()
            raise UsageError(f"No worker has joined the Dask scheduler in {WORKERS} seconds.") from None
        self.executor = self.client.get_executor(pure=False)
        return self

    def __exit__(self, *_: Any) -> None:
        self.client.close()

    def submit(self, function: Callable, *args: Any) -> Future:
        return self.executor.submit(function, *args)
