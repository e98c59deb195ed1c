"""Protects right answers in whatever notebook they come, at every door: each of them gives full marks.

A notebook is drawn: style, order, splits, renames, encoding, file name, what lies beside it, further cells, magics.
"""

import json
import os
import random
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from nbgrader.api import Gradebook

from autograder.doors import gradescope
from autograder.doors.command import main
from tests.autograder.conftest import new_course
from tests.submissions.build import ROOT, all_submissions, build, find, grade_id, start

CODE = ("cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n")
NAMES = [
    "gpt2.ipynb",
    "gpt2 (1).ipynb",
    "GPT2.ipynb",
    "work/gpt2.ipynb",
    "gpt2.ipynb.txt",
    "gpt2.ipynb.json",
    "ü ö.ipynb",
    "gpt2-Copy1.ipynb",
    "a/b/c/Untitled.IPYNB",
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "format 3"]
BESIDE = {  # files that are no work of theirs
    "__MACOSX/._gpt2.ipynb": "\0\5\26\7",
    "._gpt2.ipynb": "\0\5\26\7",
    ".ipynb_checkpoints/gpt2-checkpoint.ipynb": '{"cells": []}',
    "gptkit/gpt2.ipynb": '{"cells": []}',
    "notes.txt": "softmax: subtract the maximum",
    "lecture.ipynb": '{"cells": [{"cell_type": "code", "source": "print(1)", "metadata": {}}], "nbformat": 4}',
}
EXTRA = [
    "%matplotlib inline\nshift = (7\n  % 3)",
    "!pip install numpy \\\n  pandas\nx = 1",
    "%time scale = 1.0",
    "%%time\nimport numpy as np",
    "%%bash\nls",
    "from numpy import *\nfrom builtins import *",  # else sum and max are NumPy's, for the student, too
    "import torch\nfrom scipy.special import expit",
    "import sqlite3, cProfile, tracemalloc, optparse\nnp.random?",
    "# \x0c \u00e9\ncheck(softmax)",
    "def (",
    "1 / 0",
]


def code(source, **metadata):
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": 1}


def right(rng, styles):
    """A notebook with right answers, and the words for what was done to it."""
    nb, done = json.loads(json.dumps(rng.choice(styles))), []
    if rng.random() < 0.3:  # the answers in another order
        places = [place for place, cell in enumerate(nb["cells"]) if grade_id(cell) in CODE]
        moved = rng.sample([nb["cells"][place] for place in places], len(places))
        for place, cell in zip(places, moved, strict=True):
            nb["cells"][place] = cell
        done.append("order")
    for name in CODE:
        place = find(nb, name)
        cell = nb["cells"][place]
        source, stub = "".join(cell["source"]), cell.pop("stub")
        kind = rng.randrange(9)
        if kind == 1:  # written below, the stub left in place
            nb["cells"].insert(place + 1, code(source))
            cell["source"] = stub
        elif kind == 2:  # under another name, bound in a cell of its own
            bound = rng.choice(
                [f"{name}, rest = mine_{name}, None", f"{name}: object = mine_{name}", f"{name} = mine_{name}"]
            )
            nb["cells"].insert(place + 1, code(bound))
            cell["source"] = source + f"\n\nmine_{name} = {name}\ndel {name}\n"
        elif kind == 3:  # a magic in the cell
            cell["source"] = rng.choice(["%time one = 1\n", "!ls \\\n  -l\n", "%%time\n", ""]) + source
        elif kind == 4:  # split
            nb["cells"].insert(place, code("import numpy as np, math\n"))
        elif kind == 5:
            cell["source"] = source.replace("\n", "\r\n")
        elif kind == 6:  # retyped at the end, the cell deleted
            del nb["cells"][place]
            nb["cells"].append(code(source))
        elif kind == 7:  # a first attempt, and the right one after it
            cell["source"] = f"def {name}(*args):\n    return 1 / 0\n"
            nb["cells"].insert(place + 1, code(source))
        elif kind == 8:  # defined where it is tried out
            cell["source"] = f"if True:\n    pass\n{source}\ntry:\n    print({name}())\nexcept TypeError:\n    pass\n"
        done.append((name, kind))
    for _ in range(rng.randrange(4)):
        extra = rng.choice(EXTRA)
        nb["cells"].insert(rng.randrange(len(nb["cells"]) + 1), code(extra))
        done.append(extra)
    if rng.random() < 0.3:
        nb["cells"][find(nb, "setup")]["source"] = "import numpy as np\nimport math"
        done.append("setup edited")
    elif rng.random() < 0.3:
        del nb["cells"][find(nb, "setup")]
        done.append("setup deleted")
    if rng.random() < 0.3:
        for cell in nb["cells"]:
            cell["metadata"] = {}
        done.append("metadata gone")
    return nb, done


