"""The one file that runs beside student code: the wire, the lock, and the loop that calls the student's functions.

`zygote.py` starts it as a *zygote*: Python and NumPy loaded, no student code in it, ever. For each candidate the
zygote forks a child. The child gives up, for good, every file and every right but memory, clocks, one socket and its
own end, and only then reads what a student wrote. Standard library and NumPy only; the examiner imports the wire.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import ctypes
import gc
import inspect
import io
import json
import os
import pkgutil
import platform
import random
import re
import signal
import socket
import struct
import sys
import threading
import time
import types
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from importlib.machinery import BuiltinImporter, FrozenImporter
from pathlib import Path
from typing import Any

import numpy
from numpy import dtype, errstate, generic, ndarray
from numpy.random import default_rng

with contextlib.suppress(ImportError):  # not on Windows, where only the wire is used
    import resource

__builtins__ = dict(vars(builtins))  # type: ignore[assignment]  # what follows keeps these, whatever a student rebinds in the real modules
np = types.SimpleNamespace(**vars(numpy))

# ---- The wire: 4 bytes of length, a JSON header of at most HEADER_LIMIT bytes, then the arrays' raw bytes ----

HEADER_LIMIT = 1 << 20
MAX_NDIM = 8
AT_ONCE = 1 << 20  # bytes of arrays that are read in one go: a system call for each is most of what a message costs
DTYPES = {dtype(code).str: dtype(code).itemsize for code in "?bhilqBHILQefdFD"}
WIDER = {"f": dtype(np.float64), "c": dtype(np.complex128)}  # long doubles cross as doubles
LENGTH = struct.Struct(">I")
READY = "ready"  # the id of the first frame, which answers no request
LACKING = 72  # the exit code of a candidate that lacks a module of the standard library or of NumPy


class Malformed(Exception):
    """What came over the wire is not a message."""


def pack(message: dict, values: Iterable = ()) -> bytes:
    """One frame: the message's JSON fields, and values as typed scalars and arrays, or their type's name."""
    blobs: list[bytes] = []
    header = json.dumps({**message, "values": [describe(value, blobs) for value in values]}).encode()
    if len(header) > HEADER_LIMIT:
        raise ValueError("too much for one message")
    return b"".join([LENGTH.pack(len(header)), header, *blobs])


def describe(value: Any, blobs: list[bytes]) -> Any:
    """A value's entry in the header; the bytes of an array or NumPy scalar go to `blobs`."""
    kind = type(value)
    if kind is ndarray and value.dtype.str in DTYPES and value.ndim <= MAX_NDIM:  # most of all that crosses
        blobs.append(value.tobytes())
        return ["a", value.dtype.str, list(value.shape)]
    if value is None or kind is bool or (kind is int and -(2**63) <= value < 2**63):
        return value
    if kind is float:
        return ["f", value.hex()]
    if issubclass(kind, ndarray | generic):
        plain = ndarray.view(value, ndarray) if issubclass(kind, ndarray) else np.asarray(value)
        code = plain.dtype.str
        if code not in DTYPES:
            if plain.dtype.kind in WIDER and plain.dtype.itemsize > WIDER[plain.dtype.kind].itemsize:
                plain = plain.astype(WIDER[plain.dtype.kind])
            plain = plain.astype(plain.dtype.newbyteorder("="), copy=False)
            code = plain.dtype.str
        if code in DTYPES and plain.ndim <= MAX_NDIM:
            blobs.append(plain.tobytes())
            return ["a" if issubclass(kind, ndarray) else "s", code, list(plain.shape)]
    return ["?", name_of(kind)]


def name_of(kind: type) -> str:
    """A type's own name, whatever its metaclass says."""
    return type.__dict__["__name__"].__get__(kind)[:60]


def unpack(header: bytearray, limit: int, most: int = HEADER_LIMIT) -> tuple[dict, list[tuple[Any, int]]]:
    """Check a header: its fields, and each of at most `most` values with the number of raw bytes that belong to it."""
    try:
        message = json.loads(header)
        values = message.pop("values")
        if len(values) > most:
            raise ValueError("more values than were asked for")
        entries = [(entry, size_of(entry)) for entry in values]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Malformed(f"no header: {type(error).__name__}") from None
    if sum(size for _, size in entries) > limit:
        raise Malformed("more bytes than an answer may have")
    return message, entries


