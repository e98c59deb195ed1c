"""A class of any size from the sample submissions, no two of them with the same code."""

from __future__ import annotations

import json
from pathlib import Path

from tests.submissions.build import all_submissions, build, expectation

SLOW = {"timeout", "crashed"}  # these measure limits, not the grader


def samples() -> list[Path]:
    """The right and wrong samples that come to an end."""
    found = all_submissions("right", "wrong")
    return [path for path in found if not SLOW & {status for _, status in expectation(path).exercises.values()}]


def hand_in(course: Path, count: int, kinds: list[Path] | None = None) -> list[str]:
    """Write `count` submissions into the course folder, of all samples or of some; the students' names."""
    kinds = kinds or samples()
    students = [f"student-{number:05}" for number in range(count)]
    for number, student in enumerate(students):
        path = course / "submitted" / student / "gpt2" / "gpt2.ipynb"
        build(kinds[number % len(kinds)], path)
        path.write_text(varied(path.read_text("utf-8"), number), "utf-8")
    return students


def varied(notebook: str, number: int) -> str:
    """The notebook with a helper and a remark of this student's own in every answer, and a written answer of theirs."""
    nb = json.loads(notebook)
    for cell in nb["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        if about.get("solution"):
            source = "".join(cell["source"])
            if cell["cell_type"] == "code":
                source = f"def helper_{number}():\n    return {number}\n\n\n{source}\n# version {number}"
            elif number % 3:
                source = f"Sampled text varies more than greedy text, I saw {number} times."
            cell["source"] = source
    return json.dumps(nb)
