"""A local server for test_fetch.py that serves a folder, and misbehaves for the paths it is told to."""

import contextlib
import gzip
import re
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Server(ThreadingHTTPServer):
    """`files` maps a URL path to its bytes; `ways` maps a path to ways of misbehaving, one for each request in turn.

    A way is a function of the handler and the content that answers the request; when they are used up, or None, the
    path is served properly. `seen` lists (path, Range header) of every request.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.ways, self.seen = files, {}, []
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.refuses_to_be_a_proxy = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.refuses_to_be_a_proxy:
            return self.answer(407, b"")
        self.server.seen.append((self.path, self.headers["Range"]))
        content = self.server.files.get(self.path)
        ways = self.server.ways.get(self.path) or []
        way = ways.pop(0) if ways else None
        if way is not None:
            way(self, content)
            self.close_connection = True
        elif content is None:
            self.answer(404, b"no such file")
        else:
            self.serve(content)

    do_CONNECT = do_GET  # noqa: N815

    def serve(self, content: bytes):
        """As a proper server does, ranges included."""
        start = self.start()
        if start == 0:
            self.answer(200, content)
        elif start >= len(content):
            self.answer(416, b"", **{"Content-Range": f"bytes */{len(content)}"})
        else:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.answer(206, content[start:], **{"Content-Range": span})

    def start(self) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        return int(found[1]) if found else 0

    def answer(self, status: int, body: bytes, length: int | None = None, **headers: str):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body) if length is None else length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def serving(folder: Path):
    """A running server of everything below `folder`."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    server = Server({f"/{file.relative_to(folder).as_posix()}": file.read_bytes() for file in files})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def wear_certificate(server: Server, folder: Path, kind: str) -> Path:
    """Speak TLS from now on, with a certificate of this kind; returns the file in which it would be trusted."""
    name = "DNS:models.example" if kind == "another's" else "IP:127.0.0.1"
    start, end = ("200101000000Z", "200201000000Z") if kind == "expired" else ("200101000000Z", "491231000000Z")
    config = f"""
[req]
distinguished_name = who
[who]
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
default_md = sha256
rand_serial = yes
policy = policy
x509_extensions = extensions
[policy]
commonName = supplied
[extensions]
subjectAltName = {name}
basicConstraints = critical,CA:true
"""
    (folder / "openssl.cnf").write_text(config)
    (folder / "index.txt").touch()
    request = "req -config openssl.cnf -newkey rsa:2048 -nodes -subj /CN=test -keyout key.pem -out request.pem"
    sign = "ca -config openssl.cnf -selfsign -batch -notext -keyfile key.pem -in request.pem"
    for command in (request, f"{sign} -startdate {start} -enddate {end} -out certificate.pem"):
        subprocess.run(["openssl", *command.split()], check=True, capture_output=True, cwd=folder)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = server.url.replace("http:", "https:")
    return certificate


# ways of misbehaving


def breaks_off(handler, content, after=0.5):
    """Half of what is asked for, then the connection ends, though the length told was the whole."""
    start = handler.start()
    rest = content[start:]
    headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
    handler.answer(206 if start else 200, rest[: int(len(rest) * after)], length=len(rest), **headers)


def stalls(handler, content):
    """Half of the file, then nothing, with the connection left open."""
    handler.answer(200, content[: len(content) // 2], length=len(content))
    handler.wfile.flush()
    time.sleep(3)


def ignores_ranges(handler, content):
    """The whole file, whatever was asked for."""
    handler.answer(200, content)


def tells_too_much(handler, content):
    """A length of 1,000 bytes more than there are."""
    handler.answer(200, content, length=len(content) + 1000)


def tells_too_little(handler, content):
    """A length of 1,000 bytes less than there are."""
    handler.answer(200, content, length=len(content) - 1000)


def tells_nothing(handler, content):
    """No length at all: the end of the connection is the end of the file."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content)


def tells_nothing_and_breaks_off(handler, content):
    """No length, and half of the file."""
    tells_nothing(handler, content[: len(content) // 2])


def altered(handler, content):
    """One bit of the middle is another one; ranges are honoured."""
    middle = len(content) // 2
    handler.serve(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


def wrong_range(handler, content):
    """Bytes from another place than asked for, and says so."""
    handler.answer(206, content[7:], **{"Content-Range": f"bytes 7-{len(content) - 1}/{len(content)}"})


def truncated(handler, content):
    """A file that lacks its last 1,000 bytes, length told accordingly."""
    handler.serve(content[:-1000])


def login_page(handler, _):
    """What a hotel's network answers to everything."""
    handler.answer(200, b"<html>Please log in</html>" * 100)


def login_page_elsewhere(handler, _):
    """A captive portal: sent to another server's page, which answers 200."""
    handler.server.files["/login"] = b"\n<!DOCTYPE html><title>Log in</title>"
    handler.answer(302, b"", Location=f"http://localhost:{handler.server.server_port}/login")


def wants_login(handler, _):
    """What RFC 6585 has for a network that wants a login."""
    handler.answer(511, b"log in")


def packed(handler, content):
    """Compressed, though it was asked not to be; of a range, as the last part of what is compressed."""
    content = gzip.compress(content)
    start = handler.start()
    headers = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
    handler.answer(206 if start else 200, content[start:], **headers, **{"Content-Encoding": "gzip"})


def packed_badly(handler, content):
    """Said to be compressed, and is not."""
    handler.answer(200, content, **{"Content-Encoding": "gzip"})


def never_ends(handler, content):
    """No length, and more and more."""
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(1000):
            handler.wfile.write(content)


def status(code):
    """A server that answers with this status."""
    return lambda handler, _: handler.answer(code, b"sorry")


def hangs_up(handler, _):
    """The connection ends without an answer."""
