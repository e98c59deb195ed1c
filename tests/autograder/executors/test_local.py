"""Protects the host of a pool: its end, however it comes, ends the pool's processes and nobody else's."""

import multiprocessing
import os
import subprocess
import sys
import time

import psutil
import pytest

from autograder.executors import local
from autograder.executors.local import LocalPool


def test_an_interrupted_pool_ends_its_own_processes_only():
    foreign = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    sleeping = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    sleeping.start()
    with pytest.raises(KeyboardInterrupt), LocalPool(2) as pool:
        assert pool.submit(abs, -1).result() == 1
        workers = [psutil.Process(pid) for pid in pool.pool._processes]
        pool.submit(time.sleep, 60)
        raise KeyboardInterrupt
    try:
        psutil.wait_procs(workers, timeout=10)
        assert not any(worker.is_running() for worker in workers)
        assert foreign.poll() is None and sleeping.is_alive()
    finally:
        foreign.kill()
        sleeping.kill()
        foreign.wait()
        sleeping.join()


def test_workers_import_nothing_from_the_working_directory(tmp_path, monkeypatch):
    (tmp_path / "socket.py").write_text("raise SystemExit('of a student')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with LocalPool(1) as pool:
        assert pool.submit(os.getcwd).result() == str(tmp_path)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system cannot keep a process to a core")
def test_as_many_workers_as_cores_keep_to_one_each_and_fewer_to_none():
    here = os.sched_getaffinity(0)
    assert local.cores(len(here)) == [{core} for core in sorted(here)]
    assert local.cores(2 * len(here)) == 2 * local.cores(len(here))
    assert local.cores(len(here) - 1) == [here] * (len(here) - 1)
    with LocalPool(len(here)) as pool:
        shares = [pool.submit(os.sched_getaffinity, 0).result() for _ in range(5)]
    assert all(len(share) == 1 and share <= here for share in shares)
    assert os.sched_getaffinity(0) == here  # the main process is free to go anywhere


def test_that_bubblewrap_is_missing_is_said_by_the_first_process_alone():
    """Else each worker would say it once more."""
    with LocalPool(1) as pool:
        said = pool.submit(eval, "__import__('autograder.sandbox.isolation', fromlist=['isolation'])._warned")
        assert said.result() is True


def test_a_pool_leaves_the_environment_as_it_was(monkeypatch):
    """What is meant for its workers would hold in everything that is started later, too."""
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    before = dict(os.environ)
    with LocalPool(1) as pool:
        assert pool.submit(os.getenv, "PYTHONSAFEPATH").result() == "1"
    assert dict(os.environ) == before
