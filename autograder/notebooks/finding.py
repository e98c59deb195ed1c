"""Which notebooks a PATH on the command line means."""

from __future__ import annotations

from pathlib import Path

from autograder.errors import UsageError


def find_notebooks(path: str | Path) -> list[tuple[str, Path]]:
    """(label, notebook) pairs of a PATH: a notebook itself, or every notebook below a folder, in sorted order.

    Labels are relative to PATH, with forward slashes. Raises UsageError when there is nothing to grade.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder.")
    if not path.is_dir():
        if path.suffix != ".ipynb":
            raise UsageError(f"{path}: not a notebook (a notebook's name ends in .ipynb).")
        return [(path.name, path)]
    found = sorted(p for p in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
    if not found:
        raise UsageError(f"{path}: no notebook (*.ipynb) in this folder or below it.")
    return [(p.relative_to(path).as_posix(), p) for p in found]
