"""The record in the forms people and tools read, each made from the record and nothing else.

What a student wrote can stand in a message (their error's text, for one), so every form escapes it: it never becomes
markup, a terminal command or a broken file. `message` and `why` put a record's fields into words, last of all.
"""

from autograder.reports.fragment import as_html
from autograder.reports.gradescope import gradescope
from autograder.reports.json_array import as_json, from_json
from autograder.reports.junit import junit
from autograder.reports.markdown import markdown
from autograder.reports.text import as_lines, text
from autograder.reports.words import clean, first_failure, message, why

__all__ = [
    "as_html",
    "as_json",
    "as_lines",
    "clean",
    "first_failure",
    "from_json",
    "gradescope",
    "junit",
    "markdown",
    "message",
    "text",
    "why",
]
