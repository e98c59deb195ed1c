"""Protects the course and the machine from student code: what a candidate cannot reach, and that nothing stays."""

import contextlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from gptkit.checks.core import Failed

from autograder.sandbox import candidate, zygote
from autograder.sandbox import isolation as sandbox
from autograder.sandbox.proxy import Candidate
from autograder.sandbox.zygote import Unavailable
from autograder.settings import Limits
from tests.machine import Part, need_bubblewrap, skip_without
from tests.walls import EVERYTHING, FILES, PROCESSES, THREAD, tried

ROOT = Path(__file__).parents[3]
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
linux = pytest.mark.usefixtures("on_linux")


@pytest.fixture(scope="session")
def on_linux():
    if sys.platform != "linux":
        skip_without(Part.LINUX)


def opened(mode):
    if mode == "bubblewrap":
        need_bubblewrap()
    box = sandbox.Sandbox(mode)
    assert box.isolation == mode
    return box


@pytest.fixture(scope="module", params=["bubblewrap", "process"])
def box(request):
    with opened(request.param) as box:
        yield box


@pytest.fixture(params=["bubblewrap", "process"])
def unsealed(request, monkeypatch):
    """A sandbox whose candidates have no kernel filter, as on machines where it cannot be installed."""
    monkeypatch.setattr(zygote, "SEAL", "none")
    with opened(request.param) as box:
        yield box


@linux
def test_a_candidate_can_compute_and_nothing_else(box):
    assert tried(box, *EVERYTHING) == []


@linux
def test_every_system_call_that_is_not_on_the_list_is_refused(box):
    """All numbers of the table and beyond. The kernel exempts 335 and 336, which only its own probes can use."""
    _, allowed = candidate.ABI[platform.machine()]
    numbers = sorted(set(range(600)) - {*allowed, candidate.CLONE3, 335, 336})
    source = f"""
import ctypes, numpy as np
call = ctypes.CDLL(None, use_errno=True).syscall
def refused(number):
    ctypes.set_errno(0)
    return call(number, 0, 0, 0, 0, 0, 0) == -1 and ctypes.get_errno() == 1
def leaks():
    return np.array([n for n in {numbers} + [1 << 30, (1 << 30) + 59, -1] if not refused(n)])
"""
    with Candidate(box, [(source, "calls")]) as one:
        assert one.function("leaks")().tolist() == []


