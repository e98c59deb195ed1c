"""Protects JUnit XML: a case for each check, and an error, no failure, for what could not be graded."""

from xml.etree import ElementTree

from autograder import reports
from tests.autograder.reports.examples import example, ungraded


def suite(record):
    return ElementTree.fromstring("".join(reports.junit([record]))).find("testsuite")


def test_it_has_a_case_for_each_check():
    found = suite(example())
    assert (found.get("name"), found.get("tests"), found.get("failures")) == ("alice/gpt2/gpt2.ipynb", "2", "1")
    assert found.get("errors") == "0"
    passed, failed = found.findall("testcase")
    assert passed.find("failure") is None
    assert failed.find("failure").get("message") == "Each column sums to 1. Which axis is it?"


def test_what_could_not_be_graded_is_an_error_and_has_no_score():
    found = suite(ungraded())
    assert (found.get("tests"), found.get("failures"), found.get("errors")) == ("1", "0", "1")
    (case,) = found.findall("testcase")
    assert case.find("error").get("message") == "The model is damaged." and case.find("failure") is None
    assert "score" not in {p.get("name") for p in found.iter("property")}
