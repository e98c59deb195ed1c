"""Writing a file so that nobody ever finds half of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def save(path: str | Path, content: bytes | str | Iterable[str]) -> None:
    """Write bytes, or text (or pieces of it) as UTF-8, to `path`, whole or not at all; its folder is made.

    Raises OSError.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            for piece in [content] if isinstance(content, bytes | str) else content:
                file.write(piece if isinstance(piece, bytes) else piece.encode("utf-8"))
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
