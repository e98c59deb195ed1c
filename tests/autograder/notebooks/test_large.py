"""Protects a class from one notebook of any size: it costs the grader little, and its neighbours nothing."""

import contextlib
import json
import multiprocessing
import random
import re
import time
from pathlib import Path

import nbformat
import pytest

from autograder.grading import Grader
from autograder.nbgrader.exporter import made_anew
from autograder.nbgrader.feedback_page import FeedbackPage
from autograder.notebooks.opening import Unreadable, open_notebook
from autograder.settings import Limits, Settings
from tests.submissions.build import HERE, build

M = 2**20
UNITS = [
    b"[",
    b"{},",
    b"[],",
    b"1,",
    b"1.5,",
    b'"a",',
    b'"",',
    b"a,",
    rb"a\n",
    rb"\"",
    "😀".encode(),
    b"\xe9",
    b" ",
    b"\n",
]
UNITS += [
    b'{"a":',
    b'"outputs":[',
    b"}",
    b"[a,",
    b"0",
    b"-",
    b'{"source":"a"},',
    b'{"source":"a","outputs":[[]]},',
    b"!a\n",
]
FRAMES = [
    b'{"cells":[%s]}',
    b'{"cells":[{"cell_type":"code","source":"%s"}]}',
    b'{"cells":[{"cell_type":"code","source":["%s"]}]}',
    b'{"cells":[{"cell_type":"code","source":"a","outputs":[{"data":{"text/plain":"%s"}}]}]}',
    b'{"cells":[{"cell_type":"code","source":"a","outputs":[%s]}]}',
    b'{"cells":[{"cell_type":"markdown","source":"a","attachments":{"a":"%s"}}]}',
    b'{"cells":[],"metadata":%s}',
    b"%s",
]


def large(rng: random.Random, answers: bytes) -> bytes:
    """1 to 100 MB of something, in a frame that may make it a notebook, with right answers or none, in an encoding."""
    units = rng.sample(UNITS, rng.choice([1, 1, 2, 3]))
    filling = b"".join(rng.choice(units) for _ in range(50))
    size = rng.choice([0.05, 0.5, 1, 5, 15, 40, 99]) * M
    content = rng.choice(FRAMES).replace(b"%s", filling * int(size // len(filling)))
    if rng.random() < 0.6:
        content = content.replace(b'{"cells":[', b'{"cells":[' + answers + b"," * (content[10:12] != b"]}"), 1)
    if rng.random() < 0.2:
        content = content[: 45 * M].decode("latin-1").encode("utf-16")
    return content[: rng.randrange(len(content))] if rng.random() < 0.1 else content


SHOWN = {"assignment": "gpt2", "student": "eve", "score": 0, "max_score": 100, "late_penalty": 0}


def peak_mb() -> int:
    """The most memory that this process has had; getrusage would count that of the process it was started by, too."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024


def costs(pipe) -> None:
    """In a process of its own: grade each file whose path comes, and make its page; (score, seconds, MB at most)."""
    settings = Settings(seed="0", limits=Limits(submission_seconds=30), verdicts=None)
    released, page = nbformat.read(settings.release, as_version=4), FeedbackPage()
    with Grader(settings) as grader:
        for path in iter(pipe.recv, None):
            began = time.perf_counter()
            score = grader.grade(path, path.name).score
            with contextlib.suppress(Unreadable):
                cells = open_notebook(path).cells
                page.from_notebook_node(made_anew(released, grader.release, cells), {"nbgrader": SHOWN})
            pipe.send((score, time.perf_counter() - began, peak_mb()))


@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])])
def test_large_notebooks_cost_less_than_500_mb_and_90_seconds_and_their_neighbours_nothing(count, tmp_path):
    build(HERE / "right" / "perfect.py", tmp_path / "right.ipynb")
    answers = json.dumps(json.loads((tmp_path / "right.ipynb").read_bytes())["cells"]).encode()[1:-1]
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=costs, args=(theirs,), daemon=True)  # or a test that fails waits for it
    process.start()
    theirs.close()
    scores = set()
    for seed in range(count):
        (tmp_path / "large.ipynb").write_bytes(large(random.Random(seed), answers))
        for name in ("large.ipynb", *(["right.ipynb"] if seed % 10 == 9 else [])):
            ours.send(tmp_path / name)
            score, seconds, megabytes = ours.recv()
            print(f"{seed} {name} {score} {seconds:.1f} s {megabytes} MB", flush=True)
            assert seconds < 90 and megabytes < 500 and score is not None
            assert score == 90 or name == "large.ipynb"
            scores.add(score)
    ours.send(None)
    process.join()
    assert {0, 90} <= scores
