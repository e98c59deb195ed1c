"""`make mutate`: do the tests of a file see a small change of it? Prints who was killed, and each survivor's diff.

Mutants are cosmic-ray's, a sample of each file drawn by a seed: all of them would take a day. They are made in a copy
of the project, so that an interrupted run leaves nothing changed here. A mutant is killed when the tests fail, or take
longer than five times what they take on the unchanged file (60 seconds more, for a busy machine). What its tests leave
running is ended.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import ctypes
import difflib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).resolve().parent.parent
CHECKS, NOTEBOOKS, SANDBOX = "tests/gptkit/checks", "tests/autograder/notebooks", "tests/autograder/sandbox"
GRADING, EXERCISES = "tests/autograder/grading", "tests/autograder/exercises"
# What is asked of each file: the tests of its own that are fastest first, for a mutant dies with the first that fails.
TESTS = {
    "autograder/record.py": ["tests/autograder/test_record.py"],
    "autograder/settings.py": ["tests/autograder/test_settings.py"],
    "autograder/files.py": ["tests/autograder/test_files.py", f"{GRADING}/test_faults.py"],
    "autograder/source_code.py": ["tests/autograder/test_source_code.py"],
    "autograder/notebooks/submission.py": [f"{NOTEBOOKS}/test_submission.py"],
    "autograder/notebooks/choosing.py": [f"{NOTEBOOKS}/test_choosing.py"],
    "autograder/notebooks/opening.py": [f"{NOTEBOOKS}/test_opening.py"],
    "autograder/notebooks/written_answer.py": [f"{NOTEBOOKS}/test_written_answer.py"],
    "autograder/sandbox/replies.py": [f"{SANDBOX}/test_replies.py", f"{SANDBOX}/test_proxy.py"],
    "autograder/sandbox/proxy.py": [f"{SANDBOX}/test_proxy.py", f"{SANDBOX}/test_candidate.py"],
    "autograder/sandbox/isolation.py": [f"{SANDBOX}/test_isolation.py"],
    "autograder/sandbox/zygote.py": [f"{SANDBOX}/test_isolation.py", f"{GRADING}/test_faults.py"],
    "autograder/sandbox/candidate.py": [f"{SANDBOX}/test_candidate.py", f"{SANDBOX}/test_proxy.py"],
    "autograder/grading/verdicts.py": [f"{GRADING}/test_verdicts.py", f"{GRADING}/test_grader.py"],
    "autograder/grading/follow_through.py": [f"{GRADING}/test_follow_through.py", f"{GRADING}/test_grader.py"],
    "autograder/grading/grader.py": [f"{GRADING}/test_{name}.py" for name in ("grader", "faults", "seconds")],
    "source/gpt2/gptkit/checks/core.py": [f"{CHECKS}/test_core.py", f"{CHECKS}/test_cases.py"],
    "source/gpt2/gptkit/checks/cases.py": [f"{CHECKS}/test_cases.py", f"{EXERCISES}/test_exercises.py"],
    "source/gpt2/gptkit/checks/words.py": [f"{CHECKS}/test_words.py", f"{CHECKS}/test_cases.py"],
    "source/gpt2/gptkit/checks/sample_top_n.py": [f"{CHECKS}/test_sample_top_n.py"],
    "source/gpt2/gptkit/checks/end_to_end.py": [f"{EXERCISES}/test_end_to_end.py"],
}
# Tests of speed and memory, and those that try everything there is: a mutant is rarely theirs, and they cost minutes.
LEFT_OUT = "not large_notebooks and not costs_much and not fifteen_hundred and not half_a_file and not honest_sampler"
# Not asked: what needs names of variables, and `is` against an order or ==, which raise at once or say the same.
LEAVE = re.compile(r"NoOp|Variable|_Is(Not)?_(?!Is)|_(Not)?Eq_Is")
# Lines whose change shows in no result: a cache is speed, and nothing of ours writes to what is frozen.
SILENT = re.compile(r"^-\s*@(lru_cache|cache|dataclass\(frozen)", re.M)
CHILD_SUBREAPER = 36  # linux/prctl.h: processes that lose their parent become children of this one


@dataclass(frozen=True)
class Mutant:
    """One change of a file: the text that it makes of it, and the difference."""

    source: str
    diff: str


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 when at least `--least` percent were killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="which of the files (default: all)", metavar="FILE")
    parser.add_argument("-n", type=int, default=10, help="mutants of each file (default: 10)")
    parser.add_argument("--seed", default="1", help="draws the sample (default: 1)")
    parser.add_argument("--least", type=float, default=90.0, help="percent that must be killed (default: 90)")
    options = parser.parse_args(arguments)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    killed = asked = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder, "project")
        copy_project(copy)
        for file in options.files or TESTS:
            mutants = sample(file, options.n, f"{options.seed}/{file}")
            survivors = [mutant for mutant, alive in zip(mutants, run(copy, file, mutants), strict=True) if alive]
            killed, asked = killed + len(mutants) - len(survivors), asked + len(mutants)
            print(f"{len(mutants) - len(survivors):3} of {len(mutants)} killed  {file}", flush=True)
            for mutant in survivors:
                print(mutant.diff, flush=True)
    share = 100 * killed / max(asked, 1)
    print(f"{killed} of {asked} killed ({share:.0f} %)")
    return 0 if share >= options.least else 1


def copy_project(to: Path) -> None:
    """Copy what git knows of, as it lies here now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def sample(file: str, number: int, seed: str) -> list[Mutant]:
    """Some mutants of a file that differ from it in what runs; a line has one of each kind (a comparison, a number)."""
    source = (ROOT / file).read_text("utf-8")
    kinds: dict[str, list[tuple[str, int]]] = {}
    nodes = list(ast_nodes(get_ast(source)))
    for name in sorted(operator_names()):
        if not LEAVE.search(name):
            places = sum(len(list(get_operator(name)().mutation_positions(node))) for node in nodes)
            kinds.setdefault(name.split("_")[0], []).extend((name, i) for i in range(places))
    rng, found = random.Random(seed), {}
    while len(found) < number and (left := [kind for kind, places in kinds.items() if places]):
        kind = rng.choice(left)
        name, i = kinds[kind].pop(rng.randrange(len(kinds[kind])))
        changed = mutate_code(source, get_operator(name)(), i)
        if changed is not None and what_runs(changed) not in (None, what_runs(source)):
            diff = list(difflib.unified_diff(source.splitlines(), changed.splitlines(), file, name, lineterm="", n=1))
            line = next(row for row in diff if row.startswith("@@"))
            if not SILENT.search("\n".join(diff)):
                found.setdefault((kind, line), Mutant(changed, "\n".join(diff)))
    return list(found.values())


