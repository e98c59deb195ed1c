"""Protects the summary of a CI run: its table stands, whatever a student's text holds."""

import re

from autograder import reports
from tests.autograder.reports.examples import HOSTILE, with_text


def test_it_keeps_its_table_whatever_is_in_a_cell():
    rows = [line for line in "".join(reports.markdown([with_text(HOSTILE)])).splitlines() if line.startswith("|")]
    assert len(rows) == 3
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)
