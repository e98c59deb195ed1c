"""How a candidate is started and held: inside bubblewrap where it works, else as a plain process; under limits in both.

One warm process (zygote.py) is started per sandbox; each candidate is a fork of it that has locked itself in before it
reads student code.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import socket
from typing import TYPE_CHECKING

from autograder.sandbox.zygote import Lost, Unavailable, Zygote, bubblewrap_zygote, process_zygote

if TYPE_CHECKING:
    from autograder.settings import Limits

INSTALL = "Install it (Debian, Ubuntu: apt install bubblewrap), or grade with --isolation process."
_warned = False


class Connection:
    """A running candidate: its socket, and the way to end it."""

    def __init__(self, zygote: Zygote, limits: Limits):
        self._zygote, self.sealed = zygote, bool(zygote.sealed)
        self.socket, theirs = socket.socketpair()
        with theirs:
            settings = {
                "memory": limits.memory_mb << 20,
                "seconds": int(limits.submission_seconds) + 5,
                "answer": limits.answer_mb << 20,
            }
            self._pid = zygote.request(settings, theirs.fileno())["pid"]

    def end(self, grace: float = 0.0) -> int | None:
        """End the candidate and leave nothing; its exit code (negative: the signal), None if it was killed here.

        Raises Lost when the zygote is gone. Where no seal could be installed, student code may have ended it: None.
        """
        # Closing the wire is how a candidate learns that it is no longer needed.
        self.socket.close()
        if self.sealed:
            return self._zygote.request({"end": self._pid, "grace": grace})["ended"]
        # Without a seal, student code may have forged what the zygote says, or killed it: nothing it says is needed.
        code = None
        with contextlib.suppress(Lost):
            code = self._zygote.request({"end": self._pid, "grace": grace})["ended"]
        self._zygote.close()
        return code


class Sandbox:
    """Gives out candidates. Use it in one thread; a forked process makes its own.

    There are two zygotes, one that has the usual modules and one that has everything. Each is started when it is first
    needed (a class whose verdicts are all kept needs none), the first also by `start`.
    """

    def __init__(self, isolation: str = "auto"):
        self._auto = isolation == "auto"
        self._mode = "bubblewrap" if isolation == "bubblewrap" or (self._auto and shutil.which("bwrap")) else "process"
        if isolation == "bubblewrap" and not shutil.which("bwrap"):
            raise Unavailable(f"bubblewrap is not installed. {INSTALL}")
        self._without = "bubblewrap is not installed" if self._auto and self._mode == "process" else ""
        self._owner = os.getpid()
        self._zygotes: dict[bool, Zygote] = {}  # by whether everything is loaded
        if isolation == "bubblewrap":
            self._ready()

    @property
    def isolation(self) -> str:
        """bubblewrap or process: what candidates really run in. Starts the zygote to find out."""
        self._ready()
        return self._mode

    @property
    def mode(self) -> str:
        """bubblewrap or process, as far as it is known without starting anything."""
        return self._mode

    def candidate(self, limits: Limits, everything: bool = True) -> Connection:
        """A new candidate, ready to be asked. Raises Unavailable when none can be started."""
        # Once more with a new zygote: an administrator or the kernel may have ended the first.
        for _ in range(2):
            zygote = self._ready(everything)
            try:
                connection = Connection(zygote, limits)
            except (Lost, OSError):  # the zygote was ended or stopped from outside
                zygote.close(grace=0)
                del self._zygotes[everything]
                continue
            if not zygote.sealed:  # what this candidate does to the zygote must not reach the next
                del self._zygotes[everything]
            return connection
        raise Unavailable("The process that starts candidates was ended twice from outside. Grade again.")

    def close(self) -> None:
        for zygote in self._zygotes.values() if self._owner == os.getpid() else ():
            zygote.close()
        self._zygotes = {}

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, everything: bool = False) -> Zygote:
        """A zygote, started but not waited for: it loads NumPy while the caller does something else.

        Raises Unavailable when it cannot be started.
        """
        # After a fork the parent still uses the control socket: two users of one would get each other's replies.
        if self._owner != os.getpid():
            self._zygotes, self._owner = {}, os.getpid()
        if everything not in self._zygotes:
            make = bubblewrap_zygote if self._mode == "bubblewrap" else process_zygote
            try:
                self._zygotes[everything] = make(everything)
            except OSError as why:  # no such program, or none that runs here: bwrap, ldd, Python itself
                self._fall_back(why)
                return self.start(everything)
        return self._zygotes[everything]

    def _ready(self, everything: bool = False) -> Zygote:
        zygote = self.start(everything)
        try:
            zygote.wait()
        except Unavailable as why:
            self._fall_back(why)
            return self._ready(everything)
        if self._without:  # said when it matters: nothing is wrong yet where a command ends for another reason
            warn(self._without)
        return zygote

    def _fall_back(self, why: Exception) -> None:
        """To plain processes, where `auto` finds that bubblewrap does not work. Raises Unavailable everywhere else."""
        self.close()
        if not (self._auto and self._mode == "bubblewrap"):
            advice = INSTALL if self._mode == "bubblewrap" else "See docs/security.md."
            raise Unavailable(f"{self._mode} isolation does not work here: {why}. {advice}") from None
        self._without, self._mode = f"bubblewrap does not work here ({why})", "process"


def warn(why: str) -> None:
    """Say once that there is one wall, not two; nothing more where `why` is empty, for another process has said it."""
    global _warned
    if why and not _warned:
        logging.getLogger("autograder").warning("%s: grading in plain processes. See docs/security.md.", why)
    _warned = True