def what_runs(source: str) -> str | None:
    """The syntax tree without annotations, which are not evaluated (`from __future__ import annotations`).

    None for what is no Python: `case A() ** B()`.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        for field in ("annotation", "returns"):
            if hasattr(node, field):
                setattr(node, field, None if field == "returns" else ast.Constant(None))
    return ast.dump(tree)


def run(copy: Path, file: str, mutants: list[Mutant]) -> list[bool]:
    """Which mutants are alive after the tests of the file."""
    seconds = tested(copy, file, 900.0)
    if seconds is None:
        sys.exit(f"The tests of {file} fail without any change: python -m pytest -x {' '.join(TESTS[file])}")
    original, alive = (copy / file).read_text("utf-8"), []
    for mutant in mutants:
        (copy / file).write_text(mutant.source, "utf-8")
        alive.append(tested(copy, file, 60 + 5 * seconds) is not None)
    (copy / file).write_text(original, "utf-8")
    return alive


def tested(copy: Path, file: str, limit: float) -> float | None:
    """How many seconds the tests of a file took in the copy; None when one failed, or they took longer than `limit`."""
    rooms = [copy, copy / "source" / "gpt2", copy / "solutions"]
    # No .pyc: two mutants of one second and one length would share it.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, rooms)), "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["-x", "-q", "-p", "no:cacheprovider", f"--basetemp={copy.parent / 'tests'}", "-k", LEFT_OUT]
    command = [sys.executable, "-m", "pytest", *options, *TESTS[file]]
    began = time.monotonic()
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        try:
            passed = process.wait(limit) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            passed = False
    took = time.monotonic() - began
    end_what_is_left()
    return took if passed else None


def end_what_is_left() -> None:
    """End the processes that tests have left: a changed sandbox may run for ever, and would slow all that follows."""
    while left := psutil.Process().children(recursive=True):
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, 10)


if __name__ == "__main__":
    sys.exit(main())
