"""What a course has to hand back: the marks in its gradebook, its feedback pages, and the archives it collected."""

from __future__ import annotations

import logging
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.apps import ZipCollectApp
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import CannotGrade, UsageError
from autograder.lms.archives import zips_in
from autograder.nbgrader.course_files import folder_of


class GradedCourse:
    """The course in the working directory: `marks` by student, who is `unfinished`, and the highest mark, `full`.

    Raises UsageError where nothing was graded, and CannotGrade when the gradebook cannot be read.
    """

    def __init__(self, assignment: str):
        self.app = ZipCollectApp()
        self.app.initialize(["--log-level=ERROR", assignment])
        self.app.log.setLevel(logging.CRITICAL)
        course, self.assignment = self.app.coursedir, assignment
        url = make_url(course.db_url)
        none = f"No marks of {assignment} in {url}: run this in the course folder, after `nbgrader autograde`."
        if url.drivername.startswith("sqlite") and not Path(url.database or "").is_file():
            raise UsageError(none)
        try:
            with Gradebook(course.db_url, course.course_id) as gradebook:
                found = gradebook.assignment_submissions(assignment)
                self.full = gradebook.find_assignment(assignment).max_score
                self.marks = {it.student_id: max(0.0, it.score - it.late_submission_penalty) for it in found}
                self.unfinished = sorted(it.student_id for it in found if unfinished(it))
        except MissingEntry:
            raise UsageError(none) from None
        except SQLAlchemyError as error:
            raise CannotGrade(f"The gradebook cannot be read: {str(error).splitlines()[0]}") from None

    def page(self, student: str) -> Path:
        """Where a student's feedback page is, once there is one."""
        return folder_of(self.app.coursedir, "feedback", student) / f"{self.assignment}.html"

    def archives(self) -> list[Path]:
        """What `nbgrader zip_collect` takes."""
        folder = Path(self.app._format_collect_path(self.app.archive_directory))  # nbgrader has no public name for it
        return [folder, *zips_in(folder)] if folder.is_dir() else []


def unfinished(submission: SubmittedAssignment) -> bool:
    """Whether something is still to be marked, by hand or by a run that was stopped."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return not grades or any(
        grade.needs_manual_grade or (grade.auto_score is None and grade.manual_score is None) for grade in grades
    )
