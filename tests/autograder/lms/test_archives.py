"""Protects what is made of archives: every student found, nothing in another's place or outside, no bombs."""

import os
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import CannotGrade, UsageError
from autograder.lms import archives
from autograder.lms.archives import as_folder, unpack, uploads
from tests.autograder.lms.packing import packed


@pytest.fixture
def opened(tmp_path):
    """opened(zip, ...) -> ({file: content} of all that was unpacked, what was told)."""

    def take(*zips: Path) -> tuple[dict[str, str], list[str]]:
        into = tmp_path / "into"
        told = unpack(list(zips), into, "gpt2")
        found = {p.relative_to(into).as_posix(): p.read_text("latin-1") for p in into.rglob("*") if p.is_file()}
        return found, told

    return take


def test_moodle_in_folders_as_files_and_without_names(opened, tmp_path):
    names = {
        "Ada Example_100001_assignsubmission_file/gpt2.ipynb": "a",
        "Jörg O'Hara_100002_assignsubmission_file_/sub/gpt2.ipynb": "b",
        "Jörg O'Hara_100002_assignsubmission_onlinetext_/onlinetext.html": "c",
        "Ada Example_100003_assignsubmission_file_my_1_2_gpt2.ipynb": "d",
        "Participant_100004_assignsubmission_file/gpt2.ipynb": "e",
        "a/../../b": "never",
    }
    found, told = opened(packed(tmp_path / "m.zip", names))
    assert found == {
        "Ada Example_100001/gpt2.ipynb": "a",
        "Jörg O'Hara_100002/sub/gpt2.ipynb": "b",
        "Jörg O'Hara_100002/onlinetext.html": "c",
        "Ada Example_100003/my_1_2_gpt2.ipynb": "d",
        "Participant_100004/gpt2.ipynb": "e",
    }
    assert len(told) == 1 and "leads out" in told[0]


def test_canvas_late_anonymous_digits_and_the_last_of_two_uploads(opened, tmp_path):
    path = packed(
        tmp_path / "c.zip",
        {
            "exampleada_2001_900001_gpt2.ipynb": "a",
            "lopez_LATE_2002_900009_gpt2-1.ipynb": "new",
            "lopez_LATE_2002_900008_gpt2.ipynb": "old",
            "42_2003_900003_gpt2.ipynb": "b",
            "LATE_anon_x1Y2z_900004_gpt2.ipynb": "c",
            "vandermeulen_2004_900005_lab_7_8_gpt2.ipynb": "d",
            "texter_2005_text.html": "e",
        },
    )
    found, told = opened(path)
    assert found == {
        "exampleada_2001/gpt2.ipynb": "a",
        "lopez_2002/gpt2.ipynb": "new",
        "42_2003/gpt2.ipynb": "b",
        "anon_x1Y2z/gpt2.ipynb": "c",
        "vandermeulen_2004/lab_7_8_gpt2.ipynb": "d",
        "texter_2005/texter_2005_text.html": "e",
    }
    assert told == ["lopez_2002: handed in 2 times; lopez_LATE_2002_900009_gpt2-1.ipynb counts."]
    assert uploads([path], "gpt2")["lopez_2002"] == ["lopez_LATE_2002_900009_gpt2-1.ipynb"]


@pytest.mark.parametrize(
    "names, students",
    [
        (["ada/gpt2.ipynb", "bob/gpt2/gpt2.ipynb"], ["ada", "bob"]),
        (["class/ada/gpt2.ipynb", "class/bob/gpt2/gpt2.ipynb", "__MACOSX/class/._ada"], ["ada", "bob"]),
        (["class/ada.ipynb", "class/bob.ipynb"], ["ada.ipynb", "bob.ipynb"]),
        (["ada/gpt2/gpt2.ipynb", "ada/older/gpt2.ipynb"], ["ada"]),
        (["ada/gpt2.ipynb", "ada/old/x.ipynb"], ["ada"]),
        (["gpt2.ipynb"], ["gpt2.ipynb"]),
        (["ada\\gpt2.ipynb", "bob\\gpt2.ipynb"], ["ada", "bob"]),
    ],
)
def test_a_zip_of_folders(opened, tmp_path, names, students):
    found, told = opened(packed(tmp_path / "p.zip", dict.fromkeys(names, "x")))
    assert sorted({name.split("/")[0] for name in found}) == students and told == []


def test_umlauts_as_macs_and_old_tools_write_them(opened, tmp_path):
    path = tmp_path / "u.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        info = zipfile.ZipInfo("JXXrg/gpt2.ipynb")
        zipped.writestr(info, "x")
        zipped.writestr("Zo\u0065\u0308/gpt2.ipynb", "y")  # a Mac's spelling: e, and two dots to put over it
    path.write_bytes(path.read_bytes().replace(b"JXXrg", "Jörg".encode()))  # UTF-8 that is not called so
    assert sorted(opened(path)[0]) == ["Jörg/gpt2.ipynb", "Zoë/gpt2.ipynb"]


def test_a_folder_that_a_browser_has_unpacked_already(opened, tmp_path):
    inside = tmp_path / "archive" / "submissions"
    for name in ("Zoe\u0308 A_7_assignsubmission_file/gpt2.ipynb", ".DS_Store", "B_8_assignsubmission_file/gpt2.ipynb"):
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        (inside / name).write_text("x")
    (inside / "C_9_assignsubmission_file").symlink_to(inside / "B_8_assignsubmission_file")
    packed(tmp_path / "archive" / "not-this-one.zip", {"D/gpt2.ipynb": "y"})
    assert sorted(opened(tmp_path / "archive")[0]) == ["B_8/gpt2.ipynb", "Zoë A_7/gpt2.ipynb"]


