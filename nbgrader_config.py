"""The course, for stock `nbgrader` commands run in this folder."""

import os

c = get_config()  # noqa: F821  (nbgrader gives it)

# The exchange sorts assignments by course; this is its name there.
c.CourseDirectory.course_id = "gpt2-course"
# The gradebook: PostgreSQL for a large class, else gradebook.db beside this file.
if url := os.environ.get("GRADEBOOK_URL"):
    c.CourseDirectory.db_url = url
# What a student finds in place of each answer; `check` and the grader know it for a stub by its exception.
c.ClearSolutions.code_stub = {"python": '# Your code here.\nraise NotImplementedError("not written yet")'}
c.ClearSolutions.text_stub = "*Your answer here.*"
