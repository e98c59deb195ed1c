"""Protects a course's private files from what a student puts into the exchange or below submitted/."""

import io
import logging
import os
import threading
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory

from autograder.nbgrader.course_files import SECRET, STAMP, Collect, companions, linked, regular

SECRETS = "a private file of the grader's"
TIME = "2026-05-01 12:00:00.000000 UTC"


@pytest.fixture
def inbound(tmp_path):
    """A student's folder in the exchange."""
    folder = tmp_path / f"mallory+gpt2+{TIME}+x"
    folder.mkdir()
    (tmp_path / "private").write_text(SECRETS)
    return folder


def collect(folder: Path, target: Path) -> str:
    """Copy it as `nbgrader collect` does; what was logged."""
    said = io.StringIO()
    log = logging.getLogger(f"collect-{target}")
    log.addHandler(logging.StreamHandler(said))
    copier = Collect(coursedir=CourseDirectory(), log=log)
    copier.do_copy(str(folder), str(target))
    return said.getvalue()


def test_only_regular_files_of_the_students_are_taken(inbound, tmp_path):
    (inbound / "gpt2.ipynb").write_text("{}")
    (inbound / "a_link.ipynb").symlink_to(tmp_path / "private")
    os.mkfifo(inbound / "a_pipe.ipynb")
    (inbound / "a_folder.ipynb").mkdir()
    (inbound / "notes.txt").write_text("x")
    (inbound / SECRET).symlink_to(tmp_path / "private")
    said = collect(inbound, tmp_path / "submitted")
    assert sorted(p.name for p in (tmp_path / "submitted").iterdir()) == sorted(["gpt2.ipynb", STAMP, SECRET])
    assert said.count("Not collected") == 3
    assert (tmp_path / "submitted" / STAMP).read_text() == TIME
    assert len((tmp_path / "submitted" / SECRET).read_text()) == 128


def test_a_link_in_place_of_the_folder_is_not_followed_and_stops_nobody(inbound, tmp_path):
    (tmp_path / "zoe").mkdir()
    (tmp_path / "zoe" / "gpt2.ipynb").write_text(SECRETS)
    inbound.rmdir()
    inbound.symlink_to(tmp_path / "zoe")
    assert "Not collected" in collect(inbound, tmp_path / "submitted")
    assert not (tmp_path / "submitted").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_hard_link_to_somebody_elses_file_is_not_taken(inbound, tmp_path):
    os.chown(inbound, 12345, 12345)
    (inbound / "gpt2.ipynb").hardlink_to(tmp_path / "private")
    assert "Not collected" in collect(inbound, tmp_path / "submitted")
    assert not (tmp_path / "submitted" / "gpt2.ipynb").exists()


def test_no_swap_between_the_look_and_the_copy_brings_a_private_file(inbound, tmp_path):
    """A notebook and a link to the grader's file take each other's place as fast as they can."""
    path = inbound / "gpt2.ipynb"
    path.write_text("{}")
    over = threading.Event()

    def swap():
        number = 0
        while not over.is_set():
            number += 1
            new = tmp_path / f"new{number}"
            new.symlink_to(tmp_path / "private") if number % 2 else new.write_text("{}")
            new.replace(path)

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        found = []
        for number in range(400):
            collect(inbound, tmp_path / f"submitted{number}")
            copied = tmp_path / f"submitted{number}" / "gpt2.ipynb"
            found.append(copied.read_text() if copied.exists() else None)
    finally:
        over.set()
        swapper.join()
    assert SECRETS not in found
    assert "{}" in found, "a notebook that is there is taken"


def test_a_files_name_moves_no_cursor(inbound, tmp_path):
    os.mkfifo(inbound / "\x1b[2J\x1b]0;x\x07\r\u202e.ipynb")
    said = collect(inbound, tmp_path / "submitted")
    assert "Not collected" in said and not set("\x1b\x07\r\u202e").intersection(said)


def test_what_is_read_is_what_was_opened_and_never_more_than_the_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert regular(path, 10) == b"x" * 10 and regular(path, 9) is None
    assert regular("/dev/zero", 10) is None
    (tmp_path / "link").symlink_to(path)
    assert regular(tmp_path / "link", 10) is None


@pytest.mark.parametrize("whose", ["mallory", "mallory/gpt2"])
def test_nothing_beside_a_linked_folders_notebook_is_believed(whose, tmp_path):
    zoe = tmp_path / "zoe" / "gpt2"
    zoe.mkdir(parents=True)
    (zoe / SECRET).write_text("ab" * 64)
    (tmp_path / whose).parent.mkdir(exist_ok=True)
    (tmp_path / whose).symlink_to(zoe.parent if whose == "mallory" else zoe)
    assert companions(zoe) == {SECRET: "ab" * 64}
    assert linked(tmp_path / "mallory" / "gpt2") and companions(tmp_path / "mallory" / "gpt2") == {}
