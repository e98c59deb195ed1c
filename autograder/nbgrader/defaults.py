"""nbgrader's own defaults as a course's beginning, so that nothing that was set for another course holds in it.

nbgrader reads the user's and the machine's nbgrader_config.py before the course's. There may stand another course's
folder, gradebook, penalty, header, hook or list of steps; without this, each of them would hold here, too.
"""

from typing import Any

from nbgrader import converters, plugins, preprocessors
from nbgrader.apps import ExportApp, ZipCollectApp
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

# Left as they are: whose group may read files, where the log goes. (So are the exchange and who may log in.)
MACHINE = {"groupshared", "permissions", "logfile"}
# `--force` and the like are set on the class that has them; set on one below it, they would win over the command line.
COMMAND_LINE = {"force", "to", "student", "assignment"}
# No part of grading a course with this grader: what runs a notebook, and what stands under a second, older name.
ELSEWHERE = {"Execute", "InstantiateTests", "NbGraderException", "Assign", "Feedback"}


def begin(c: Config) -> None:
    """Set in `c` whatever decides what becomes of a course's work, as nbgrader has it where nothing is configured."""
    rooms = [getattr(package, name) for package in (converters, preprocessors, plugins) for name in package.__all__]
    for room in [CourseDirectory, ExportApp, ZipCollectApp, *rooms]:
        if room.__name__ in ELSEWHERE:
            continue
        for name, trait in room.class_traits(config=True).items():
            nbgraders = trait.this_class.__module__.startswith("nbgrader.")  # not nbconvert's or Jupyter's
            if nbgraders and name not in MACHINE and (name not in COMMAND_LINE or trait.this_class is room):
                c[room.__name__][name] = no_hook if name.endswith("_convert_hook") else trait.default()
    c.GenerateFeedback.exporter_class = "nbconvert.exporters.HTMLExporter"  # a default that is not the trait's own
    c.ExchangeCollect.before_duedate = False


def no_hook(**_: Any) -> None:
    """In place of another course's hook: nbgrader takes a function only, not None."""
