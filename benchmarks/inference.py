"""How fast GPT-2 124M loads and runs: gptkit beside CTranslate2, transformers, TensorFlow, picoGPT, and the hardware.

    .venv/bin/python benchmarks/inference.py [--json FILE] [--rounds N]

All in one run, on weights of full size that are made once (build/inference). What is compared runs in turns, and each
ratio is the median over the rounds, so that other work on the machine hits both sides alike.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from unittest import mock

# What is compared is the libraries as they are installed: NumPy's OpenBLAS chooses its kernels by itself, as PyTorch's
# MKL does, whatever this machine's environment binds it to.
IGNORED = {name: os.environ.pop(name) for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ}

import numpy as np  # noqa: E402
from gptkit import weights  # noqa: E402
from gptkit.engine.drafts import MOST, Drafts  # noqa: E402
from gptkit.engine.model import GPT2, Cache  # noqa: E402
from gptkit.engine.tokenizer import Tokenizer  # noqa: E402
from gptkit.weights import layout, tensorfile  # noqa: E402
from picoGPT import gpt2_pico as textbook  # noqa: E402
from tqdm import tqdm  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "build" / "inference"
PEER = Path(__file__).with_name("inference_peer.py")
PEERS = ROOT / ".venv-peers" / ("Scripts" if os.name == "nt" else "bin") / "python"
HPARAMS = {"n_vocab": 50257, "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12}
PROMPT, TOKENS, PREFILL = 10, 100, 512
TEXTS = 50  # that tiny writes, to see what guessing ahead does to them
STUDENT = ("softmax", "layer_norm", "attention")  # of the answer key, plugged in as a student's are
MB = 1e6

WEIGHTS_BYTES = 4 * 124_439_808

TARGETS = {
    "load_seconds": ("<=", 0.1),
    "load_private_mb": ("<=", 50),
    "decode_vs_transformers": (">=", 1.8),
    "decode_vs_picogpt": (">=", 30),
    "decode_vs_ctranslate2": (">=", 1.05),
    "repeating_vs_ctranslate2": (">=", 1.25),
    "decode_vs_bandwidth": (">=", 0.8),
    "guessing_slowest": (">=", 0.97),
    "prefill_vs_transformers": (">=", 1.8),
    "prefill_vs_matmul": (">=", 0.88),
    "student_vs_builtin": (">=", 0.9),
    "peak_extra_mb": ("<=", 150),
}

FRESH = """
import json, sys, time
import numpy as np
folder = sys.argv[1]
def memory(name, path="/proc/self/status"):
    return sum(int(line.split()[1]) for line in open(path) if line.startswith(name)) * 1024 / 1e6
def private():
    return memory("Private_", "/proc/self/smaps_rollup")
before, resident, started = private(), memory("VmRSS"), time.perf_counter()
{work}
seconds = time.perf_counter() - started
print(json.dumps([seconds, private() - before]))
"""
LOAD = """
from gptkit import weights
hparams, params = weights.load(folder)
float(params["wte"][0].sum() + params["blocks"][11]["mlp"]["c_proj"]["w"][0].sum())
"""
LOAD_CTRANSLATE2 = """
import ctranslate2
started = time.perf_counter()
model = ctranslate2.Generator(folder)
"""
LOAD_TENSORFLOW = """
import tensorflow as tf
reader = tf.train.load_checkpoint(folder)
params = {name: np.squeeze(reader.get_tensor(name)) for name in reader.get_variable_to_shape_map()}
float(params["model/wte"][0].sum() + params["model/h11/mlp/c_proj/w"][0].sum())
"""
PEAK = """
from gptkit import weights
from gptkit.engine.model import GPT2
hparams, params = weights.load(folder)
ids = np.random.default_rng(0).integers(0, hparams["n_vocab"], 924).tolist()
list(GPT2(hparams, params).greedy(ids, 100))
print(json.dumps(memory("VmHWM") - resident))
sys.exit()
"""
MAKE_CHECKPOINT = """
import sys
import tensorflow as tf
from gptkit.weights import tensorfile
arrays = tensorfile.read(sys.argv[1])
arrays = {name: a[None] if name.endswith("/w") else a for name, a in arrays.items()}  # as OpenAI's: [1, n_in, n_out]
names, whole = list(arrays), [""] * len(arrays)
prefix = sys.argv[2] + "/model.ckpt"
tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=whole, tensors=list(arrays.values()))
tf.compat.v1.train.update_checkpoint_state(sys.argv[2], "model.ckpt")
"""


def made_once() -> tuple[Path, Path, Path]:
    """Folders of random weights of 124M's size: as gptkit maps them, as TensorFlow's checkpoint, as CTranslate2's."""
    ours, theirs, converted = CACHE / "124M", CACHE / "checkpoint", CACHE / "ctranslate2"
    if not (ours / weights.PARAMETERS).is_file():
        print(f"Making weights of full size in {CACHE.relative_to(ROOT)} (once) ...", file=sys.stderr)
        rng = np.random.default_rng(0)
        arrays = {
            name: rng.standard_normal(shape, dtype=np.float32) * np.float32(0.02) + np.float32(name.endswith("/g"))
            for name, shape in layout.shapes(HPARAMS).items()
        }
        ours.mkdir(parents=True, exist_ok=True)
        (ours / "hparams.json").write_text(json.dumps(HPARAMS))
        tensorfile.write(ours / weights.PARAMETERS, arrays)
    if not (theirs / "checkpoint").is_file():  # written last
        theirs.mkdir(parents=True, exist_ok=True)
        child(MAKE_CHECKPOINT, ours / weights.PARAMETERS, theirs)
    if not (converted / "config.json").is_file():  # written last
        command = [PEERS, PEER, "convert", ours / weights.PARAMETERS, converted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"CTranslate2's converter failed:\n{done.stderr}")
    return ours, theirs, converted


