"""Protects the pages: their commands run as they stand, their links lead somewhere, and none is a wall of text."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from autograder.doors.command import main
from tests.autograder.lms.packing import packed
from tests.copies import ROOT, bash, blocks, copy_repository, tracked
from tests.submissions.build import HERE, build

PAGES = [ROOT / name for name in tracked() if name.endswith(".md")]
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?\)")
SCREENS = 2 * 45  # lines


def ident(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """A page without its code, where brackets are no links."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S))


def anchors(page: Path) -> set[str]:
    """What GitHub calls the page's headings."""
    heads = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_links_lead_somewhere(page):
    lost = []
    for link in LINK.findall(prose(page)):
        target, _, anchor = link.partition("#")
        if re.match(r"https?://|mailto:", link):
            continue
        place = (page.parent / unquote(target)) if target else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            lost.append(link)
    assert not lost


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_a_long_page_has_a_picture_or_an_example(page):
    text = page.read_text("utf-8")
    shown = "![" in text or "```" in text or re.search(r"^    \S|^\| -", text, re.M)
    assert len(text.splitlines()) <= SCREENS or shown


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_a_page_has_no_blocks_that_look_run_and_are_not(page):
    for block in blocks(page):
        assert set(block.words) <= {"run", "file", "cell", "points"}, block


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    return copy_repository(tmp_path_factory.mktemp("docs") / "repository")


def commands(name: str, *where: str) -> list[str]:
    """The command blocks of a page that are marked as run: by everybody, or (`run=moodle`) where a course lives."""
    return [b.text for b in blocks(ROOT / "docs" / name) if "run" in b.words and b.words["run"] in (where or ("",))]


def test_the_students_page(repository):
    said = bash("\n".join(commands("student.md")), repository, "release/gpt2", GPT2_MODELS_DIR=str(repository / "none"))
    assert "used when none is named: tiny" in said
    shown = next(b.text for b in blocks(ROOT / "docs" / "student.md") if b.language == "text").splitlines()
    assert [line for line in shown if not any(real.startswith(line) for real in said.splitlines())] == []


@pytest.mark.long
def test_the_instructors_page(repository):
    said = bash("\n".join(commands("instructor.md")), repository)
    assert re.search(r"^me/gpt2/gpt2.ipynb", said, re.M) and re.search(r"^  total +90 / 90", said, re.M)
    made = ["feedback/me/gpt2/gpt2.html", "grades.csv", "report.html", "../gpt2.zip", "../gpt2-for-students/gpt2.ipynb"]
    made += ["../classroom50/transformers/autograders/gpt2/autograder.py"]
    assert [name for name in made if not (repository / name).exists()] == []


def an_lms(home: Path) -> Path:
    """What Moodle and Canvas put into a home's Downloads, for the instructor's page."""
    build(HERE / "right" / "perfect.py", home / "gpt2.ipynb")
    notebook, downloads = (home / "gpt2.ipynb").read_bytes(), home / "Downloads"
    packed(downloads / "NLP-gpt2-7.zip", {"Jörg Müller_100001_assignsubmission_file/gpt2.ipynb": notebook})
    packed(downloads / "submissions.zip", {"exampleada_2001_900001_gpt2.ipynb": notebook})
    moodle = "Identifier,Full name,Grade,Maximum Grade\nParticipant 100001,Jörg Müller,,100.00\n"
    canvas = 'Student,ID,SIS Login ID,Section,GPT-2 (1)\n    Points Possible,,,,100\n"Example, Ada",2001,ada,A,\n'
    (downloads / "Grades-NLP-gpt2-7.csv").write_text(moodle, "utf-8-sig")
    (downloads / "2026_Grades-NLP.csv").write_text(canvas, "utf-8")
    (downloads / "90-points.csv").write_text(canvas.replace("100", "90"), "utf-8")
    return home


@pytest.fixture(scope="module")
def generated(repository) -> Path:
    """The repository after the instructor's page has come to the places where a course lives."""
    bash(commands("instructor.md")[0], repository)
    return repository


@pytest.mark.parametrize(
    "lms, student, mark", [("moodle", "Jörg Müller_100001", "98,"), ("canvas", "exampleada_2001", ",98")]
)
@pytest.mark.long
def test_the_instructors_page_at_an_lms(generated, tmp_path, lms, student, mark):
    shutil.rmtree(generated / "downloaded", ignore_errors=True)
    home, parts = {"HOME": str(an_lms(tmp_path))}, commands("instructor.md", lms)
    (back,) = (place for place, part in enumerate(parts) if "--feedback" in part)
    bash("\n".join(parts[:back]), generated, **home)
    with Gradebook(f"sqlite:///{generated / 'gradebook.db'}") as gradebook:  # the step in formgrader
        answer = gradebook.find_grade("compare_sampling", "gpt2", "gpt2", student)
        answer.manual_score, answer.needs_manual_grade = 8, False
        gradebook.db.commit()
    said = bash("\n".join(parts[back:]), generated, **home)
    assert "1 marks, of at most 100 points" in said and "1 feedback pages" in said
    assert ("1 marks, of at most 90 points" in said) == (lms == "canvas")
    assert mark in (generated.parent / "marks.csv").read_text("utf-8")


