"""The assignment as a link, in a real browser without internet: from the first wrong softmax to the full mark."""

from __future__ import annotations

import json
import shutil
from argparse import Namespace
from pathlib import Path

import pytest
from gptkit import weights

from autograder.doors import site
from autograder.doors.command import main
from tests.browser.site_page import (
    NAMED,
    PYODIDE,
    SET_CELLS,
    WRONG,
    card,
    cell,
    open_page,
    run,
    run_all,
    served,
    solve,
    type_softmax,
    watch,
)
from tests.conftest import FLAGS
from tests.machine import CHROMIUM, Part, program, skip_without

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
RIGHT = "def softmax(x):\ne = np.exp(x - x.max(-1, keepdims=True))\nreturn e / e.sum(-1, keepdims=True)"


@pytest.fixture(scope="module", autouse=True)
def parts() -> None:
    if not PYODIDE.is_dir():
        skip_without(Part.SITE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A web server's folder with the site below it, as GitHub Pages has it; tiny stands for the real weights."""
    folder = tmp_path_factory.mktemp("www")
    shutil.copytree(weights.EMBEDDED, folder / "models" / "124M")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPT2_MODELS_DIR", str(folder / "models"))
        patch.chdir(folder)
        assert main(["site", "gpt2", "--pyodide", str(PYODIDE), "--weights"]) == 0
    return folder


@pytest.fixture(scope="module")
def address(folder):
    with served(folder) as server:
        yield f"{server}gpt2/"


@pytest.fixture
def browse(chromium, tmp_path):
    """browse() -> the browser of a student who comes back: what it stores is there the next time."""
    opened = []

    def start():
        context = chromium.browser_type.launch_persistent_context(
            tmp_path / "profile",
            executable_path=program(Part.CHROMIUM, *CHROMIUM),
            args=FLAGS,
            viewport={"width": 1200, "height": 1000},
        )
        opened.append(context)
        return context

    yield start
    for context in opened:
        context.close()


@pytest.mark.long
def test_a_student_solves_the_assignment_and_hands_it_in(folder, address, browse, keep, tmp_path, monkeypatch):
    context = browse()
    outside = watch(context, address)
    page = open_page(context, address)
    run_all(page)
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 6  # one for each check
    assert (
        page.locator(".jp-RenderedHTML img[alt][width]").evaluate_all("all => all.map(e => e.naturalWidth > 0)")
        == [True] * 4
    )
    tokens, live = cell(page, "widgets.tokens"), cell(page, "widgets.completion")
    tokens.get_by_role("textbox", name="text").fill("good night")
    tokens.get_by_text("tokens for 10 characters").wait_for()
    live.get_by_role("button", name="Complete").click()
    live.get_by_role("button", name="Stop").click()
    live.get_by_role("button", name="Complete").click()  # can be clicked again: it has stopped
    page.evaluate(SET_CELLS, {"setup": 'real = load("124M"); real.complete("My lord,", 3); print(real.name, "spoke")'})
    run(page, 'load("124M")')
    page.get_by_text("124M spoke").wait_for()
    page.evaluate(SET_CELLS, {"setup": "import numpy as np"})

    type_softmax(page, WRONG)
    card(page).get_by_text(NAMED).wait_for()
    page.mouse.move(600, 500)
    cell(page, "def softmax").evaluate("e => e.scrollIntoView()")
    keep(page, "site")
    type_softmax(page, RIGHT)
    card(page).get_by_text("GPT-2 is running on your softmax").wait_for()

    solve(page)
    run_all(page)
    card(page, "check(sample_top_n)").get_by_text("5 of 5 functions done").wait_for()
    assert page.locator(".gptkit .card .fail").count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Download my notebook").click()
    assert download.value.suggested_filename == "gpt2.ipynb"
    download.value.save_as(tmp_path / "gpt2.ipynb")
    assert main(["grade", str(tmp_path / "gpt2.ipynb"), "--json", str(tmp_path / "record.json")]) == 0
    assert json.loads((tmp_path / "record.json").read_text())[0]["score"] == 90
    kernel = json.loads((tmp_path / "gpt2.ipynb").read_text())["metadata"]["kernelspec"]["name"]
    assert kernel == "python3"  # what JupyterLab calls it

    assert outside == []


@pytest.mark.long
def test_work_is_still_there_and_an_updated_assignment_is_offered_beside_it(
    folder, address, browse, keep, tmp_path, monkeypatch
):
    context = browse()
    page = open_page(context, address)
    solve(page)
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")  # it saves by itself
    assert page.get_by_role("button", name="Open the new one").count() == 0
    context.close()

    update(folder, monkeypatch, tmp_path)
    context = browse()
    page = open_page(context, address)
    assert "e.sum(" in cell(page, "def softmax").inner_text()
    with context.expect_page() as opened:
        page.get_by_role("button", name="Open the new one beside it").click()
    keep(page, "site-updated")
    new = opened.value
    new.set_default_timeout(60_000)
    new.get_by_role("heading", name="Updated for this test").wait_for()
    assert "not written yet" in cell(new, "def softmax").inner_text()
    assert new.get_by_role("button", name="Open the new one").count() == 0
    assert "e.sum(" in cell(open_page(context, address), "def softmax").inner_text()


def update(folder: Path, monkeypatch, scratch: Path) -> None:
    """Publish the site again with a changed assignment."""
    notebook = json.loads(site.Settings().release.read_text("utf-8"))
    notebook["cells"][0]["source"] = "# Updated for this test"
    monkeypatch.setattr(site.Settings, "release", scratch / "updated" / "gpt2.ipynb")
    site.save(site.Settings.release, json.dumps(notebook))
    site.run(Namespace(folder=scratch / "site", pyodide=PYODIDE, weights=False))
    shutil.rmtree(folder / "gpt2")
    shutil.move(scratch / "site", folder / "gpt2")


@pytest.mark.parametrize("name", ["nothing", "version"])
def test_what_is_no_pyodide_of_the_right_version_is_refused(tmp_path, capsys, name):
    if name == "version":
        (tmp_path / "pyodide-lock.json").write_text(json.dumps({"info": {"version": "0.1"}, "packages": {}}))
    assert main(["site", str(tmp_path / "site"), "--pyodide", str(tmp_path)]) == 2
    assert ("is Pyodide 0.1" if name == "version" else "no pyodide-lock.json") in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
