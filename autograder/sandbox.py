"""How a candidate is started and held: inside bubblewrap where it works, else as a plain process; under limits in both.

One warm process (the zygote of candidate.py) is started per sandbox; each candidate is a fork of it that has locked
itself in before it reads student code. docs/security.md says what holds in which mode.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass, fields
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np

CANDIDATE = Path(__file__).with_name("candidate.py")
LINUX = sys.platform == "linux"
START_SECONDS = 30.0  # a machine under load may need long to load NumPy
INSTALL = "Install it (Debian, Ubuntu: apt install bubblewrap), or grade with --isolation process."
FLAGS = ["-s", "-P", "-S", "-B"]  # no user site, no script folder on the path, no site packages, no .pyc written
ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "HOME": "/tmp", "OPENBLAS_NUM_THREADS": "1"}
ENVIRONMENT |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1"}
SEAL = "seal"  # tests put another word here, to try what holds where the kernel filter cannot be installed
_started = count()
_warned = False


class Unavailable(RuntimeError):
    """The sandbox that was asked for does not work here; the text says why and what to do."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. AUTOGRADER_LIMITS changes the defaults: "call_seconds=5,memory_mb=800"."""

    call_seconds: float = 10.0  # wall clock of one message: a call, many calls, many draws
    load_seconds: float = 10.0  # wall clock of one cell
    submission_seconds: float = 60.0  # wall clock of everything a submission does
    memory_mb: int = 1024  # address space of a candidate, NumPy's 120 MB included; it cannot have children
    answer_mb: int = 64  # arrays in one reply
    restarts: int = 12  # new processes after a crash or a timeout

    @classmethod
    def chosen(cls) -> Limits:
        """The limits that the environment asks for. Raises Unavailable when it names none or no number."""
        text = os.environ.get("AUTOGRADER_LIMITS", "")
        kinds = {f.name: type(f.default) for f in fields(cls)}
        try:
            pairs = [part.split("=") for part in text.split(",") if part.strip()]
            return cls(**{name.strip(): kinds[name.strip()](value) for name, value in pairs})
        except (ValueError, KeyError):
            names = ", ".join(kinds)
            raise Unavailable(f"AUTOGRADER_LIMITS={text!r} is not a list of name=number; names: {names}.") from None