def child(code: str, *args: object, python: Path | str = sys.executable) -> str:
    """What a fresh Python, of this environment unless another is named, prints when it runs `code`."""
    env = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [python, "-c", code, *map(str, args)]
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"A child process failed:\n{done.stderr}")
    return done.stdout


class Peer:
    """A library in a process of its own, which waits idle between questions; inference_peer.py says which."""

    def __init__(self, *what: str | Path):
        command = [PEERS, PEER, *what]
        env = os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, env=env, text=True, **pipes)
        self.process.stdout.readline()

    def __call__(self, verb: str, ids: list[int]):
        self.process.stdin.write(f"{verb} {json.dumps(ids)}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def seconds(work: Callable, *args) -> float:
    started = time.perf_counter()
    work(*args)
    return time.perf_counter() - started


@contextmanager
def as_picogpt_writes_it() -> Iterator[None]:
    """The textbook with the two constants that picoGPT takes from np.sqrt: in NumPy 2 they make everything float64."""

    def gelu(x):
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))

    def attention(q, k, v, mask):
        return textbook.softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask) @ v

    with mock.patch.multiple(textbook, gelu=gelu, attention=attention):
        yield


def without_a_cache(params: dict, ids: list[int]) -> float:
    """Seconds for TOKENS tokens when each recomputes the whole text: from five lengths, as the time is linear in it."""
    lengths = np.linspace(PROMPT, PROMPT + TOKENS - 1, 5).astype(int)
    passes = [seconds(textbook_pass, params, ids[:n]) for n in lengths]
    return TOKENS * float(np.trapezoid(passes, lengths) / (lengths[-1] - lengths[0]))


def textbook_pass(params: dict, ids: list[int]) -> None:
    textbook.gpt2(ids, **params, n_head=HPARAMS["n_head"])


class Scripted(GPT2):
    """Writes a given text (the prompt, and what follows it) with all that finding it would cost."""

    script: list[int]

    def _blocks(self, ids: np.ndarray, cache: Cache, **options) -> np.ndarray:
        x = super()._blocks(ids, cache, **options)
        self.places = range(cache.n - len(x), cache.n)
        return x

    def _read_out(self, x: np.ndarray, *options) -> np.ndarray:
        logits = super()._read_out(x, *options)
        for row, place in zip(logits, self.places, strict=True):
            row[self.script[min(place + 1, len(self.script) - 1)]] += 1000
        return logits


def written_by_tiny() -> list[tuple[list[int], list[int]]]:
    """TEXTS prompts from its training's kind of text, each with what the tiny model writes after it."""
    tokenizer, gpt2 = Tokenizer.from_folder(weights.EMBEDDED), GPT2(*weights.load(weights.EMBEDDED))
    ids = tokenizer.encode((ROOT / "models" / "tiny" / "README.md").read_text("utf-8"))
    starts = np.linspace(0, len(ids) - PROMPT, TEXTS).astype(int)
    prompts = [ids[start : start + PROMPT] for start in starts]
    return [(prompt, list(gpt2.generate(prompt, TOKENS, np.argmax))) for prompt in prompts]


