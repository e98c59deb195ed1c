"""Writing a file so that nobody ever finds half of it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from autograder.errors import AutograderError, CannotGrade, UsageError

PART = ".part"  # ends the name of a file that is being written
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def save(path: str | Path, content: bytes | str | Iterable[str]) -> None:
    """Write bytes, or text (or pieces of it) as UTF-8, to `path`, whole or not at all; its folder is made.

    A link is followed. What is there and no regular file (a pipe, /dev/stdout) is written to, never replaced.
    Raises OSError.
    """
    path = Path(os.path.realpath(path))
    pieces = [content] if isinstance(content, bytes | str) else content
    encoded = (piece if isinstance(piece, bytes) else piece.encode("utf-8") for piece in pieces)
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            file.writelines(encoded)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own for each attempt: two threads, or two machines with one process id, may write the same file.
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}{PART}")
    try:
        with opened_new(part) as file:
            file.writelines(encoded)
        with contextlib.suppress(FileNotFoundError):
            part.chmod(path.stat().st_mode)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def opened_new(part: Path) -> BinaryIO:
    """A new file to write to, locked until it is closed or its process has ended, which tells it from remains."""
    while True:
        file = part.open("xb")
        with contextlib.suppress(OSError):  # a network drive without locks, where `sweep` removes nothing
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:  # else swept away before it was locked
            return file
        file.close()


def sweep(folder: Path) -> None:
    """Remove what processes that were killed in the act have left half-written in a folder, and nobody is writing."""
    for part in folder.glob(f".*{PART}"):
        with contextlib.suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def save_output(path: str, content: str | Iterable[str]) -> None:
    """Write what a command was asked to write; "-" is standard output. Raises AutograderError with one line."""
    try:
        if path == "-":
            sys.stdout.writelines([content] if isinstance(content, str) else content)
            sys.stdout.flush()
        else:
            save(path, content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise not_written(path, error) from None


def not_written(path: str | Path, error: OSError) -> AutograderError:
    """The error to raise for a file that could not be written: a full disk is the machine's, a wrong path is not."""
    kind = CannotGrade if error.errno in FULL else UsageError
    return kind(f"{path}: cannot be written ({error.strerror or error}).")
