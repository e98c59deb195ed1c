"""One process at a time, on file systems with locks and without."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout
from tqdm import tqdm

BEAT = 2  # seconds between two signs of life of a process that holds a lock which nobody frees for it
QUIET = 20  # seconds without one, after which it is taken for dead
LOOK = 0.2  # seconds between two looks at a lock that is held


@contextmanager
def alone(path: Path, waiting: str, arrived: Callable[[], int]) -> Iterator[None]:
    """Hold the lock `path` for a block; while another process holds it, show `waiting` and the bytes that `arrived`.

    The system frees the lock when its process ends, however it does. Where the file system has no such locks, a file
    beside it is the lock; its process touches it now and then, and one that is touched no more is taken away.
    """
    lock = FileLock(path) if _has_locks(path) else SoftFileLock(path.with_suffix(".held"))
    _acquire(lock, waiting, arrived)
    done = threading.Event()
    if isinstance(lock, SoftFileLock):
        threading.Thread(target=_beat, args=(Path(lock.lock_file), done), daemon=True).start()
    try:
        yield
    finally:
        done.set()
        lock.release()


def _has_locks(path: Path) -> bool:
    """Whether `path` can be locked, now or when another process has let go of it."""
    try:
        import fcntl
    except ImportError:  # Windows, where every file can be
        return True
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return True
        except OSError:  # ENOSYS, ENOLCK, ENOTSUP: file systems differ
            return False
    return True


def _acquire(lock: BaseFileLock, waiting: str, arrived: Callable[[], int]) -> None:
    bar, touched, since = None, None, 0.0
    while True:
        try:
            lock.acquire(blocking=False)
            break
        except Timeout:
            pass
        if bar is None:
            bar = tqdm(desc=waiting, unit="B", unit_scale=True, unit_divisor=1024)
        bar.update(arrived() - bar.n)
        last, touched = touched, _touched(lock)
        if touched != last:
            since = time.monotonic()
        elif isinstance(lock, SoftFileLock) and time.monotonic() - since > QUIET:
            Path(lock.lock_file).unlink(missing_ok=True)
        time.sleep(LOOK)
    if bar is not None:
        bar.close()


def _touched(lock: BaseFileLock) -> int | None:
    with suppress(OSError):
        return Path(lock.lock_file).stat().st_mtime_ns
    return None


def _beat(path: Path, done: threading.Event) -> None:
    while not done.wait(BEAT):
        with suppress(OSError):
            os.utime(path)
