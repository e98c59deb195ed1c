"""The workers of a Dask scheduler, on other machines: they need this package and bubblewrap, no file of a student."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from autograder.errors import CannotGrade, UsageError
from autograder.executors.local import AHEAD

ANSWERS, JOINS = 10, 120  # seconds until the scheduler has answered, and until a first worker is there
GONE = "The connection to the Dask scheduler was lost: start again to go on."


class DaskCluster:
    """Workers of a Dask scheduler. It asks another when one is lost, and says so when a notebook ended several."""

    local, sure = False, True

    def __init__(self, address: str):
        try:
            from distributed import Client, KilledWorker
        except ImportError:
            raise UsageError("--scheduler needs Dask: pip install distributed") from None
        try:
            # Without set_as_default=False, whatever else in this process uses Dask would use these workers.
            self.client = Client(address, timeout=ANSWERS, set_as_default=False)
        except (OSError, ValueError):
            raise CannotGrade(f"{address}: no Dask scheduler answers there.") from None
        self.died = (KilledWorker,)
        for name in ("distributed", "distributed.client"):  # what matters is told by the exceptions
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._room, self._counted = 0, 0.0

    @property
    def room(self) -> int:
        """Workers come and go, so they are counted again every few seconds."""
        if time.monotonic() - self._counted > 3:
            try:
                self._room, self._counted = AHEAD * sum(self.client.nthreads().values()), time.monotonic()
            except Exception:  # of a scheduler that is gone, distributed raises one of many things
                raise CannotGrade(GONE) from None
        return max(self._room, AHEAD)

    def __enter__(self) -> DaskCluster:
        try:
            self.client.wait_for_workers(1, timeout=JOINS)
        except TimeoutError:
            self.client.close()
            raise CannotGrade(f"No worker has joined the Dask scheduler in {JOINS} seconds.") from None
        # Not pure: Dask would give a call that equals an earlier one that one's result, without making it.
        self.executor = self.client.get_executor(pure=False)
        return self

    def __exit__(self, *_: Any) -> None:
        self.client.close()

    def submit(self, function: Callable, *args: Any) -> Future:
        try:
            return self.executor.submit(function, *args)
        except Exception:
            # distributed raises one of many things here, too; a client that still runs did not lose its scheduler.
            if self.client.status == "running":
                raise
            raise CannotGrade(GONE) from None
