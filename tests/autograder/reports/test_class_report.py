"""Protects the class report: who is counted for what, what is called alike, and that no text harms the page."""

import csv
import io
import re

import pytest

from autograder.notebooks import similarity as similar
from autograder.reports.class_page import page
from autograder.reports.class_statistics import ClassReport, Links, by_student, table
from tests.autograder.reports.classes import check, exercise, record
from tests.autograder.reports.examples import HOSTILE, Tags

NO_SHIFT = "Scores far from zero give NaN, because exp of them is 0 or infinity."


def counted(*records):
    """{(exercise, mistake or fact): students} of a class."""
    report = ClassReport(by_student(list(records)))
    return {(m.exercise, m.name or m.fact): list(m.who) for m in report.mistakes}


def test_a_student_counts_once_for_a_mistake_with_the_catalogue_s_words():
    twice = exercise("softmax", "partial", check("a", "x raised.", "no_shift"), check("b", "y", "no_shift"))
    report = ClassReport(by_student([record("ada", twice), record("bo", twice)]))
    [mistake] = report.mistakes
    assert (mistake.fact, list(mistake.who)) == (NO_SHIFT, ["ada", "bo"])


def test_two_mistakes_at_once_are_counted_as_two():
    both = exercise("layer_norm", "failed", check("a", "x", "no_eps+no_gain"))
    assert counted(record("ada", both)) == {("layer_norm", "no_eps"): ["ada"], ("layer_norm", "no_gain"): ["ada"]}


def test_a_mistake_is_not_counted_where_it_is_felt_again():
    softmax = exercise("softmax", "partial", check("a", "x", "no_shift"))
    attention = exercise("attention", "failed", check("a", "x", "no_scale+no_shift"))
    whole = exercise("end_to_end", "partial", check("a", "It leaves its way.", None))
    assert counted(record("ada", softmax, attention, whole)) == {
        ("softmax", "no_shift"): ["ada"],
        ("attention", "no_scale"): ["ada"],
    }


def test_what_fails_with_right_helpers_is_news():
    softmax = exercise("softmax", "partial", check("a", "x", "no_shift"))
    attention = exercise("attention", "failed", check("a", "The shape is wrong."), replaced=["softmax"])
    assert counted(record("ada", softmax, attention))["attention", "The shape is wrong."] == ["ada"]


def test_errors_are_one_row_with_everybody_s_own_words():
    raised = [exercise("softmax", "error", check("a", f"softmax raised {kind}.")) for kind in ("KeyError", "NameError")]
    report = ClassReport(by_student([record("ada", raised[0]), record("bo", raised[1])]))
    [mistake] = report.mistakes
    assert mistake.who == {"ada": "softmax raised KeyError.", "bo": "softmax raised NameError."}
    assert "NameError" in page(report)


def test_what_was_not_reached_or_not_written_says_nothing_about_a_check():
    written = exercise("softmax", "crashed", check("first"), check("second", "It crashed.", reached=False))
    missing = exercise(
        "softmax",
        "missing",
        check("first", "softmax is not written yet."),
        check("second", "Not written.", reached=False),
    )
    first, second = ClassReport(by_student([record("ada", written), record("bo", missing)])).checks
    assert (first.reached, first.passed, second.reached) == (1, 1, 0)


def test_names_tell_students_apart():
    assert list(by_student([record("ada"), record("bo")])) == ["ada", "bo"]
    flat = [record("x", submission="gpt2.ipynb"), record("x", submission="gpt2.ipynb")]
    assert list(by_student(flat)) == ["gpt2.ipynb", "gpt2.ipynb #2"]


def hostile_class(said):
    """Two records with a text of a student's wherever one can stand, and a group of alike answers."""
    failed = exercise("softmax", "failed", check("a", f"{said} ", hint=said, says=said))
    raised = exercise("layer_norm", "error", check("b", said))
    records = [record(said, failed, raised, notes=[said]), record("bo", failed)]
    students = by_student(records)
    return ClassReport(students, [similar.Group(list(students), 0.9, [said], [said, said])])


def test_no_text_of_a_student_s_becomes_markup():
    plain, hostile = (Tags(page(hostile_class(said))).seen for said in ("x", HOSTILE))
    assert [tag for tag, _ in plain] == [tag for tag, _ in hostile]
    assert {name for _, attributes in hostile for name, _ in attributes if name.startswith("on")} == set()


def test_figures_hold_for_any_maximum_and_name():
    for full in (0, 3, 23, 100, 1000):
        one = exercise(r"a $\frac{ & <b>", "passed", check("a"))
        shown = page(ClassReport(by_student([record("ada", one, score=full, max_score=full)])))
        assert shown.count('role="img"') == 2 and '<b>"' not in shown


def test_the_page_needs_nothing_from_elsewhere():
    tags = Tags(page(hostile_class("x"))).seen
    assert [tag for tag, _ in tags].count("script") == 1  # which the page's policy names by its content
    assert not {tag for tag, _ in tags} & {"link", "img", "iframe", "object", "base", "form"}
    links = [value for _, attributes in tags for name, value in attributes if name in ("src", "href", "xlink:href")]
    assert all(value.startswith("#") for value in links)
    assert not re.search(r"url\((?!#)|@import", page(hostile_class("x")))