@pytest.mark.parametrize(
    ("machine", "header"), [("x86_64", "x86_64-linux-gnu/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")]
)
def test_the_numbers_on_the_list_are_the_kernels(machine, header):
    path = Path("/usr/include", header)
    if not path.exists():
        skip_without(Part.HEADERS, str(path))
    known = dict(re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", path.read_text()))
    assert candidate.ABI[machine][1] == [int(known[name]) for name in candidate.ALLOWED]


@linux
def test_a_signal_reaches_only_its_sender(box):
    source = "import ctypes, os\ncall = ctypes.CDLL(None).syscall\ndef f(nr, pid): return call(nr, pid, pid, 0)"
    with Candidate(box, [(source, "f")]) as one:
        f = one.function("f")
        for number in candidate.ABI[platform.machine()][1][-2:]:
            assert [f(number, pid) for pid in (0, 1, -1, os.getpid(), 2)] == [-1] * 5
    assert tried(box, "os.kill(os.getpid(), 0)") == ["os.kill(os.getpid(), 0)"]


@linux
def test_only_its_own_descriptors_are_open(box):
    source = """
import os, numpy as np
def f():
    found = []
    for fd in range(2000):
        try:
            os.write(fd, b"")
            found.append(fd)
        except OSError: pass
    return np.array(found)
"""
    with Candidate(box, [(source, "f")]) as one:
        assert one.function("f")().tolist() == [0, 1, 2, 3]  # /dev/null three times, and the wire


def test_nothing_of_the_graders_environment_crosses(monkeypatch):
    monkeypatch.setenv("AUTOGRADER_SEED", "canary")
    for mode in ("process", "bubblewrap"):
        with opened(mode) as box:
            source = (
                "import os, sys\ndef f(): return len(os.environ)\ndef g(): raise ValueError([*os.environ, sys.argv])"
            )
            with Candidate(box, [(source, "f")]) as one:
                assert one.function("f")() <= len(zygote.ENVIRONMENT) + 4  # paths for Python, PWD, a locale
                with pytest.raises(Failed) as caught:
                    one.function("g")()
                assert "AUTOGRADER" not in caught.value.fact


def test_memory_is_bounded(box):
    source = "import numpy as np\nkept = []\ndef f():\n    while True: kept.append(np.ones(1 << 20))"
    with Candidate(box, [(source, "f")], Limits(memory_mb=300)) as one, pytest.raises(Failed, match="MemoryError"):
        one.function("f")()


@linux
def test_the_limits_are_those_of_the_settings():
    """As the kernel holds them: the memory exactly; processor time is the last resort after the clock's."""
    with (
        sandbox.Sandbox("process") as box,
        Candidate(box, [("x = 1", "x")], Limits(memory_mb=700, submission_seconds=40)) as one,
    ):
        held = Path(f"/proc/{one._connection._pid}/limits").read_text()
    soft, hard = map(int, re.search(r"Max cpu time +(\d+) +(\d+)", held).groups())
    assert 40 < soft <= hard < 60
    assert re.search(r"Max address space +(\d+) +(\d+)", held).groups() == (str(700 << 20),) * 2


def test_an_answer_may_be_as_large_as_the_limit_says(box):
    source = "import numpy as np\ndef f(n): return np.zeros(n)"
    with Candidate(box, [(source, "f")], Limits(answer_mb=2)) as one:
        assert one.function("f")(250_000).nbytes == 2_000_000
        with pytest.raises(Failed, match="f returned more than 2 MB"):
            one.function("f")(280_000)


# ---- Threads ----

POOL = """
import threading, time, numpy as np
from concurrent.futures import ThreadPoolExecutor
def total(row):
    time.sleep(0.01)
    return np.exp(row).sum()
def f(x):
    with ThreadPoolExecutor(32) as pool:
        return np.array(list(pool.map(total, x)))
def g(x):
    parts = {}
    threads = [threading.Thread(target=lambda i=i: parts.update({i: total(x[i])})) for i in range(len(x))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return np.array([parts[i] for i in range(len(x))])
"""
BOMB = """
import threading, time
threading.stack_size(1 << 15)
end = threading.Event()
def bomb():
    count = 0
    try:
        while True:
            threading.Thread(target=end.wait, daemon=True).start()
            count += 1
    except RuntimeError:
        return count
"""


@linux
@pytest.mark.parametrize("name", ["f", "g"])
def test_threads_compute_what_one_would(box, name):
    x = np.random.default_rng(0).random((40, 6))
    with Candidate(box, [(POOL, "threads")]) as one:
        assert one.notes == []
        for _ in range(3):  # those of the last call are gone, and so is the memory that they took
            assert np.allclose(one.function(name)(x), np.exp(x).sum(1))


@linux
def test_threads_are_counted_and_end_with_their_process(box):
    # An ordinary user's are counted with those of the user's other candidates, unless these cannot be seen.
    together = os.cpu_count() if os.getuid() and box.isolation == "process" else 1
    for _ in range(2):  # the second candidate has as many: nothing of the first is left
        with Candidate(box, [(BOMB, "bomb")]) as one:
            assert 32 <= one.function("bomb")() <= candidate.THREADS * together


@linux
@pytest.mark.parametrize(
    "flags",
    [0, 17, 0x100, 0x4111, candidate.THREAD ^ 0x10000, candidate.THREAD | 17, candidate.THREAD | 0x10000000],
    ids=hex,
)
def test_clone_makes_threads_and_no_process(box, flags):
    number = candidate.ABI[platform.machine()][1][candidate.ALLOWED.index("clone")]
    source = f"""
import ctypes
def f():
    made = ctypes.CDLL(None, use_errno=True).syscall({number}, {flags}, 0, 0, 0, 0)
    return ctypes.get_errno() if made == -1 else made
"""
    with Candidate(box, [(source, "f")]) as one:
        assert one.function("f")() == 1  # EPERM


# ---- Without the kernel filter: resource limits and, with bubblewrap, an almost empty root ----


@linux
def test_limits_alone_forbid_files_and_processes(unsealed):
    done = tried(unsealed, *FILES, *PROCESSES, THREAD)
    assert [act for act in done if "execv" not in act] == []


@linux
def test_a_zygote_whose_candidate_was_not_sealed_is_not_used_again(unsealed):
    with Candidate(
        unsealed, [("import os\ntry: os.mkdir('/tmp/candidate-was-here')\nexcept OSError: pass", "x")]
    ) as one:
        first = one._connection._zygote
    Path("/tmp/candidate-was-here").exists() and Path("/tmp/candidate-was-here").rmdir()  # process mode: not protected
    with Candidate(
        unsealed, [("import os\ndef f(): return os.access('/tmp/candidate-was-here', os.F_OK)", "x")]
    ) as one:
        assert one._connection._zygote is not first
        assert one.function("f")() is False


@linux
def test_the_root_in_bubblewrap_holds_only_python_and_numpy(monkeypatch):
    monkeypatch.setattr(zygote, "SEAL", "none")
    with opened("bubblewrap") as box:
        there = ["/python", "/site", "/libraries", "/candidate.py", "/tmp"]
        absent = ["/proc", "/sys", "/dev", "/etc", "/home", "/root", "/usr", "/bin", "/var", "/work", str(ROOT)]
        absent += [
            "/site/gptkit",
            "/site/autograder",
            f"/python/lib/python3.{sys.version_info.minor}/site-packages/pip",
        ]
        acts = [f"os.stat({path!r})" for path in there + absent]
        assert tried(box, *acts) == [f"os.stat({path!r})" for path in there]
        assert tried(box, "os.mkdir('/x')", "os.mkdir('/site/x')", "os.chmod('/candidate.py', 0)", "os.setuid(0)") == []


@linux
def test_root_becomes_nobody(box):
    if os.geteuid() != 0:
        skip_without(Part.ROOT, "to see that it is given up")
    with Candidate(box, [("x = 1", "x")]) as one:
        children = [c for c in psutil.Process().children(recursive=True) if "candidate.py" in " ".join(c.cmdline())]
        uids = {c.uids().effective for c in children if c.name() != "bwrap"}
        assert uids and all(uid >= 60_000 for uid in uids), uids
        assert one.notes == []


@linux
def test_each_sandbox_has_a_user_of_its_own():
    """Else the processes of one grader could signal, and would be counted with, those of another."""
    if os.geteuid() != 0:
        skip_without(Part.ROOT, "to become other users")
    users = set()
    for _ in range(2):
        with sandbox.Sandbox("process") as box, Candidate(box, [("x = 1", "x")]) as one:
            users.add(psutil.Process(one._connection._pid).uids().real)
    assert len(users) == 2


@linux
@pytest.mark.parametrize(
    ("mapped", "lowest", "highest"),
    [
        ("0 0 4294967295", 2_000_000_000, 2**32),
        ("0 100000 65536", 60_000, 65_000),  # a container
        ("0 1000 1\n1 100000 65535", 60_000, 65_000),  # a rootless one
        ("0 1000 1", 0, 1),  # nobody else exists: it stays who it is
    ],
)
def test_the_user_that_root_becomes_exists_here_and_is_nobody_s(monkeypatch, mapped, lowest, highest):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Path, "read_text", lambda path: mapped)
    assert all(lowest <= zygote._spare_uid() < highest for _ in range(20))


