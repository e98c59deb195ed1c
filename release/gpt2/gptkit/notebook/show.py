"""The notebook's tables and plots. Where a function of the student's passed its checks, they run on it and say so."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from IPython.display import display

from gptkit.engine.complete import complete
from gptkit.notebook.feedback import yours
from gptkit.notebook.style import BLUE, ORANGE, Picture, Shown, continued, drawing, note, picture
from gptkit.weights import browser

if TYPE_CHECKING:
    from gptkit import Model

MEANINGS = {
    "n_vocab": "tokens in the vocabulary",
    "n_ctx": "positions: the longest text it can read, in tokens",
    "n_embd": "numbers that stand for one token on its way through the network",
    "n_head": "attention heads in each block",
    "n_layer": "transformer blocks, one after the other",
}


def welcome(model: Model) -> None:
    """Which model is open, and how to get the real one."""
    text = f"This is GPT-2 {model.name}: {len(model.params['blocks'])} blocks, {count(model.params):,} parameters."
    if model.name == "tiny" and sys.platform == "emscripten":  # a browser's Python
        text += "\nIt is a small one that has read Shakespeare only, and it runs here, in your browser."
        for name in browser.models():
            text += f'\nTo have OpenAI\'s own GPT-2 (250 MB, and 2 GB of memory): model = load("{name}")'
    elif model.name == "tiny":
        text += "\nIt is a small one that has read Shakespeare only."
        text += " For OpenAI's own GPT-2 (500 MB), type in a terminal:"
        text += "\n    python -m gptkit fetch 124M\nin this folder, then restart the kernel."
    print(text)


def runs_on(name: str) -> Shown:
    """The remark that says whose function an output was made with."""
    if name in yours:
        return note(f"Made with your {name}.")
    return note(
        f"Made with the kit's own function. Once your {name} passes its checks, run this cell again: then yours."
    )


def completions(model: Model, prompts: list[str], n_tokens: int = 20) -> None:
    """Each prompt with the likeliest continuation, in two colours, one after the other as they are ready."""
    for prompt in prompts:
        display(continued(prompt, model_text(model, prompt, n_tokens)))


def model_text(model: Model, prompt: str, n_tokens: int, choose: Any = None) -> str:
    """What the model adds to a prompt, without a bar of progress: an output is stored with the notebook."""
    return complete(model.gpt2, model.tokenizer, prompt, n_tokens, choose, progress=False)


def hyperparameters(model: Model) -> None:
    """The five numbers that a GPT-2's size follows from."""
    import pandas as pd

    rows = {name: (f"{model.hparams[name]:,}", meaning) for name, meaning in MEANINGS.items()}
    with pd.option_context("display.max_colwidth", None):
        display(pd.DataFrame.from_dict(rows, orient="index", columns=[model.name, "meaning"]))


def parameter_sum(model: Model) -> None:
    """How many parameters the loaded model has, part by part."""
    import pandas as pd

    block = model.params["blocks"][0]
    parts = {
        "token embedding wte": (count(model.params["wte"]), 1),
        "position embedding wpe": (count(model.params["wpe"]), 1),
        "layer norms ln_1, ln_2": (count(block["ln_1"]) + count(block["ln_2"]), len(model.params["blocks"])),
        "attention attn": (count(block["attn"]), len(model.params["blocks"])),
        "network mlp": (count(block["mlp"]), len(model.params["blocks"])),
        "last layer norm ln_f": (count(model.params["ln_f"]), 1),
    }
    rows = {part: (f"{one:,}", f"× {times}", f"{one * times:,}") for part, (one, times) in parts.items()}
    rows[f"all of {model.name}"] = ("", "", f"{count(model.params):,}")
    display(pd.DataFrame.from_dict(rows, orient="index", columns=["parameters", "times", "sum"]))


