"""Protects writing a file: whole or not at all, whoever else is writing it."""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from autograder import files
from autograder.errors import CannotGrade, UsageError
from autograder.files import new_folder, save, save_output, sweep


def test_an_interrupted_write_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    save(tmp_path / "results.json", "old")
    with pytest.raises(UnicodeEncodeError):
        save(tmp_path / "results.json", "new" * 10_000 + "\ud800")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("results.json", "old")]


def test_a_reader_never_sees_half_a_file_though_two_threads_write_it(tmp_path):
    path, contents = tmp_path / "results.json", ["a" * 300_000, "b" * 300_000]
    save(path, contents[0])

    def write(content):
        for _ in range(40):
            save(path, content)

    writers = [threading.Thread(target=write, args=[content]) for content in contents]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(path.read_text())
    assert seen <= set(contents)
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_what_a_killed_process_has_half_written_is_swept_away_and_nothing_else(tmp_path):
    code = """
import os, signal, sys
from autograder.files import save
save(sys.argv[1], (os.kill(os.getpid(), signal.SIGKILL) or "b" for _ in "a"))
"""
    killed = subprocess.run([sys.executable, "-c", code, tmp_path / "page.html"])
    assert killed.returncode == -signal.SIGKILL
    (remains,) = tmp_path.iterdir()
    mine = tmp_path / ".hidden"
    mine.write_text("a student's")

    def pieces():
        yield "half"
        sweep(tmp_path)
        yield " and half"

    save(tmp_path / "page.html", pieces())
    assert not remains.exists() and mine.exists()
    assert (tmp_path / "page.html").read_text() == "half and half"


def test_a_dash_is_standard_output_and_no_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_output("-", ["[", "]\n"])
    assert capsys.readouterr().out == "[]\n" and list(tmp_path.iterdir()) == []


def test_what_is_no_regular_file_is_written_to_and_a_link_is_followed(tmp_path):
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.write_text("old")
    link.symlink_to(target)
    save(link, "new")
    assert link.is_symlink() and target.read_text() == "new"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    read: list[str] = []
    reader.start()
    save(pipe, "through")
    reader.join(10)
    assert read == ["through"] and pipe.is_fifo()
    with pytest.raises(OSError, match="No space left"):
        save("/dev/full", "x" * 100_000)
    assert Path("/dev/full").is_char_device()


def test_folders_are_made_and_a_file_keeps_who_may_read_it(tmp_path):
    path = tmp_path / "marks" / "gpt2" / "class.csv"
    save(path, "old")
    path.chmod(0o640)
    save(path, b"new")
    assert path.read_bytes() == b"new" and path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_swept_away_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    lock, swept = files.fcntl.flock, []

    def sweeps_first(descriptor, how):
        if not swept:
            swept.extend(tmp_path.iterdir())
            swept[0].unlink()
        lock(descriptor, how)

    monkeypatch.setattr(files.fcntl, "flock", sweeps_first)
    save(tmp_path / "page.html", "whole")
    assert swept and [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("page.html", "whole")]


@pytest.mark.parametrize("there", [False, True])
def test_a_new_folder_is_there_when_all_of_it_is_made(tmp_path, there):
    """An empty folder of that name counts as none."""
    folder = tmp_path / "site" / "gpt2"
    if there:
        folder.mkdir(parents=True)
    with new_folder(folder) as made:
        made.mkdir()
        (made / "index.html").write_text("whole")
        assert not (folder / "index.html").exists()
    assert (folder / "index.html").read_text() == "whole"
    assert list(folder.parent.iterdir()) == [folder]


def test_a_new_folder_that_was_not_finished_is_gone(tmp_path):
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "site") as made:
        made.mkdir()
        (made / "index.html").write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["file", "link", "folder"])
def test_what_stands_where_a_new_folder_is_wanted_stays(tmp_path, what):
    folder = tmp_path / "site"
    if what == "file":
        folder.write_text("mine")
    elif what == "link":
        folder.symlink_to("nowhere")
    else:
        folder.mkdir()
        (folder / "page.html").write_text("mine")
    with pytest.raises(UsageError, match="is there already"), new_folder(folder):
        pytest.fail("nothing may be made")
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, CannotGrade),
        (errno.EDQUOT, CannotGrade),
        (errno.EIO, CannotGrade),
        (errno.EACCES, UsageError),
        (errno.ENOTDIR, UsageError),
    ],
)
def test_a_full_disk_is_the_machines_fault_and_a_wrong_path_the_callers(tmp_path, number, kind):
    with pytest.raises(kind, match="site: cannot be written") as caught, new_folder(tmp_path / "site"):
        raise OSError(number, os.strerror(number))
    assert os.strerror(number) in str(caught.value) and "\n" not in str(caught.value)


def test_output_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="cannot be written"):
        save_output(tmp_path / "file" / "results.json", "[]")
    assert (tmp_path / "file").read_text() == "mine"
