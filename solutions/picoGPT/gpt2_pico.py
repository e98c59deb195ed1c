"""GPT-2 in plain NumPy, to be read from top to bottom: what the whole model computes, without any trick for speed.

Names are those of OpenAI's checkpoint. n_seq is the number of tokens, n_embd the width of the stream (768 in the 124M
model), d = n_embd / n_head the width of one head. Everything is float32, from the weights on.
"""

from __future__ import annotations

import numpy as np

from .utils import load_encoder_hparams_and_params


def gelu(x):
    """A soft step: negative values fade to 0, positive ones pass (tanh form; Hendrycks and Gimpel 2016)."""
    return 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))  # [...] -> [...]


def softmax(x):
    """Scores to probabilities over the last axis. Subtracting the maximum changes nothing but keeps exp in range."""
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))  # [..., n] -> [..., n], the largest is 1
    return e / np.sum(e, axis=-1, keepdims=True)  # [..., n] -> [..., n], sums to 1


def layer_norm(x, g, b, eps=1e-5):
    """Each vector with mean 0 and variance 1, then scaled by g and moved by b (Ba, Kiros and Hinton 2016)."""
    mean = np.mean(x, axis=-1, keepdims=True)  # [..., n] -> [..., 1]
    variance = np.var(x, axis=-1, keepdims=True)  # [..., n] -> [..., 1]
    return g * (x - mean) / np.sqrt(variance + eps) + b  # [..., n], [n], [n] -> [..., n]


def linear(x, w, b):
    """Every output is a weighted sum of all inputs."""
    return x @ w + b  # [n_seq, n_in], [n_in, n_out], [n_out] -> [n_seq, n_out]


def ffn(x, c_fc, c_proj):
    """The block's network of one hidden layer, for each position by itself."""
    h = gelu(linear(x, **c_fc))  # [n_seq, n_embd] -> [n_seq, 4 * n_embd]
    return linear(h, **c_proj)  # [n_seq, 4 * n_embd] -> [n_seq, n_embd]


def attention(q, k, v, mask):
    """Each query takes the average of the values, weighted by how well their keys match (Vaswani et al. 2017)."""
    scores = q @ k.T / q.shape[-1] ** 0.5  # [n_q, d_k], [n_k, d_k] -> [n_q, n_k]
    weights = softmax(scores + mask)  # [n_q, n_k] -> [n_q, n_k], rows sum to 1
    return weights @ v  # [n_q, n_k], [n_k, d_v] -> [n_q, d_v]


def mha(x, c_attn, c_proj, n_head):
    """Multi-head attention: n_head independent looks at the text, each in its own d dimensions."""
    x = linear(x, **c_attn)  # [n_seq, n_embd] -> [n_seq, 3 * n_embd]
    q, k, v = np.split(x, 3, axis=-1)  # -> 3 of [n_seq, n_embd]
    q, k, v = (np.split(part, n_head, axis=-1) for part in (q, k, v))  # -> 3 lists of n_head [n_seq, d]
    ahead = 1 - np.tri(x.shape[0], dtype=x.dtype)  # [n_seq, n_seq], 1 above the diagonal
    heads = [attention(*qkv, ahead * -1e10) for qkv in zip(q, k, v, strict=True)]  # n_head of [n_seq, d]
    return linear(np.concatenate(heads, axis=-1), **c_proj)  # [n_seq, n_embd] -> [n_seq, n_embd]


def transformer_block(x, mlp, attn, ln_1, ln_2, n_head):
    """Each position gathers from those before it, then thinks by itself; both add to the stream."""
    x = x + mha(layer_norm(x, **ln_1), **attn, n_head=n_head)  # [n_seq, n_embd] -> [n_seq, n_embd]
    return x + ffn(layer_norm(x, **ln_2), **mlp)  # [n_seq, n_embd] -> [n_seq, n_embd]


def gpt2(inputs, wte, wpe, blocks, ln_f, n_head):
    """Logits of the next token at every position (Radford et al. 2019)."""
    x = wte[inputs] + wpe[range(len(inputs))]  # [n_seq] -> [n_seq, n_embd]
    for block in blocks:
        x = transformer_block(x, **block, n_head=n_head)  # [n_seq, n_embd] -> [n_seq, n_embd]
    return layer_norm(x, **ln_f) @ wte.T  # [n_seq, n_embd] -> [n_seq, n_vocab]


def generate(inputs, params, n_head, n_tokens_to_generate):
    """The likeliest next token, again and again; `inputs` itself is left as it is.

    Raises ValueError when there is nothing to start from, nothing to do, or not enough positions.
    """
    n_seq, n_ctx = len(inputs) + n_tokens_to_generate, len(params["wpe"])
    if len(inputs) == 0 or n_tokens_to_generate <= 0:
        raise ValueError("There must be a prompt of at least one token, and at least one token to generate.")
    if n_seq > n_ctx:
        raise ValueError(f"The prompt and the tokens to generate are {n_seq} tokens; the context holds {n_ctx}.")
    from tqdm.auto import tqdm  # here, for it takes longer to import than all the rest

    ids = list(inputs)
    for _ in tqdm(range(n_tokens_to_generate), desc="generating", leave=False):
        logits = gpt2(ids, **params, n_head=n_head)  # [len(ids)] -> [len(ids), n_vocab]
        ids.append(int(np.argmax(logits[-1])))  # [n_vocab] -> one id
    return ids[len(inputs) :]  # [n_tokens_to_generate]


def main(prompt, n_tokens_to_generate=40, model_size="124M", models_dir="models"):
    """How a model of the folder `models_dir` continues `prompt`, as text. Raises ValueError as `generate` does."""
    encoder, hparams, params = load_encoder_hparams_and_params(model_size, models_dir)
    ids = generate(encoder.encode(prompt), params, hparams["n_head"], n_tokens_to_generate)
    return encoder.decode(ids)
