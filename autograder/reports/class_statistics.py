"""What a class has not understood: the records of all its notebooks, counted, and as a table."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from gptkit.checks.cases import DATA
from gptkit.checks.cases import load as stored

from autograder.notebooks.similarity import Group
from autograder.reports.report import IN_PLACE, Record, clean

BUILT_ON = {"attention": {"softmax"}, "end_to_end": {"softmax", "layer_norm", "attention"}}
ENDED = {
    "error": "The function raised an error.",
    "timeout": "The function took too long.",
    "crashed": "The function's process ended.",
}


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
