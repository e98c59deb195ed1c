"""A PostgreSQL server of the tests' own, on 127.0.0.1, in a folder that goes with it."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.machine import Part, skip_without


def binaries() -> Path:
    """The folder of initdb and pg_ctl; Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    path = os.pathsep.join([os.environ["PATH"], *map(str, found)])
    return Path(shutil.which("initdb", path=path) or skip_without(Part.POSTGRESQL)).parent


class Server:
    """A running server: `url` for GRADEBOOK_URL, `restart` to pull it from under whoever uses it."""

    def __init__(self, folder: Path):
        self.bin, self.folder = binaries(), folder
        self.user = {}
        if os.geteuid() == 0:  # the server refuses to be root
            account = next(a for name in ("postgres", "nobody") for a in pwd.getpwall() if a.pw_name == name)
            os.chown(folder, account.pw_uid, account.pw_gid)
            self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.run("initdb", "-D", "data", "-U", "grader", "--auth=trust", "--locale=C", "--encoding=UTF8", "--no-sync")
        self.run("pg_ctl", "start")

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://grader@127.0.0.1:{self.port}/postgres"

    def restart(self) -> None:
        """End every connection without a word, as a crash does, and start again."""
        self.run("pg_ctl", "stop", "-m", "immediate")
        self.run("pg_ctl", "start")

    def run(self, name: str, *words: str) -> None:
        command = [str(self.bin / name), *words]
        if name == "pg_ctl":
            options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
            command += ["-D", "data", "-l", "log", "-w", "-t", "120"]
            command += ["-o", options] if "start" in words else []
        done = subprocess.run(
            command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=name == "initdb", text=True, **self.user
        )
        assert done.returncode == 0, done.stderr or (self.folder / "log").read_text()


@contextlib.contextmanager
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    running = None
    try:
        running = Server(folder)
        yield running
    finally:
        if running:
            running.run("pg_ctl", "stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)
