"""What all command lines here share: wrong words, the version, a terminal of few characters, a reader that leaves."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from gptkit import __version__


class Parser(argparse.ArgumentParser):
    """argparse with one line for a usage error: which word was meant, and the help of the command it belongs to."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")

    def add_version(self) -> None:
        """Add --version."""
        self.add_argument("--version", action="version", version=f"{self.prog.split()[-1]} {__version__}")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's. A command itself refuses what it does not know; a group of commands alone prints its help."""
        words = sys.argv[1:] if args is None else list(args)
        # argparse has no public way to ask. What follows a group's command is for that command to judge.
        group = self._subparsers is not None
        own = itertools.takewhile(lambda word: word.startswith("-"), words) if group else words
        # A misspelt option is looked for first: argparse would complain of the value behind it, taken for an argument.
        known = list(self._option_string_actions)  # there is no public list of a parser's options
        for word in itertools.takewhile(lambda word: word != "--", own):
            name = word.partition("=")[0]
            if name.startswith("--") and not any(option.startswith(name) for option in known):
                self.error(f"unrecognized arguments: {word}{did_you_mean(name, known)}")
        found, unknown = super().parse_known_args(words, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        if group and not words:
            self.print_help()
            self.exit()
        return found, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse's own, which has a suggestion from Python 3.14 on; every value of a choice passes through it."""
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            meant = did_you_mean(str(value), known)
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}{meant or '; one of ' + ', '.join(known)}")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """The question that ends a message about a word that nobody knows; empty where nothing known is like it."""
    near = difflib.get_close_matches(word, known, 1)
    return f": did you mean {near[0]}?" if near else ""


def completing() -> bool:
    """Whether a shell asks for the words that may come next (argcomplete's way), and nothing is to be done."""
    return "_ARGCOMPLETE" in os.environ


@contextlib.contextmanager
def printing() -> Iterator[None]:
    """Print inside: a character that cannot be shown is no error, nor is a reader that has seen enough, as `head` has.

    The first is written as its number (`\\xeb`); of the second's output the rest is dropped.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes stdout once more when it ends, and would complain of the pipe then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
