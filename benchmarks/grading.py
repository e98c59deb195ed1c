"""What grading a class costs: ours beside stock nbgrader and Otter, on the same notebooks, in one go.

    .venv/bin/python benchmarks/grading.py [-n N] [--json FILE]

Classes of 10, 100, 1,000 and N varied submissions of the assignment, right and wrong, no two with the same code. Stock
nbgrader and Otter grade a sample of them, before and after ours; the faster time counts, without their start.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import grading_peers as peers  # noqa: E402

from tests.submissions.crowd import hand_in  # noqa: E402

OTTER = ROOT / ".venv-peers" / "bin" / "otter"
SAMPLE, OTTER_SAMPLE = 6, 3  # notebooks that stock nbgrader and Otter grade
RIGHT, REAL = 200, 200  # those that are all right, and those graded with 124M
JOBS = len(os.sched_getaffinity(0))
CORE_HOUR = 0.05  # dollars for an hour of one core: an assumption
TARGETS = {"grade_vs_nbgrader": (">=", 40), "full_vs_nbgrader": (">=", 12), "real_vs_tiny": ("<=", 2)}
TARGETS |= {"growth_from_next_smaller": ("<=", 1.05), "seconds_to_grade": ("<=", 0.025)}
TARGETS |= {"seconds_per_submission": ("<=", 0.05)}


@dataclass
class Cost:
    """What a command took: seconds by the clock and of processor time, the peak of memory, for so many submissions."""

    count: int
    seconds: float
    cpu: float
    peak_mb: float

    def less(self, start: Cost) -> Cost:
        """Without the start of the command."""
        return Cost(self.count, self.seconds - start.seconds, self.cpu - start.cpu, self.peak_mb)

    @property
    def each(self) -> float:
        return self.seconds / self.count


def run(count: int, command: list, cwd: Path, **environment: str) -> Cost:
    """Run a command and measure it with all its processes. Exits with its words when it fails."""
    # Without what this machine alone has set, the last of which would have every command compile what was edited.
    unset = ("GRADEBOOK_URL", "GPT2_MODELS_DIR", "PYTHONDONTWRITEBYTECODE")
    clean = {k: v for k, v in os.environ.items() if k not in unset}
    clean |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": "ignore"}
    peak, ended = [0.0], threading.Event()
    with tempfile.TemporaryFile("w+") as log:
        started = time.perf_counter()
        process = psutil.Popen(command, cwd=cwd, env=clean | environment, stdout=log, stderr=log)
        watcher = threading.Thread(target=watch, args=(process.pid, peak, ended))
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        ended.set()
        watcher.join()
        if status:
            log.seek(0)
            sys.exit(f"{' '.join(map(str, command))} failed:\n{log.read()[-3000:]}")
    return Cost(count, seconds, used.ru_utime + used.ru_stime, peak[0])


def watch(pid: int, peak: list[float], ended: threading.Event) -> None:
    """The highest sum of what the command's processes have in memory; what they share is counted once (PSS)."""
    while not ended.wait(0.3):
        total = 0
        try:
            for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
                total += proportional(process.pid)
        except psutil.Error:
            continue
        peak[0] = max(peak[0], total / 1e6)


def proportional(pid: int) -> int:
    """A process's share of memory in bytes; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    except (OSError, ValueError):
        return 0


def course(folder: Path, count: int, kinds: list[Path] | None = None) -> Path:
    """A course folder of ours with a class of `count`, of all sample submissions or of some."""
    shutil.copytree(ROOT / "source", folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    hand_in(folder, count, kinds)
    run(1, peers.nbgrader("generate_assignment", "gpt2"), folder)
    return folder


def stock(folder: Path, notebooks: list[Path], lean: bool) -> tuple[Cost, Cost]:
    """Stock nbgrader on these notebooks, each command's start taken off: autograde, generate_feedback."""
    peers.stock_source(folder)
    run(1, peers.nbgrader("generate_assignment", "gpt2"), folder)
    for notebook in notebooks:
        target = folder / "submitted" / notebook.parts[-3] / "gpt2" / "gpt2.ipynb"
        target.parent.mkdir(parents=True)
        peers.lean(notebook, target) if lean else shutil.copy(notebook, target)
    costs = []
    for command in ("autograde", "generate_feedback"):
        whole = run(len(notebooks), peers.nbgrader(command, "gpt2"), folder)
        costs.append(whole.less(run(1, peers.nbgrader(command, "gpt2"), folder)))  # now there is nothing to do
    return costs[0], costs[1]


