"""The course, for stock `nbgrader` commands run in this folder."""

import locale
import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader gives it)

# Nothing that the user's or the machine's own nbgrader_config.py says of other courses holds here: what is meant for
# this course belongs into this file, below. The exchange, who may log in, and permissions are the machine's.
# If a configuration fails, nbgrader goes on without it, and would run students' code unprotected: better not at all.
try:
    from autograder.nbgrader.defaults import begin

    begin(c)
except Exception as error:
    sys.exit(f"nbgrader_config.py: {error}. Is the virtual environment with autograder in it active?")

# nbgrader starts `alembic` by its name, which is found only where the virtual environment is activated. It writes a
# file for it in UTF-8; alembic reads that in the locale's encoding, in which LC_ALL=C cannot spell every folder's name.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
if sys.flags.utf8_mode and locale.getencoding().upper() != "UTF-8":
    os.environ["LC_ALL"] = "C.UTF-8"

# Where everything of this course lies: beside this file; the gradebook of a large class in PostgreSQL.
root = Path(__file__).absolute().parent
c.CourseDirectory.root = str(root)
c.CourseDirectory.db_url = os.environ.get("GRADEBOOK_URL") or f"sqlite:///{root / 'gradebook.db'}"
# The exchange sorts assignments by course; this is its name there.
c.CourseDirectory.course_id = "gpt2-course"
# What a student finds in place of each answer; `check` and the grader know it for a stub by its exception.
c.ClearSolutions.code_stub = {"python": '# Your code here.\nraise NotImplementedError("not written yet")'}
c.ClearSolutions.text_stub = "*Your answer here.*"
# The points in the notebook's metadata are told in its table and by `check`, too.
c.GenerateAssignment.preprocessors = ["autograder.nbgrader.TellPoints", *c.GenerateAssignment.preprocessors]

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
# Feedback pages of a few kilobytes that begin with an overview and set their formulas themselves.
c.GenerateFeedback.exporter_class = "autograder.nbgrader.FeedbackPage"
c.GenerateFeedback.preprocessors = ["autograder.nbgrader.Marks"]
# Collects notebooks only: gptkit, links and devices stay behind.
c.ExchangeFactory.collect = "autograder.nbgrader.Collect"
# What Moodle and Canvas hand out, or a zip with a folder for each student, in downloaded/gpt2/archive/.
c.ZipCollectApp.extractor_plugin = "autograder.nbgrader.Extractor"
c.ZipCollectApp.collector_plugin = "autograder.nbgrader.Collector"