# ---- Nothing stays ----


def settled(pids):
    """Those of the processes that are still there after a while."""
    until = time.monotonic() + 5
    while time.monotonic() < until and any(psutil.pid_exists(pid) for pid in pids):
        time.sleep(0.02)
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


LOOP = "def f():\n    while True: pass"
THREADS_ALONE = """
import ctypes, platform, threading
def spin():
    while True: pass
def f():
    for _ in range(3): threading.Thread(target=spin).start()
    ctypes.CDLL(None).syscall(60 if platform.machine() == "x86_64" else 93, 0)  # exit: of this thread alone
"""


@pytest.mark.parametrize("mode", ["bubblewrap", "process"])
@pytest.mark.parametrize("source", [LOOP, THREADS_ALONE], ids=["loop", "threads"])
@pytest.mark.parametrize("how", ["close", "kill"])
def test_no_process_is_left(mode, how, source):
    """A grader that ends or is killed, while a student's function never returns."""
    code = f"""
import sys, threading
from autograder.sandbox import isolation as sandbox
from autograder.sandbox.proxy import Candidate
box = sandbox.Sandbox({mode!r})
one = Candidate(box, [({source!r}, "f")]).__enter__()
print("ready", flush=True)
if {how!r} == "kill":
    one.function("f")()
one.__exit__()
box.close()
sys.stdin.read()
"""
    if mode == "bubblewrap":
        opened(mode).close()  # skips where there is none
    grader = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert grader.stdout.readline() == b"ready\n"
    started = [child.pid for child in psutil.Process(grader.pid).children(recursive=True)]
    time.sleep(0.2)
    if how == "kill":
        assert len(started) >= 2
        grader.kill()
    else:
        assert settled(started) == []
        assert psutil.Process(grader.pid).children(recursive=True) == []
    grader.communicate()
    assert settled(started) == []


