"""Protects grading many at once: nobody lost and nobody twice, whoever dies, here and on Dask's workers."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from autograder.errors import CannotGrade
from autograder.executors import batch, dask
from autograder.executors.dask import DaskCluster
from autograder.executors.local import LocalPool
from autograder.grading import Grader
from autograder.notebooks.choosing import submissions
from autograder.notebooks.submission import Release
from autograder.settings import Settings
from tests.autograder.executors.cluster import cluster
from tests.autograder.reports.examples import example, ungraded
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


def works(folder):
    return submissions(folder, Release.of(Settings()))[0]


@pytest.fixture
def nothing_kept(monkeypatch):
    monkeypatch.setenv("AUTOGRADER_VERDICTS", "")


@pytest.fixture(scope="module")
def alone(folder):
    """The records of one process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_VERDICTS", "")
        return timeless(batch.grade_all(works(folder), Settings.from_environment(), "auto", 1))


def timeless(records):
    return [replace(record, seconds=0) for record in records]


def test_several_processes_give_what_one_gives(folder, alone, nothing_kept):
    assert timeless(batch.grade_all(works(folder), Settings.from_environment(), "auto", 3)) == alone
    assert [r.submission for r in alone] == [f"s{i}/gpt2.ipynb" for i in range(10)]


def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_who_ends_its_process_is_told_from_who_was_near():
    with LocalPool(2) as pool:
        calls = [(i, killed if i in (3, 4) else abs, -i) for i in range(20)]
        found = dict(batch.spread(pool, calls))
    assert found == {i: batch.ENDED if i in (3, 4) else i for i in range(20)}


def test_a_grader_that_dies_is_a_reason_and_no_zero(folder, alone, nothing_kept, monkeypatch):
    monkeypatch.setattr(batch, "examine", ends_at_s3)
    records = timeless(batch.grade_all(works(folder), Settings.from_environment(), "auto", 2))
    assert records[3].score is None and records[3].error == batch.ENDED_TWICE
    assert [r for i, r in enumerate(records) if i != 3] == [r for i, r in enumerate(alone) if i != 3]


examine = batch.examine


def ends_at_s3(recipe, one):
    if one.label.startswith("s3"):
        os._exit(9)
    return examine(recipe, one)


def test_what_goes_wrong_in_a_worker_is_told_and_no_zero():
    with pytest.raises(CannotGrade, match="would grade differently"), LocalPool(1) as pool:
        list(
            batch.spread(
                pool, [(0, batch.grader_for, batch.Recipe(Settings.from_environment(), "auto", "other rules"))]
            )
        )


HOLD = """
import os, time
from autograder.executors import batch, local
pool = local.LocalPool(2).__enter__()
futures = [pool.submit(time.sleep, 60) for _ in range(2)]
batch.wait([pool.submit(os.getpid)], 1)
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
    records = batch.Records(3)
    three = [replace(example(), score=float(place)) for place in range(2)] + [ungraded()]
    for place in (2, 0, 1):
        records.put(place, three[place])
    assert len(records) == 3
    assert list(records) == three
    assert records[-1] == three[2]
    assert records[1:] == three[1:]


# ---- Dask ----


def test_dask_workers_give_the_same_though_one_is_killed(folder, alone, nothing_kept, tmp_path):
    records, seen = batch.Records(10), 0
    with cluster(tmp_path, 3) as (address, workers), Grader(Settings.from_environment()) as grader:
        for place, record in batch.examined(grader, works(folder), DaskCluster(address)):
            records.put(place, record)
            seen += 1
            if seen == 2:
                workers[0].kill()
    assert seen == 10
    assert timeless(records) == alone


def test_no_scheduler_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(dask, "ANSWERS", 0.5)
    with pytest.raises(CannotGrade, match="no Dask scheduler answers"):
        DaskCluster("tcp://127.0.0.1:9")


def test_no_worker_is_one_clear_line(monkeypatch, tmp_path):
    monkeypatch.setattr(dask, "JOINS", 0.5)
    with cluster(tmp_path, 0) as (address, _), pytest.raises(CannotGrade, match="No worker has joined"):
        DaskCluster(address).__enter__()


def test_a_scheduler_that_dies_is_one_clear_line(folder, nothing_kept, tmp_path):
    with cluster(tmp_path, 1) as (address, _), Grader(Settings.from_environment()) as grader:
        found = batch.examined(grader, works(folder), DaskCluster(address))
        next(found)
        (scheduler,) = [p for p in psutil.Process().children() if "distributed.cli.dask_scheduler" in p.cmdline()]
        scheduler.kill()
        with pytest.raises(CannotGrade, match="connection to the Dask scheduler was lost"):
            list(found)
