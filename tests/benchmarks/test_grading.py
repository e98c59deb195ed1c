"""The grading benchmark promises its figures by name, and compares with graders whose tests mean something."""

import contextlib
import json
import sys

import numpy as np
import pytest

from tests.submissions.build import ROOT, build, expectation
from tests.submissions.crowd import samples, varied

sys.path.append(str(ROOT / "benchmarks"))
import grading
import grading_peers


def cost(each, count=10):
    return grading.Cost(count, each * count, each * count * 2, 100.0)


SEEN = {
    "stock nbgrader: autograde": cost(5.0, 6),
    "stock nbgrader: autograde, cells that only show things left out": cost(1.5, 6),
    "autograder grade, 10": cost(0.2),
    "autograder course grade, 10": cost(0.4),
    "autograder grade, 100": cost(0.05, 100),
    "autograder course grade, 100": cost(0.1, 100),
    "autograder grade, the instructor's answers, 200": cost(0.03, 200),
    "autograder grade with tiny, 200": cost(0.06, 200),
    "autograder grade with 124M, 200": cost(0.18, 200),
}


def test_the_figures_follow_from_what_was_seen():
    assert grading.figures(SEEN, 100) == pytest.approx(
        {
            "grade_vs_nbgrader": 100,
            "full_vs_nbgrader": 50,
            "grade_vs_lean_nbgrader": 30,
            "full_vs_lean_nbgrader": 15,
            "seconds_to_grade": 0.05,
            "seconds_to_grade_right": 0.03,
            "seconds_per_submission": 0.1,
            "growth": 0.25,
            "growth_from_next_smaller": 0.25,
            "peak_mb": 100,
            "real_vs_tiny": 3,
        }
    )


def test_the_table_names_every_row_and_what_is_met():
    said = grading.table(SEEN, grading.figures(SEEN, 100))
    assert "| autograder course grade | 100 | 0.100 | 0.200 | 100 | 50.0 |" in said
    assert "| grade_vs_nbgrader | 100 | >= 40, met |" in said
    assert "| real_vs_tiny | 3 | <= 2, NOT met |" in said


def test_the_bill_is_what_was_seen_times_the_size(monkeypatch):
    monkeypatch.setattr(grading, "JOBS", 2)
    rows = grading.bill(SEEN, 100).splitlines()
    assert "| examine with `tiny` | 0.100 | 0.28 core hours, 0.01 $ | 8 min | 28 core hours, 1.39 $ | 1.7 h |" in rows
    assert rows[-1].startswith("| all of it with 124M | 0.460 |")  # 0.18 to examine and 0.05 to record, on two cores


def test_without_otter_it_exits_2_and_names_the_command(monkeypatch, capsys):
    monkeypatch.setattr(grading, "OTTER", grading.ROOT / "nowhere")
    monkeypatch.setattr(sys, "argv", ["grading.py"])
    with pytest.raises(SystemExit) as stop:
        grading.main()
    assert stop.value.code == 2 and "make peers" in capsys.readouterr().err


def test_the_peers_tests_pass_what_is_right_and_fail_what_is_wrong(tmp_path):
    right, wrong = 0, 0
    for sample in samples():
        build(sample, tmp_path / "gpt2.ipynb")
        failed = graded_in_plain_numpy(tmp_path / "gpt2.ipynb")
        if sample.parent.name == "right":
            assert not failed, sample
            right += 1
        elif set(expectation(sample).exercises) & {"cosine_similarity", "layer_norm", "attention"}:
            wrong += bool(failed)
    assert right >= 10 and wrong >= 15


def graded_in_plain_numpy(notebook):
    """The exercises that fail."""
    grading_peers.otter_notebook(notebook, notebook)
    scope = {"np": np}
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] == "code":
            with contextlib.suppress(Exception), np.errstate(all="ignore"):
                exec("".join(cell["source"]), scope)
    failed = []
    for name, test in grading_peers.TESTS.items():
        try:
            with np.errstate(all="ignore"):
                exec(test, scope)
        except Exception:
            failed.append(name)
    return failed


def test_no_two_of_a_class_have_the_same_code(tmp_path):
    build(samples()[0], tmp_path / "gpt2.ipynb")
    said = (tmp_path / "gpt2.ipynb").read_text()
    assert len({varied(said, number) for number in range(5)}) == 5
