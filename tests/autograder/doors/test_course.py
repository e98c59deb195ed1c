"""Protects `autograder course grade`: nbgrader's marks and pages, and nothing lost whoever is killed when."""

import json
import os
import pty
import random
import shutil
import subprocess
import termios
import time

import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from autograder.doors.command import main
from tests.autograder.conftest import QUICK, new_course
from tests.autograder.executors.cluster import cluster
from tests.autograder.nbgrader.killing import COMMAND, count, finish, kill, start, workers
from tests.autograder.nbgrader.marks import marks, pages
from tests.submissions.build import HERE, build
from tests.submissions.crowd import hand_in

PERFECT = HERE / "right" / "perfect.py"
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one pixel
)
SCRIPT = "<img src=x onerror=alert(1)><script>alert(1)</script>"


@pytest.fixture(scope="module", autouse=True)
def settings(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GRADEBOOK_URL", raising=False)
        patch.setenv("AUTOGRADER_VERDICTS", str(tmp_path_factory.mktemp("verdicts")))
        for name, value in QUICK.items():  # as nbgrader is run here: with other limits all would be done again
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return new_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def here(course, monkeypatch):
    """The course, in its folder, with nobody in it."""
    monkeypatch.chdir(course.folder)
    yield course
    for step in ("submitted", "autograded", "feedback"):
        if (course.folder / step).exists():
            (course.folder / step).rename(course.folder / f"{step}-{os.urandom(4).hex()}")
    with Gradebook(url(course)) as gradebook:
        for student in gradebook.students:
            gradebook.remove_student(student.id)


def url(course):
    return f"sqlite:///{course.folder / 'gradebook.db'}"


def grade(capsys, *words):
    code = main(["course", "grade", "gpt2", *words])
    return code, capsys.readouterr().out


def by_hand(course, student, mark, comment):
    with Gradebook(url(course)) as gradebook:
        given = gradebook.find_grade("compare_sampling", "gpt2", "gpt2", student)
        given.manual_score, given.needs_manual_grade = mark, False
        gradebook.find_comment("compare_sampling", "gpt2", "gpt2", student).manual_comment = comment
        gradebook.db.commit()


def test_it_gives_nbgrader_s_marks_and_pages(here, capsys):
    for student, sample in {"ada": "right/perfect", "ben": "wrong/untouched", "cem": "broken/half_a_file"}.items():
        here.hand_in(student, HERE / f"{sample}.py")
    for student in ("dia", "zoe's"):
        here.hand_in(student, HERE / "wrong" / "three_mistakes.py")
    edit(here.submitted("ada"), "softmax", outputs=[{"output_type": "display_data", "data": {"image/png": PICTURE}}])
    here.submitted("dia").with_name("timestamp.txt").write_text("2026-01-05 10:00:00 UTC")
    here.submitted("eve").parent.mkdir(parents=True)
    here.submitted("eve").symlink_to("/dev/zero")
    here.nbgrader("autograde", "gpt2")
    here.nbgrader("generate_feedback", "gpt2")
    theirs, their_pages = marks(url(here)), contents(here.folder)
    for step in ("autograded", "feedback"):
        (here.folder / step).rename(here.folder / f"nbgrader-{step}")
    assert grade(capsys)[0] == 0
    ours, our_pages = marks(url(here)), contents(here.folder)
    assert ours == theirs
    assert list(our_pages) == list(their_pages)
    for name, page in our_pages.items():
        assert page == their_pages[name], name


def contents(folder):
    """The files made, in the form of nbconvert's own parser; the remark at a page's end is only ours."""
    found = sorted(path for step in ("autograded", "feedback") for path in (folder / step).rglob("*.*"))
    read = {str(path.relative_to(folder)): path.read_text().partition("<!-- gradebook")[0].strip() for path in found}
    return {name: str(BeautifulSoup(said, "html.parser")) if ".html" in name else said for name, said in read.items()}


def test_a_second_run_has_nothing_to_do_and_a_third_only_what_has_changed(here, capsys):
    hand_in(here.folder, 3)
    assert grade(capsys) == (0, "3 submissions recorded, with feedback; 0 were done already.\n")
    before, made = marks(url(here)), pages(here.folder)
    assert grade(capsys) == (0, "3 were done already.\n")
    build(HERE / "wrong" / "untouched.py", here.submitted("student-00001"))
    (here.folder / "feedback" / "student-00002" / "gpt2" / "gpt2.html").unlink()
    assert grade(capsys) == (0, "2 submissions recorded, with feedback; 1 were done already.\n")
    changed = {key for key, value in marks(url(here)).items() if before[key] != value}
    assert {key[0] for key in changed} == {"student-00001"}
    assert {key.split("/")[1] for key, value in pages(here.folder).items() if made[key] != value} == {"student-00001"}


def test_what_is_given_by_hand_stays_and_is_not_asked_for_again(here, capsys):
    hand_in(here.folder, 2)
    grade(capsys)
    by_hand(here, "student-00001", 7, "Well observed.")
    key = ("student-00001", "gpt2", "compare_sampling")
    assert grade(capsys)[1].startswith("1 submissions recorded")  # the page shows the mark
    assert "Well observed." in (here.folder / "feedback" / "student-00001" / "gpt2" / "gpt2.html").read_text()
    assert marks(url(here))[key] == (None, 7, None, False)
    here.nbgrader("autograde", "gpt2", "--force")
    assert marks(url(here))[key] == (None, 7, None, False)
    edit(here.submitted("student-00001"), "compare_sampling", "I have thought again.")
    grade(capsys)
    assert marks(url(here))[key] == (None, 7, None, True)  # another answer: look again
    assert marks(url(here))[(*key, "comment")] == (None, "Well observed.")


def test_a_mark_given_instead_of_the_grader_s_is_looked_at_again_when_the_code_changes(here, capsys):
    here.hand_in("ada", HERE / "wrong" / "softmax_without_shift.py")
    grade(capsys)
    with Gradebook(url(here)) as gradebook:
        gradebook.find_grade("test_softmax", "gpt2", "gpt2", "ada").manual_score = 9
        gradebook.db.commit()
    grade(capsys)
    assert marks(url(here))[("ada", "gpt2", "test_softmax")][1:] == (9, None, False)
    edit(here.submitted("ada"), "attention", "def attention(q, k, v, mask):\n    return v")
    grade(capsys)
    assert marks(url(here))[("ada", "gpt2", "test_softmax")][1:] == (9, None, True)


def edit(path, name, source=None, outputs=None):
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            cell.update({key: value for key, value in (("source", source), ("outputs", outputs)) if value})
    path.write_text(json.dumps(notebook))


@pytest.mark.long
def test_a_run_that_is_killed_again_and_again_ends_like_a_quiet_one(here, capsys):
    hand_in(here.folder, 12)
    assert grade(capsys)[0] == 0
    by_hand(here, "student-00004", 8, "Good.")
    assert grade(capsys)[0] == 0
    quiet = marks(url(here)), pages(here.folder)
    clear(here, all_but="student-00004")
    rng = random.Random(6)
    assert sum(kill(here.folder, rng, more=8) for _ in range(4)) >= 2
    finish(here.folder)
    assert (marks(url(here)), pages(here.folder)) == quiet
    assert quiet[0]["student-00004", "gpt2", "compare_sampling"] == (None, 8, None, False)


def test_a_worker_that_is_killed_costs_nobody_a_mark(here, capsys):
    hand_in(here.folder, 10)
    assert grade(capsys)[0] == 0
    quiet = marks(url(here)), pages(here.folder)
    clear(here, all_but=None)
    process = start(here.folder)
    while count(here.folder) < 4:
        time.sleep(0.01)
    workers(process)[0].kill()
    said, _ = process.communicate()
    assert process.returncode == 0 and "10 submissions recorded" in said, said
    assert (marks(url(here)), pages(here.folder)) == quiet


@pytest.mark.long
def test_dask_s_workers_examine_and_it_is_recorded_here(here, capsys, tmp_path, monkeypatch):
    hand_in(here.folder, 5)
    (here.submitted("student-00003")).write_text("not a notebook")
    assert grade(capsys)[0] == 0
    quiet = marks(url(here)), pages(here.folder)
    clear(here, all_but="student-00001")
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(tmp_path / "nothing kept yet"))
    with cluster(tmp_path, 2) as (address, _):
        said = grade(capsys, "--scheduler", address)
    assert said == (0, "4 submissions recorded, with feedback; 1 were done already.\n")
    assert (marks(url(here)), pages(here.folder)) == quiet


