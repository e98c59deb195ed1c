"""Feedback pages in a third of nbconvert's time: it makes anew for each page what is the same in a whole class."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.exporters.html import Highlight2HTML, WidgetsDataTypeFilter
from nbformat import NotebookNode

CELLS = 500  # cells whose rendering is remembered: the instructor's own are in every notebook
NO_ALT = re.compile(r"<img(?![^>]*\salt=)")
ALT = '<img alt="No description has been provided for this image"'


class FeedbackPage(HTMLExporter):
    """nbconvert's HTML, its filters' results remembered, no page parsed again to look for pictures without `alt`."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._coloured = lru_cache(CELLS)(lambda lexer, code: Highlight2HTML(pygments_lexer=lexer, parent=self)(code))
        self._markdown = lru_cache(CELLS)(lambda source: HTMLExporter.markdown2html(self, {}, source))

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        return self._markdown(source)

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        self._nb_metadata.clear()  # else it grows with the class
        resources = self._init_resources(resources)
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))

        def coloured(code: str, metadata: dict[str, Any] | None = None, **_: Any) -> str:
            return self._coloured((metadata or {}).get("magics_language", lexer), code)

        self.register_filter("highlight_code", coloured)
        kinds = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", kinds)
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **kwargs)
        return NO_ALT.sub(ALT, page), resources

    def _preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Without copying and validating the notebook before and after every step."""
        # nbconvert's own method of this private name does both, which takes most of the time of a page.
        for step in self._preprocessors:
            nb, resources = step(nb, resources)
        return nb, resources
