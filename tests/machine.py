"""What the tests use beside Python, git and make, and a machine may lack: without it, a test is skipped."""

import shutil
import subprocess
from enum import Enum
from typing import Any

import pytest


class Part(Enum):
    """Each with the words of the closing line: what it is called, and how to get it (on Debian and Ubuntu)."""

    BUBBLEWRAP = "bubblewrap", "apt install bubblewrap"
    CHROMIUM = "Chromium", "apt install chromium"
    POSTGRESQL = "PostgreSQL's server", "apt install postgresql"
    BASH = "bash", "apt install bash"
    ZSH = "zsh", "apt install zsh"
    ACTIONLINT = "actionlint", "github.com/rhysd/actionlint"
    HEADERS = "the kernel's headers for both architectures", "apt install linux-libc-dev"
    PYTHON = "a Python with NumPy that other users can read", "apt install python3-numpy"
    USERS = "other users", "as root, with setpriv, in a folder that they can enter"
    ROOT = "root", "run as root"
    LINUX = "Linux", "namespaces and filters"
    AXE = "axe-core", "apt install npm; it comes from npm's registry"
    SITE = "JupyterLite and a Pyodide", "make site-peers"
    REAL_DATA = "GPT-2's real files and figures", "set GPT2_REAL_DATA to their folder"

    def __init__(self, called: str, source: str):
        self.called, self.source = called, source


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")  # what distributions call it


class Lacking(pytest.skip.Exception):
    """A test is skipped for the want of a part."""

    def __init__(self, part: Part, why: str):
        super().__init__(f"{part.called}: {why}" if why else part.called)
        self.part = part


def skip_without(part: Part, why: str = "") -> None:
    """Skip the test (or all that use the fixture) that calls this, because the machine lacks `part`."""
    raise Lacking(part, why)


def program(part: Part, *names: str) -> str:
    """Where the first of these programs is that can be run; skips when there is none."""
    return next(filter(None, map(shutil.which, names)), None) or skip_without(part)


def need_bubblewrap(**process: Any) -> None:
    """Skip the test where bubblewrap does not work for a process that is started so (`user=`).

    It is asked itself: where our sandbox alone does not work, that is a failure and no reason to skip.
    """
    command = [program(Part.BUBBLEWRAP, "bwrap"), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    command += ["--ro-bind", "/", "/", "--perms", "1777", "--size", "4096", "--tmpfs", "/tmp", "true"]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **process)
    if done.returncode:
        skip_without(Part.BUBBLEWRAP, done.stderr.strip())


def closing_lines(counts: dict[str, int]) -> list[str]:
    """What a run says last, from {a part's name: tests that were skipped without it}; "" counts other reasons."""
    lines = [f"{Part[name].called}: {n} ({Part[name].source})" for name, n in counts.items() if name]
    lines += [f"another reason: {counts['']} (pytest -rs shows it)"] if "" in counts else []
    return ["Tests skipped for want of (README.md, Beside Python):", *(f"  {line}" for line in lines)] if lines else []
