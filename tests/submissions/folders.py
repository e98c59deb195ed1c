"""Hostile folders: traps for the grader's own process, and what else a student may put where a notebook should lie.

Traps are files that Python, pytest or a tool runs or believes because of where they lie.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

SPRUNG = "open({mark!r}, 'a').write(__file__ + '\\n')\n"
# Modules that the grader, NumPy or a worker process imports: a folder on the path before theirs would replace them.
MODULES = """
numpy json random socket pickle tempfile struct copyreg pkgutil logging secrets decimal tqdm regex requests matplotlib
nbgrader nbformat gptkit picoGPT sitecustomize usercustomize conftest setup evil multiprocessing subprocess argparse
candidate test_evil evil_test nbgrader_config jupyter_config ipython_config noxfile build encodings_evil antigravity
""".split()  # noqa: SIM905
PACKAGES = ("gptkit", "picoGPT", "numpy", "autograder_evil")
PYTEST_INI = "[pytest]\naddopts = -p evil\npythonpath = .\npython_files = *.py\n"
CONFIGURATION = {
    "pytest.ini": PYTEST_INI,
    ".pytest.ini": PYTEST_INI,
    "tox.ini": PYTEST_INI,
    "setup.cfg": PYTEST_INI.replace("[pytest]", "[tool:pytest]"),
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p evil"\npythonpath = ["."]\n',
    "pytest.toml": '[pytest]\naddopts = ["-p", "evil"]\npythonpath = ["."]\n',
    ".env": "PYTHONSTARTUP=evil.py\nPYTHONPATH=.\nAUTOGRADER_SEED=known\nPYTEST_ADDOPTS=-p evil\n",
    "evil.pth": "import evil\n",
    "pyvenv.cfg": "home = .\n",
    "Makefile": "all test demo release:\n\ttouch {mark}\n",
    ".ci/run": "#!/bin/sh\ntouch {mark}\n",
    "matplotlibrc": "text.usetex: True\nbackend: module://evil\nfont.family: evil\n",
    "nbgrader_config.json": '{{"NbGrader": {{"logfile": "{mark}"}}, "CourseDirectory": {{"root": "/nowhere"}}}}',
    "alembic.ini": "[alembic]\nscript_location = .\n",
    "dask.yaml": "distributed:\n  worker:\n    preload: [evil]\n",
    ".netrc": "default login a password b\n",
    ".autograder-seed": "known\n",
    ".verdicts/0.json": "{{}}",
}


def lay_traps(folder: Path, mark: Path) -> None:
    """Write all of them into a folder. What is run writes its path to `mark`."""
    code = SPRUNG.format(mark=str(mark))
    files = {f"{name}.py": code for name in MODULES} | {f"{name}/__init__.py": code for name in PACKAGES}
    files |= {name: text.format(mark=mark) for name, text in CONFIGURATION.items()}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "alembic").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (folder / "alembic").chmod(0o755)


# ---- A student's folder in a class, without work of their own in it ----

WORKED = "gpt2/gpt2.ipynb"  # of zoe, in the folder beside


def link_to_a_neighbour(folder: Path) -> None:
    (folder / "gpt2").symlink_to("../zoe/gpt2")


def link_to_a_neighbours_file(folder: Path) -> None:
    (folder / "gpt2.ipynb").symlink_to(f"../zoe/{WORKED}")
    (folder / "gpt2 (1).ipynb").symlink_to(f"../zoe/{WORKED}")


def links_in_a_ring(folder: Path) -> None:
    (folder / "up").symlink_to("..")
    (folder / "self").symlink_to("self")
    (folder / "memory.ipynb").symlink_to("/proc/self/mem")


def fifteen_hundred_deep(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for name in ["d"] * 1500:
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def twenty_thousand_files(folder: Path) -> None:
    for number in range(20_000):
        (folder / f"gpt2 ({number}).ipynb").touch()


def no_regular_files(folder: Path) -> None:
    os.mkfifo(folder / "gpt2.ipynb")
    os.mkfifo(folder / "gpt2 (1).ipynb")
    with socket.socket(socket.AF_UNIX) as listener:
        where = os.getcwd()
        os.chdir(folder)  # the path of a socket must be short
        listener.bind("a.ipynb")
        os.chdir(where)
    (folder / "b.ipynb").mkdir()


def terabytes(folder: Path) -> None:
    for name in ("gpt2.ipynb", "timestamp.txt", "notes.ipynb.json"):
        with (folder / name).open("wb") as file:
            file.truncate(2**40)


def names_that_speak(folder: Path) -> None:
    for name in ("=HYPERLINK(1).ipynb", "\x1b[2J\x1b]0;a\x07.ipynb", "a\nTotal 90 of 90\n.ipynb", "<script>.ipynb", "\u202e.ipynb"):
        (folder / name).write_text("{")
    (folder / os.fsdecode(b"\xff\xfe.ipynb")).write_text("{")


def a_notebook_for_each_rule(folder: Path) -> None:
    """Nobody's: in folders that are not looked at, hidden, or another's by name."""
    for name in (".hidden/gpt2.ipynb", "__MACOSX/gpt2.ipynb", "gptkit/gpt2.ipynb", "zoe/gpt2/gpt2.ipynb"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text('{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}')


FOLDERS: list[Callable[[Path], None]] = [
    link_to_a_neighbour,
    link_to_a_neighbours_file,
    links_in_a_ring,
    fifteen_hundred_deep,
    twenty_thousand_files,
    no_regular_files,
    terabytes,
    names_that_speak,
    a_notebook_for_each_rule,
]
