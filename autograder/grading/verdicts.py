"""Verdicts kept: what was examined once is not examined again while nothing that decides its score has changed.

A verdict is filed under the content of the student's cells together with everything else that decides: the code that
grades, the released notebook, the seed, the model and the limits. It says behind which wall the code ran. Verdicts with
a timeout or a crash are not kept, because a busy machine can cause them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from gptkit import checks, engine, weights
from picoGPT import gpt2_pico

from autograder import exercises, notebooks, sandbox, source_code
from autograder.files import save
from autograder.notebooks.submission import Submission
from autograder.record import Record

UNSURE = {"timeout", "crashed"}
# What decides a score: a change of any of these files makes kept verdicts void; a change of a report's does not.
DECIDING = [Path(package.__path__[0]) for package in (checks, engine, weights, exercises, notebooks, sandbox)]
DECIDING += [Path(__file__).parent]
SOURCE_CODE = Path(source_code.__file__)
SHOWS_ONLY = {"sanitize.py", "similarity.py", "written_answer.py"}  # of the notebooks' room


def content(folders: list[Path]) -> str:
    """SHA-256 of the Python and data files of some folders."""
    whole = hashlib.sha256()
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in (".py", ".npz", ".json") and p.is_file()):
            if path.name not in SHOWS_ONLY:
                whole.update(f"{folder.name}/{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def rules(release: bytes, model: Path, *more: object) -> str:
    """One name for all that decides a score besides the student's cells, the same on all machines that grade alike."""
    # Names and sizes, not times: the same model on another machine has other times.
    sizes = [(p.name, p.stat().st_size) for p in sorted(model.iterdir()) if p.is_file()]
    key = Path(gpt2_pico.__file__).read_bytes() + SOURCE_CODE.read_bytes()
    return digest(content(DECIDING), key, np.__version__, release, model.name, sizes, *more)


def times(model: Path) -> str:
    """When a model folder's files were written: a change shows here without reading 500 MB."""
    return str([p.stat().st_mtime_ns for p in sorted(model.iterdir()) if p.is_file()])


def digest(*parts: object) -> str:
    """SHA-256 of some values, told apart."""
    whole = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        # With its length before it: ("ab", "c") is not ("a", "bc").
        whole.update(f"{len(data)}\0".encode() + data)
    return whole.hexdigest()


class Verdicts:
    """A folder of kept verdicts (None: nothing is kept). `context` names all that decides a score besides the cells.

    Only what was found behind the wall that is asked for comes back; `auto` takes what there is.
    """

    def __init__(self, folder: Path | None, context: str, isolation: str = "auto", fresh: bool = False):
        self.folder, self.context, self.isolation, self.fresh = folder, context, isolation, fresh

    def path(self, work: Submission) -> Path:
        """Where the verdict on these cells lies."""
        assert self.folder is not None
        # Notes count, for the record repeats them.
        cells = json.dumps([[c.where, c.source] for c in work.cells] + work.notes)
        return self.folder / f"{digest(self.context, cells)}.json"

    def get(self, work: Submission) -> Record | None:
        """The record of an earlier run, whoever's it was; None when there is none that can be read."""
        if self.folder is None or self.fresh:
            return None
        try:
            kept = Record.from_json(json.loads(self.path(work).read_text()))
        except (OSError, ValueError, RecursionError):  # none, or damaged: examined anew
            return None
        usable = kept.error is None and self.isolation in ("auto", kept.isolation)
        return replace(kept, kept=True) if usable else None

    def put(self, work: Submission, record: Record) -> None:
        """Keep what a record found. A folder that cannot be written to is no reason not to grade."""
        if self.folder is None or record.error or any(e.status in UNSURE for e in record.exercises):
            return
        with contextlib.suppress(OSError):
            save(self.path(work), json.dumps(replace(record, submission="").to_json()))
