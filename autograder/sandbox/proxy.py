"""Proxies: a student's function over there, callable here.

`Candidate` runs a submission's cells in a candidate process and asks it for results. Nothing the candidate sends is
trusted: typed arrays and scalars of bounded size, texts of bounded length, an answer only to the question just asked.
"""

from __future__ import annotations

import contextlib
import difflib
import secrets
import signal
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from gptkit.checks.core import ENDS, Check, Failed, Memory, Status, token_id, too_slow

from autograder.sandbox import replies
from autograder.sandbox.candidate import LACKING, READY, Malformed, pack, receive
from autograder.sandbox.isolation import Connection, Sandbox
from autograder.sandbox.zygote import START_SECONDS, Lacking, Lost
from autograder.settings import Limits
from autograder.source_code import MAX_CELL, defined

PRINTED = 4000  # characters of a submission's output that are kept
NOTES = 50
ERRORS = 20  # of one cell; a candidate reports no more, but it may lie


class Ended(Exception):
    """The candidate is gone: `status` is crashed or timeout, the text completes "softmax ..."."""

    def __init__(self, words: str, status: Status = "crashed"):
        super().__init__(words)
        self.status = status


class Slow(Ended):
    """The candidate is gone because one call took longer than it may."""

    def __init__(self, seconds: float):
        super().__init__(f"took longer than {seconds:g} seconds", "timeout")
        self.seconds = seconds


@dataclass
class Clock:
    """What a submission's code has used of its seconds, in all the candidates that it was run in."""

    limit: float
    spent: float = 0.0
    reserved: float = 0.0  # for what is still to come: a slow function does not take its neighbours' time

    @property
    def left(self) -> float:
        return self.limit - self.reserved - self.spent


