"""Protects grading many at once: nobody lost and nobody twice, whoever dies, here and on Dask's workers."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from autograder.errors import UsageError
from autograder.executors import batch as many
from autograder.executors import pools as crews
from autograder.grading.grader import released
from autograder.notebooks.choosing import submissions
from tests.autograder.executors.cluster import cluster
from tests.submissions.build import HERE, build

SAMPLES = ["right/perfect", "wrong/untouched", "wrong/softmax_without_shift", "right/loops", "broken/empty_file"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten notebooks, different from each other."""
    top = tmp_path_factory.mktemp("class")
    for i in range(10):
        path = top / f"s{i}" / "gpt2.ipynb"
        build(HERE / f"{SAMPLES[i % 5]}.py", path)
        path.write_text(path.read_text().replace("import numpy", f"# {i}\\nimport numpy", 1))
    return top


@pytest.fixture
def nothing_kept(monkeypatch):
    monkeypatch.setenv("AUTOGRADER_VERDICTS", "")


@pytest.fixture(scope="module")
def alone(folder):
    """The records of one process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_VERDICTS", "")
        return timeless(many.grade_all(submissions(folder, released())[0], "auto", 1))


def timeless(records):
    return [{**record, "seconds": 0} for record in records]


def test_several_processes_give_what_one_gives(folder, alone, nothing_kept):
    assert timeless(many.grade_all(submissions(folder, released())[0], "auto", 3)) == alone
    assert [r["submission"] for r in alone] == [f"s{i}/gpt2.ipynb" for i in range(10)]


def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_who_ends_its_process_is_told_from_who_was_near():
    with crews.Here(2) as crew:
        calls = [(i, killed if i in (3, 4) else abs, -i) for i in range(20)]
        found = dict(many.spread(crew, calls))
    assert found == {i: many.LOST if i in (3, 4) else i for i in range(20)}


def test_a_grader_that_dies_is_a_zero_with_a_reason(folder, alone, nothing_kept, monkeypatch):
    monkeypatch.setattr(many, "examine", ends_at_s3)
    records = timeless(many.grade_all(submissions(folder, released())[0], "auto", 2))
    assert records[3]["score"] == 0 and records[3]["notes"] == [many.DIED]
    assert [r for i, r in enumerate(records) if i != 3] == [r for i, r in enumerate(alone) if i != 3]


def ends_at_s3(recipe, label, path):
    if label.startswith("s3"):
        os._exit(9)
    return many.examine(recipe, label, path)


def test_what_goes_wrong_in_a_worker_is_told_and_no_zero():
    with pytest.raises(UsageError, match="would grade differently"), crews.Here(1) as crew:
        list(many.spread(crew, [(0, many.grader_for, many.Recipe("auto", "0", "other rules"))]))


HOLD = """
import os, time
from autograder.executors import pools as crews, batch as many
crew = crews.Here(2).__enter__()
futures = [crew.submit(time.sleep, 60) for _ in range(2)]
many.wait([crew.submit(os.getpid)], 1)
print("ready", flush=True)
time.sleep(60)
"""


def test_workers_end_with_a_parent_that_was_killed():
    parent = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "ready\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    assert len(children) >= 2
    parent.kill()
    parent.wait()
    assert not psutil.wait_procs(children, timeout=60)[1]


def wait_until(true, seconds=60):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_records_come_back_in_their_places():
    records = many.Records(3)
    for place in (2, 0, 1):
        records.put(place, {"score": place})
    assert len(records) == 3
    assert [r["score"] for r in records] == [0, 1, 2]
    assert records[-1] == {"score": 2}
    assert records[1:] == [{"score": 1}, {"score": 2}]


# ---- Dask ----


def test_dask_workers_give_the_same_though_one_is_killed(folder, alone, nothing_kept, tmp_path):
    records, seen = many.Records(10), 0
    with cluster(tmp_path, 3) as (address, workers), many.Grader("auto") as grader:
        for place, record in many.examined(grader, submissions(folder, released())[0], crews.There(address)):
            records.put(place, record)
            seen += 1
            if seen == 2:
                workers[0].kill()
    assert seen == 10
    assert timeless(records) == alone


def test_no_scheduler_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(crews, "PATIENCE", 0.5)
    with pytest.raises(UsageError, match="no Dask scheduler answers"):
        crews.There("tcp://127.0.0.1:9")


def test_no_worker_is_one_clear_line(monkeypatch, tmp_path):
    monkeypatch.setattr(crews, "WORKERS", 0.5)
    with cluster(tmp_path, 0) as (address, _), pytest.raises(UsageError, match="No worker has joined"):
        crews.There(address).__enter__()


def test_a_scheduler_that_dies_is_one_clear_line(folder, nothing_kept, tmp_path):
    with cluster(tmp_path, 1) as (address, _), many.Grader("auto") as grader:
        found = many.examined(grader, submissions(folder, released())[0], crews.There(address))
        next(found)
        (scheduler,) = [p for p in psutil.Process().children() if "distributed.cli.dask_scheduler" in p.cmdline()]
        scheduler.kill()
        with pytest.raises(UsageError, match="connection to the Dask scheduler was lost"):
            list(found)
