"""What a class has not understood: the records of all its notebooks, counted, and as a table."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gptkit.checks.cases import DATA
from gptkit.checks.cases import load as stored

from autograder.exercises import EXERCISES
from autograder.notebooks.similarity import Group
from autograder.record import CheckResult, ExerciseResult, Record
from autograder.reports.words import clean

# Spreadsheets in East Asia read the full-width signs as formulas, too.
FORMULA = re.compile(r"""((?:^|;)[\s"']*)([=+\-@＝＋－＠])""")
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


class Links(NamedTuple):
    """Where a student's notebook and feedback page are, seen from the report; no page, no address."""

    notebook: str
    feedback: str | None


@dataclass
class ClassReport:
    """Everything the page and the table show. `records` by student; `groups` is None when no notebooks were given.

    Counted are those that could be graded, `graded`; the others are named.
    """

    records: dict[str, Record]
    groups: list[Group] | None = None
    links: dict[str, Links] = field(default_factory=dict)

    def __post_init__(self):
        self.graded = {student: record for student, record in self.records.items() if record.score is not None}
        self.students = len(self.graded)
        self.first = next(iter(self.records.values()))
        self.exercises = list(dict.fromkeys(e.name for r in self.graded.values() for e in r.exercises))
        self.checks = count_checks(self.graded)
        self.mistakes = sorted(count_mistakes(self.graded), key=lambda m: -len(m.who))

    def statuses(self, exercise: str) -> Counter[str]:
        """How many students have which status."""
        return Counter(e.status for r in self.graded.values() for e in r.exercises if e.name == exercise)


def by_student(records: Sequence[Record]) -> dict[str, Record]:
    """Records by a name for each student: their folder where that tells them apart, else the whole label."""
    labels = [clean(r.submission) for r in records]
    folders = [label.split("/")[0] for label in labels]
    names = folders if len(set(folders)) == len(records) else labels
    seen: Counter[str] = Counter()
    result = {}
    for name, record in zip(names, records, strict=True):
        seen[name] += 1
        result[name if seen[name] == 1 else f"{name} #{seen[name]}"] = record
    return result


def reached(exercise: ExerciseResult) -> list[CheckResult]:
    """The checks that a student's function came as far as; none when it is not written."""
    return [] if exercise.status == "missing" else [check for check in exercise.checks if check.reached]


def count_checks(records: dict[str, Record]) -> list[Checked]:
    found: dict[tuple[str, str], Checked] = {}
    for exercise in (e for record in records.values() for e in record.exercises):
        for check in exercise.checks:
            says = check.says or check.name.replace("_", " ")
            found.setdefault((exercise.name, check.name), Checked(exercise.name, says, check.hidden))
        for check in reached(exercise):
            counted = found[exercise.name, check.name]
            counted.reached += 1
            counted.passed += check.passed
    return list(found.values())


def count_mistakes(records: dict[str, Record]) -> list[Mistake]:
    """The class's mistakes; a student is counted once for each, where it was made and not where it was felt again."""
    words = {path.stem: stored(path)[1] for path in DATA.glob("*.npz")}
    found: dict[tuple[str, str], Mistake] = {}
    for student, record in records.items():
        made: dict[str, set[str]] = {}
        wrong = {e.name for e in record.exercises if e.status != "passed"}
        for exercise in record.exercises:
            name, failed = exercise.name, [c for c in reached(exercise) if not c.passed]
            uses = EXERCISES[name].uses if name in EXERCISES else ()
            known = {part for check in failed for part in (check.mistake or "").split("+") if part}
            made[name] = known
            # An exercise comes after those that it uses, so their mistakes are known by now.
            elsewhere = set().union(*(made.get(part, set()) for part in uses))
            for mistake in sorted(known - elsewhere):
                said = next(c for c in failed if mistake in (c.mistake or "").split("+"))
                fact, question = words.get(name, {}).get(mistake) or (said.fact, said.hint)
                entry = found.setdefault((name, mistake), Mistake(name, mistake, fact, question or ""))
                entry.who[student] = ""
            if failed and not known and (exercise.replaced or not wrong.intersection(uses)):
                said = failed[0]
                fact = ENDED.get(exercise.status, said.fact)
                question = "" if fact != said.fact else said.hint or ""
                entry = found.setdefault((name, fact), Mistake(name, None, fact, question))
                entry.who[student] = said.fact if fact != said.fact else ""
    return list(found.values())


def table(report: ClassReport) -> str:
    """The class as CSV: a row for each student; scores, status and mistakes by exercise, and 1 or 0 for each check."""
    group_of = {m: i for i, group in enumerate(report.groups or [], 1) for m in group.members}
    rows = []
    for student, record in report.records.items():
        row = {"student": student, **{k: getattr(record, k) for k in ("submission", "score", "max_score", "seconds")}}
        row |= {"not_graded": record.error, "near_identical_group": group_of.get(student, "")}
        row |= {"notes": " ".join(record.notes)}
        for e in record.exercises:
            mistakes = [m.name or m.fact for m in report.mistakes if m.exercise == e.name and student in m.who]
            row |= {e.name: e.score, f"{e.name} status": e.status, f"{e.name} mistakes": "; ".join(mistakes)}
        row |= {f"{e.name}: {c.name}": int(c.passed) for e in record.exercises for c in e.checks}
        rows.append({key: cell(value) for key, value in row.items()})
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def cell(value: Any) -> Any:
    """A value for a spreadsheet: a text of a student's that would be a formula there stays a text.

    Behind a semicolon, too: in half the world it begins the next cell.
    """
    return FORMULA.sub(r"\1'\2", clean(value)) if isinstance(value, str) else value
