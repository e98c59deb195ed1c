"""What can be played with: an ordinary output, and controls that redraw it while a notebook's page is listening.

The output is stored in the notebook like any other. Where nobody can move a slider (nbconvert, a terminal), it stands
alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from html import escape
from importlib.util import find_spec
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from IPython import get_ipython
from IPython.display import display

from gptkit.engine.complete import stream
from gptkit.notebook.feedback import yours
from gptkit.notebook.show import attention_map, attention_weights, model_text, runs_on
from gptkit.notebook.style import Shown, continued, note

if TYPE_CHECKING:
    from gptkit import Model

PAUSE = 0.04  # seconds after each token of a live completion, so that eyes can follow a small model
HUES = (205, 35, 280, 95, 335, 165)  # degrees; neighbours are told apart by the border as well


def is_live() -> bool:
    """Whether controls can be shown; where only ipywidgets is missing for them, a line says so."""
    if not is_page():
        return False
    if find_spec("ipywidgets") is None:
        display(note("What could be moved or typed here needs ipywidgets, which is not installed."))
        return False
    return True


def is_page() -> bool:
    """Whether a page is at the other end that can show controls: Jupyter's and VS Code's cells say which they are."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    # A page sends its own name of the cell with each request; nbconvert, which runs whole notebooks, does not.
    return "cellId" in kernel.get_parent().get("metadata", {}) or type(kernel).__module__.startswith("google.colab")


def play(draw: Callable[..., Any], **controls: Any) -> None:
    """Show `draw(name=value, ...)` below controls (ipywidgets by name), and draw again whenever one is moved."""

    def values() -> dict:
        return {name: control.value for name, control in controls.items()}

    if not is_live():
        display(draw(**values()))
        return
    import ipywidgets

    display(ipywidgets.VBox(list(controls.values())))
    # This output is stored with the notebook; an ipywidgets.Output would be only where widgets' state is saved, too.
    output = display(draw(**values()), display_id=True)
    for control in controls.values():
        control.observe(lambda _: output.update(draw(**values())), names="value")


def wide(kind: str, label: str, **settings: Any) -> Any:
    """One of ipywidgets' controls, with room for its label; without ipywidgets, its settings alone."""
    if find_spec("ipywidgets") is None:
        return SimpleNamespace(**settings)
    import ipywidgets

    style = {"description_width": "90px"}
    return getattr(ipywidgets, kind)(description=label, style=style, layout={"width": "560px"}, **settings)


def tokens(model: Model, text: str) -> None:
    """A text cut into coloured tokens, with their ids below; type another."""
    play(lambda text: coloured(model, text), text=wide("Text", "text", value=text))


def coloured(model: Model, text: str) -> Shown:
    """Tokens as coloured boxes; a space shows as ·, a newline as ↵, bytes that are half a character as hexadecimal."""
    boxes, plain = "", []
    ids = model.tokenizer.encode(text)
    for i, token in enumerate(ids):
        raw = model.tokenizer.token_bytes(token)
        try:
            piece = raw.decode("utf-8").replace(" ", "·").replace("\n", "↵")
        except UnicodeDecodeError:
            piece = raw.hex(" ")
        hue = HUES[i % len(HUES)]
        colours = f"background: hsl({hue} 70% 50% / .22); border-color: hsl({hue} 60% 50%)"
        boxes += f'<span class="token"><b style="{colours}">{escape(piece)}</b><small>{token}</small></span>'
        plain.append(f"{piece} {token}")
    caption = f"{len(ids)} tokens for {len(text)} characters"
    return Shown(f'{boxes}<div class="dim">{caption}</div>', " | ".join([*plain, caption]))