def size_of(entry: Any) -> int:
    """Bytes behind one entry. Raises ValueError when it is not one that `describe` makes."""
    if entry is None or type(entry) is bool or (type(entry) is int and -(2**63) <= entry < 2**64):
        return 0
    match entry:
        case ["f" | "?", str()]:
            return 0
        case ["a" | "s" as mark, str(kind), list(shape)] if len(shape) <= (MAX_NDIM if mark == "a" else 0):
            size = room = 1
            for n in shape:
                if type(n) is not int or n < 0:
                    raise ValueError("not a length")
                size, room = size * n, room * (n or 1)
            if kind in DTYPES and room < 2**40:
                return size * DTYPES[kind]
    raise ValueError("not an entry")


def restore(entry: Any, raw: bytearray, foreign: Callable[[str], object]) -> Any:
    """The value of a checked entry: a Python scalar, a NumPy scalar, an array on `raw`, or `foreign(name)`."""
    if not isinstance(entry, list):
        return entry
    if entry[0] == "f":
        return float.fromhex(entry[1])
    if entry[0] == "?":
        return foreign(re.sub(r"\W", "_", entry[1])[:60] or "object")
    array = ndarray(entry[2], entry[1], raw)
    if entry[1] == "|b1":  # a byte that is neither 0 nor 1 would be no boolean
        array[...] = array.view(np.uint8) != 0
    return array if entry[0] == "a" else array[()]


def receive(
    read: Callable[[int], bytearray],
    limit: int,
    foreign: Callable[[str], object] = str,
    most: int = HEADER_LIMIT,
) -> tuple[dict, list[Any], list[bytearray]]:
    """Read one frame with `read(n)`, which gives exactly n bytes: its fields, its values, their raw bytes.

    Raises Malformed for everything that `pack` does not make, for more than `limit` bytes of arrays or `most` values.
    """
    (length,) = LENGTH.unpack(read(LENGTH.size))
    if length > HEADER_LIMIT:
        raise Malformed("the header is too long")
    message, entries = unpack(read(length), limit, most)
    raw = bodies(read, [size for _, size in entries])
    try:
        values = [restore(entry, part, foreign) for (entry, _), part in zip(entries, raw, strict=True)]
    except (ValueError, OverflowError) as error:  # a shape that NumPy refuses, a float that is none
        raise Malformed(str(error)) from None
    return message, values, raw


def bodies(read: Callable[[int], bytearray], sizes: list[int]) -> list[bytearray]:
    """The raw bytes of each array: of small ones read together, then cut, so that each has memory of its own."""
    if sum(sizes) > AT_ONCE:
        return [read(size) for size in sizes]
    whole, parts, at = read(sum(sizes)), list[bytearray](), 0
    for size in sizes:
        parts.append(whole[at : at + size])
        at += size
    return parts


# ---- The child: runs cells, calls functions ----


class Printed(io.TextIOBase):
    """Standard output of student code: the first `room` characters are kept for the grader, the rest is dropped."""

    def __init__(self, room: int = 4000):
        self.room, self.parts = room, list[str]()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.room > 0:
            self.parts.append(text[: self.room])
            self.room -= len(text)
        return len(text)

    def take(self) -> str:
        text, self.parts = "".join(self.parts), []
        return text


class Rest:
    """Where only the usual modules are loaded, a candidate's last finder: it ends one that wants another.

    The examiner begins anew with a candidate that has everything. Few need that, and the usual is loaded and forked in
    half the time.
    """

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name.partition(".")[0] in IMPORTABLE:
            os._exit(LACKING)

    @classmethod
    def attribute(cls, package: str, parts: set[str], name: str) -> None:
        """A package's `__getattr__`: with everything loaded, `logging.handlers` is there after `import logging`."""
        if name in parts and cls in sys.meta_path:
            os._exit(LACKING)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")


