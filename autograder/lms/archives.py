"""What Moodle, Canvas or a person packed, unpacked into a folder for each student: the one place that knows the names.

A zip is untrusted: nothing is written outside of the folder or over another file, and no more than notebooks need.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import time
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from io import FileIO
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, NamedTuple

from autograder.errors import UsageError
from autograder.files import FULL, not_written
from autograder.notebooks.choosing import MANY, NOT_THEIRS
from autograder.notebooks.opening import MAX_BYTES

# Ada Example_100001_assignsubmission_file/gpt2.ipynb; with the file in the name where "in folders" is switched off.
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_[a-z0-9]+(?:_(?P<file>.*))?", re.S)
# lopez_LATE_2002_900002_gpt2-1.ipynb: name, user's id, upload's id, file; anon_x1Y2z for a name and id that are hidden.
CANVAS = re.compile(
    r"(?:(?P<name>(?!LATE_).*?)_)?(?:LATE_)?(?P<id>\d+|anon_[0-9A-Za-z]+)_"
    r"(?:(?P<upload>\d+)_(?P<file>.+)|(?:text|link)\.html)",
    re.S,
)
ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar")
STUDENT_BYTES = 2 * MAX_BYTES  # of one student, unpacked
CLASS_BYTES, CLASS_RATIO = 2 * 2**30, 50  # of an archive, unpacked: so much, and so many times its own size
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class Packed(NamedTuple):
    """One file as it is packed: where, its size and time, and how to open it; then whose it is, as `whose` finds out.

    `id` is the LMS's, "" where a folder's name is all there is; `upload` counts upwards, 0 where nothing says.
    """

    path: PurePosixPath
    size: int
    time: float
    open: Callable[[], IO[bytes]]
    archive: int = 0
    student: str = ""
    id: str = ""
    file: PurePosixPath = PurePosixPath()
    upload: int = 0


@contextlib.contextmanager
def as_folder(path: Path, assignment: str, tell: Callable[[str], object]) -> Iterator[Path]:
    """What a PATH stands for: itself, or a folder with what a zip holds, which is gone afterwards.

    What was not taken is told, a line each. Raises AutograderError.
    """
    if path.suffix.lower() != ".zip" or not path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        for line in unpack([path], Path(folder), assignment):
            tell(line)
        yield Path(folder)


def unpack(archives: list[Path], into: Path, assignment: str) -> list[str]:
    """Unpack zips and folders, the oldest first, as `into`/STUDENT/FILE, and files that are nobody's as `into`/FILE.

    Returns what was not taken or does not count, a line each. Raises UsageError for what is no zip, and CannotGrade.
    """
    told: list[str] = []
    with contextlib.ExitStack() as opened:
        for student, files in sorted_out(archives, assignment, opened, told).items():
            left = STUDENT_BYTES
            # Notebooks come first, so that a student's data set costs them no notebook.
            for number, one in enumerate(sorted(files, key=lambda f: (f.file.suffix != ".ipynb", f.size))):
                left -= min(one.size, MAX_BYTES + 1)
                if student and (left < 0 or number == MANY):
                    told.append(f"{student}: too many or too large files; left out from {one.file} on.")
                    break
                if why := write(one, into / student / one.file):
                    told.append(f"{one.path}: not taken: {why}.")
    return told


def uploads(archives: list[Path], assignment: str) -> dict[str, list[str]]:
    """By student, the names that Canvas gave to their files. Raises UsageError."""
    with contextlib.ExitStack() as opened:
        handed = sorted_out(archives, assignment, opened, [])
        return {who: [one.path.name for one in files if one.upload] for who, files in handed.items()}


def sorted_out(
    archives: list[Path], assignment: str, opened: contextlib.ExitStack, told: list[str]
) -> dict[str, list[Packed]]:
    """By student, the files that count; "" for what is nobody's."""
    found: dict[str, list[Packed]] = defaultdict(list)
    for number, archive in enumerate(archives):
        packed = list(in_folder(archive) if archive.is_dir() else in_zip(archive, opened, told))
        for one in whose(packed, assignment):
            # Some file systems keep Ada and ada in one folder.
            found[one.student.casefold()].append(one._replace(archive=number))
    return {files[0].student: kept for files in found.values() if (kept := counting(files, told))}