@pytest.mark.parametrize("students", [1, 3])
def test_a_class_without_mistakes_or_points_has_a_page(students):
    for score, status in ((90.0, "passed"), (0.0, "missing")):
        one = exercise("softmax", status, check("a", "" if score else "softmax is not written yet."))
        shown = page(ClassReport(by_student([record(f"s{i}", one, score=score) for i in range(students)])))
        assert "None: nobody made one." in shown and f"{students} notebooks" in shown


def test_the_table_has_a_row_for_everybody_and_no_formula():
    one = record("=1+1", exercise("softmax", "partial", check("a"), check("b", "x", "no_shift")), notes=["@x"])
    rows = list(csv.DictReader(io.StringIO(table(ClassReport(by_student([one, record("bo")]))))))
    assert [row["student"] for row in rows] == ["'=1+1", "bo"]
    assert (rows[0]["softmax mistakes"], rows[0]["softmax: a"], rows[0]["softmax: b"]) == ("no_shift", "1", "0")
    assert rows[0]["notes"] == "'@x" and rows[1]["softmax"] == ""


def test_who_could_not_be_graded_is_named_and_in_no_figure():
    lost = record("bo", score=None, error="The disk is full.")
    report = ClassReport(by_student([record("ada", exercise("softmax", "passed", check("a")), score=80.0), lost]))
    assert report.students == 1 and list(report.graded) == ["ada"]
    assert "The disk is full." in page(report)
    rows = list(csv.DictReader(io.StringIO(table(report))))
    assert [(row["student"], row["score"], row["not_graded"]) for row in rows] == [
        ("ada", "80.0", ""),
        ("bo", "", "The disk is full."),
    ]


def class_of(number: int, notes: int = 0) -> ClassReport:
    """Students s0, s1, ... of whom each has one point more than the one before; some have feedback pages."""
    records = [
        record(f"s{i}", exercise("softmax", "partial", check("a")), score=float(i), notes=["An odd one."] * (i < notes))
        for i in range(number)
    ]
    ways = {f"s{i}": Links(f"submitted/s{i}.ipynb", f"feedback/s{i}.html" if i % 2 else None) for i in range(number)}
    return ClassReport(by_student(records), links=ways)


def test_a_name_leads_to_the_feedback_page_and_a_column_to_the_notebook():
    shown = page(class_of(2))
    assert '<td><a href="feedback/s1.html">s1</a></td>' in shown and "<td>s0</td>" in shown
    assert '<a href="submitted/s0.ipynb" aria-label="notebook of s0">' in shown
    assert ">notebook</th>" not in page(ClassReport(class_of(2).records))


def test_what_is_empty_has_no_heading_and_what_is_long_is_folded():
    assert "Notes" not in page(class_of(3))
    assert "<summary>" not in page(class_of(9, 8)).split("<b>Notes:</b>")[1].split("</ul>")[0]
    assert "<summary>9 notes</summary>" in page(class_of(9, 9))
    assert "<details open>" in page(class_of(60)) and "<details open>" not in page(class_of(61))


@pytest.mark.browser
def test_a_browser_sorts_and_finds(chromium, tmp_path):
    (tmp_path / "page.html").write_text(page(class_of(12)))
    opened = chromium.new_page()
    opened.goto((tmp_path / "page.html").as_uri())
    shown = (
        "[...document.querySelectorAll('.students tbody tr')].filter(r => !r.hidden).map(r => r.cells[0].textContent)"
    )
    assert opened.evaluate(shown)[:3] == ["s0", "s1", "s2"]  # the lowest score first
    total = opened.get_by_role("columnheader", name="total")
    total.get_by_role("button").press("Enter")
    total.get_by_role("button").press("Enter")
    assert opened.evaluate(shown)[:3] == ["s11", "s10", "s9"] and total.get_attribute("aria-sort") == "descending"
    opened.get_by_label("Find a name").fill("S1")
    assert opened.evaluate(shown) == ["s11", "s10", "s1"] and opened.get_by_text("3 of 12").is_visible()
    opened.close()
    quiet = chromium.new_page(java_script_enabled=False)
    quiet.goto((tmp_path / "page.html").as_uri())
    assert quiet.get_by_role("row").count() > 12 and not quiet.get_by_label("Find a name").is_visible()
    quiet.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme, width", [("light", 1000), ("dark", 1000), ("light", 400), ("dark", 400)])
def test_everybody_can_read_it(chromium, axe, tmp_path, scheme, width):
    (tmp_path / "page.html").write_text(page(hostile_class("said " * 20)))
    opened = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened.goto((tmp_path / "page.html").as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found, wide = axe(opened), opened.evaluate("document.documentElement.scrollWidth")
    opened.close()
    assert not found and wide <= width
