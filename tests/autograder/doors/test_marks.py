"""Protects the way through an LMS, with nbgrader's own commands: archives in, marks and feedback pages back out."""

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.doors.command import main
from tests.autograder.conftest import Course, new_course
from tests.autograder.lms.packing import packed
from tests.submissions.build import HERE, build

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,GPT-2 (771),Lab (772)
    Points Possible,,,,,100.00,10.00
"Example, Ada",2001,u1,ada.e,A,,9.5
"Lopez, José",2002,u2,jl,A,55,
"Meier, Zoë",2004,u4,zm,A,,
"Nobody, Nina",2005,u5,nn,A,,
"""
MOODLE = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Last modified (grade)"
"Participant 100001","Jörg Müller",j@x.org,"Submitted for grading",,100.00,-
"Participant 100009","Nina Nobody",n@x.org,"No submission",,100.00,-
"""


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory) -> dict[str, bytes]:
    """A perfect notebook, one with a mistake that costs 20 points, and the released one."""
    folder, found = tmp_path_factory.mktemp("notebooks"), {}
    for name in ("right/perfect", "wrong/attention_scale_d_k", "wrong/untouched"):
        build(HERE / f"{name}.py", folder / "gpt2.ipynb")
        found[name.partition("/")[2]] = (folder / "gpt2.ipynb").read_bytes()
    return found


@pytest.fixture(scope="module")
def course(tmp_path_factory, notebooks) -> Course:
    """A course in a folder with a blank and an umlaut: collected from both LMS, graded, partly marked by hand."""
    made = new_course(tmp_path_factory.mktemp("course") / "Übung 1")
    perfect, wrong, untouched = (notebooks[n] for n in ("perfect", "attention_scale_d_k", "untouched"))
    archive = made.folder / "downloaded" / "gpt2" / "archive"
    canvas = {
        "exampleada_2001_900001_gpt2.ipynb": perfect,
        "lopezjosé_LATE_2002_900003_gpt2-1.ipynb": wrong,
        "lopezjosé_LATE_2002_900002_gpt2.ipynb": untouched,
        "meierzoë_2004_900004_gpt2.ipynb": perfect,
    }
    moodle = {
        "Jörg Müller_100001_assignsubmission_file/gpt2 (1).ipynb": wrong,
        "Jörg Müller_100001_assignsubmission_file/gpt2.ipynb": untouched,
        "Jörg Müller_100001_assignsubmission_onlinetext/onlinetext.html": "<p>See the file.</p>",
        "Peter Pdf_100003_assignsubmission_file/answer.pdf": "%PDF",
    }
    packed(archive / "canvas.zip", canvas)
    packed(archive / "moodle.zip", moodle)
    packed(archive / "plain.zip", {"kim/gpt2.ipynb": untouched, "gpt2.ipynb": perfect})
    made.said = made.nbgrader("zip_collect", "gpt2").stderr
    made.nbgrader("autograde", "gpt2")
    with Gradebook(f"sqlite:///{made.folder / 'gradebook.db'}") as gradebook:
        for student in ("exampleada_2001", "lopezjosé_2002", "Jörg Müller_100001"):
            grade = gradebook.find_grade("compare_sampling", "gpt2", "gpt2", student)
            grade.manual_score, grade.needs_manual_grade = 7.5, False
        late = gradebook.find_submission_notebook("gpt2", "gpt2", "lopezjosé_2002")
        late.late_submission_penalty = 10
        gradebook.db.commit()
    made.nbgrader("generate_feedback", "gpt2")
    return made


@pytest.fixture
def marks(course, monkeypatch, capsys):
    """marks("--canvas", text, ...) -> (rows that changed, what was said); run in the course folder."""
    monkeypatch.chdir(course.folder)

    def run(kind: str, text: str, *more: str, code: int = 0) -> tuple[list[list[str]], str]:
        (course.folder / "export.csv").write_text(text, "utf-8-sig", newline="\r\n")
        assert main(["marks", kind, "export.csv", "--to", "out.csv", *more]) == code
        said = "".join(capsys.readouterr())
        if code:
            return [], said
        out = (course.folder / "out.csv").read_bytes().decode("utf-8-sig")
        assert "\r\n" in out and "\n" not in out.replace("\r\n", "")
        before, after = (list(csv.reader(io.StringIO(t))) for t in (text, out.replace("\r\n", "\n")))
        return [now for was, now in zip(before, after, strict=True) if was != now], said

    return run


def test_what_was_collected(course):
    handed = {p.parts[-3]: p.name for p in (course.folder / "submitted").glob("*/gpt2/*")}
    students = ["Jörg Müller_100001", "exampleada_2001", "kim", "lopezjosé_2002", "meierzoë_2004"]
    assert handed == dict.fromkeys(students, "gpt2.ipynb") | {"Peter Pdf_100003": "answer.pdf"}
    for line in (
        "lopezjosé_2002: handed in 2 times; lopezjosé_LATE_2002_900003_gpt2-1.ipynb counts.",
        "Jörg Müller_100001: gpt2 (1).ipynb counts; there are also: gpt2.ipynb.",
        "Peter Pdf_100003: There is no notebook, but: answer.pdf.",
        "gpt2.ipynb: nobody's: put it into a folder named after the student.",
    ):
        assert line in course.said


def test_another_assignment_is_refused_before_anything_is_chosen(course):
    archive = course.folder / "downloaded" / "other" / "archive"
    packed(archive / "a.zip", {"ada/other.ipynb": "{}"})
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "other"]
    done = subprocess.run(command, cwd=course.folder, capture_output=True, text=True)
    assert done.returncode == 1 and "set AUTOGRADER_ASSIGNMENT=other" in done.stderr
    assert not list((course.folder / "submitted").glob("*/other"))


