"""nbgrader's commands with our reading, our verdicts and our scores: what nbgrader_config.py names.

Reading order: points (a release is made), course_files (what lies where), exporter (a submission is read, its record
becomes scores), gradebook (they are saved), feedback_page, then recorder and marking, which `autograder course` uses.
"""

from autograder.nbgrader.course_files import Collect
from autograder.nbgrader.exporter import Examine, SubmissionExporter
from autograder.nbgrader.feedback_page import FeedbackPage, Marks
from autograder.nbgrader.gradebook import SaveGrades
from autograder.nbgrader.points import TellPoints
from autograder.nbgrader.zip_collect import Collector, Extractor

__all__ = [
    "Collect", "Collector", "Examine", "Extractor", "FeedbackPage", "Marks", "SaveGrades", "SubmissionExporter",
    "TellPoints",
]  # fmt: skip
