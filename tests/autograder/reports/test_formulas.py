"""Protects whoever opens the class's table in a spreadsheet, in any language: no student's text is a formula there."""

import csv
import io

import pytest

from autograder.reports.class_statistics import cell

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "a;=1", 'a"; =1', ";;=1", "a; '=1", "=1;=1;@x", "a;\t=1", 'a";"=1']


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("delimiter", ",;\t")
def test_no_cell_begins_as_a_formula_does(text, delimiter):
    out = io.StringIO()
    csv.writer(out).writerow(["ada", cell(text), "90"])
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        if delimiter == "," and quoting == csv.QUOTE_NONE:
            continue  # a reader that splits at commas knows quotes
        for row in csv.reader(io.StringIO(out.getvalue()), delimiter=delimiter, quoting=quoting):
            assert not any(one.strip(' "').startswith(tuple("=+-@＝")) for one in row), row


@pytest.mark.parametrize("text", ["x = [0, -1]", "1e-5", "a - b; c + d", "softmax(x) returned 3, not 4"])
def test_what_is_no_formula_stays_as_it_is(text):
    assert cell(text) == text
