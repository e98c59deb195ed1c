"""Protects the command: what it prints and writes, its exit codes, one clear line for every wrong use."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import pytest
from gptkit.__main__ import main as kit

from autograder.doors.command import COMMANDS, main, parser
from autograder.errors import CannotGrade
from autograder.grading import Grader
from tests.machine import Part, program
from tests.submissions.build import HERE, ROOT, build

EXERCISES = ["cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n", "end_to_end"]
PERFECT = HERE / "right" / "perfect.py"
DETAIL = re.compile(r'"seconds": [\d.]+')


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A class: one right, one broken, one wrong, and no notebook."""
    folder = tmp_path_factory.mktemp("class")
    build(PERFECT, folder / "ada" / "gpt2.ipynb")
    build(HERE / "broken" / "half_a_file.py", folder / "ben" / "gpt2.ipynb")
    build(HERE / "broken" / "deleted_cells.py", folder / "cem" / "gpt2.ipynb")
    (folder / "notes.txt").write_text("not a notebook")
    return folder


def run(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


def test_one_notebook_one_line_per_exercise_and_a_total(capsys, folder):
    code, out, _ = run(capsys, "grade", folder / "ada" / "gpt2.ipynb")
    words = [line.split() for line in out.splitlines()]
    assert code == 0
    assert [w[0] for w in words] == ["gpt2.ipynb", *EXERCISES, "total"]
    assert words[-1][1:] == ["90", "/", "90"]


def test_a_folder_is_graded_whole_and_every_report_is_written(capsys, folder, tmp_path):
    files = {form: tmp_path / "out" / form for form in ("json", "junit", "markdown")}
    code, out, _ = run(capsys, "grade", folder, *(f"--{form}={file}" for form, file in files.items()))
    records = json.loads(files["json"].read_text())
    assert code == 0
    assert [r["submission"] for r in records] == ["ada/gpt2.ipynb", "ben/gpt2.ipynb", "cem/gpt2.ipynb"]
    assert [r["score"] for r in records][:2] == [90, 0]
    assert "3 notebooks graded" in out
    assert len(ElementTree.parse(files["junit"]).getroot()) == 3
    assert files["markdown"].read_text().count("### ") == 3


def test_a_report_that_cannot_be_written_costs_no_other(capsys, folder, tmp_path):
    (tmp_path / "file").write_text("")
    files = ["--json", tmp_path / "file" / "records.json", "--junit", tmp_path / "junit.xml"]
    code, out, err = run(capsys, "grade", folder / "ada" / "gpt2.ipynb", *files)
    assert code == 2 and "records.json: cannot be written" in err
    assert "90 / 90" in out and (tmp_path / "junit.xml").exists()


def test_a_reader_that_has_seen_enough_is_no_error(folder):
    notebook = folder / "ada" / "gpt2.ipynb"
    script = 'set -o pipefail; "$0" -m autograder grade --isolation process "$1" | true'
    done = subprocess.run(["bash", "-c", script, sys.executable, notebook], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_could_not_be_graded_is_no_zero_in_any_form_and_exit_code_3(capsys, folder, tmp_path, monkeypatch):
    """One of the class: the others keep their marks, and a later run does it."""
    verdict = Grader.verdict

    def fails(grader, work):
        if "helper_of_cem" in "".join(cell.source for cell in work.cells):
            raise CannotGrade("The disk is full.")
        return verdict(grader, work)

    cem = tmp_path / "cem" / "gpt2.ipynb"
    cem.parent.mkdir()
    cem.write_text(
        (folder / "ada" / "gpt2.ipynb").read_text().replace("import numpy", "helper_of_cem = 1\\nimport numpy")
    )
    monkeypatch.setattr(Grader, "verdict", fails)
    files = {form: tmp_path / "out" / form for form in ("json", "junit", "markdown", "gradescope")}
    code, out, _ = run(capsys, "grade", cem, *(f"--{form}={file}" for form, file in files.items()))
    assert code == 3 and "not graded: The disk is full." in out and "total" not in out
    (record,) = json.loads(files["json"].read_text())
    assert (record["score"], record["error"], record["exercises"]) == (None, "The disk is full.", [])
    suite = ElementTree.parse(files["junit"]).getroot().find("testsuite")
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    assert "not graded" in files["markdown"].read_text()
    assert not files["gradescope"].exists()
    monkeypatch.setattr(Grader, "verdict", verdict)
    assert run(capsys, "grade", cem)[0] == 0


def test_a_machine_that_can_grade_nobody_says_so_in_one_line(capsys, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_LIMITS", "memory_mb=50")
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(tmp_path))
    code, out, err = run(capsys, "grade", folder)
    assert code == 3 and not out
    assert len(err.splitlines()) == 1 and err.startswith("autograder: "), err
    assert list(tmp_path.iterdir()) == []


def test_a_kept_verdict_is_not_shown_as_if_it_had_taken_its_time_now(capsys, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(tmp_path))
    first, second = (run(capsys, "grade", folder / "ada" / "gpt2.ipynb")[1].splitlines()[0] for _ in range(2))
    assert re.search(r"[\d.]+ s\)$", first) and second.endswith("kept from an earlier run)")


def test_gradescope_file(capsys, folder, tmp_path):
    code, _, _ = run(capsys, "grade", folder / "ada" / "gpt2.ipynb", "--gradescope", tmp_path / "results.json")
    assert code == 0
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 90


def test_several_processes_give_what_one_gives(capsys, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_VERDICTS", "")  # else nobody would be examined here
    for jobs in (1, 3):
        run(capsys, "grade", folder, "--jobs", jobs, "--json", tmp_path / f"{jobs}.json")
    one, three = (DETAIL.sub("", (tmp_path / f"{jobs}.json").read_text()) for jobs in (1, 3))
    assert one == three


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["grade", "nowhere.ipynb"], "no such file"),
        (["grade", "notes.txt"], "not a notebook"),
        (["grade", "empty"], "no notebook"),
        (["grade", "empty_file.ipynb"], "is empty"),
        (["grade", "half_a_file.ipynb"], "only the first part"),
        (["grade", "other_assignment.ipynb"], "not a notebook of the assignment gpt2"),
        (["grade", "no_cells.ipynb"], "not a notebook of the assignment gpt2"),
        (["grade", "link.ipynb"], "not a regular file"),
        (["grade", "class", "--gradescope", "results.json"], "takes one notebook"),
        (["grade", "class/a.ipynb", "--json", "notes.txt/results.json"], "cannot be written"),
        (["grade", "class", "--jobs", "many"], "not a number of processes"),
        (["grade", "class", "--jobs", "0"], "not a number of processes"),
        (["grade", "class", "--jbos", "2"], "autograder grade: unrecognized arguments: --jbos: did you mean --jobs?"),
        (["grade", "class", "--jobs=2", "--jsno=x"], "--jsno=x: did you mean --json? (see autograder grade --help)"),
        (["grade", "class", "-x"], "autograder grade: unrecognized arguments: -x (see autograder grade --help)"),
        (["course", "grade", "gpt2", "--frehs"], "did you mean --fresh? (see autograder course grade --help)"),
        (["weights", "fetch", "--sorce", "openai"], "did you mean --source? (see autograder weights fetch --help)"),
        (["weights", "fetch", "125M"], "did you mean 124M? (see autograder weights fetch --help)"),
        (["weights", "fecth"], "did you mean fetch? (see autograder weights --help)"),
        (["course", "grda", "gpt2"], "did you mean grade? (see autograder course --help)"),
        (["--verison"], "did you mean --version? (see autograder --help)"),
        (["--", "grade"], "--"),
        (["grade", "class", "--isolation", "prayer"], "invalid choice"),
        (["grade"], "PATH"),
        (["grdae", "class"], "invalid choice: 'grdae': did you mean grade? (see autograder --help)"),
        (["nothing-like-it", "class"], "one of grade, course, explain"),
    ],
)
def test_a_wrong_command_gets_one_clear_line_and_exit_code_2(words, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("{}")
    for name in ("empty_file", "half_a_file", "other_assignment", "no_cells"):
        build(HERE / "broken" / f"{name}.py", tmp_path / f"{name}.ipynb")
    for name in ("a", "b"):
        build(PERFECT, tmp_path / "class" / f"{name}.ipynb")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "class" / "a.ipynb")
    try:
        code = main(words)
    except SystemExit as stop:
        code = stop.code
    err = capsys.readouterr().err
    assert code == 2
    assert len(err.splitlines()) == 1, err
    assert says in err