def test_a_zygote_killed_from_outside_is_replaced(box):
    with Candidate(box, [("def f(): return 1", "f")]) as one:
        assert one.function("f")() == 1
    os.kill(box._zygotes[True]._process.pid, signal.SIGKILL)
    with Candidate(box, [("def f(): return 2", "f")]) as one:
        assert one.function("f")() == 2


def test_a_forked_grader_makes_a_zygote_of_its_own(box):
    with Candidate(box, [("def f(): return 1", "f")]) as one:
        pid = os.fork()
        if pid == 0:
            try:
                with Candidate(box, [("def f(): return 2", "f")]) as two:
                    code = two.function("f")()
                box.close()
                os._exit(code)
            finally:
                os._exit(99)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 2
        assert one.function("f")() == 1


# ---- Choosing ----


def test_without_bubblewrap_auto_warns_once_and_bubblewrap_refuses(monkeypatch, caplog):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    monkeypatch.setattr(sandbox, "_warned", False)
    for _ in range(2):
        with sandbox.Sandbox("auto") as box:
            assert box.isolation == "process"
    assert [r.message for r in caplog.records] == [
        "bubblewrap is not installed: grading in plain processes. See docs/security.md."
    ]
    with pytest.raises(Unavailable, match="apt install bubblewrap"):
        sandbox.Sandbox("bubblewrap")


