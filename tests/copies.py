"""A copy of the repository as git knows it, where commands use the copy's own packages; and the blocks of a page."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """A fenced block of a page: its language, what else stands behind it (`run`, `file=...`), and its text."""

    language: str
    words: dict[str, str]
    text: str


def blocks(page: Path) -> list[Block]:
    found = BLOCK.findall(page.read_text("utf-8"))
    return [
        Block(kind, {w.split("=")[0]: w.partition("=")[2] for w in more.split()}, text) for kind, more, text in found
    ]


def tracked() -> list[str]:
    """The files that git knows and that are there; in a downloaded archive, all but what git would ignore."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()] or walked(ROOT)


def walked(root: Path, folder: str = "") -> list[str]:
    """The files of a folder that the .gitignore at its root lets pass, as git lists them."""
    found = []
    for path in sorted((root / folder).iterdir()):
        name = path.relative_to(root).as_posix()
        if name != ".git" and not ignored(root, name, path.is_dir()):
            found += walked(root, name) if path.is_dir() else [name]
    return found


def ignored(root: Path, name: str, is_folder: bool) -> bool:
    """By the last of .gitignore's rules that matches."""
    last = ""
    for rule in (root / ".gitignore").read_text().split():
        pattern = rule.removeprefix("!").rstrip("/")
        if PurePosixPath("/", name).match(pattern) and (is_folder or not rule.endswith("/")):
            last = rule
    return last != "" and not last.startswith("!")


def copy_repository(folder: Path) -> Path:
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def bash(script: str, repository: Path, where: str = ".", **environment: str) -> str:
    """What a script says that is run in a copy; the test fails when one of its commands does."""
    folders = [repository, repository / "source" / "gpt2", repository / "solutions"]
    own = {"PYTHONPATH": os.pathsep.join(map(str, folders)), "AUTOGRADER_VERDICTS": "", "PYTHONDONTWRITEBYTECODE": "1"}
    own |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": "ignore"}
    left = {key: value for key, value in os.environ.items() if key != "GRADEBOOK_URL"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=repository / where,
        env=left | own | environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def as_installed(source: Path, commands: Path) -> None:
    """Have what setup.sh makes in `source`, of this Python's packages in place of pip's; `commands` becomes a PATH."""
    commands.mkdir()
    bash = shutil.which("bash")
    for name in filter(shutil.which, ("bash", "dirname")):
        (commands / name).symlink_to(shutil.which(name))
    (commands / "python3").symlink_to(shutil.which("true"))  # "new enough", and "has made the virtual environment"
    python = source / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!{bash}\n[ "$1 $2" = "-m pip" ] || exec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
