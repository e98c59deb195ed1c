"""A student's feedback page: an overview, then the notebook with the checks' findings; one small file for itself.

For `nbgrader generate_feedback` and `autograder course grade`. What is the same in a whole class is rendered once.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any

from gptkit.notebook.style import STYLE
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbgrader.api import BaseCell, Comment, Grade, MissingEntry
from nbgrader.preprocessors import GetGrades, getgrades
from nbgrader.utils import is_grade, is_solution, is_task
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from sqlalchemy import select
from traitlets import default

from autograder.nbgrader.formulas import in_mathml
from autograder.notebooks.sanitize import FORMULA
from autograder.reports.pages import render

CELLS = 500  # cells whose rendering is remembered: the instructor's own are in every notebook
PICTURES = ("image/png", "image/jpeg")
LEXER, SPANS = get_lexer_by_name("ipython3"), HtmlFormatter(nowrap=True)


class Marks(GetGrades):
    """nbgrader's GetGrades, with a notebook's marks read together, and comments too; there, each cell asks for its own.

    Unlike there, an answer that nobody has marked yet can be told from one without points.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        it = resources["nbgrader"]
        # By nbgrader's own name for it, which `OneGradebook.in_use` replaces.
        with getgrades.Gradebook(it["db_url"]) as gradebook:
            notebook = gradebook.find_submission_notebook(it["notebook"], it["assignment"], it["student"])
            penalty = notebook.late_submission_penalty or 0
            it |= {"score": notebook.score - penalty, "max_score": notebook.max_score, "late_penalty": penalty}
            marks = select(BaseCell.name, Grade.score, Grade.max_score, Grade.needs_manual_grade).join(Grade.cell)
            said = select(BaseCell.name, Comment.comment).join(Comment.cell)
            found = gradebook.db.execute(marks.where(Grade.notebook_id == notebook.id))
            grades = {name: {"score": score, "points": points, "open": open} for name, score, points, open in found}
            comments = dict(tuple(row) for row in gradebook.db.execute(said.where(Comment.notebook_id == notebook.id)))
        for cell in nb.cells:
            told = cell.metadata.get("nbgrader", {})
            name = told.get("grade_id")
            if (is_solution(cell) and name not in comments) or (is_grade(cell) and name not in grades):
                raise MissingEntry(f"the gradebook has no cell {name}: was the assignment generated again?")
            if is_solution(cell) or is_task(cell):
                told["comment"] = comments[name]
            if is_grade(cell) or is_task(cell):
                told |= grades[name]
        return nb, resources


class FeedbackPage(Exporter):
    """The page of an autograded notebook, in the place of nbconvert's HTMLExporter."""

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kwargs: Any) -> Any:
        """The page. The notebook gets its marks, and is not copied and validated before and after every step."""
        resources = self._init_resources(resources)
        for step in self._preprocessors:
            nb, resources = step(nb, resources)
        it = resources["nbgrader"]
        cells = [part(cell, ours=bool(nb.metadata.get("autograder"))) for cell in nb.cells]
        rows = [cell for cell in cells if cell["score"] is not None]
        page = render(
            "feedback.html.j2",
            title=f"{it['assignment']}: feedback for {it['student']}",
            total=it["score"],
            full=it["max_score"],
            penalty=it["late_penalty"],
            open=[row["name"] for row in rows if row["open"]],
            rows=rows,
            cells=cells,
        )
        return page, resources


def part(cell: NotebookNode, ours: bool) -> dict[str, Any]:
    """What the template shows of a cell. `ours`: HTML in a test cell's output was made by the grader."""
    told, graded = cell.metadata.get("nbgrader", {}), is_grade(cell) or is_task(cell)
    name = told.get("grade_id", "") if graded or is_solution(cell) else ""
    comment = told.get("comment")
    shown = {key: told.get(key) if graded else None for key in ("score", "points", "open")}
    shown |= {"id": name, "name": name.removeprefix("test_"), "why": "", "outputs": []}
    shown |= {"comment": comment and in_html(comment)}
    if cell.cell_type != "code":
        attached = cell.get("attachments")
        return shown | {"kind": "prose", "shown": markdown(cell.source, attached) if attached else in_html(cell.source)}
    outputs = [one for one in cell.outputs if one.output_type != "execute_result" or not is_grade(cell)]
    if is_grade(cell) and not is_solution(cell) and ours and outputs:
        # A card brings its style, and the page has it once.
        card = Markup(outputs[0].data["text/html"].replace(STYLE, ""))
        return shown | {"kind": "checks", "shown": card, "why": outputs[0].metadata.get("why", "")}
    lexer = cell.metadata.get("magics_language", "ipython3")
    return shown | {"kind": "code", "shown": coloured(cell.source, lexer), "outputs": [output(one) for one in outputs]}


def output(one: NotebookNode) -> dict[str, str | None]:
    """An output as a picture's address or as text; of HTML and the like nothing but its plain form."""
    if one.output_type == "stream":
        return {"picture": None, "text": one.text}
    if one.output_type == "error":
        return {"picture": None, "text": "\n".join(one.traceback)}
    kind = next((kind for kind in PICTURES if kind in one.data), None)
    return {"picture": f"data:{kind};base64,{one.data[kind]}" if kind else None, "text": one.data.get("text/plain", "")}


@lru_cache(CELLS)
def coloured(code: str, lexer: str) -> Markup:
    """Code with its colours; plain where these would take too long (`sanitize.plain_if_slow`)."""
    return Markup(highlight(code, LEXER, SPANS) if lexer == "ipython3" else html.escape(code))


def markdown(source: str, attachments: dict | None = None) -> Markup:
    """Markdown as HTML, with the formulas in it, the instructor's and those of a student's text, as MathML."""
    # Not escaped: this HTML is the instructor's, or what the sanitizer made of a student's text.
    renderer = WithFormulas(escape=False, exclude_anchor_links=True, attachments=attachments)
    return Markup(re.sub(FORMULA, typed_formula, MarkdownWithMath(renderer=renderer).render(source)))


in_html = lru_cache(CELLS)(markdown)


def typed_formula(found: re.Match) -> str:
    """A formula in a student's text, which the sanitizer has marked and made harmless, as MathML."""
    tex = html.unescape(found[1].replace("<br>", "")).replace("\N{NO-BREAK SPACE}", " ")
    return in_mathml(tex.strip("$"), tex.startswith("$$"))


class WithFormulas(IPythonRenderer):
    """nbconvert's Markdown, formulas as MathML."""

    def block_math(self, body: str) -> str:
        return in_mathml(body, True)

    def inline_math(self, body: str) -> str:
        return in_mathml(body)

    def latex_environment(self, name: str, body: str) -> str:
        return in_mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", True)