def test_canvas_gets_marks_with_penalty_and_written_answer(marks):
    changed, said = marks("--canvas", CANVAS)
    assert [(row[0], row[5], row[6]) for row in changed] == [
        ("Example, Ada", "97.5", "9.5"),
        ("Lopez, José", "67.5", ""),
    ]
    lines = said.splitlines()
    assert lines[0] == "2 marks, of at most 100 points: out.csv"
    assert lines[1].endswith("or grade again): meierzoë_2004")  # the written answer waits for a person
    assert lines[2].endswith("not for certain: Jörg Müller_100001, Peter Pdf_100003, kim")
    assert lines[3].endswith("or not graded): Nobody, Nina 2005") and len(lines) == 4


def test_moodle_gets_marks(marks):
    changed, said = marks("--moodle", MOODLE)
    assert [(row[0], row[4]) for row in changed] == [("Participant 100001", "77.5")]
    assert "or not graded): Participant 100009 Nina Nobody" in said


def test_who_is_excused_stays_so_and_two_for_one_are_told(marks):
    excused = CANVAS.replace("A,55,", "A,EX,").replace("jl,A", "kim,A")
    changed, said = marks("--canvas", excused)
    assert [row[0] for row in changed] == ["Example, Ada"] and "one in the file: kim, lopezjosé_2002" in said


@pytest.mark.parametrize("kind, text", [("--canvas", CANVAS), ("--moodle", MOODLE)])
def test_other_points_than_the_gradebooks_are_refused(marks, kind, text):
    _, said = marks(kind, text.replace("100.00", "10.00"), "--column", {"--canvas": "GPT-2"}.get(kind, "Grade"), code=2)
    assert "make it 100 in the LMS" in said and said.count("\n") == 1


def test_feedback_pages_have_the_names_that_the_lms_knows(marks, course):
    marks("--moodle", MOODLE, "--feedback", "moodle.zip")
    marks("--canvas", CANVAS, "--feedback", "canvas.zip")
    named = {}
    for lms in ("moodle", "canvas"):
        with zipfile.ZipFile(course.folder / f"{lms}.zip") as zipped:
            named |= {name: zipped.read(name) for name in zipped.namelist()}
    assert sorted(named) == [
        "Jörg Müller_100001_assignsubmission_file_gpt2.html",
        "exampleada_2001_900001_gpt2.html",
        "lopezjosé_LATE_2002_900003_gpt2-1.html",
    ]
    page = course.folder / "feedback" / "exampleada_2001" / "gpt2" / "gpt2.html"
    assert named["exampleada_2001_900001_gpt2.html"] == page.read_bytes()


def test_without_a_gradebook_it_says_where_to_run_it_and_makes_none(tmp_path, monkeypatch, capsys, course):
    shutil.copy(course.folder / "nbgrader_config.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "e.csv").write_text(CANVAS)
    assert main(["marks", "--canvas", "e.csv"]) == 2
    said = capsys.readouterr().err
    assert "nbgrader autograde" in said and said.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["e.csv", "nbgrader_config.py"]


def test_grade_and_report_take_the_zip_and_marks_the_records(tmp_path, monkeypatch, capsys, notebooks):
    monkeypatch.chdir(tmp_path)
    files = {"exampleada_2001_900001_gpt2.ipynb": notebooks["attention_scale_d_k"], "x_7_8_gpt2.ipynb": "{"}
    path = packed(tmp_path / "Übung 1.zip", files)
    assert main(["grade", str(path), "--json", "r.json", "--jobs", "1"]) == 0
    found = {r["submission"]: r["score"] for r in json.loads(Path("r.json").read_text())}
    assert found == {"exampleada_2001/gpt2.ipynb": 70.0, "x_7/gpt2.ipynb": 0.0}
    assert main(["report", "r.json", "--notebooks", str(path), "--html", "page.html"]) == 0
    assert "exampleada_2001" in Path("page.html").read_text()
    Path("e.csv").write_text(CANVAS.replace("100.00", "90.00"))
    assert main(["marks", "--canvas", "e.csv", "--results", "r.json"]) == 0
    assert '"Example, Ada",2001,u1,ada.e,A,70,9.5' in Path("e-marks.csv").read_text()
    assert Path("e.csv").read_text() == CANVAS.replace("100.00", "90.00")


def test_who_could_not_be_graded_gets_no_mark(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    record = {"assignment": "gpt2", "model": "tiny", "isolation": "process", "max_score": 90.0, "seconds": 0.1}
    records = [
        record | {"submission": "ada.e/gpt2.ipynb", "score": None, "error": "The disk is full."},
        record | {"submission": "jl/gpt2.ipynb", "score": 0.0},
    ]
    Path("r.json").write_text(json.dumps(records))
    Path("e.csv").write_text(CANVAS.replace("100.00", "90.00"))
    assert main(["marks", "--canvas", "e.csv", "--results", "r.json"]) == 0
    assert Path("e-marks.csv").read_text() == CANVAS.replace("100.00", "90.00").replace("A,55,", "A,0,")
    assert "or grade again): ada.e" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["grade", "report"])
def test_a_zip_without_notebooks_is_named_as_it_was_given(tmp_path, capsys, command):
    path = packed(tmp_path / "class.zip", {"ada/answer.pdf": "%PDF"})
    assert main([command, str(path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"autograder: {path}: no notebook") and "answer.pdf" in said and said.count("\n") == 1