@pytest.mark.soak  # test_circle goes round it in `make test`, with users of their own
def test_the_instructors_page_with_an_exchange(generated, tmp_path):
    (tmp_path / "work").mkdir()
    for step in ("submitted", "autograded", "feedback"):  # what came another way
        shutil.rmtree(generated / step, ignore_errors=True)
    own = {"HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path / ".jupyter")}
    setup, release, back = commands("instructor.md", "exchange")
    bash(f"{setup}{release}cd ~/work\n{''.join(commands('instructor.md', 'student'))}", generated, **own)
    bash(f"{back}cd ~/work; nbgrader fetch_feedback gpt2 --course gpt2-course", generated, **own)
    assert list(tmp_path.glob("work/gpt2/feedback/*/gpt2.html"))


def test_the_maintainers_page(repository):
    assert "'name': 'rows'" in bash("\n".join(commands("maintainer.md")), repository)


def test_every_file_that_the_maintainers_page_names_is_there():
    text = (ROOT / "docs" / "maintainer.md").read_text("utf-8")
    named = set(re.findall(r"`((?:tests|autograder|source|docs)/[\w./-]+)`", text))
    assert named and [name for name in named if not (ROOT / name).exists()] == []


def test_the_page_on_a_hub(repository, tmp_path):
    """With this test's folders for /srv and /etc; the weights are stood in for by tiny's."""
    shutil.copytree(repository / "source" / "gpt2" / "gptkit" / "tiny", tmp_path / "srv" / "gpt2-models" / "124M")
    script = (
        "\n".join(commands("jupyterhub.md")).replace("/srv/", f"{tmp_path}/srv/").replace("/etc/", f"{tmp_path}/etc/")
    )
    bash(script, repository)
    (config,) = (b.text for b in blocks(ROOT / "docs" / "jupyterhub.md") if "file" in b.words)
    told = json.loads(re.search(r"environment = (\{.*\})", config)[1])
    models = told["GPT2_MODELS_DIR"].replace("/srv/", f"{tmp_path}/srv/")
    said = bash("python -m gptkit info", repository, "release/gpt2", GPT2_MODELS_DIR=models)
    assert "used when none is named: 124M" in said
    hub = {"JUPYTER_CONFIG_PATH": f"{tmp_path}/etc/jupyter", "HOME": str(tmp_path)}
    bash("nbgrader release_assignment gpt2; cd ~; nbgrader fetch_assignment gpt2", repository, **hub)
    assert (tmp_path / "gpt2" / "gpt2.ipynb").exists()


def colab_cell(content: Path) -> str:
    (cell,) = (b.text for b in blocks(ROOT / "docs" / "student.md") if b.words.get("cell") == "colab")
    return cell.replace("/content/", f"{content}/")


def test_the_first_cell_on_colab_finds_the_kit(tmp_path, monkeypatch):
    """Colab starts the kernel in another folder; its own package is stood in for."""
    shutil.copytree(ROOT / "release" / "gpt2", tmp_path / "drive" / "MyDrive" / "gpt2")
    (tmp_path / "site" / "google" / "colab").mkdir(parents=True)
    (tmp_path / "site" / "google" / "colab" / "drive.py").write_text("def mount(place): pass\n")
    (tmp_path / "elsewhere").mkdir()
    # this repository's own gptkit must not be what is found
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    notebook = nbformat.read(ROOT / "release" / "gpt2" / "gpt2.ipynb", as_version=4)
    keep = [c for c in notebook.cells if c.source.startswith(("import numpy", "# Opens the model"))]
    where = new_code_cell("import gptkit; print(gptkit.__file__)")
    notebook.cells = [new_code_cell(colab_cell(tmp_path)), *keep, where]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path / "elsewhere")}}).execute()
    assert str(tmp_path / "drive") in notebook.cells[-1].outputs[0].text


def test_the_colab_cell_costs_no_marks(tmp_path):
    path = tmp_path / "gpt2.ipynb"
    build(HERE / "right" / "perfect.py", path)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, new_code_cell(colab_cell(Path("/content"))))
    nbformat.write(notebook, path)
    assert main(["grade", str(path), "--json", str(tmp_path / "results.json")]) == 0
    assert json.loads((tmp_path / "results.json").read_text())[0]["score"] == 90


def test_binder_has_what_the_notebook_needs():
    pinned = (ROOT / "requirements.txt").read_text().splitlines()
    lines = re.findall(r"^[^#\n].*", (ROOT / "binder" / "requirements.txt").read_text(), re.M)
    assert lines and [line for line in lines if line not in pinned] == []
    assert subprocess.run(["bash", "-n", ROOT / "binder" / "postBuild"]).returncode == 0
    assert (ROOT / "binder" / "postBuild").stat().st_mode & 0o111