def test_two_people_of_one_name_are_told_and_neither_is_taken(opened, tmp_path):
    one = packed(tmp_path / "1.zip", {"Ada/gpt2.ipynb": "x", "Bob/gpt2.ipynb": "x"})
    two = packed(tmp_path / "2.zip", {"Ada/gpt2.ipynb": "y"})
    found, told = opened(one, two)
    assert found == {"Bob/gpt2.ipynb": "x"}
    assert told == ["Ada: two folders have this name, so neither is taken: rename one."]


def test_two_files_at_one_place_are_told_and_neither_is_taken(opened, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = packed(tmp_path / "1.zip", [("Ada/gpt2.ipynb", "x"), ("Ada/gpt2.ipynb", "y"), ("Bob/gpt2.ipynb", "z")])
    found, told = opened(path)
    assert found == {"Bob/gpt2.ipynb": "z"} and len(told) == 1 and "Ada/gpt2.ipynb" in told[0]


def test_of_two_downloads_the_newer_one_counts_where_the_lms_tells_people_apart(opened, tmp_path):
    name = "Ada Example_7_assignsubmission_file/gpt2.ipynb"
    found, told = opened(packed(tmp_path / "1.zip", {name: "old"}), packed(tmp_path / "2.zip", {name: "new"}))
    assert found == {"Ada Example_7/gpt2.ipynb": "new"} and len(told) == 1


def test_of_two_uploads_in_two_downloads_canvas_says_which_is_the_last(opened, tmp_path):
    new, old = {"a_2001_900007_gpt2-1.ipynb": "new"}, {"a_2001_900005_gpt2.ipynb": "old"}
    assert opened(packed(tmp_path / "1.zip", new), packed(tmp_path / "2.zip", old))[0] == {"a_2001/gpt2.ipynb": "new"}


def test_what_is_odd_is_told_in_a_line_each(opened, tmp_path):
    path = packed(tmp_path / "o.zip", {"ada/gpt2.zip": "PK", "bob/gpt2.ipynb": "x", "cy/gpt2.ipynb": "y" * 5000})
    with zipfile.ZipFile(path, "a") as zipped:
        link = zipfile.ZipInfo("dee/gpt2.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(link, "../bob/gpt2.ipynb")
        for name in ("/abs/gpt2.ipynb", "../out/gpt2.ipynb", "C:/win/gpt2.ipynb", "e" * 300 + "/gpt2.ipynb"):
            zipped.writestr(name, "x")
    content = bytearray(path.read_bytes())
    content[content.index(b"cy/gpt2.ipynb") + 16] ^= 0xFF  # in its compressed bytes
    place = content.rindex(b"bob/gpt2.ipynb") - 38  # the flags in the central directory
    content[place] |= 1  # encrypted
    path.write_bytes(content)
    found, told = opened(path)
    assert found == {"ada/gpt2.zip": "PK"}
    said = {line.split(":")[0].split("/")[0] or "/": line for line in told}
    for who, why in {
        "ada": "not opened",
        "bob": "encrypted",
        "cy": "damaged",
        "dee": "link",
        "..": "leads out",
    }.items():
        assert why in said[who], told
    assert len(told) == 8 and sorted(p.name for p in tmp_path.iterdir()) == ["into", "o.zip"]


def test_a_bomb_is_not_unpacked(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "CLASS_BYTES", 1 << 20)
    path = packed(tmp_path / "b.zip", {f"{n}/gpt2.ipynb": bytes(1 << 20) for n in range(8)})
    with pytest.raises(UsageError, match="more than notebooks"):
        opened(path)
    assert not (tmp_path / "into").exists()


def test_one_students_bomb_costs_only_theirs(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1000)
    monkeypatch.setattr(archives, "STUDENT_BYTES", 2000)
    files = {f"ada/{n}.ipynb": "x" * 5000 for n in range(5)} | {"bob/gpt2.ipynb": "y"}
    found, told = opened(packed(tmp_path / "b.zip", files))
    assert {name: len(said) for name, said in found.items()} == {"ada/0.ipynb": 1001, "bob/gpt2.ipynb": 1}
    assert len(told) == 1 and told[0].startswith("ada: too many or too large")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half of one", b"<html>log in</html>"])
def test_what_is_no_zip_is_said(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.zip: not a zip"), as_folder(tmp_path / "x.zip", "gpt2", print):
        pass


def test_a_full_disk_is_no_students_fault_and_nothing_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("autograder.lms.archives.os.utime", full)
    path = packed(tmp_path / "p.zip", {"ada/gpt2.ipynb": "x"})
    with pytest.raises(CannotGrade), as_folder(path, "gpt2", print):
        pass
    assert list(tmp_path.iterdir()) == [path]


def full(*_):
    raise OSError(28, os.strerror(28))


PARTS = st.sampled_from(["..", ".", "", "/", "\\", "C:", "ada", "Ada", "x_1_assignsubmission_file", "a_1_2_gpt2.ipynb"])
NAMES = st.lists(PARTS | st.text(max_size=8), min_size=1, max_size=5).map("/".join)


@given(st.lists(NAMES, max_size=6, unique=True))
def test_whatever_the_names_nothing_is_written_elsewhere(names):
    with tempfile.TemporaryDirectory() as folder:
        inside = Path(folder, "inside")
        inside.mkdir()
        path = Path(folder, "a.zip")
        with zipfile.ZipFile(path, "w") as zipped:
            for name in names:
                if "\0" not in name and name.isprintable():
                    zipped.writestr(name or "x", "content")
        unpack([path], inside / "into", "gpt2")
        assert {p.name for p in Path(folder).iterdir()} == {"a.zip", "inside"}
        assert {p.name for p in inside.iterdir()} <= {"into"}
