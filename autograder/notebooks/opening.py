"""A notebook's bytes become cells, once, in bounded memory and time, whatever the file is.

One pass over the raw bytes counts texts and brackets and cuts out what may be large and is not graded: outputs, pasted
pictures, the notebook's own metadata. Only the small rest is parsed; a part that was cut out, when it is to be shown.
"""

from __future__ import annotations

import codecs
import errno
import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from autograder.errors import CannotGrade

MAX_BYTES = 100 * 2**20  # of a file; nbgrader refuses to collect more
MAX_PARTS = 3_000_000  # texts and brackets in a file; a log of so many lines would fill it
MAX_TEXT = 16 * 2**20  # bytes of a notebook without its outputs and pasted pictures ...
MAX_TEXT_PARTS = 500_000  # ... and texts and brackets in them
MAX_SHOWN, MAX_SHOWN_PARTS = 24 * 2**20, 200_000  # the same of one cell's outputs; with more they are left out
MAX_CELLS = 1000  # that run and are shown; more do neither
IRREGULAR = "a regular file (a link, a folder or a device)"
# What the system says of a link, a pipe without a writer, a file below a file, a folder.
THEIRS = dict.fromkeys((errno.ELOOP, errno.ENXIO, errno.ENOTDIR, errno.EISDIR), IRREGULAR) | {errno.ENOENT: "there"}
# A text, closed or not, and the colon that makes it a key; or a bracket. Linear in time: nothing in it is tried twice.
TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("(?:\s*+(:))?+)?|[\[\]{}]', re.S)
LATER = {b"outputs", b"attachments"}
QUOTE, OPENING = ord('"'), b"[{"
UTF16 = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
MARKS = {UTF16[0]: "utf-16-le", UTF16[1]: "utf-16-be", b"{\0": "utf-16-le", b"\0{": "utf-16-be"}


class Unreadable(Exception):
    """The file is not a notebook of this assignment, by the student's fault; one sentence for a person, or two."""


class Later(NamedTuple):
    """A part of a notebook as it stands in the file, parsed only when it is to be shown."""

    content: bytes | bytearray
    start: int
    end: int
    parts: int

    def value(self) -> Any:
        """What it says; None when that is too much to be shown, or no JSON."""
        if self.end - self.start > MAX_SHOWN or self.parts > MAX_SHOWN_PARTS:
            return None
        try:
            return json.loads(decoded(self.content[self.start : self.end])[0])
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True)
class Notebook:
    """A notebook that was read: its cells as dicts, each with `source` a text and `metadata` and its `nbgrader` dicts.

    A cell's `outputs` and `attachments` are `Later` or something odd. `content` are the bytes that were read, `digest`
    their SHA-256, `notes` what is unusual about the file.
    """

    name: str
    content: bytes = field(repr=False)
    digest: str
    cells: list[dict[str, Any]] = field(repr=False)
    notes: list[str]

    @classmethod
    def from_bytes(cls, name: str, content: bytes) -> Notebook:
        """Raises Unreadable with what the file is, and what to do."""
        data, notes = utf8(content)
        if not re.match(rb"\s*\{", data):
            raise Unreadable(f"{name} {what_it_is(data)}")
        cells, more = parsed(name, data)
        return cls(name, content, hashlib.sha256(content).hexdigest(), cells, notes + more)


def open_notebook(path: Path, below: Path | None = None) -> Notebook:
    """Read a file once. Raises Unreadable where the student is at fault, CannotGrade where the machine is."""
    return Notebook.from_bytes(path.name, content_of(path, below))


