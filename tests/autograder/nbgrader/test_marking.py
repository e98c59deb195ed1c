"""Protects marking by hand: a mark that the page calls saved is in the gradebook, whatever ends, and no other is."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import expect
from sqlalchemy import select, update

from autograder.doors.command import main
from autograder.nbgrader.gradebook import ANSWERS
from tests.autograder.conftest import new_course
from tests.autograder.nbgrader.test_nbgrader import SCRIPTS, edit
from tests.submissions.build import HERE

QUESTION = "compare_sampling"
SAID = {
    "ada": """Greedy text begins well and then goes in circles: what has been said once is likely to be said again, and
the likeliest token is always taken. With $n = 5$ each seed leaves the circle somewhere else; with $n = 200$ it drifts.
For a fact I would choose $n = 1$, for a story $n = 40$ with a temperature of about 1.""",
    "bo": "It repeats itself. More candidates make it more random, and a high temperature makes it worse.",
    "cleo": None,
    "zed": " ".join(SCRIPTS),
}
OPEN, GIVEN = (None, True, None), (None, False, None)  # nbgrader gives 0 to what was left as it was


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course whose three have been examined; nobody has marked their answers."""
    made = new_course(tmp_path_factory.mktemp("Kurs für GPT"))
    for student, said in SAID.items():
        made.hand_in(student, HERE / ("right/perfect.py" if said else "wrong/untouched.py"))
        if said:
            edit(made.submitted(student), lambda notebook, said=said: answer(notebook, said))
    made.nbgrader("autograde", "gpt2")
    return made


def answer(notebook: dict, said: str) -> None:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == QUESTION:
            cell["source"] = said


@pytest.fixture
def serve(course):
    """serve() -> (process, address) of `autograder course mark`, on answers without a mark; ended afterwards."""
    started = []

    def start() -> tuple[subprocess.Popen, str]:
        command = [sys.executable, "-m", "autograder", "course", "mark", "gpt2"]
        started.append(subprocess.Popen(command, cwd=course.folder, stdout=subprocess.PIPE, text=True))
        return started[-1], started[-1].stdout.readline().split()[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
    with gradebook(course) as book:
        for student in SAID:
            grade = book.find_grade(QUESTION, "gpt2", "gpt2", student)
            grade.manual_score, grade.needs_manual_grade = None, grade.auto_score is None
            book.find_comment(QUESTION, "gpt2", "gpt2", student).manual_comment = None
        book.db.commit()


def gradebook(course) -> Gradebook:
    return Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}")


def marks(course) -> dict[str, tuple]:
    """(mark, whether it is asked for, comment) by student."""
    with gradebook(course) as book:
        found = {}
        for student in SAID:
            grade = book.find_grade(QUESTION, "gpt2", "gpt2", student)
            comment = book.find_comment(QUESTION, "gpt2", "gpt2", student).manual_comment
            found[student] = (grade.manual_score, grade.needs_manual_grade, comment)
        return found


def put(address: str, **told) -> tuple[int, dict]:
    request = urllib.request.Request(address, json.dumps(told).encode(), method="PUT")
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def seen(address: str, student: str) -> str:
    with urllib.request.urlopen(address) as reply:
        page = reply.read().decode()
    return page.split(f'data-student="{student}" data-seen="')[1].split('"')[0]


def test_a_saved_mark_outlives_the_server_and_no_other_is_taken(course, serve):
    process, address = serve()
    assert address.startswith("http://127.0.0.1:")
    told = {"student": "ada", "score": 7.5, "comment": "Good.", "seen": seen(address, "ada")}
    for wrong in (
        {"score": 11},
        {"score": -1},
        {"score": float("nan")},
        {"score": "8"},
        {"student": "eve"},
        {"comment": 1},
    ):
        assert put(address, **told | wrong)[0] == 400, wrong
    status, said = put(address, **told)
    process.send_signal(signal.SIGKILL)
    assert status == 200
    assert marks(course) == {"ada": (7.5, False, "Good."), "bo": OPEN, "cleo": GIVEN, "zed": OPEN}

    _, address = serve()
    assert put(address, **told)[0] == 409, "it was marked meanwhile"
    assert put(address, **told | {"score": None, "comment": "", "seen": said["seen"]})[0] == 200
    assert marks(course)["ada"] == OPEN


def test_a_mark_is_for_the_answer_that_was_read(course, serve):
    """`autograde` has read another answer meanwhile, which is what this table of ours says."""
    _, address = serve()
    before = seen(address, "bo")
    with gradebook(course) as book, book.engine.begin() as database:
        there = (ANSWERS.c.grade_id == book.find_grade(QUESTION, "gpt2", "gpt2", "bo").id,)
        (known,) = database.execute(select(ANSWERS.c.answer).where(*there)).one()
        database.execute(update(ANSWERS).where(*there).values(answer="another"))
    status, said = put(address, student="bo", score=5, comment="", seen=before)
    assert status == 409 and "Reload the page" in said["error"] and marks(course)["bo"] == OPEN
    with gradebook(course) as book, book.engine.begin() as database:
        database.execute(update(ANSWERS).where(*there).values(answer=known))
    assert put(address, student="bo", score=5, comment="", seen=before)[0] == 200


def test_nobody_gets_in_without_the_token(serve):
    _, address = serve()
    base, token, question = address.rsplit("/", 2)
    for path in ("", question, f"x/{question}", f"{token}x/{question}", f"{token}/softmax", f"{token}/../{question}"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{base}/{path}")


@pytest.mark.browser
def test_marks_are_given_by_keyboard(course, serve, chromium, keep, axe):
    process, address = serve()
    page = chromium.new_page(viewport={"width": 1200, "height": 800})
    page.goto(address)
    assert not axe(page) and page.evaluate("window.ran") is None
    assert page.locator("article math").count() == 5  # ada's, and the script that zed would like to be a formula
    for keys in ("8", "Enter", "7.5", "Tab", "Which output shows it?", "Tab"):
        page.keyboard.press(keys) if keys in ("Enter", "Tab") else page.keyboard.type(keys)
    states = page.locator("output")
    expect(states.nth(0)).to_have_text("Saved.")
    expect(states.nth(1)).to_have_text("Saved.")
    assert page.locator("#open").text_content() == "1"
    keep(page, "marking")
    third = page.get_by_label("Mark").nth(2)
    third.fill("11")
    third.press("Enter")
    expect(states.nth(2)).to_have_text("Not saved: a number from 0 to 10, please.")
    process.kill()
    process.wait()
    third.fill("3")
    third.press("Enter")
    expect(states.nth(2)).to_contain_text("the server has been stopped")
    page.close(run_before_unload=False)
    said = {"ada": (8, False, None), "bo": (7.5, False, "Which output shows it?")}
    assert marks(course) == said | {"cleo": GIVEN, "zed": OPEN}


def test_wrong_use_is_one_clear_line(course, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(course.folder)
    for words, says in (
        (["gpt3"], "This marks gpt2, not gpt3"),
        (["gpt2"], "autograder course grade gpt2"),
    ):
        monkeypatch.setenv("GRADEBOOK_URL", f"sqlite:///{tmp_path / 'empty.db'}")
        assert main(["course", "mark", *words]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert says in lines[-1]
    monkeypatch.setenv("GRADEBOOK_URL", f"sqlite:///{tmp_path / 'no' / 'folder.db'}")
    assert main(["course", "mark", "gpt2"]) == 3
