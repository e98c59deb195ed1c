"""The checks of a student's notebook as tests; conftest.py has graded it by the time this runs."""

import pytest

from autograder.reports.report import why


def test_check(check):
    if not check["passed"]:
        pytest.fail(why(check), pytrace=False)
