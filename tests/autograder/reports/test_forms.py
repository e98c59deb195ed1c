"""Protects every form of the record at once: well formed, and with no text of a student's as markup."""

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import example as draw
from hypothesis import given
from hypothesis import strategies as st

from autograder.record import Record
from tests.autograder.reports.examples import HOSTILE, Tags, all_forms, ungraded, with_text


@given(st.text(st.characters(), max_size=80))
@draw(HOSTILE)
@draw("Not reached: x")
@draw("With a right softmax in place of yours: x")
@draw("`0`")
def test_no_text_breaks_a_form(said):
    hold(with_text(said), with_text("x"))


@given(st.text(st.characters(), max_size=80))
@draw(HOSTILE)
def test_no_reason_for_not_grading_breaks_a_form(said):
    hold(ungraded(said), ungraded("x"))


def hold(record: Record, harmless: Record) -> None:
    """Every form of the record is well formed, and has the structure it has with harmless text."""
    forms, plain = all_forms(record), all_forms(harmless)
    for form in forms.values():
        assert not set(form) & {chr(i) for i in range(32) if chr(i) != "\n"}
        form.encode("utf-8")
    json.loads(forms["json"])
    count = [len(list(ElementTree.fromstring(page["junit"]).iter())) for page in (forms, plain)]
    assert count[0] == count[1]
    ours = r"</?(details|summary)>"
    assert "<" not in re.sub(ours, "", forms["markdown"])
    assert len(forms["text"].splitlines()) == len(plain["text"].splitlines())
    if "html" in forms:
        json.loads(forms["gradescope"])
        assert structure(forms["html"]) == structure(plain["html"])


def structure(page: str) -> list:
    """Tags as a browser sees them; a text may be empty, and hold code in backquotes."""
    may_be_gone = ("found", "ask")
    return [(t, a) for t, a in Tags(page).seen if t != "code" and not any(v in may_be_gone for _, v in a)]


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_could_not_be_graded_says_so_and_shows_no_points(form):
    said = all_forms(ungraded())[form]
    assert "not graded" in said and re.search(r"The model is damaged\\?\.", said)
    assert "0 / " not in said and "points" not in said
