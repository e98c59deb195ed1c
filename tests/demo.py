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
    "carla": "wrong/similarity_without_norms",
    "deniz": "wrong/softmax_over_columns",
    "emil": "wrong/layer_norm_eps_outside",
    "fatma": "wrong/attention_scale_d_k",
    "goran": "wrong/sampling_ignores_rng",
    "hana": "wrong/three_mistakes",
    "ivan": "wrong/softmax_raises",
    "jun": "broken/never_returns",
    "kofi": "broken/exits_the_process",
    "lena": "broken/forged",
    "mia": "broken/half_a_file",
    "nils": "broken/deleted_cells",
}
EXERCISES = {
    "cosine_similarity": "cosine",
    "softmax": "softmax",
    "layer_norm": "layer_norm",
    "attention": "attention",
    "sample_top_n": "sample",
    "end_to_end": "end_to_end",
}


def main() -> None:
    started = time.perf_counter()
    print(f"A class of {len(CLASS)} hands in its notebooks; the folder demo/ is its course. In there run:\n")
    shutil.rmtree(DEMO, ignore_errors=True)
    shutil.copytree(ROOT / "source", DEMO / "source", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", DEMO)
    nbgrader("generate_assignment", "makes the students' version, without the answers")
    handed_in = {}
    for student, sample in CLASS.items():
        notebook = DEMO / "submitted" / student / "gpt2" / "gpt2.ipynb"
        handed_in[student] = build(HERE / f"{sample}.py", notebook).says
    nbgrader("autograde", "examines every function in a locked process; scores go to the gradebook")
    nbgrader("generate_feedback", "writes one page per student")
    show(handed_in)
    print("\nFeedback pages: demo/feedback/STUDENT/gpt2/gpt2.html    Gradebook: demo/gradebook.db")
    print(
        f"Took {time.perf_counter() - started:.0f} s. To grade a notebook of your own: .venv/bin/autograder grade PATH"
    )


def nbgrader(command: str, what: str) -> None:
    """Run a stock nbgrader command in demo/; its log goes to a file there. Exits with the log when it fails."""
    print(f"  {f'nbgrader {command} gpt2':<34} {what} ...", flush=True)
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    for name in ("GRADEBOOK_URL", "JUPYTER_CONFIG_PATH"):  # what is the course's own alone
        environment.pop(name, None)
    environment["JUPYTER_CONFIG_DIR"] = str(DEMO / ".jupyter")
    with (DEMO / "nbgrader.log").open("a") as log:
        line = [sys.executable, "-m", "nbgrader", command, "gpt2"]
        done = subprocess.run(line, cwd=DEMO, env=environment, stdout=log, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit((DEMO / "nbgrader.log").read_text()[-3000:])


def show(handed_in: dict[str, str]) -> None:
    """The table: who got what, and why not more."""
    print("\nWho got what, and why not more (the written answer's 10 points are given by hand):\n")
    print("  student " + "".join(f"{name:>{len(name) + 2}}" for name in EXERCISES.values()) + "  total   handed in")
    with Gradebook(f"sqlite:///{DEMO / 'gradebook.db'}") as gradebook:
        for student, says in handed_in.items():
            grades = gradebook.find_submission_notebook("gpt2", "gpt2", student).grades
            scores = {grade.name.removeprefix("test_"): grade.auto_score for grade in grades}
            cells = "".join(f"{scores[name]:>{len(short) + 2}.4g}" for name, short in EXERCISES.items())
            print(f"  {student:8}{cells}{sum(scores[name] for name in EXERCISES):>7.4g}   {says}")
            if reason := why(student):
                print(textwrap.fill(reason, 108, initial_indent=" " * 10 + "-> ", subsequent_indent=" " * 13))


def why(student: str) -> str:
    """What the first check that failed says, as the student's feedback page shows it."""
    notebook = nbformat.read(DEMO / "autograded" / student / "gpt2" / "gpt2.ipynb", as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            lines = output.get("data", {}).get("text/plain", "").splitlines()
            failed = [i for i, line in enumerate(lines) if line.startswith("  [ ]")]
            if failed and "text/html" in output.data:
                name, said = lines[0].split(":")[0], lines[failed[0] + 1].strip()
                return said if said.startswith(name) else f"{name}: {said}"
    return ""


if __name__ == "__main__":
    main()
