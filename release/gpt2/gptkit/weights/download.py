"""One URL -> one verified file: resumes what broke off, retries with growing pauses, trusts no length it is told."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import requests
from tqdm import tqdm

from gptkit.weights.tensorfile import WeightsError, cannot_write

TRIES = 5  # in a row without a byte of progress
PAUSE = 1.0  # seconds before the second try, doubled before each further one
TIMEOUT = (10, 30)  # seconds to connect, and between two pieces of data
PIECE = 1 << 16  # bytes; of a connection that breaks, at most this much is lost
BUSY = (408, 425, 429, 500, 502, 503, 504)  # answers of a server that may do better later


class Interrupted(Exception):
    """The transfer broke off in a way that may not happen again."""


MAY_PASS = (Interrupted, requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)


@dataclass(frozen=True)
class Wanted:
    """A file to download: `size` in bytes and `sha256` are None where they are not published."""

    url: str
    name: str
    size: int | None = None
    sha256: str | None = None

    def flaw(self, path: Path) -> str | None:
        """What tells `path` from the published file; None when nothing does."""
        size = path.stat().st_size
        if self.size not in (None, size):
            return f"{size:,} bytes, not {self.size:,}"
        if self.sha256 not in (None, sha256(path)):
            return "its SHA-256 is another one"
        return None


def download(wanted: Wanted, folder: Path) -> None:
    """Bring the file into `folder`; until it is complete and verified it is there as NAME.part.

    A NAME.part of an earlier try is continued. Raises WeightsError when the file cannot be had, is not the published
    one, or cannot be written.
    """
    part = folder / f"{wanted.name}.part"
    failures, anew = 0, False
    while True:
        before = _size(part)
        try:
            if before == 0 or before != wanted.size:
                _transfer(wanted, part, before)
            flaw = wanted.flaw(part)
            if flaw is None:
                part.replace(folder / wanted.name)
                return
            part.unlink()
            if before == 0 or anew:
                raise WeightsError(f"{wanted.url} is not the published file ({flaw}). It has been deleted.")
            anew = True  # its beginning came from an earlier try: perhaps only that was wrong
        except MAY_PASS as why:
            failures = 1 if _size(part) > before else failures + 1
            if failures >= TRIES or isinstance(why, requests.exceptions.SSLError):
                raise WeightsError(
                    f"{wanted.url} cannot be downloaded: {_reason(why)}. What has arrived is kept; "
                    f"try again later, or name another server in GPT2_MIRROR."
                ) from None
            time.sleep(PAUSE * 2 ** (failures - 1))
        except requests.RequestException as why:
            raise WeightsError(f"{wanted.url} cannot be downloaded: {why}.") from None
        except OSError as why:
            raise cannot_write(part, why) from None


def _transfer(wanted: Wanted, part: Path, start: int) -> None:
    """Download into `part`, which holds the first `start` bytes already. Raises Interrupted when not all arrived."""
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(wanted.url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        there = answer.headers.get("Content-Range", "")
        if answer.status_code == 416 or (answer.status_code == 206 and not there.startswith(f"bytes {start}-")):
            part.unlink(missing_ok=True)
            raise Interrupted("the server does not continue where the download stopped")
        if answer.status_code in BUSY:
            raise Interrupted(f"the server answers {answer.status_code} {answer.reason}")
        if answer.status_code not in (200, 206):
            raise WeightsError(
                f"{wanted.url} cannot be downloaded: the server answers {answer.status_code} {answer.reason}. "
                f"Is the address in GPT2_MIRROR right, where it is set?"
            )
        if answer.status_code == 200:
            start = 0  # the whole file, even where only the rest was asked for
        length = answer.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else wanted.size
        if wanted.size not in (None, total):
            raise WeightsError(f"{wanted.url} is not the published file ({total:,} bytes, not {wanted.size:,}).")
        bar = tqdm(desc=wanted.name, initial=start, total=total, unit="B", unit_scale=True, unit_divisor=1024)
        with part.open("ab" if start else "wb") as file, bar:
            for piece in answer.iter_content(PIECE):
                file.write(piece)
                bar.update(len(piece))
    if total is not None and _size(part) < total:
        raise Interrupted(f"only {_size(part):,} of {total:,} bytes arrived")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    """What happened, in words: requests wraps the cause in several layers of its own and urllib3's."""
    text = str(error)
    if isinstance(error, Interrupted):
        return text
    for sign, words in {
        "timed out": "no answer in time",
        "refused": "connection refused",
        "resolve": "no such server, or no network",
        "CERTIFICATE": "its certificate is not trusted",
    }.items():
        if sign in text:
            return words
    return "the connection broke off"
