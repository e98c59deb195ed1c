"""The warm process that candidates are forked from, and the two ways to start it: inside bubblewrap, or plainly.

It runs candidate.py with Python and NumPy loaded, and never student code. What holds in which mode: docs/security.md.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

from autograder.errors import CannotGrade

CANDIDATE = Path(__file__).with_name("candidate.py")
LINUX = sys.platform == "linux"
START_SECONDS = 30.0  # a machine under load may need long to load NumPy
REPLY_SECONDS = 30.0  # ... and to fork or to reap a process
FLAGS = ["-s", "-P", "-S", "-B"]  # no user site, no script folder on the path, no site packages, no .pyc written
ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "HOME": "/tmp", "OPENBLAS_NUM_THREADS": "1"}
ENVIRONMENT |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1"}
ENVIRONMENT |= {"MALLOC_ARENA_MAX": "1"}  # else each thread reserves 64 MB of its process's address space
SEAL = "seal"  # tests put another word here, to try what holds where the kernel filter cannot be installed
_started = count()


class Unavailable(CannotGrade):
    """The sandbox that was asked for does not work here; the text says why and what to do."""


class Lost(CannotGrade):
    """A candidate, or the zygote it came from, was ended or stopped from outside: what was asked can be asked again."""


class Lacking(CannotGrade):
    """A candidate of the usual modules wants another one: what was asked can be asked of one that has everything."""


class Zygote:
    """A process with Python and NumPy loaded that forks candidates on request. It never runs student code.

    With `everything`, the rest of the standard library is loaded too. Raises OSError when it cannot be started at all.
    """

    def __init__(self, command: list[str], environment: dict[str, str], uid: int, everything: bool):
        self.control, theirs = socket.socketpair()
        command = [*command, str(uid), SEAL, "everything" if everything else "usual"]
        try:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=self._errors,
                env=environment, cwd="/", start_new_session=True,
            )  # fmt: skip
        finally:
            theirs.close()
        self.sealed: bool | None = None  # known when it has said that it is ready

    def wait(self) -> None:
        """Until it is ready. Raises Unavailable with what it wrote to standard error."""
        if self.sealed is None:
            try:
                self.sealed = self._receive(START_SECONDS)["sealed"]
            except (OSError, ValueError) as error:
                self.close()
                self._errors.seek(0)
                said = self._errors.read().decode(errors="replace").strip().splitlines()
                raise Unavailable(said[-1] if said else f"{type(error).__name__}: {error}") from None

    def request(self, ask: dict, *descriptors: int) -> dict:
        """One request, one reply. Raises Lost when there is none; the zygote is closed then.

        For a reply that comes late must not be taken for the reply to the next request.
        """
        try:
            socket.send_fds(self.control, [json.dumps(ask).encode()], descriptors)
            return self._receive(REPLY_SECONDS)
        except (OSError, ValueError):
            self.close(grace=0)
            raise Lost("The process that starts candidates does not answer: was it ended or stopped?") from None

    def _receive(self, seconds: float) -> dict:
        self.control.settimeout(seconds)
        return json.loads(self.control.recv(4096))

    def close(self, grace: float = 5.0) -> None:
        """End it and every candidate of it, by force after `grace` seconds."""
        # It sees the end of its socket, kills its children and goes. One that is still starting is waited for, too:
        # bubblewrap's inner process would outlive an outer one that is killed before the two know of each other.
        self.control.close()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


# ---- The two ways to start it ----


def process_zygote(everything: bool) -> Zygote:
    """A plain process with an empty environment, an unprivileged user when we are root."""
    site = _numpy().parent
    environment = {**ENVIRONMENT, "PYTHONPATH": str(site)}
    return Zygote([_python(), *FLAGS, str(CANDIDATE)], environment, _spare_uid(), everything)


def bubblewrap_zygote(everything: bool) -> Zygote:
    """All namespaces, and a root of its own that holds Python, NumPy, candidate.py and an empty /tmp."""
    uid, library = _spare_uid(), f"{sys.platlibdir}/python{sys.version_info.major}.{sys.version_info.minor}"
    binds = {_python(): "/python/bin/python", sysconfig.get_path("stdlib"): f"/python/{library}"}
    binds |= {str(_numpy()): "/site/numpy", str(CANDIDATE): "/candidate.py"}
    namespaces = "--unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup-try --hostname none"
    command = [
        shutil.which("bwrap") or "bwrap",
        *namespaces.split(),
        *["--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL"],
    ]
    # As root there is no need for a user namespace, which would map nobody but root: candidates become a user of their
    # own inside, so the zygote keeps the rights to change its user, and to read Python wherever it is installed.
    if uid:
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_DAC_READ_SEARCH"]
    else:
        command += ["--unshare-user"] + (["--disable-userns"] if "--disable-userns" in _bwrap_help() else [])
    for source, target in {**_libraries(), **binds}.items():
        command += ["--ro-bind", source, target]
    # The standard library's folder is bound as a whole; the packages that lie inside of it are covered up.
    if Path(sysconfig.get_path("stdlib"), "site-packages").is_dir():
        command += ["--tmpfs", f"/python/{library}/site-packages"]
    command += ["--perms", "1777", "--size", str(16 << 20), "--tmpfs", "/tmp", "--remount-ro", "/"]
    environment = {**ENVIRONMENT, "PYTHONPATH": "/site", "PYTHONHOME": "/python", "LD_LIBRARY_PATH": "/libraries"}
    return Zygote([*command, "/python/bin/python", *FLAGS, "/candidate.py"], environment, uid, everything)


def _python() -> str:
    """The interpreter itself, not a virtual environment's link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def _numpy() -> Path:
    """NumPy's folder, found without loading it: the zygote can load it meanwhile."""
    found = importlib.util.find_spec("numpy")
    assert found and found.origin
    return Path(found.origin).parent


