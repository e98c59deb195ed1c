"""Proxies: a student's function over there, callable here.

`Candidate` runs a submission's cells in a candidate process and asks it for results. Nothing the candidate sends is
trusted: typed arrays and scalars of bounded size, texts of bounded length, an answer only to the question just asked.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from gptkit.checks.core import Check, Failed, token_id

from autograder.sandbox import replies as hearsay
from autograder.sandbox.candidate import Malformed, pack, receive
from autograder.sandbox.isolation import Limits, Sandbox, Unavailable

SLOW = "Is there a Python loop that a single NumPy operation could replace?"
PRINTED = 4000  # characters of a submission's output that are kept
NOTES = 50
SOURCE = 80_000  # characters of one cell


class Ended(Exception):
    """The candidate is gone: `status` is crashed or timeout, the text completes "softmax ..."."""

    def __init__(self, words: str, status: str = "crashed"):
        super().__init__(words)
        self.status = status


class Candidate:
    """A submission at work. Use it as a context manager; what it did wrong while loading is in `notes`.

    cells: (source, where) pairs, run in order; `where` is a word for messages, the grade_id of a solution cell.
    A cell that ends or hangs the process is left out, and the others are run again in a new one.
    """

    def __init__(self, sandbox: Sandbox, cells: Iterable[tuple[str, str]], limits: Limits | None = None):
        self.limits = limits or Limits()
        self.secret = False  # while True, no word chosen by the student gets into a message: see `guarded`
        self._helped = False
        self.printed = ""
        self._sandbox, self._cells = sandbox, list(cells)
        self._noted: list[list[Failed]] = [[] for _ in self._cells]
        self._left_out: set[int] = set()
        self._connection = None
        self._starts, self._spent = 0, 0.0

    def __enter__(self) -> Candidate:
        with contextlib.suppress(Ended):  # every question will say so
            self._load()
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    @property
    def notes(self) -> list[str]:
        """What went wrong while the cells ran, a sentence each."""
        return [note.fact for notes in self._noted for note in notes][:NOTES]

    def function(self, name: str) -> Proxy:
        """The student's function of that name, as a check calls it, whether it exists or not."""
        return Proxy(self, name)

    def guarded(self, check: Check) -> Check:
        """The check, run so that no message can carry hidden inputs or a helper back to the student who reads it."""

        def test(*args: Any) -> None:
            self.secret = check.hidden or self._helped
            try:
                check.test(*args)
            finally:
                self.secret = False

        return replace(check, test=test)

    def define(self, source: str, where: str = "helper") -> None:
        """Run source of the grader's own in the candidate, after the cells, also when it has to be started again."""
        self._helped = True
        self._cells.append((source, where))
        self._noted.append([])
        if self._connection is not None:
            self._run(len(self._cells) - 1)

    # ---- Asking ----

    def ask(self, name: str, request: dict, values: list) -> tuple[dict, list]:
        """One question about the function `name`. Raises Failed for everything that is not an answer."""
        try:
            if self._connection is None:
                self._load()
            reply, results = self._exchange({**request, "name": name}, values, self.limits.call_seconds)
        except Ended as why:
            question = SLOW if why.status == "timeout" else None
            raise Failed(f"{name} {why}.", question, status=why.status) from None
        if "undefined" in reply:
            raise self._absent(name, reply["undefined"] is True)
        if "large" in reply:
            raise Failed(f"{name} returned more than {self.limits.answer_mb} MB.", status="error")
        if "raised" in reply:
            raise hearsay.raised(reply["raised"], name, self._cells, self.secret)
        return reply, results

    def _exchange(self, request: dict, values: list, seconds: float) -> tuple[dict, list]:
        """Send a request and receive its reply. Raises Ended, with the process gone, when that does not work."""
        left = self.limits.submission_seconds - self._spent
        if left <= 0:
            raise self._gone(self._used_up)
        nonce, wire, began = secrets.token_hex(8), self._connection.socket, time.monotonic()
        until = began + min(seconds, left)

        def read(n: int) -> bytearray:
            buffer = bytearray(n)
            view = memoryview(buffer)
            while view:
                wire.settimeout(max(until - time.monotonic(), 1e-3))
                got = wire.recv_into(view)
                if not got:
                    raise ConnectionResetError
                view = view[got:]
            return buffer

        try:
            wire.settimeout(until - began)
            wire.sendall(pack({**request, "id": nonce}, values))
            reply, results, _ = receive(read, self.limits.answer_mb << 20, partial(hearsay.foreign, secret=self.secret))
            if reply.get("id") != nonce:
                raise Malformed("not the reply to this request")
        except TimeoutError:
            raise self._gone(f"took longer than {seconds:g} seconds") from None
        except Malformed:
            self._hang_up()
            raise Ended("sent something that is not an answer") from None
        except OSError:
            raise Ended(hearsay.ending(self._hang_up(grace=0.2), self.secret)) from None
        finally:
            self._spent += time.monotonic() - began
        if not self.secret:
            self.printed += hearsay.plain(reply.get("printed"), PRINTED - len(self.printed), keep="\n\t")
        return reply, results

    @property
    def _used_up(self) -> str:
        return f"was not run: the submission's {self.limits.submission_seconds:g} seconds were used up"

    def _gone(self, words: str) -> Ended:
        self._hang_up()
        return Ended(words, "timeout")

    # ---- Loading ----

    def _load(self) -> None:
        """Start a process and run the cells; a cell that ends it is left out, and all is begun again."""
        while self._connection is None:
            if self._spent >= self.limits.submission_seconds:
                raise Ended(self._used_up, "timeout")
            if self._starts > self.limits.restarts:
                raise Ended("was not run: this submission ended its process too often")
            self._starts += 1
            try:
                self._connection = self._sandbox.candidate(self.limits)
            except Unavailable as why:
                raise Ended(f"was not run: {why}") from None
            for i in range(len(self._cells)):
                if i not in self._left_out and not self._run(i):
                    break

    def _run(self, i: int) -> bool:
        """Run a cell and note what it raised; False when the process is gone, and the cell left out from now on."""
        source, where = self._cells[i]
        if len(source) > SOURCE:
            self._noted[i] = [
                Failed(f"{hearsay.cell(where)} is longer than {SOURCE} characters and was not run.", status="error")
            ]
            return True
        try:
            reply, _ = self._exchange({"do": "run", "source": source, "cell": i}, [], self.limits.load_seconds)
        except Ended as why:
            self._left_out.add(i)
            self._noted[i] = [Failed(f"{hearsay.cell(where)} {why}.", status=why.status)]
            return False
        self._noted[i] = [
            hearsay.raised(error, hearsay.cell(where), self._cells, self.secret)
            for error in hearsay.items(reply.get("errors"))
        ]
        return True

    def _absent(self, name: str, undefined: bool) -> Failed:
        """Why there is no such function: the note on the cell that was to define it, if there is one."""
        if not undefined:
            return Failed(f"{name} is not a function.", status="missing")
        defines = re.compile(rf"^[ \t]*(def\s+{re.escape(name)}\b|{re.escape(name)}\s*=)", re.M)
        for (source, _), notes in zip(self._cells, self._noted, strict=True):
            if notes and defines.search(source):
                note = notes[0]
                fact = f"{name} is not defined. {note.fact}"
                return Failed(fact, status=note.status, error=note.error, about=note.about)
        return Failed(f"{name} is not defined.", status="missing")

    def _hang_up(self, grace: float = 0.0) -> int | None:
        connection, self._connection = self._connection, None
        return connection.end(grace) if connection is not None else None


