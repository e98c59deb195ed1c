"""Protects the collecting from GitHub: the commit that stood at the deadline, and no mark for who was not read."""

import csv
import errno
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.utils import parse_utc

from autograder.doors import github_api, github_collect
from autograder.doors.command import main
from tests.github import TOKEN, GitHub, Repository, serving

EARLY, IN_TIME, DEADLINE, LATE = (
    "2026-10-28T20:00:00Z",
    "2026-10-31T22:58:59Z",
    "2026-10-31T23:59+01:00",
    "2026-10-31T23:00:00Z",
)


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """Pauses are noted and not kept, so that no test takes an hour."""
    noted: list[float] = []
    monkeypatch.setattr(github_api.time, "sleep", noted.append)
    return noted


@pytest.fixture
def collect(tmp_path, monkeypatch, waits) -> Callable[..., tuple[int, dict[str, dict[str, str]]]]:
    """Collect from a server; gives the exit code and the table, by student. The notebooks are in tmp_path/submitted."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    def run(github: GitHub, source: str = "school/gpt2-*", deadline: str | None = None, token: str = TOKEN):
        monkeypatch.setenv("GITHUB_TOKEN", token)
        with serving(github):
            monkeypatch.setenv("GITHUB_API_URL", github.url)
            code = main(["github", "collect", source, "submitted", *(["--deadline", deadline] if deadline else [])])
        table = Path("submitted.csv")
        rows = list(csv.DictReader(table.read_text("utf-8").splitlines())) if table.exists() else []
        return code, {row["student"]: row for row in rows}

    return run


def notebook(student: str) -> Path:
    return Path("submitted", student, "gpt2", "gpt2.ipynb")


def pushed(name: str, *pushes: tuple[str, bytes], **facts) -> Repository:
    repository = Repository(name, **facts)
    for when, content in pushes:
        repository.push(when, {"gpt2.ipynb": content, "README.md": b"read me"})
    return repository


def test_a_class_that_fills_several_pages_is_collected_whole(collect):
    names = [f"s{number:03}" for number in range(230)]
    students = [pushed(f"gpt2-{name}", (EARLY, name.encode())) for name in names]
    others = [pushed("linear-s001", (EARLY, b"other")), pushed("gpt2-start", (EARLY, b"start"), is_template=True)]
    github = GitHub([*others, *students])
    code, table = collect(github)
    assert code == 0
    assert sorted(table) == names == sorted(p.name for p in Path("submitted").iterdir())
    assert all(notebook(name).read_bytes() == name.encode() for name in names)
    assert all(table[one.name[5:]]["commit"] == one.head for one in students)
    assert not [path for path in github.asked if "/repos/school/linear" in path or "start" in path]
    assert len([path for path in github.asked if path.startswith("/orgs/")]) == 3
    assert not Path("submitted", "s000", "gpt2", "README.md").exists()


def test_what_counts_is_the_last_push_before_the_deadline(collect):
    forced = pushed("gpt2-forced", (EARLY, b"one"), (IN_TIME, b"two"))
    forced.push(LATE, {"gpt2.ipynb": b"other history"}, kind="force_push")
    late = pushed("gpt2-late", (IN_TIME, b"in time"), (LATE, b"late"))
    trunk = pushed("gpt2-trunk", (EARLY, b"trunk"), (LATE, b"late"), branch="trunk")
    side = pushed("gpt2-side", (EARLY, b"main"))
    side.push(IN_TIME, {"gpt2.ipynb": b"not handed in"}, branch="attempt")
    side.push(LATE, {"gpt2.ipynb": b"not handed in"}, branch="attempt")
    many = pushed(
        "gpt2-many", (EARLY, b"before"), *((f"2026-11-01T0{n // 60}:{n % 60:02}:00Z", b"%d" % n) for n in range(150))
    )
    early = pushed("gpt2-early", (EARLY, b"early"))
    code, table = collect(GitHub([forced, late, trunk, side, many, early]), deadline=DEADLINE)
    assert code == 0
    read = {student: notebook(student).read_bytes() for student in table}
    assert read == {
        "forced": b"two",
        "late": b"in time",
        "trunk": b"trunk",
        "side": b"main",
        "many": b"before",
        "early": b"early",
    }
    assert (table["forced"]["pushed_at"], table["early"]["pushed_at"]) == (IN_TIME, EARLY)
    assert table["forced"]["commit"] == forced.activity[1]["after"]


def test_without_a_deadline_the_last_push_counts_with_the_time_that_github_says(collect):
    side = pushed("gpt2-side", (EARLY, b"main"))
    side.push(LATE, {"gpt2.ipynb": b"not handed in"}, branch="attempt")
    quiet = pushed("gpt2-quiet", (EARLY, b"no history"))
    quiet.activity.clear()
    code, table = collect(GitHub([side, quiet]))
    assert code == 0
    assert notebook("side").read_bytes() == b"main"
    assert {row["pushed_at"] for row in table.values()} == {EARLY}
    stamp = notebook("side").with_name("timestamp.txt").read_text()
    assert parse_utc(stamp) == datetime.fromisoformat(EARLY).replace(tzinfo=None)


def test_what_stood_at_the_deadline_and_is_not_known_is_no_mark_and_no_guess(collect, capsys):
    renamed = pushed("gpt2-ada", (EARLY, b"on master"), branch="master")
    renamed.branch = "main"
    renamed.push(LATE, {"gpt2.ipynb": b"late"}, kind="branch_creation")
    after = pushed("gpt2-ben", (LATE, b"late"), created_at="2026-11-01T08:00:00Z")
    fine = pushed("gpt2-eve", (EARLY, b"fine"))
    code, table = collect(GitHub([renamed, after, fine]), deadline=DEADLINE)
    assert code == 3
    assert [p.name for p in Path("submitted").iterdir()] == ["eve"]
    assert "github.com/school/gpt2-ada/activity" in table["ada"]["problem"]
    assert "after the deadline" in table["ben"]["problem"]
    assert "ada has no notebook here" in capsys.readouterr().err


def test_who_has_handed_in_nothing_is_named_and_fails_nothing(collect, capsys):
    bare = Repository("gpt2-eve")
    bare.push(EARLY, {"answers.docx": b"x", "gptkit/data.ipynb": b"kit", ".trash/gpt2.ipynb": b"x"})
    linked = Repository("gpt2-max")
    linked.push(EARLY, {"gpt2.ipynb": ("120000", b"/etc/passwd")})
    code, table = collect(GitHub([Repository("gpt2-ada"), bare, linked, pushed("gpt2-ben", (EARLY, b"ben"))]))
    assert code == 0
    assert [p.name for p in Path("submitted").iterdir()] == ["ben"]
    assert table["ada"]["problem"] == "the repository is empty"
    assert table["eve"]["problem"] == table["max"]["problem"] == "there is no notebook in the repository"
    assert table["eve"]["commit"] == bare.head
    assert "eve has no notebook here" in capsys.readouterr().err


@pytest.mark.parametrize("status", [403, 404, 451, 500])
def test_who_could_not_be_read_is_named_and_the_others_are_collected(collect, capsys, status):
    refusing = pushed("gpt2-ada", (EARLY, b"ada"), refuse=status)
    code, table = collect(GitHub([refusing, pushed("gpt2-ben", (EARLY, b"ben"))]))
    assert code == 3
    assert [p.name for p in Path("submitted").iterdir()] == ["ben"]
    assert table["ada"]["problem"] and not table["ben"]["problem"]
    assert "ada has no notebook here" in capsys.readouterr().err


def test_notebooks_of_other_names_and_places_are_fetched_as_they_lie(collect):
    it = Repository("gpt2-ada")
    it.push(EARLY, {"work/gpt2 (1).ipynb": b"one", "GPT2.IPYNB": b"two", "notes.txt": b"", "../../out.ipynb": b"out"})
    plain = Repository("gpt2-ben")
    plain.push(EARLY, {"gpt2.json": b"three", "photo.png": b""})
    large = Repository("gpt2-eve", truncated=True)
    large.push(EARLY, {"gpt2.ipynb": b"four", "venv/a.ipynb": b""})
    assert collect(GitHub([it, plain, large]))[0] == 0
    files = {p.relative_to("submitted").as_posix() for p in Path("submitted").rglob("*") if p.is_file()}
    assert {path for path in files if "timestamp" not in path} == {
        "ada/gpt2/work/gpt2 (1).ipynb",
        "ada/gpt2/GPT2.IPYNB",
        "ben/gpt2/gpt2.json",
        "eve/gpt2/gpt2.ipynb",
    }
    assert {p.name for p in Path().iterdir()} == {"submitted", "submitted.csv"}


def test_one_notebook_that_cannot_be_read_leaves_no_other_of_the_same_student(collect):
    """What is there would be graded in place of the one that counts."""
    it = Repository("gpt2-ada")
    it.push(EARLY, {"an older one.ipynb": b"one", "gpt2.ipynb": b"two"})
    it.lost = {b"two"}
    code, table = collect(GitHub([it, pushed("gpt2-ben", (EARLY, b"ben"))]))
    assert code == 3 and "404" in table["ada"]["problem"]
    assert [p.name for p in Path("submitted").iterdir()] == ["ben"]


def test_a_file_that_cannot_be_saved_costs_nobody_else_their_notebook(collect):
    it = Repository("gpt2-ada")
    it.push(EARLY, {"gpt2.ipynb": b"one", f"{'x' * 300}.ipynb": b"two"})
    code, table = collect(GitHub([it, pushed("gpt2-ben", (EARLY, b"ben"))]))
    assert code == 3 and "too long" in table["ada"]["problem"]
    assert [p.name for p in Path("submitted").iterdir()] == ["ben"]


def test_a_full_disk_is_said_and_leaves_nothing(collect, monkeypatch, capsys):
    def full(path: Path, content: bytes) -> None:
        if path.name == "gpt2.ipynb":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(github_collect, "save", full)
    assert collect(GitHub([pushed("gpt2-ada", (EARLY, b"ada"))]))[0] == 3
    assert "No space left" in capsys.readouterr().err
    assert not list(Path().iterdir())


@pytest.mark.parametrize("name", ["..", ".hidden", "gptkit"])
def test_a_name_that_no_folder_can_have_is_told_and_leads_nowhere(collect, name):
    code, table = collect(GitHub([pushed("gpt2-ada", (EARLY, b"ada")), pushed(f"gpt2-{name}", (EARLY, b"x"))]))
    assert code == 3
    assert "CSV file" in table[name]["problem"]
    assert [p.name for p in Path("submitted").iterdir()] == ["ada"]


@pytest.mark.parametrize("name", ["", "a/b", "../ada", "/elsewhere", "a\\b"])
def test_a_name_in_a_roster_leads_nowhere_either(collect, name, tmp_path):
    name = name.replace("/elsewhere", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    Path("roster.csv").write_text(f"student,repository\nada,school/gpt2-ada\n{name},school/none\n")
    code, table = collect(GitHub([pushed("gpt2-ada", (EARLY, b"ada"))]), "roster.csv")
    assert code == 3
    assert "CSV file" in table[name]["problem"]
    assert notebook("ada").read_bytes() == b"ada" and (tmp_path / "elsewhere").exists()


# ---- GitHub's limits and answers ----


def limits() -> dict[str, tuple[tuple[int, dict, object], float, float]]:
    """Answers as GitHub's pages about its limits tell them, and the shortest and the longest pause that is right."""
    page = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
    used_up = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 900)}
    return {
        "primary": ((403, used_up, {"message": "API rate limit exceeded"}), 850, 901),
        "primary, 429": ((429, used_up, {}), 850, 901),
        "secondary, told": ((403, {"retry-after": "42"}, {"documentation_url": page}), 42, 43),
        "secondary, not told": ((403, {}, {"message": "wait", "documentation_url": page}), 60, 60),
        "no more": ((429, {}, b"not even JSON"), 60, 60),
        "a hiccup": ((502, {}, b"<html>"), 1, 1),
    }


