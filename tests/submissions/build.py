"""Makes a notebook of each sample submission, and reads what its grade should be.

A sample is one small file, so that a reader sees only what is special about it:

    \"\"\"One line of what it tries.

    start: solution            (the released notebook with the right answers in it; or: release, as students get it)
    expect: softmax 0 failed   (exercise, score or *, status or *; what is not named must have full marks; exercise *
                               stands for all that are not named)
    expect: score 80           (the total; may be left out)
    \"\"\"
    # %% softmax               what follows replaces the source of the cell with this grade_id
    # %% + softmax             adds a code cell after the cell with this grade_id
    # %% + end                 adds a code cell at the end
    # %% - attention           deletes the cell
    # %% notebook              is run here with `nb`, the notebook as a dict, in scope
    # %% file                  is run here with `path`, where the notebook has been written, in scope
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SOURCE = ROOT / "source" / "gpt2" / "gpt2.ipynb"
RELEASE = ROOT / "release" / "gpt2" / "gpt2.ipynb"
PART = re.compile(r"^# %% (.+)\n", re.MULTILINE)


@dataclass
class Expectation:
    """What a sample's record should say; None stands for anything."""

    name: str  # folder/file without its ending
    says: str  # the one line of what it tries
    start: str = "solution"
    score: float | None = None
    exercises: dict[str, tuple[float | None, str | None]] = field(default_factory=dict)

    def differences(self, record: dict) -> list[str]:
        """One line for each way in which a record (as JSON) is not as expected; empty when all is well."""
        if record["error"] is not None:
            return [f"{self.name}: could not be graded: {record['error']}"]
        found = []
        for exercise in record["exercises"]:
            name, full = exercise["name"], exercise["max_score"]
            score, status = self._of(name, full)
            if score is not None and abs(exercise["score"] - score) > 1e-6:
                found.append(f"{self.name}: {name} has {exercise['score']:g} points, not {score:g}")
            if status is not None and exercise["status"] != status:
                found.append(f"{self.name}: {name} is {exercise['status']}, not {status}")
        if self.score is not None and abs(record["score"] - self.score) > 1e-6:
            found.append(f"{self.name}: {record['score']:g} points in all, not {self.score:g}")
        return found

    def settles(self, name: str) -> bool:
        """Whether an exercise has the same points in every run: what a sample's seconds decide has not."""
        return self._of(name, 0.0)[0] is not None

    def _of(self, name: str, full: float) -> tuple[float | None, str | None]:
        return self.exercises.get(name) or self.exercises.get("*") or (full, "passed")


def all_submissions(*folders: str) -> list[Path]:
    """The sample files of these folders (right, wrong, hostile, broken; all of them by default), in order."""
    return [path for folder in folders or ("right", "wrong", "hostile", "broken") for path in sample_files(folder)]


def sample_files(folder: str) -> list[Path]:
    return sorted((HERE / folder).glob("*.py"))


def expectation(source: Path) -> Expectation:
    """Read a sample's docstring."""
    header = ast.get_docstring(ast.parse(PART.split(source.read_text("utf-8"))[0])) or ""
    lines = [line.strip() for line in header.splitlines()]
    result = Expectation(f"{source.parent.name}/{source.stem}", lines[0] if lines else "")
    for line in lines[1:]:
        key, _, rest = line.partition(":")
        words = rest.split()
        if key == "start":
            result.start = words[0]
        elif key == "expect" and words[0] == "score":
            result.score = float(words[1])
        elif key == "expect":
            score, status = [None if word == "*" else word for word in words[1:3]]
            result.exercises[words[0]] = (None if score is None else float(score), status)
    return result


def build(source: Path, target: Path) -> Expectation:
    """Write the notebook of the sample `source` to `target`; its folder is made. Returns what its grade should be."""
    expected = expectation(source)
    nb = start(expected.start)
    _, *parts = PART.split(source.read_text("utf-8"))
    steps = list(zip((title.strip() for title in parts[::2]), parts[1::2], strict=True))
    for number, (title, code) in enumerate(steps):
        edit(nb, title, code.strip("\n"), number)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(nb, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for title, code in steps:
        if title == "file":
            exec(compile(code, str(source), "exec"), {"path": target})
    return expected


def start(kind: str) -> dict:
    """The notebook a sample begins from: as released, or with the instructor's answers in it."""
    nb = json.loads(RELEASE.read_text("utf-8"))
    if kind == "release":
        return nb
    answers = json.loads(SOURCE.read_text("utf-8"))
    for cell in answers["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            lines = "".join(cell["source"]).splitlines()
            markers = ("### BEGIN SOLUTION", "### END SOLUTION")
            text = "\n".join(line for line in lines if line.strip() not in markers)
            nb["cells"][find(nb, grade_id(cell))]["source"] = text
    return nb


def edit(nb: dict, title: str, code: str, number: int) -> None:
    """Apply one part of a sample file to the notebook, in place."""
    action, _, name = title.rpartition(" ")
    if title == "notebook":
        exec(compile(code, "notebook", "exec"), {"nb": nb, "json": json})
    elif title == "file":
        return
    elif action == "+":
        cell = {"cell_type": "code", "execution_count": None, "id": f"added-{number}", "metadata": {}}
        place = len(nb["cells"]) if name == "end" else find(nb, name) + 1
        nb["cells"].insert(place, cell | {"outputs": [], "source": code})
    elif action == "-":
        del nb["cells"][find(nb, name)]
    else:
        nb["cells"][find(nb, name)]["source"] = code


def grade_id(cell: dict) -> str | None:
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def find(nb: dict, name: str) -> int:
    """The position of the cell with this grade_id. Raises KeyError when there is none."""
    for position, cell in enumerate(nb["cells"]):
        if grade_id(cell) == name:
            return position
    raise KeyError(f"no cell has the grade_id {name!r}")
