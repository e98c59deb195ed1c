"""nbgrader's gradebook, so that nothing is lost: a submission's marks are saved together or not at all, and what was
marked by hand stays as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from nbgrader import api
from nbgrader.api import BaseCell, Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.converters import autograde
from nbgrader.preprocessors import (
    NbGraderPreprocessor,
    getgrades,
    latesubmissions,
    overwritecells,
    overwritekernelspec,
    saveautogrades,
)
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from sqlalchemy import Column, Engine, Index, MetaData, Select, String, Table, delete, insert, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

# Which answer a mark was given for; nbgrader has no place for it.
ANSWERS = Table(
    "autograder_answer",
    MetaData(),
    Column("grade_id", String(32), primary_key=True),
    Column("answer", String(64), nullable=False),
)
# What a submission's rows are found by. Without these, nbgrader reads everybody's rows to find one student's.
INDEXES = [
    Index("autograder_notebooks", SubmittedNotebook.assignment_id),
    Index("autograder_grades", Grade.notebook_id),
    Index("autograder_comments", Comment.notebook_id),
]
# From a submitted assignment to its cells' grades and comments, one table to the next.
GRADES = (SubmittedAssignment.notebooks, SubmittedNotebook.grades, Grade.cell)
COMMENTS = (SubmittedAssignment.notebooks, SubmittedNotebook.comments, Comment.cell)
OPENERS = (autograde, getgrades, latesubmissions, overwritecells, overwritekernelspec, saveautogrades)


class SaveGrades(NbGraderPreprocessor):
    """Saves a notebook's scores in one transaction; nbgrader's SaveAutoGrades does it cell by cell.

    Unlike there, a mark given by hand is not sent back to the queue of a regrade while the answer stays the same.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        it = resources["nbgrader"]
        with Gradebook(it["db_url"]) as gradebook:
            if not isinstance(gradebook, OneGradebook):
                add_tables(gradebook.engine)
            notebook = gradebook.find_submission_notebook(it["notebook"], it["assignment"], it["student"])
            self.save(nb, gradebook.db, notebook.id)
            gradebook.db.commit()
        return nb, resources

    def save(self, nb: NotebookNode, db: Session, notebook: str) -> None:
        """Store what the notebook's cells earn and say, and which answers it is for."""
        found = db.query(BaseCell.name, Grade).join(Grade.cell).filter(Grade.notebook_id == notebook)
        grades = dict(tuple(row) for row in found.order_by(Grade.id).with_for_update(of=Grade))  # no mark in between
        found = db.query(BaseCell.name, Comment).join(Comment.cell).filter(Comment.notebook_id == notebook)
        comments = dict(tuple(row) for row in found)
        ours = ANSWERS.c.grade_id.in_([grade.id for grade in grades.values()])
        known = dict(tuple(row) for row in db.execute(select(ANSWERS).where(ours)))
        now = {grades[name].id: answer for name, answer in answers(nb).items()}
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if is_grade(cell):
                id = grades[name].id
                self.mark(cell, grades[name], same=known.get(id) == now[id])
            if is_solution(cell) or is_task(cell):
                empty = is_solution(cell) and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
                comments[name].auto_comment = "No response." if empty else None
        if known != now:
            db.execute(delete(ANSWERS).where(ours))
            db.execute(insert(ANSWERS), [{"grade_id": id, "answer": answer} for id, answer in now.items()])

    def mark(self, cell: NotebookNode, grade: Grade, same: bool) -> None:
        """Store the automatic score; `same`: the answer is the one that was there when it was last stored."""
        score, _ = determine_grade(cell, self.log)
        same = same and grade.auto_score == score
        grade.auto_score = score
        if grade.manual_score is None:
            grade.needs_manual_grade = score is None
        elif not same:
            grade.needs_manual_grade = True


