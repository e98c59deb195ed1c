"""Functions as students write them, for benchmarks/diagnosis.py: loops, einsum, float64, helpers, other names.

Each is registered with the exercise it answers and the mistake in it: the catalogue's name, "" for a mistake that the
catalogue does not know, None for a right answer.
"""

# ruff: noqa: E731, B905  (every one of these functions is a student's)

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np


@dataclass
class Answer:
    exercise: str
    mistake: str | None
    function: Callable


ANSWERS: list[Answer] = []


def answer(exercise: str, mistake: str | None) -> Callable[[Callable], Callable]:
    def register(function: Callable) -> Callable:
        ANSWERS.append(Answer(exercise, mistake, function))
        return function

    return register


def good_softmax(z):
    z = np.exp(z - z.max(-1)[..., None])
    return z / z.sum(-1)[..., None]


# ---- cosine_similarity ----


@answer("cosine_similarity", "no_lengths")
def _(a, b):
    total = 0.0
    for x, y in zip(a, b):
        total += float(x) * float(y)
    return total


@answer("cosine_similarity", "only_the_length_of_a")
def _(vector1, vector2):
    return np.einsum("i,i->", vector1 / sqrt(sum(t * t for t in vector1)), vector2)


@answer("cosine_similarity", "only_the_length_of_b")
def _(u, v):
    norm = np.sqrt(np.sum(v.astype(np.float64) ** 2))
    return np.inner(u, v) / norm


@answer("cosine_similarity", "squared_lengths")
def _(u, v):
    return np.dot(u, v) / (np.sum(u**2) * np.sum(v**2))


@answer("cosine_similarity", "roots_of_lengths")
def _(u, v):
    return np.vdot(u, v) / (np.dot(u, u) * np.dot(v, v)) ** 0.25


@answer("cosine_similarity", "sum_of_lengths")
def _(u, v):
    length = lambda w: sqrt(sum(float(t) ** 2 for t in w))
    return float(np.dot(u, v)) / (length(u) + length(v))


@answer("cosine_similarity", "euclidean_distance")
def _(u, v):
    return sqrt(sum((float(s) - float(t)) ** 2 for s, t in zip(u, v)))


@answer("cosine_similarity", "one_minus_cosine")
def _(u, v):
    u, v = u / np.linalg.norm(u), v / np.linalg.norm(v)
    return 1 - (u * v).sum()


@answer("cosine_similarity", "without_sign")
def _(u, v):
    return sqrt((u @ v) ** 2 / ((u @ u) * (v @ v)))


@answer("cosine_similarity", "clipped_at_zero")
def _(u, v):
    return np.clip(u @ v / np.sqrt(u @ u) / np.sqrt(v @ v), 0, 1)


@answer("cosine_similarity", "angle")
def _(u, v):
    c = float(u @ v) / float(np.linalg.norm(u) * np.linalg.norm(v))
    return np.pi / 2 - np.arcsin(min(1.0, max(-1.0, c)))


@answer("cosine_similarity", "centred")
def _(u, v):
    return np.corrcoef(u, v)[0, 1]


@answer("cosine_similarity", "products_not_summed")
def _(u, v):
    return np.multiply(u / np.linalg.norm(u), v / np.linalg.norm(v))


@answer("cosine_similarity", "mean_of_products")
def _(u, v):
    return np.mean(u / np.linalg.norm(u) * (v / np.linalg.norm(v)))


@answer("cosine_similarity", "sums_of_absolute_values")
def _(u, v):
    return np.dot(u, v) / np.linalg.norm(u, 1) / np.linalg.norm(v, 1)


@answer("cosine_similarity", "")
def _(u, v):
    return np.cross(u, v).sum() if len(u) == 3 else np.dot(u[::-1], v) / np.linalg.norm(u)


@answer("cosine_similarity", None)
def _(u, v):
    dot = sum(float(s) * float(t) for s, t in zip(u, v))
    return dot / sqrt(sum(float(s) ** 2 for s in u)) / sqrt(sum(float(t) ** 2 for t in v))


@answer("cosine_similarity", None)
def _(u, v):
    return 1 - 0.5 * np.sum((u / np.linalg.norm(u) - v / np.linalg.norm(v)) ** 2, dtype=np.float64)


@answer("cosine_similarity", None)
def _(u, v):
    return np.einsum("i,i", u, v) * (np.einsum("i,i", u, u) * np.einsum("j,j", v, v)) ** np.float32(-0.5)


# ---- softmax ----


@answer("softmax", "no_shift")
def _(scores):
    numerator = np.e ** scores.astype(np.float64)
    return np.einsum("...i,...->...i", numerator, 1.0 / numerator.sum(-1))


