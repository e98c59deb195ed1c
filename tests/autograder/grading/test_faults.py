"""Protects the promise that a grader's fault is never a student's zero: there is the right mark, or none."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from gptkit import weights
from gptkit.weights import tensorfile

from autograder import files
from autograder.errors import CannotGrade
from autograder.grading import Grader
from autograder.sandbox import zygote
from autograder.settings import Limits, Settings
from tests.machine import need_bubblewrap
from tests.submissions.build import HERE, build

SETTINGS = Settings(seed="0", verdicts=None)


@pytest.fixture
def perfect(tmp_path):
    """A notebook with right answers."""
    build(HERE / "right" / "perfect.py", tmp_path / "gpt2.ipynb")
    return tmp_path / "gpt2.ipynb"


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A copy of the tiny model that a test may damage, used as 124M."""
    folder = tmp_path / "models" / "124M"
    shutil.copytree(weights.EMBEDDED, folder)
    monkeypatch.setenv("GPT2_MODELS_DIR", str(folder.parent))
    return folder / "model.safetensors"


def emptied(path):
    path.write_bytes(b"")


def cut_short(path):
    path.write_bytes(path.read_bytes()[:100_000])


def with_a_nan(path):
    """One number of the first block's attention is not a number."""
    variables = {name: array.copy() for name, array in tensorfile.read(path).items()}
    variables["model/h0/attn/c_attn/w"].flat[7] = np.nan
    tensorfile.write(path, variables)


def all_zeros(path):
    tensorfile.write(path, {name: np.zeros_like(array) for name, array in tensorfile.read(path).items()})


@pytest.mark.parametrize("damage", [emptied, cut_short, with_a_nan])
def test_a_damaged_model_grades_nobody(damage, model):
    damage(model)
    with pytest.raises(CannotGrade, match=r"damaged"):
        Grader(SETTINGS)


@pytest.mark.parametrize("damage", [emptied, cut_short])
def test_a_model_that_is_damaged_between_two_students_costs_no_mark(damage, model, perfect):
    """Nothing has been read from it yet when it breaks."""
    grader = Grader(SETTINGS, rehearsed=True)
    damage(model)
    with grader:
        record = grader.grade(perfect, "ada")
    assert record.score is None and "damaged" in record.error and record.exercises == []


@pytest.mark.parametrize(
    "limits",
    [
        Limits(memory_mb=20),
        Limits(memory_mb=50),
        Limits(answer_mb=0),
        Limits(submission_seconds=1e-4),  # and not of a call: an answer that is there when it is read is in time
    ],
    ids=str,
)
def test_limits_that_nobody_can_meet_grade_nobody(limits):
    with pytest.raises(CannotGrade):
        Grader(replace(SETTINGS, limits=limits))


def test_the_rehearsal_says_which_check_failed_and_is_kept(tmp_path):
    settings = replace(SETTINGS, verdicts=tmp_path / "kept")
    Grader(settings).close()
    assert len(list((tmp_path / "kept").iterdir())) == 1
    with pytest.raises(CannotGrade, match=r"cosine_similarity, known_angles: .* answer"):
        Grader(replace(settings, limits=Limits(answer_mb=0)))
    assert len(list((tmp_path / "kept").iterdir())) == 1, "a rehearsal that failed is not kept"


@pytest.mark.parametrize("content", ["null", "[]", "{}", "", "{", "[" * 100_000, '{"score": 90}', "\0", "\ud800"])
def test_a_damaged_verdict_is_examined_anew(content, tmp_path, perfect):
    settings = replace(SETTINGS, verdicts=tmp_path / "kept")
    with Grader(settings) as grader:
        grader.grade(perfect, "ada")
        for path in (tmp_path / "kept").iterdir():
            path.write_bytes(content.encode("utf-8", "surrogatepass"))
        record = grader.grade(perfect, "ada")
    assert (record.score, record.error, record.kept) == (90, None, False)


# ---- The process that candidates come from ----


@pytest.fixture(params=["bubblewrap", "process"])
def grader(request):
    if request.param == "bubblewrap":
        need_bubblewrap()
    with Grader(SETTINGS, request.param) as grader:
        yield grader


def zygotes(pid=None):
    """The processes below `pid` that fork candidates, and the candidates."""
    return [p for p in psutil.Process(pid).children(recursive=True) if any("candidate.py" in w for w in words(p))]