def raised(error: BaseException, missing: dict[str, str]) -> dict:
    """An exception in the header's terms: its type, its text, and the last line of the student's it came through.

    `module`: the one that is not there, for an import or for a name in `missing`, which an import was to define.
    `function` and `stub`: which function raised, and whether it holds nothing but the line that did.
    """
    cell, line, function, step = -1, 0, None, error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename.startswith("<cell "):
            cell, line, function = int(code.co_filename[6:-1]), step.tb_lineno, code
        step = step.tb_next
    try:
        text = str(error.msg if isinstance(error, SyntaxError) else error)[:300]
    except BaseException:  # their own __str__
        text = ""
    if type(error) in (SyntaxError, IndentationError, TabError) and not line:
        line = getattr(error, "lineno", None) or 0
    described = {"type": name_of(type(error)), "text": text, "cell": cell, "line": line}
    name = getattr(error, "name", None) if type(error) in (ModuleNotFoundError, NameError) else None
    module = name if type(error) is ModuleNotFoundError else missing.get(name) if type(name) is str else None
    if type(module) is str:
        described["module"] = module[:60]
    if isinstance(error, OSError):  # what the lock refuses
        described["system"] = True
    if function is not None:
        stub = not {at for *_, at in function.co_lines() if at} - {function.co_firstlineno, line}
        described |= {"function": function.co_name[:60], "stub": stub}
    return described


class Runner:
    """A student's namespace, and what the examiner may ask of it."""

    def __init__(self, limit: int, working: Callable[[], None]):
        self.limit, self.flags, self.working = limit, 0, working  # `working`: say that another call has come back
        self.missing: dict[str, str] = {}  # name -> module, of imports that failed
        main = types.ModuleType("__main__")
        self.space = main.__dict__
        self.space.update(display=print)
        sys.modules["__main__"] = main

    def run(self, source: str, cell: int) -> list[dict]:
        """Run a cell statement by statement; what each of the first 20 failing ones raised."""
        name = f"<cell {cell}>"
        try:
            statements = ast.parse(source, name).body
        except BaseException as error:
            return [{**raised(error, {}), "cell": cell}]
        errors = []
        for statement in statements:
            try:
                code = compile(ast.Module([statement], []), name, "exec", self.flags, dont_inherit=True)
                self.flags |= code.co_flags & FUTURE
                exec(code, self.space)
            except BaseException as error:
                errors.append({**raised(error, self.missing), "cell": cell, "line": statement.lineno})
                if type(error) is ModuleNotFoundError and type(error.name) is str:
                    imports = [node for node in ast.walk(statement) if isinstance(node, ast.Import | ast.ImportFrom)]
                    names = [alias.asname or alias.name.split(".")[0] for node in imports for alias in node.names]
                    self.missing |= dict.fromkeys(names, error.name)
        return errors[:20]

    def call(self, function: Callable, args: list, raw: list[bytearray], changed: set[int], *rng: object) -> Any:
        """One call with its own copies of the arguments; which of them it changed is added to `changed`."""
        given = [ndarray.copy(arg) if isinstance(arg, ndarray) else arg for arg in args]
        with errstate(all="ignore"):  # as in the notebook's own checks
            result = function(*given, *rng)
        for i, (before, after) in enumerate(zip(args, given, strict=True)):
            if isinstance(before, ndarray) and not (
                before.shape == after.shape and before.dtype == after.dtype and after.tobytes() == raw[i]
            ):
                changed.add(i)
        return result

    def answer(self, ask: dict, values: list, raw: list[bytearray]) -> tuple[dict, list]:
        """The reply to one request, and the values that go with it."""
        if ask["do"] == "run":
            return {"errors": self.run(ask["source"], ask["cell"])}, []
        function = self.space.get(ask["name"])
        if not callable(function):
            return {"undefined": ask["name"] not in self.space}, []
        if ask["do"] == "parameters":
            return {"parameters": parameters(function)}, []
        at, changed, results, failed = 0, set[int](), [], []
        for i, (count, *draw) in enumerate(ask["calls"]):
            args, bytes_ = values[at : at + count], raw[at : at + count]
            at += count
            try:
                call = partial(self.call, function, args, bytes_, changed)
                results.append(self.draws(call, *draw) if draw else call())
            except BaseException as error:
                failed.append([i, raised(error, self.missing)])
            self.working()
        size = sum(result.nbytes for result in results if isinstance(result, ndarray))
        if size > self.limit:
            return {"large": size}, []
        return {"changed": sorted(changed), "failed": failed}, results

    def draws(self, call: Callable, seed: int, times: int) -> Any:
        """Call with one Generator again and again: [times] ids, or the first thing that is not an id."""
        rng, ids = default_rng(seed), np.empty(times, np.int64)
        for i in range(times):
            result = call(rng)
            self.working()
            whole = isinstance(result, int | np.integer) and not isinstance(result, bool)
            if not whole or not -(2**63) <= int(result) < 2**63:
                return result
            ids[i] = int(result)
        return ids


