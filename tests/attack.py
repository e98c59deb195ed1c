"""`make attack`: every hostile submission and folder in both isolation modes; as root, once more as an ordinary user.

A row for each notebook, and for each folder at each door: exercises with more points than its functions are worth,
things leaked, gradings broken (its own not as expected or not in time, or a right one graded otherwise), things left
over, seconds. Exits 1 when a column is not zero.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "source" / "gpt2"), str(ROOT / "solutions")]

from autograder.errors import AutograderError  # noqa: E402
from autograder.grading import Grader  # noqa: E402
from autograder.record import Record  # noqa: E402
from autograder.reports.formats import as_object  # noqa: E402
from autograder.settings import Limits, Settings  # noqa: E402
from tests.submissions.build import Expectation, all_submissions, build  # noqa: E402
from tests.submissions.folders import FOLDERS, lay_traps  # noqa: E402

LIMITS = Limits(call_seconds=2.0, load_seconds=2.0, submission_seconds=15.0)
IN_TIME = 3 * LIMITS.submission_seconds + 5.0  # a submission is examined up to three times, with right helpers
PORT = b"47731"  # where the attack `network` tries to connect, as it is written; each run listens on a free port
CANARY = "canary-5521"  # in the environment and in files of the course; in no record
WATCHED = [Path(p) for p in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue", "/", "~", ".")]
COLUMNS = ("gained", "leaked", "broken", "left over")


class Watch:
    """What must not change around a grading: files, processes, and sockets on which nobody may call."""

    def __init__(self, course: Path):
        self.course = course
        self.udp, self.unix = socket.socket(type=socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX)
        self.tcp = socket.create_server(("127.0.0.1", 0))  # port 0: one that is free
        self.port = self.tcp.getsockname()[1]
        self.udp.bind(("127.0.0.1", self.port))
        self.unix.bind(f"\0hostile-{self.port}")
        self.unix.listen()
        for listening in (self.tcp, self.udp, self.unix):
            listening.setblocking(False)
        self.started = time.time()
        self.before = self.files()

    def close(self) -> None:
        for listening in (self.tcp, self.udp, self.unix):
            listening.close()

    def calls(self) -> int:
        """How often somebody called since the last look."""
        found = 0
        for listen in (self.tcp.accept, self.unix.accept, lambda: self.udp.recvfrom(99)):
            with contextlib.suppress(BlockingIOError):
                listen()
                found += 1
        return found

    def files(self) -> set[str]:
        """Files that an attack may have made, and the course's own with their content's size and time."""
        found = set()
        for folder in WATCHED:
            with contextlib.suppress(OSError):
                for entry in os.scandir(folder.expanduser()):
                    theirs = entry.stat(follow_symlinks=False).st_uid in range(60_000, 2**32) and os.geteuid() == 0
                    if "hostile" in entry.name or (theirs and entry.stat(follow_symlinks=False).st_uid in spare()):
                        found.add(entry.path)
        for path in self.course.rglob("*"):
            if "submitted" not in path.parts:
                found.add(f"{path} {path.lstat().st_size} {path.lstat().st_mtime_ns}")
        for table in ("/proc/net/unix", "/proc/sysvipc/shm"):
            with contextlib.suppress(OSError):
                lines = Path(table).read_text().splitlines()
                found.update(line for line in lines if "hostile-note" in line or f" {0x484F}" in line)
        return found

    def left(self, grader: Grader) -> list[str]:
        """Files and processes that are there now and were not, the grader's waiting zygotes aside."""
        allowed = set()
        for zygote in grader.sandbox._zygotes.values():
            if zygote._process.poll() is not None:
                continue
            outer = psutil.Process(zygote._process.pid)
            allowed |= {outer.pid, *([child.pid for child in outer.children()][:1] if outer.name() == "bwrap" else [])}
        found = [f"process {p.pid}" for p in psutil.Process().children(recursive=True) if p.pid not in allowed]
        for process in psutil.process_iter(["uids", "pid", "create_time"]):
            uids = process.info["uids"]
            if uids and uids.real in spare() and process.info["pid"] not in allowed:
                found.append(f"process {process.info['pid']}")
        return sorted({*found, *(self.files() - self.before)})


def spare() -> range:
    """The user ids that this process's zygotes take when it is root."""
    return (
        range(2_000_000_000 + os.getpid() * 16, 2_000_000_000 + os.getpid() * 16 + 16)
        if os.geteuid() == 0
        else range(0)
    )