def otter(folder: Path, notebooks: list[Path]) -> Cost:
    """Otter without containers, one command for each notebook, as it is meant."""
    peers.otter_tests(folder / "tests")
    (folder / "out").mkdir()
    path = {"PATH": f"{OTTER.parent}{os.pathsep}{os.environ['PATH']}"}
    run(1, [OTTER, "generate", "-t", "tests", "-o", "tests.zip", "--no-environment"], folder, **path)
    costs = []
    for number, notebook in enumerate(notebooks):
        peers.otter_notebook(notebook, folder / f"{number}.ipynb")
        command = [OTTER, "run", "-a", "tests.zip", "-o", "out", "--no-logo", f"{number}.ipynb"]
        costs.append(run(1, command, folder, **path))
    n = len(costs)
    return Cost(n, sum(c.seconds for c in costs), sum(c.cpu for c in costs), max(c.peak_mb for c in costs))


def peers_measured(top: Path, notebooks: list[Path]) -> Iterator[tuple[str, Cost]]:
    """One round of everybody we compare with."""
    graded, feedback = stock(top / "stock", notebooks, lean=False)
    yield "stock nbgrader: autograde", graded
    yield "stock nbgrader: generate_feedback", feedback
    yield "stock nbgrader: autograde, cells that only show things left out", stock(top / "lean", notebooks, True)[0]
    yield "Otter: run, without containers, five of the six exercises", otter(top / "otter", notebooks[:OTTER_SAMPLE])


def ours_measured(top: Path, sizes: list[int]) -> Iterator[tuple[str, Cost]]:
    """Ours, on classes of these sizes; nothing is known from an earlier command unless the row says so."""
    nothing, jobs = {"AUTOGRADER_VERDICTS": ""}, ["--jobs", str(JOBS)]
    autograder = [sys.executable, "-m", "autograder"]
    for size in sizes:
        folder, kept = course(top / f"ours-{size}", size), {"AUTOGRADER_VERDICTS": str(top / f"kept-{size}")}
        grade = [*autograder, "grade", "submitted", *jobs, "--json", str(top / "records.json")]
        whole = [*autograder, "course", "grade", "gpt2", *jobs]
        yield f"autograder grade, {size}", run(size, grade, folder, **nothing)
        yield f"autograder course grade, {size}", run(size, whole, folder, **kept)
        if size == sizes[-1]:
            yield f"autograder grade again, nothing changed, {size}", run(size, grade, folder, **kept)
            yield f"autograder course grade again, nothing changed, {size}", run(size, whole, folder, **kept)
        if size <= 100:
            shutil.rmtree(folder / "autograded")
            yield (
                f"nbgrader autograde with our grader, {size}",
                run(size, peers.nbgrader("autograde", "gpt2"), folder, **nothing),
            )


def right_measured(top: Path) -> Iterator[tuple[str, Cost]]:
    """The instructor's own answers again and again: what is left when nothing is wrong and no code is slow."""
    folder = course(top / "right", RIGHT, [ROOT / "tests" / "submissions" / "right" / "perfect.py"])
    grade = [sys.executable, "-m", "autograder", "grade", "submitted", "--jobs", str(JOBS)]
    yield f"autograder grade, the instructor's answers, {RIGHT}", run(RIGHT, grade, folder, AUTOGRADER_VERDICTS="")


def real_measured(top: Path) -> Iterator[tuple[str, Cost]]:
    """The same notebooks with tiny, and with weights of GPT-2 124M's size."""
    import inference  # it knows how to make them

    folder = course(top / "real", REAL)
    models = top / "models"
    made, *_ = inference.made_once()
    shutil.copytree(ROOT / "models" / "tiny", models / "tiny")
    (models / "124M").mkdir()
    for file in made.iterdir():
        (models / "124M" / file.name).symlink_to(file)
    tokens = {chr(256 + i): i for i in range(inference.HPARAMS["n_vocab"])}  # nothing is encoded while grading
    (models / "124M" / "encoder.json").write_text(json.dumps(tokens))
    (models / "124M" / "vocab.bpe").write_text("#version: 0.2\n")
    (top / "only-tiny").mkdir()
    (models / "tiny").rename(top / "only-tiny" / "tiny")
    grade = [sys.executable, "-m", "autograder", "grade", "submitted", "--jobs", str(JOBS)]
    for name, where in (("tiny", top / "only-tiny"), ("124M", models)):
        cost = run(REAL, grade, folder, AUTOGRADER_VERDICTS="", GPT2_MODELS_DIR=str(where))
        yield f"autograder grade with {name}, {REAL}", cost


def sizes(n: int) -> list[int]:
    """The classes that are graded."""
    return sorted({size for size in (10, 100, 1000, n) if size <= n})