def parameters(function: Callable) -> list | None:
    """[name, required] of each positional parameter, None where there is no telling: as gptkit.checks.core has it."""
    try:
        listed = inspect.signature(function).parameters.values()
    except BaseException:  # their own __signature__
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in listed):
        return None
    return [[p.name, p.default is p.empty] for p in listed if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


FUTURE = 0
for _name in __import__("__future__").all_feature_names:
    FUTURE |= getattr(__import__("__future__"), _name).compiler_flag


def serve(wire: io.FileIO, limit: int) -> None:
    """Say that no student code has run yet (who ends before that is not ended by it), then answer requests."""
    ask: dict = {}
    printed, clock = Printed(), time.monotonic
    spoken = clock()

    def working() -> None:
        """Each call has its own time: between two slow ones the other side hears that the first came back."""
        nonlocal spoken
        if clock() - spoken > 0.5:
            spoken = clock()
            write(pack({"id": ask["id"], "working": True}))

    runner = Runner(limit, working)
    sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = printed  # type: ignore[misc, assignment]  # nothing else

    def read(n: int) -> bytearray:
        buffer = bytearray(n)
        view = memoryview(buffer)
        while view:
            got = wire.readinto(view)
            if not got:
                os._exit(0)
            view = view[got:]
        return buffer

    def write(frame: bytes) -> None:
        view = memoryview(frame)
        while view:
            view = view[wire.write(view) :]

    write(pack({"id": READY}))
    while True:
        ask, values, raw = receive(read, 1 << 40)
        spoken = clock()
        reply, results = runner.answer(ask, values, raw)
        write(pack({**reply, "id": ask["id"], "printed": printed.take()}, results))


# ---- The lock: what a child gives up before it reads anything a student wrote ----

# All that Python and NumPy need once everything is loaded and no file is to be opened. Each new thread calls rseq, or
# the C library gives up. The last three are restricted: clone makes threads only, kill and tgkill reach only itself.
CALLS = """
read write close mmap mprotect munmap brk mremap madvise rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
restart_syscall sched_yield nanosleep clock_gettime clock_getres clock_nanosleep gettimeofday getrusage times getpid
gettid futex sched_getaffinity getrandom exit exit_group rseq clone kill tgkill
"""
# The kernel's filter sees numbers, not names. They stand in Linux's own tables (x86_64: arch/x86/entry/syscalls;
# aarch64: include/uapi/asm-generic/unistd.h), here in the order of CALLS; a test compares them with the headers.
NUMBERS = {
    "x86_64": """
0 1 3 9 10 11 12 25 28 13 14 15 131
219 24 35 228 229 230 96 98 100 39
186 202 204 318 60 231 334 56 62 234
""",
    "aarch64": """
63 64 57 222 226 215 214 216 233 134 135 139 132
128 124 101 113 114 115 169 165 153 172
178 98 123 278 93 94 293 220 129 131
""",
}
ALLOWED = CALLS.split()
KERNEL = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # how the kernel names the machine to a filter
ABI = {machine: (KERNEL[machine], [int(number) for number in text.split()]) for machine, text in NUMBERS.items()}
CLONE3 = 435  # its flags lie where a filter cannot look; "not there" makes the C library fall back to clone
# What pthread_create asks of clone, and nothing else passes: VM FS FILES SIGHAND THREAD SYSVSEM SETTLS PARENT_SETTID
# CHILD_CLEARTID (linux/sched.h). All of it is shared, so it is one process still, with one memory and one end.
THREAD = 0x3D0F00
# What a filter may answer (linux/seccomp.h): let it pass, end the process, or fail with the error in the low bits.
ALLOW, KILLED, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
THREADS = 64  # at the same time: a pool of 32, Python's largest by itself, and room
PDEATHSIG, NO_NEW_PRIVS, SECCOMP = 1, 38, 22


def seal(threads: bool) -> bool:
    """Install the allow-list in the kernel: from here on no file, socket or process. False: not possible here.

    `threads`: whether new threads are allowed; the limit on their number is a resource limit's, not the filter's.
    """
    if sys.platform != "linux" or platform.machine() not in ABI or sys.maxsize < 2**32:
        return False
    machine, numbers = ABI[platform.machine()]
    # Classic BPF, four fields a step: the operation, how far to jump when it is true, when it is false, and a number.
    # The data that it reads is struct seccomp_data: the call's number at 0, the machine at 4, the first argument at 16.
    load, equal, end = 0x20, 0x15, 0x06  # load a word, jump if equal, return
    refuse = (end, 0, 0, ERRNO | EPERM)
    program = [(load, 0, 0, 4), (equal, 1, 0, machine), (end, 0, 0, KILLED), (load, 0, 0, 0)]  # no other ABI
    # Each allowed call: one comparison, one return. The first of them, read and write, are the frequent ones.
    for number in numbers[:-3]:
        program += [(equal, 0, 1, number), (end, 0, 0, ALLOW)]
    only = {numbers[-3]: THREAD} if threads else {}
    # kill and tgkill may reach this process alone: Python ends itself that way, and nobody else may be ended.
    for number, argument in (only | dict.fromkeys(numbers[-2:], os.getpid())).items():
        program += [(equal, 0, 4, number), (load, 0, 0, 16), (equal, 0, 1, argument), (end, 0, 0, ALLOW), refuse]
    program += [(equal, 0, 1, CLONE3), (end, 0, 0, ERRNO | ENOSYS), refuse]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    holder = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code)))
    # Without NO_NEW_PRIVS the kernel lets only root install a filter.
    return prctl(NO_NEW_PRIVS, 1) == 0 and prctl(SECCOMP, 2, ctypes.addressof(holder)) == 0


