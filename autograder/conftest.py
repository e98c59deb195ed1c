"""pytest's way in: `pytest autograder --submission PATH` shows one test per check."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.grading.grader import Grader
from autograder.notebooks.choosing import submissions

records = pytest.StashKey[list]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("autograder")
    group.addoption("--submission", metavar="PATH", help="the notebook to grade, or a folder of notebooks")
    group.addoption("--isolation", choices=["auto", "bubblewrap", "process"], default="auto", help="as in `autograder`")


def pytest_configure(config: pytest.Config) -> None:
    """Grade before anything is collected, so that a wrong command is one line and not a broken test."""
    path = config.getoption("--submission")
    if path is None:
        raise pytest.UsageError("which notebook? pytest autograder --submission PATH")
    try:
        with Grader(config.getoption("--isolation")) as grader:
            work, _ = submissions(Path(path), grader.release)
            config.stash[records] = [grader.grade(one.path, one.label) for one in work]
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each check of the record, named exercise::check (and by its notebook when there are several)."""
    graded = metafunc.config.stash[records]
    found = [(r, e, c) for r in graded for e in r["exercises"] for c in e["checks"]]
    names = [f"{r['submission']}::" * (len(graded) > 1) + f"{e['name']}::{c['name']}" for r, e, c in found]
    metafunc.parametrize("check", [c for _, _, c in found], ids=names)