def content_of(path: Path, below: Path | None = None) -> bytes:
    """A regular file's bytes. No link is followed: not `path` itself, nor any folder of it below the folder `below`.

    Raises Unreadable for a link, a device, a file that is gone or too large; CannotGrade for all that goes wrong here.
    """
    # Folder by folder, each opened from the one before: a folder that is swapped for a link between a look and the
    # opening cannot lead out of `below`. O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    folders = path.relative_to(below).parts[:-1] if below else ()
    at = os.open(below, os.O_RDONLY | os.O_DIRECTORY) if below and folders else None
    try:
        for part in folders:
            outer, at = at, os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            if outer is not None:
                os.close(outer)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
        with os.fdopen(os.open(path.name if folders else path, flags, dir_fd=at), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable(f"{path.name} is not {IRREGULAR}.")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        if error.errno in THEIRS:
            raise Unreadable(f"{path.name} is not {THEIRS[error.errno]}.") from None
        raise CannotGrade(f"{path} cannot be read: {error.strerror}.") from error
    finally:
        if at is not None:
            os.close(at)
    if len(content) > MAX_BYTES:
        raise Unreadable(f"{path.name} is larger than {MAX_BYTES >> 20} MB: clear its outputs and save it again.")
    return content


def utf8(content: bytes) -> tuple[bytes | bytearray, list[str]]:
    """The bytes without a mark and not in UTF-16, and the note about it."""
    if content.startswith(codecs.BOM_UTF8):
        return content[3:], ["The file is saved as UTF-8 with a byte-order mark; it was read all the same."]
    if (encoding := MARKS.get(content[:2])) is None:
        return content, []
    # Without a mark the text begins with its brace; with one, that is skipped below.
    reader, result = codecs.getincrementaldecoder(encoding)("replace"), bytearray()
    for start in range(2 * content.startswith(UTF16), len(content), 1 << 20):  # one text of all would be large
        result += reader.decode(content[start : start + (1 << 20)]).encode("utf-8", "replace")
    return result, ["The file is saved as UTF-16; it was read all the same."]


def decoded(data: bytes | bytearray) -> tuple[str, list[str]]:
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError:
        return data.decode("latin-1"), ["The file is not saved as UTF-8; it was read as Latin-1."]


def parsed(name: str, data: bytes | bytearray) -> tuple[list[dict[str, Any]], list[str]]:
    """The cells of a notebook's bytes, and notes. Raises Unreadable."""
    later, end, cut_off = scanned(name, data)
    # Before anything is copied: there may be 100 MB of it.
    if end - sum(part.end - part.start for part in later) > MAX_TEXT:
        raise Unreadable(f"{name} holds more than {MAX_TEXT >> 20} MB of text besides its outputs.")
    # What was cut out is replaced by its number in `later`, so that the rest stays JSON and `as_cell` finds it again.
    pieces, at = [], 0
    for number, part in enumerate(later):
        pieces += [data[at : part.start], b"%d" % number]
        at = part.end
    pieces.append(data[at:end])
    text, notes = decoded(b"".join(pieces))
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        place = len(text[: error.pos].encode("latin-1" if notes else "utf-8"))
        for number, part in enumerate(later):  # from a place in the text to that in the file
            place += (part.end - part.start - len(str(number))) * (place > part.start)
        raise Unreadable(f"{name} {what_is_wrong(data, place, cut_off)}") from None
    except (ValueError, RecursionError):
        raise Unreadable(f"{name} is not a notebook: it has brackets too deep or numbers too long.") from None
    sheets = notebook.get("worksheets")
    if isinstance(notebook.get("cells"), list):
        raw = dicts(notebook["cells"])
    elif isinstance(sheets, list):  # format 3
        raw = [cell for sheet in dicts(sheets) for cell in dicts(sheet.get("cells"))]
        raw = [{**cell, "source": cell.get("input", cell.get("source", ""))} for cell in raw]
        notes.append("The notebook is saved in the old format 3; it was read all the same.")
    else:
        raise Unreadable(f"{name} is JSON, but no notebook: it has no list of cells. Hand in the .ipynb file itself.")
    if len(raw) > MAX_CELLS:
        notes.append(f"There are {len(raw)} cells: those after the first {MAX_CELLS} are neither run nor shown.")
    return [cell for one in raw[:MAX_CELLS] if (cell := as_cell(one, later))], notes


def scanned(name: str, data: bytes | bytearray) -> tuple[list[Later], int, int]:
    """What is cut out, where the rest ends, and from which place on an error means that the file is cut off there.

    Raises Unreadable when there are more texts and brackets than anybody has.
    """
    later: list[Later] = []
    depth, key, place, counted, begun = 0, b"", 0, 0, None
    # counted: parts that were cut out; begun: where that to be cut out next begins, at which depth and number of parts
    for parts, token in enumerate(TOKEN.finditer(data), 1):
        if parts > MAX_PARTS or (begun is None and parts - counted > MAX_TEXT_PARTS):
            raise Unreadable(f"{name} is made of more parts than a notebook that somebody has written.")
        place, opening, key_before, key = token.start(), data[token.start()], key, b""
        # Brackets inside of texts do not count: TOKEN takes a text as one piece. A text that is not closed is the
        # last.
        if opening == QUOTE:
            closed, colon = token.start(1), token.start(2)
            if closed < 0:
                depth = 1
                break
            key = bytes(data[place + 1 : closed]) if colon >= 0 else b""
        elif opening in OPENING:
            # A key counts only directly before its value, and `metadata` only where it is the notebook's: a cell's is
            # graded.
            if begun is None and (key_before in LATER or (depth == 1 and key_before == b"metadata")):
                begun = place, depth, parts
            depth += 1
        else:
            depth -= 1
            if begun and depth == begun[1]:
                later.append(Later(data, begun[0], token.end(), parts - begun[2]))
                counted, begun = counted + parts - begun[2], None
    end = begun[0] if begun else len(data)
    return later, end, min(place, end) if depth > 0 else len(data) + 1


def dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def as_cell(raw: dict[str, Any], later: list[Later]) -> dict[str, Any] | None:
    """A cell in the form that `Notebook` promises; None for what is none."""
    # Jupyter writes a list of lines, other editors one text; both are valid.
    source = raw.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return None
    metadata = raw["metadata"] if isinstance(raw.get("metadata"), dict) else {}
    nbgrader = metadata["nbgrader"] if isinstance(metadata.get("nbgrader"), dict) else {}
    cell = {**raw, "source": source, "metadata": {**metadata, "nbgrader": nbgrader}}
    for name in ("outputs", "attachments"):
        # A number that the file itself has here leads at worst to other outputs in the same file.
        number = raw.get(name)
        cell[name] = later[number] if type(number) is int and 0 <= number < len(later) else None
    return cell


# ---- What a file is that is no notebook ----

ITSELF = "hand in the notebook itself, the .ipynb file."
KINDS = {  # how a file begins -> what it is, and what to do
    rb"\s*$": "is empty: the upload or the disk failed. Hand in the notebook again.",
    rb"PK\x03\x04(?s:.{0,4000}?)word/": "is a Word document: " + ITSELF,
    rb"PK\x03\x04": "is a zip file: unpack it, and hand in the notebook that is in it.",
    rb"%PDF": "is a PDF: " + ITSELF,
    rb"\s*<": "is a web page (HTML or XML): download the notebook itself, the .ipynb file, and hand in that.",
    rb"(?s:.*?)\0": "is a binary file of another program: " + ITSELF,
    rb"\s*\[": "is JSON, but no notebook: it has no list of cells. Hand in the .ipynb file itself.",
    rb"(?m:[^\n]*\n){0,200}?(import |from \w|def |class |# ?%%|#!)": "is a Python program: " + ITSELF,
}
COMMA = re.compile(rb",\s*[\]}]")
CONFLICT = re.compile(rb"^(<{7}|={7}|>{7})", re.M)


def what_it_is(data: bytes | bytearray) -> str:
    """The end of a sentence about bytes that do not begin as a notebook does, and what to do."""
    if CONFLICT.search(data[:100_000]):
        return MERGE
    known = (says for begins, says in KINDS.items() if re.match(begins, data[:100_000]))
    return next(known, "is a text, but no notebook: hand in the .ipynb file itself.")


MERGE = "holds the marks of a merge conflict (<<<<<<<): choose one of both versions, with git or by hand."
EARLIER = "Jupyter cannot open it either: go back to an earlier copy (File > Revert Notebook to Checkpoint)."


def what_is_wrong(data: bytes | bytearray, place: int, cut_off: int) -> str:
    """The end of a sentence about bytes that begin as a notebook and are no JSON from `place` on."""
    if CONFLICT.search(data):
        return MERGE
    if place >= cut_off:
        return "is only the first part of a notebook: the upload or the disk failed. Hand in the whole file again."
    for comma in COMMA.finditer(data, max(0, place - 200), place + 200):
        if comma.start() <= place <= comma.end():
            line = data.count(b"\n", 0, comma.start()) + 1
            return f"has a comma too many in line {line}: remove it with a text editor. {EARLIER}"
    line = data.count(b"\n", 0, place) + 1
    return f"is damaged in line {line} (it is not valid JSON there). {EARLIER}"