def answers(nb: NotebookNode) -> dict[str, str]:
    """By grade cell, a digest of what its mark is for: the cell itself where it holds the answer, else all code."""
    # Functions call each other across cells, so a mark for one of them is for all the code.
    code = "\0".join(cell.source for cell in nb.cells if cell.cell_type == "code")
    graded = {cell.metadata.nbgrader.grade_id: cell for cell in nb.cells if is_grade(cell)}
    said = {name: cell.source if is_solution(cell) else code for name, cell in graded.items()}
    return {name: hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for name, text in said.items()}


def submitted(assignment: str, student: str | None, through: tuple, *columns: Any) -> Select:
    """A query for (student, *columns) of everybody's work, or of one student's; `through`: such as `GRADES`."""
    query = select(SubmittedAssignment.student_id, *columns).join(SubmittedAssignment.assignment)
    for table in through:
        query = query.join(table)
    whose = [] if student is None else [SubmittedAssignment.student_id == student]
    return query.where(api.Assignment.name == assignment, *whose)


def add_tables(engine: Engine) -> None:
    """Give an nbgrader database what it lacks: `ANSWERS`, `INDEXES`. Another process may be doing the same."""
    parts: list[Table | Index] = [ANSWERS, *INDEXES]
    for part in parts:
        with contextlib.suppress(DBAPIError):
            part.create(engine, checkfirst=True)


class DeferredSession(Session):
    """A session whose commits wait for `save`: nbgrader commits after every step."""

    def commit(self) -> None:
        self.flush()

    def save(self) -> None:
        super().commit()


class OneGradebook(Gradebook):
    """The gradebook, opened once for a process that records many submissions, each in one transaction.

    nbgrader opens it ten times for a notebook, and looks through its tables each time.
    """

    def __init__(self, url: str, course_id: str):
        if url.startswith("sqlite:///"):  # wait for other writers, longer than 5 seconds
            url += f"{'&' if '?' in url else '?'}timeout=60"
        super().__init__(url, course_id)
        add_tables(self.engine)
        # expire_on_commit=False: what was read stays readable after a commit, without asking the database again.
        self.db = scoped_session(sessionmaker(bind=self.engine, class_=DeferredSession, expire_on_commit=False))

    def close(self) -> None:
        """Stay open: nbgrader's steps close what they opened."""

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Inside, nbgrader's converters and preprocessors use this gradebook instead of opening it."""
        # nbgrader's steps open the gradebook by the name that they imported: in each module that name is replaced.
        modules = [*OPENERS, sys.modules[__name__]]
        for module in modules:
            module.Gradebook = lambda *_: self
        try:
            yield
        finally:
            for module in modules:
                module.Gradebook = api.Gradebook

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """What is done inside is saved at the end, all of it or nothing."""
        self.forget()
        if self.engine.dialect.name == "sqlite":
            self.db.execute(text("BEGIN IMMEDIATE"))  # one writer at a time, from its first look on
        try:
            yield
            self.db().save()
        finally:
            self.forget()

    def forget(self) -> None:
        """Drop what was read and what was not saved."""
        with contextlib.suppress(SQLAlchemyError):  # the connection is lost: the next use makes another
            self.db.rollback()
        with contextlib.suppress(SQLAlchemyError):
            self.db.remove()

    def digests(self, assignment: str, student: str | None = None) -> dict[str, str]:
        """By student, a digest of all that the gradebook says about the submission, and so of what feedback shows."""
        parts = [  # in a fixed order, or the digest of the same state would be another one
            ((), [SubmittedAssignment.timestamp, SubmittedAssignment.extension, api.Assignment.duedate]),
            (GRADES[:1], [SubmittedNotebook.late_submission_penalty]),
            (GRADES, [Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade]),
            (COMMENTS, [Comment.auto_comment, Comment.manual_comment]),
        ]
        digests: dict[str, Any] = defaultdict(hashlib.sha256)
        for tables, columns in parts:
            cell = [BaseCell.name] if len(tables) > 1 else []
            query = submitted(assignment, student, tables, *cell, *columns).order_by(*cell)
            for row in self.db.execute(query.execution_options(yield_per=1000)):
                digests[row[0]].update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
        self.forget()
        return {whom: digest.hexdigest() for whom, digest in digests.items()}