def prctl(*words: int) -> int:
    """Linux's prctl; 0 when it worked."""
    call = ctypes.CDLL(None).prctl
    call.argtypes = [ctypes.c_ulong] * 5
    return call(*words, *[0] * (5 - len(words)))


def limit(memory: int, seconds: int, tasks: int) -> None:
    """Resource limits: no file, no core; so much memory and processor time, so many threads and processes of this user.

    They hold without a seal, too.
    """
    bounds = {"AS": memory, "CPU": seconds, "NPROC": tasks, "CORE": 0, "FSIZE": 0, "NOFILE": 0, "MEMLOCK": 0}
    bounds["MSGQUEUE"] = 0
    for name, bound in bounds.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):  # macOS lacks some
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (bound, bound))


def child(settings: dict) -> None:
    """A fresh candidate, right after the fork: its wire is descriptor 3. Gives up everything else, then serves."""
    if sys.platform == "linux":
        prctl(PDEATHSIG, signal.SIGKILL)
    # Descriptor 3 is the wire; every other one, the zygote's control socket first of all, is closed.
    os.closerange(4, 4096)
    wire = io.FileIO(3, "r+")
    sys.argv, sys.orig_argv, sys.path, sys.meta_path = [""], [""], [], [BuiltinImporter, FrozenImporter]
    if not settings["everything"]:
        sys.meta_path.append(Rest)  # type: ignore[arg-type]
    random.seed(0)  # a second run gives the same scores
    numpy.random.seed(0)
    # Without a seal one limit stands for both: no process, and so no thread.
    threads = settings["threads"]
    limit(settings["memory"], settings["seconds"], tasks_of_this_user() + threads if threads else 0)
    if settings["sealed"] and not seal(bool(threads)):
        os._exit(71)
    serve(wire, settings["answer"])


# ---- The zygote ----

IMPORTABLE = {*sys.stdlib_module_names, "numpy"}
# Beside what NumPy and this file import: what students' code uses now and then.
USUAL = """
cmath concurrent.futures.thread copy dataclasses decimal fractions logging pprint queue statistics timeit unicodedata
"""
# No use without windows, a terminal, processes or servers, or no part of a program.
LEFT_OUT = """
antigravity asynchat asyncore cgi cgitb conftest crypt curses distutils ensurepip idlelib lib2to3 mypy_plugin nis
ossaudiodev pip popen_spawn_win32 pty pydoc_data readline smtpd socketserver spwd test testmock tests this tkinter tty
turtle turtledemo venv wsgiref xmlrpc
"""