@pytest.mark.parametrize("kind", limits())
def test_a_limit_is_waited_for_as_long_as_github_says(collect, waits, kind):
    answer, shortest, longest = limits()[kind]
    github = GitHub([pushed("gpt2-ada", (EARLY, b"ada"))])
    github.first = [answer]
    assert collect(github)[0] == 0
    assert notebook("ada").read_bytes() == b"ada"
    (pause,) = [seconds for seconds in waits if seconds]
    assert shortest <= pause <= longest


def test_a_limit_that_never_ends_ends_the_command_with_nothing_half_done(collect, waits, capsys):
    github = GitHub([pushed("gpt2-ada", (EARLY, b"ada"))])
    github.first = [limits()["no more"][0]] * 5
    assert collect(github)[0] == 3
    assert "429" in capsys.readouterr().err
    assert [seconds for seconds in waits if seconds] == [60, 120, 240, 480]
    assert not Path("submitted").exists()


def test_a_refused_token_is_said_once_in_one_line(collect, capsys):
    github = GitHub([pushed("gpt2-ada", (EARLY, b"ada"))])
    assert collect(github, token="another")[0] == 2
    assert capsys.readouterr().err == (
        "autograder: GitHub does not accept the token. Set GITHUB_TOKEN to one that has not expired.\n"
    )
    assert len(github.asked) == 1 and not Path("submitted").exists()


