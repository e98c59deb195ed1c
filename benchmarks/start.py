"""How long one waits for the first thing to happen: a command's help, one notebook's grade, the notebook's first cell.

    .venv/bin/python benchmarks/start.py [--rounds N] [--json FILE]

Ours beside stock nbgrader, Otter and transformers, each in new processes, one after the other in each round.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

import grading_peers as peers  # noqa: E402
from grading import OTTER, ROOT, run  # noqa: E402
from tqdm import tqdm  # noqa: E402

from tests.submissions.crowd import hand_in  # noqa: E402

AUTOGRADER = [sys.executable, "-m", "autograder"]
RIGHT = ROOT / "tests" / "submissions" / "right"
# row -> (seconds to reach, what is measured)
ROWS = {
    "help": (0.15, "`autograder --help`"),
    "nbgrader_help": (None, "stock nbgrader: `nbgrader --help`"),
    "otter_help": (None, "Otter: `otter --help`"),
    "one_notebook": (0.4, "`autograder grade one.ipynb`, the first on this machine: the answer key is examined too"),
    "next_notebook": (0.4, "`autograder grade one.ipynb`, the next one, with other code"),
    "one_again": (None, "`autograder grade one.ipynb`, graded before"),
    "nbgrader_one": (None, "stock nbgrader: `nbgrader autograde` with one submission"),
    "otter_one": (None, "Otter: `otter run` with one submission, without containers"),
    "first_cell": (0.5, "the notebook's first cell, after `import numpy`: the model opened and greeted with"),
    "transformers_cell": (None, "transformers: `from transformers import GPT2LMHeadModel`, after `import numpy`"),
}
# Timed inside, for IPython is there before a notebook's first cell, and NumPy is asked for by the cell before.
FIRST_CELL = """
import time
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
started = time.perf_counter()
shell.run_cell({cell!r}).raise_error()
open({file!r}, "w").write(str(time.perf_counter() - started))
"""
TRANSFORMERS = """
import time
import numpy as np
started = time.perf_counter()
from transformers import GPT2LMHeadModel
open({file!r}, "w").write(str(time.perf_counter() - started))
"""


def first_cell() -> str:
    """The released notebook's cell that opens the model."""
    cells = json.loads((ROOT / "release" / "gpt2" / "gpt2.ipynb").read_text("utf-8"))["cells"]
    return next(source for source in ("".join(cell["source"]) for cell in cells) if "load()" in source)


def timed_inside(python: Path | str, code: str, folder: Path, **words: str) -> float:
    """Seconds that a new Python measures itself and writes down."""
    file = folder / "seconds"
    run(1, [python, "-c", code.format(file=str(file), **words)], ROOT / "release" / "gpt2")
    return float(file.read_text())


class OneNotebook:
    """Submissions with code of their own, graded by each of the three, one in each command."""

    def __init__(self, top: Path):
        self.top, self.round = top, 0
        hand_in(top / "class", 100, [RIGHT / "perfect.py"])
        self.submissions = iter(sorted((top / "class" / "submitted").glob("*/gpt2/gpt2.ipynb")))
        self.kept = top / "kept"  # verdicts, the answer key's first of all
        self.ours("kept")()
        peers.otter_tests(top / "otter" / "tests")
        (top / "otter" / "out").mkdir()
        run(1, [OTTER, "generate", "-t", "tests", "-o", "tests.zip", "--no-environment"], top / "otter")

    def ours(self, kept: str, again: bool = False) -> Callable[[], float]:
        """The command, with another submission unless `again`, and the verdicts kept in the folder of that name."""

        def grade() -> float:
            if not again:
                self.last = next(self.submissions)
            settings = {"AUTOGRADER_SEED": "0", "AUTOGRADER_VERDICTS": str(self.top / kept)}
            return run(1, [*AUTOGRADER, "grade", self.last], self.top, **settings).seconds

        return grade

    def nbgrader(self) -> float:
        folder = self.top / f"stock-{self.round}"
        peers.stock_source(folder)
        run(1, peers.nbgrader("generate_assignment", "gpt2"), folder)
        target = folder / "submitted" / "ada" / "gpt2" / "gpt2.ipynb"
        target.parent.mkdir(parents=True)
        shutil.copy(next(self.submissions), target)
        return run(1, peers.nbgrader("autograde", "gpt2"), folder).seconds

    def otter(self) -> float:
        peers.otter_notebook(next(self.submissions), self.top / "otter" / "one.ipynb")
        command = [OTTER, "run", "-a", "tests.zip", "-o", "out", "--no-logo", "one.ipynb"]
        return run(1, command, self.top / "otter").seconds


def measure(rounds: int) -> Iterator[dict[str, float]]:
    """Seconds of each row, round by round; a first one, which brings files into memory, is left out."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        one = OneNotebook(top)
        for one.round in range(rounds + 1):
            contest: dict[str, Callable[[], float]] = {
                "help": lambda: run(1, [*AUTOGRADER, "--help"], top).seconds,
                "nbgrader_help": lambda: run(1, peers.nbgrader("--help"), top).seconds,
                "otter_help": lambda: run(1, [OTTER, "--help"], top).seconds,
                "one_notebook": one.ours(f"new-{one.round}"),
                "next_notebook": one.ours("kept"),
                "one_again": one.ours("kept", again=True),
                "nbgrader_one": one.nbgrader,
                "otter_one": one.otter,
                "first_cell": partial(timed_inside, sys.executable, FIRST_CELL, top, cell=first_cell()),
                "transformers_cell": partial(timed_inside, OTTER.with_name("python"), TRANSFORMERS, top),
            }
            seen = {name: way() for name, way in contest.items()}
            if one.round:
                yield seen


def table(rounds: list[dict[str, float]]) -> str:
    """Seconds as a Markdown table, medians with the spread over the rounds."""
    lines = ["| | seconds | rounds | to reach |", "| --- | --: | --- | --- |"]
    for name, (target, words) in ROWS.items():
        values = [seen[name] for seen in rounds]
        goal = f"<= {target}, {'met' if median(values) <= target else 'NOT met'}" if target else ""
        lines.append(f"| {words} | {median(values):.2f} | {min(values):.2f} to {max(values):.2f} | {goal} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often all is measured (default 5)")
    options = parser.parse_args()
    if not 1 <= options.rounds <= 20:
        parser.error("--rounds: from 1 to 20")
    if not OTTER.is_file():
        print("Otter, which this benchmark compares with, is missing: make peers", file=sys.stderr)
        sys.exit(2)
    rounds = list(tqdm(measure(options.rounds), total=options.rounds, unit="round", leave=False))
    print(table(rounds))
    if options.json:
        medians = {f"{name}_seconds": median(seen[name] for seen in rounds) for name in ROWS}
        options.json.write_text(json.dumps({"figures": {k: float(f"{v:.4g}") for k, v in medians.items()}}, indent=1))


if __name__ == "__main__":
    main()