def speed(prompt: list[int], text: list[int], cost: dict[int, float]) -> float:
    """How many times as fast as token by token the text is written, if a step of n rows costs `cost[n]` single ones."""
    guessing, spent, done = Drafts(prompt), 1.0, 1
    guessing.add(text[0])
    while done < len(text):
        guesses = guessing.guesses(len(text) - done - 1)
        right = next((i for i, guess in enumerate(guesses) if guess != text[done + i]), len(guesses))
        for token in text[done : done + right + 1]:
            guessing.add(token)
        guessing.took(len(guesses), right + 1, cost[1 + len(guesses)])
        spent, done = spent + cost[1 + len(guesses)], done + right + 1
    return len(text) / spent


def rows(gpt2: GPT2, n: int) -> Iterator[None]:
    """Steps of n rows each, as after n - 1 guesses, that are forgotten again."""
    cache = Cache(gpt2.hparams, PROMPT + MOST + 1)
    gpt2.logits(range(PROMPT), cache)
    while True:
        gpt2._read_out(gpt2._blocks(np.arange(n), cache))
        cache.n = PROMPT
        yield


def products(params: dict) -> Callable[[], None]:
    """The matrix products of the prompt's PREFILL tokens and nothing else: what NumPy itself reaches on these shapes.

    In the last block only the last position is followed beyond its keys and values.
    """
    blocks = [
        [b["attn"]["c_attn"], b["attn"]["c_proj"], b["mlp"]["c_fc"], b["mlp"]["c_proj"]] for b in params["blocks"]
    ]
    layers = [layer["w"] for block in [*blocks[:-1], blocks[-1][:1]] for layer in block]
    inputs = {n: np.ones((PREFILL, n), np.float32) for n in {len(w) for w in layers}}
    outputs = {n: np.empty((PREFILL, n), np.float32) for n in {w.shape[1] for w in layers}}

    def multiply() -> None:
        for w in layers:
            np.matmul(inputs[len(w)], w, out=outputs[w.shape[1]])

    return multiply


def readers(file: Path) -> dict[str, Callable[[], object]]:
    """Two ways to read all weights once with all cores; the faster one is the memory's speed.

    Each core takes the dot product of its share with itself, or BLAS multiplies all with one vector.
    """
    cores = os.cpu_count() or 1
    data = np.memmap(file, np.float32, mode="r", offset=file.stat().st_size - WEIGHTS_BYTES)
    shares, pool = np.array_split(data, cores), ThreadPoolExecutor(cores)
    rows, vector = data.reshape(-1, HPARAMS["n_embd"]), np.ones(HPARAMS["n_embd"], np.float32)
    dot = lambda: list(pool.map(lambda share: np.dot(share, share), shares))  # noqa: E731
    return {"read_dot": dot, "read_product": lambda: rows @ vector}


def in_step(runners: dict[str, Iterator]) -> dict[str, float]:
    """Seconds that each takes for TOKENS steps, one step of each in turn: the memory's speed changes from one second to
    the next where other machines share it, and so it changes for all alike."""
    spent = dict.fromkeys(runners, 0.0)
    for _ in range(TOKENS):
        for name, steps in runners.items():
            spent[name] += seconds(next, steps)
    return spent


def bytes_per_token(params: dict) -> int:
    """What one token reads at least: all weights but the position embedding."""

    def total(tree) -> int:
        if isinstance(tree, np.ndarray):
            return tree.nbytes
        return sum(map(total, tree.values() if isinstance(tree, dict) else tree))

    return total(params) - params["wpe"].nbytes