def measure(n: int) -> dict[str, Cost]:
    """Everything, by the words of its row."""
    seen: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        sample = course(top / "sample", SAMPLE)
        notebooks = sorted(sample.glob("submitted/*/gpt2/gpt2.ipynb"))

        def note(found: Iterator[tuple[str, Cost]]) -> None:
            for name, cost in found:
                seen[name] = min(seen.get(name, cost), cost, key=lambda c: c.each)
                print(f"  {cost.each:8.3f} s  {name}", file=sys.stderr, flush=True)

        note(peers_measured(top / "before", notebooks))
        note(ours_measured(top, sizes(n)))
        note(right_measured(top))
        note(real_measured(top))
        note(peers_measured(top / "after", notebooks))
    return seen


def figures(seen: dict[str, Cost], n: int) -> dict[str, float]:
    """The promised figures, and some more."""
    stock = seen["stock nbgrader: autograde"].each
    lean = seen["stock nbgrader: autograde, cells that only show things left out"].each
    grade, whole = seen[f"autograder grade, {n}"], seen[f"autograder course grade, {n}"]
    ten, smaller = (seen[f"autograder course grade, {size}"] for size in (10, [10, *sizes(n)][-2]))
    real, tiny = (seen[f"autograder grade with {model}, {REAL}"] for model in ("124M", "tiny"))
    return {
        "grade_vs_nbgrader": stock / grade.each,
        "full_vs_nbgrader": stock / whole.each,
        "grade_vs_lean_nbgrader": lean / grade.each,
        "full_vs_lean_nbgrader": lean / whole.each,
        "seconds_to_grade": grade.each,
        "seconds_to_grade_right": seen[f"autograder grade, the instructor's answers, {RIGHT}"].each,
        "seconds_per_submission": whole.each,
        "growth": whole.each / ten.each,  # below 1, because the start is shared
        "growth_from_next_smaller": whole.each
        / smaller.each,  # above 1 where a submission costs more in a larger class
        "peak_mb": max(grade.peak_mb, whole.peak_mb),
        "real_vs_tiny": real.each / tiny.each,
    }


def table(seen: dict[str, Cost], numbers: dict[str, float]) -> str:
    """Costs and figures as two Markdown tables."""
    base = seen["stock nbgrader: autograde"].each
    lines = ["| | notebooks | s each | CPU s each | peak MB | times stock |", "| --- | --: | --: | --: | --: | --: |"]
    for name, cost in seen.items():
        shown = f"{cost.each:.3f} | {cost.cpu / cost.count:.3f} | {cost.peak_mb:.0f} | {base / cost.each:.1f}"
        lines.append(f"| {name.rsplit(', ', 1)[0] if name[-1].isdigit() else name} | {cost.count} | {shown} |")
    lines += ["", "| figure | | to reach |", "| --- | --: | --- |"]
    for name, value in numbers.items():
        sign, target = TARGETS.get(name, ("", 0))
        met = "met" if (value >= target if sign == ">=" else value <= target) else "NOT met"
        lines.append(f"| {name} | {value:.3g} | {f'{sign} {target}, {met}' if sign else ''} |")
    return "\n".join(lines)


def bill(seen: dict[str, Cost], n: int) -> str:
    """What larger classes would take, as a Markdown table: core seconds as seen, times their size."""
    examine, whole = seen[f"autograder grade, {n}"].each, seen[f"autograder course grade, {n}"].each
    real, record = seen[f"autograder grade with 124M, {REAL}"].each, whole - examine
    rows = {
        "examine with `tiny`": examine,
        "examine with 124M": real,
        "record and write feedback": record,
        "all of it with `tiny`": whole,
        "all of it with 124M": real + record,
    }
    lines = [
        "| | core s each | 10,000 | on 2 cores | 1,000,000 | on 16 cores |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for name, clock in rows.items():
        each = clock * JOBS
        small, large = each * 1e4 / 3600, each * 1e6 / 3600  # core hours
        cells = [f"{small:.2f} core hours, {small * CORE_HOUR:.2f} $", f"{small * 60 / 2:.0f} min"]
        cells += [f"{large:.0f} core hours, {large * CORE_HOUR:.2f} $", f"{large / 16:.1f} h"]
        lines.append(f"| {name} | {each:.3f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=1000, metavar="N", help="size of the large class (default 1000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    options = parser.parse_args()
    if options.n < 10:
        parser.error("-n: a class has at least 10 students here")
    if not OTTER.is_file():
        print("Otter, which this benchmark compares with, is missing: make peers", file=sys.stderr)
        sys.exit(2)
    seen = measure(options.n)
    numbers = figures(seen, options.n)
    print(
        f"{JOBS} cores, bubblewrap where it is installed; stock nbgrader and Otter on a sample, without their start.\n"
    )
    print(f"{table(seen, numbers)}\n\nAt {CORE_HOUR} $ for an hour of one core:\n\n{bill(seen, options.n)}")
    if options.json:
        rounded = {name: float(f"{value:.4g}") for name, value in numbers.items()}
        options.json.write_text(json.dumps({"figures": rounded}, indent=1))


if __name__ == "__main__":
    main()