def test_without_a_token_nothing_is_asked(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.delenv("GH_TOKEN", raising=False)
    assert main(["github", "collect", "school/gpt2-*", str(tmp_path / "submitted")]) == 2
    assert "Set GITHUB_TOKEN" in capsys.readouterr().err


def test_the_token_goes_to_no_other_server_that_an_answer_points_to(collect):
    elsewhere = GitHub([])
    with serving(elsewhere):
        github = GitHub([pushed("gpt2-ada", (EARLY, b"ada"))])
        github.first = [(200, {"Link": f'<{elsewhere.url}/orgs/school/repos?page=2>; rel="next"'}, [])]
        assert collect(github)[0] == 2
    assert elsewhere.asked and not any(elsewhere.signed)


def test_where_github_cannot_be_reached_it_is_nobodys_zero(collect, monkeypatch, capsys):
    github = GitHub([pushed("gpt2-ada", (EARLY, b"ada"))])
    with serving(github):
        pass
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    assert main(["github", "collect", "school/gpt2-*", "submitted"]) == 3
    assert "cannot be reached" in capsys.readouterr().err
    assert not Path("submitted").exists()


@pytest.mark.parametrize("page", [b"<html>Sign in to the hotel's network</html>", b'{"message": "moved"}'])
def test_a_page_that_is_not_githubs_is_no_traceback(collect, capsys, page):
    github = GitHub([pushed("gpt2-ada", (EARLY, b"ada"))])
    github.first = [(200, {}, page)]
    assert collect(github)[0] == 3
    assert "does not answer as GitHub does" in capsys.readouterr().err


# ---- The roster, and the command's own words ----


def test_a_roster_names_students_and_repositories_wherever_they_are(collect):
    github = GitHub([pushed("gpt2-x", (EARLY, b"ada")), pushed("homework", (EARLY, b"ben"), owner="ben")])
    github.moved = {"ben/gpt2": "ben/homework"}
    text = "\ufeffStudent;Repository;Group\r\nAda Müller;https://github.com/school/gpt2-x.git;1\r\nben;ben/gpt2;2\r\n"
    Path("roster.csv").write_text(f"{text}carl;school/none;2\r\ndan;;2\r\nemil;not a name;1\r\n", "utf-8")
    code, table = collect(github, "roster.csv")
    assert code == 3
    assert notebook("Ada Müller").read_bytes() == b"ada" and notebook("ben").read_bytes() == b"ben"
    assert table["ben"]["repository"] == "ben/homework"
    assert "may not read it" in table["carl"]["problem"]
    assert table["dan"]["problem"] == "no repository is given"
    assert "OWNER/NAME" in table["emil"]["problem"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"student,repository\n",
        b"name,url\na,b\n",
        b"student,repository\na,x/y\na,x/z\n",
        b"student,repository\n\xe4,x/y\n",
        b"student,repository\n" + b"x" * 200_000,
    ],
)
def test_a_roster_that_cannot_be_used_is_told_in_one_line(collect, capsys, content):
    Path("roster.csv").write_bytes(content)
    assert collect(GitHub([]), "roster.csv")[0] == 2
    said = capsys.readouterr().err
    assert said.startswith("autograder: roster.csv: ") and said.count("\n") == 1