def measure(rounds: int) -> Iterator[dict[str, float]]:
    """What each round saw: seconds (of three tries the best), MB, and how far our logits are from transformers'."""
    ours, theirs, converted = made_once()
    file = ours / weights.PARAMETERS
    hparams, params = weights.load(ours)
    builtin, transformers = GPT2(hparams, params), Peer("transformers", file)
    ct2, ct2_int8 = (Peer("ctranslate2", converted, numbers) for numbers in ("float32", "int8"))
    texts, scripted = written_by_tiny(), Scripted(hparams, params)
    usual = sorted(texts, key=lambda one: speed(*one, dict(zip(range(1, MOST + 2), (1, 1.4, 1.7, 2), strict=True))))
    opening, written = usual[TEXTS // 2]
    scripted.script = opening + written
    student = GPT2(
        hparams, params, **{name: getattr(textbook, name) for name in ("softmax", "layer_norm", "attention")}
    )
    text = np.random.default_rng(0).integers(0, hparams["n_vocab"], PREFILL).tolist()
    prompt = text[:PROMPT]
    multiply = products(params)
    contest: dict[str, Callable[[], float]] = {
        "decode": lambda: seconds(lambda: list(builtin.generate(prompt, TOKENS, np.argmax))),  # without guesses
        "repeating": lambda: seconds(lambda: list(scripted.greedy(opening, TOKENS))),
        "ct2": lambda: ct2("generate", prompt),
        "ct2_int8": lambda: ct2_int8("generate", prompt),
        "generate": lambda: transformers("generate", prompt),
        "by_hand": lambda: transformers("by_hand", prompt),
        "prefill": lambda: seconds(builtin.logits, text),
        "products": lambda: seconds(multiply),
        "hf_prefill": lambda: transformers("prefill", text),
        "ct2_prefill": lambda: ct2("prefill", text),
    }
    apart = float(np.abs(np.array(transformers("logits", text)) - builtin.logits(text)).max())
    for _ in range(rounds):
        turns = [{name: run() for name, run in contest.items()} for _ in range(3)]
        seen = {name: min(turn[name] for turn in turns) for name in contest}
        steps = {name: map(lambda _, way=way: way(), count()) for name, way in readers(file).items()}
        plain = {"builtin": builtin, "student": student}
        seen |= in_step(steps | {name: gpt2.generate(prompt, TOKENS, np.argmax) for name, gpt2 in plain.items()})
        cost = in_step({n: rows(builtin, n) for n in range(1, MOST + 2)})
        seen |= {f"rows_{n}": cost[n] / cost[1] for n in cost}
        speeds = [speed(*one, {n: cost[n] / cost[1] for n in cost}) for one in texts]
        seen |= {"slowest": min(speeds), "usual": median(speeds)}
        seen["read"] = min(seen[name] for name in steps)
        for name, (work, folder) in {"load": (LOAD, ours), "load_tf": (LOAD_TENSORFLOW, theirs)}.items():
            seen[name], seen[f"{name}_mb"] = json.loads(child(FRESH.format(work=work), folder))
        seen["load_ct2"], seen["load_ct2_mb"] = json.loads(
            child(FRESH.format(work=LOAD_CTRANSLATE2), converted, python=PEERS)
        )
        seen["textbook"] = without_a_cache(params, text)
        with as_picogpt_writes_it():
            seen["picogpt"] = without_a_cache(params, text)
        peak = json.loads(child(FRESH.format(work=PEAK), ours)) - file.stat().st_size / MB
        yield seen | {"peak_mb": peak, "apart": apart, "token_bytes": bytes_per_token(params)}
    for peer in (transformers, ct2, ct2_int8):
        peer.end()


def figures(seen: dict[str, float]) -> dict[str, float]:
    """The promised figures of one round."""
    return {
        "load_seconds": seen["load"],
        "load_private_mb": seen["load_mb"],
        "load_vs_ctranslate2": seen["load_ct2"] / seen["load"],
        "decode_vs_transformers": min(seen["generate"], seen["by_hand"]) / seen["decode"],
        "decode_vs_ctranslate2": seen["ct2"] / seen["decode"],
        "decode_vs_ctranslate2_int8": seen["ct2_int8"] / seen["decode"],
        "repeating_vs_ctranslate2": seen["ct2"] / seen["repeating"],
        "guessing_slowest": seen["slowest"],
        "guessing_usual": seen["usual"],
        "decode_vs_picogpt": seen["picogpt"] / seen["decode"],
        "decode_vs_textbook": seen["textbook"] / seen["decode"],
        "decode_vs_bandwidth": seen["token_bytes"] / WEIGHTS_BYTES * seen["read"] / seen["builtin"],
        "prefill_vs_transformers": seen["hf_prefill"] / seen["prefill"],
        "prefill_vs_ctranslate2": seen["ct2_prefill"] / seen["prefill"],
        "prefill_vs_matmul": seen["products"] / seen["prefill"],
        "student_vs_builtin": seen["builtin"] / seen["student"],
        "peak_extra_mb": seen["peak_mb"],
    }


def table(rounds: list[dict[str, float]]) -> str:
    """The figures as a Markdown table, medians with the spread over the rounds."""
    seen = {name: median(each[name] for each in rounds) for name in rounds[0]}
    rate = {
        name: TOKENS / seen[name]
        for name in (
            *("decode", "repeating", "builtin", "student"),
            *("ct2", "ct2_int8", "generate", "by_hand", "textbook", "picogpt"),
        )
    }
    speed = WEIGHTS_BYTES * TOKENS / seen["read"]
    beside = {
        "load_seconds": f"TensorFlow, whole arrays: {seen['load_tf']:.1f} s",
        "load_private_mb": f"TensorFlow, whole arrays: {seen['load_tf_mb']:,.0f} MB",
        "load_vs_ctranslate2": f"CTranslate2: {seen['load_ct2']:.2f} s, {seen['load_ct2_mb']:,.0f} MB",
        "decode_vs_transformers": f"{rate['decode']:.1f} tokens/s; transformers {rate['generate']:.1f} by generate, "
        f"{rate['by_hand']:.1f} in a bare loop",
        "decode_vs_ctranslate2": f"a text that repeats nothing; CTranslate2 in float32 {rate['ct2']:.1f} tokens/s",
        "decode_vs_ctranslate2_int8": f"... in int8, which is other arithmetic: {rate['ct2_int8']:.1f} tokens/s",
        "repeating_vs_ctranslate2": f"the usual of {TEXTS} texts by tiny: {rate['repeating']:.1f} tokens/s",
        "guessing_slowest": f"of these texts, guessed ahead or not; 2, 3, 4 tokens cost {seen['rows_2']:.2f}, "
        f"{seen['rows_3']:.2f}, {seen['rows_4']:.2f} times one",
        "guessing_usual": "the median of them",
        "decode_vs_picogpt": f"picoGPT's way, as NumPy 2 computes it: {rate['picogpt']:.2f} tokens/s",
        "decode_vs_textbook": f"the same way, all in float32 (our answer key): {rate['textbook']:.2f} tokens/s",
        "decode_vs_bandwidth": f"in step: {rate['builtin']:.1f} tokens/s; {speed / 1e9:.1f} GB/s "
        f"allow {speed / seen['token_bytes']:.1f}",
        "prefill_vs_transformers": f"{PREFILL / seen['prefill']:,.0f} tokens/s; "
        f"transformers {PREFILL / seen['hf_prefill']:,.0f}",
        "prefill_vs_ctranslate2": f"CTranslate2 {PREFILL / seen['ct2_prefill']:,.0f} tokens/s",
        "prefill_vs_matmul": f"the products alone, by NumPy: {PREFILL / seen['products']:,.0f} tokens/s",
        "student_vs_builtin": f"in step: {rate['student']:.1f} and {rate['builtin']:.1f} tokens/s",
        "peak_extra_mb": "924 tokens read, 100 written, beside the weights",
    }
    lines = ["| figure | median | rounds | to reach | beside it |", "| --- | --- | --- | --- | --- |"]
    all_figures = [figures(each) for each in rounds]
    for name, comment in beside.items():
        values = [each[name] for each in all_figures]
        sign, target = TARGETS.get(name, ("", 0))
        met = median(values) <= target if sign == "<=" else median(values) >= target
        goal = f"{sign} {target:g}, {'met' if met else 'NOT met'}" if sign else ""
        lines.append(f"| {name} | {median(values):.3g} | {min(values):.3g} to {max(values):.3g} | {goal} | {comment} |")
    return "\n".join([*lines, f"\nThe logits of {PREFILL} tokens are within {seen['apart']:.1e} of transformers'."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (default 5)")
    options = parser.parse_args()
    probe = [PEERS, "-c", "import torch, transformers, ctranslate2"]
    if not PEERS.is_file() or subprocess.run(probe, capture_output=True, check=False).returncode:
        print(
            "CTranslate2 or transformers, which this benchmark compares with, is missing: make peers", file=sys.stderr
        )
        sys.exit(2)
    if IGNORED:
        print(f"Ignored, to let NumPy choose its kernels by itself: {IGNORED}", file=sys.stderr)
    rounds = list(tqdm(measure(options.rounds), total=options.rounds, unit="round", leave=False))
    print(table(rounds))
    if options.json:
        all_figures = [figures(each) for each in rounds]
        medians = {name: median(each[name] for each in all_figures) for name in all_figures[0]}
        options.json.write_text(json.dumps({"figures": {k: float(f"{v:.4g}") for k, v in medians.items()}}, indent=1))


if __name__ == "__main__":
    main()
