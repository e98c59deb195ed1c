"""What the notebook shows is right, runs on the student's functions once they are done, and works without a page."""

import asyncio
import base64
import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from bs4 import BeautifulSoup
from gptkit import Model, load
from gptkit.notebook import feedback, show, widgets
from gptkit.notebook import style as looks
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output


@pytest.fixture(scope="module")
def model() -> Model:
    return load("tiny")


@pytest.fixture(autouse=True)
def done(monkeypatch) -> dict:
    """The functions that count as done; none at first."""
    functions: dict = {}
    for module in (feedback, show, widgets):
        monkeypatch.setattr(module, "yours", functions)
    return functions


@pytest.fixture
def shown(monkeypatch) -> list:
    """What is displayed."""
    things: list = []
    for module in (show, widgets):
        monkeypatch.setattr(module, "display", lambda *objects, **_: things.extend(objects))
    return things


def counted(function):
    def wrapper(*args):
        wrapper.calls += 1
        return function(*args)

    wrapper.calls = 0
    return wrapper


def right_softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def right_attention(q, k, v, mask):
    return right_softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask) @ v


def right_cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def test_cosines_are_the_same_with_and_without_the_students_function(model, done):
    rows, others = model.params["wte"][:3], model.params["wte"][5:9]
    kits = show.cosines(rows, others)
    done["cosine_similarity"] = counted(right_cosine)
    np.testing.assert_allclose(show.cosines(rows, others), kits, rtol=1e-5, atol=1e-6)
    assert done["cosine_similarity"].calls == 12


def test_attention_weights_are_the_same_with_and_without_the_students_function(model, done):
    kits = show.attention_weights(model, "My lord, the king")
    done["attention"] = counted(right_attention)
    np.testing.assert_allclose(show.attention_weights(model, "My lord, the king"), kits, rtol=1e-4, atol=1e-6)
    assert done["attention"].calls == model.hparams["n_layer"] * model.hparams["n_head"]
    np.testing.assert_allclose(kits.sum(axis=-1), 1, rtol=1e-6)
    assert np.all(np.triu(kits[0, 0], 1) == 0)


def test_table_has_best_and_worst_with_stable_probabilities(model, done, shown, monkeypatch):
    logits = np.linspace(-180, -90, model.hparams["n_vocab"], dtype=np.float32)  # as far down as the real model's
    monkeypatch.setattr("gptkit.engine.model.GPT2.logits", lambda self, ids: logits)
    show.next_tokens(model, "The king")
    kits = shown[1]
    assert list(kits.index) == [1, 2, 3, 4, 5, *range(len(logits) - 4, len(logits) + 1)]
    assert kits["probability"].astype(float).iloc[0] == pytest.approx(right_softmax(logits)[-1], rel=5e-3)
    done["softmax"] = counted(right_softmax)
    show.next_tokens(model, "The king")
    assert done["softmax"].calls == 1
    assert shown[4].equals(kits)


def test_every_position_is_in_the_curves(model, shown, monkeypatch):
    seen = []
    monkeypatch.setattr(show, "cosines", lambda a, b: seen.append(b) or np.zeros((len(a), len(b))))
    show.position_curves(model, [0, 1, 2, 3])
    assert len(seen[0]) == model.hparams["n_ctx"]
    assert shown[0].png.startswith(b"\x89PNG")


def test_parameters_add_up(model, shown):
    show.parameter_sum(model)
    sums = [int(n.replace(",", "")) for n in shown[0]["sum"]]
    assert sum(sums[:-1]) == sums[-1] == show.count(model.params)


