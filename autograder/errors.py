"""Errors by whose fault they are. A student's fault is none of these: it is a result in their record."""

from __future__ import annotations


class AutograderError(Exception):
    """Work that was not done. The message is one line that says what is wrong and what to do; no traceback is shown."""

    exit_code = 1


class UsageError(AutograderError):
    """The caller's: a wrong path, option or setting."""

    exit_code = 2


class CannotGrade(AutograderError):
    """The machine's, the model's, the sandbox's, the disk's, the database's or the scheduler's.

    Whoever was to be graded gets no mark, and is graded by a later run.
    """

    exit_code = 3


class NotGraded(CannotGrade):
    """One submission could not be graded; the others go on."""
