"""Stock nbgrader and Otter for benchmarks/grading.py: the same notebooks, graded by tests in plain NumPy.

The tests ask what the visible checks ask (values, shapes, large scores, arguments left alone, sampling by 400 draws).
Stock nbgrader runs them inside the student's notebook, Otter beside it; the hidden checks on the model's real
activations, which ours also runs, have no counterpart there.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = {
    "cosine_similarity": """
rng = np.random.default_rng(1)
a, b = rng.normal(size=(2, 64)).astype(np.float32)
before = a.copy()
assert np.ndim(cosine_similarity(a, b)) == 0
np.testing.assert_allclose(cosine_similarity(a, b), a @ b / np.sqrt((a @ a) * (b @ b)), rtol=1e-4)
np.testing.assert_allclose(cosine_similarity(3 * a, b), cosine_similarity(a, b), rtol=1e-4)
np.testing.assert_allclose(cosine_similarity(np.array([1.0, 0.0]), np.array([1.0, 1.0])), np.sqrt(0.5), rtol=1e-4)
assert np.array_equal(a, before)
""",
    "softmax": """
right = lambda x: np.exp(x - x.max(-1, keepdims=True)) / np.exp(x - x.max(-1, keepdims=True)).sum(-1, keepdims=True)
x = np.random.default_rng(2).normal(size=(3, 4, 7)) * 5
before = x.copy()
np.testing.assert_allclose(softmax(x[0]), right(x[0]), rtol=1e-4)
np.testing.assert_allclose(softmax(x[0, 0]), right(x[0, 0]), rtol=1e-4)
np.testing.assert_allclose(softmax(x), right(x), rtol=1e-4)
np.testing.assert_allclose(softmax(x[0] + 1000), right(x[0]), rtol=1e-4)
np.testing.assert_allclose(softmax(x[0] - 1000), right(x[0]), rtol=1e-4)
np.testing.assert_allclose(softmax(x).sum(-1), 1, rtol=1e-4)
assert np.array_equal(x, before)
""",
    "layer_norm": """
norm = lambda x, g, b, e: g * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + e) + b
rng = np.random.default_rng(3)
x, g, b = rng.normal(size=(2, 3, 8)) * 3, rng.normal(size=8), rng.normal(size=8)
before = x.copy()
np.testing.assert_allclose(layer_norm(x[0], np.ones(8), np.zeros(8)), norm(x[0], 1, 0, 1e-5), rtol=1e-4, atol=1e-5)
np.testing.assert_allclose(layer_norm(x[0], g, b), norm(x[0], g, b, 1e-5), rtol=1e-4, atol=1e-5)
np.testing.assert_allclose(layer_norm(x, g, b), norm(x, g, b, 1e-5), rtol=1e-4, atol=1e-5)
np.testing.assert_allclose(layer_norm(x[0, 0], g, b), norm(x[0, 0], g, b, 1e-5), rtol=1e-4, atol=1e-5)
np.testing.assert_allclose(layer_norm(x[0], g, b, eps=0.5), norm(x[0], g, b, 0.5), rtol=1e-4, atol=1e-5)
np.testing.assert_allclose(layer_norm(np.full((2, 8), 2.0), g, b), np.tile(b, (2, 1)), rtol=1e-4, atol=1e-5)
assert np.array_equal(x, before)
""",
    "attention": """
probabilities = lambda s: np.exp(s - s.max(-1, keepdims=True)) / np.exp(s - s.max(-1, keepdims=True)).sum(-1)[:, None]
expected = lambda q, k, v, m: probabilities(q @ k.T / np.sqrt(q.shape[-1]) + m) @ v
rng = np.random.default_rng(4)
q, k, v = rng.normal(size=(5, 8)), rng.normal(size=(7, 8)), rng.normal(size=(7, 6))
before = q.copy()
causal = np.triu(np.full((5, 7), -1e10), 1)
distance = -np.abs(np.subtract.outer(np.arange(5.0), np.arange(7.0)))
none = np.zeros((5, 7))
np.testing.assert_allclose(attention(q, k, v, none), expected(q, k, v, none), rtol=1e-4, atol=1e-6)
np.testing.assert_allclose(attention(q, k, v, causal), expected(q, k, v, causal), rtol=1e-4, atol=1e-6)
np.testing.assert_allclose(attention(q, k, v, distance), expected(q, k, v, distance), rtol=1e-4, atol=1e-6)
np.testing.assert_allclose(attention(q * 40, k, v, none), expected(q * 40, k, v, none), rtol=1e-3, atol=1e-5)
np.testing.assert_allclose(attention(q, k, np.ones((7, 6)), none), 1, rtol=1e-4)
assert np.array_equal(q, before)
""",
    "sample_top_n": """