def _spare_uid() -> int:
    """A user id that nobody has, another for each zygote, when we are root; else 0, for staying who we are."""
    if os.geteuid() != 0:
        return 0
    lines = Path("/proc/self/uid_map").read_text().splitlines() if LINUX else []
    ids = [range(int(first), int(first) + int(length)) for first, _, length in map(str.split, lines)]
    number = os.getpid() * 16 + next(_started) % 16
    # Containers map few ids; a user's own namespace maps root alone, who is that user outside and no more.
    wanted = [2_000_000_000 + number, 60_000 + number % 5000]
    return next((uid for uid in wanted if not LINUX or any(uid in mapped for mapped in ids)), 0)


@cache
def _bwrap_help() -> str:
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


@cache
def _libraries() -> dict[str, str]:
    """Shared libraries that Python and NumPy load, and the loader: where each is here -> where it goes inside."""
    modules = Path(sysconfig.get_path("stdlib"), "lib-dynload")
    wanted = [_python(), *map(str, _numpy().glob("*/*_umath*.so"))]
    names = ("_ctypes", "_hashlib", "zlib", "_uuid", "_sqlite3", "_bz2", "_lzma", "_decimal", "pyexpat")
    wanted += [str(path) for name in names for path in modules.glob(f"{name}.*so")]
    listed = _listed(wanted)
    found = {name: path for name, path in re.findall(r"^\s*(\S+) => (/.+) \(0x", listed, re.M)}
    loader = {path for path in re.findall(r"^\s*(/.+) \(0x", listed, re.M) if path not in wanted}
    return {path: f"/libraries/{name}" for name, path in found.items()} | {path: path for path in loader}


def _listed(files: list[str]) -> str:
    """What ldd prints of these files: a program, and libraries."""
    # The loader lists what all of them need in one go; ldd, a script, takes twenty times as long. But the loader splits
    # this list at blanks and colons, and musl's knows no such question.
    if not any(mark in file for mark in " :" for file in files):
        environment = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_PRELOAD": ":".join(files[1:])}
        done = subprocess.run(files[:1], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.stdout:
            return done.stdout
    return subprocess.run(["ldd", *files], capture_output=True, text=True).stdout
