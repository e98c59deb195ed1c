"""Protects a class from one notebook of any size: it costs the grader little, and its neighbours nothing."""

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
from autograder.notebooks.opening import Notebook, Unreadable
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


def peak_mb() -> int:
    """The most memory that this process has had; getrusage would count that of the process it was started by, too."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024


def costs(seeds: range, right: Path, pipe) -> None:
    """In a process of its own: grade a large notebook for each seed and make its page, and now and then a right one."""
    answers = json.dumps(json.loads(right.read_bytes())["cells"]).encode()[1:-1]
    settings = Settings(seed="0", limits=Limits(submission_seconds=30), verdicts=None)
    released, page = nbformat.read(settings.release, as_version=4), FeedbackPage()
    with Grader(settings) as grader:
        for seed in seeds:
            content = large(random.Random(seed), answers)
            began = time.perf_counter()
            try:
                notebook = Notebook.from_bytes("gpt2.ipynb", content)
                score = grader.grade(notebook, "large").score
                page.from_notebook_node(made_anew(released, grader.release, notebook.cells))
            except Unreadable:
                score = 0
            seconds = time.perf_counter() - began
            beside = grader.grade(right, "right").score if seed % 10 == 9 else 90
            pipe.send((seed, score, beside, seconds, peak_mb()))


@pytest.mark.parametrize("count", [30, pytest.param(1000, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])])
def test_large_notebooks_cost_less_than_500_mb_and_90_seconds_and_their_neighbours_nothing(count, tmp_path):
    build(HERE / "right" / "perfect.py", tmp_path / "right.ipynb")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=costs, args=(range(count), tmp_path / "right.ipynb", theirs))
    process.start()
    theirs.close()
    scores = set()
    for expected in range(count):
        seed, score, beside, seconds, megabytes = ours.recv()
        print(seed, score, beside, f"{seconds:.1f} s {megabytes} MB", flush=True)
        assert seed == expected and score is not None
        assert beside == 90 and seconds < 90 and megabytes < 500
        scores.add(score)
    process.join()
    assert {0, 90} <= scores