def words(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_zygote_that_was_killed_costs_no_mark(grader, perfect):
    for process in zygotes():
        process.kill()
    assert grader.grade(perfect, "ada").score == 90


def test_a_zygote_killed_again_and_again_while_it_is_needed(grader, perfect):
    """Either the mark is right, or there is none."""
    end, chance = threading.Event(), random.Random(1)

    def kill():
        while not end.wait(chance.uniform(0.02, 0.3)):
            for process in zygotes():
                process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        records = [grader.grade(perfect, f"s{i}") for i in range(8)]
    finally:
        end.set()
        killer.join()
    assert all(r.score == 90 or (r.score is None and r.error) for r in records)
    assert grader.grade(perfect, "later").score == 90


def test_a_zygote_that_is_stopped_and_goes_on_later_answers_nobody_else(grader, perfect, monkeypatch):
    monkeypatch.setattr(zygote, "REPLY_SECONDS", 0.5)
    stopped = zygotes()
    for process in stopped:
        process.suspend()
    threading.Timer(1.2, lambda: [p.resume() for p in stopped if p.is_running()]).start()
    assert [grader.grade(perfect, f"s{i}").score for i in range(3)] == [90, 90, 90]


def test_a_candidate_killed_from_outside_is_asked_again(grader, perfect):
    """As by a machine out of memory: once it is not the student's doing."""
    seen = zygotes()

    def kill_the_first_candidate():
        until = time.monotonic() + 20
        while time.monotonic() < until:
            new = [p for p in zygotes() if p not in seen and p.parent() in seen]
            if new:
                new[0].kill()
                return
            time.sleep(0.001)

    killer = threading.Thread(target=kill_the_first_candidate)
    killer.start()
    record = grader.grade(perfect, "ada")
    killer.join()
    assert record.score == 90


def test_a_zygote_that_cannot_start_is_one_line_and_exit_3(tmp_path, perfect, monkeypatch):
    monkeypatch.setattr(zygote, "CANDIDATE", tmp_path / "no such file.py")
    with pytest.raises(CannotGrade, match="process isolation does not work here"):
        Grader(SETTINGS, "process")


@pytest.mark.parametrize("isolation", ["process", "auto"])
def test_in_a_user_namespace_with_one_user(isolation, perfect):
    """As inside a rootless container: setgroups is refused there, and no other user exists."""
    if not shutil.which("unshare") or subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode:
        pytest.skip("unshare: no user namespaces on this machine")
    command = ["unshare", "-Ur", sys.executable, "-m", "autograder", "grade", str(perfect), "--isolation", isolation]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "90 / 90" in done.stdout, done.stderr


# ---- A class ----


def test_a_class_whose_grader_is_harmed_at_any_moment_loses_no_mark_and_invents_none(tmp_path, model):
    """Zygotes are killed, the model is emptied and comes back: each student has the right mark or none, then all do."""
    for i in range(30):
        build(HERE / "right" / "perfect.py", tmp_path / "class" / f"s{i:02}" / "gpt2.ipynb")
        path = tmp_path / "class" / f"s{i:02}" / "gpt2.ipynb"
        path.write_text(path.read_text().replace("import numpy", f"# {i}\\nimport numpy", 1))
    whole, chance = model.read_bytes(), random.Random(2)
    out = tmp_path / "records.json"
    command = [sys.executable, "-m", "autograder", "grade", str(tmp_path / "class"), "--json", str(out), "--jobs", "2"]
    environment = os.environ | {"AUTOGRADER_VERDICTS": str(tmp_path / "kept")}
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while running.poll() is None:
        time.sleep(chance.uniform(0.05, 0.3))
        if chance.random() < 0.2:
            os.truncate(model, 0)
            time.sleep(0.1)
            model.write_bytes(whole)
        for process in chance.sample(found := zygotes(running.pid), min(1, len(found))):
            process.kill()
    assert running.returncode in (0, 3, -signal.SIGBUS), running.stderr.read()
    if out.exists():
        records = json.loads(out.read_text())
        assert {r["score"] for r in records} <= {90, None} and all(
            (r["score"] is None) == bool(r["error"]) for r in records
        )
    model.write_bytes(whole)
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {r["score"] for r in json.loads(out.read_text())} == {90} and len(json.loads(out.read_text())) == 30


# ---- Files ----


def test_two_threads_that_save_one_file_leave_no_half_of_it(tmp_path):
    path, texts = tmp_path / "file", ["a" * 300_000, "b" * 300_000]
    files.save(path, texts[0])
    end, seen = threading.Event(), set()

    def write(text):
        while not end.is_set():
            files.save(path, text)

    writers = [threading.Thread(target=write, args=[text]) for text in texts]
    for writer in writers:
        writer.start()
    for _ in range(300):
        seen.add(path.read_text() in texts)
    end.set()
    for writer in writers:
        writer.join()
    assert seen == {True} and list(tmp_path.iterdir()) == [path]


def test_what_is_no_regular_file_is_written_to_and_a_link_is_followed(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True)
    files.save(tmp_path / "pipe", "said")
    assert reader.communicate(timeout=20)[0] == "said" and (tmp_path / "pipe").is_fifo()
    (tmp_path / "link").symlink_to("real")
    files.save(tmp_path / "link", "one")
    files.save(tmp_path / "link", "two")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "two"


def test_a_full_device_is_the_machine_s_fault_and_stays_a_device(tmp_path):
    with pytest.raises(CannotGrade, match="No space left"):
        files.save_output("/dev/full", "x" * 100_000)
    assert Path("/dev/full").is_char_device()


def test_a_full_disk_while_a_class_is_graded(tmp_path):
    """A file system of 1 MB for all that grading writes: a line and exit 3, never a traceback or a zero."""
    need_bubblewrap()  # for a small file system to fill
    build(HERE / "right" / "perfect.py", tmp_path / "class" / "ada" / "gpt2.ipynb")
    small = tmp_path / "small"
    small.mkdir()
    script = (
        "dd if=/dev/zero of=small/full bs=1k count=1020 2>/dev/null; "
        'TMPDIR=$PWD/small AUTOGRADER_VERDICTS=$PWD/small/kept "$0" -m autograder grade class '
        "--isolation process --json small/out.json"
    )
    command = ["bwrap", "--dev-bind", "/", "/", "--size", str(1 << 20), "--tmpfs", str(small), "sh", "-c", script]
    done = subprocess.run([*command, sys.executable], capture_output=True, text=True, cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert done.returncode == 3 and done.stderr.count("\n") == 1, done.stderr + done.stdout
    assert done.stdout.split()[-3:] == ["90", "/", "90"]  # what could be examined is shown, though no file has it
