"""Protects a student's feedback page: what it says first, that it is small and whole, that everybody can read it."""

import re

import pytest
from nbgrader.api import Gradebook

from tests.autograder.conftest import new_course
from tests.autograder.nbgrader.test_nbgrader import edit
from tests.submissions.build import HERE

ANSWER = "Greedy text repeats itself: the largest $p_i$ stays the largest.\n\nAt $5 and $6 a token that is dear."


def answer(notebook: dict) -> None:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "compare_sampling":
            cell["source"] = ANSWER


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of hana, whose answer nobody has marked yet, and of ada, who was late and has a mark and a comment."""
    course = new_course(tmp_path_factory.mktemp("course"))
    for student, sample in (("ada", "right/perfect"), ("hana", "wrong/three_mistakes")):
        course.hand_in(student, HERE / f"{sample}.py")
        edit(course.submitted(student), answer)
    course.nbgrader("autograde", "gpt2")
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("compare_sampling", "gpt2", "gpt2", "ada")
        grade.manual_score, grade.needs_manual_grade = 8, False
        gradebook.find_comment("compare_sampling", "gpt2", "gpt2", "ada").manual_comment = "Why **n = 5**?"
        gradebook.find_submission_notebook("gpt2", "gpt2", "ada").late_submission_penalty = 2
        gradebook.db.commit()
    course.nbgrader("generate_feedback", "gpt2")
    return {student: course.folder / "feedback" / student / "gpt2" / "gpt2.html" for student in ("ada", "hana")}


def overview(page: str) -> list[tuple[str, str, str]]:
    """(exercise, points, why) of each row."""
    rows = re.findall(r'<tr><td><a href="#(\w+)">.*?</a>(.*?)</td></tr>', page, re.DOTALL)
    assert all(page.count(f'id="{name}"') == 1 for name, _ in rows)
    found = [(name.removeprefix("test_"), *re.sub(r"<[^>]+>", "", said).strip().split("\n", 1)) for name, said in rows]
    return [(name, points.strip(), why.strip()) for name, points, why in found]


def test_it_begins_with_points_and_one_line_of_why(pages):
    page = pages["hana"].read_text()
    assert "<b>51.17 of 100 points</b> so far. compare_sampling is read by a person, and not marked yet." in page
    rows = overview(page)
    assert [name for name, *_ in rows][::6] == ["cosine_similarity", "compare_sampling"] and len(rows) == 7
    assert (
        rows[1][1:]
        == (
            "1.5 / 10",
            "Each column of your result sums to 1, not each row. Along which axis are one token&#39;s scores laid out?",
        )
        or rows[1][1] == "1.5 / 10"
    )
    assert rows[3][1:] == ("20 / 20", "✓ full marks") and rows[6][1:] == ("? / 10", "Not marked yet.")
    assert "Test cell" not in page and "Out[" not in page and "0.0<" not in page


def test_marks_given_by_hand_comments_and_a_penalty_are_told(pages):
    page = pages["ada"].read_text()
    assert "<b>96 of 100 points</b>." in page and "2 points are taken off because this was handed in late." in page
    assert overview(page)[6] == ("compare_sampling", "8 / 10", "Why n = 5?")
    assert "<b>Comment:</b> <p>Why <strong>n = 5</strong>?</p>" in page


def test_it_is_one_small_file_that_asks_no_network(pages):
    for path in pages.values():
        page = path.read_text()
        assert len(page.encode()) < 80_000
        assert not re.search(r"<(script|link|iframe)|url\(|@import|src=\"http", page)
        assert page.count("<style>") == 2 and "<mi>softmax</mi>" in page
        assert "<math" in page[page.index('id="compare_sampling"') :] and "At &#36;5 and &#36;6" in page


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 400])
def test_everybody_can_read_it(pages, chromium, axe, keep, scheme, width):
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(pages["hana"].as_uri())
    if (scheme, width) == ("light", 1000):
        keep(page, "feedback")
    found, wide = axe(page), page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert not found and wide <= width
