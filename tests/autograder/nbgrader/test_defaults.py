"""Protects a course from another's: no configuration of a user's or a machine's decides where its work goes."""

import shutil
import textwrap

import pytest
from nbgrader import apps, converters, plugins, preprocessors
from nbgrader.apps import AutogradeApp, NbGraderApp
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.nbgrader import defaults
from tests.submissions.build import ROOT

ROOMS = [CourseDirectory, apps.ExportApp, apps.ZipCollectApp]
ROOMS += [getattr(package, name) for package in (converters, preprocessors, plugins) for name in package.__all__]
ROOMS = [room for room in ROOMS if room.__name__ not in defaults.ELSEWHERE]
# Sets everything that nbgrader can be told, on every class that understands it, to what it is not by default.
ANOTHER_COURSE = """
import traitlets
from tests.autograder.nbgrader.test_defaults import ROOMS, kinds
c = get_config()

def other(trait):
    was = trait.default()
    if isinstance(trait, traitlets.Type):
        return type("Other", (trait.klass,), {})
    if isinstance(trait, traitlets.Enum):
        return next(value for value in trait.values if value != was)
    if isinstance(trait, (traitlets.Bool, traitlets.Integer)):
        return type(was)(1 - was)
    if isinstance(trait, (traitlets.List, traitlets.Dict)):
        return type(was)({"other": "other"})
    return (lambda **_: None) if was is None else f"/other/{was}"

for kind, name, trait in kinds():
    c[kind.__name__][name] = other(trait)
"""
OLD_NAMES = """
c = get_config()
c.NbGrader.db_url = "sqlite:////other/gradebook.db"
c.NbGrader.course_directory = c.BaseNbGraderApp.course_directory = "/other"
c.NbGrader.course_id = c.Exchange.course_id = "other"
c.BasicConfig.submitted_directory = "other"
c.CourseDirectory.ignore.append("*.ipynb")
"""


def kinds():
    """(class, name, trait) of what `begin` is there for."""
    for room in ROOMS:
        for kind in room.__mro__:
            if kind.__module__.startswith("nbgrader") and hasattr(kind, "class_traits"):
                for name, trait in kind.class_traits(config=True).items():
                    ours = trait.this_class.__module__.startswith("nbgrader") and name not in defaults.MACHINE
                    if ours and (name not in defaults.COMMAND_LINE or kind is trait.this_class):
                        yield kind, name, trait


@pytest.fixture
def course(tmp_path, monkeypatch):
    """effective(config, *words) -> {(class, name): value} of a command in a course, with that as the user's config."""
    folder = tmp_path / "course"
    folder.mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("GRADEBOOK_URL", raising=False)

    def effective(config: str, *words: str) -> dict:
        user = tmp_path / "user"
        user.mkdir(exist_ok=True)
        (user / "nbgrader_config.py").write_text(textwrap.dedent(config))
        monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(user))
        app = AutogradeApp()
        app.initialize(["--log-level=CRITICAL", *words])
        rooms = {room: app.coursedir if room is CourseDirectory else room(parent=app) for room in ROOMS}
        decided = {(room, name) for room, name, _ in kinds()}
        words = {(room, name) for room in rooms for name in defaults.COMMAND_LINE & room.class_traits().keys()}
        return {(r.__name__, name): getattr(rooms[r], name) for r, name in decided | words if r in rooms}

    return effective


@pytest.mark.parametrize("config", [ANOTHER_COURSE, OLD_NAMES])
def test_nothing_of_another_course_holds_here(course, config):
    clean, told = course(""), course(config)
    assert clean and {key: (clean[key], told[key]) for key in clean if clean[key] != told[key]} == {}
    assert told["CourseDirectory", "db_url"].endswith("/course/gradebook.db")
    assert told["CourseDirectory", "course_id"] == "gpt2-course"


def test_another_course_would_hold_without_it(course, monkeypatch):
    """The test above can fail: hardly one setting stays what it was."""
    clean = course("")
    monkeypatch.setattr(defaults, "begin", lambda c: None)
    told = course(ANOTHER_COURSE)
    assert sum(clean[key] != told[key] for key in clean) > 0.8 * len(clean)


def test_the_command_line_still_has_the_last_word(course):
    words = ["--force", "--student=ada", "--db=sqlite:///mine.db", "--LateSubmissionPlugin.penalty_method=zero"]
    told = course(ANOTHER_COURSE, *words)
    assert told["CourseDirectory", "student_id"] == "ada"
    assert told["CourseDirectory", "db_url"] == "sqlite:///mine.db"
    assert told["LateSubmissionPlugin", "penalty_method"] == "zero"
    assert told["Autograde", "force"]


def test_no_option_of_nbgrader_s_is_set_below_the_class_that_it_is_for():
    c = Config()
    defaults.begin(c)
    options = set()
    for app in [NbGraderApp, *(app for app, _ in NbGraderApp.subcommands.values())]:
        options |= {tuple(str(where).split(".")) for where in getattr(app, "aliases", {}).values()}
        for sets, _ in getattr(app, "flags", {}).values():
            options |= {(section, name) for section, names in sets.items() for name in names}
    assert ("BaseConverter", "force") in options
    above = {(kind.__name__, room.__name__) for room in ROOMS for kind in room.__mro__[1:]}
    assert [(room, name) for kind, name in options for one, room in above if one == kind and name in c[room]] == []
