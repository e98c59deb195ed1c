"""Protects that looked-up answers earn nothing, and that whoever computes loses nothing by numbers drawn by a seed."""

import json

import numpy as np
import pytest
from gptkit import weights
from gptkit.checks.cases import close
from gptkit.checks.core import Check

from autograder.exercises import modules, on_drawn_cases
from autograder.exercises.hidden_data import Hidden
from autograder.grading import Grader
from autograder.settings import Settings
from tests.submissions.build import HERE, build

COMPARED = [name for name, module in modules().items() if getattr(module, "stored", None) and name != "sample_top_n"]


@pytest.mark.parametrize("precision", [np.float32, np.float64])
@pytest.mark.parametrize("name", COMPARED)
def test_drawn_numbers_are_fair(name, precision):
    """The reference agrees with itself in both precisions, whatever the seed."""
    catalogue = modules()[name].catalogue
    for seed in range(150):
        for group, cases in catalogue.drawn_groups(Hidden(weights.EMBEDDED, seed)).items():
            for case in cases:
                args = [a.astype(precision) if isinstance(a, np.ndarray) else a for a in case.args]
                assert close(np.asarray(catalogue.reference(*args), float), case.expected), (seed, group)


@pytest.mark.parametrize("name", COMPARED)
def test_every_visible_group_of_values_has_its_drawn_ones(name):
    module = modules()[name]
    assert set(module.catalogue.draws) == set(module.stored.groups)


def test_a_check_of_values_that_nothing_repeats_is_refused():
    """A new exercise's own check: without this, a table of its visible numbers would earn its points."""
    check = Check("by_hand", "", 0.1, True, False, lambda f: None)
    for module in modules().values():
        with pytest.raises(ValueError, match="by_hand"):
            on_drawn_cases(check, module)


def table(name: str) -> str:
    """A function that knows the visible cases by heart and no arithmetic."""
    cases = [case for group in modules()[name].stored.groups.values() for case in group]
    known = {
        repr([np.asarray(a, np.float32).ravel().tolist() for a in case.args]): case.expected.tolist() for case in cases
    }
    return (
        f"import numpy as np\nKNOWN = {json.dumps(known)}\n\n\ndef {name}(*args):\n"
        "    key = repr([np.asarray(a, np.float32).ravel().tolist() for a in args])\n"
        "    return np.asarray(KNOWN.get(key, args[0] * 0), np.float32)\n"
    )


@pytest.mark.parametrize("name", COMPARED)
def test_a_table_of_the_visible_numbers_earns_nothing(name, tmp_path):
    path = tmp_path / "gpt2.ipynb"
    build(HERE / "right" / "perfect.py", path)
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            cell["source"] = table(name)
    path.write_text(json.dumps(notebook))
    with Grader(Settings(seed="0", verdicts=None)) as grader:
        record = grader.grade(path, "ada")
    [exercise] = [e for e in record.exercises if e.name == name]
    told = [check.fact for check in exercise.checks if "visible checks" in check.fact]
    assert exercise.score == 0 and len(told) == sum(c.value for c in modules()[name].exercise.checks)
