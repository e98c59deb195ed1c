"""The table of marks that Moodle or Canvas exported, to be filled in: nothing but the marks' own cells changes."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from autograder.errors import UsageError

POINTS = "Points Possible"  # Canvas's row of the highest marks, in every language
PARTICIPANT = re.compile(r"\D+(\d+)")  # Moodle's "Participant 100001", in every language


class Cell(NamedTuple):
    """One field of a table: what it says, and where it stands in the text."""

    says: str
    start: int
    end: int


class Row(NamedTuple):
    """One student: the id in the LMS, what else the table calls them, and the cell of the mark."""

    id: str
    called: list[str]
    mark: Cell


@dataclass
class Table:
    """An LMS's export: as it stands in the file, its students, and what it says of the highest mark ("": nothing)."""

    path: Path
    text: str
    encoding: str
    delimiter: str
    header: list[str]
    cells: list[list[Cell]]  # by row, those below the header that are whole
    rows: list[Row] = field(default_factory=list)
    highest: str = ""

    @property
    def full(self) -> float | None:
        return number(self.highest)

    @cached_property
    def known(self) -> dict[str, list[Row]]:
        """The students by all that the table calls them."""
        known = defaultdict(list)
        for row in self.rows:
            for name in {plain(one) for one in [row.id, *row.called]} - {""}:
                known[name].append(row)
        return known

    def row_of(self, student: str) -> Row | None:
        """The row of whom a gradebook calls `student`: a login, address, id or name that is theirs alone, or the name
        and id that their files had in an archive. None where it might be somebody else's.
        """
        found = self.known.get(plain(student), [])
        if not found and (match := re.fullmatch(r"(.*)_(\d+)", student)):
            # An id alone is not enough: a folder that somebody named by hand may end in a number, too.
            by_id = [row for row in self.known.get(match[2], []) if row.id == match[2]]
            name = letters(match[1])
            found = [row for row in by_id if any(name in one or one in name for one in spellings(row))]
        return found[0] if len(found) == 1 else None

    def filled(self, marks: list[tuple[Row, float]]) -> bytes:
        """The file with these marks; encoding, delimiter, quotes and line ends are its own."""
        pieces, at = [], 0
        for row, score in sorted(marks, key=lambda one: one[0].mark.start):
            digits = f"{round(score, 2):g}".replace(".", "," if "," in self.highest else ".")
            quoted = self.text[row.mark.start : row.mark.end].startswith('"') or self.delimiter in digits
            pieces += [self.text[at : row.mark.start], f'"{digits}"' if quoted else digits]
            at = row.mark.end
        return "".join([*pieces, self.text[at:]]).encode(self.encoding)


def plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip().casefold())


def letters(name: str) -> str:
    return re.sub(r"[\W\d_]", "", plain(name))


def spellings(row: Row) -> set[str]:
    """A student's names without blanks and commas, as Canvas writes them; a last name may have its own column."""
    return {letters(one) for one in [*row.called, "".join(row.called[:2])]} - {""}


def number(text: str) -> float | None:
    return float(text.replace(",", ".")) if re.fullmatch(r" *[0-9]+([.,][0-9]+)? *", text) else None


def canvas(path: Path, column: str | None, full: float) -> Table:
    """A gradebook that Canvas exported; without `column`, its one assignment of `full` points. Raises UsageError."""
    table = opened(path)
    if not {"ID", "Section"} <= {*table.header}:
        raise UsageError(f"{path}: not a gradebook that Canvas exported (Grades > Export > Export Entire Gradebook).")
    id, section = table.header.index("ID"), table.header.index("Section")
    points = next((row for row in table.cells if POINTS in row[0].says), [])
    # Behind the assignments stand Canvas's own totals, for which the row of the highest marks says "(read only)".
    graded = [cell for cell in range(section + 1, len(points)) if number(points[cell].says) is not None]
    place = chosen(table, column, [cell for cell in graded if number(points[cell].says) == full], graded)
    for row in table.cells:
        if row[id].says.strip() and row is not points:
            table.rows.append(Row(row[id].says.strip(), [cell.says for cell in row[:section]], row[place]))
    table.highest = points[place].says if points else ""
    return table


def moodle(path: Path, column: str | None, full: float) -> Table:
    """Moodle's grading worksheet; without `column`, its Grade, or in another language what stands before the highest
    mark, `full` for everybody. Raises UsageError.
    """
    table = opened(path)
    students = [row for row in table.cells if PARTICIPANT.fullmatch(row[0].says)]
    last = len(table.header) - 1
    if not students or last < 2:
        raise UsageError(f"{path}: not a grading worksheet of Moodle's (Assignment > Download grading worksheet).")
    titles = [cell for cell, title in enumerate(table.header) if title == "Grade"]
    before = [cell for cell in range(1, last) if all(number(row[cell + 1].says) == full for row in students)]
    place = chosen(table, column, titles or before, range(1, last + 1))
    for row in students:
        table.rows.append(Row(PARTICIPANT.sub(r"\1", row[0].says), [cell.says for cell in row[:place]], row[place]))
    table.highest = students[0][place + 1].says if place < last else ""
    return table


def chosen(table: Table, column: str | None, usual: list[int], possible: Collection[int]) -> int:
    """The place of the marks' column: the named one (without Canvas's number behind it, too), or the usual one."""
    titles = {place: table.header[place] for place in possible}
    if column is not None:
        usual = [at for at, title in titles.items() if column in (title, re.sub(r" \(\d+\)$", "", title))]
    if len(usual) == 1:
        return usual[0]
    names = ", ".join(f'"{title}"' for title in titles.values()) or "none"
    raise UsageError(f"{table.path}: which column are the marks to stand in? Say --column NAME; there are: {names}.")


def opened(path: Path) -> Table:
    """A table of text, and how it was written. Raises UsageError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None
    utf16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(content[:2])
    for encoding in [utf16] if utf16 else ["utf-8", "latin-1"]:  # every file is that, and is written as it was read
        try:
            text = content.decode(encoding)
            break
        except UnicodeError:
            if utf16:
                raise UsageError(f"{path}: a damaged text: export it again.") from None
    # The delimiter of a spreadsheet goes by the country's language; the right one gives the header the most columns.
    tables = {delimiter: split(text, delimiter) for delimiter in ",;\t"}
    delimiter = max(tables, key=lambda one: len(tables[one][0]))
    first, *rows = tables[delimiter]
    whole = [row for row in rows if len(row) == len(first)]
    return Table(path, text, encoding, delimiter, [cell.says.strip() for cell in first], whole)


# The csv module reads such a table, but does not say where in the text a cell stands, and writes all of it anew.
def split(text: str, delimiter: str) -> list[list[Cell]]:
    """The cells of a table by row, as RFC 4180 has it; a quote that is never closed is a character like others."""
    # The `*+` give nothing back: `""` is never split, and where a quote is not closed, no shorter text is tried.
    field = re.compile(rf'("(?:[^"]|"")*+"|[^{delimiter}\r\n]*+)({delimiter}|\r\n|\n|\r|\Z)')
    rows: list[list[Cell]] = [[]]
    # A byte order mark stays where it is and belongs to no cell.
    for match in field.finditer(text, text.startswith("\ufeff")):
        said = match[1][1:-1].replace('""', '"') if match[1].startswith('"') else match[1]
        rows[-1].append(Cell(said, *match.span(1)))
        if match[2] != delimiter:
            rows.append([])
    return rows