@pytest.mark.parametrize(
    "source", ["school", "school/gpt2", "/gpt2-*", "school/*-*", "none.csv", "nowhere/gpt2-*", "school/x-*"]
)
def test_a_source_that_is_none_is_told_in_one_line(collect, capsys, source):
    assert collect(GitHub([pushed("gpt2-ada", (EARLY, b"ada"))]), source)[0] == 2
    said = capsys.readouterr().err
    assert said.startswith(f"autograder: {source.partition('/')[0]}") and said.count("\n") == 1


@pytest.mark.parametrize("text", ["tomorrow", "2026-10-31T23:59", "2026-10-31"])
def test_a_deadline_needs_its_zone(text, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["github", "collect", "school/gpt2-*", "submitted", "--deadline", text])
    assert "no time with a zone" in capsys.readouterr().err


@pytest.mark.parametrize("there", ["submitted/old.txt", "submitted.csv"])
def test_what_is_there_already_is_left_alone(collect, capsys, there):
    Path(there).parent.mkdir(exist_ok=True)
    Path(there).write_text("mine")
    github = GitHub([pushed("gpt2-ada", (EARLY, b"ada"))])
    assert collect(github)[0] == 2
    assert Path(there).read_text() == "mine"
    assert "is there already" in capsys.readouterr().err
