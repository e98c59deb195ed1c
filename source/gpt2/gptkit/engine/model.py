"""GPT-2's forward pass, wired around any `softmax`, `layer_norm` and `attention` that it is given.

The pass reads the weights where they lie (memory-mapped, never copied), keeps the keys and values of what it has seen,
takes a long prompt in chunks so that its memory stays small, and multiplies by the token embedding only the positions
whose logits are asked for. Its own arithmetic handles all heads at once; functions that are plugged in are called as
the assignment defines them.

Shapes: n_new positions are computed now, n_all = positions seen before + n_new, d = n_embd / n_head.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from time import perf_counter
from typing import Any

import numpy as np

from .drafts import MOST, Drafts

CHUNK = 512  # positions of a prompt computed together: more is no faster, and takes memory
ROWS = 64  # of them, positions that look back together: their scores stay in the processor's cache
GELU_ROWS = 32  # positions whose hidden layer stays there meanwhile
FEW = MOST + 1  # positions that are computed each by itself, see `_product`
WORDS = 2048  # rows of the token embedding that stay in that cache while a few positions are multiplied by them
EPS = 1e-5  # added to the variance in each layer normalisation
ROOT_2_OVER_PI = (2 / np.pi) ** 0.5
MASKED = -1e10  # added to the score of a position that lies ahead
PARTS = ("softmax", "layer_norm", "attention")  # functions that a student writes and GPT2 can run on


class Cache:
    """Keys and values of the positions that a model has seen, so that each is computed once.

    `capacity` positions fit, `n` are filled. A cache belongs to one text: pass it again with the ids that follow.
    """

    def __init__(self, hparams: dict, capacity: int | None = None):
        capacity = hparams["n_ctx"] if capacity is None else capacity
        n_head, d = hparams["n_head"], hparams["n_embd"] // hparams["n_head"]
        shape = (hparams["n_layer"], n_head, capacity, d)
        self.keys, self.values = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self.capacity, self.n = capacity, 0


@dataclass
class Trace:
    """What the built-in path feeds to and gets from each function, for one text.

    `layer_norms` holds (x, g, b, output) with x [n_seq, n_embd], in the order of the calls: ln_1 and ln_2 of each
    block, then ln_f. `attentions` holds (q, k, v, mask, output), head by head, block by block; mask [n_seq, n_seq] is
    0 / -1e10. `logits` is [n_seq, n_vocab].
    """

    layer_norms: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    attentions: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    logits: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))


class GPT2:
    """A GPT-2 of the given parameters; `softmax`, `layer_norm`, `attention` replace the built-in arithmetic.

    They are called as the assignment defines them: `softmax(x)` over the last axis, `layer_norm(x, g, b)`, and
    `attention(q, k, v, mask)` for one head. Given only `softmax`, the built-in attention uses it. A function that has
    a method `many` (a proxy of the examiner's) gets the heads of a layer as one call of it.
    """

    def __init__(
        self,
        hparams: dict,
        params: dict,
        *,
        softmax: Callable | None = None,
        layer_norm: Callable | None = None,
        attention: Callable | None = None,
    ):
        self.hparams, self.params = hparams, params
        self._softmax, self._layer_norm, self._attention = softmax, layer_norm, attention

    def logits(self, ids: Iterable[int], cache: Cache | None = None) -> np.ndarray:
        """Logits [n_vocab] of the last of `ids`, float32. With a cache, `ids` follow those it has seen, and join it.

        Raises ValueError when there are none, one is not in the vocabulary, or they do not fit the context.
        """
        new = self._checked(ids)
        cache = Cache(self.hparams, len(new)) if cache is None else cache
        if cache.n + len(new) > cache.capacity:
            raise ValueError(f"{cache.n} + {len(new)} tokens do not fit a context of {cache.capacity}.")
        for start in range(0, len(new), CHUNK):
            x = self._blocks(new[start : start + CHUNK], cache, last_only=True)  # [1, n_embd]
        return self._read_out(x)[0]

    def all_logits(self, ids: Iterable[int]) -> np.ndarray:
        """Logits [n_seq, n_vocab] of every position, float32. Raises as `logits` does."""
        new = self._checked(ids)
        cache, out = Cache(self.hparams, len(new)), np.empty((len(new), self.hparams["n_vocab"]), np.float32)
        for start in range(0, len(new), CHUNK):
            x = self._norm(self._blocks(new[start : start + CHUNK], cache), self.params["ln_f"])
            np.matmul(x, self.params["wte"].T, out=out[start : start + CHUNK])
        return out

    def trace(self, ids: Iterable[int]) -> Trace:
        """What the built-in arithmetic feeds to and gets from each function. Raises as `logits` does."""
        plain, trace = GPT2(self.hparams, self.params), Trace()
        new = plain._checked(ids)
        x = plain._blocks(new, Cache(self.hparams, len(new)), trace=trace)
        trace.logits = plain._read_out(x, trace)
        return trace

    def generate(self, ids: Iterable[int], n: int, choose: Callable[[np.ndarray], int] | None = None) -> Iterator[int]:
        """`n` token ids that continue `ids`, one by one; `choose(logits)` picks each, else the likeliest is taken.

        Raises ValueError at once for what `logits` refuses, and when n <= 0 or the whole does not fit the context.
        """
        prompt, n, n_ctx = self._checked(ids), operator.index(n), self.hparams["n_ctx"]
        if n <= 0:
            raise ValueError(f"The number of tokens to generate must be at least 1, not {n}.")
        if len(prompt) + n > n_ctx:
            raise ValueError(f"A prompt of {len(prompt)} tokens and {n} more do not fit a context of {n_ctx}.")
        # Guesses pay only where the choice is known beforehand: the likeliest.
        return self._likeliest(prompt, n) if choose is None else self._chosen(prompt, n, choose)

    def greedy(self, ids: Iterable[int], n: int) -> Iterator[int]:
        """The `n` likeliest token ids, one after the other. Raises as `generate` does."""
        return self.generate(ids, n)

    def _chosen(self, ids: Sequence[int] | np.ndarray, n: int, choose: Callable[[np.ndarray], int]) -> Iterator[int]:
        cache = Cache(self.hparams, len(ids) + n)
        for _ in range(n):
            token = operator.index(choose(self.logits(ids, cache)))
            yield token
            ids = [token]

    def _likeliest(self, prompt: np.ndarray, n: int) -> Iterator[int]:
        """The tokens of `_chosen` with np.argmax, bit for bit: guesses are computed together and kept while right."""
        cache, drafts = Cache(self.hparams, len(prompt) + n), Drafts(prompt)
        found = [int(np.argmax(self.logits(prompt, cache)))]
        while True:
            for token in found:
                drafts.add(token)
                yield token
            n -= len(found)
            if n == 0:
                return
            # At most n - 1, for the model's own next token is one of the n.
            guesses = drafts.guesses(n - 1)
            known = cache.n + 1
            began = perf_counter()
            logits = self._read_out(self._blocks(np.array([found[-1], *guesses]), cache))  # [1 + n_guesses, n_vocab]
            seconds = perf_counter() - began
            found = logits.argmax(axis=-1).tolist()
            right = next((i for i, guess in enumerate(guesses) if guess != found[i]), len(guesses))
            # What was computed for wrong guesses is forgotten: the cache ends behind the last right one.
            found, cache.n = found[: right + 1], known + right
            drafts.took(len(guesses), len(found), seconds)

    def _checked(self, ids: Iterable[int]) -> np.ndarray:
        """Token ids as an array of integers; ValueError when they cannot be a text of this model."""
        ids, n_vocab, n_ctx = np.array(list(ids)), self.hparams["n_vocab"], self.hparams["n_ctx"]
        if ids.size == 0:
            raise ValueError("The text is empty: a model needs at least one token to start from.")
        if ids.ndim != 1 or ids.dtype.kind not in "iu":
            raise ValueError("Token ids must be a list of integers.")
        if ids.min() < 0 or ids.max() >= n_vocab:
            wrong = ids[(ids < 0) | (ids >= n_vocab)][0]
            raise ValueError(f"There is no token {wrong}: ids go from 0 to {n_vocab - 1}.")
        if len(ids) > n_ctx:
            raise ValueError(f"{len(ids)} tokens do not fit a context of {n_ctx}.")
        return ids

    def _blocks(
        self, ids: np.ndarray, cache: Cache, *, last_only: bool = False, trace: Trace | None = None
    ) -> np.ndarray:
        """The stream after the last block, [n_new, n_embd], or [1, n_embd] for the last position; the cache grows.

        Nothing but the last block's keys and values is needed of the other positions there, so with `last_only` its
        attention and MLP are computed for one position.
        """
        past, blocks = cache.n, self.params["blocks"]
        x = self.params["wte"][ids] + self.params["wpe"][past : past + len(ids)]  # [n_new, n_embd]
        for layer, block in enumerate(blocks):
            keep = 1 if last_only and layer == len(blocks) - 1 else len(ids)
            x = self._attend(x, block, layer, cache, keep, trace)  # [keep, n_embd]
            x = self._mlp(x, block, trace)
        cache.n = past + len(ids)
        return x

    def _attend(
        self, x: np.ndarray, block: dict, layer: int, cache: Cache, keep: int, trace: Trace | None
    ) -> np.ndarray:
        """The block's first half for the last `keep` positions: each looks back at those before it, in every head."""
        n_new, n_embd = x.shape
        n_all = cache.n + n_new
        qkv = _project(self._norm(x, block["ln_1"], trace), block["attn"]["c_attn"])  # [n_new, 3 * n_embd]
        heads = qkv.reshape(n_new, 3, self.hparams["n_head"], -1).transpose(1, 2, 0, 3)  # [3, n_head, n_new, d]
        cache.keys[layer, :, cache.n : n_all], cache.values[layer, :, cache.n : n_all] = heads[1], heads[2]
        q, k, v = heads[0, :, -keep:], cache.keys[layer, :, :n_all], cache.values[layer, :, :n_all]
        seen = self._look_back(q, k, v)
        if trace is not None:
            mask = _causal(keep, n_all)
            trace.attentions += [(*qkv, mask, out) for *qkv, out in zip(q, k, v, seen, strict=True)]
        out = _project(seen.transpose(1, 0, 2).reshape(keep, n_embd), block["attn"]["c_proj"])
        out += x[-keep:]
        return out

    def _look_back(self, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        """What the heads see, [n_head, n_new, d], for the queries of the last n_new of n_all positions."""
        n_new, n_all = q.shape[1], k.shape[1]
        every_head = self._heads if self._attention is None else self._call_attention
        if n_new > FEW:
            return every_head(q, k, v)
        # Few positions, each by itself, have the bits that they would have one token at a time.
        ends = range(n_all - n_new + 1, n_all + 1)  # each looks back from the position before its end
        rows = [every_head(q[:, i : i + 1], k[:, :end], v[:, :end]) for i, end in enumerate(ends)]
        return np.concatenate(rows, axis=1) if n_new > 1 else rows[0]

    def _heads(self, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        """What all heads see at once, [n_head, n_new, d].

        A few positions at a time look back at those up to the last of them, so that little is computed to be masked.
        The weights are left unnormalised and their sums divide the result, which is smaller than the weights.
        """
        n_new, past = q.shape[1], k.shape[1] - q.shape[1]
        q = q * np.float32(q.shape[-1] ** -0.5)
        seen = np.empty((n_new, len(q), q.shape[-1]), np.float32).transpose(1, 0, 2)  # a position's heads side by side
        for start in range(0, n_new, ROWS):
            rows = slice(start, min(start + ROWS, n_new))
            scores = q[:, rows] @ k[:, : past + rows.stop].transpose(0, 2, 1)  # [n_head, rows, past + rows.stop]
            if n_new > 1:
                n_rows = rows.stop - start
                scores[..., -n_rows:] += _causal(n_rows, n_rows)
            if self._softmax is not None:
                scores = _float32(self._softmax(scores), scores.shape, "softmax")
                total = 1
            else:
                scores -= scores.max(axis=-1, keepdims=True)
                np.exp(scores, out=scores)
                total = scores.sum(axis=-1, keepdims=True)
            np.matmul(scores, v[:, : past + rows.stop], out=seen[:, rows])
            seen[:, rows] /= total
        return seen

    def _call_attention(self, q: np.ndarray, k: np.ndarray, v: np.ndarray) -> np.ndarray:
        """What a plugged-in attention sees, head by head, [n_head, n_new, d]; it cannot write to the cache."""
        mask = _causal(q.shape[1], k.shape[1])
        q = q.copy()  # each head's queries in one piece, and the function's to change
        # Views of the cache: what is written there would be seen by all later tokens.
        k.flags.writeable = v.flags.writeable = False
        calls = list(zip(q, k, v, [mask] * len(q), strict=True))
        return _all_float32(_each(self._attention, calls), q.shape[1:], "attention")

    def _mlp(self, x: np.ndarray, block: dict, trace: Trace | None) -> np.ndarray:
        """The block's second half: a network of one hidden layer, for each position by itself."""
        c_fc, c_proj = block["mlp"]["c_fc"], block["mlp"]["c_proj"]
        hidden = _product(self._norm(x, block["ln_2"], trace), c_fc["w"])  # [n, 4 * n_embd]
        for start in range(0, len(x), GELU_ROWS):
            _gelu(hidden[start : start + GELU_ROWS], c_fc["b"])
        out = _project(hidden, c_proj)
        out += x
        return out

    def _read_out(self, x: np.ndarray, trace: Trace | None = None) -> np.ndarray:
        """Logits [n, n_vocab] of the last block's x [n, n_embd]."""
        x, wte = self._norm(x, self.params["ln_f"], trace), self.params["wte"]
        logits = np.empty((len(x), len(wte)), np.float32)
        size = WORDS if len(x) <= FEW else len(wte)
        for start in range(0, len(wte), size):
            _product(x, wte[start : start + size].T, logits[:, start : start + size])
        return logits

    def _norm(self, x: np.ndarray, ln: dict, trace: Trace | None = None) -> np.ndarray:
        """Each row of x [n, n_embd] with mean 0 and variance 1, then scaled and moved by the layer's g and b."""
        if self._layer_norm is not None:
            rows = [x[i : i + 1] for i in range(len(x))] if len(x) <= FEW else [x]
            results = [self._layer_norm(row.copy(), ln["g"], ln["b"]) for row in rows]
            return _all_float32(results, rows[0].shape, "layer_norm").reshape(x.shape)
        share = np.float32(1 / x.shape[-1])
        out = x - np.add.reduce(x, axis=-1, keepdims=True) * share
        out /= np.sqrt(np.vecdot(out, out)[:, None] * share + np.float32(EPS))
        out *= ln["g"]
        out += ln["b"]
        if trace is not None:
            trace.layer_norms.append((x.copy(), ln["g"], ln["b"], out.copy()))
        return out


def _project(x: np.ndarray, layer: dict) -> np.ndarray:
    """A linear layer, [n, n_in] -> [n, n_out], of weights w [n_in, n_out] and b [n_out]."""
    out = _product(x, layer["w"])
    out += layer["b"]
    return out


def _product(x: np.ndarray, w: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """x @ w, [n, n_in] -> [n, n_out], float32, written to `out` if it is given.

    A vector times a matrix reads each weight once and is as fast as memory is. For several rows OpenBLAS first copies
    the weights into another order, which costs as much again; a few are faster one by one, for the weights are in the
    processor's cache after the first. And so each has the same bits whether it is computed alone or beside others.
    """
    out = np.empty((len(x), w.shape[1]), np.float32) if out is None else out
    if len(x) > FEW:
        return np.matmul(x, w, out=out)
    for row, result in zip(x, out, strict=True):
        np.matmul(row, w, out=result)
    return out


def _gelu(h: np.ndarray, b: np.ndarray) -> None:
    """GELU of h + b, in place, for h [n, 4 * n_embd] and the bias b: negative values fade to 0, positive ones pass.

    In its tanh form, as in Hendrycks and Gimpel 2016: h/2 * (1 + tanh(sqrt(2/pi) * (h + 0.044715 h^3))).
    """
    h += b
    bend = h * h
    bend *= np.float32(0.044715 * ROOT_2_OVER_PI)
    bend += np.float32(ROOT_2_OVER_PI)
    bend *= h
    np.tanh(bend, out=bend)
    bend += 1
    h *= np.float32(0.5)
    h *= bend


@lru_cache(maxsize=FEW)
def _causal(n_new: int, n_all: int) -> np.ndarray:
    """The mask [n_new, n_all] of the last n_new of n_all positions: -1e10 where a position lies ahead, else 0."""
    mask = np.zeros((n_new, n_all), np.float32)
    if n_new > 1:  # nothing lies ahead of the last position
        mask += np.triu(np.full((n_new, n_all), MASKED, np.float32), k=n_all - n_new + 1)
    mask.flags.writeable = False
    return mask


def _each(function: Any, calls: list[tuple]) -> list:
    """The results of many calls, in one message where the function can take them so."""
    many = getattr(function, "many", None)
    return many(calls) if many is not None else [function(*call) for call in calls]


def _all_float32(results: list, shape: tuple[int, ...], name: str) -> np.ndarray:
    """The results of n calls as float32, [n, *shape]. Raises as `_float32` does for one that the model cannot use."""
    try:
        arrays = np.array(results, np.float32)  # all at once: one by one takes three times as long
    except (TypeError, ValueError):
        arrays = None
    if arrays is None or arrays.shape != (len(results), *shape):
        arrays = np.stack([_float32(result, shape, name) for result in results])
    return arrays


def _float32(result: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """A plugged-in function's result as float32. Raises ValueError when it has not the shape that the model needs."""
    try:
        array = np.asarray(result, np.float32)
    except (TypeError, ValueError):
        raise ValueError(f"{name} returned a {type(result).__name__} that is not an array of numbers.") from None
    if array.shape != shape:
        got = "nothing" if result is None else f"shape {list(array.shape)}"
        raise ValueError(f"{name} returned {got} where the model needs shape {list(shape)}.")
    return array
