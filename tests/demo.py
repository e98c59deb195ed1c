"""`make demo`: a small class, from the instructor's notebook to feedback pages, through stock nbgrader commands.

Everything happens in demo/, a course folder of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.submissions.build import HERE, build  # noqa: E402

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader's API starts `alembic`
DEMO = ROOT / "demo"
CLASS = {
    "ada": "right/perfect",
    "bert": "wrong/untouched",
    "carla": "wrong/cosine_without_norms",
    "deniz": "wrong/softmax_wrong_axis",
    "emil": "wrong/layer_norm_without_eps",
    "fatma": "wrong/attention_without_scale",
    "goran": "wrong/sample_greedy",
    "hana": "wrong/raises",
    "ivan": "wrong/never_returns",
    "jun": "hostile/exit_on_first_call",
    "kofi": "hostile/forged_outputs",
    "lena": "broken/half_a_file",
    "mia": "broken/deleted_cells",
}
EXERCISES = ["cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n", "end_to_end"]
HEADINGS = ["cosine", "softmax", "layer_norm", "attention", "sample", "end_to_end"]


def main() -> None:
    started = time.perf_counter()
    print("A class of", len(CLASS), "hands in. Everything below happens in the folder demo/.\n")
    shutil.rmtree(DEMO, ignore_errors=True)
    shutil.copytree(ROOT / "source", DEMO / "source", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", DEMO)
    nbgrader("generate_assignment", "gpt2", "the students' version, without the answers")
    tries = {}
    for student, sample in CLASS.items():
        notebook = DEMO / "submitted" / student / "gpt2" / "gpt2.ipynb"
        tries[student] = build(HERE / f"{sample}.py", notebook).says
    nbgrader("autograde", "gpt2", "every function examined in a locked process, scores into gradebook.db")
    nbgrader("generate_feedback", "gpt2", "one page per student")
    show(tries)
    seconds = time.perf_counter() - started
    print(
        f"\nFeedback pages: demo/feedback/<student>/gpt2/gpt2.html   gradebook: demo/gradebook.db   ({seconds:.0f} s)"
    )
    print("Next: open one of the pages, or grade a notebook of your own: .venv/bin/autograder grade PATH")


def nbgrader(command: str, assignment: str, what: str) -> None:
    """Run a stock nbgrader command in demo/; its log goes to a file there. Exits with the log when it fails."""
    print(f"  nbgrader {command} {assignment:<6} {what} ...", flush=True)
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    environment.pop("GRADEBOOK_URL", None)  # the demo has a gradebook of its own
    with (DEMO / "nbgrader.log").open("a") as log:
        line = [sys.executable, "-m", "nbgrader", command, assignment]
        done = subprocess.run(line, cwd=DEMO, env=environment, stdout=log, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit((DEMO / "nbgrader.log").read_text()[-3000:])


def show(tries: dict[str, str]) -> None:
    """The table: who got what, and why not more."""
    print("\n  points per exercise (of 10, 10, 10, 20, 20, 20; the written answer is graded by hand)\n")
    print(f"  {'':7}" + "".join(f"{heading:>11}" for heading in HEADINGS) + f"{'total':>9}")
    with Gradebook(f"sqlite:///{DEMO / 'gradebook.db'}") as gradebook:
        for student, says in tries.items():
            grades = gradebook.find_submission_notebook("gpt2", "gpt2", student).grades
            scores = {grade.name: grade.auto_score for grade in grades if grade.name != "compare_sampling"}
            cells = "".join(f"{scores[f'test_{name}']:11.4g}" for name in EXERCISES)
            print(f"  {student:7}{cells}{sum(scores.values()):9.4g}")
            for line in (says, why(student)):
                print(textwrap.indent(textwrap.shorten(line, 110), " " * 9 + "· ")) if line else None


def why(student: str) -> str:
    """What the first check that failed says, as the student's feedback page shows it."""
    notebook = nbformat.read(DEMO / "autograded" / student / "gpt2" / "gpt2.ipynb", as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            lines = output.get("data", {}).get("text/plain", "").splitlines()
            failed = [i for i, line in enumerate(lines) if line.startswith("  [ ]")]
            if failed and "text/html" in output.data:
                return f"{lines[0].split(':')[0]}: {lines[failed[0] + 1].strip()}"
    return ""


if __name__ == "__main__":
    main()
