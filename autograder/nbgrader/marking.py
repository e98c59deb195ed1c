"""Marking by hand: a page with all answers to one question, from which marks go straight into nbgrader's gradebook.

nbgrader's formgrader shows one notebook at a time and cannot show one question of all. This server is for one person at
this machine: it listens on 127.0.0.1 only, and answers those who know the token in its address.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

import nbformat
from markupsafe import Markup
from nbgrader.api import BaseCell, Comment, Grade, SubmittedAssignment
from nbgrader.apps import AutogradeApp
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from autograder.errors import CannotGrade, UsageError
from autograder.nbgrader.course_files import folder_of
from autograder.nbgrader.exporter import stamp
from autograder.nbgrader.feedback_page import in_html
from autograder.nbgrader.gradebook import ANSWERS, GRADES, OneGradebook, answers, submitted
from autograder.notebooks import sanitize
from autograder.notebooks.submission import Release
from autograder.reports.pages import render
from autograder.settings import Settings

LONGEST = 10_000  # characters of a comment


class Conflict(Exception):
    """The answer or its mark is no longer what the page shows."""


class Marking:
    """The answers in words of one assignment's class, and what the gradebook says about them."""

    def __init__(self, assignment: str):
        app = AutogradeApp()
        app.initialize(["--log-level=ERROR"])
        settings = app.config.SubmissionExporter.get("settings") or Settings.from_environment()
        self.assignment, self.course = assignment, app.coursedir
        if assignment != settings.assignment:
            raise UsageError(f"This marks {settings.assignment}, not {assignment}.")
        self.course.assignment_id = assignment
        self.questions = Release.of(settings).written
        key = nbformat.read(settings.answer_key, as_version=4)
        self.wanted = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source for cell in key.cells}
        try:
            self.gradebook = OneGradebook(self.course.db_url, self.course.course_id)
            found = {question: self.grades(question) for question in self.questions}
        except DBAPIError as error:
            raise CannotGrade(f"The gradebook cannot be opened: {error.orig}") from None
        if not any(found.values()):
            raise UsageError(
                f"Nothing to mark: no answers in the gradebook. First: autograder course grade {assignment}"
            )

    def grades(self, question: str, student: str | None = None) -> list[tuple[str, Grade, Comment | None, str | None]]:
        """(student, grade, comment, digest of the answer that the mark is for) of everyone, or of one."""
        query = submitted(self.assignment, student, GRADES, Grade, ANSWERS.c.answer)
        query = query.outerjoin(ANSWERS, ANSWERS.c.grade_id == Grade.id).where(BaseCell.name == question)
        rows = self.gradebook.db.execute(query.order_by(SubmittedAssignment.student_id)).all()
        said = select(Comment).join(Comment.cell).where(BaseCell.name == question)
        comments = {comment.notebook_id: comment for comment in self.gradebook.db.scalars(said)}
        return [(who, grade, comments.get(grade.notebook_id), answer) for who, grade, answer in rows]

    def page(self, question: str) -> str:
        """The page of one question."""
        names, shown, points = list(self.questions), [], 0.0
        for student, grade, comment, known in self.grades(question):
            text, digest = self.answer(student, question)
            points = grade.max_score
            said = comment.manual_comment if comment else None
            seen = state(digest if known else known, grade.manual_score, said)
            mark = {"score": grade.manual_score, "automatic": grade.auto_score, "open": grade.needs_manual_grade}
            shown.append({"student": student, "text": text, "comment": said, "seen": seen, **mark})
        self.gradebook.forget()
        return render(
            "marking.html.j2",
            own_script="marking.js",
            title=f"{self.assignment}: {question}",
            questions=names,
            question=question,
            asked=in_html(self.questions[question]),
            wanted=in_html(self.wanted.get(question, "*The answer key says nothing.*")),
            open=sum(one["open"] for one in shown),
            points=points,
            answers=shown,
        )

    def answer(self, student: str, question: str) -> tuple[Markup, str | None]:
        """A student's answer as HTML that is harmless, and its digest."""
        path = folder_of(self.course, "autograded", student) / f"{self.assignment}.ipynb"
        try:
            notebook = nbformat.v4.reads(path.read_text("utf-8"))
            digest = answers(notebook)[question]
            cell = next(
                cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == question
            )
            source = cell.source if stamp(path) else sanitize.typed(sanitize.text(cell.source))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # one that lies there is not ours to trust
            return Markup("<p><em>There is no such answer in autograded/: grade this notebook again.</em></p>"), None
        return in_html(source), digest

    def save(self, question: str, student: str, score: float | None, comment: str, seen: str) -> dict[str, Any]:
        """Store a mark (None takes it back) and a comment; returns what is new. Raises Conflict and LookupError."""
        with self.gradebook.transaction():
            found = self.grades(question, student)
            if not found or (score is not None and not 0 <= score <= found[0][1].max_score):
                raise LookupError(f"{student} has no answer here that could get {score}.")
            _, grade, said, known = found[0]
            if seen != state(known, grade.manual_score, said.manual_comment if said else None):
                raise Conflict
            grade.manual_score, grade.needs_manual_grade = score, score is None and grade.auto_score is None
            if said:
                said.manual_comment = comment or None
            new = state(known, score, said.manual_comment if said else None)
            after = {"seen": new, "open": grade.needs_manual_grade}
        return after


def state(answer: str | None, score: float | None, comment: str | None) -> str:
    """Stands for an answer with its mark and comment: a mark for another answer, or over another's mark, is refused."""
    told = repr((answer, None if score is None else float(score), comment or None))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


class Question(RequestHandler):
    """GET: the page of a question. PUT: one mark, in the gradebook before it is answered."""

    def initialize(self, marking: Marking, token: str) -> None:
        self.marking, self.token = marking, token

    def set_default_headers(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    def prepare(self) -> None:
        token, question = self.path_args
        if not secrets.compare_digest(token, self.token) or question not in self.marking.questions:
            raise HTTPError(404)

    def get(self, _: str, question: str) -> None:
        try:
            self.write(self.marking.page(question))
        except DBAPIError as error:
            self.refuse(503, f"The gradebook cannot be read: {error.orig}")

    def put(self, _: str, question: str) -> None:
        try:
            told = json.loads(self.request.body)
            student, score, comment, seen = (told[key] for key in ("student", "score", "comment", "seen"))
            if not (isinstance(score, int | float | None) and isinstance(comment, str) and len(comment) <= LONGEST):
                raise ValueError(f"a mark is a number, and a comment has at most {LONGEST} characters.")
            self.write(self.marking.save(question, str(student), score, comment, seen))
        except Conflict:
            self.refuse(409, "the answer, its mark or its comment has changed meanwhile. Reload the page.")
        except (LookupError, TypeError, ValueError) as error:
            self.refuse(400, str(error))
        except DBAPIError as error:
            self.refuse(503, f"the gradebook cannot be written: {error.orig}")

    def refuse(self, status: int, why: str) -> None:
        self.set_status(status)
        self.write({"error": why})


def serve(marking: Marking) -> str:
    """Start to listen; the address of the first question's page."""
    # Port 0: the system gives one that is free.
    token, (socket, *_) = secrets.token_urlsafe(32), bind_sockets(0, "127.0.0.1")
    kept: dict[str, Any] = {"marking": marking, "token": token}
    # Nothing is logged: a request's address holds the token.
    HTTPServer(Application([(r"/([\w-]+)/([^/]+)", Question, kept)], log_function=lambda _: None)).add_socket(socket)
    return f"http://127.0.0.1:{socket.getsockname()[1]}/{token}/{next(iter(marking.questions))}"