def clear(course, all_but):
    """Forget everybody's marks and pages, but one's."""
    with Gradebook(url(course)) as gradebook:
        for student in gradebook.students:
            if student.id != all_but:
                gradebook.remove_student(student.id)
                for step in ("autograded", "feedback"):
                    shutil.rmtree(course.folder / step / student.id)


def test_nbgrader_autograde_killed_midway_is_completed_by_its_next_run(here):
    hand_in(here.folder, 3)
    here.nbgrader("autograde", "gpt2")
    quiet = marks(url(here))
    half = here.folder / "autograded" / "student-00001" / "gpt2" / "gpt2.ipynb"
    half.unlink()
    half.write_text('{"cells": []')
    with Gradebook(url(here)) as gradebook:
        gradebook.remove_student("student-00001")
        gradebook.add_student("student-00001")
        gradebook.add_submission("gpt2", "student-00001")  # as a kill leaves it: rows, and no scores in them
    here.nbgrader("autograde", "gpt2")
    assert marks(url(here)) == quiet


def test_a_name_that_nbgrader_cannot_handle_is_told_and_stops_nobody(here, capsys):
    hand_in(here.folder, 1)
    here.hand_in("ann[2]", PERFECT)
    code, said = grade(capsys)
    assert code == 3 and said.startswith("1 submissions recorded")
    assert "not recorded: 'ann[2]': nbgrader cannot handle a folder of that name; rename it" in said


