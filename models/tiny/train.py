"""Train the tiny GPT-2 with TensorFlow and write it as OpenAI wrote theirs.

    python models/tiny/train.py TEXT [--steps N] [--out FOLDER]

TEXT is a plain text file; the checked-in model was trained on "tinyshakespeare" (1.1 MB of Shakespeare's plays).
Writes the vocabulary, the checkpoint, the converted file and train.log, with the loss on the last tenth of the text.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from gptkit.weights import checkpoint, layout
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HPARAMS = {"n_vocab": 1280, "n_ctx": 128, "n_embd": 128, "n_head": 4, "n_layer": 4}
BATCH = 16
PEAK_RATE, WARM_UP = 3e-3, 100  # AdamW's learning rate, steps until it is reached
WEIGHT_DECAY, BETAS = 0.1, (0.9, 0.98)
DROPOUT = 0.1
SEED = 2


def vocabulary(text: str, n_vocab: int, out: Path) -> Tokenizer:
    """Learn byte pairs on the text and write encoder.json and vocab.bpe: 256 bytes, the merges, <|endoftext|>."""
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = byte_level
    alphabet = sorted(byte_level.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=n_vocab - 1, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    encoder = dict(sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1]))  # by id
    (out / "encoder.json").write_text(json.dumps(encoder), encoding="utf-8")
    # The library's other file holds the same ids without OpenAI's blanks.
    ids, merges = tokenizer.model.save(str(out))
    Path(ids).unlink()
    Path(merges).replace(out / "vocab.bpe")
    return tokenizer


def initial(hparams: dict) -> dict[str, tf.Variable]:
    """GPT-2's initialisation: normal(0.02), the projections back into the residual stream scaled down by depth."""
    rng = np.random.default_rng(SEED)
    variables = {}
    for name, shape in layout.shapes(hparams).items():
        scale = 0.01 if name.endswith("wpe") else 0.02
        if name.endswith("c_proj/w"):
            scale /= math.sqrt(2 * hparams["n_layer"])
        if name.endswith("/g"):
            value = np.ones(shape)
        elif name.endswith("/b"):
            value = np.zeros(shape)
        else:
            value = rng.normal(0, scale, shape)
        variables[name] = tf.Variable(value.astype(np.float32))
    return variables


def logits(v: dict[str, tf.Variable], ids: tf.Tensor, hparams: dict, dropout: float) -> tf.Tensor:
    """[batch, n_seq] -> [batch, n_seq, n_vocab]: GPT-2 as published (pre-norm, tanh gelu, output tied to wte)."""
    n_embd, n_head = hparams["n_embd"], hparams["n_head"]
    batch, n_seq = ids.shape
    mask = (1 - tf.linalg.band_part(tf.ones([n_seq, n_seq]), -1, 0)) * -1e10

    def drop(x):
        return tf.nn.dropout(x, dropout) if dropout else x

    def norm(x, name):
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-5) * v[f"model/{name}/g"] + v[f"model/{name}/b"]

    def linear(x, name):
        w = v[f"model/{name}/w"]
        flat = tf.reshape(x, [-1, w.shape[0]]) @ w + v[f"model/{name}/b"]
        return tf.reshape(flat, [batch, n_seq, w.shape[1]])

    def attention(x, name):
        qkv = tf.reshape(linear(x, f"{name}/c_attn"), [batch, n_seq, 3, n_head, n_embd // n_head])
        q, k, values = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4]))  # each [batch, n_head, n_seq, n_embd/n_head]
        scores = tf.matmul(q, k, transpose_b=True) / math.sqrt(n_embd // n_head) + mask
        mixed = tf.transpose(drop(tf.nn.softmax(scores)) @ values, [0, 2, 1, 3])
        return linear(tf.reshape(mixed, [batch, n_seq, n_embd]), f"{name}/c_proj")

    x = drop(tf.gather(v["model/wte"], ids) + v["model/wpe"][:n_seq])
    for i in range(hparams["n_layer"]):
        x += drop(attention(norm(x, f"h{i}/ln_1"), f"h{i}/attn"))
        hidden = tf.nn.gelu(linear(norm(x, f"h{i}/ln_2"), f"h{i}/mlp/c_fc"), approximate=True)
        x += drop(linear(hidden, f"h{i}/mlp/c_proj"))
    return tf.matmul(norm(x, "ln_f"), v["model/wte"], transpose_b=True)


def loss(v: dict, windows: tf.Tensor, hparams: dict, dropout: float = 0.0) -> tf.Tensor:
    """Mean cross-entropy in nats per token of windows [batch, n_ctx + 1]."""
    predicted = logits(v, windows[:, :-1], hparams, dropout)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(windows[:, 1:], predicted))


