"""A real JupyterLab over a copy of the assignment far from the repository, and a headless Chromium looking at it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.doors import release

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"theme": "JupyterLab Light"},
    "notebook-extension/tracker": {"windowingMode": "none"},  # cells out of sight stay in the page
}
SECONDS = 40  # to wait for anything; a notebook takes about 7 from top to bottom


@pytest.fixture(scope="session")
def folders(tmp_path_factory) -> Path:
    """A home with solved/ and untouched/, each as a student or an instructor would have it."""
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "source" / "gpt2", home / "solved", ignore=shutil.ignore_patterns("__pycache__"))
    release.generate(home, "gpt2").rename(home / "untouched")
    return home


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """An empty home for JupyterLab, with its settings."""
    folder = tmp_path_factory.mktemp("home")
    for name, settings in SETTINGS.items():
        set_up(folder, name, settings)
    return folder


def set_up(home: Path, name: str, settings: dict) -> None:
    """Write one of JupyterLab's settings files, which it reads whenever a page is opened."""
    path = home / "config" / "lab" / "user-settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))


@pytest.fixture(scope="session")
def lab(folders, home) -> Iterator[str]:
    """The address of a JupyterLab, its token included; the server ends with the session."""
    port, token = free_port(), secrets.token_hex(16)
    places = {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "GPT2_MODELS_DIR": str(home / "none")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folders}"]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folders, env=os.environ | places | {"PATH": path}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/api", server, home / "log")
            yield f"http://127.0.0.1:{port}/lab/tree/NOTEBOOK?token={token}&reset"
        finally:
            stop(server)


def stop(server: subprocess.Popen) -> None:
    """End a JupyterLab; by force where it waits for a page that is still open."""
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(SECONDS * 10):
        try:
            urllib.request.urlopen(url)
            return
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def open_notebook(lab, home, chromium):
    """open_notebook("solved") -> a page with the notebook open and its kernel idle."""

    def open_it(folder: str, theme: str = "Light"):
        set_up(home, "apputils-extension/themes", {"theme": f"JupyterLab {theme}"})
        page = chromium.new_page(viewport={"width": 1200, "height": 1150})
        page.set_default_timeout(SECONDS * 1000)
        page.goto(lab.replace("NOTEBOOK", f"{folder}/gpt2.ipynb"))
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        page.keyboard.press("Control+b")  # the file browser makes room
        return page

    return open_it
