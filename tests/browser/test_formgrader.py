"""In a browser: an instructor grades the written answer in formgrader, a student uses the assignment list."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.autograder.conftest import Course, new_course
from tests.browser.conftest import SECONDS, free_port, stop, wait_for
from tests.submissions.build import HERE

pytestmark = pytest.mark.browser
TOKEN = "only-for-this-test"
COMMENT = "Which of your outputs shows that?"


@pytest.fixture
def serve(tmp_path):
    """serve(folder) -> the address of a JupyterLab started in this folder, with nbgrader's extensions."""
    servers = []

    def start(folder: Path, **environment: str) -> str:
        port, log = free_port(), tmp_path / f"log-{len(servers)}"
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
        command += [f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = os.environ | {"PATH": path, "HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path)} | environment
        with log.open("w") as out:
            servers.append(subprocess.Popen(command, cwd=folder, env=own, stdout=out, stderr=subprocess.STDOUT))
        wait_for(f"http://127.0.0.1:{port}/api", servers[-1], log)
        return f"http://127.0.0.1:{port}"

    yield start
    for server in servers:
        stop(server)


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    return new_course(tmp_path_factory.mktemp("course"))


@pytest.mark.long
def test_the_written_answer_is_graded_in_formgrader(course, serve, chromium, keep):
    course.hand_in("ada", HERE / "right" / "perfect.py")
    course.nbgrader("autograde", "gpt2")
    page = chromium.new_page(viewport={"width": 1200, "height": 1000})
    page.set_default_timeout(SECONDS * 1000)
    server = serve(course.folder)
    page.goto(f"{server}/lab?token={TOKEN}")  # logs in
    page.goto(f"{server}/formgrader/gradebook/gpt2/gpt2")
    page.get_by_role("link", name="Submission #1").click()
    score = page.locator("input.score#compare_sampling")
    score.wait_for()
    page.wait_for_function("() => document.querySelector('#test_softmax').placeholder !== ''")
    assert page.locator("input.score#test_softmax").get_attribute("placeholder") == "10"
    for box, text, what in ((score, "8", "grade"), (page.locator("#compare_sampling-comment"), COMMENT, "comment")):
        with page.expect_response(lambda answer, what=what: f"/api/{what}/" in answer.url):
            box.click()
            page.keyboard.type(text)
            page.keyboard.press("Tab")
    score.scroll_into_view_if_needed()
    keep(page, "formgrader")
    page.close()
    course.nbgrader("autograde", "gpt2", "--force")
    course.nbgrader("generate_feedback", "gpt2")
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        assert gradebook.find_grade("compare_sampling", "gpt2", "gpt2", "ada").manual_score == 8
        assert gradebook.find_submission("gpt2", "ada").score == 98
    assert COMMENT in (course.folder / "feedback" / "ada" / "gpt2" / "gpt2.html").read_text()


def test_a_student_fetches_and_submits_from_the_assignment_list(course, serve, chromium, tmp_path):
    exchange, home = tmp_path / "exchange", tmp_path / "student"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    home.mkdir()
    course.nbgrader("release_assignment", "gpt2", f"--Exchange.root={exchange}")
    (tmp_path / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = '{exchange}'\nc.CourseDirectory.course_id = 'gpt2-course'\n"
    )
    page = chromium.new_page(viewport={"width": 1200, "height": 1000})
    page.set_default_timeout(SECONDS * 1000)
    page.goto(f"{serve(home)}/lab?token={TOKEN}&reset")
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Assignment List").click()
    page.get_by_role("button", name="Fetch").click()
    page.get_by_role("button", name="Submit").click()
    page.locator("#submitted_assignments_list, #submitted_assignments").get_by_text("gpt2").first.wait_for()
    assert (home / "gpt2" / "gptkit" / "__init__.py").exists()
    (submitted,) = (exchange / "gpt2-course" / "inbound").iterdir()
    assert (submitted / "gpt2.ipynb").exists()
    page.close()