def train(ids: np.ndarray, hparams: dict, steps: int, report) -> dict[str, np.ndarray]:
    """Train on the first nine tenths of `ids`; the parameters of the lowest validation loss, by checkpoint name."""
    rng = np.random.default_rng(SEED)
    tf.random.set_seed(SEED)
    v = initial(hparams)
    names, n_window = list(v), hparams["n_ctx"] + 1
    training, held_out = np.split(ids, [len(ids) * 9 // 10])
    held_out = held_out[: len(held_out) // n_window // BATCH * n_window * BATCH].reshape(-1, BATCH, n_window)
    moments = [(tf.Variable(tf.zeros_like(v[n])), tf.Variable(tf.zeros_like(v[n]))) for n in names]

    # AdamW by hand: Keras's adds its epsilon elsewhere, and would train another model than the checked-in one.
    @tf.function(jit_compile=True)
    def step(windows, rate, t):
        with tf.GradientTape() as tape:
            value = loss(v, windows, hparams, DROPOUT)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(value, [v[n] for n in names]), 1.0)
        for name, gradient, (m, s) in zip(names, map(tf.convert_to_tensor, gradients), moments, strict=True):
            m.assign(BETAS[0] * m + (1 - BETAS[0]) * gradient)
            s.assign(BETAS[1] * s + (1 - BETAS[1]) * gradient**2)
            change = m / (1 - BETAS[0] ** t) / (tf.sqrt(s / (1 - BETAS[1] ** t)) + 1e-8)
            decay = WEIGHT_DECAY if v[name].shape.rank == 2 else 0.0
            v[name].assign_sub(rate * (change + decay * v[name]))
        return value

    @tf.function(jit_compile=True)
    def validation(windows):
        return loss(v, windows, hparams)

    best, kept, running = math.inf, {n: v[n].numpy() for n in names}, []
    for t in range(1, steps + 1):
        starts = rng.integers(0, len(training) - n_window, BATCH)
        windows = np.stack([training[s : s + n_window] for s in starts])
        # A linear warm-up, and half a cosine from the peak down to a twentieth of it.
        rate = PEAK_RATE * min(t / WARM_UP, 0.05 + 0.95 * (1 + math.cos(math.pi * t / steps)) / 2)
        running.append(float(step(tf.constant(windows), tf.constant(rate, tf.float32), tf.constant(t, tf.float32))))
        if t % 200 == 0 or t == steps:
            value = np.mean([float(validation(tf.constant(w))) for w in held_out])
            report(f"step {t:5d}  rate {rate:.5f}  training loss {np.mean(running):.4f}  validation loss {value:.4f}")
            running = []
            if value < best:
                best, kept = value, {n: v[n].numpy() for n in names}
    return kept


def save(variables: dict[str, np.ndarray], out: Path) -> None:
    """Write TensorFlow 1's checkpoint files (model.ckpt.*, checkpoint), matrices as [1, in, out] as OpenAI has them."""
    # TensorFlow 2 has a format of its own, in which each variable's name ends in /.ATTRIBUTES/VARIABLE_VALUE.
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        for name, value in variables.items():
            value = value[None] if name.endswith("/w") else value
            v1.get_variable(name, value.shape, tf.float32, v1.zeros_initializer()).load(value, session)
        v1.train.Saver(save_relative_paths=True).save(session, str(out / "model.ckpt"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    out = options.out
    out.mkdir(exist_ok=True)
    (out / "hparams.json").write_text(json.dumps(HPARAMS, indent=2) + "\n")
    log = (out / "train.log").open("w")
    started = time.time()

    def report(line: str) -> None:
        line = f"{line}  ({time.time() - started:.0f} s)"
        print(line, flush=True)
        print(line, file=log, flush=True)

    text = options.text.read_text(encoding="utf-8")
    tokenizer = vocabulary(text, HPARAMS["n_vocab"], out)
    ids = np.array(tokenizer.encode(text).ids, np.int32)
    report(f"{len(text):,} characters, {len(ids):,} tokens, {HPARAMS}")
    save(train(ids, HPARAMS, options.steps, report), out)
    checkpoint.convert(out)


if __name__ == "__main__":
    main()
