"""Protects nbgrader's commands: whose scores they store, what they copy and show, and that nobody stops the class."""

import json
import os
from pathlib import Path

import nbgrader
import pytest
from nbgrader.api import Gradebook

from tests.autograder.conftest import Course, new_course
from tests.submissions.build import HERE

PERFECT = HERE / "right" / "perfect.py"
UNTOUCHED = HERE / "wrong" / "untouched.py"
SCRIPTS = [
    "<img src=x onerror='window.ran=1'>",
    "<script>window.ran=1</script>",
    "<svg onload='window.ran=1'></svg>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<details open ontoggle='window.ran=1'>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.ran=1>",
    "[a](javascript:window.ran=1)",
    "<a href='javascript:window.ran=1'>a</a>",
    r"$\href{javascript:window.ran=1}{a}$",
]


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    return new_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def fresh(course):
    """The course with nobody in it (submissions and what was made of them are taken away afterwards)."""
    yield course
    for step in ("submitted", "autograded", "feedback"):
        if (course.folder / step).exists():
            (course.folder / step).rename(course.folder / f"{step}-{os.urandom(4).hex()}")


def grades(course: Course, student: str) -> dict:
    """(auto_score, needs_manual_grade) by cell."""
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        found = gradebook.find_submission_notebook("gpt2", "gpt2", student).grades
        return {g.name: (g.auto_score, g.needs_manual_grade) for g in found}


def files(folder) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())


def edit(path, change) -> None:
    notebook = json.loads(path.read_text())
    change(notebook)
    path.write_text(json.dumps(notebook))


def test_the_release_has_the_kit_and_no_answers(course):
    released = course.folder / "release" / "gpt2"
    assert "gptkit/tiny/model.safetensors" in files(released)
    assert "BEGIN SOLUTION" not in (released / "gpt2.ipynb").read_text()


def test_scores_are_stored_and_the_written_answer_waits_for_a_person(fresh):
    fresh.hand_in("ada", PERFECT)
    fresh.hand_in("ben", UNTOUCHED)
    fresh.nbgrader("autograde", "gpt2")
    ada, ben = grades(fresh, "ada"), grades(fresh, "ben")
    assert ada.pop("compare_sampling") == (None, True)
    assert ben.pop("compare_sampling") == (0, False)  # no answer was given
    assert sum(score for score, _ in ada.values()) == 90
    assert set(ben.values()) == {(0, False)}


def test_nothing_but_the_notebook_and_its_time_is_carried_along(fresh):
    fresh.hand_in("ada", PERFECT)
    folder = fresh.submitted("ada").parent
    (folder / "gptkit").mkdir()
    (folder / "gptkit" / "model.py").write_text("")
    (folder / "timestamp.txt").write_text("2026-01-05 10:00:00 UTC")
    (folder / "gradebook.txt").symlink_to(fresh.folder / "gradebook.db")
    (folder / "zeros").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe")
    fresh.nbgrader("autograde", "gpt2")
    fresh.nbgrader("generate_feedback", "gpt2")
    assert files(fresh.folder / "autograded") == ["ada/gpt2/gpt2.ipynb", "ada/gpt2/timestamp.txt"]
    assert files(fresh.folder / "feedback") == ["ada/gpt2/gpt2.html", "ada/gpt2/timestamp.txt"]


def test_a_newer_submission_is_graded_again_without_being_asked(fresh):
    stamp = fresh.submitted("ada").with_name("timestamp.txt")
    for sample, hour, points in ((UNTOUCHED, 10, 0), (PERFECT, 11, 10)):
        fresh.hand_in("ada", sample)
        stamp.write_text(f"2026-01-05 {hour}:00:00 UTC")
        fresh.nbgrader("autograde", "gpt2")
        assert grades(fresh, "ada")["test_softmax"] == (points, False)


