"""What a class has not understood: the records of all its notebooks, counted, for a page and a table."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from gptkit.checks.cases import DATA
from gptkit.checks.cases import load as stored

from autograder.files import save
from autograder.grading import UsageError, find_notebooks, released
from autograder.many import grade_all
from autograder.report import IN_PLACE, Record, clean
from autograder.similar import Group, groups

BUILT_ON = {"attention": {"softmax"}, "end_to_end": {"softmax", "layer_norm", "attention"}}
ENDED = {
    "error": "The function raised an error.",
    "timeout": "The function took too long.",
    "crashed": "The function's process ended.",
}
LIMIT = 1e9  # no score or time of a record is near it
FORM = {"schema": int, "submission": str, "assignment": str, "model": str, "isolation": str}
FORM |= {"score": float, "max_score": float, "seconds": float}
CHECK = {"name": str, "earned": float, "passed": bool, "hidden": bool, "message": str}
CHECK |= {"mistake": str | None, "hint": str | None}
FORM["exercises"] = [{"name": str, "score": float, "max_score": float, "status": str, "checks": [CHECK]}]


@dataclass
class Mistake:
    """One mistake of the class. `name` is None where no known mistake fits; `who` holds what each student was told."""

    exercise: str
    name: str | None
    fact: str
    question: str
    who: dict[str, str] = field(default_factory=dict)


@dataclass
class Checked:
    """One check: how many students came as far as it, and how many of them passed it."""

    exercise: str
    says: str
    hidden: bool
    reached: int = 0
    passed: int = 0


@dataclass
class ClassReport:
    """Everything the page and the table show. `records` by student; `groups` is None when no notebooks were given."""

    records: dict[str, Record]
    groups: list[Group] | None = None

    def __post_init__(self):
        self.students = len(self.records)
        self.first = next(iter(self.records.values()))
        self.exercises = list(dict.fromkeys(e["name"] for r in self.records.values() for e in r["exercises"]))
        self.checks = count_checks(self.records)
        self.mistakes = sorted(count_mistakes(self.records), key=lambda m: -len(m.who))

    def statuses(self, exercise: str) -> Counter[str]:
        """How many students have which status."""
        return Counter(e["status"] for r in self.records.values() for e in r["exercises"] if e["name"] == exercise)


def by_student(records: list[Record]) -> dict[str, Record]:
    """Records by a name for each student: their folder where that tells them apart, else the whole label."""
    labels = [clean(r["submission"]) for r in records]
    folders = [label.split("/")[0] for label in labels]
    names = folders if len(set(folders)) == len(records) else labels
    seen = Counter()
    result = {}
    for name, record in zip(names, records, strict=True):
        seen[name] += 1
        result[name if seen[name] == 1 else f"{name} #{seen[name]}"] = record
    return result


def reached(exercise: dict[str, Any]) -> list[dict[str, Any]]:
    """The checks that a student's function came as far as; none when it is not written."""
    if exercise["status"] == "missing":
        return []
    return [c for c in exercise["checks"] if not IN_PLACE.sub("", c["message"]).lower().startswith("not reached")]


def count_checks(records: dict[str, Record]) -> list[Checked]:
    found: dict[tuple[str, str], Checked] = {}
    for exercise in (e for record in records.values() for e in record["exercises"]):
        for check in exercise["checks"]:
            says = check.get("says") or check["name"].replace("_", " ")
            found.setdefault((exercise["name"], check["name"]), Checked(exercise["name"], says, check["hidden"]))
        for check in reached(exercise):
            counted = found[exercise["name"], check["name"]]
            counted.reached += 1
            counted.passed += check["passed"]
    return list(found.values())


def count_mistakes(records: dict[str, Record]) -> list[Mistake]:
    """The class's mistakes; a student is counted once for each, where it was made and not where it was felt again."""
    words = {path.stem: stored(path)[1] for path in DATA.glob("*.npz")}
    found: dict[tuple[str, str], Mistake] = {}
    for student, record in records.items():
        made: dict[str, set[str]] = {}
        wrong = {e["name"] for e in record["exercises"] if e["status"] != "passed"}
        for exercise in record["exercises"]:
            name, failed = exercise["name"], [c for c in reached(exercise) if not c["passed"]]
            known = {part for check in failed for part in (check["mistake"] or "").split("+") if part}
            made[name] = known
            elsewhere = set().union(*(made.get(helper, set()) for helper in BUILT_ON.get(name, ())))
            for mistake in sorted(known - elsewhere):
                said = next(c for c in failed if mistake in (c["mistake"] or "").split("+"))
                fact, question = words.get(name, {}).get(mistake) or (said["message"], said["hint"])
                entry = found.setdefault((name, mistake), Mistake(name, mistake, fact, question or ""))
                entry.who[student] = ""
            helped = failed and IN_PLACE.match(failed[0]["message"])
            if failed and not known and (helped or not wrong & BUILT_ON.get(name, set())):
                said = IN_PLACE.sub("", failed[0]["message"])
                fact = ENDED.get(exercise["status"], said)
                question = "" if fact != said else failed[0]["hint"] or ""
                entry = found.setdefault((name, fact), Mistake(name, None, fact, question))
                entry.who[student] = said if fact != said else ""
    return list(found.values())


def table(report: ClassReport) -> str:
    """The class as CSV: a row for each student; scores, status and mistakes by exercise, and 1 or 0 for each check."""
    group_of = {m: i for i, group in enumerate(report.groups or [], 1) for m in group.members}
    rows = []
    for student, record in report.records.items():
        row = {"student": student, **{k: record[k] for k in ("submission", "score", "max_score", "seconds")}}
        row |= {"near_identical_group": group_of.get(student, ""), "notes": " ".join(record.get("notes", []))}
        for e in record["exercises"]:
            mistakes = [m.name or m.fact for m in report.mistakes if m.exercise == e["name"] and student in m.who]
            row |= {
                e["name"]: e["score"],
                f"{e['name']} status": e["status"],
                f"{e['name']} mistakes": "; ".join(mistakes),
            }
        row |= {f"{e['name']}: {c['name']}": int(c["passed"]) for e in record["exercises"] for c in e["checks"]}
        rows.append({key: cell(value) for key, value in row.items()})
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def cell(value: Any) -> Any:
    """A value for a spreadsheet: a text of a student's that would be a formula there stays a text."""
    text = clean(value) if isinstance(value, str) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@")) else text


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
        records, folder = grade_all(find_notebooks(path), options.isolation, options.jobs, options.scheduler), path
    else:
        raise UsageError(f"{path}: neither a folder of notebooks nor a .json file with their records.")
    students = by_student(records)
    notebooks = {s: folder / r["submission"] for s, r in students.items()} if folder else None
    return ClassReport(students, groups(notebooks, released()) if notebooks else None)


def write(options: argparse.Namespace) -> int:
    """The command: write the page and the table, and say on the terminal what stands out. Raises UsageError."""
    from autograder.class_page import page

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