@pytest.mark.long
def test_several_at_once_double_nothing(here, capsys):
    hand_in(here.folder, 8)
    assert grade(capsys)[0] == 0
    quiet = marks(url(here)), pages(here.folder)
    clear(here, all_but=None)
    both = [start(here.folder) for _ in "ab"]
    said = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(said)
    assert (marks(url(here)), pages(here.folder)) == quiet


def test_a_script_of_a_students_reaches_no_page(here, capsys):
    here.hand_in("eve", PERFECT)
    notebook = json.loads(here.submitted("eve").read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "compare_sampling":
            cell["source"] = f"Sampled text varies. {SCRIPT}"
        if cell["cell_type"] == "code":
            data = {"text/html": SCRIPT, "image/svg+xml": SCRIPT, "text/plain": f"kept {SCRIPT}"}
            cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    notebook["cells"].append({"cell_type": "markdown", "source": f"<!-- {SCRIPT}", "metadata": {}})
    here.submitted("eve").write_text(json.dumps(notebook))
    assert grade(capsys)[0] == 0
    page = (here.folder / "feedback" / "eve" / "gpt2" / "gpt2.html").read_text()
    assert "<img src=x" not in page and "<script>alert" not in page and "kept &lt;img" in page


def test_wrong_use_is_one_clear_line(course, tmp_path, monkeypatch, capsys):
    def says(*words, code=2):
        assert main(["course", "grade", *words]) == code
        lines = capsys.readouterr().err.splitlines()
        return lines[-1]

    monkeypatch.chdir(course.folder)
    assert "No submissions in" in says("gpt2")
    assert "This grades gpt2. For another assignment" in says("gpt3")
    monkeypatch.setenv("GRADEBOOK_URL", f"sqlite:///{tmp_path / 'other.db'}")
    assert "nbgrader generate_assignment gpt2" in says("gpt2")
    monkeypatch.setenv("GRADEBOOK_URL", f"sqlite:///{tmp_path / 'no' / 'folder.db'}")
    assert "The gradebook cannot be opened" in says("gpt2", code=3)
    monkeypatch.chdir(tmp_path)
    assert "course folder" in says("gpt2")


def test_progress_says_done_failed_rate_and_time_left(here):
    hand_in(here.folder, 4)
    seen = under_a_terminal(COMMAND, here.folder)
    assert "4/4" in seen and "failed=0" in seen and "<00:" in seen


def under_a_terminal(command, folder):
    """What a command writes when somebody watches."""
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (24, 100))
    process = subprocess.Popen(command, cwd=folder, stdout=child, stderr=child)
    os.close(child)
    seen = b""
    try:
        while chunk := os.read(parent, 4096):
            seen += chunk
    except OSError:
        pass
    assert process.wait() == 0
    return seen.decode()
