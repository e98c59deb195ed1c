"""Protects an exercise's card on a feedback page: what it says, each thing once, and text that stays text."""

from dataclasses import replace

from autograder.reports.pages import as_html
from tests.autograder.reports.examples import example


def test_it_says_the_fact_the_question_and_that_a_check_is_hidden():
    page = as_html(example().exercises[0])
    for words in ("6.5 of 10 points", "Each column sums to 1.", "Which axis is it?", "(hidden)"):
        assert words in page


def test_code_is_set_as_code_and_nothing_in_it_as_markup():
    page = as_html(example("At line 2, `x = '<b>' & y`, and a lone `").exercises[0])
    assert "At line 2, <code>x = &#x27;&lt;b&gt;&#x27; &amp; y</code>, and a lone `" in page


def test_it_says_once_that_a_right_function_stood_in_for_a_wrong_one():
    (exercise,) = example().exercises
    exercise.replaced = ["softmax"]
    page = as_html(exercise)
    assert page.count("With a right softmax in place of yours") == 1
    assert "Each column sums to 1." in page


def test_what_several_checks_found_is_told_once():
    (exercise,) = example().exercises
    exercise.checks.append(exercise.checks[1])
    page = as_html(exercise)
    assert page.count("Each column sums to 1.") == 1 and page.count(">As above.<") == 1
    exercise.checks[-1] = replace(exercise.checks[-1], reached=False)
    assert as_html(exercise).count(">Not reached.<") == 1


def test_what_was_not_reached_is_neither_right_nor_wrong():
    (exercise,) = example().exercises
    exercise.checks[1].reached = False
    page = as_html(exercise)
    assert ">·<" in page and ">✗<" not in page


def test_the_second_step_is_shown_and_no_further_one():
    (exercise,) = example(shown="It stops at line 2, `<b>`.").exercises
    page = as_html(exercise)
    assert page.count("<details open>") == 1 and "It stops at line 2, <code>&lt;b&gt;</code>. Call your" in page
    assert "2 × 2" not in page
    exercise.name = "gelu"  # no words are written for it
    assert "<details" not in as_html(exercise)
