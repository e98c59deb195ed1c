"""Writing a file so that nobody ever finds half of it."""

from __future__ import annotations

import os
from pathlib import Path


def save(path: str | Path, text: str) -> None:
    """Write text as UTF-8 to `path`, whole or not at all; its folder is made. Raises OSError."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