logits = np.random.default_rng(5).normal(size=300) * 3
before = logits.copy()
draw = lambda seed, n, times: [sample_top_n(logits, n, r) for r in [np.random.default_rng(seed)] for _ in range(times)]
top = np.argsort(logits)[-8:]
p = np.exp(logits[top]) / np.exp(logits[top]).sum()
ids = draw(1, 8, 400)
seen = np.array([ids.count(t) for t in top])
assert seen.sum() == 400
assert ((seen - 400 * p) ** 2 / (400 * p)).sum() < 45
assert draw(1, 8, 40) == ids[:40]
assert draw(2, 8, 40) != ids[:40]
assert set(draw(3, 1, 5)) == {int(logits.argmax())}
assert np.array_equal(logits, before)
""",
}
WHOLE_MODEL = """
from gptkit import load
from gptkit.engine.model import GPT2
whole = load("tiny")
ids = whole.tokenizer.encode("To be, or not to be: that is the")
theirs = GPT2(whole.hparams, whole.params, softmax=softmax, layer_norm=layer_norm, attention=attention)
np.testing.assert_allclose(theirs.logits(ids), whole.gpt2.logits(ids), rtol=1e-3, atol=1e-3)
assert list(theirs.greedy(ids, 5)) == list(whole.gpt2.greedy(ids, 5))
p = np.exp(whole.gpt2.logits(ids) - whole.gpt2.logits(ids).max())
np.testing.assert_allclose(softmax(whole.gpt2.logits(ids)), p / p.sum(), rtol=1e-3, atol=1e-6)
"""
SHOW = ("# Only shows something", "# Opens the model")  # how the notebook's cells that are not graded begin
CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "stock"\n'


def stock_source(folder: Path) -> None:
    """A course folder for stock nbgrader: our notebook with tests in plain NumPy, and its defaults for all the rest."""
    shutil.copytree(ROOT / "source", folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "nbgrader_config.py").write_text(CONFIG)
    path = folder / "source" / "gpt2" / "gpt2.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "").removeprefix("test_")
        if name in ("end_to_end", *TESTS) and cell["metadata"]["nbgrader"]["grade"]:
            cell["source"] = "import numpy as np\n" + (TESTS | {"end_to_end": WHOLE_MODEL})[name].strip()
    path.write_text(json.dumps(notebook), "utf-8")


def lean(notebook: Path, target: Path) -> None:
    """Write a notebook without the cells that only show something: what nothing but the grading of it takes."""
    nb = json.loads(notebook.read_text("utf-8"))
    nb["cells"] = [c for c in nb["cells"] if not "".join(c["source"]).startswith(SHOW)]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(nb), "utf-8")


def otter_notebook(notebook: Path, target: Path) -> None:
    """A lean notebook without test cells, which Otter brings along."""
    lean(notebook, target)
    nb = json.loads(target.read_text("utf-8"))
    tests = [f"test_{name}" for name in ("end_to_end", *TESTS)]
    nb["cells"] = [c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") not in tests]
    target.write_text(json.dumps(nb), "utf-8")


def otter_tests(folder: Path) -> None:
    """A folder of Otter's test files, one for each of the five functions."""
    folder.mkdir(parents=True)
    for name, code in TESTS.items():
        lines = "".join(f">>> {line}\n" for line in code.strip().splitlines())
        case = {"code": lines, "hidden": False, "locked": False}
        suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        test = {"name": name, "points": 10, "suites": [suite]}
        (folder / f"{name}.py").write_text(f"OK_FORMAT = True\ntest = {test!r}\n")


def nbgrader(*words: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", *words]