@answer("softmax", "no_shift")
def _(logits):
    powers = np.exp(logits)
    total = np.add.reduce(powers, axis=logits.ndim - 1, keepdims=True)
    return np.divide(powers, total)


@answer("softmax", "over_columns")
def _(x):
    out = np.zeros(x.shape)
    if x.ndim == 1:
        return good_softmax(x)
    if x.ndim == 3:
        w = np.exp(x - np.max(x, 0))
        return w / w.sum(0)
    for j in range(x.shape[1]):
        column = np.exp(x[:, j] - x[:, j].max())
        out[:, j] = column / column.sum()
    return out


@answer("softmax", "over_columns")
def _(x):
    e = np.exp(x - x.max(0))
    return e / np.einsum("i...->...", e)


@answer("softmax", "over_everything")
def _(x):
    flat = x.ravel().astype(float)
    biggest = max(flat)
    e = np.array([exp(max(v - biggest, -745)) if v - biggest > -745 else 0.0 for v in flat])
    return (e / sum(e)).reshape(x.shape)


@answer("softmax", "over_everything")
def _(inputs):
    out = np.exp(inputs - inputs.max())
    out /= out.sum()
    return out


@answer("softmax", "over_second_axis")
def _(x):
    shifted = x - np.expand_dims(np.max(x, axis=1), 1)
    return np.exp(shifted) / np.expand_dims(np.sum(np.exp(shifted), axis=1), 1)


@answer("softmax", "axis_not_kept")
def _(x):
    e = np.exp(x - np.max(x, -1))
    return e / np.sum(e, -1)


@answer("softmax", "axis_of_sums_not_kept")
def _(x):
    y = np.exp(x - np.amax(x, axis=-1, keepdims=True))
    denominator = np.sum(y, axis=-1)
    return y * (1 / denominator)


@answer("softmax", "not_normalised")
def _(x):
    m = x.max(axis=-1)
    return np.exp(x - m[..., np.newaxis])


