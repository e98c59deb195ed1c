"""One process at a time, on any file system: a file that its owner touches now and then for as long as it lives."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import SoftFileLock, Timeout
from tqdm import tqdm

BEAT = 2  # seconds between two touches
QUIET = 20  # seconds without one, after which the owner is taken for dead


@contextmanager
def exclusive(path: Path, waiting: str, arrived: Callable[[], int]) -> Iterator[None]:
    """Hold the lock `path` for a block; while another process holds it, show `waiting` and the bytes that `arrived`.

    No lock of the system's (flock), for network file systems may lack it.
    """
    lock, bar, touched, since = SoftFileLock(path), None, 0, 0.0
    while True:
        with suppress(Timeout):
            lock.acquire(blocking=False)  # also when its owner is known to be dead
            break
        bar = tqdm(desc=waiting, unit="B", unit_scale=True, unit_divisor=1024) if bar is None else bar
        with suppress(FileNotFoundError):  # released, or moved into place, under our eyes
            bar.update(arrived() - bar.n)
            # A time of our own since the last change that we saw: clocks of two machines need not agree.
            if touched != (touched := path.stat().st_mtime_ns):
                since = time.monotonic()
            elif time.monotonic() - since > QUIET:
                path.unlink()
        time.sleep(0.2)
    if bar is not None:
        bar.close()
    # In a thread of its own, for one step of the block, a conversion, may take longer than QUIET.
    done = threading.Event()
    threading.Thread(target=_beat, args=(path, done), daemon=True).start()
    try:
        yield
    finally:
        done.set()
        lock.release()


def _beat(path: Path, done: threading.Event) -> None:
    while not done.wait(BEAT):
        with suppress(OSError):
            os.utime(path)