def test_whatever_lies_in_submitted_everyone_gets_a_row(fresh):
    """Each of these stopped, or dropped someone from, stock nbgrader 0.9.6."""
    for student in ("ada", "bad time", "ελένη", "zoe's"):
        fresh.hand_in(student, PERFECT)
    fresh.submitted("bad time").with_name("timestamp.txt").write_text("yesterday")
    for student, make in {
        "device": lambda path: path.symlink_to("/dev/zero"),
        "folder": lambda path: path.mkdir(),
        "linked": lambda path: path.symlink_to(fresh.submitted("ada")),
        "missing": lambda path: None,
        "misnamed": lambda path: path.with_name("gpt2 (1).ipynb").write_text("{}"),
        "not json": lambda path: path.write_bytes(b"\xff\xfe{"),
        "pipe": os.mkfifo,
    }.items():
        fresh.submitted(student).parent.mkdir(parents=True)
        make(fresh.submitted(student))
    fresh.nbgrader("autograde", "gpt2")
    fresh.nbgrader("generate_feedback", "gpt2")
    fresh.nbgrader("export", "--to", "grades.csv")
    for student in ("ada", "bad time", "ελένη", "zoe's"):
        assert grades(fresh, student)["test_softmax"] == (10, False), student
    for student in ("device", "folder", "linked", "missing", "misnamed", "not json", "pipe"):
        assert set(grades(fresh, student).values()) == {(0, False)}, student
        assert "Not reached" in (fresh.folder / "feedback" / student / "gpt2" / "gpt2.html").read_text(), student
        assert student in (fresh.folder / "grades.csv").read_text()


def poison(notebook: dict) -> None:
    """Put scripts wherever a notebook has room for a text."""
    everywhere = {"text/html": SCRIPTS, "image/svg+xml": SCRIPTS, "text/markdown": SCRIPTS, "text/latex": SCRIPTS}
    everywhere |= {"application/javascript": "window.ran = 1", "image/png": f'"><{SCRIPTS[1]}', "text/plain": SCRIPTS}
    width = {"image/png": {"width": f'1">{SCRIPTS[1]}'}}
    shown = {"output_type": "display_data", "data": everywhere, "metadata": width}
    error = {"output_type": "error", "ename": SCRIPTS[0], "evalue": SCRIPTS[1], "traceback": SCRIPTS}
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = SCRIPTS
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell["cell_type"] == "code":
            cell["outputs"] = [shown, error, {"output_type": "stream", "name": SCRIPTS[0], "text": SCRIPTS}]
        if name == "compare_sampling":
            cell["source"] = SCRIPTS
        if name == "softmax":
            cell["source"] = f"def softmax(x):\n    raise ValueError({SCRIPTS[0]!r} + {SCRIPTS[1]!r} + {SCRIPTS[-1]!r})"
    for kind in ("markdown", "raw", "heading"):
        metadata = {"raw_mimetype": "text/html", "format": "text/html"}
        attachments = {SCRIPTS[0]: {"image/svg+xml": SCRIPTS[0]}}
        cell = {"cell_type": kind, "source": SCRIPTS, "metadata": metadata, "attachments": attachments}
        notebook["cells"].append(cell)
    language = {"name": SCRIPTS[0], "pygments_lexer": SCRIPTS[0]}
    kernel = {"name": SCRIPTS[0], "language": SCRIPTS[0], "display_name": SCRIPTS[0]}
    notebook["metadata"] = {"title": SCRIPTS[1], "kernelspec": kernel, "language_info": language, "widgets": SCRIPTS}


@pytest.fixture(scope="module")
def poisoned_page(course, tmp_path_factory):
    """The feedback page of a student whose notebook is full of scripts."""
    course.hand_in("eve", PERFECT)
    edit(course.submitted("eve"), poison)
    course.nbgrader("autograde", "gpt2", "--student", "eve")
    course.nbgrader("generate_feedback", "gpt2", "--student", "eve")
    page = tmp_path_factory.mktemp("page") / "eve.html"
    page.write_bytes((course.folder / "feedback" / "eve" / "gpt2" / "gpt2.html").read_bytes())
    for step in ("submitted", "autograded", "feedback"):
        (course.folder / step).rename(course.folder / f"{step}-of-eve")
    return page


def test_a_script_of_a_students_reaches_no_page(course, poisoned_page):
    page = poisoned_page.read_text()
    for beginning in ("<img src=x", "<script>window", "<svg", "<iframe", 'href="javascript:', "<math><mtext></form>"):
        assert beginning not in page
    assert "&lt;img src=x" in page  # their plain outputs stay for the person who grades by hand
    assert grades(course, "eve")["test_attention"] == (20, False)