def test_the_version_is_the_packages(capsys):
    for command in (main, kit):
        with pytest.raises(SystemExit) as stop:
            command(["--version"])
        assert stop.value.code == 0
    installed = version("gpt2-assignment")
    assert capsys.readouterr().out.splitlines() == [f"autograder {installed}", f"gptkit {installed}"]


@pytest.mark.parametrize(("command", "words"), [(main, []), (main, ["course"]), (main, ["weights"]), (kit, [])])
def test_without_arguments_help_is_printed(capsys, command, words):
    with pytest.raises(SystemExit) as stop:
        command(words)
    out, err = capsys.readouterr()
    assert (
        (stop.value.code, err) == (0, "")
        and out.startswith("usage:")
        and "fetch" in out + "fetch" * (words == ["course"])
    )


ASCII = {**os.environ, "PYTHONIOENCODING": "ascii"}
NO_UTF8 = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize("environment", [ASCII, NO_UTF8], ids=["ascii", "C"])
def test_a_terminal_that_cannot_show_a_letter_costs_no_row(tmp_path, environment):
    if environment is NO_UTF8 and not str(ROOT).isascii():
        pytest.skip("Python itself imports nothing from a folder whose name its locale cannot spell")
    for name in ("Zoë", "ada", "Łukasz"):
        build(PERFECT, tmp_path / "class" / name / "gpt2.ipynb")
    (tmp_path / "class" / "José").mkdir()
    (tmp_path / "class" / "José" / "notes.txt").write_text("no notebook")
    command = [sys.executable, "-m", "autograder", "grade", tmp_path / "class", "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr
    shown = rb"\ufffd\ufffd" if environment is NO_UTF8 else rb"\x%x"  # there not even the file system's names are known
    assert done.stdout.count(b"90 / 90") == 3 and b"Zo" + shown.replace(b"%x", b"eb") + b"/gpt2.ipynb" in done.stdout
    assert b"Jos" + shown.replace(b"%x", b"e9") + b" has no mark" in done.stderr and b"Traceback" not in done.stderr
    records = json.loads(subprocess.run([*command, "--json", "-"], capture_output=True, env=environment).stdout)
    names = {r["submission"].split("/")[0] for r in records}
    assert names == {"ada", "Zoë", "Łukasz"} or (environment is NO_UTF8 and len(names) == 3)


@pytest.mark.parametrize("words", ["--help", "grade --help", 'grade --isolation process --json - "$1"', "weights info"])
def test_no_command_minds_that_nobody_reads_on(folder, words):
    script = f'set -o pipefail; "$0" -m autograder {words} | true'
    done = subprocess.run(["bash", "-c", script, sys.executable, folder], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


SHELLS = {
    "bash": (Part.BASH, ["--norc", "--noprofile", "-i"], "PS1=; "),
    "zsh": (Part.ZSH, ["-f", "-i"], "PS1=; autoload -Uz compinit; compinit -D -u; "),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_tab_key_completes_commands_and_options(shell, tmp_path):
    """In the shell itself, at a terminal, turned on as docs/instructor.md says."""
    part, flags, setup = SHELLS[shell]
    path = program(part, shell)  # before the fork: a skip in the child would run the other tests a second time
    (tmp_path / "notebook.ipynb").write_text("")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TERM": "dumb"}
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.chdir(tmp_path)
            os.execve(path, [shell, *flags], environment)
        finally:
            os._exit(127)
    try:
        turned_on = f'{setup}eval "$(register-python-argcomplete autograder)"; echo rea""dy\n'
        type_and_wait(terminal, turned_on, "ready")
        for line, completed in [
            ("autograder cou\t", "autograder course "),
            ("gra\t", "grade "),
            ("gpt2 --iso\t", "--isolation "),
            ("bub\t", "bubblewrap "),
            ("\x15autograder weights fe\t", "fetch "),
            ("--sou\t", "--source "),
            ("hug\t", "huggingface "),
            ("\x15autograder grade note\t", "notebook.ipynb"),
        ]:
            type_and_wait(terminal, line, completed)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def type_and_wait(terminal: int, keys: str, shown: str) -> None:
    """Type, and read until the terminal shows the words."""
    os.write(terminal, keys.encode())
    seen, until = "", time.monotonic() + 60
    while shown not in seen and time.monotonic() < until:
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 4096).decode(errors="replace")
            seen = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]|[\x07\x08\r]", "", seen)  # how the cursor moves
    assert shown in seen


def test_starting_does_not_load_what_completes():
    code = "import sys; from autograder.doors.command import main\n" + (
        "try: main(['--version'])\nexcept SystemExit: sys.exit('argcomplete' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_it_is_installed_and_its_help_teaches():
    command = [sys.executable, "-m", "autograder", "grade", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "examples:" in text
    assert "--isolation" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_is_for(command, capsys):
    with pytest.raises(SystemExit) as done:
        parser(command).parse_args([command, "--help"])
    usage, about, *_ = capsys.readouterr().out.split("\n\n")
    assert done.value.code == 0 and command in usage and about.endswith((".", ".\n"))


def test_the_list_of_commands_is_shown_without_loading_what_they_need():
    code = "import sys; from autograder.doors.command import parser; parser().format_help(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "gptkit.weights", "autograder.settings"} & set(loaded)