def preload(everything: bool) -> None:
    """Import what works without files, all of NumPy and the standard library or the usual: the lock allows no file."""
    if not everything:
        for name in USUAL.split():
            import_module(name)
        for package, module in list(sys.modules.items()):
            known = {part.name for part in pkgutil.iter_modules(getattr(module, "__path__", ()))}
            if known and "__getattr__" not in vars(module):  # one that has its own imports what is asked for
                module.__getattr__ = partial(Rest.attribute, package, known)  # type: ignore[method-assign]
        return
    left_out = set(LEFT_OUT.split())
    pending = ["numpy", *(name for name in sys.stdlib_module_names if name not in left_out)]
    while pending:
        name = pending.pop()
        try:
            module = import_module(name)
        except Exception:  # of another system
            continue
        parts = [part.name for part in pkgutil.iter_modules(getattr(module, "__path__", ()))]
        pending += [f"{name}.{part}" for part in parts if not part.startswith("_") and part not in left_out]
    for name in numpy.__all__:  # some are loaded when they are first asked for, as `from numpy import *` does
        getattr(numpy, name)


def holds(test: Callable[[], bool]) -> bool:
    """Try something in a process of its own."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1] == 0
    try:
        os._exit(0 if test() else 1)
    finally:
        os._exit(1)


def seals() -> bool:
    """Behind the seal, is a file refused, and does arithmetic still work?"""
    sealed = seal(threads=False)
    with contextlib.suppress(PermissionError):
        os.close(os.open("/", os.O_RDONLY))
        return False
    return sealed and float((np.ones((9, 9)) @ np.ones(9)).sum()) == 81


def counts_threads() -> bool:
    """Does the limit on their number bind this user? It binds no root: a seal must then forbid threads."""
    limit(resource.RLIM_INFINITY, resource.RLIM_INFINITY, 0)
    try:
        threading.Thread(target=int).start()
    except RuntimeError:
        return True
    return False


def tasks_of_this_user() -> int:
    """Threads and processes of this user: the kernel counts them all. None are seen in a namespace of its own."""
    found, user = 0, os.getuid()
    with contextlib.suppress(OSError), os.scandir("/proc") as processes:
        for process in processes:
            with contextlib.suppress(OSError):  # it has ended
                if process.name.isdigit() and process.stat().st_uid == user:
                    found += Path(process, "task").stat().st_nlink - 2  # a folder for each
    return found


def end(pid: int, grace: float) -> int | None:
    """Reap a child: its exit code (negative: the signal), or None when it was killed after `grace` seconds."""
    until = time.monotonic() + grace
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            os.kill(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            return None if code == -signal.SIGKILL else code  # on a busy machine, one may be ending for so long
        time.sleep(0.001)


def zygote(uid: int, allow_seal: bool, everything: bool) -> None:
    """Load everything or the usual, become `uid` (0: stay), then fork a candidate for each request on the socket."""
    os.dup2(0, 3)
    os.dup2(1, 0)
    os.chdir("/")
    gc.disable()  # what is loaded stays: looking for garbage in it again and again is a third of the time
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        preload(everything)
    if uid:
        with contextlib.suppress(PermissionError):  # in a user namespace that forbids it, there are no groups to lose
            os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    sealed = allow_seal and holds(seals)
    # A user who is not the candidates' alone may be starting those of as many candidates as there are cores.
    candidates = (os.cpu_count() or 1) if not uid and Path("/proc/self").exists() else 1
    threads = THREADS * candidates if sealed and holds(counts_threads) else 0
    # What is loaded now is shared with every candidate, page by page, as long as nobody writes to it: the collector,
    # which would, leaves it alone from here on.
    gc.freeze()
    gc.enable()
    os.dup2(1, 2)
    control, children = socket.socket(fileno=3), set()
    control.send(json.dumps({"sealed": sealed, "uid": os.getuid()}).encode())
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        if not request:
            break
        ask = json.loads(request)
        if "end" in ask:
            children.discard(ask["end"])
            control.send(json.dumps({"ended": end(ask["end"], ask["grace"])}).encode())
            continue
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(descriptors[0], 3)
                child({**ask, "sealed": sealed, "threads": threads, "everything": everything})
            finally:
                os._exit(70)
        os.close(descriptors[0])
        children.add(pid)
        control.send(json.dumps({"pid": pid}).encode())
    for pid in children:
        end(pid, 0)
    os._exit(0)


if __name__ == "__main__":
    zygote(int(sys.argv[1]), sys.argv[2] == "seal", sys.argv[3] == "everything")
