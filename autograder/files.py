"""Writing a file so that nobody ever finds half of it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from gptkit.command_line import printing

from autograder.errors import AutograderError, CannotGrade, UsageError

PART = ".part"  # ends the name of a file that is being written
# A full disk, a full quota, and a disk that fails: none of them is the caller's doing.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def save(path: str | Path, content: bytes | str | Iterable[str]) -> None:
    """Write bytes, or text (or pieces of it) as UTF-8, to `path`, whole or not at all; its folder is made.

    A link is followed. What is there and no regular file (a pipe, /dev/stdout) is written to, never replaced.
    Raises OSError.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            file.writelines(encoded(content))
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own for each attempt: two threads, or two machines with one process id, may write the same file.
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}{PART}")
    try:
        with opened_new(part) as file:
            file.writelines(encoded(content))
        # A file that is there keeps its mode: a course's pages may be readable by a group.
        with contextlib.suppress(FileNotFoundError):
            part.chmod(path.stat().st_mode)
        part.replace(path)  # within one folder, and so one file system, that is all or nothing
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


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a path at which to make a folder: it becomes `folder` when the block ends well, and is gone if it does not.

    Raises AutograderError when something is there already, or when it cannot be written.
    """
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder}: is there already. Name a new folder.")
    try:
        home = folder.resolve().parent
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=".new-") as scratch:
            made = Path(scratch) / folder.resolve().name
            yield made
            made.replace(folder.resolve())
    except OSError as error:
        raise not_written(folder, error) from None


def encoded(content: bytes | str | Iterable[str]) -> Iterator[bytes]:
    """The pieces of a content as bytes, text in UTF-8."""
    pieces = [content] if isinstance(content, bytes | str) else content
    return (piece if isinstance(piece, bytes) else piece.encode("utf-8") for piece in pieces)


def save_output(path: str | Path, content: bytes | str | Iterable[str]) -> None:
    """Write what a command was asked to write; "-" is standard output, in UTF-8 as a file is.

    Raises AutograderError with one line.
    """
    try:
        if path == "-":
            with printing():
                sys.stdout.flush()
                sys.stdout.buffer.writelines(encoded(content))
        else:
            save(path, content)
    except OSError as error:
        raise not_written(path, error) from None


def not_written(path: str | Path, error: OSError) -> AutograderError:
    """The error to raise for a file that could not be written: a full disk is the machine's, a wrong path is not."""
    kind = CannotGrade if error.errno in FULL else UsageError
    return kind(f"{path}: cannot be written ({error.strerror or error}).")
