"""Running `autograder course grade` as a process of its own, and killing it in the act."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psutil

COMMAND = [sys.executable, "-m", "autograder", "course", "grade", "gpt2", "--jobs", "2"]


def start(folder: Path, **environment: str) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(COMMAND, cwd=folder, env=os.environ | environment, **pipes)


def finish(folder: Path, **environment: str) -> str:
    """Run it to its end; what it says. Fails when it fails."""
    process = start(folder, **environment)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return said


def kill(folder: Path, rng: random.Random, more: int, **environment: str) -> bool:
    """Start it and SIGKILL it, a random moment after it has made up to `more` files; False when it had finished.

    Sometimes a worker process is killed first, or instead: then the command itself must cope, and finish.
    """
    before, target = count(folder), rng.randint(0, more)
    process = start(folder, **environment)
    while process.poll() is None and count(folder) < before + target:
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 0.1))
    if rng.random() < 0.3 and process.poll() is None and (at_work := workers(process)):
        rng.choice(at_work).kill()
        time.sleep(rng.uniform(0, 2))
    caught = process.poll() is None
    process.kill()
    process.communicate()
    return caught


def workers(process: subprocess.Popen) -> list[psutil.Process]:
    return [p for p in psutil.Process(process.pid).children() if "spawn_main" in " ".join(p.cmdline())]


def count(folder: Path) -> int:
    """Files made so far."""
    return sum(len(list((folder / step).glob("*/*/*.*"))) for step in ("autograded", "feedback"))
