"""In a real JupyterLab the notebook runs, its widgets answer, and nbgrader's buttons work; solved and untouched."""

import re

import pytest
from gptkit.checks.ladder import NEXT

pytestmark = pytest.mark.browser

GRADED = 6
PICTURES = ".jp-RenderedHTML img[alt][width]"


@pytest.fixture(scope="module")
def solved(open_notebook):
    page = open_notebook("solved")
    run_all(page)
    yield page
    page.close()


@pytest.fixture(scope="module")
def untouched(open_notebook):
    page = open_notebook("untouched", theme="Dark")
    run_all(page)
    yield page
    page.close()


def run_all(page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    cell(page, "widgets.samples").locator(".jp-OutputArea-output .columns").wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()


def cell(page, code: str):
    """The code cell that has this code."""
    return page.locator(".jp-CodeCell").filter(has=page.locator(".jp-InputArea", has_text=code)).first


def validate(page) -> str:
    """What nbgrader's Validate button says."""
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_text(re.compile("Success!|VALIDATION FAILED|failed", re.I)).first.wait_for()
    said = dialog.inner_text()
    dialog.get_by_role("button").last.click()
    return said


def test_solved_notebook_completes_draws_and_passes(solved, keep):
    assert solved.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    assert solved.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert solved.locator(PICTURES).count() == 4
    for alt in ("Heat map: cosine", "Curves of", "Attention maps of all"):
        assert solved.get_by_role("img", name=re.compile(alt)).count() == 1  # as a screen reader finds it
    assert solved.locator(".gptkit .card .fail").count() == 0
    assert "passed" in cell(solved, "check(softmax)").locator(".mark").first.aria_snapshot()
    assert "GPT-2, on your functions" in cell(solved, "check(softmax, layer_norm, attention)").inner_text()
    assert "5 of 5 functions done" in cell(solved, "check(sample_top_n)").inner_text()
    keep(cell(solved, "show.similarities"), "heat-map")
    keep(cell(solved, "show.attention_maps"), "attention-maps")
    keep(cell(solved, "widgets.samples"), "samples")
    cell(solved, "check(attention)").evaluate("e => e.scrollIntoView()")
    keep(solved, "notebook")


def test_tokens_are_coloured_as_you_type(solved):
    tokens = cell(solved, "widgets.tokens")
    tokens.get_by_role("textbox", name="text").fill("good night")
    tokens.get_by_text("tokens for 10 characters").wait_for()
    assert tokens.locator(".token b").all_inner_texts()[-1] == "·night"


def test_sliders_draw_again(solved):
    samples = cell(solved, "widgets.samples")
    samples.locator(".widget-readout").last.click()
    samples.locator(".widget-readout").last.fill("7")
    samples.locator(".widget-readout").last.press("Enter")
    samples.get_by_text("sampled: top 40, temperature 1, seed 7").wait_for()
    attention = cell(solved, "widgets.attention")
    before = attention.locator(PICTURES).get_attribute("src")
    attention.locator(".noUi-handle").first.focus()
    solved.keyboard.press("ArrowRight")
    solved.wait_for_function(
        "([image, before]) => image.isConnected ? image.src !== before : true",
        arg=[attention.locator(PICTURES).element_handle(), before],
    )
    assert attention.locator(PICTURES).get_attribute("src") != before


def test_live_completion_can_be_stopped(solved):
    live = cell(solved, "widgets.completion")
    written = live.locator(".new")
    live.get_by_role("button", name="Complete").click()
    live.get_by_role("button", name="Stop").click()
    solved.wait_for_function("b => b.disabled", arg=live.get_by_role("button", name="Stop").element_handle())
    stopped = written.inner_text()
    solved.wait_for_timeout(300)
    assert written.inner_text() == stopped
    live.get_by_role("button", name="Complete").click()
    solved.wait_for_function("b => !b.disabled", arg=live.get_by_role("button", name="Stop").element_handle())
    solved.wait_for_function("b => b.disabled", arg=live.get_by_role("button", name="Stop").element_handle())
    assert len(written.inner_text()) > len(stopped)


def test_completion_can_be_started_again_whatever_happened(solved):
    """Stopped before its first token; an empty prompt; a function of the student's that raises."""
    live = cell(solved, "widgets.completion")
    go, stop = live.get_by_role("button", name="Complete"), live.get_by_role("button", name="Stop")
    both = [go.element_handle(), stop.element_handle()]
    solved.evaluate("([go, stop]) => { go.click(); stop.disabled = false; stop.click() }", both)
    prompt = live.get_by_role("textbox", name="prompt")
    for text in ("", "My lord"):
        solved.wait_for_function("b => !b.disabled", arg=go.element_handle())
        prompt.fill(text)
        go.click()
    live.locator(".new").wait_for()
    solved.wait_for_function("b => !b.disabled", arg=go.element_handle())


def test_create_assignment_panel_opens_the_source_notebook(solved):
    solved.get_by_role("tab", name="Create Assignment").click()
    panel = solved.locator(".nbgrader-NotebookWidget, [id*=nbgrader]").first
    panel.get_by_text("Total points").wait_for()
    ids = [box.input_value() for box in panel.locator(".nbgrader-CellId input").all()]
    assert "test_end_to_end" in ids


def test_validate_passes_the_solved_notebook(solved):
    assert "Success" in validate(solved)


def test_untouched_notebook_says_what_to_do_and_runs_to_the_end(untouched, keep):
    assert untouched.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert untouched.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == GRADED
    assert untouched.locator(PICTURES).count() == 4
    assert untouched.get_by_text("Once your attention passes its checks").count() == 2
    assert untouched.evaluate("document.body.dataset.jpThemeLight") == "false"


def test_validate_fails_the_untouched_notebook_kindly(untouched):
    said = validate(untouched)
    assert "softmax is not written yet" in said and "Traceback" not in said


def test_wrong_function_is_asked_a_question_and_the_right_one_plugged_in(untouched, keep):
    write(untouched, "def softmax", "def softmax(x):\ne = np.exp(x - x.max(axis=0))\nreturn e / e.sum(axis=0)")
    card = cell(untouched, "check(softmax)").locator(".gptkit .card")
    card.get_by_text("Each column of your result sums to 1, not each row.").wait_for()
    keep(card, "check")
    unfold(card)
    keep(card, "ladder")
    write(
        untouched,
        "def softmax",
        "def softmax(x):\ne = np.exp(x - x.max(-1, keepdims=True))\nreturn e / e.sum(-1, keepdims=True)",
    )
    card.get_by_text("GPT-2 is running on your softmax").wait_for()
    assert card.locator(".fail").count() == 0


def unfold(card) -> None:
    """Click the steps below the first failed check, one after the other: each shows what the next is called."""
    first = card.locator(".fail").first
    for title in NEXT:
        summary = first.get_by_text(title, exact=True)
        summary.click()
        summary.locator("xpath=following-sibling::div[1]").wait_for()
    assert first.locator(".step:visible").count() == len(NEXT)
    assert card.locator(".fail").nth(2).locator(".step:visible").count() == 0


def write(page, old: str, code: str) -> None:
    """Type a function in place of the one that a cell holds (the editor indents), run it, and the check below it."""
    editor = cell(page, old).locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(code)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
