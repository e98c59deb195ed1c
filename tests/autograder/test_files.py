"""Protects writing a file: whole or not at all, whoever else is writing it."""

import threading

import pytest

from autograder.files import save


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
