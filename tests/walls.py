"""What student code might try to do besides computing, for the tests of the sandbox; it needs only NumPy."""

from __future__ import annotations

from gptkit.checks.core import Failed

from autograder.sandbox.isolation import Sandbox
from autograder.sandbox.proxy import Candidate

FILES = ["open('/etc/passwd')", "open('/candidate.py')", "open('/tmp/x', 'w')", "open('x', 'w')", "os.open('/', 0)"]
FILES += ["os.listdir('/')", "os.pipe()", "os.memfd_create('x')", "os.dup(1)", "socket.socket()", "socket.socketpair()"]
PROCESSES = ["os.fork()", "os.posix_spawn('/bin/true', [], {})", "subprocess.run(['/bin/true'])"]
PROCESSES += ["os.execv('/bin/true', ['true'])"]
THREAD = "threading.Thread(target=print).start()"  # the one of them that a sealed candidate may do
PATHS = ["os.stat('/')", "os.mkdir('/tmp/x')", "os.symlink('/etc', '/tmp/y')", "os.chdir('/tmp')", "os.getcwd()"]
PATHS += ["os.unlink('/tmp/x')", "os.rename('/a', '/b')", "os.chmod('/tmp', 0)", "os.access('/', 0) or 1 / 0"]
OTHERS = ["os.kill(os.getppid(), 0)", "os.kill(1, 0)", "os.kill(0, 0)", "os.kill(-1, 0)", "os.setuid(0)", "os.nice(1)"]
EVERYTHING = [*FILES, *PROCESSES, *PATHS, *OTHERS]


def tried(box: Sandbox, *acts: str) -> list[str]:
    """Those of the acts (Python expressions) that a candidate could do."""
    modules = "import ctypes, os, socket, subprocess, sys, threading\n"
    source = f"{modules}def act(i):\n    eval({list(acts)!r}[i])\n    return True\n"
    done = []
    with Candidate(box, [(source, "acts")]) as one:
        assert not one.notes, one.notes
        for i, act in enumerate(acts):
            try:
                one.function("act")(i)
            except Failed:
                continue
            done.append(act)
    return done