def written(path, nb, encoding):
    path.parent.mkdir(parents=True, exist_ok=True)
    if encoding == "format 3":
        cells = [{**c, "input": c["source"]} if c["cell_type"] == "code" else c for c in nb["cells"]]
        nb, encoding = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}, "utf-8"
    path.write_text(json.dumps(nb, ensure_ascii=False, indent=1), encoding, errors="replace")


def styles(tmp_path):
    """The right samples as notebooks, their stubs beside the answers."""
    found, released = [], start("release")
    for sample in all_submissions("right"):
        build(sample, tmp_path / "sample.ipynb")
        nb = json.loads((tmp_path / "sample.ipynb").read_text("utf-8"))
        for cell in nb["cells"]:
            if grade_id(cell) in CODE:
                cell["stub"] = released["cells"][find(released, grade_id(cell))]["source"]
        found.append(nb)
    return found


def hand_in(submitted, seeds, known):
    """A student for each seed; {student: how theirs was drawn}."""
    drawn = {}
    for seed in seeds:
        rng, student = random.Random(seed), f"ann-{seed:05}"
        (nb, done), name, encoding = right(rng, known), rng.choice(NAMES), rng.choice(ENCODINGS)
        folder = submitted / student / "gpt2"
        written(folder / name, nb, encoding)
        beside = rng.sample(sorted(BESIDE), rng.randrange(3))
        for other in beside:
            written_beside = folder / other
            written_beside.parent.mkdir(parents=True, exist_ok=True)
            written_beside.write_text(BESIDE[other])
        drawn[student] = name, encoding, done, beside
    return drawn


def marks(course):
    """{student: their points for code} in the gradebook."""
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        found = gradebook.assignment_submissions("gpt2")
        return {
            one.student.id: sum(grade.auto_score or 0 for notebook in one.notebooks for grade in notebook.grades)
            for one in found
        }


@pytest.mark.parametrize("seeds", [range(6), pytest.param(range(6, 306), marks=pytest.mark.soak)], ids=len)
@pytest.mark.timeout(3000)
def test_a_right_notebook_gets_full_marks_at_every_door(seeds, tmp_path, monkeypatch, capsys):
    """What one door has examined is kept, so the others show that they read the same cells, and give the same."""
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(tmp_path / "verdicts"))
    monkeypatch.delenv("GRADEBOOK_URL", raising=False)
    course = new_course(tmp_path / "course")
    submitted = course.folder / "submitted"
    drawn = hand_in(submitted, seeds, styles(tmp_path))
    full = dict.fromkeys(drawn, 90)

    assert main(["grade", str(submitted), "--json", str(tmp_path / "all.json")]) == 0
    records = {one["submission"].split("/")[0]: one for one in json.loads((tmp_path / "all.json").read_text())}
    assert records.keys() == drawn.keys()
    for student, record in records.items():
        assert record["score"] == 90, (student, drawn[student], record["notes"])

    words = ["-m", "pytest", "-p", "no:cacheprovider", "autograder", f"--submission={submitted}"]
    words.append(f"--junit-xml={tmp_path / 'junit.xml'}")
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    checks = sum(len(exercise["checks"]) for record in records.values() for exercise in record["exercises"])
    assert done.returncode == 0, done.stdout[-3000:]
    assert len(list(ElementTree.parse(tmp_path / "junit.xml").iter("testcase"))) == checks

    for student in drawn:
        results = tmp_path / "results.json"
        assert gradescope.main(str(submitted / student / "gpt2"), str(results)) == 0
        assert sum(test["score"] for test in json.loads(results.read_text())["tests"]) == 90, (student, drawn[student])

    course.nbgrader("autograde", "gpt2", AUTOGRADER_VERDICTS=os.environ["AUTOGRADER_VERDICTS"])
    assert marks(course) == full
    monkeypatch.chdir(course.folder)
    capsys.readouterr()
    assert main(["course", "grade", "gpt2"]) == 0
    assert f"{len(full)} submissions recorded" in capsys.readouterr().out
    assert marks(course) == full
