"""Protects what is made from the instructor's notebook: it is up to date, whole, and gives nothing away."""

import filecmp
import json
import re

import numpy as np
import pytest

from autograder.doors import release
from autograder.files import save
from autograder.settings import REPOSITORY, Settings

SETTINGS = Settings()
DATA = release.KIT / "checks" / "data"
SOLVED = REPOSITORY / "solutions" / "gpt2.html"


def differing(made, committed) -> list[str]:
    """Files that one folder has and the other has not, or not with the same bytes."""
    names = [
        {p.relative_to(f) for p in f.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
        for f in (made, committed)
    ]
    return sorted(
        str(n)
        for n in names[0] | names[1]
        if n not in names[0] & names[1] or not filecmp.cmp(made / n, committed / n, shallow=False)
    )


def test_the_committed_release_is_what_nbgrader_makes_of_the_source(tmp_path):
    assert not differing(release.generate(tmp_path, "gpt2"), SETTINGS.release.parent), "run `autograder release`"


def test_the_kits_data_files_are_fresh(tmp_path):
    """By what they hold: another zlib packs the same numbers into other bytes, another BLAS rounds them otherwise."""
    release.write_data(tmp_path, SETTINGS.answer_key)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        p.name for p in DATA.iterdir() if p.name != "ladder.json"
    )
    assert (tmp_path / "points.json").read_text() == (DATA / "points.json").read_text()
    for path in tmp_path.glob("*.npz"):
        with np.load(path) as made, np.load(DATA / path.name) as committed:
            again = f"{path.name}: run `autograder release`"
            assert str(made["text"]) == str(committed["text"]), again
            np.testing.assert_allclose(made["values"], committed["values"], rtol=1e-5, atol=1e-6, err_msg=again)


def test_the_solved_page_is_of_this_notebook():
    assert release.source_hash(SETTINGS.answer_key) in SOLVED.read_text("utf-8"), "run `autograder release`"


def test_nothing_made_names_a_machine_or_fails():
    page = SOLVED.read_text("utf-8")
    assert not re.search(r"(/home/|/root/|/work/|/tmp/|/Users/)\w", page)
    assert "Traceback (most recent call last)" not in page


def test_the_release_has_no_answers_and_no_outputs():
    notebook = json.loads(SETTINGS.release.read_text("utf-8"))
    cells = {c["metadata"].get("nbgrader", {}).get("grade_id"): "".join(c["source"]) for c in notebook["cells"]}
    for name in ("cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n"):
        assert "NotImplementedError" in cells[name]
        assert "SOLUTION" not in cells[name]
    assert not any(c.get("outputs") for c in notebook["cells"])


def test_a_step_that_fails_says_which_and_leaves_the_old_release(tmp_path):
    with pytest.raises(release.ReleaseError, match="generate_assignment failed"):
        release.generate(tmp_path, "no_such_assignment")


def test_save_makes_the_folder(tmp_path):
    save(tmp_path / "a" / "b.txt", "x")
    assert (tmp_path / "a" / "b.txt").read_text() == "x"