@dataclass
class Proxy:
    """A student's function behind the `Student` interface of gptkit.checks.core; raises Failed as that does."""

    candidate: Candidate
    name: str
    changed: set[int] = field(default_factory=set)

    def __call__(self, *args: Any) -> Any:
        return self.many([args])[0]

    def many(self, calls: Iterable[tuple]) -> list[Any]:
        """Many calls in one message."""
        calls = [tuple(args) for args in calls]
        request = {"do": "call", "counts": [len(args) for args in calls]}
        return self._ask(request, [value for args in calls for value in args], len(calls))

    def draws(self, *args: Any, seed: int, times: int) -> np.ndarray:
        """`times` calls with one Generator, made from `seed` over there; [times] int64."""
        (drawn,) = self._ask({"do": "draws", "seed": seed, "times": times}, list(args), 1)
        if isinstance(drawn, np.ndarray) and drawn.dtype == np.int64 and drawn.shape == (times,):
            return drawn
        token_id(drawn)  # says what is wrong with it
        raise Failed(f"{self.name} returned a token id that is no index.")

    def parameters(self) -> list[tuple[str, bool]] | None:
        """The function's positional parameters; None where no word chosen by the student may get into a message."""
        if self.candidate.secret:
            return None
        reply, _ = self.candidate.ask(self.name, {"do": "parameters"}, [])
        return hearsay.parameters(reply.get("parameters"))

    def _ask(self, request: dict, values: list, expected: int) -> list:
        for value in values:
            if not (value is None or isinstance(value, bool | int | float | np.ndarray | np.generic)):
                raise TypeError(f"a {type(value).__name__} does not cross to the candidate")
        reply, results = self.candidate.ask(self.name, request, values)
        if len(results) != expected:
            self.candidate._hang_up()
            raise Failed(f"{self.name} sent something that is not an answer.", status="crashed")
        self.changed.update(i for i in hearsay.items(reply.get("changed")) if type(i) is int and 0 <= i < len(values))
        return results