@pytest.mark.browser
def test_a_browser_runs_none_of_them(poisoned_page, chromium):
    page = chromium.new_page()
    page.goto(poisoned_page.as_uri(), wait_until="domcontentloaded")
    page.wait_for_timeout(1000)
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.querySelectorAll('iframe, svg, form, math [href], [onerror], [onload]').length") == 0
    targets = page.evaluate("[...document.links].map(link => link.protocol)")
    page.close()
    assert set(targets) <= {"file:"}  # the page's own table of contents


def test_a_second_run_gives_the_same_and_leaves_a_hand_given_mark_alone(fresh):
    fresh.hand_in("ada", PERFECT)
    fresh.nbgrader("autograde", "gpt2")
    first = grades(fresh, "ada")
    with Gradebook(f"sqlite:///{fresh.folder / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("compare_sampling", "gpt2", "gpt2", "ada")
        grade.manual_score, grade.needs_manual_grade = 7, False
        gradebook.db.commit()
    fresh.nbgrader("autograde", "gpt2", "--force")
    assert grades(fresh, "ada") == first | {"compare_sampling": (None, False)}  # not asked for again
    with Gradebook(f"sqlite:///{fresh.folder / 'gradebook.db'}") as gradebook:
        assert gradebook.find_grade("compare_sampling", "gpt2", "gpt2", "ada").manual_score == 7


def test_gradebook_url_names_the_database(fresh, tmp_path):
    fresh.hand_in("ada", PERFECT)
    url = f"sqlite:///{tmp_path / 'other.db'}"
    fresh.nbgrader("generate_assignment", "gpt2", "--force", GRADEBOOK_URL=url)
    fresh.nbgrader("autograde", "gpt2", GRADEBOOK_URL=url)
    with Gradebook(url) as gradebook:
        assert gradebook.find_submission("gpt2", "ada").score == 90


@pytest.mark.long
def test_a_locale_that_cannot_spell_the_folder_s_name(tmp_path):
    """The environment lies in that folder, too, as in a checkout with its .venv: alembic's files are in there."""
    folder = tmp_path / "Kurs für GPT"
    course = new_course(folder)
    (folder / "site").symlink_to(Path(nbgrader.__file__).parents[1])
    (folder / "gradebook.db").unlink()
    course.nbgrader("generate_assignment", "gpt2", "--force", LC_ALL="C", PYTHONPATH=str(folder / "site"))
    assert (folder / "gradebook.db").stat().st_size


@pytest.mark.long  # test_circle.py goes round it with three users
def test_the_circle_through_an_exchange(fresh, tmp_path):
    """release, fetch, submit (with the kit beside the notebook), collect, autograde, feedback, fetch it."""
    exchange, home = tmp_path / "exchange", tmp_path / "home"
    exchange.mkdir()
    home.mkdir()
    exchange.chmod(0o777)
    place = [f"--Exchange.root={exchange}", f"--Exchange.cache={tmp_path / 'cache'}"]
    student = Course(home)
    fresh.nbgrader("release_assignment", "gpt2", *place)
    student.nbgrader("fetch_assignment", "gpt2", "--course", "gpt2-course", *place)
    assert (home / "gpt2" / "gptkit" / "__init__.py").exists()
    student.nbgrader("submit", "gpt2", "--course", "gpt2-course", *place)
    (odd,) = (exchange / "gpt2-course" / "inbound").iterdir()
    os.mkfifo(odd / "pipe")  # a copy of the whole folder would fail on it
    fresh.nbgrader("collect", "gpt2", *place)
    name = next((fresh.folder / "submitted").iterdir()).name
    carried = ["gpt2.ipynb", "submission_secret.txt", "timestamp.txt"]
    assert files(fresh.folder / "submitted") == [f"{name}/gpt2/{file}" for file in carried]
    fresh.nbgrader("autograde", "gpt2")
    fresh.nbgrader("generate_feedback", "gpt2")
    fresh.nbgrader("release_feedback", "gpt2", *place)
    student.nbgrader("fetch_feedback", "gpt2", "--course", "gpt2-course", *place)
    assert list(home.glob("gpt2/feedback/*/gpt2.html"))
