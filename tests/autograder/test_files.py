"""Protects writing a file: whole or not at all, whoever else is writing it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from autograder.files import save, save_output, sweep


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
