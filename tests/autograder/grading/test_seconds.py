"""Protects a submission from its own slow functions: they cost their own points and nobody else's."""

import pytest
from gptkit.notebook import feedback

from autograder.grading import Grader
from autograder.grading.grader import Examination
from autograder.notebooks import submission
from autograder.notebooks.opening import open_notebook
from autograder.settings import Limits, Settings
from tests.submissions.build import build

FULL = {"cosine_similarity": 10, "softmax": 10, "layer_norm": 10, "attention": 20, "end_to_end": 20, "sample_top_n": 20}
SLEEPS = "import time\ndef {}(*args):\n    time.sleep({})\n    return 0"
SAMPLER = """
import time
def sample_top_n(logits, n, rng):
    time.sleep(0.03)
    top = np.argsort(logits)[-n:]
    p = np.exp(logits[top] - logits[top].max())
    return int(rng.choice(top, p=p / p.sum()))
"""


@pytest.fixture(scope="module")
def grader():
    limits = Limits(call_seconds=3.0, submission_seconds=10.0)
    with Grader(Settings(seed="0", verdicts=None, limits=limits), "process") as grader:
        yield grader


def work(grader, tmp_path, **cells: str):
    """A submission with right answers, but for the cells given."""
    sample = tmp_path / "sample.py"
    sample.write_text('"""One.\n\nexpect: score 90\n"""\n' + "".join(f"# %% {n}\n{c}\n" for n, c in cells.items()))
    build(sample, tmp_path / "gpt2.ipynb")
    return submission.read(open_notebook(tmp_path / "gpt2.ipynb"), grader.release)


@pytest.mark.parametrize("slow", ["cosine_similarity", "sample_top_n"])
def test_a_slow_function_does_not_take_its_neighbours_time(grader, tmp_path, slow):
    record = grader.examine(work(grader, tmp_path, **{slow: SLEEPS.format(slow, 0.7)}))
    assert {e.name: e.score for e in record.exercises} == FULL | {slow: 0}
    (it,) = [e for e in record.exercises if e.name == slow]
    assert it.status == "timeout"


def test_follow_through_takes_no_more_than_the_submission_has(grader, tmp_path):
    """Each candidate had its own seconds once, so that a limit of 4 s took 12."""
    cells = {name: SLEEPS.format(name, 0.7) for name in ("softmax", "layer_norm", "attention")}
    examination = Examination(grader, work(grader, tmp_path, **cells), second_look=False, everything=False)
    record = examination.record()
    assert examination.clock.spent <= grader.limits.submission_seconds + 1
    assert {e.name: e.score for e in record.exercises}["cosine_similarity"] == 10


@pytest.mark.soak
def test_a_right_sampler_of_30_ms_a_draw_has_full_marks_here_and_in_the_notebook(tmp_path):
    with Grader(Settings(seed="0", verdicts=None)) as grader:
        record = grader.examine(work(grader, tmp_path, sample_top_n=SAMPLER))
    assert record.score == 90
    space: dict = {}
    exec(f"import numpy as np\n{SAMPLER}", space)
    assert feedback.examine("sample_top_n", {"sample_top_n": space["sample_top_n"]}).passed