def count(params: Any) -> int:
    """How many numbers a parameter, or a nest of them, holds."""
    if isinstance(params, np.ndarray):
        return params.size
    return sum(count(p) for p in (params.values() if isinstance(params, dict) else params))


def parameter_tree(model: Model) -> None:
    """The nested dictionary of all parameters, with shapes; the blocks are alike, so one stands for all."""
    params, last = model.params, len(model.params["blocks"]) - 1
    one = {f"0 ... {last}": params["blocks"][0]}
    tree = {"wte": params["wte"], "wpe": params["wpe"], "blocks": one, "ln_f": params["ln_f"]}
    print("\n".join(["params", *branches(tree)]))


def branches(tree: dict, indent: str = "") -> list[str]:
    """The lines of a tree, drawn with box characters."""
    lines = []
    for i, (name, below) in enumerate(tree.items()):
        last = i == len(tree) - 1
        shape = f"  {list(below.shape)}" if isinstance(below, np.ndarray) else ""
        lines.append(f"{indent}{'└── ' if last else '├── '}{name}{shape}")
        if isinstance(below, dict):
            lines += branches(below, indent + ("    " if last else "│   "))
    return lines


def cosines(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How alike each of `rows` [n, n_embd] is to each of `others` [m, n_embd]: [n, m], with the student's if done."""
    if "cosine_similarity" in yours:
        return np.array([[yours["cosine_similarity"](a, b) for b in others] for a in rows], float)
    # Sums of squares row by row, without a second table as large as all embeddings.
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None] * np.sqrt(np.einsum("ij,ij->i", others, others))
    return rows @ others.T / lengths


def similarities(model: Model, words: list[str]) -> None:
    """A heat map of how alike the token embeddings of some words are. Words of several tokens are left out."""
    ids = {word: model.tokenizer.encode(word) for word in words}
    single = [word for word in words if len(ids[word]) == 1]
    if left_out := [word for word in words if word not in single]:
        display(note(f"Left out, because they are more than one token here: {', '.join(map(repr, left_out))}."))
    if not single:
        return
    embeddings = model.params["wte"][[ids[word][0] for word in single]]  # [n_words, n_embd]
    values, labels = cosines(embeddings, embeddings), [word.replace(" ", "·") for word in single]
    with drawing(2 + 0.55 * len(single), 1.2 + 0.4 * len(single)) as figure:
        axes = figure.subplots()
        image = axes.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        for (y, x), value in np.ndenumerate(values):
            colour = "white" if value < 0.5 else "black"  # cividis goes from dark blue to yellow
            axes.text(x, y, f"{value:.2f}", ha="center", va="center", size=9, color=colour)
        axes.set_xticks(range(len(labels)), labels, rotation=90)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_title("Cosine similarity of token embeddings")
        figure.colorbar(image).outline.set_visible(False)
    display(picture(figure, f"Heat map: cosine similarities of {', '.join(single)}"), runs_on("cosine_similarity"))


def position_curves(model: Model, positions: list[int]) -> None:
    """How alike the embedding of each of four positions is to those of all n_ctx positions."""
    wpe = model.params["wpe"]
    curves = cosines(wpe[positions], wpe)  # [4, n_ctx]
    with drawing(9, 4.6) as figure:
        all_axes = figure.subplots(2, 2, sharex=True, sharey=True).flat
        for axes, position, curve in zip(all_axes, positions, curves, strict=True):
            axes.axhline(0, color="#7f7f7f55", linewidth=0.8)
            axes.axvline(position, color=ORANGE, linewidth=1, linestyle=":")
            axes.plot(curve, color=BLUE, linewidth=1.3)
            axes.set_title(f"compared with position {position}")
        figure.supxlabel("position", fontsize=10)
        figure.supylabel("cosine similarity", fontsize=10)
    display(picture(figure, "Curves of the similarity between position embeddings"), runs_on("cosine_similarity"))