def make_course(folder: Path) -> None:
    """What a student's code would like to find: a gradebook, answers, another student's work, all with a canary."""
    for name in ("gradebook.db", "source/gpt2/gpt2.ipynb", "submitted/other/gpt2/gpt2.ipynb", "solutions/answers.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"cells": [], "secret": CANARY}))


def attack(sample: Path, grader: Grader, watch: Watch, control: Record) -> tuple[list[list[str]], float]:
    """Grade one hostile submission, then a right one; what was gained, leaked, broken and left, and the seconds."""
    target = watch.course / "submitted" / "mallory" / "gpt2" / "gpt2.ipynb"
    shutil.rmtree(target.parent, ignore_errors=True)
    expected = build(sample, target)
    if PORT in sample.read_bytes():
        target.write_bytes(target.read_bytes().replace(PORT, b"%d" % watch.port))
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        record = as_object(grader.grade(target, "mallory/gpt2/gpt2.ipynb"))
    seconds = time.perf_counter() - began
    gained = gains(expected, record)
    leaked = [word for word in ("LEAKED", CANARY) if word in json.dumps(record)] + ["a call"] * watch.calls()
    broken = [line for line in expected.differences(record) if not gained]
    if seconds > IN_TIME:
        broken.append(f"took {seconds:.0f} s")
    broken += [f"the grader itself warned: {warning.message}" for warning in warned]
    if replace(control, seconds=0) != replace(grader.grade(watch.course / "right.ipynb", "right.ipynb"), seconds=0):
        broken.append("a right submission was graded otherwise after it")
    return [gained, leaked, broken, watch.left(grader)], seconds


def gains(expected: Expectation, record: dict) -> list[str]:
    """Exercises with more points than the sample's functions are worth."""
    found = []
    for exercise in record["exercises"]:
        score, _ = (
            expected.exercises.get(exercise["name"]) or expected.exercises.get("*") or (exercise["max_score"], "")
        )
        if score is not None and exercise["score"] > score + 1e-6:
            found.append(f"{exercise['name']} {exercise['score']:g} > {score:g}")
    return found


def rows(isolation: str, samples: list[Path]) -> Iterator[tuple[str, list[list[str]], float]]:
    """Every attack in one isolation mode, with one grader for all of them, as in a class."""
    with tempfile.TemporaryDirectory(prefix="attack-") as folder:
        course = Path(folder)
        course.chmod(0o755)  # as readable as a careless instructor's
        make_course(course)
        build(all_submissions("right")[0], course / "right.ipynb")
        with Grader(Settings(seed="0", limits=LIMITS, verdicts=None), isolation) as grader:
            control = grader.grade(course / "right.ipynb", "right.ipynb")
            if control.score != control.max_score or control.isolation != isolation:
                sys.exit(f"a right submission gets {control.score} points here, in {control.isolation} isolation")
            with contextlib.closing(Watch(course)) as watch:
                for sample in samples:
                    found, seconds = attack(sample, grader, watch, control)
                    yield sample.stem, found, seconds


# ---- Whole folders ----


def traps(folder: Path) -> None:
    """Files that are run or believed because of where they lie, here and above; one that was says so in `sprung`."""
    for place in (folder, *list(folder.parents)[:2]):
        lay_traps(place, folder.parents[1] / "sprung")


def doors(isolation: str) -> dict[str, list[str]]:
    """What is run in the folder of a student's, by door."""
    python, option = [sys.executable, "-P", "-m"], f"--isolation={isolation}"
    pytest = [*python, "pytest", "-p", "no:cacheprovider", str(ROOT / "autograder"), "--submission=..", option]
    return {
        "grade": [*python, "autograder", "grade", "..", option, "--json", "../../results.json"],
        "report": [*python, "autograder", "report", "..", option],
        "pytest": pytest,
        "gradescope": [*python, "autograder.doors.gradescope", ".", "../../gradescope.json"],
    }


def folder_rows(isolation: str, names: list[str]) -> Iterator[tuple[str, list[list[str]], float]]:
    """Every hostile folder at every door, beside a right submission that must not notice."""
    settings = Settings(seed="0", limits=LIMITS, verdicts=None)
    for make in [traps, *FOLDERS]:
        if names and make.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory(prefix="attack-", ignore_cleanup_errors=True) as root:
            Path(root).chmod(0o755)
            folder = Path(root) / "class" / "mallory"
            folder.mkdir(parents=True)
            build(all_submissions("right")[0], folder.parent / "zoe" / "gpt2" / "gpt2.ipynb")
            make(folder)
            with contextlib.closing(Watch(folder.parent / "zoe")) as watch, Grader(settings, isolation) as grader:
                for door, command in doors(isolation).items():
                    began = time.perf_counter()
                    found = at_door(door, command, folder)
                    yield f"{make.__name__}, {door}", [*found, watch.left(grader)], time.perf_counter() - began
            subprocess.run(["rm", "-rf", folder], check=True)  # Python's own way would not get to the end of some


def at_door(door: str, command: list[str], folder: Path) -> list[list[str]]:
    """What mallory has gained, what was leaked (the seed, or a trap that was run), what was broken."""
    environment = os.environ | {"AUTOGRADER_LIMITS": "call_seconds=2,load_seconds=2,submission_seconds=15"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace")
    said = done.stdout + done.stderr
    root, broken = folder.parents[1], []
    scores = {"zoe": 90.0}
    if door == "grade" and done.returncode == 0:
        records = json.loads((root / "results.json").read_text())
        scores = {record["submission"].split("/")[0]: record["score"] for record in records}
    elif door == "gradescope" and done.returncode == 0:
        scores["mallory"] = sum(test["score"] for test in json.loads((root / "gradescope.json").read_text())["tests"])
    if done.returncode not in ((0, 1) if door == "pytest" else (0,)):
        broken.append(f"exit code {done.returncode}: {said[-300:]}")
    broken += ["a traceback"] if "Traceback" in said else []
    broken += [f"zoe has {scores.get('zoe')}"] if scores.get("zoe") != 90 else []
    broken += ["a control character on the terminal"] if "\x1b[2J" in said or "\x07" in said else []
    leaked = ["the seed"] if CANARY in said else []
    leaked += ["a trap was run"] if (root / "sprung").exists() else []
    return [[f"mallory has {scores['mallory']}"] if scores.get("mallory") else [], leaked, broken]


def run(modes: list[str], names: list[str]) -> int:
    """The table for each mode; the number of things that should not be."""
    samples = [path for path in all_submissions("hostile") if not names or path.stem in names]
    user = "root" if os.geteuid() == 0 else f"user {os.geteuid()}"
    bad = 0
    for mode in modes:
        print(f"\n{len(samples)} notebooks and hostile folders, {mode} isolation, graded by {user}\n")
        print(f"{'':36}" + "".join(f"{column:>10}" for column in (*COLUMNS, "seconds")))
        totals, spent = [0] * 4, 0.0
        try:
            for name, found, seconds in itertools.chain(rows(mode, samples), folder_rows(mode, names)):
                counts = [len(things) for things in found]
                totals, spent = [a + b for a, b in zip(totals, counts, strict=True)], spent + seconds
                print(f"{name:36}" + "".join(f"{n or '·':>10}" for n in counts) + f"{seconds:10.2f}", flush=True)
                for column, things in zip(COLUMNS, found, strict=True):
                    for thing in things:
                        print(f"      {column}: {thing}")
        except AutograderError as why:
            print(f"not run: {why}")
            continue
        print(f"{'total':36}" + "".join(f"{n:10}" for n in totals) + f"{spent:10.1f}")
        bad += sum(totals)
    return bad


def as_ordinary_user(arguments: list[str]) -> int:
    """Run this script once more as nobody, with a Python that nobody can read (a copy, if ours lies in root's home)."""
    nobody = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    environment = {
        **os.environ,
        "HOME": "/",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "AUTOGRADER_VERDICTS": "",
    }
    with tempfile.TemporaryDirectory(prefix="attack-python-") as folder:
        python = Path(sys._base_executable).resolve()
        try:
            subprocess.run([python, "-c", "import encodings"], check=True, capture_output=True, **nobody)
        except (OSError, subprocess.CalledProcessError):
            Path(folder).chmod(0o755)
            lib = Path(sysconfig.get_path("stdlib"))
            skip = shutil.ignore_patterns("site-packages", "test", "tests", "__pycache__", "idlelib", "config-*")
            shutil.copytree(lib, Path(folder, "lib", lib.name), ignore=skip, symlinks=True)
            for shared in lib.parent.glob("libpython*.so*"):
                shutil.copy(shared, Path(folder, "lib"))
            Path(folder, "bin").mkdir()
            python = Path(shutil.copy(python, Path(folder, "bin")))
            environment["LD_LIBRARY_PATH"] = str(Path(folder, "lib"))
            environment["PYTHONPATH"] = environment["PYTHONPATH"].replace(str(lib), str(Path(folder, "lib", lib.name)))
        done = subprocess.run([python, __file__, *arguments], env=environment, **nobody)
        return done.returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="only these attacks")
    parser.add_argument("--isolation", choices=["bubblewrap", "process"], action="append", help="only this mode")
    parser.add_argument("--no-user", action="store_true", help="as root: do not run again as an ordinary user")
    options = parser.parse_args()
    os.environ.update(AUTOGRADER_SEED=CANARY, AUTOGRADER_VERDICTS="")
    bad = run(options.isolation or ["bubblewrap", "process"], options.names)
    if os.geteuid() == 0 and not options.no_user:
        bad += as_ordinary_user([argument for argument in sys.argv[1:] if argument != "--no-user"])
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