def test_who_grades_without_bubblewrap_is_told_once(tmp_path):
    code = "from autograder.sandbox.isolation import Sandbox\nfor _ in range(2):\n with Sandbox() as box: box.isolation"
    done = subprocess.run([sys.executable, "-c", code], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.stderr == "bubblewrap is not installed: grading in plain processes. See docs/security.md.\n"


REFUSED = "#!/bin/sh\necho 'one\ntwo\nbwrap: No permissions to create new namespace' >&2\nexit 1\n"


@pytest.mark.parametrize(
    ("bwrap", "path", "why"),
    [
        (REFUSED, os.environ["PATH"], "bwrap: No permissions to create new namespace"),
        ("no program", os.environ["PATH"], "[Errno 8] Exec format error"),
        (REFUSED, "", "[Errno 2] No such file or directory: 'ldd'"),
    ],
    ids=["refused", "no program", "no ldd"],
)
def test_a_bubblewrap_that_does_not_work_is_like_none(monkeypatch, caplog, tmp_path, bwrap, path, why):
    (tmp_path / "bwrap").write_text(bwrap)
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{path}")
    monkeypatch.setattr(sandbox, "_warned", False)
    zygote._libraries.cache_clear()  # what ldd said when it was there
    if not path:  # ldd is asked where the loader cannot be
        (tmp_path / "a blank").symlink_to(sys.executable)
        monkeypatch.setattr(zygote, "_python", lambda: str(tmp_path / "a blank"))
    with sandbox.Sandbox("auto") as box:
        box.start()  # as the command line does, beforehand
        assert box.isolation == "process"
        with Candidate(box, [("def f(): return 1", "f")]) as one:
            assert one.function("f")() == 1
    assert f"bubblewrap does not work here ({why}" in caplog.text
    with pytest.raises(Unavailable) as refused:
        sandbox.Sandbox("bubblewrap")
    assert str(refused.value).startswith(f"bubblewrap isolation does not work here: {why}")
    assert str(refused.value).endswith(sandbox.INSTALL)


def test_a_python_that_is_gone_is_one_line_with_what_to_read(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "_base_executable", str(tmp_path / "python"))
    with (
        sandbox.Sandbox("process") as box,
        pytest.raises(Unavailable, match=r"^process isolation .*docs/security.md\.$"),
    ):
        box.start()


@pytest.fixture(scope="module")
def public_python() -> str:
    """A Python with NumPy that other users can read."""
    if os.geteuid() != 0:
        skip_without(Part.ROOT, "to become another user; every other test has just run as an ordinary one")
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            if subprocess.run([python, "-c", "import numpy"], capture_output=True, **NOBODY).returncode == 0:
                return python
    skip_without(Part.PYTHON)


@linux
@pytest.mark.parametrize("mode", ["bubblewrap", "process"])
def test_it_works_for_an_ordinary_user(public_python, mode):
    if mode == "bubblewrap":
        need_bubblewrap(**NOBODY)
    code = f"""
import json, os, sys
sys.path += [{str(ROOT)!r}, {str(ROOT / "source" / "gpt2")!r}]
from autograder.sandbox import isolation as sandbox
from tests.walls import EVERYTHING, THREAD, tried
with sandbox.Sandbox({mode!r}) as box:
    print(json.dumps([os.getuid(), box.isolation, tried(box, "1 + 1", THREAD, *EVERYTHING)]))
"""
    done = subprocess.run([public_python, "-c", code], capture_output=True, text=True, cwd="/", **NOBODY)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [65534, mode, ["1 + 1", THREAD]]


@pytest.mark.parametrize("mode", ["auto", "process"])
def test_what_a_record_says_of_the_wall_is_one_word_that_starts_nothing(mode):
    with sandbox.Sandbox(mode) as box:
        assert box.mode in ("bubblewrap", "process") and not box._zygotes


def test_a_sandbox_that_was_started_beforehand_is_the_one_that_is_used():
    with sandbox.Sandbox("process") as box:
        started = box.start()
        assert started.sealed is None  # nobody has waited for it
        assert box._ready() is started and started.sealed is not None


@pytest.mark.parametrize("mode", ["bubblewrap", "process"])
def test_one_that_nobody_waited_for_ends_by_itself_and_leaves_nothing(mode):
    opened(mode).close()
    with sandbox.Sandbox(mode) as box:
        started = box.start()
        family = [started._process.pid, *(p.pid for p in psutil.Process(started._process.pid).children(recursive=True))]
    assert started._process.returncode != -signal.SIGKILL
    assert not any(psutil.pid_exists(pid) for pid in family)


@pytest.mark.parametrize("mode", ["bubblewrap", "process"])
def test_ctrl_c_in_a_terminal_is_for_the_grader_alone(mode):
    """Which then ends what it started, in order: a terminal's signal goes to all processes of one group."""
    with opened(mode) as box:
        assert os.getpgid(box.start()._process.pid) != os.getpgid(0)


@linux
def test_the_loader_names_the_libraries_that_ldd_names(monkeypatch):
    def ldd(files):
        return subprocess.run(["ldd", *files], capture_output=True, text=True, check=True).stdout

    zygote._libraries.cache_clear()
    asked = set(zygote._libraries().values())
    monkeypatch.setattr(zygote, "_listed", ldd)
    zygote._libraries.cache_clear()
    assert asked == set(zygote._libraries().values()) and any("openblas" in path for path in asked)


def test_starting_one_loads_no_numpy_here():
    code = "import sys; from autograder.sandbox.isolation import Sandbox\n"
    code += "with Sandbox('process') as box: box.start(); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_candidates_collect_garbage_though_the_zygote_does_not(box):
    cell = "import gc\ndef softmax(x):\n    return x * gc.isenabled()"
    with Candidate(box, [(cell, "cell 1")], Limits()) as student:
        assert (student.function("softmax")(np.ones(3)) == 1).all()