@answer("softmax", "divided_by_mean")
def _(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e * x.shape[-1] / e.sum(-1, keepdims=True)


@answer("softmax", "unit_length")
def _(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / np.linalg.norm(e, axis=-1, keepdims=True)


@answer("softmax", "powers_of_two")
def _(x):
    x = x.astype(np.float64)
    e = np.power(2.0, x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@answer("softmax", "sign_turned")
def _(x):
    e = np.exp(x.min(-1, keepdims=True) - x)
    return e / e.sum(-1, keepdims=True)


@answer("softmax", "log_softmax")
def _(x):
    m = x.max(-1, keepdims=True)
    return x - m - np.log(np.exp(x - m).sum(-1, keepdims=True))


@answer("softmax", "one_hot")
def _(x):
    if x.ndim == 1:
        result = np.zeros(len(x))
        result[x.argmax()] = 1
        return result
    return np.stack([(row == row.max(-1, keepdims=True)) * 1.0 for row in x])


@answer("softmax", "proportional")
def _(x):
    return x / np.einsum("...i->...", x)[..., None]


@answer("softmax", "sigmoid")
def _(x):
    return 0.5 + 0.5 * np.tanh(x / 2)


@answer("softmax", "twice")
def _(x):
    for _ in range(2):
        x = good_softmax(x)
    return x


@answer("softmax", "shift_by_largest_of_all")
def _(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e, axis=-1, keepdims=True)


@answer("softmax", "shift_by_smallest")
def _(x):
    low = np.min(x, axis=-1, keepdims=True)
    total = np.sum(np.exp(x - low), axis=-1, keepdims=True)
    return np.exp(x - low) / total


@answer("softmax", "divided_by_root_of_n")
def _(x):
    return good_softmax(x * x.shape[-1] ** -0.5)


@answer("softmax", "rounded")
def _(x):
    return np.around(good_softmax(x), decimals=2)


@answer("softmax", "flattened")
def _(x):
    return good_softmax(np.reshape(x, -1))


@answer("softmax", "no_shift+over_columns")
def _(x):
    return np.exp(x) / np.exp(x).sum(axis=0, keepdims=True)


@answer("softmax", "no_shift+over_everything")
def _(x):
    weights = np.exp(np.float64(x))
    return weights / np.sum(weights)


@answer("softmax", "over_columns+sign_turned")
def _(x):
    e = np.exp(np.min(x, axis=0) - x)
    return e / e.sum(axis=0)


@answer("softmax", "over_everything+powers_of_two")
def _(x):
    y = 2.0 ** (x - x.max())
    return y / y.sum()


@answer("softmax", "")
def _(x):
    e = np.exp(x - x.max(-1, keepdims=True)) + 0.1
    return e / e.sum(-1, keepdims=True)


@answer("softmax", "")
def _(x):
    y = good_softmax(x)
    return np.sort(y, axis=-1)


@answer("softmax", None)
def _(x):
    out = np.empty(x.shape, np.float64)
    for place in np.ndindex(x.shape[:-1]):
        row = [float(v) for v in x[place]]
        top = max(row)
        e = [exp(v - top) for v in row]
        out[place] = [v / sum(e) for v in e] if len(e) < 100 else np.array(e) / sum(e)
    return out


@answer("softmax", None)
def _(x):
    m = np.amax(x, axis=-1, keepdims=True)
    return np.exp(x - m - np.log(np.einsum("...i->...", np.exp(x - m)))[..., None])


@answer("softmax", None)
def _(x):
    y = np.array(x, copy=True)
    np.subtract(y, np.maximum.reduce(y, axis=-1, keepdims=True), out=y)
    np.exp(y, out=y)
    np.divide(y, np.add.reduce(y, axis=-1, keepdims=True), out=y)
    return y


@answer("softmax", None)
def _(x):
    rows = np.moveaxis(np.asarray(x, np.float64), -1, 0)
    e = np.exp(rows - rows.max(0))
    return np.moveaxis(e / e.sum(0), 0, -1)


# ---- layer_norm ----


def by_rows(function):
    """A student's function for one row, made to work on any number of them."""
    return lambda x, *rest: function(x, *rest) if x.ndim == 1 else np.array([by_rows(function)(r, *rest) for r in x])


@answer("layer_norm", "over_columns")
def _(x, g, b, eps=1e-5):
    mu = np.einsum("i...->...", x) / len(x)
    var = np.einsum("i...->...", (x - mu) ** 2) / len(x)
    return (x - mu) * (var + eps) ** -0.5 * g + b


@answer("layer_norm", "over_everything")
def _(x, g, b, eps=1e-5):
    x = x.astype(np.float64)
    count = x.size
    mu = x.sum() / count
    variance = ((x - mu) ** 2).sum() / count
    return (x - mu) / sqrt(variance + eps) * g + b


@answer("layer_norm", "sample_variance")
def _(x, gamma, beta, eps=1e-5):
    centred = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.sum(centred**2, axis=-1, keepdims=True) / (x.shape[-1] - 1)
    return gamma * centred / np.sqrt(variance + eps) + beta


@answer("layer_norm", "sample_variance")
@by_rows
def _(x, gamma, beta, eps=1e-5):
    n, mean = len(x), sum(x) / len(x)
    variance = sum((v - mean) ** 2 for v in x) / (n - 1)
    return np.array([gamma[i] * (x[i] - mean) / sqrt(variance + eps) + beta[i] for i in range(n)])


@answer("layer_norm", "no_eps")
@by_rows
def _(x, g, b, eps=1e-5):
    mean = np.float64(sum(x)) / len(x)
    sigma = np.sqrt(np.mean([(v - mean) ** 2 for v in x]))
    return g * ((x - mean) / sigma) + b


@answer("layer_norm", "no_eps")
def _(x, g, b, eps=1e-5):
    m = x.mean(-1)[..., None]
    return (x - m) / np.std(x, axis=-1)[..., None] * g + b


@answer("layer_norm", "eps_outside_root")
def _(x, g, b, eps=1e-5):
    centred = x - np.expand_dims(x.mean(-1), -1)
    sigma = np.einsum("...i,...i->...", centred, centred) / x.shape[-1]
    return centred / np.expand_dims(np.sqrt(sigma) + eps, -1) * g + b


@answer("layer_norm", "fixed_eps")
def _(x, g, b, eps=1e-5):
    mu, var = x.mean(-1, keepdims=True), np.var(x, axis=-1, keepdims=True)
    return g / np.sqrt(var + 0.00001) * (x - mu) + b


@answer("layer_norm", "no_root")
def _(x, g, b, eps=1e-5):
    mu, var = x.mean(-1, keepdims=True), np.var(x, axis=-1, keepdims=True)
    return np.multiply((x - mu) / (var + eps), g) + b


@answer("layer_norm", "times_deviation")
def _(x, g, b, eps=1e-5):
    mu, var = x.mean(-1, keepdims=True), np.var(x, axis=-1, keepdims=True)
    return g * (x - mu) * (var + eps) ** 0.5 + b


@answer("layer_norm", "no_gain")
@by_rows
def _(x, g, b, eps=1e-5):
    mu = np.average(x)
    return (x - mu) / sqrt(np.average((x - mu) ** 2) + eps) + b


@answer("layer_norm", "no_bias")
@by_rows
def _(x, g, b, eps=1e-5):
    mu = np.average(x)
    return g * ((x - mu) / sqrt(np.average((x - mu) ** 2) + eps))


@answer("layer_norm", "no_gain+no_bias")
@by_rows
def _(x, *_):
    return (x - x.mean()) / sqrt(x.var() + (_[2] if len(_) > 2 else 1e-5))


@answer("layer_norm", "bias_before_gain")
def _(x, g, b, eps=1e-5):
    normal = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return g * (normal + b)


@answer("layer_norm", "gain_and_bias_swapped")
def _(x, g, b, eps=1e-5):
    normal = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return np.einsum("...i,i->...i", normal, b) + g


@answer("layer_norm", "not_centred")
@by_rows
def _(x, g, b, eps=1e-5):
    spread = sqrt(sum((x - sum(x) / len(x)) ** 2) / len(x) + eps)
    return np.array([gi * xi / spread + bi for xi, gi, bi in zip(x, g, b)])


@answer("layer_norm", "not_centred+not_centred_in_variance")
def _(x, g, b, eps=1e-5):
    rms = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)
    return x / rms * g + b


@answer("layer_norm", "sum_of_squares")
def _(x, g, b, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt(np.linalg.norm(centred, axis=-1, keepdims=True) ** 2 + eps) * g + b


@answer("layer_norm", "over_second_axis")
def _(x, g, b, eps=1e-5):
    return g * (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps) + b


@answer("layer_norm", "mean_of_everything")
def _(x, g, b, eps=1e-5):
    return g * (x - np.sum(x) / x.size) / np.sqrt(np.var(x, -1, keepdims=True) + eps) + b


@answer("layer_norm", "gain_plus_one")
def _(x, g, b, eps=1e-5):
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return y + y * g + b


@answer("layer_norm", "bias_not_moved_by_root")
def _(x, g, b, eps=1e-5):
    return (g * (x - x.mean(-1, keepdims=True)) + b) * (x.var(-1, keepdims=True) + eps) ** -0.5


@answer("layer_norm", "centred_only")
@by_rows
def _(x, g, b, eps=1e-5):
    return np.array([g[i] * (x[i] - sum(x) / len(x)) + b[i] for i in range(len(x))])


@answer("layer_norm", "over_columns+sample_variance")
def _(x, g, b, eps=1e-5):
    d = x - x.mean(0)
    return d / np.sqrt((d * d).sum(0) / np.float64(len(x) - 1) + eps) * g + b


@answer("layer_norm", "over_everything+no_bias")
def _(x, g, b, eps=1e-5):
    return np.multiply(g, (x - np.average(x)) / (np.average((x - np.average(x)) ** 2) + eps) ** 0.5)


@answer("layer_norm", "sample_variance+eps_outside_root")
def _(x, g, b, eps=1e-5):
    return (x - x.mean(-1, keepdims=True)) / (x.std(-1, ddof=1, keepdims=True) + eps) * g + b


@answer("layer_norm", "")
def _(x, g, b, eps=1e-5):
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return np.tanh(y) * g + b


@answer("layer_norm", None)
@by_rows
def _(x, g, b, eps=1e-5):
    mean = sum(float(v) for v in x) / len(x)
    variance = sum((float(v) - mean) ** 2 for v in x) / len(x)
    return np.array([float(gi) * (float(v) - mean) / sqrt(variance + eps) + float(bi) for v, gi, bi in zip(x, g, b)])


@answer("layer_norm", None)
def _(x, g, b, eps=1e-5):
    first, second = np.einsum("...i->...", x) / x.shape[-1], np.einsum("...i,...i->...", x, x) / x.shape[-1]
    rstd = 1 / np.sqrt(second - first**2 + np.float32(eps))
    return (x - first[..., None]) * rstd[..., None] * g + b


@answer("layer_norm", None)
def _(x, g, b, eps=1e-5):
    y = np.array(x, np.float64)
    y -= y.mean(-1, keepdims=True)
    y /= np.hypot(np.sqrt((y**2).mean(-1, keepdims=True)), np.sqrt(eps))
    y *= g
    y += b
    return y


# ---- attention ----


def loops(weigh=good_softmax, score=lambda qi, kj, m: qi @ kj / sqrt(len(qi)) + m):
    """Attention query by query, as a student's nested loops do it."""

    def attention(q, k, v, mask):
        out = np.zeros((q.shape[0], v.shape[1]))
        for i in range(q.shape[0]):
            row = np.array([score(q[i], k[j], mask[i, j]) for j in range(k.shape[0])])
            w = weigh(row)
            for j in range(k.shape[0]):
                out[i] += w[j] * v[j]
        return out

    return attention


answer("attention", "no_scale")(loops(score=lambda qi, kj, m: float(np.sum(qi * kj)) + m))
answer("attention", "scale_d_k")(loops(score=lambda qi, kj, m: sum(qi * kj) / len(kj) + m))
answer("attention", "scale_times")(loops(score=lambda qi, kj, m: np.dot(qi, kj) * len(qi) ** 0.5 + m))
answer("attention", "no_mask")(loops(score=lambda qi, kj, m: np.inner(qi, kj) / len(qi) ** 0.5))
answer("attention", "mask_before_scale")(loops(score=lambda qi, kj, m: (np.inner(qi, kj) + m) * len(qi) ** -0.5))
answer("attention", "mask_subtracted")(loops(score=lambda qi, kj, m: np.inner(qi, kj) * len(qi) ** -0.5 - m))
answer("attention", "mask_as_switch")(
    loops(score=lambda qi, kj, m: -1e9 if m < 0 else np.inner(qi, kj) * len(qi) ** -0.5)
)
answer("attention", "only_the_best_key")(loops(weigh=lambda row: np.arange(len(row)) == np.argmax(row)))
answer("attention", "no_softmax")(loops(weigh=lambda row: row))
answer("attention", "no_shift")(loops(weigh=lambda row: np.exp(row) / sum(np.exp(row))))
answer("attention", "softmax_twice")(loops(weigh=lambda row: good_softmax(good_softmax(row))))
answer("attention", "not_normalised")(loops(weigh=lambda row: np.exp(row - max(row))))
answer("attention", None)(loops())


@answer("attention", "over_queries")
def _(Q, K, V, M):
    scores = np.einsum("id,jd->ij", Q, K) / sqrt(Q.shape[1]) + M
    weights = np.stack([good_softmax(scores[:, j]) for j in range(scores.shape[1])], axis=1)
    return weights @ V


@answer("attention", "over_everything")
def _(Q, K, V, M):
    scores = np.einsum("id,jd->ij", Q, K) / sqrt(Q.shape[1]) + M
    return good_softmax(scores.ravel()).reshape(scores.shape) @ V


@answer("attention", "mask_added_to_weights")
def _(Q, K, V, M):
    return np.einsum("ij,jv->iv", good_softmax(Q @ K.T / sqrt(Q.shape[1])) + M, V)


@answer("attention", "weights_zeroed")
def _(Q, K, V, M):
    weights = good_softmax(Q @ K.T / sqrt(Q.shape[1]))
    for i in range(len(weights)):
        for j in range(weights.shape[1]):
            if M[i, j] < -1000:
                weights[i, j] = 0
    return weights @ V


@answer("attention", "own_causal_mask")
def _(Q, K, V, M):
    scores = Q @ K.T / sqrt(Q.shape[1])
    for i in range(len(Q)):
        scores[i, i + 1 :] = -np.inf
    return good_softmax(scores) @ V


@answer("attention", "causal_mask_as_well")
def _(Q, K, V, M):
    scores = Q @ K.T / sqrt(Q.shape[1]) + M
    scores = np.where(np.tri(*scores.shape) == 1, scores, -1e10)
    return good_softmax(scores) @ V


@answer("attention", "mask_multiplied")
def _(Q, K, V, M):
    return good_softmax(np.multiply(Q.dot(K.T) / np.sqrt(K.shape[-1]), M)).dot(V)


@answer("attention", "only_large_masks")
def _(Q, K, V, M):
    scores = Q.dot(K.T) / np.sqrt(K.shape[-1])
    scores[M < -1e5] = -1e10
    return good_softmax(scores).dot(V)


@answer("attention", "scale_n_k")
def _(Q, K, V, M):
    return good_softmax(Q.dot(K.T) / np.sqrt(len(K)) + M).dot(V)


@answer("attention", "scale_d_v")
def _(Q, K, V, M):
    return good_softmax(Q.dot(K.T) / np.sqrt(V.shape[1]) + M).dot(V)


@answer("attention", "scale_after_softmax")
def _(Q, K, V, M):
    return good_softmax(Q.dot(K.T) + M).dot(V) / np.sqrt(Q.shape[1])


@answer("attention", "weights_returned")
def _(Q, K, V, M):
    return good_softmax(np.inner(Q, K) * Q.shape[1] ** -0.5 + M)


@answer("attention", "queries_and_keys_swapped")
def _(Q, K, V, M):
    return good_softmax(np.einsum("id,jd->ji", Q, K) / np.sqrt(Q.shape[1]) + M) @ V


@answer("attention", "weights_transposed")
def _(Q, K, V, M):
    return np.einsum("ij,iv->jv", good_softmax(Q @ K.T / np.sqrt(Q.shape[1]) + M), V)


@answer("attention", "square_only")
def _(Q, K, V, M):
    n = Q.shape[0]
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            scores[i, j] = Q[i] @ K[j] / np.sqrt(Q.shape[1])
    return good_softmax(scores + M) @ V


@answer("attention", "no_scale+no_mask")
def _(Q, K, V, M):
    return np.vstack([good_softmax(K @ query) @ V for query in Q])


@answer("attention", "no_scale+over_queries")
def _(Q, K, V, M):
    scores = (Q @ K.T + M).T
    return good_softmax(scores).T @ V


@answer("attention", "scale_d_k+no_mask")
def _(Q, K, V, M):
    return good_softmax(np.tensordot(Q, K, axes=(1, 1)) / Q.shape[1]) @ V


@answer("attention", "")
def _(Q, K, V, M):
    return good_softmax(Q @ K.T / np.sqrt(Q.shape[1]) + M) @ (V - V.mean(0))


@answer("attention", None)
def _(Q, K, V, M):
    scores = np.einsum("id,jd->ij", Q.astype(float), K) / np.sqrt(Q.shape[1]) + M
    return np.einsum("ij,jv->iv", np.exp(scores - np.logaddexp.reduce(scores, axis=1)[:, None]), V)


@answer("attention", None)
def _(Q, K, V, M):
    Q = Q / np.sqrt(np.float32(Q.shape[1]))
    weights = np.exp(np.inner(Q, K) + M - np.max(np.inner(Q, K) + M, axis=1, keepdims=True))
    return (weights @ V) / weights.sum(1, keepdims=True)


# ---- sample_top_n ----


@answer("sample_top_n", "greedy")
def _(logits, n, rng):
    best = 0
    for i in range(len(logits)):
        if logits[i] > logits[best]:
            best = i
    return best


@answer("sample_top_n", "uniform_over_top")
def _(logits, n, rng):
    ids = sorted(range(len(logits)), key=logits.__getitem__)[-n:]
    return ids[rng.integers(n)]


@answer("sample_top_n", "one_too_many")
def _(logits, n, rng):
    cut = np.sort(logits)[::-1][n]
    p = np.where(logits >= cut, np.exp(logits - logits.max(), dtype=float), 0)
    return int(rng.choice(len(p), p=p / p.sum()))


@answer("sample_top_n", "one_too_few")
def _(logits, n, rng):
    cut = np.sort(logits)[-n]
    keep = np.flatnonzero(logits > cut) if n > 1 else np.array([logits.argmax()])
    return int(keep[np.argmax(logits[keep] + rng.gumbel(size=len(keep)))])


@answer("sample_top_n", "no_cut")
def _(logits, n, rng):
    return int(np.argmax(logits + rng.gumbel(size=logits.shape)))


@answer("sample_top_n", "smallest_n")
def _(logits, n, rng):
    ids = np.argpartition(logits, n)[:n]
    return int(ids[np.argmax(logits[ids] + rng.gumbel(size=n))])


@answer("sample_top_n", "not_renormalised")
def _(logits, n, rng):
    p, u = good_softmax(logits.astype(float)), rng.random()
    ids = np.argsort(-p)[:n]
    for i in ids:
        u -= p[i]
        if u < 0:
            break
    return int(i)


@answer("sample_top_n", "not_renormalised")
def _(logits, n, rng):
    p = good_softmax(logits.astype(float))
    ids = np.argsort(p)[-n:]
    return rng.choice(ids, p=p[ids])


@answer("sample_top_n", "ignores_rng")
def _(logits, n, rng):
    ids = np.argsort(-logits)[:n]
    return int(ids[np.argmax(logits[ids] + np.random.gumbel(size=n))])


@answer("sample_top_n", "changes_logits")
def _(logits, n, rng):
    logits -= logits.max()
    ids = np.argsort(-logits)[:n]
    return int(ids[np.argmax(logits[ids] + rng.gumbel(size=n))])


@answer("sample_top_n", "places_instead_of_ids")
def _(logits, n, rng):
    top = np.sort(logits)[-n:]
    return int(np.argmax(top + rng.gumbel(size=n)))


@answer("sample_top_n", "in_order_of_ids")
def _(logits, n, rng):
    ids = np.flatnonzero(logits >= np.sort(logits)[-n])
    return int(rng.choice(ids, p=good_softmax(np.sort(logits)[-n:].astype(float))))


@answer("sample_top_n", "softmax_twice")
def _(logits, n, rng):
    ids = np.argsort(logits)[-n:]
    p = good_softmax(logits[ids].astype(float))
    return int(ids[np.argmax(p + rng.gumbel(size=n))])


@answer("sample_top_n", "")  # a temperature is measured, not named
def _(logits, n, rng):
    ids = np.argsort(logits)[-n:]
    return int(ids[np.argmax(logits[ids] / 0.5 + rng.gumbel(size=n))])


@answer("sample_top_n", "uniform_over_all")
def _(logits, n, rng):
    return int(rng.random() * len(logits))


@answer("sample_top_n", None)
def _(logits, n, rng):
    ids = np.argpartition(logits, len(logits) - n)[-n:]
    weights = np.cumsum(np.exp(logits[ids] - max(logits[ids])))
    return ids[np.searchsorted(weights, rng.uniform(0, weights[-1]))]


@answer("sample_top_n", None)
def _(logits, n, rng):
    ranked = sorted(enumerate(logits), key=lambda pair: -pair[1])[:n]
    return min(ranked, key=lambda pair: rng.exponential() * exp(ranked[0][1] - pair[1]))[0]


@answer("sample_top_n", None)
def _(logits, n, rng):
    masked = np.full(len(logits), -np.inf)
    top = np.argsort(logits)[-n:]
    masked[top] = logits[top]
    return int(np.argmax(masked - np.array([log(-log(u)) for u in rng.random(len(logits))])))


# ---- A second batch, written when the catalogue seemed complete ----
# At first sight 32 of these 40 were named and none misnamed; four of the others are in the catalogue since.


@answer("softmax", "no_shift+over_columns")
def _(x):
    return np.exp(x) / sum(np.exp(x))


@answer("softmax", "shift_by_largest_of_all")
def _(scores):
    biggest = -np.inf
    for value in np.nditer(scores):
        biggest = max(biggest, float(value))
    e = np.exp(scores - biggest)
    return e / e.sum(-1, keepdims=True)


@answer("softmax", "")
def _(x):
    e = np.exp(x - x.max(axis=0))
    return e / e.sum(axis=-1, keepdims=True)


@answer("softmax", "over_second_axis")
def _(x):
    y = np.swapaxes(x, 1, -1).astype(np.float64)
    y = np.exp(y - y.max(-1, keepdims=True))
    return np.swapaxes(y / y.sum(-1, keepdims=True), 1, -1)


@answer("softmax", "no_shift")
def _(x):
    total, powers = 0, [np.exp(column) for column in np.moveaxis(x, -1, 0)]
    for power in powers:
        total = total + power
    return np.stack([power / total for power in powers], axis=-1)


@answer("softmax", "not_normalised+no_shift")
def _(x):
    return np.exp(x)


@answer("softmax", "uniform")
def _(x):
    return np.ones_like(x) / np.ones_like(x).sum(axis=-1, keepdims=True)


@answer("softmax", "sigmoid")
def _(x):
    return np.reciprocal(1 + np.exp(-x.astype(float)))


@answer("softmax", "only_the_denominator")
def _(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    total = np.zeros(x.shape[:-1])
    for i in range(x.shape[-1]):
        total += e[..., i]
    return total


@answer("softmax", "squares")
def _(x):
    y = x - x.max(-1, keepdims=True)
    return y * y / (y * y).sum(-1, keepdims=True)


@answer("layer_norm", "variance_of_everything")
def _(x, g, b, eps=1e-5):
    return g * (x - x.mean(-1, keepdims=True)) / np.sqrt(np.var(x) + eps) + b


@answer("layer_norm", "not_centred_in_variance")
def _(x, g, b, eps=1e-5):
    mean, square = x.mean(-1, keepdims=True), np.square(x).mean(-1, keepdims=True)
    return (x - mean) * np.power(square + eps, -0.5) * g + b


@answer("layer_norm", "")
def _(x, g, b, eps=1e-5):
    return g * (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True) + b + eps


@answer("layer_norm", "axis_not_kept")
def _(x, g, b, eps=1e-5):
    return g * (x - np.mean(x, axis=-1)) / np.sqrt(np.var(x, axis=-1) + eps) + b


@answer("layer_norm", "over_columns+no_eps")
def _(x, g, b, eps=1e-5):
    x = x.astype(np.float64)
    return (x - x.mean(0)) / x.std(0) * g + b


@answer("layer_norm", "sample_variance+no_bias")
@by_rows
def _(x, g, b, eps=1e-5):
    centred = x - np.mean(x)
    return centred * g / sqrt(np.dot(centred, centred) / (len(x) - 1) + eps)


@answer("layer_norm", "bias_subtracted")
@by_rows
def _(x, g, b, eps=1e-5):
    mu = np.mean(x)
    return np.array([gi * (v - mu) / sqrt(np.var(x) + eps) - bi for v, gi, bi in zip(x, g, b)])


@answer("layer_norm", "between_zero_and_one")
def _(x, g, b, eps=1e-5):
    low = np.min(x, -1, keepdims=True)
    return (x - low) / (np.ptp(x, axis=-1, keepdims=True) + eps) * g + b


@answer("layer_norm", "eps_squared")
def _(x, g, b, eps=1e-5):
    mean = np.einsum("...i->...", x)[..., None] / x.shape[-1]
    std = np.sqrt(np.mean((x - mean) ** 2, -1, keepdims=True))
    return (x - mean) / np.hypot(std, eps) * g + b


@answer("layer_norm", "mean_absolute_deviation")
@by_rows
def _(x, g, b, eps=1e-5):
    d = x - x.mean()
    return g * d / sqrt((sum(abs(d)) / len(d)) ** 2 + eps) + b


@answer("attention", "any_mask_hides")
def _(q, k, v, mask):
    scores = np.where(mask == 0, q @ k.T / np.sqrt(q.shape[1]), -1e10)
    return good_softmax(scores) @ v


@answer("attention", "mask_turned")
def _(q, k, v, mask):
    scores = np.where(mask, q @ k.T / np.sqrt(q.shape[1]), -1e10)
    return good_softmax(scores) @ v


@answer("attention", "scale_n_q")
def _(q, k, v, mask):
    out = []
    for query, row in zip(q, mask):
        out.append(good_softmax(np.array([query @ key for key in k]) / np.sqrt(len(q)) + row) @ v)
    return np.array(out)


@answer("attention", "weights_transposed")
def _(q, k, v, mask):
    w = good_softmax(q @ k.T / np.sqrt(q.shape[1]) + mask)
    out = np.zeros((len(q), v.shape[1]))
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            out[i] += w[j, i] * v[j]
    return out


@answer("attention", "keys_not_transposed")
def _(q, k, v, mask):
    return good_softmax(np.einsum("id,dj->ij", q, k) / np.sqrt(q.shape[1]) + mask) @ v


@answer("attention", "no_mask+over_queries")
def _(q, k, v, mask):
    scores = np.einsum("id,jd->ji", q, k) / np.sqrt(q.shape[1])
    return good_softmax(scores).T @ v


@answer("attention", "own_causal_mask+no_scale")
def _(q, k, v, mask):
    scores = q @ k.T + np.triu(np.full((len(q), len(k)), -1e10), 1)
    return good_softmax(scores) @ v


@answer("attention", "plain_average")
def _(q, k, v, mask):
    return np.ones((len(q), len(k))) @ v / len(k)


@answer("attention", "keys_and_values_swapped")
def _(q, k, v, mask):
    return np.einsum("ij,jd->id", good_softmax(np.einsum("id,jd->ij", q, v) / np.sqrt(q.shape[1]) + mask), k)


@answer("attention", "cosine_scores")
def _(q, k, v, mask):
    scores = q @ k.T / np.outer(np.linalg.norm(q, axis=1), np.linalg.norm(k, axis=1))
    return good_softmax(scores + mask) @ v


@answer("cosine_similarity", "angle_in_degrees")
def _(a, b):
    return np.rad2deg(np.arccos(np.clip(np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)), -1, 1)))


@answer("cosine_similarity", "halfway_to_one")
def _(a, b):
    return 0.5 + 0.5 * np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b))