def attention(model: Model, text: str, block: int, head: int) -> None:
    """The attention map of one head; pick another."""
    # Of all heads at once: a slider then draws another one without running the model.
    weights = attention_weights(model, text)
    labels = [model.tokenizer.decode([i]).replace(" ", "·") for i in model.tokenizer.encode(text)]
    n_layer, n_head = weights.shape[:2]
    play(
        lambda block, head: attention_map(weights[block, head], labels, f"block {block}, head {head}"),
        block=wide("IntSlider", "block", value=block, max=n_layer - 1),
        head=wide("IntSlider", "head", value=head, max=n_head - 1),
    )
    display(runs_on("attention"))


def samples(model: Model, prompt: str, n: int = 40, temperature: float = 1.0, seed: int = 0, length: int = 30) -> None:
    """Sampled text beside greedy text; change how many tokens stay in the game, the temperature and the seed."""
    greedy = column("greedy: always the likeliest", continued(prompt, model_text(model, prompt, length)))

    def draw(n: int, temperature: float, seed: int) -> Shown:
        text = model_text(model, prompt, length, sampler(n, temperature, seed))
        caption = f"sampled: top {n}, temperature {temperature:g}, seed {seed}"
        sampled = column(caption, continued(prompt, text))
        return Shown(f'<div class="columns">{greedy.html}{sampled.html}</div>', f"{greedy.text}\n{sampled.text}")

    play(
        draw,
        n=wide("IntSlider", "top N", value=n, min=1, max=200, continuous_update=False),
        temperature=wide("FloatSlider", "temperature", value=temperature, min=0.1, max=2, continuous_update=False),
        seed=wide("IntSlider", "seed", value=seed, max=99, continuous_update=False),
    )
    display(runs_on("sample_top_n"))


def column(head: str, text: Shown) -> Shown:
    return Shown(f'<div class="card"><div class="dim">{escape(head)}</div>{text.html}</div>', f"[{head}]\n{text.text}")


def sampler(n: int, temperature: float, seed: int) -> Callable[[np.ndarray], int]:
    """Chooses a token from logits / temperature: with the student's sample_top_n, else with Gumbel noise.

    The largest of logit + Gumbel noise is a draw from the softmax (Gumbel 1954); the n best compete.
    """
    rng = np.random.default_rng(seed)
    mine = yours.get("sample_top_n")

    def choose(logits: np.ndarray) -> int:
        scores = logits / np.float32(temperature)
        if mine is not None:
            return mine(scores, n, rng)
        best = np.argpartition(-scores, n - 1)[:n]
        return int(max(best, key=lambda token: scores[token] + rng.gumbel()))

    return choose


def completion(model: Model, prompt: str, length: int = 60) -> None:
    """A prompt that is completed before your eyes, token by token, until it is long enough or you stop it."""
    if not is_live():
        display(continued(prompt, model_text(model, prompt, min(length, 20))))
        return
    import ipywidgets

    box = wide("Text", "prompt", value=prompt)
    go, stop = ipywidgets.Button(description="Complete"), ipywidgets.Button(description="Stop", disabled=True)
    running: list[asyncio.Task] = []  # the last one, which would be lost if nobody held it

    async def write() -> None:
        text = ""
        for piece in stream(model.gpt2, model.tokenizer, box.value, length):
            text += piece
            output.update(continued(box.value, text))
            await asyncio.sleep(PAUSE)  # the kernel hears the stop button now; a browser's has no threads

    def ended(task: asyncio.Task) -> None:
        """However it ended, even before it began: it can be started again, and what went wrong is said."""
        go.disabled, stop.disabled = False, True
        why = None if task.cancelled() else task.exception()
        if why is not None:  # an empty prompt, one that does not fit, whatever the student's functions raise
            said = str(why) if isinstance(why, ValueError) else f"{type(why).__name__}: {why}"
            output.update(Shown(escape(said), said))

    def start(_: Any) -> None:
        running[:] = [asyncio.get_running_loop().create_task(write())]
        running[0].add_done_callback(ended)
        go.disabled, stop.disabled = True, False

    go.on_click(start)
    stop.on_click(lambda _: running[0].cancel())
    display(ipywidgets.VBox([box, ipywidgets.HBox([go, stop])]))
    output = display(continued(prompt, ""), display_id=True)