def next_tokens(model: Model, prompt: str, n: int = 5) -> None:
    """The n likeliest and the n least likely next tokens, with their logits and probabilities."""
    import pandas as pd

    # In float64: logaddexp.reduce adds one number after another, and 50,257 sums in float32 are off by a percent.
    logits = model.gpt2.logits(model.tokenizer.encode(prompt)).astype(np.float64)
    probabilities = yours["softmax"](logits) if "softmax" in yours else np.exp(logits - np.logaddexp.reduce(logits))
    order = np.argsort(-logits)
    ranks = [*range(n), *range(len(order) - n, len(order))]
    table = pd.DataFrame(
        {
            "token": [repr(model.tokenizer.decode([order[r]])) for r in ranks],
            "logit": [f"{logits[order[r]]:.2f}" for r in ranks],
            "probability": [f"{probabilities[order[r]]:.3g}" for r in ranks],
        },
        index=pd.Index([r + 1 for r in ranks], name="rank"),
    )
    display(continued(prompt, "", " ?"), table, runs_on("softmax"))


def attention_weights(model: Model, text: str) -> np.ndarray:
    """The weights [n_layer, n_head, n_seq, n_seq] with which each head of the model looks at a text.

    An attention that is handed the identity matrix as values returns its weights: that is how the student's is used.
    """
    heads = model.gpt2.trace(model.tokenizer.encode(text)).attentions
    n = len(heads[0][0])
    if "attention" in yours:
        weights = [yours["attention"](q, k, np.eye(n, dtype=q.dtype), mask) for q, k, _, mask, _ in heads]
    else:
        q, k = (np.array([head[i] for head in heads], np.float64) for i in (0, 1))  # [n_layer * n_head, n_seq, d]
        scores = np.einsum("hqd,hkd->hqk", q, k) * q.shape[-1] ** -0.5 + heads[0][3]
        weights = np.exp(scores - np.logaddexp.reduce(scores, axis=2, keepdims=True))
    return np.reshape(weights, (model.hparams["n_layer"], model.hparams["n_head"], n, n))


def attention_maps(model: Model, text: str) -> None:
    """All heads of the model at a glance: a row of small maps for each block, a column for each head."""
    weights = attention_weights(model, text)
    n_layer, n_head, n, _ = weights.shape
    gap = max(1, n // 6)
    # One image, with nothing where there is no number: the 144 axes of 124M would take seconds to draw.
    apart = np.pad(weights, ((0, 0), (0, 0), (0, gap), (0, gap)), constant_values=np.nan)
    mosaic = apart.swapaxes(1, 2).reshape(n_layer * (n + gap), n_head * (n + gap))[:-gap, :-gap]
    width = min(8.5, 1 + 1.2 * n_head)  # inches
    with drawing(width, width * n_layer / n_head) as figure:
        axes = figure.subplots()
        axes.imshow(mosaic, cmap="cividis", vmin=0, vmax=1, interpolation="nearest")
        axes.set_xticks([i * (n + gap) + n / 2 - 0.5 for i in range(n_head)], map(str, range(n_head)))
        axes.set_yticks([i * (n + gap) + n / 2 - 0.5 for i in range(n_layer)], map(str, range(n_layer)))
        axes.set(xlabel="head", ylabel="block")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    display(picture(figure, f"Attention maps of all {n_layer * n_head} heads"), runs_on("attention"))


def attention_map(weights: np.ndarray, labels: list[str], title: str) -> Picture:
    """One head's weights [n_seq, n_seq]: who looks (rows) at whom (columns)."""
    with drawing(2.2 + 0.34 * len(labels), 1.6 + 0.3 * len(labels)) as figure:
        axes = figure.subplots()
        image = axes.imshow(weights, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(labels)), labels, rotation=60, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(labels)), labels)
        axes.set(title=title, ylabel="this token ...", xlabel="... looks at this one")
        figure.colorbar(image, shrink=0.8).outline.set_visible(False)
    return picture(figure, title)
