"""`autograder report`: the records of a class, graded or read from a file, written as a page and a table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

from autograder.errors import UsageError
from autograder.executors.batch import grade_all
from autograder.files import save
from autograder.grading.grader import released
from autograder.notebooks.choosing import submissions
from autograder.notebooks.similarity import groups
from autograder.reports.class_page import page
from autograder.reports.class_statistics import ClassReport, by_student, table
from autograder.reports.report import Record, clean

LIMIT = 1e9  # no score or time of a record is near it
FORM = {"schema": int, "submission": str, "assignment": str, "model": str, "isolation": str}
FORM |= {"score": float, "max_score": float, "seconds": float}
CHECK = {"name": str, "earned": float, "passed": bool, "hidden": bool, "message": str}
CHECK |= {"mistake": str | None, "hint": str | None}
FORM["exercises"] = [{"name": str, "score": float, "max_score": float, "status": str, "checks": [CHECK]}]


def load(path: Path) -> list[Record]:
    """The records in a file that `autograder grade --json` wrote. Raises UsageError."""
    try:
        records = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: not valid JSON.") from None
    if not records or not fits(records, [FORM]) or len({r["assignment"] for r in records}) != 1:
        raise UsageError(f"{path}: not the records of one assignment, as `autograder grade --json` writes them.")
    return records


def fits(value: Any, form: Any) -> bool:
    """Whether parsed JSON has a form: a type, a list of one form, or the keys that must be there with their forms."""
    if isinstance(form, dict):
        return isinstance(value, dict) and all(key in value and fits(value[key], form[key]) for key in form)
    if isinstance(form, list):
        return isinstance(value, list) and all(fits(one, form[0]) for one in value)
    if form is float:
        return isinstance(value, int | float) and 0 <= value < LIMIT
    return isinstance(value, form)


def gather(options: argparse.Namespace) -> ClassReport:
    """The records, graded or read, and the notebooks that belong to them. Raises UsageError."""
    path = Path(options.path)
    if path.suffix == ".json":
        records, folder = load(path), options.notebooks and Path(options.notebooks)
        if folder and not any((folder / r["submission"]).is_file() for r in records):
            raise UsageError(f"{folder}: none of the notebooks that {path} names is in this folder.")
    elif path.is_dir() or not path.exists():
        work, without = submissions(path, released())
        records, folder = grade_all(work, options.isolation, options.jobs, options.scheduler), path
        for name, notes in without.items():
            print(f"{clean(name)} has no mark. {clean(' '.join(notes))}")
    else:
        raise UsageError(f"{path}: neither a folder of notebooks nor a .json file with their records.")
    students = by_student(records)
    notebooks = {s: folder / r["submission"] for s, r in students.items()} if folder else None
    return ClassReport(students, groups(notebooks, released()) if notebooks else None)


def write(options: argparse.Namespace) -> int:
    """The command: write the page and the table, and say on the terminal what stands out. Raises UsageError."""
    report = gather(options)
    html = Path(options.html or f"{Path(report.first['assignment']).name}-report.html")
    table_file = Path(options.csv or html.with_suffix(".csv"))
    for file, text in ((html, page(report)), (table_file, table(report))):
        try:
            save(file, text)
        except OSError as error:
            raise UsageError(f"{file}: cannot be written ({error.strerror}).") from None
    average = mean(r["score"] for r in report.records.values())
    print(f"{report.students} notebooks, {average:.1f} of {report.first['max_score']:g} points on average")
    for mistake in report.mistakes[:3]:
        print(f"  {len(mistake.who):4} made this mistake: {clean(mistake.exercise)}: {clean(mistake.fact)}")
    print(f"The page: {html}   the table: {table_file}")
    return 0