def counting(files: list[Packed], told: list[str]) -> list[Packed]:
    """Of a student's files those that count: of an LMS's the last ones; none where two people may have one name."""
    student, (_, last) = files[0].student, max((one.upload, one.archive) for one in files)
    if student and not files[0].id and len({(one.archive, one.student) for one in files}) > 1:
        told.append(f"{student}: two folders have this name, so neither is taken: rename one.")
        return []
    if files[0].id and any(one.archive != last for one in files):
        told.append(f"{student}: in several archives; the last one counts.")
        files = [one for one in files if one.archive == last]
    by_name: dict[PurePosixPath, list[Packed]] = defaultdict(list)
    for one in files:
        by_name[one.file].append(one)
    kept = []
    for name, same in by_name.items():
        best = max(same, key=lambda one: one.upload)
        if len(same) > 1 and not best.upload:
            told.append(f"{best.path}: {len(same)} files of this name, so none is taken: rename them.")
            continue
        if len(same) > 1:
            told.append(f"{student}: handed in {len(same)} times; {best.path.name} counts.")
        if name.suffix.lower() in ARCHIVES:
            told.append(f"{best.path}: an archive in the archive is not opened: put what it holds in its place.")
        kept.append(best)
    return kept


# ---- Whose a file is ----


def whose(packed: list[Packed], assignment: str) -> Iterator[Packed]:
    """The files with their students, as the archive's names tell: Moodle's, Canvas's, or a folder for each."""
    paths = [one.path for one in packed]
    moodle = any(MOODLE.fullmatch(part) for path in paths for part in path.parts)
    canvas = not moodle and all(CANVAS.fullmatch(path.name) for path in paths)
    inside = PurePosixPath() if moodle or canvas else around_a_class(paths, assignment)
    # A second file of one name is called gpt2-1.ipynb by Canvas.
    renamed = re.compile(rf"({re.escape(assignment)})-\d+(\.ipynb)", re.I)
    for one in packed:
        file = one.path.relative_to(inside)
        places = ((place, match) for place, part in enumerate(file.parts) if (match := MOODLE.fullmatch(part)))
        if canvas and (match := CANVAS.fullmatch(file.name)):
            theirs = PurePosixPath(renamed.sub(r"\1\2", match["file"] or file.name))
            student, upload = named(match["name"], match["id"]), int(match["upload"] or 0)
            yield one._replace(student=student, id=match["id"], upload=upload, file=theirs)
        elif found := next(places, None):
            place, match = found
            theirs = PurePosixPath(match["file"] or "", *file.parts[place + 1 :])
            theirs = theirs if theirs.parts else PurePosixPath(one.path.name)
            yield one._replace(student=named(match["name"], match["id"]), id=match["id"], file=theirs)
        elif len(file.parts) > 1 and not moodle:
            yield one._replace(student=file.parts[0], file=file.relative_to(file.parts[0]))
        else:  # nobody's
            yield one._replace(file=file)


def named(name: str | None, id: str) -> str:
    """What a student of an LMS is called here: readable, a folder's name, and with the id that marks find back by."""
    readable = " ".join(re.sub(r"[^\w .'-]", " ", name or "").split()).strip("_. ")
    return f"{readable}_{id}" if readable else id


def around_a_class(paths: list[PurePosixPath], assignment: str) -> PurePosixPath:
    """The folder that somebody packed a whole class in; a student's own folder is none."""
    below = {path.parts[1] for path in paths if len(path.parts) > 2 or (len(path.parts) == 2 and ".ipynb" in path.name)}
    one_student = below & {assignment, f"{assignment}.ipynb"} or len(below) < 2
    return PurePosixPath() if one_student or len({path.parts[0] for path in paths}) > 1 else paths[0].parents[-2]


