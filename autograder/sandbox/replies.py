"""What a candidate says of itself, in words that can be shown. Any of it may be a lie, or too much, or no text at all.

Where `secret` is true, no word chosen by the student gets into a message: it could carry hidden inputs out.
"""

from __future__ import annotations

import builtins
import signal
import sys
from collections.abc import Sequence
from typing import Any

from gptkit.checks.core import NUMPY_SAYS, Failed, Foreign, about, unfinished

from autograder.source_code import lines

PLAIN_NAMES = {n for n in dir(builtins) if isinstance(getattr(builtins, n), type)} | {"LinAlgError", "generator"}


def raised(error: Any, what: str, cells: Sequence[tuple[str, str]], secret: bool) -> Failed:
    """An exception that the candidate reported, in the words of `core.raised`; `cells` are the sources it came from."""
    error = error if isinstance(error, dict) else {}
    # Cut before anything else is done with it: the reply may be a megabyte.
    kind, text = plain(error.get("type"), 60) or "an error", plain(error.get("text"), 300)
    if secret:
        kind, text = kind if kind in PLAIN_NAMES else "an error", text if text in NUMPY_SAYS else ""
    number, line, where = error.get("cell"), error.get("line"), ""
    if type(number) is int and type(line) is int and 0 <= number < len(cells):
        source = lines(cells[number][0])
        if 0 < line <= len(source):
            where = f" at line {line}, `{plain(source[line - 1].strip(), 80)}`"
    # `what` is a cell ("The cell of softmax") while cells are run; only a function can be a stub.
    if kind == "NotImplementedError" and " " not in what:
        function = what if secret else plain(error.get("function"), 60) or what
        return unfinished(what, function, error.get("stub") is not False, where)
    said = " ".join(text.split())[:160].rstrip(".")
    if (module := plain(error.get("module"), 60)) and not secret:
        said = unavailable(module) if kind == "ModuleNotFoundError" else f"{said}. {unavailable(module)}"
    if error.get("system") is True and not secret:
        said = f"{said}. Files, sockets and other processes are not available while grading"
    fact = f"{what} raised {kind}{where}{': ' if said else ''}{said}."
    return Failed(fact, status="error", error=kind, about=about(text), line=where.removeprefix(" at ") or None)


def unavailable(module: str) -> str:
    """Why an import fails here that may work at home."""
    root = module.split(".")[0]
    # A part of NumPy or of the standard library that was not loaded before the lock: candidate.LEFT_OUT.
    if root == "numpy" or root in sys.stdlib_module_names:
        return f"{module} is not available while grading"
    return f"{root} is not available while grading, only NumPy and the standard library are"


def place(error: Any) -> tuple:
    """Where an exception came from, and its kind: what is told of it besides its text."""
    error = error if isinstance(error, dict) else {}
    told = plain(error.get("type"), 60), error.get("cell"), error.get("line"), plain(error.get("function"), 60)
    return *told, error.get("stub")


def foreign(name: str, secret: bool) -> Foreign:
    """What stands for an answer that does not cross; its type carries the name, so that messages can say it."""
    # A type's name is a word that the student chose.
    name = "value" if secret else name
    return type(name, (Foreign,), {})(name)


def ending(code: int | None, secret: bool) -> str:
    """How a process that hung up ended."""
    if code is None:
        return "stopped answering"
    if secret:
        return "ended the Python process"
    if code >= 0:
        return f"ended the Python process (exit code {code})"
    if code == -signal.SIGKILL:
        return "used too much memory or processor time and was stopped"
    return f"crashed Python ({(signal.strsignal(-code) or f'signal {-code}').lower()})"


def cell(where: str) -> str:
    """A cell as the subject of a sentence."""
    return where.capitalize() if where.startswith("cell ") else f"The cell of {where}"


def plain(text: Any, room: int, keep: str = "") -> str:
    """A student's text, cut, with everything that does not print (colour codes, half characters) replaced."""
    text = text[:room] if isinstance(text, str) else ""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else " " if c.isspace() else "�" for c in text)


def parameters(value: Any) -> list[tuple[str, bool]] | None:
    """A function's parameters as the candidate reports them; None when that is no list of such."""
    found = [(plain(one[0], 40), one[1] is True) for one in items(value)[:12] if len(items(one)) == 2]
    return found if found and all(name.isidentifier() for name, _ in found) else None


def failed(value: Any, calls: int) -> dict[int, Any]:
    """The exceptions that a candidate reports, by the number of the call, of which there were `calls`."""
    found = [one for one in items(value)[:calls] if len(items(one)) == 2 and type(one[0]) is int]
    return {number: error for number, error in found if 0 <= number < calls}


def items(value: Any) -> list:
    """What should be a list; an empty one where it is none."""
    return value if isinstance(value, list) else []