class Candidate:
    """A submission at work. Use it as a context manager; what it did wrong while loading is in `notes`.

    cells: (source, where) pairs, run in order; `where` is a word for messages, the grade_id of a solution cell.
    A cell that ends or hangs the process is left out, and the others are run again in a new one. Everything here raises
    Lost when it was not the student who ended the process; in a `second_look`, a kill is held to be the student's own.
    Without `everything`, the process has the usual modules, and Lacking is raised when the code wants another.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        cells: Iterable[tuple[str, str]],
        limits: Limits | None = None,
        clock: Clock | None = None,
        second_look: bool = False,
        everything: bool = True,
    ):
        self.limits, self._second_look, self._everything = limits or Limits(), second_look, everything
        self._clock = clock or Clock(self.limits.submission_seconds)
        self.secret = False  # while True, no word chosen by the student gets into a message: see `guarded`
        self._hidden = False  # while True, no place in their code does either
        self._saw = False  # whether this process has been asked anything hidden
        self._places: dict[str, tuple] = {}  # by function, where the first exception came from that was told openly
        self._helped = False
        self.printed = ""
        self._sandbox, self._cells = sandbox, list(cells)
        self._theirs = len(self._cells)  # what follows these is the grader's own: no message shows a line of it
        self._noted: list[list[Failed]] = [[] for _ in self._cells]
        self._left_out: set[int] = set()
        self._connection: Connection | None = None
        self._starts = 0

    def __enter__(self) -> Candidate:
        with contextlib.suppress(Ended):  # every question will say so
            self._load()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Lost):  # every answer is there already; the next candidate has another zygote
            self.hang_up()

    @property
    def notes(self) -> list[str]:
        """What went wrong while the cells ran, a sentence each."""
        return [note.fact for notes in self._noted for note in notes][:NOTES]

    def function(self, name: str) -> Proxy:
        """The student's function of that name, as a check calls it, whether it exists or not."""
        return Proxy(self, name)

    def guarded(self, check: Check) -> Check:
        """The check, run so that no message can carry hidden inputs or a helper back to the student who reads it.

        A process that has seen a hidden input could tell it in a visible check: that is asked in a new one.
        """

        def test(*args: Any) -> None:
            # Started anew, and not counted as a crash of theirs.
            if self._saw and not check.hidden and self._connection is not None:
                self.hang_up()
                self._starts -= 1
            self._hidden, self._saw = check.hidden, check.hidden
            self.secret = check.hidden or self._helped
            try:
                check.test(*args)
            finally:
                self.secret = self._hidden = False

        return replace(check, test=test)

    def define(self, source: str, where: str = "helper") -> None:
        """Run source of the grader's own in the candidate, after the cells, also when it has to be started again."""
        self._helped = True
        self._cells.append((source, where))
        self._noted.append([])
        if self._connection is not None:
            self._run(len(self._cells) - 1)

    # ---- Asking ----

    def ask(self, name: str, request: dict, values: list, expected: int = 0) -> tuple[dict, list]:
        """One question about the function `name`. Raises Failed for everything that is not so many answers at most."""
        try:
            if self._connection is None:
                self._load()
            reply, results = self._exchange({**request, "name": name}, values, self.limits.call_seconds, expected)
        except Slow as why:
            raise too_slow(name, why.seconds) from None
        except Ended as why:
            raise Failed(f"{name} {why}.", status=why.status) from None
        if "undefined" in reply:
            raise self._absent(name, reply["undefined"] is True)
        if "large" in reply:
            raise Failed(f"{name} returned more than {self.limits.answer_mb} MB.", status="error")
        return reply, results

    def raised(self, error: Any, name: str) -> Failed:
        """What is said of an exception. A line could carry a hidden input out, if the student chooses it by that input.

        So a hidden check names only the place that a visible check of the same function has named already.
        """
        place = replies.place(error)
        if self._hidden and self._places.get(name) != place:
            return Failed(f"{name} raised an exception, in a line that a hidden check does not tell.", status="error")
        self._places.setdefault(name, place)
        error = {**error, "text": ""} if self._hidden else error
        with self._counted():
            return replies.raised(error, name, self._cells[: self._theirs], self.secret)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """What is done inside is work that a reply made for the grader: it counts as the submission's own."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._clock.spent += time.monotonic() - began

    def _exchange(self, request: dict, values: list, seconds: float, expected: int = 0) -> tuple[dict, list]:
        """Send a request and receive its reply. Raises Ended, with the process gone, when that does not work."""
        assert self._connection is not None
        if self._clock.left <= 0:
            raise self._gone(self._used_up)
        # A number that only this request has: what a candidate prepared beforehand is no answer to it.
        nonce, wire, began = secrets.token_hex(8), self._connection.socket, time.monotonic()
        until = began + min(seconds, self._clock.left)
        foreign = partial(replies.foreign, secret=self.secret)
        try:
            wire.settimeout(until - began)
            wire.sendall(pack({**request, "id": nonce}, values))
            reply: dict = {"working": True}
            while reply.get("working") is True:  # another call has come back, and the next one has its own time
                until = min(time.monotonic() + seconds, began + self._clock.left)
                reply, results, _ = receive(partial(read, wire, until), self.limits.answer_mb << 20, foreign, expected)
            if reply.get("id") != nonce:
                raise Malformed("not the reply to this request")
        except TimeoutError:
            self.hang_up()
            if time.monotonic() - began >= self._clock.left:
                raise Ended("used up the seconds that a submission has", "timeout") from None
            raise Slow(seconds) from None
        except Malformed:
            self.hang_up()
            raise Ended("sent something that is not an answer") from None
        except OSError:
            raise self._ended(self.hang_up(grace=0.2)) from None
        finally:
            self._clock.spent += time.monotonic() - began
        if not self.secret:
            self.printed += replies.plain(reply.get("printed"), PRINTED - len(self.printed), keep="\n\t")
        return reply, results

    def _ended(self, code: int | None) -> Ended:
        """What to say of a process that hung up. Raises Lost when it may have been killed from outside, and Lacking."""
        if code == LACKING and not self._everything:
            raise Lacking("The submission's code wants a module that is not loaded.")
        if code == -signal.SIGKILL and self._clock.left > 0 and not self._second_look:
            # The machine out of memory, an administrator, or student code that kills itself: asked again, it shows.
            raise Lost("A process with student code was killed. Is there enough memory?")
        return Ended(replies.ending(code, self.secret))

    @property
    def _used_up(self) -> str:
        return f"was not run: the {self._clock.limit:g} seconds of this submission were used up"

    def _gone(self, words: str) -> Ended:
        self.hang_up()
        return Ended(words, "timeout")

    # ---- Loading ----

    def _load(self) -> None:
        """Start a process and run the cells; a cell that ends it is left out, and all is begun again."""
        while self._connection is None:
            if self._clock.left <= 0:
                raise Ended(self._used_up, "timeout")
            if self._starts > self.limits.restarts:
                raise Ended("was not run: this submission ended its process too often")
            self._starts += 1
            self._connection = self._sandbox.candidate(self.limits, self._everything)
            self._greet(self._connection.socket)
            for i in range(len(self._cells)):
                if i not in self._left_out and not self._run(i):
                    break

    def _greet(self, wire: socket.socket) -> None:
        """Wait until the new process says that it is locked in and has not run student code yet. Raises Lost."""
        try:
            hello, _, _ = receive(partial(read, wire, time.monotonic() + START_SECONDS), 0)
            if hello.get("id") == READY:
                return
        except (OSError, Malformed):
            pass
        self.hang_up()
        raise Lost(f"A process for student code ended before it ran any: is {self.limits.memory_mb} MB enough for it?")

    def _run(self, i: int) -> bool:
        """Run a cell and note what it raised; False when the process is gone, and the cell left out from now on."""
        source, where = self._cells[i]
        if len(source) > MAX_CELL:
            self._noted[i] = [
                Failed(f"{replies.cell(where)} is longer than {MAX_CELL} characters and was not run.", status="error")
            ]
            return True
        try:
            reply, _ = self._exchange({"do": "run", "source": source, "cell": i}, [], self.limits.load_seconds)
        except Ended as why:
            self._left_out.add(i)
            self._noted[i] = [Failed(f"{replies.cell(where)} {why}.", status=why.status)]
            return False
        with self._counted():  # this process has not seen a hidden input yet
            self._noted[i] = [
                replies.raised(error, replies.cell(where), self._cells[: self._theirs], self._helped)
                for error in replies.items(reply.get("errors"))[:ERRORS]
            ]
        return True

    def _absent(self, name: str, undefined: bool) -> Failed:
        """Why there is no such function: the note on the cell that was to define it, if there is one."""
        if not undefined:
            return Failed(f"{name} is not a function.", status="missing")
        for (source, _), notes in zip(self._cells, self._noted, strict=True):
            if notes and name in defined(source):
                note = notes[0]
                fact = f"{name} is not defined. {note.fact}"
                return Failed(fact, status=note.status, error=note.error, about=note.about)
        # A name that is nearly the one asked for is worth a question: `Softmax`, `layernorm`.
        there = [known for source, _ in self._cells for known in defined(source)]
        alike = difflib.get_close_matches(name, there, 1, 0.8)
        question = f"A function {alike[0]} is there: is its name misspelt?" if alike else None
        return Failed(f"{name} is not defined.", question, status="missing")

    def hang_up(self, grace: float = 0.0) -> int | None:
        connection, self._connection = self._connection, None
        return connection.end(grace) if connection is not None else None


def read(wire: socket.socket, until: float, n: int) -> bytearray:
    """Exactly n bytes, before the clock says `until`. Raises TimeoutError, and OSError when the other side is gone."""
    buffer = bytearray(n)
    view = memoryview(buffer)
    while view:
        wire.settimeout(max(until - time.monotonic(), 1e-3))
        got = wire.recv_into(view)
        if not got:
            raise ConnectionResetError
        view = view[got:]
    return buffer


def answer(result: Any) -> Any:
    """A result, unless it is what came of an exception, which is raised."""
    if isinstance(result, Failed):
        raise result
    return result


@dataclass
class Proxy:
    """A student's function behind the `Student` interface of gptkit.checks.core; raises Failed as that does."""

    candidate: Candidate
    name: str
    changed: set[int] = field(default_factory=set)
    memory: Memory = field(default_factory=Memory)

    def __call__(self, *args: Any) -> Any:
        return self.many([args])[0]

    def many(self, calls: Iterable[tuple]) -> list[Any]:
        """Many calls in one message. Raises the Failed of the first that raised."""
        return [answer(result) for result in self.results(calls)]

    def results(self, calls: Iterable[tuple]) -> list[Any]:
        """Many calls in one message, with a Failed in place of each that raised. Raises one that says it is a stub."""
        found = self._ask([(tuple(args), ()) for args in calls])
        for result in found:
            if isinstance(result, Failed) and result.status in ENDS:
                raise result
        return found

    def draws(self, *args: Any, seed: int, times: int) -> np.ndarray:
        """`times` calls with one Generator, made from `seed` over there; [times] int64."""
        return self.many_draws([(args, seed, times)])[0]

    def many_draws(self, series: Iterable[tuple[tuple, int, int]]) -> list[np.ndarray]:
        """`draws` for each (args, seed, times), in one message."""
        series = list(series)
        found = self._ask([(args, (seed, times)) for args, seed, times in series])
        return [self._ids(answer(ids), times) for ids, (*_, times) in zip(found, series, strict=True)]

    def _ids(self, drawn: Any, times: int) -> np.ndarray:
        if isinstance(drawn, np.ndarray) and drawn.dtype == np.int64 and drawn.shape == (times,):
            return drawn
        token_id(drawn)  # says what is wrong with it
        raise Failed(f"{self.name} returned a token id that is no index.")

    def parameters(self) -> list[tuple[str, bool]] | None:
        """The function's positional parameters; None where no word chosen by the student may get into a message."""
        if self.candidate.secret:
            return None
        reply, _ = self.candidate.ask(self.name, {"do": "parameters"}, [])
        return replies.parameters(reply.get("parameters"))

    def _ask(self, calls: list[tuple[tuple, tuple]]) -> list:
        """What comes of each (args, further fields of the request), a Failed where that is an exception."""
        values = [value for args, _ in calls for value in args]
        # Only what `pack` can send: anything else here is a mistake of the check, not of the student.
        for value in values:
            if not (value is None or isinstance(value, bool | int | float | np.ndarray | np.generic)):
                raise TypeError(f"a {type(value).__name__} does not cross to the candidate")
        request = {"do": "call", "calls": [[len(args), *more] for args, more in calls]}
        reply, results = self.candidate.ask(self.name, request, values, len(calls))
        failed = replies.failed(reply.get("failed"), len(calls))
        if len(results) + len(failed) != len(calls):
            self.candidate.hang_up()
            raise Failed(f"{self.name} sent something that is not an answer.", status="crashed")
        # Positions, from a reply that may hold anything.
        changed = replies.items(reply.get("changed"))[: len(values)]
        self.changed.update(i for i in changed if type(i) is int and 0 <= i < len(values))
        came = iter(results)
        return [self.candidate.raised(failed[i], self.name) if i in failed else next(came) for i in range(len(calls))]
