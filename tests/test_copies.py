"""Protects the tests of an archive without .git: they find the files that git would list."""

import subprocess

from tests.copies import copy_repository, tracked, walked

JUNK = [".venv/bin/python", "demo/gradebook.db", "models/124M/model.safetensors", "models/tiny/train.log", "nb.log"]
JUNK += ["tests/__pycache__/x.pyc", "source/gpt2/.ipynb_checkpoints/gpt2.ipynb", "docs/demo/page.md", ".verdicts/ab/cd"]


def test_what_is_walked_is_what_git_lists(tmp_path):
    copy_repository(tmp_path)
    for name in JUNK:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    command = ["git", "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert sorted(walked(tmp_path)) == sorted(filter(None, listed.split("\0")))
    assert set(walked(tmp_path)) == {*tracked(), "docs/demo/page.md", "models/tiny/train.log"}
