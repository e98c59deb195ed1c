"""The course, for stock `nbgrader` commands run in this folder."""

import os
import sys
from pathlib import Path

from nbgrader.converters import GenerateAssignment

# Nothing in this file may fail: nbgrader would go on without it, and run students' code unprotected. What is wrong with
# the environment is said by the grader, when it grades.

c = get_config()  # noqa: F821  (nbgrader gives it)

# nbgrader starts `alembic` by its name, which is found only where the virtual environment is activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

# The exchange sorts assignments by course; this is its name there.
c.CourseDirectory.course_id = "gpt2-course"
# The gradebook: PostgreSQL for a large class, else gradebook.db beside this file.
if os.environ.get("GRADEBOOK_URL"):
    c.CourseDirectory.db_url = os.environ["GRADEBOOK_URL"]
# What a student finds in place of each answer; `check` and the grader know it for a stub by its exception.
c.ClearSolutions.code_stub = {"python": '# Your code here.\nraise NotImplementedError("not written yet")'}
c.ClearSolutions.text_stub = "*Your answer here.*"
# The points in the notebook's metadata are told in its table and by `check`, too.
stock = GenerateAssignment.class_traits()["preprocessors"].default()
c.GenerateAssignment.preprocessors = ["autograder.nbgrader.TellPoints", *stock]

# Our exporter reads submissions: what is broken, forged or missing still becomes a whole notebook and a row.
c.Autograde.exporter_class = "autograder.nbgrader.SubmissionExporter"
# Outputs of the student's own run stay for hand grading (the exporter has made them harmless), so no ClearOutput here.
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# Examine in place of Execute: nothing of a student's runs here; the sandboxed grader's scores are what is saved, all of
# a notebook's together, and a mark given by hand is not asked for again while the answer is the same.
c.Autograde.autograde_preprocessors = [
    "autograder.nbgrader.Examine",
    "autograder.nbgrader.SaveGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# Collects notebooks only: gptkit, links and devices stay behind.
c.ExchangeFactory.collect = "autograder.nbgrader.Collect"
