"""Protects the forms of the record: each says what the record says, and a student's text never becomes markup."""

import copy
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from autograder.files import save
from autograder.reports import report

CHECKS = [
    {"name": "rows_sum_to_one", "says": "Each row sums to 1.", "points": 3.0, "earned": 3.0, "passed": True}
    | {"hidden": False, "message": "Each row sums to 1.", "mistake": None, "hint": None},
    {"name": "real_logits", "says": "Real logits agree.", "points": 7.0, "earned": 3.5, "passed": False}
    | {"hidden": True, "message": "Each column sums to 1.", "mistake": "wrong_axis", "hint": "Which axis is it?"},
]
RECORD = {
    "schema": 1,
    "submission": "alice/gpt2/gpt2.ipynb",
    "assignment": "gpt2",
    "model": "tiny",
    "isolation": "bubblewrap",
    "score": 6.5,
    "max_score": 10.0,
    "seconds": 0.41,
    "notes": ["The test cell was edited."],
    "exercises": [{"name": "softmax", "score": 6.5, "max_score": 10.0, "status": "partial", "checks": CHECKS}],
}
HOSTILE = "<script>alert(1)</script> | ](javascript:alert(1)) \x1b[31m\u202e\ud800 ``` **b** &amp; #1 @all \n## x"


def with_text(said: str) -> dict:
    """The record with a text of a student's wherever one can stand."""
    record = copy.deepcopy(RECORD)
    record["submission"], record["notes"] = said, [said]
    record["exercises"][0]["checks"][1] |= {"message": said, "hint": said}
    return record


def all_forms(record: dict) -> dict[str, str]:
    exercise = record["exercises"][0]
    return {
        "text": report.text(record),
        "json": "".join(report.as_json([record])),
        "junit": "".join(report.junit([record])),
        "gradescope": report.gradescope(record),
        "markdown": "".join(report.markdown([record])),
        "html": report.as_html(exercise),
        "lines": report.as_lines(exercise),
    }


class Tags(HTMLParser):
    """Which tags and attributes a browser would see; but for the one mark a text may have: code, in backticks."""

    def __init__(self, page: str):
        super().__init__()
        self.seen: list = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if (tag, attrs) != ("code", []):
            self.seen.append((tag, tuple(attrs)))


def test_text_has_one_line_per_exercise_and_a_total():
    lines = report.text(RECORD).splitlines()
    words = "softmax 6.5 / 10 partial Each column sums to 1. Which axis is it?"
    assert " ".join(lines[1].split()) == words
    assert lines[2].split() == ["total", "6.5", "/", "10"]


def test_json_is_the_record():
    assert json.loads("".join(report.as_json([RECORD, RECORD]))) == [RECORD, RECORD]


def test_junit_has_a_case_for_each_check():
    suite = ElementTree.fromstring("".join(report.junit([RECORD]))).find("testsuite")
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("alice/gpt2/gpt2.ipynb", "2", "1")
    passed, failed = suite.findall("testcase")
    assert passed.find("failure") is None
    assert failed.find("failure").get("message") == "Each column sums to 1. Which axis is it?"


def test_gradescope_adds_up_and_hides_hidden_checks_until_grades_are_published():
    result = json.loads(report.gradescope(RECORD))
    assert result["score"] == sum(t["score"] for t in result["tests"]) == 6.5
    assert [t["visibility"] for t in result["tests"]] == ["visible", "after_published"]
    assert {t["output_format"] for t in result["tests"]} == {"text"}


def test_markdown_keeps_its_table_whatever_is_in_a_cell():
    rows = [line for line in "".join(report.markdown([with_text(HOSTILE)])).splitlines() if line.startswith("|")]
    assert len(rows) == 3
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


def test_html_says_the_message_the_question_and_that_a_check_is_hidden():
    page = report.as_html(RECORD["exercises"][0])
    for words in ("6.5 of 10 points", "Each column sums to 1.", "Which axis is it?", "(hidden)"):
        assert words in page


def test_html_sets_code_as_code_and_nothing_in_it_as_markup():
    record = with_text("At line 2, `x = '<b>' & y`, and a lone `")
    page = report.as_html(record["exercises"][0])
    assert "At line 2, <code>x = &#x27;&lt;b&gt;&#x27; &amp; y</code>, and a lone `" in page


def test_html_says_once_that_a_right_function_stood_in_for_a_wrong_one():
    exercise = copy.deepcopy(RECORD["exercises"][0])
    for check in exercise["checks"]:
        check["message"] = f"With a right softmax in place of yours: {check['message']}"
    page = report.as_html(exercise)
    assert page.count("With a right softmax in place of yours") == 1
    assert "Each column sums to 1." in page


@example("`0`")
@given(st.text(st.characters(), max_size=80))
def test_no_text_breaks_a_form(said):
    assume(not said.strip().startswith(("Not reached", "With a right")))  # words of the grader's own
    hold(with_text(said))


def test_hostile_text_stays_text():
    hold(with_text(HOSTILE))


def hold(record: dict) -> None:
    """Every form of the record is well formed, and has the structure it has with harmless text."""
    forms, plain = all_forms(record), all_forms(with_text("x"))
    for form in forms.values():
        assert not set(form) & {chr(i) for i in range(32) if chr(i) != "\n"}
        form.encode("utf-8")
    json.loads(forms["json"]), json.loads(forms["gradescope"])
    count = [len(list(ElementTree.fromstring(page["junit"]).iter())) for page in (forms, plain)]
    assert count[0] == count[1]
    if record["exercises"][0]["checks"][1]["message"].strip():
        hinted = [Tags(page["html"]).seen for page in (forms, plain)]
        assert hinted[0] == hinted[1]
    ours = r"</?(details|summary)>"
    assert "<" not in re.sub(ours, "", forms["markdown"])
    assert len(forms["text"].splitlines()) == len(plain["text"].splitlines())


def test_an_interrupted_write_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    save(tmp_path / "results.json", "old")
    with pytest.raises(UnicodeEncodeError):
        save(tmp_path / "results.json", "new" * 10_000 + "\ud800")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("results.json", "old")]