def test_sum_in_the_notebook_is_that_of_124m():
    n = {"n_vocab": 50257, "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12}
    from gptkit.weights.layout import shapes

    assert sum(int(np.prod(shape)) for shape in shapes(n).values()) == 124_439_808


def test_tree_shows_every_kind_of_parameter(model, capsys):
    show.parameter_tree(model)
    out = capsys.readouterr().out
    assert "│       │   │   └── w  [128, 384]" in out
    assert out.index("wte") < out.index("wpe") < out.index("0 ... 3") < out.index("ln_f")


def test_heat_map_leaves_out_words_of_several_tokens(model, shown):
    show.similarities(model, [" king", " xylophone"])
    assert "' xylophone'" in shown[0].text and isinstance(shown[1], looks.Picture)


def test_tokens_show_half_characters_as_hexadecimal_and_escape_html(model):
    boxes = widgets.coloured(model, "<b> é")
    assert "<b> " not in boxes.html and "&lt;" in boxes.html
    assert "c3" in boxes.text and boxes.text.endswith("tokens for 5 characters")


@pytest.mark.parametrize("mine", [False, True])
def test_sampler_draws_from_the_softmax_of_the_best(mine, done):
    logits = np.log(np.array([0.5, 0.3, 0.1, 0.06, 0.04], np.float32))[[3, 0, 4, 1, 2]] - 150
    if mine:

        def sample_top_n(logits, n, rng):
            top = np.argsort(logits)[-n:]
            return rng.choice(top, p=right_softmax(logits[top].astype(np.float64)))

        done["sample_top_n"] = sample_top_n
    choose = widgets.sampler(n=2, temperature=1, seed=3)
    drawn = np.bincount([choose(logits) for _ in range(4000)], minlength=5) / 4000
    np.testing.assert_allclose(drawn, [0, 0.625, 0, 0.375, 0], atol=0.04)  # 5 standard errors


def test_temperature_near_zero_is_greedy():
    logits = np.array([0, 1, 0.9], np.float32)
    choose = widgets.sampler(n=3, temperature=0.01, seed=0)
    assert {choose(logits) for _ in range(50)} == {1}


def test_widgets_are_plain_output_without_a_page(model, shown):
    widgets.tokens(model, "My lord")
    widgets.samples(model, "My lord", length=5)
    widgets.attention(model, "My lord", 0, 0)
    widgets.completion(model, "My lord", length=5)
    assert all(isinstance(thing, looks.Shown | looks.Picture) for thing in shown)
    assert any("greedy" in repr(thing) for thing in shown)


def test_widgets_are_plain_output_and_say_why_without_ipywidgets(model, shown, monkeypatch):
    monkeypatch.setattr(widgets, "is_page", lambda: True)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # as if it were not installed
    widgets.tokens(model, "My lord")
    widgets.samples(model, "My lord", length=5)
    widgets.attention(model, "My lord", 0, 0)
    widgets.completion(model, "My lord", length=5)
    assert all(isinstance(thing, looks.Shown | looks.Picture) for thing in shown)
    assert [repr(thing) for thing in shown if "ipywidgets" in repr(thing)] == [repr(shown[0])] * 4


def test_pictures_are_text_for_every_kind_of_kernel(model, shown):
    show.similarities(model, [" king", " queen"])
    bundle, _ = shown[0]._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")


def test_nbconvert_shows_pictures_with_their_alternative_text(model, shown):
    show.similarities(model, [" king", " queen"])
    forms, metadata = replace(shown[0], text='"king" & <queen>')._repr_mimebundle_()
    notebook = new_notebook(cells=[new_code_cell("", outputs=[new_output("display_data", forms, metadata=metadata)])])
    for template in ("lab", "classic"):
        page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
        (picture,) = BeautifulSoup(page, "html.parser").find_all("img")
        assert picture.get("alt") == '"king" & <queen>' and picture.get("src").startswith("data:image/png;base64,")


class Button:
    """A button and a text box as ipywidgets have them, without a page."""

    def __init__(self, description="", disabled=False, value="", **_):
        self.disabled, self.value, self.clicked = disabled, value, []

    def on_click(self, do):
        self.clicked.append(do)

    def click(self):
        for do in self.clicked:
            do(self)


@pytest.mark.parametrize(
    "why", [None, ValueError("too long"), TypeError("no"), KeyboardInterrupt(), SystemExit(1), "stopped"]
)
def test_the_complete_button_comes_back_whatever_happened(model, monkeypatch, why):
    import ipywidgets

    made, said = [], []
    for name in ("Button", "Text"):
        monkeypatch.setattr(ipywidgets, name, lambda *_, **settings: made.append(Button(**settings)) or made[-1])
    for name in ("VBox", "HBox"):
        monkeypatch.setattr(ipywidgets, name, lambda children: children)
    monkeypatch.setattr(widgets, "is_live", lambda: True)
    monkeypatch.setattr(widgets, "display", lambda *_, **__: SimpleNamespace(update=said.append))

    def pieces(*_):
        yield "Once"
        if isinstance(why, BaseException):
            raise why

    monkeypatch.setattr(widgets, "stream", pieces)

    async def press():
        widgets.completion(model, "My lord")
        _, go, stop = made
        go.click()
        assert go.disabled and not stop.disabled
        if why == "stopped":  # before it began
            stop.click()
        for _ in range(20):
            await asyncio.sleep(widgets.PAUSE / 5)

    def run():
        loop = asyncio.new_event_loop()
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            loop.run_until_complete(press())
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    with ThreadPoolExecutor(1) as threads:  # in the main thread a browser's loop may be running
        threads.submit(run).result()
    _, go, stop = made
    assert not go.disabled and stop.disabled
    if isinstance(why, Exception):
        assert str(why) in repr(said[-1])


def test_model_runs_on_the_functions_that_are_done(model, done):
    plain = model.gpt2.logits([1, 2, 3])
    done["softmax"], done["attention"] = counted(right_softmax), counted(right_attention)
    np.testing.assert_allclose(model.gpt2.logits([1, 2, 3]), plain, rtol=1e-4, atol=1e-4)
    assert done["attention"].calls > 0


def test_completion_is_text(model):
    assert isinstance(model.complete("My lord,", 3), str)
