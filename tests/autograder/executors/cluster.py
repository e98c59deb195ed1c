"""A Dask scheduler and workers, each a process of its own on 127.0.0.1."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def cluster(folder: Path, size: int) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """(address, worker processes); their logs and files are in `folder`, which holds nothing of a course."""
    started: list[subprocess.Popen] = []
    environment = os.environ | {"AUTOGRADER_VERDICTS": "", "PYTHONWARNINGS": "ignore", "OPENBLAS_NUM_THREADS": "1"}

    follow = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []  # they end with killed tests, too

    def start(name: str, *words: str) -> subprocess.Popen:
        command = [
            *follow,
            sys.executable,
            "-m",
            f"distributed.cli.{name}",
            "--host",
            "127.0.0.1",
            "--no-dashboard",
            *words,
        ]
        with (folder / f"{len(started)}.log").open("w") as log:
            started.append(subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log))
        return started[-1]

    file = folder / "scheduler.json"
    try:
        start("dask_scheduler", "--port", "0", "--scheduler-file", str(file))
        while not file.exists() or not file.stat().st_size:
            assert started[0].poll() is None, (folder / "0.log").read_text()
            time.sleep(0.05)
        one = ["--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--local-directory", str(folder)]
        workers = [start("dask_worker", *one) for _ in range(size)]
        yield json.loads(file.read_text())["address"], workers
    finally:
        for process in started[::-1]:  # the scheduler last: workers take leave of it
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
