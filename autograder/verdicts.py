"""Verdicts kept: what was examined once is not examined again while nothing that decides its score has changed.

A verdict is filed under the content of the student's cells together with everything else that decides: the grader's
own code, the released notebook, the seed, the model, the isolation and the limits. Verdicts with a timeout or a crash
are not kept, because a busy machine can cause them.
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
from autograder.submission import Submission

UNSURE = {"timeout", "crashed"}


def content(*packages: Any) -> str:
    """SHA-256 of all Python and data files of some packages: a change in any of them makes kept verdicts void."""
    digest = hashlib.sha256()
    for package in packages:
        folder = Path(package.__file__).parent
        for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".npz", ".json") and p.is_file()):
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def identity(model: Path) -> str:
    """A model folder's identity without reading 500 MB: its files' names, sizes and times."""
    stats = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(model.iterdir()) if p.is_file()]
    return json.dumps(stats)


class Verdicts:
    """A folder of kept verdicts. `context` is all that decides a score besides the student's cells."""

    def __init__(self, folder: Path, *context: object):
        self.folder = folder
        parts = [content(gptkit, picoGPT, autograder), np.__version__, *map(str, context)]
        self.context = "\0".join(parts).encode()

    def path(self, work: Submission) -> Path:
        cells = json.dumps([[c.where, c.source] for c in work.cells] + work.notes)
        return self.folder / f"{hashlib.sha256(self.context + cells.encode('utf-8', 'surrogatepass')).hexdigest()}.json"

    def get(self, work: Submission) -> dict[str, Any] | None:
        """The kept part of a record (exercises and notes), or None."""
        try:
            return json.loads(self.path(work).read_text())
        except (OSError, ValueError):
            return None

    def put(self, work: Submission, verdict: dict[str, Any]) -> None:
        """Keep a verdict. A folder that cannot be written to is no reason not to grade."""
        if any(e["status"] in UNSURE for e in verdict["exercises"]):
            return
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            save(self.path(work), json.dumps(verdict))
