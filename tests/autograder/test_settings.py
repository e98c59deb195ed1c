"""Protects what the environment decides: read in one place, once, and a course's seed that is drawn once."""

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import autograder
from autograder.errors import CannotGrade, UsageError
from autograder.settings import Limits, Settings, course_seed

ROOM = Path(autograder.__file__).parent
# Who writes the environment of a process to be started, or copies it whole for one: file, and what stands there.
FOR_CHILDREN = {
    ("executors/local.py", "os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')"),
    ("executors/local.py", "os.environ['PYTHONSAFEPATH']"),
    ("executors/local.py", "dict(os.environ)"),
    ("executors/local.py", "os.environ.keys()"),
    ("executors/local.py", "os.environ[name]"),
    ("executors/local.py", "os.environ.update(self.before)"),
    ("doors/release.py", "{**os.environ, 'GPT2_MODELS_DIR': str(Path(scratch) / 'none')}"),
}


def uses(source: str) -> list[str]:
    """What a file does with the environment, each use with the call, the dict or the line around it."""
    tree = ast.parse(source)
    around = {id(inner): outer for outer in ast.walk(tree) for inner in ast.iter_child_nodes(outer)}
    found = []
    for node in ast.walk(tree):
        named = isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "os"
        imported = isinstance(node, ast.ImportFrom) and node.module == "os"
        if named and node.attr in ("environ", "environb", "getenv", "getenvb", "putenv"):
            whole = node
            while isinstance(around.get(id(whole)), ast.Attribute | ast.Call | ast.Dict | ast.Subscript):
                whole = around[id(whole)]
            found.append(ast.unparse(whole))
        elif imported and {alias.name for alias in node.names} & {"environ", "environb", "getenv", "getenvb"}:
            found.append(ast.unparse(node))
    return found


def test_nothing_else_reads_the_environment():
    found = {
        (path.relative_to(ROOM).as_posix(), use)
        for path in ROOM.rglob("*.py")
        if "templates" not in path.parts and path != ROOM / "settings.py"
        for use in uses(path.read_text("utf-8"))
    }
    assert found == FOR_CHILDREN


@pytest.mark.parametrize(
    "source",
    ["os.environ['X']", "f(os.environ.get('X'))", "os.getenv('X')", "from os import environ", "e = os.environ"],
)
def test_the_search_sees_every_way_to_read_it(source):
    assert len(uses(f"import os\n{source}")) == 1


def test_settings_come_from_the_environment_that_is_given():
    given = {
        "AUTOGRADER_SEED": "7", "AUTOGRADER_ASSIGNMENT": "gpt3", "AUTOGRADER_LIMITS": "call_seconds=2, memory_mb=800",
        "AUTOGRADER_VERDICTS": "kept",
    }  # fmt: skip
    limits = Limits(call_seconds=2.0, memory_mb=800)
    assert Settings.from_environment(given) == Settings("7", "gpt3", limits, Path("kept"))
    assert Settings.from_environment({}) == Settings()
    assert Settings.from_environment({"AUTOGRADER_VERDICTS": ""}).verdicts is None


@pytest.mark.parametrize("text", ["memory_mb", "memory=5", "call_seconds=fast", "memory_mb=1.5", "a=b=c"])
def test_limits_that_are_none_are_the_callers_fault(text):
    with pytest.raises(UsageError, match="names: call_seconds"):
        Settings.from_environment({"AUTOGRADER_LIMITS": text})


def test_another_machine_gets_the_seed_and_the_limits():
    here = Settings(seed="it's; mine", limits=Limits(call_seconds=2.5, restarts=3))
    there = Settings.from_environment(here.to_environment())
    assert (there.seed, there.limits, there.assignment) == (here.seed, here.limits, here.assignment)


# ---- The course's seed ----


def test_a_seed_is_drawn_once_and_only_its_owner_reads_it(tmp_path, capsys):
    path = tmp_path / ".autograder-seed"
    first = course_seed(path)
    assert len(first) == 32 and course_seed(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    said = capsys.readouterr().err
    assert said.count("drew a seed") == 1 and first not in said
    assert course_seed(tmp_path / "another course") != first


def test_of_many_that_start_together_all_have_one_seed(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(course_seed, [tmp_path / "seed"] * 64))) == 1


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_damaged_seed_is_no_reason_to_draw_another(tmp_path, content):
    """Marks would change in the middle of a course."""
    path = tmp_path / "seed"
    path.write_bytes(content)
    with pytest.raises(CannotGrade, match="cannot be read"):
        course_seed(path)
    assert path.read_bytes() == content


def test_a_seed_that_cannot_be_kept_is_the_machines_fault(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotGrade, match="AUTOGRADER_SEED"):
        course_seed(tmp_path / "file" / "seed")


def test_a_seed_that_is_set_draws_none():
    code = "from autograder import settings; settings.course_seed = None; print(settings.Settings(seed='7').seeded())"
    environment = {name: value for name, value in os.environ.items() if name != "AUTOGRADER_SEED"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "seed='7'" in done.stdout, done.stderr


@pytest.mark.parametrize("limits", [Limits(), Limits(memory_mb=800), Limits(memory_mb=4096, call_seconds=2.5)])
def test_another_machine_gets_the_limits_that_were_changed(limits):
    """By the variables that are shown for it: lower ones and higher ones."""
    settings = Settings("7", "gpt3", limits)
    there = Settings.from_environment(settings.to_environment())
    assert (there.seed, there.assignment, there.limits) == ("7", "gpt3", limits)
    assert ("AUTOGRADER_LIMITS" in settings.to_environment()) == (limits != Limits())


def test_kept_verdicts_are_used_unless_it_is_said_otherwise():
    assert not Settings().fresh and not Settings.from_environment({}).fresh
