"""What a gradebook says, and what lies beside it, in a form that two runs can be compared in."""

import hashlib
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook


def marks(url: str) -> dict[tuple, Any]:
    """Everything by (student, notebook, cell): scores and comments, automatic and by hand; penalties; times."""
    found: dict[tuple, Any] = {}
    with Gradebook(url) as gradebook:
        for whole in gradebook.assignment_submissions("gpt2"):
            for notebook in whole.notebooks:
                where = (whole.student.id, notebook.name)
                assert where not in found, "recorded twice"
                found[where] = (whole.timestamp, notebook.late_submission_penalty)
                for grade in notebook.grades:
                    mark = (grade.auto_score, grade.manual_score, grade.extra_credit, grade.needs_manual_grade)
                    found[(*where, grade.name)] = mark
                for comment in notebook.comments:
                    found[(*where, comment.name, "comment")] = (comment.auto_comment, comment.manual_comment)
    return found


def pages(folder: Path) -> dict[str, str]:
    """Digests of the autograded notebooks and feedback pages, by their path."""
    found = [path for step in ("autograded", "feedback") for path in (folder / step).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
