"""The record in the forms people and tools read, each made from the record and nothing else.

What a student wrote can stand in a message (their error's text, for one), so every form escapes it: it never becomes
markup, a terminal command or a broken file. `message` and `why` put a record's fields into words, last of all.
What a browser shows is made in `pages`, which is imported where it is needed: templates take a moment to load.
"""

from autograder.reports.formats import as_json, from_json, gradescope, junit, markdown
from autograder.reports.words import as_lines, clean, first_failure, message, text, why

__all__ = [
    "as_json", "as_lines", "clean", "first_failure", "from_json", "gradescope", "junit", "markdown",
    "message", "text", "why",
]  # fmt: skip
