"""What the assignment as a link costs a student: seconds from opening the page, and the memory of its tab.

    .venv/bin/python benchmarks/site.py [--rounds N] [--json FILE]

Makes a site with a Pyodide of its own (`make site-peers` installs both), opens it in headless Chromium with nothing
stored, as a first visit is, and does what a student does. The median of the rounds counts. The server is on the same
machine; a network adds the time for 60 MB, once.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import psutil
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from autograder.doors import site  # noqa: E402
from tests.browser import site_page as page_of  # noqa: E402
from tests.conftest import FLAGS  # noqa: E402
from tests.machine import CHROMIUM  # noqa: E402

ROWS = {
    "first_paint_seconds": ("the notebook can be read", 5),
    "first_mistake_seconds": ("a wrong softmax, written meanwhile, is named", 25),
    "first_mistake_cpu_seconds": ("processor time of all of Chromium until then", None),
    "all_cells_seconds": ("all cells have run, in another first visit", 90),
    "all_cells_cpu_seconds": ("processor time of all of Chromium until then", None),
    "outside_requests": ("requests to another machine", 0),
    "site_mb": ("the site on the web server", 120),
    "tab_mb": ("memory of the tab, the largest", 1000),
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the site of the assignment in headless Chromium.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not page_of.PYODIDE.is_dir() or not chromium:
        print("This needs Chromium, and: make site-peers", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch) / "site"
        site.run(argparse.Namespace(folder=folder, pyodide=page_of.PYODIDE, weights=False))
        with page_of.served(folder) as address:
            rounds = [visit(playwright, chromium, address) for _ in range(options.rounds)]
        figures = {name: median(one[name] for one in rounds) for name in rounds[0]} | {
            "site_mb": site.size(folder) / 1e6
        }
    print("| figure | | to reach | |\n| --- | --: | --- | --- |")
    for name, (says, limit) in ROWS.items():
        reached = "" if limit is None else f"<= {limit}, {'met' if figures[name] <= limit else 'missed'}"
        print(f"| {name} | {figures[name]:.3g} | {reached} | {says} |")
    if options.json:
        Path(options.json).write_text(json.dumps({"figures": figures}, indent=1) + "\n", "utf-8")
    return 0


def visit(playwright, chromium: str, address: str) -> dict[str, float]:
    """A first visit that ends with the name of a mistake, then one that runs all cells; its figures."""
    figures = {}
    with Memory() as memory:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context()
        outside = page_of.watch(context, address)
        start = time.perf_counter()
        page = page_of.open_page(context, address)
        figures["first_paint_seconds"] = time.perf_counter() - start
        page_of.run(page, "import numpy as np")
        page_of.run(page, "from gptkit import check")
        page_of.type_softmax(page, page_of.WRONG)
        page_of.card(page).get_by_text(page_of.NAMED).wait_for()
        figures["first_mistake_seconds"] = time.perf_counter() - start
        figures["first_mistake_cpu_seconds"] = processor_seconds()
        browser.close()
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context()
        outside_too = page_of.watch(context, address)
        start = time.perf_counter()
        page = page_of.open_page(context, address)
        page_of.run_all(page)
        figures["all_cells_seconds"] = time.perf_counter() - start
        figures["all_cells_cpu_seconds"] = processor_seconds()
        browser.close()
    return figures | {"outside_requests": len(outside) + len(outside_too), "tab_mb": memory.peak / 1e6}


def processor_seconds() -> float:
    """What the browser's processes have used: on a machine that others use too, it says more than the clock."""
    return sum(sum(process.cpu_times()[:2]) for process in psutil.Process().children(recursive=True))


class Memory:
    """The largest resident memory of one of this process's renderers, a tab's process with its workers; in bytes."""

    def __enter__(self) -> Memory:
        self.peak, self._end = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.25):
            for process in psutil.Process().children(recursive=True):
                try:
                    if "--type=renderer" in process.cmdline():
                        self.peak = max(self.peak, process.memory_info().rss)
                except psutil.Error:  # it has ended
                    continue


if __name__ == "__main__":
    sys.exit(main())
