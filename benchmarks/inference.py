"""How fast GPT-2 124M loads and runs: gptkit beside TensorFlow, transformers, picoGPT and the memory's own speed.

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
from gptkit.engine.model import GPT2  # noqa: E402
from gptkit.weights import layout, tensorfile  # noqa: E402
from picoGPT import gpt2_pico as textbook  # noqa: E402
from tqdm import tqdm  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "build" / "inference"
PEERS = ROOT / ".venv-peers" / ("Scripts" if os.name == "nt" else "bin") / "python"
HPARAMS = {"n_vocab": 50257, "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12}
PROMPT, TOKENS, PREFILL = 10, 100, 512
STUDENT = ("softmax", "layer_norm", "attention")  # of the answer key, plugged in as a student's are
MB = 1e6

WEIGHTS_BYTES = 4 * 124_439_808

TARGETS = {
    "load_seconds": ("<=", 0.1),
    "load_private_mb": ("<=", 50),
    "decode_vs_transformers": (">=", 1.8),
    "decode_vs_picogpt": (">=", 30),
    "decode_vs_bandwidth": (">=", 0.75),
    "prefill_vs_transformers": (">=", 1.8),
    "student_vs_builtin": (">=", 0.85),
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


def made_once() -> tuple[Path, Path]:
    """Folders of random weights of 124M's size: as gptkit maps them, and as TensorFlow's checkpoint."""
    ours, theirs = CACHE / "124M", CACHE / "checkpoint"
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
    return ours, theirs


def child(code: str, *args: object) -> str:
    """What a fresh Python of this environment prints when it runs `code`."""
    env = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", code, *map(str, args)]
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"A child process failed:\n{done.stderr}")
    return done.stdout


class Transformers:
    """Hugging Face transformers in a process of its own, which waits idle between questions."""

    def __init__(self, weights_file: Path):
        command = [PEERS, Path(__file__).with_name("inference_peer.py"), weights_file]
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
    ours, theirs = made_once()
    file = ours / weights.PARAMETERS
    hparams, params = weights.load(ours)
    builtin, transformers = GPT2(hparams, params), Transformers(file)
    student = GPT2(
        hparams, params, **{name: getattr(textbook, name) for name in ("softmax", "layer_norm", "attention")}
    )
    text = np.random.default_rng(0).integers(0, hparams["n_vocab"], PREFILL).tolist()
    prompt = text[:PROMPT]
    contest: dict[str, Callable[[], float]] = {
        "decode": lambda: seconds(lambda: list(builtin.greedy(prompt, TOKENS))),
        "generate": lambda: transformers("generate", prompt),
        "by_hand": lambda: transformers("by_hand", prompt),
        "prefill": lambda: seconds(builtin.logits, text),
        "hf_prefill": lambda: transformers("prefill", text),
    }
    apart = float(np.abs(np.array(transformers("logits", text)) - builtin.logits(text)).max())
    for _ in range(rounds):
        turns = [{name: run() for name, run in contest.items()} for _ in range(3)]
        seen = {name: min(turn[name] for turn in turns) for name in contest}
        steps = {name: map(lambda _, way=way: way(), count()) for name, way in readers(file).items()}
        seen |= in_step(steps | {"builtin": builtin.greedy(prompt, TOKENS), "student": student.greedy(prompt, TOKENS)})
        seen["read"] = min(seen[name] for name in steps)
        for name, (work, folder) in {"load": (LOAD, ours), "load_tf": (LOAD_TENSORFLOW, theirs)}.items():
            seen[name], seen[f"{name}_mb"] = json.loads(child(FRESH.format(work=work), folder))
        seen["textbook"] = without_a_cache(params, text)
        with as_picogpt_writes_it():
            seen["picogpt"] = without_a_cache(params, text)
        peak = json.loads(child(FRESH.format(work=PEAK), ours)) - file.stat().st_size / MB
        yield seen | {"peak_mb": peak, "apart": apart, "token_bytes": bytes_per_token(params)}
    transformers.end()


def figures(seen: dict[str, float]) -> dict[str, float]:
    """The promised figures of one round."""
    return {
        "load_seconds": seen["load"],
        "load_private_mb": seen["load_mb"],
        "decode_vs_transformers": min(seen["generate"], seen["by_hand"]) / seen["decode"],
        "decode_vs_picogpt": seen["picogpt"] / seen["decode"],
        "decode_vs_textbook": seen["textbook"] / seen["decode"],
        "decode_vs_bandwidth": seen["token_bytes"] / WEIGHTS_BYTES * seen["read"] / seen["builtin"],
        "prefill_vs_transformers": seen["hf_prefill"] / seen["prefill"],
        "student_vs_builtin": seen["builtin"] / seen["student"],
        "peak_extra_mb": seen["peak_mb"],
    }


def table(rounds: list[dict[str, float]]) -> str:
    """The figures as a Markdown table, medians with the spread over the rounds."""
    seen = {name: median(each[name] for each in rounds) for name in rounds[0]}
    rate = {
        name: TOKENS / seen[name]
        for name in ("decode", "builtin", "student", "generate", "by_hand", "textbook", "picogpt")
    }
    speed = WEIGHTS_BYTES * TOKENS / seen["read"]
    beside = {
        "load_seconds": f"TensorFlow, whole arrays: {seen['load_tf']:.1f} s",
        "load_private_mb": f"TensorFlow, whole arrays: {seen['load_tf_mb']:,.0f} MB",
        "decode_vs_transformers": f"{rate['decode']:.1f} tokens/s; transformers {rate['generate']:.1f} by generate, "
        f"{rate['by_hand']:.1f} in a bare loop",
        "decode_vs_picogpt": f"picoGPT's way, as NumPy 2 computes it: {rate['picogpt']:.2f} tokens/s",
        "decode_vs_textbook": f"the same way, all in float32 (our answer key): {rate['textbook']:.2f} tokens/s",
        "decode_vs_bandwidth": f"in step: {rate['builtin']:.1f} tokens/s; {speed / 1e9:.1f} GB/s "
        f"allow {speed / seen['token_bytes']:.1f}",
        "prefill_vs_transformers": f"{PREFILL / seen['prefill']:,.0f} tokens/s; "
        f"transformers {PREFILL / seen['hf_prefill']:,.0f}",
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
    probe = [PEERS, "-c", "import torch, transformers"]
    if not PEERS.is_file() or subprocess.run(probe, capture_output=True, check=False).returncode:
        print("PyTorch and transformers, which this benchmark compares with, are missing: make peers", file=sys.stderr)
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
