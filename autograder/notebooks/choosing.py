"""Which notebook is the student's: one rule for every door, and what a path on the command line stands for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from autograder.errors import CannotGrade, UsageError
from autograder.notebooks.opening import Unreadable, open_notebook
from autograder.notebooks.submission import Release, belongs, shortened, worked_on

DEEP, MANY, FEW = 8, 5000, 20  # folders inside each other, a student's files, and notebooks that are looked at
NOT_THEIRS = {"__MACOSX", "gptkit"}  # folders: a Mac's, the assignment's; hidden ones are not looked at either
PLAIN = {"", ".json", ".txt"}  # what mail programs and browsers make of .ipynb


class Work(NamedTuple):
    """One submission: its label relative to the PATH that was given, the file, and notes on how it was found."""

    label: str
    path: Path
    notes: tuple[str, ...] = ()


class Choice(NamedTuple):
    """A student's notebook and notes that name the others; or None and notes that say what lies there instead."""

    notebook: Path | None
    notes: list[str]


def choose(folder: Path, release: Release) -> Choice:
    """The student's notebook in their folder or below it. Raises CannotGrade when a folder or file cannot be read.

    The one with the released name if it was worked on, else the only one that was, else the newest. Links do not count.
    """
    files, odd = looked_at(folder)
    # Not only a name that ends so: browsers and Macs save gpt2.ipynb.json, gpt2.ipynb.txt, gpt2.ipynb (1).
    named = [path for path in files if ".ipynb" in path.name.lower()]
    notes = [f"Not looked at: {', '.join(odd)}."] if odd else []
    if len(named) == 1:
        return Choice(named[0], shortened(notes))
    plain = [path for path in files if path.suffix.lower() in PLAIN]
    # Opening every file of a large folder could take minutes; beyond a few, the first ones by name stand for all.
    use = {path: usable(path, release) for path in named[:FEW] or plain[:FEW]}
    top = max(use.values(), default=0)
    candidates = [path for path, worth in use.items() if worth == top and (named or worth)]
    if not candidates:
        lies = ", ".join(map(str, [*(path.relative_to(folder) for path in files), *odd]))
        return Choice(None, shortened([f"There is no notebook, but: {lies}." if lies else "There is no file."]))
    at_home = [path for path in candidates if path.name == f"{release.name}.ipynb"]
    outer = min((len(path.parts) for path in at_home), default=0)
    among = [path for path in at_home if len(path.parts) == outer] or candidates
    # Times that are the same (an archive may set them all) are no choice: then the name decides.
    best = max(among, key=lambda path: (path.lstat().st_mtime_ns, path))
    others = ", ".join(str(path.relative_to(folder)) for path in named if path != best)
    more = [f"{best.relative_to(folder)} counts; there are also: {others}."] if others else []
    return Choice(best, shortened(more + notes))


def usable(path: Path, release: Release) -> int:
    """2: a notebook of this assignment that was worked on, 1: one that was not, 0: anything else."""
    try:
        notebook = open_notebook(path)
    except Unreadable:
        return 0
    functions = re.compile(rf"^[ \t]*def ({'|'.join(map(re.escape, release.solutions))})\b", re.M)
    # A notebook that was begun anew has no cell of the release, but its functions.
    mine = belongs(notebook, release) or any(functions.search(cell["source"]) for cell in notebook.cells)
    return mine + (mine and worked_on(notebook, release))


def looked_at(folder: Path) -> tuple[list[Path], list[str]]:
    """The regular files below a folder that may be the student's, and in words what was not looked at."""
    files, odd, pending, seen = [], [], [(folder, 0)], 0
    while pending:
        inside, depth = pending.pop()
        for entry in entries(inside):
            seen += 1
            name = Path(entry.path).relative_to(folder).as_posix()
            if entry.is_symlink():
                odd.append(f"{name} (a link)")
            elif entry.is_dir():
                if depth < DEEP and seen < MANY:
                    pending.append((Path(entry.path), depth + 1))
                else:
                    odd.append(f"{name} (a folder too deep or one of too many)")
            elif entry.is_file():
                files.append(Path(entry.path))
            else:
                odd.append(f"{name} (no regular file)")
    return sorted(files[:MANY]), odd


def entries(folder: Path) -> Iterator[os.DirEntry]:
    """What stands in a folder and is somebody's work, in order. Raises CannotGrade."""
    try:
        with os.scandir(folder) as found:
            kept = [e for e in found if not e.name.startswith(".") and e.name not in NOT_THEIRS]
    except OSError as error:
        raise CannotGrade(f"{folder} cannot be read: {error.strerror}.") from error
    yield from sorted(kept, key=lambda entry: entry.name)


def submissions(path: Path, release: Release, given: Path | None = None) -> tuple[list[Work], dict[str, list[str]]]:
    """The submissions that a PATH stands for, and by name those who have none, with notes that say why.

    PATH is a notebook, or a folder: each notebook in it is a submission, each folder in it a student's with one;
    `given` is what it was unpacked from. Raises UsageError when there is none at all.
    """
    if not os.path.lexists(path):
        raise UsageError(f"{path}: no such file or folder.")
    if not path.is_dir():
        if ".ipynb" not in path.name.lower():
            raise UsageError(f"{path}: not a notebook (a notebook's name ends in .ipynb).")
        return [Work(path.name, path)], {}
    work, without = [], {}
    for entry in entries(path):
        here = Path(entry.path)
        if entry.is_symlink():
            without[entry.name] = ["This is a link, and a link is no submission."]
        elif entry.is_dir():
            try:
                notebook, notes = choose(here, release)
            except CannotGrade as error:  # whoever opens that again will say so, of this student alone
                # Only what the disk said names a file; a fault of another kind concerns everybody.
                if not isinstance(error.__cause__, OSError):
                    raise
                notebook, notes = Path(error.__cause__.filename), []
            if notebook:
                work.append(Work(notebook.relative_to(path).as_posix(), notebook, tuple(notes)))
            else:
                without[entry.name] = notes
        elif entry.is_file() and ".ipynb" in entry.name.lower():
            work.append(Work(entry.name, here))
    if not work:
        why = "".join(f" {name}: {notes[0]}" for name, notes in list(without.items())[:3])
        raise UsageError(f"{given or path}: no notebook (*.ipynb) in this folder or below it.{why}")
    return sorted(work), without