# ---- What is in an archive ----


def in_zip(path: Path, opened: contextlib.ExitStack, told: list[str]) -> Iterator[Packed]:
    """The files of a zip that may be somebody's work. Raises UsageError when it is none, or unpacks to too much."""
    try:
        zipped = opened.enter_context(zipfile.ZipFile(path))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None
    except DAMAGED:
        raise UsageError(f"{path}: not a zip, or only a part of one: download it again.") from None
    # The sizes are those that the archive states. `write` reads no further than MAX_BYTES, whatever it states.
    infos = [info for info in zipped.infolist() if not info.is_dir()]
    if sum(min(info.file_size, MAX_BYTES) for info in infos) > CLASS_BYTES + CLASS_RATIO * path.stat().st_size:
        raise UsageError(f"{path}: unpacks to far more than notebooks do, so nothing was unpacked.")
    for info in infos:
        place = PurePosixPath(readable(info))
        # The last condition is a drive of Windows, as in C:gpt2.ipynb.
        if place.is_absolute() or ".." in place.parts or not place.parts or place.parts[0][1:2] == ":":
            told.append(f"{place}: not taken: the name leads out of the archive.")
        # The upper half is the file's mode, where the archive was made on a Unix, and mostly zero elsewhere.
        elif stat.S_ISLNK(info.external_attr >> 16):
            told.append(f"{place}: not taken: it is a link.")
        elif info.flag_bits & 1:
            told.append(f"{place}: not taken: it is encrypted.")
        elif somebodys(place):
            yield Packed(place, info.file_size, time.mktime((*info.date_time, 0, 0, -1)), partial(zipped.open, info))


def readable(info: zipfile.ZipInfo) -> str:
    """An entry's name: UTF-8 where it is that though nothing says so, as macOS writes it; in one spelling."""
    name = info.filename
    # Without the flag for UTF-8, zipfile takes a name for cp437, in which every byte is some character.
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    # macOS writes an ä as a and two dots, other systems as one letter; some zips of Windows have backslashes.
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def in_folder(folder: Path) -> Iterator[Packed]:
    """The files of a folder, without links, and without the zips directly in it, which are archives of their own."""
    for path in sorted(folder.rglob("*")):
        place = PurePosixPath(unicodedata.normalize("NFC", path.relative_to(folder).as_posix()))
        status = path.lstat()
        an_archive = path.parent == folder and path.suffix.lower() == ".zip"
        if stat.S_ISREG(status.st_mode) and somebodys(place) and not an_archive:
            yield Packed(place, status.st_size, status.st_mtime, partial(FileIO, path))


def zips_in(folder: Path) -> list[Path]:
    """The zips directly in a folder, the oldest first."""
    zips = [path for path in folder.iterdir() if path.suffix.lower() == ".zip" and path.is_file()]
    return sorted(zips, key=lambda path: (path.stat().st_mtime_ns, path))


def somebodys(place: PurePath) -> bool:
    """Whether a path may lead to somebody's work; whoever looks for notebooks later passes the others by."""
    return not any(part.startswith(".") or part in NOT_THEIRS for part in place.parts)


def write(packed: Packed, target: Path) -> str:
    """Write a file where none is; returns why not, or "". Raises CannotGrade when the disk is full.

    Of one that is too large, as much as shows that it is: whoever reads notebooks says so.
    """
    try:
        # No extractall: it would write what the archive says, of any size, over what is there.
        with packed.open() as source:
            content = source.read(MAX_BYTES + 1)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
        os.utime(target, (packed.time, packed.time))
    except OSError as error:
        if error.errno in FULL:
            raise not_written(target, error) from None
        return error.strerror or "it cannot be written"
    except DAMAGED:
        return "it is damaged, or packed in an unusual way"
    return ""
