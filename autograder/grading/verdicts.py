"""Verdicts kept: what was examined once is not examined again while nothing that decides its score has changed.

A verdict is filed under the content of the student's cells together with everything else that decides: the grader's
own code, the released notebook, the seed, the model and the limits. It says behind which wall the code ran. Verdicts
with a timeout or a crash are not kept, because a busy machine can cause them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

import gptkit
import numpy as np
import picoGPT

import autograder
from autograder.files import save
from autograder.notebooks.submission import Submission

UNSURE = {"timeout", "crashed"}
KEPT = ("isolation", "seconds", "exercises", "notes")  # of a record; the rest says whose it is


def content(*packages: Any) -> str:
    """SHA-256 of all Python and data files of some packages: a change in any of them makes kept verdicts void."""
    whole = hashlib.sha256()
    for package in packages:
        folder = Path(package.__file__).parent
        for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".npz", ".json") and p.is_file()):
            whole.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def rules(release: bytes, model: Path, *more: object) -> str:
    """One name for all that decides a score besides the student's cells, the same on all machines that grade alike."""
    sizes = [(p.name, p.stat().st_size) for p in sorted(model.iterdir()) if p.is_file()]
    return digest(content(gptkit, picoGPT, autograder), np.__version__, release, model.name, sizes, *more)


def times(model: Path) -> str:
    """When a model folder's files were written: a change shows here without reading 500 MB."""
    return str([p.stat().st_mtime_ns for p in sorted(model.iterdir()) if p.is_file()])


def digest(*parts: object) -> str:
    """SHA-256 of some values, told apart."""
    whole = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        whole.update(f"{len(data)}\0".encode() + data)
    return whole.hexdigest()


class Verdicts:
    """A folder of kept verdicts. `context` names all that decides a score besides the student's cells.

    Only what was found behind the wall that is asked for comes back; `auto` takes what there is.
    """

    def __init__(self, folder: Path, context: str, isolation: str = "auto"):
        self.folder, self.context, self.isolation = folder, context, isolation

    def path(self, work: Submission) -> Path:
        cells = json.dumps([[c.where, c.source] for c in work.cells] + work.notes)
        return self.folder / f"{digest(self.context, cells)}.json"

    def get(self, work: Submission) -> dict[str, Any] | None:
        """The kept part of a record, or None."""
        try:
            verdict = json.loads(self.path(work).read_text())
        except (OSError, ValueError):
            return None
        return verdict if self.isolation in ("auto", verdict["isolation"]) else None

    def put(self, work: Submission, record: dict[str, Any]) -> None:
        """Keep what a record found. A folder that cannot be written to is no reason not to grade."""
        if any(e["status"] in UNSURE for e in record["exercises"]):
            return
        with contextlib.suppress(OSError):
            save(self.path(work), json.dumps({name: record[name] for name in KEPT}))
