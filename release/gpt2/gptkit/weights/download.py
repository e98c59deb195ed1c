"""One URL -> one verified file: resumes what broke off, retries with growing pauses, trusts no length it is told."""

from __future__ import annotations

import re
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3
from requests import exceptions
from tqdm import tqdm

from gptkit.weights.published import Published
from gptkit.weights.tensorfile import WeightsError, cannot_write

TRIES = 5  # in a row without a byte of progress
PAUSE = 1.0  # seconds before the second try, doubled before each further one
TIMEOUT = (10, 30)  # seconds to connect, and between two pieces of data
PIECE = 1 << 16  # bytes; of a connection that breaks, at most this much is lost
BUSY = (408, 425, 429, 500, 502, 503, 504)  # answers of a server that may do better later
# A network that wants a log-in answers 200 to everything, with a page that begins like this.
WEB_PAGE = re.compile(rb"\s*<(!doctype|!--|html|head|body|script|meta)", re.IGNORECASE)
LOG_IN = "Does this network want you to log in? Open any page in a browser, then fetch again."
REFUSALS = {
    407: "Your proxy wants a name and a password, as in HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT.",
    511: LOG_IN,
}


class Interrupted(exceptions.ConnectionError):
    """The transfer broke off in a way that requests does not see."""


# What may not happen again; to requests, a body that breaks off is no ConnectionError.
MAY_PASS = (
    exceptions.ConnectionError,
    exceptions.Timeout,
    exceptions.ChunkedEncodingError,
    exceptions.ContentDecodingError,
)
# The type of an exception, or of one that it wraps, and what it means. The first that fits counts, so the particular
# stands before the general: a certificate that is not trusted is an SSLError, too.
REASONS = (
    (Interrupted, "{0}"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted ({0.verify_message})"),
    (socket.gaierror, "no server of this name is known, or there is no network"),
    (ssl.SSLError, "no secure connection could be made"),
    (ConnectionRefusedError, "connection refused"),
    ((TimeoutError, exceptions.Timeout, urllib3.exceptions.ReadTimeoutError), "no answer in time"),
    (exceptions.ContentDecodingError, "what arrives cannot be unpacked"),
    (urllib3.exceptions.ProxyError, "{0.original_error}"),
    (Exception, "the connection broke off"),
)


def download(url: str, model: Published, name: str, folder: Path) -> None:
    """Bring the model's file `name` into `folder`; until it is complete and verified it is there as NAME.part.

    A NAME.part of an earlier try is continued. Raises WeightsError when the file cannot be had, is not the published
    one, or cannot be written.
    """
    part, size = folder / f"{name}.part", model.size(name)
    failures, restarted = 0, False
    while True:
        # What is on the disk decides, not a count in memory: an earlier process may have left a part.
        before = _size(part)
        try:
            if before == 0 or before != size:
                _transfer(url, part, before, size)
            flaw = model.flaw(name, part)
            if flaw is None:
                part.replace(folder / name)
                return
            part.unlink()
            if before == 0 or restarted:
                raise WeightsError(f"{url} is not the published file ({flaw}). It has been deleted.")
            restarted = True  # its beginning came from an earlier try: perhaps only that was wrong
        except MAY_PASS as why:
            # Progress starts the count anew: a slow line that breaks off every minute gets there, too.
            failures = 1 if _size(part) > before else failures + 1
            # No certificate becomes trusted by trying again.
            untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(why))
            if failures >= TRIES or untrusted:
                raise WeightsError(
                    f"{url} cannot be downloaded: {_reason(why, url)}. What has arrived is kept; "
                    f"try again later, or name another server in GPT2_MIRROR."
                ) from None
            time.sleep(PAUSE * 2 ** (failures - 1))
        except (exceptions.RequestException, urllib3.exceptions.HTTPError, ValueError) as why:
            raise WeightsError(f"{url} cannot be downloaded: {str(why).rstrip('.')}.") from None
        except OSError as why:
            if why.errno is None:  # requests' own: REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names no file
                raise WeightsError(f"{url} cannot be downloaded: {why}. See REQUESTS_CA_BUNDLE.") from None
            raise cannot_write(part, why) from None


def _transfer(url: str, part: Path, start: int, size: int | None) -> None:
    """Download into `part`, which holds the first `start` of `size` bytes. Raises Interrupted when not all arrived."""
    # Packed bytes could be neither counted nor continued; a proxy that packs all the same is seen below.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        span, packed = answer.headers.get("Content-Range", ""), "Content-Encoding" in answer.headers
        # Another part than the one asked for, or a server (416) that has nothing after what we have: start anew.
        if answer.status_code == 416 or (
            answer.status_code == 206 and (packed or not span.startswith(f"bytes {start}-"))
        ):
            part.unlink(missing_ok=True)
            raise Interrupted("the server does not continue where the download stopped")
        if answer.status_code in BUSY:
            raise Interrupted(f"the server answers {answer.status_code} {answer.reason}")
        if answer.status_code not in (200, 206):
            raise WeightsError(
                f"{url} cannot be downloaded: the server answers {answer.status_code} {answer.reason}. "
                + REFUSALS.get(answer.status_code, "Is the address in GPT2_MIRROR right, where it is set?")
            )
        if answer.status_code == 200:
            start = 0  # the whole file, even where only the rest was asked for
        pieces = answer.iter_content(PIECE)
        piece = next(pieces, b"")
        if start == 0 and WEB_PAGE.match(piece):
            whose = urlsplit(answer.url).hostname
            raise WeightsError(f"{url} cannot be downloaded: a web page of {whose} comes instead. {LOG_IN}")
        length = "" if packed else answer.headers.get("Content-Length", "")  # that of what is packed says nothing
        total = start + int(length) if length.isdigit() else size
        if size not in (None, total):
            raise WeightsError(f"{url} is not the published file ({total:,} bytes, not {size:,}).")
        bar = tqdm(desc=part.stem, initial=start, total=total, unit="B", unit_scale=True, unit_divisor=1024)
        with part.open("ab" if start else "wb") as file, bar:
            while piece:
                file.write(piece)
                bar.update(len(piece))
                if size is not None and file.tell() > size:
                    break  # of a file that does not end
                piece = next(pieces, b"")
    # A server that tells no length ends by hanging up, on a whole file or on half of one: the published size decides.
    if total is not None and _size(part) < total:
        raise Interrupted(f"only {_size(part):,} of {total:,} bytes arrived")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _causes(error: Exception) -> list[BaseException]:
    """The error and all that it wraps: as Python does, as an argument (requests) or as `reason` (urllib3)."""
    found: list[BaseException] = [error]
    for one in found:  # which grows
        inner = (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
        found += [cause for cause in inner if isinstance(cause, BaseException) and cause not in found]
    return found


def _reason(error: Exception, url: str) -> str:
    """What happened, in words, and which proxy was in between."""
    causes = _causes(error)
    words = next(words.format(cause) for kind, words in REASONS for cause in causes if isinstance(cause, kind))
    # As requests itself finds it; there is no documented way to ask an answer that never came.
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    if not proxy:
        return words
    place = proxy.rpartition("@")[2].rpartition("//")[2]  # without a password
    return f"{words} (through the proxy {place}, which your settings name)"