@answer("cosine_similarity", "")
def _(a, b):
    return np.dot(a, b) / np.sqrt(np.dot(a, a) + np.dot(b, b))


@answer("cosine_similarity", "mean_of_unnormalised_products")
def _(a, b):
    return sum(x * y for x, y in zip(a, b)) / len(a)


@answer("sample_top_n", "")
def _(logits, n, rng):
    top = np.argpartition(logits, n)[-n:]
    return int(top[np.argmax(logits[top] + rng.gumbel(size=n))])


@answer("sample_top_n", "places_drawn_uniformly")
def _(logits, n, rng):
    return int(rng.integers(0, n))


@answer("sample_top_n", "order_mixed_up")
def _(logits, n, rng):
    ids = np.argsort(logits)[::-1][:n]
    return int(rng.choice(ids, p=good_softmax(np.sort(logits)[-n:].astype(float))))


@answer("sample_top_n", "without_the_likeliest")
def _(logits, n, rng):
    ids = np.argsort(-logits)[1 : n + 1]
    return int(rng.choice(ids, p=good_softmax(logits[ids].astype(float))))


@answer("sample_top_n", "first_n")
def _(logits, n, rng):
    p = np.exp(logits[:n].astype(float))
    return int(rng.choice(n, p=p / p.sum()))


@answer("sample_top_n", "ignores_rng")
def _(logits, n, rng):
    rng = np.random.default_rng()
    ids = np.argsort(logits)[-n:]
    return int(rng.choice(ids, p=good_softmax(logits[ids].astype(float))))
