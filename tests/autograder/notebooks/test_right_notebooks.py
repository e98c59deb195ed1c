"""Protects right answers in whatever notebook they come: style, order, splits, renames, encodings, names, magics."""

import json
import random

import pytest

from autograder.grading import Grader
from autograder.notebooks.choosing import submissions
from autograder.settings import Settings
from tests.submissions.build import all_submissions, build, find, grade_id, start

CODE = ("cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n")
NAMES = [
    "gpt2.ipynb",
    "gpt2 (1).ipynb",
    "GPT2.ipynb",
    "work/gpt2.ipynb",
    "gpt2.ipynb.txt",
    "gpt2.ipynb.json",
    "ü.ipynb",
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "latin-1", "format 3"]
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
    for name in CODE:
        place = find(nb, name)
        source = "".join(nb["cells"][place]["source"])
        kind = rng.randrange(6)
        if kind == 1:  # written below, the stub left in place
            nb["cells"].insert(place + 1, code(source))
            nb["cells"][place]["source"] = nb["cells"][place]["stub"]
        elif kind == 2:  # under another name, bound in a cell of its own
            bound = rng.choice(
                [f"{name}, rest = mine_{name}, None", f"{name}: object = mine_{name}", f"{name} = mine_{name}"]
            )
            nb["cells"].insert(place + 1, code(bound))
            nb["cells"][place]["source"] = source + f"\n\nmine_{name} = {name}\ndel {name}\n"
        elif kind == 3:  # a magic in the cell
            nb["cells"][place]["source"] = (
                rng.choice(["%time one = 1\n", "!ls \\\n  -l\n", "%%time\n", ">>> 1\n"[4:]]) + source
            )
        elif kind == 4:  # split
            nb["cells"][place]["source"] = source
            nb["cells"].insert(place, code("import numpy as np, math\n"))
        elif kind == 5:
            nb["cells"][place]["source"] = source.replace("\n", "\r\n")
        done.append((name, kind))
    for cell in nb["cells"]:
        cell.pop("stub", None)
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


@pytest.mark.parametrize("count", [25, pytest.param(500, marks=[pytest.mark.soak, pytest.mark.timeout(3000)])])
def test_a_right_notebook_gets_full_marks_however_it_is_written(count, tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_VERDICTS", "")
    styles, released = [], start("release")
    for sample in all_submissions("right"):
        build(sample, tmp_path / "sample.ipynb")
        nb = json.loads((tmp_path / "sample.ipynb").read_text("utf-8"))
        for cell in nb["cells"]:
            if grade_id(cell) in CODE:
                cell["stub"] = released["cells"][find(released, grade_id(cell))]["source"]
        styles.append(nb)
    with Grader(Settings.from_environment()) as grader:
        for seed in range(count):
            rng = random.Random(seed)
            (nb, done), name, encoding = right(rng, styles), rng.choice(NAMES), rng.choice(ENCODINGS)
            folder = tmp_path / f"class-{seed}"
            written(folder / "ann" / name, nb, encoding)
            (work,), _ = submissions(folder, grader.release)
            record = grader.grade(work.path, work.label).to_json()
            assert record["score"] == 90, (seed, name, encoding, done, record["notes"])
