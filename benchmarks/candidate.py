"""What it costs to run student code behind the wall: starting a candidate, and calling a function in it.

    python benchmarks/candidate.py [--json FILE]

The peer is the plain way: a new Python process with NumPy for each submission, in bubblewrap or not.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from autograder.sandbox import isolation as sandbox
from autograder.sandbox.proxy import Candidate
from autograder.sandbox.zygote import Unavailable
from autograder.settings import Limits

CELLS = [("import numpy as np", "setup")] + [
    (f"def {name}(x, *rest):\n    return -x", name) for name in ("softmax", "layer_norm", "attention", "similarity")
]
CELLS += [("def sample(logits, n, rng):\n    return int(rng.integers(n))", "sample")]


def median(measure: Callable[[], object], times: int) -> float:
    """Median seconds of `times` runs."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        measure()
        spent.append(time.perf_counter() - began)
    return float(np.median(spent))


def fresh(mode: str) -> float:
    """Seconds from nothing to a process that is ready for a student's code, and to its end."""

    def once() -> None:
        with sandbox.Sandbox(mode) as box:
            box.candidate(Limits(), everything=False).end()

    return median(once, 7)


def figures_of(mode: str) -> dict[str, float]:
    """All figures for one isolation mode."""
    small, large = np.ones(10, np.float32), np.ones(50_257, np.float32)
    with sandbox.Sandbox(mode) as box:
        box.isolation  # noqa: B018 (waits until it is ready)

        def whole_submission() -> None:
            with Candidate(box, CELLS, everything=False) as candidate:
                for name in ("softmax", "layer_norm", "attention", "similarity") * 5:
                    candidate.function(name)(small)

        with Candidate(box, CELLS, everything=False) as candidate:
            f, sample = candidate.function("softmax"), candidate.function("sample")
            pid = max(child.pid for child in psutil.Process().children(recursive=True))
            memory = psutil.Process(pid).memory_full_info().uss / 2**20
            figures = {
                "call_ms": 1e3 * median(lambda: f(small), 2000),
                "vocabulary_call_ms": 1e3 * median(lambda: f(large), 200),
                "many_us_per_call": 1e6 * median(lambda: f.many([(small,)] * 500), 20) / 500,
                "draw_us": 1e6 * median(lambda: sample.draws(small, 5, seed=1, times=2000), 10) / 2000,
                "private_mb": memory,
            }
        for name, everything in {"start_ms": False, "start_with_all_ms": True}.items():
            box.candidate(Limits(), everything).end()
            figures[name] = 1e3 * median(lambda all_of_it=everything: box.candidate(Limits(), all_of_it).end(), 100)
        figures["submission_ms"] = 1e3 * median(whole_submission, 100)
    figures["fresh_ms"] = 1e3 * fresh(mode)
    return figures


WORDS = {
    "fresh_ms": "peer: a new Python with NumPy, locked, and its end (ms)",
    "start_ms": "a candidate forked from the warm one, locked, and its end (ms)",
    "start_with_all_ms": "... for code that imports more than the usual modules (ms)",
    "submission_ms": "a submission: start, 6 cells, 20 calls, end (ms)",
    "call_ms": "one call, 10 numbers (ms)",
    "vocabulary_call_ms": "one call, 50,257 numbers there and back (ms)",
    "many_us_per_call": "one call of many in a message (µs)",
    "draw_us": "one draw of many in a message (µs)",
    "private_mb": "memory of a candidate that is not shared (MB)",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures to FILE")
    arguments = parser.parse_args()
    table = {}
    for mode in ("bubblewrap", "process"):
        try:
            table[mode] = figures_of(mode)
        except Unavailable as why:
            print(f"{mode}: {why}")
    print(f"{'':64}" + "".join(f"{mode:>12}" for mode in table))
    for key, words in WORDS.items():
        print(f"{words:64}" + "".join(f"{figures[key]:12.3g}" for figures in table.values()))
    if arguments.json:
        flat = {f"{mode}_{key}": value for mode, figures in table.items() for key, value in figures.items()}
        arguments.json.write_text(json.dumps({"figures": flat}, indent=1) + "\n")


if __name__ == "__main__":
    main()
