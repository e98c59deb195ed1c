"""Protects the class from odd notebooks: whatever a file has become, it gets its row, and nobody else's changes.

A seeded fuzzer changes valid notebooks: their bytes, their JSON, their cells and the code in them.
"""

import copy
import json
import random
from dataclasses import replace

import pytest

from autograder.grading import Grader
from autograder.settings import Limits, Settings
from tests.submissions.build import HERE, build

ODD = [
    None,
    True,
    -1,
    1e308,
    "",
    "\ud800",
    "\x00",
    [],
    {},
    [[]],
    {"source": 1},
    "x" * 10_000,
    "%%bash\nls",
    "import os\nos._exit(0)",
]
STATUS = {"passed", "partial", "failed", "missing", "error", "timeout", "crashed"}


def places(value, path=()):
    """The paths of everything in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def mutated(notebook: dict, rng: random.Random) -> bytes:
    """The notebook with one to five things changed, as the bytes of a file."""
    notebook = copy.deepcopy(notebook)
    for _ in range(rng.randint(1, 5)):
        *path, last = rng.choice([p for p in places(notebook) if p])
        holder = notebook
        for key in path:
            holder = holder[key]
        kind = rng.randrange(4)
        if kind == 0:
            holder[last] = copy.deepcopy(rng.choice(ODD))
        elif kind == 1:
            del holder[last]
        elif kind == 2 and isinstance(holder, list):
            holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(holder[last]))
        elif isinstance(holder[last], str) and holder[last]:
            text, at = holder[last], rng.randrange(len(holder[last]))
            holder[last] = text[:at] + rng.choice(["", ":", "\n", "(", "0", "-", "é", text[::-1]]) + text[at + 1 :]
        if not notebook:
            break
    data = bytearray(json.dumps(notebook).encode())
    for _ in range(rng.choice([0, 0, 0, 1, 4])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[: rng.randrange(len(data))] if rng.random() < 0.05 else data)


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=[pytest.mark.soak, pytest.mark.timeout(3000)])])
def test_every_mutated_notebook_gets_its_row_and_changes_nobody_elses(count, tmp_path):
    originals = []
    for name in ("right/perfect", "wrong/three_mistakes", "wrong/untouched"):
        build(HERE / f"{name}.py", tmp_path / "original.ipynb")
        originals.append(json.loads((tmp_path / "original.ipynb").read_text()))
    good = tmp_path / "good.ipynb"
    build(HERE / "wrong" / "three_mistakes.py", good)
    rng, odd = random.Random(20240501), tmp_path / "odd.ipynb"
    limits = Limits(call_seconds=2.0, load_seconds=2.0, submission_seconds=15.0)
    with Grader(Settings(seed="0", limits=limits, verdicts=None)) as grader:
        before = replace(grader.grade(good, "good"), seconds=0)
        for i in range(count):
            odd.write_bytes(mutated(rng.choice(originals), rng))
            record = json.loads(json.dumps(grader.grade(odd, f"odd-{i}").to_json(), allow_nan=False))
            assert record["error"] is None, (record["error"], odd.read_bytes())
            assert record["submission"] == f"odd-{i}" and len(record["exercises"]) == 6
            assert 0 <= record["score"] <= record["max_score"] == 90
            assert {e["status"] for e in record["exercises"]} <= STATUS
        assert replace(grader.grade(good, "good"), seconds=0) == before
