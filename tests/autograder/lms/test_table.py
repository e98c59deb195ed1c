"""Protects an LMS's table: a mark reaches its student and nobody else, and nothing but marks differs in the file."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import UsageError
from autograder.lms import table

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,GPT-2 (771),Lab (772),Current Score
,,,,,,Manual Posting,,
    Points Possible,,,,,,100.00,10.00,(read only)
"Example, Ada",2001,u1,ada.e,"A, B",=1+1,,9.5,95
"Müller, Jörg",2003,u3,2001,A,"two
lines",EX,,
"Student, Test",2009,,x,A,,,,
"""
MOODLE = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Last modified (grade)","Feedback comments"
"Participant 100001","Ada Example",ada@x.org,Submitted,,100.00,-,"says ""hi"", twice"
"Participant 100002","Jörg Müller",j@x.org,Submitted,55.00,100.00,-,
"""
GERMAN = """\
ID;"Vollständiger Name";Status;Bewertung;"Bestwertung";"Zuletzt geändert (Bewertung)"
"Teilnehmer/in100001";"Jörg Müller";Abgegeben;"";"100,00";-
"Teilnehmer/in100002";"Ada Example";Abgegeben;"";"100,00";-
"""


@pytest.fixture
def export(tmp_path):
    """export(text, encoding) -> the path of a file with it."""

    def write(text: str, encoding: str = "utf-8"):
        path = tmp_path / "export.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def filled(read: table.Table, marks: dict[str, float]) -> bytes:
    return read.filled([(read.row_of(student), mark) for student, mark in marks.items()])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_canvas_keeps_every_byte_but_the_marks(export, encoding, ends):
    text = CANVAS.replace("\n", ends)
    read = table.canvas(export(text, encoding), None, 100)
    assert read.full == 100 and [row.id for row in read.rows] == ["2001", "2003", "2009"]
    done = filled(read, {"exampleada_2001": 87.5, "müllerjörg_2003": 100})
    expected = text.replace("=1+1,,9.5", "=1+1,87.5,9.5").replace("EX", "100")
    assert done == expected.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_moodle_keeps_every_byte_but_the_marks(export, encoding):
    read = table.moodle(export(MOODLE, encoding), None, 100)
    done = filled(read, {"Ada Example_100001": 66.666, "Jörg Müller_100002": 0})
    assert done == MOODLE.replace("Submitted,,", "Submitted,66.67,").replace("55.00", "0").encode(encoding)


def test_another_language_is_told_by_its_numbers_and_keeps_its_comma(export):
    read = table.moodle(export(GERMAN), None, 100)
    done = filled(read, {"Jörg Müller_100001": 87.5})
    assert done.decode() == GERMAN.replace('Abgegeben;"";', 'Abgegeben;"87,5";', 1)


def test_a_comma_between_cells_quotes_one_in_a_number(export):
    text = MOODLE.replace("100.00", '"100,00"').replace("55.00", '"55,00"')
    done = filled(table.moodle(export(text), None, 100), {"ada@x.org": 12.5})
    assert done.decode() == text.replace("Submitted,,", 'Submitted,"12,5",')


@pytest.mark.parametrize(
    "student, id",
    [
        ("exampleada_2001", "2001"),
        ("example_2001", "2001"),  # a name that was changed since, or shortened
        ("ada.e", "2001"),
        ("ADA.E", "2001"),
        ("u3", "2003"),
        ("müllerjörg_2003", "2003"),
        ("Example, Ada", "2001"),
        ("2009", "2009"),
        ("2001", None),  # the id of one, and the login of another
        ("exampleada_2003", None),  # somebody else's id behind a name
        ("smith_2001", None),
        ("", None),
        ("A", None),
        ("nobody", None),
    ],
)
def test_whose_row_it_is(export, student, id):
    row = table.canvas(export(CANVAS), None, 100).row_of(student)
    assert (row and row.id) == id


def test_names_in_two_columns(export):
    text = (
        "LastName,FirstName,ID,SIS Login ID,Section,GPT-2 (1)\n    Points Possible,,,,,100\nvan der Meulen,Jo,7,j,A,\n"
    )
    read = table.canvas(export(text), None, 100)
    assert filled(read, {"vandermeulenjo_7": 5}).decode() == text.replace(",A,", ",A,5")


def test_a_column_that_is_named(export):
    two = CANVAS.replace("10.00", "100.00")
    with pytest.raises(UsageError, match=r'--column NAME; there are: "GPT-2 \(771\)", "Lab \(772\)"'):
        table.canvas(export(two), None, 100)
    for name in ("Lab", "Lab (772)"):
        assert ",,50,\n" in filled(table.canvas(export(two), name, 100), {"x": 50}).decode()
    with pytest.raises(UsageError, match="there are"):
        table.canvas(export(two), "Current Score", 100)


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "PK\x03\x04\nx7\n", "\ufeff", "Student,ID,Section\n", "Identifier,Grade\n"]
)
@pytest.mark.parametrize("kind", [table.canvas, table.moodle])
def test_what_is_no_such_table_is_one_line(export, text, kind):
    with pytest.raises(UsageError) as told:
        kind(export(text), None, 100)
    assert "\n" not in str(told.value) and "export.csv" in str(told.value)


CELL = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\ufeff"), max_size=6)


@given(st.lists(st.tuples(CELL, CELL), max_size=4), st.sampled_from(",;\t"), st.sampled_from([0, 1]), st.booleans())
def test_whatever_else_stands_in_the_table_stays(tmp_path_factory, others, delimiter, quoting, bom):
    rows = [["Identifier", "Full name", "Grade", "Maximum Grade", "Comment"]]
    rows += [[f"Participant {n}", name, "", "100.00", said] for n, (name, said) in enumerate(others, 1)]
    rows += [["Participant 77", "Ada", "", "100.00", "ok"]]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting).writerows(rows)
    path = tmp_path_factory.mktemp("drawn") / "export.csv"
    path.write_bytes(("\ufeff" * bom + out.getvalue()).encode())
    read = table.moodle(path, None, 100)
    done = read.filled([(row, 3.5) for row in read.rows if row.id == "77"]).decode()
    again = list(csv.reader(io.StringIO(done.removeprefix("\ufeff"), newline=""), delimiter=delimiter))
    assert again == [*rows[:-1], ["Participant 77", "Ada", "3.5", "100.00", "ok"]]