class Zygote:
    """A process with Python and NumPy loaded that forks candidates on request. It never runs student code."""

    def __init__(self, command: list[str], environment: dict[str, str], uid: int = 0):
        self.control, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the process)
        try:
            self._process = subprocess.Popen(
                [*command, str(uid), SEAL], stdin=theirs, stdout=subprocess.DEVNULL, stderr=self._errors,
                env=environment, cwd="/", start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise Unavailable(str(error)) from None
        finally:
            theirs.close()
        self.sealed: bool | None = None  # known when it has said that it is ready

    def wait(self) -> None:
        """Until it is ready. Raises Unavailable with what it wrote to standard error."""
        if self.sealed is None:
            try:
                self.sealed = self._receive()["sealed"]
            except (OSError, ValueError) as error:
                self.close()
                self._errors.seek(0)
                said = self._errors.read().decode(errors="replace").strip().splitlines()
                raise Unavailable(said[-1] if said else f"{type(error).__name__}: {error}") from None

    def request(self, ask: dict, *descriptors: int) -> dict:
        """One request, one reply. Raises OSError or ValueError when the zygote is gone."""
        socket.send_fds(self.control, [json.dumps(ask).encode()], descriptors)
        return self._receive()

    def _receive(self) -> dict:
        self.control.settimeout(START_SECONDS)
        return json.loads(self.control.recv(4096))

    def close(self) -> None:
        """End it and every candidate of it."""
        self.control.close()  # it sees the end of its socket, kills its children and goes
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Connection:
    """A running candidate: its socket, and the way to end it."""

    def __init__(self, zygote: Zygote, limits: Limits):
        self._zygote = zygote
        self.socket, theirs = socket.socketpair()
        with theirs:
            settings = {
                "memory": limits.memory_mb << 20,
                "seconds": int(limits.submission_seconds) + 5,
                "answer": limits.answer_mb << 20,
            }
            self._pid = zygote.request(settings, theirs.fileno())["pid"]

    def end(self, grace: float = 0.0) -> int | None:
        """End the candidate and leave nothing; its exit code (negative: the signal), None if it was killed here."""
        self.socket.close()
        code = None
        with contextlib.suppress(OSError, ValueError):
            code = self._zygote.request({"end": self._pid, "grace": grace})["ended"]
        if not self._zygote.sealed:
            self._zygote.close()
        return code


class Sandbox:
    """Gives out candidates. Use it in one thread; a forked process makes its own."""

    def __init__(self, isolation: str = "auto"):
        self._auto = isolation == "auto"
        self._mode = "bubblewrap" if isolation == "bubblewrap" or (self._auto and shutil.which("bwrap")) else "process"
        if isolation == "bubblewrap" and not shutil.which("bwrap"):
            raise Unavailable(f"bubblewrap is not installed. {INSTALL}")
        if self._auto and self._mode == "process":
            _warn("bubblewrap is not installed")
        self._owner = os.getpid()
        self._zygote: Zygote | None = self._start()
        if isolation == "bubblewrap":
            self._ready()

    @property
    def isolation(self) -> str:
        """bubblewrap or process: what candidates really run in."""
        self._ready()
        return self._mode

    def candidate(self, limits: Limits) -> Connection:
        """A new candidate, ready to be asked. Raises Unavailable when none can be started."""
        for _ in range(2):
            zygote = self._ready()
            try:
                connection = Connection(zygote, limits)
            except (OSError, ValueError):  # the zygote was killed from outside
                zygote.close()
                self._zygote = None
                continue
            if not zygote.sealed:  # what this candidate does to the zygote must not reach the next
                self._zygote = None
            return connection
        raise Unavailable("The process that starts candidates was killed twice.")

    def close(self) -> None:
        if self._zygote is not None and self._owner == os.getpid():
            self._zygote.close()
        self._zygote = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> Zygote:
        return bubblewrap_zygote() if self._mode == "bubblewrap" else process_zygote()

    def _ready(self) -> Zygote:
        if self._zygote is None or self._owner != os.getpid():
            self._zygote, self._owner = self._start(), os.getpid()
        try:
            self._zygote.wait()
        except Unavailable as why:
            self._zygote = None
            if not (self._auto and self._mode == "bubblewrap"):
                raise Unavailable(f"{self._mode} isolation does not work here: {why}. {INSTALL}") from None
            _warn(f"bubblewrap does not work here ({why})")
            self._mode, self._zygote = "process", process_zygote()
            self._zygote.wait()
        return self._zygote


def open(isolation: str = "auto") -> Sandbox:
    """A sandbox by name: auto, bubblewrap or process. Raises Unavailable when bubblewrap is asked for and not there."""
    return Sandbox(isolation)


def _warn(why: str) -> None:
    global _warned
    if not _warned:
        logging.getLogger("autograder").warning("%s: grading in plain processes. See docs/security.md.", why)
    _warned = True


# ---- The two ways to start a zygote ----


def process_zygote() -> Zygote:
    """A plain process with an empty environment, an unprivileged user when we are root."""
    site = Path(np.__file__).parent.parent
    return Zygote([_python(), *FLAGS, str(CANDIDATE)], {**ENVIRONMENT, "PYTHONPATH": str(site)}, _spare_uid())


def bubblewrap_zygote() -> Zygote:
    """All namespaces, and a root of its own that holds Python, NumPy, candidate.py and an empty /tmp."""
    uid, library = _spare_uid(), f"{sys.platlibdir}/python{sys.version_info.major}.{sys.version_info.minor}"
    numpy = Path(np.__file__).parent
    binds = {_python(): "/python/bin/python", sysconfig.get_path("stdlib"): f"/python/{library}"}
    binds |= {str(numpy): "/site/numpy", str(CANDIDATE): "/candidate.py"}
    if numpy.with_name("numpy.libs").is_dir():
        binds[str(numpy.with_name("numpy.libs"))] = "/site/numpy.libs"
    namespaces = "--unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup-try --hostname none"
    command = [
        shutil.which("bwrap") or "bwrap",
        *namespaces.split(),
        *["--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL"],
    ]
    if uid:  # as root: no user namespace, which could map only root; become an unprivileged user inside instead
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_DAC_READ_SEARCH"]
    else:
        command += ["--unshare-user"] + (["--disable-userns"] if "--disable-userns" in _bwrap_help() else [])
    for source, target in {**_libraries(), **binds}.items():
        command += ["--ro-bind", source, target]
    if Path(sysconfig.get_path("stdlib"), "site-packages").is_dir():
        command += ["--tmpfs", f"/python/{library}/site-packages"]
    command += ["--perms", "1777", "--size", str(16 << 20), "--tmpfs", "/tmp", "--remount-ro", "/"]
    environment = {**ENVIRONMENT, "PYTHONPATH": "/site", "PYTHONHOME": "/python", "LD_LIBRARY_PATH": "/libraries"}
    return Zygote([*command, "/python/bin/python", *FLAGS, "/candidate.py"], environment, uid)


def _python() -> str:
    """The interpreter itself, not a virtual environment's link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def _spare_uid() -> int:
    """A user id that nobody has, another for each zygote, when we are root; else 0, for staying who we are."""
    if os.geteuid() != 0:
        return 0
    mapped = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()] if LINUX else []
    if any(int(first) + int(length) > 2**31 for first, _, length in mapped):
        return 2_000_000_000 + os.getpid() * 16 + next(_started) % 16
    return 60_000 + (os.getpid() * 16 + next(_started)) % 5000  # a container with few ids


@cache
def _bwrap_help() -> str:
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


@cache
def _libraries() -> dict[str, str]:
    """Shared libraries that Python and NumPy load, and the loader: where each is here -> where it goes inside."""
    modules = Path(sysconfig.get_path("stdlib"), "lib-dynload")
    wanted = [_python(), *Path(np.__file__).parent.glob("*/*_umath*.so")]
    wanted += [str(path) for name in ("_ctypes", "_hashlib", "zlib", "_uuid") for path in modules.glob(f"{name}.*so")]
    listed = subprocess.run(["ldd", *wanted], capture_output=True, text=True).stdout
    found = {path: f"/libraries/{name}" for name, path in re.findall(r"^\s*(\S+) => (/\S+) \(0x", listed, re.M)}
    return found | {path: path for path in re.findall(r"^\s*(/\S+) \(0x", listed, re.M)}
