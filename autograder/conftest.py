"""pytest's way in: `pytest autograder --submission=PATH` shows one test per check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.errors import AutograderError, UsageError
from autograder.grading import Grader
from autograder.notebooks.choosing import submissions
from autograder.notebooks.submission import Release
from autograder.record import Record
from autograder.reports import clean, text, why
from autograder.settings import Settings

pytest_plugins = ["autograder.pytest_option"]  # where it is not installed, and so no entry point is there
records = pytest.StashKey[list[Record]]()
remarks = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Grade before anything is collected, so that a wrong command is one line and not a broken test."""
    path = config.getoption("--submission")
    if path is None:
        raise pytest.UsageError("which notebook? pytest autograder --submission=PATH")
    try:
        settings = Settings.from_environment()
        work, without = submissions(Path(path), Release.of(settings))  # first: a wrong path is said before the rest
        notes = [(one.label, note) for one in work for note in one.notes]
        notes += [(f"no mark for {name}", note) for name, those in without.items() for note in those]
        config.stash[remarks] = [f"{clean(name)}: {clean(note)}" for name, note in notes]
        with Grader(settings, config.getoption("--isolation")) as grader:
            config.stash[records] = [grader.grade(one.path, one.label, one.notes) for one in work]
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    except AutograderError as error:
        pytest.exit(f"autograder: {error}", returncode=error.exit_code)


@pytest.hookimpl(trylast=True)  # when the terminal's own header is written; with -q, as here, there is none to add to
def pytest_sessionstart(session: pytest.Session) -> None:
    """First of all: which of several notebooks was graded, and who handed in none."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    for remark in session.config.stash[remarks]:
        if terminal is not None:
            terminal.write_line(f"note: {remark}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each check of the record, named exercise::check (and by its notebook when there are several).

    A submission that could not be graded is one test with an error.
    """
    graded = metafunc.config.stash[records]
    tests = []
    for record in graded:
        notebook = f"{record.submission}::" if len(graded) > 1 else ""
        if record.error is not None:
            tests.append(pytest.param(AutograderError(record.error), id=f"{notebook}could_not_be_graded"))
        for exercise in record.exercises:
            for check in exercise.checks:
                problem = None if check.passed else why(exercise, check)
                tests.append(pytest.param(problem, id=f"{notebook}{exercise.name}::{check.name}"))
    metafunc.parametrize("check", tests, indirect=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Iterator[None]:
    """Last of all the points: pytest itself counts tests, and some are worth more than others."""
    yield
    terminalreporter.section("points")
    for record in config.stash.get(records, []):
        terminalreporter.write_line(text(record))


@pytest.fixture
def check(request: pytest.FixtureRequest) -> str | None:
    """Why the check failed. What could not be graded is an error of the test's set-up, and no failure."""
    if isinstance(request.param, AutograderError):
        raise request.param
    return request.param
