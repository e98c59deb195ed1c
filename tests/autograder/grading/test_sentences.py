"""Protects what a student reads about an odd notebook: a true sentence, and a question that leads on from it."""

import pytest

from autograder.grading import Grader
from autograder.notebooks.opening import open_notebook
from autograder.reports.words import first_failure
from autograder.settings import Settings
from tests.submissions.build import build

SOFTMAX = "def softmax(x):\n    e = np.exp(x - x.max(-1, keepdims=True))\n    p = e / e.sum(-1, keepdims=True)\n    "
SAMPLER = "def sample_top_n(logits, n, rng):\n    return "


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Grades a notebook with right answers but for the cells given: the one line about each exercise."""
    folder = tmp_path_factory.mktemp("odd")

    def said(**cells: str) -> dict[str, str]:
        sample, path = folder / "sample.py", folder / "gpt2.ipynb"
        sample.write_text('"""One.\n\nexpect: score 90\n"""\n' + "".join(f"# %% {n}\n{c}\n" for n, c in cells.items()))
        build(sample, path)
        return {e.name: first_failure(e) for e in grader.grade(open_notebook(path), "gpt2.ipynb").exercises}

    with Grader(Settings(seed="0", verdicts=None), "process") as grader:
        yield said


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            SOFTMAX.replace("softmax", "sofmax") + "return p",
            "softmax is not defined. A function sofmax is there: is its name misspelt?",
        ),
        (
            SOFTMAX + "return p.astype(object)",
            "softmax returned an array of other things than numbers where a NumPy array was expected. "
            "What does the return hand back?",
        ),
        (
            SOFTMAX + "raise NotImplementedError",
            "softmax ends in `raise NotImplementedError` at line 4, `raise NotImplementedError`. "
            "Can that line go, now that the code above it is written?",
        ),
        (
            SOFTMAX + "return input('p? ')",
            "softmax raised EOFError at line 4, `return input('p? ')`: EOF when reading a line. "
            "Nobody types anything while this is graded: where else can that value come from?",
        ),
    ],
)
def test_softmax(said, source, sentence):
    assert said(softmax=source)["softmax"] == sentence


def test_a_token_in_an_array(said):
    found = said(sample_top_n=f"{SAMPLER}np.argsort(logits)[-1:]")
    assert found["sample_top_n"].startswith("The token id came back as an array, not as one integer.")


def test_a_part_of_the_points_says_why_and_nothing_is_warned_of(said, recwarn):
    found = said(
        softmax="def softmax(x):\n    return x * 1e30", layer_norm="def layer_norm(x, g, b, eps=1):\n    return x"
    )
    told = "All checks pass, with a right softmax and layer_norm in place of yours, for a third of the points."
    assert found["end_to_end"] == told
    assert not [w for w in recwarn if w.category is RuntimeWarning]
