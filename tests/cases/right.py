"""Right answers in the styles that people really use, written anew: (name, cell, source).

Each must get full marks in its exercise.
"""

H = []

H.append(
    (
        "sm_online_running_max",
        "softmax",
        '''import numpy as np

def softmax(x):
    """One pass over the columns with a running maximum and a rescaled running sum."""
    running_max = np.full(x.shape[:-1], -np.inf)
    running_sum = np.zeros(x.shape[:-1])
    for j in range(x.shape[-1]):
        col = x[..., j].astype(np.float64)
        new_max = np.maximum(running_max, col)
        running_sum = running_sum * np.exp(running_max - new_max) + np.exp(col - new_max)
        running_max = new_max
    return np.exp(x - running_max[..., None]) / running_sum[..., None]
''',
    )
)

H.append(
    (
        "sm_recursion_over_axes",
        "softmax",
        """import numpy as np

def softmax(x):
    if x.ndim > 1:
        return np.array([softmax(part) for part in x])
    shifted = x - x.max()
    powers = np.exp(shifted)
    return powers / powers.sum()
""",
    )
)

H.append(
    (
        "sm_apply_closure",
        "softmax",
        """import numpy as np

def make_softmax(axis):
    def apply(x):
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)
    return apply

softmax = make_softmax(-1)
""",
    )
)

H.append(
    (
        "sm_partial",
        "softmax",
        """from functools import partial
import numpy as np

def _softmax_along(x, axis):
    top = np.amax(x, axis=axis, keepdims=True)
    e = np.exp(x - top)
    return e / np.sum(e, axis=axis, keepdims=True)

softmax = partial(_softmax_along, axis=-1)
""",
    )
)

H.append(
    (
        "sm_lambda",
        "softmax",
        """import numpy as np
softmax = lambda x: (e := np.exp(x - x.max(-1, keepdims=True))) / e.sum(-1, keepdims=True)
""",
    )
)

H.append(
    (
        "sm_class_call",
        "softmax",
        '''import numpy as np

class Softmax:
    """Stable softmax as a callable object."""
    def __init__(self, axis=-1):
        self.axis = axis
    def __call__(self, x):
        z = x - np.max(x, axis=self.axis, keepdims=True)
        e = np.exp(z)
        return e / np.sum(e, axis=self.axis, keepdims=True)

softmax = Softmax()
''',
    )
)

H.append(
    (
        "sm_static_method",
        "softmax",
        """import numpy as np

class Maths:
    @staticmethod
    def stable(x):
        e = np.exp(x - np.max(x, axis=-1, keepdims=True))
        return e / np.sum(e, axis=-1, keepdims=True)

def softmax(x):
    return Maths.stable(x)
""",
    )
)

H.append(
    (
        "sm_errstate_and_nan_to_num",
        "softmax",
        """import numpy as np

def softmax(x):
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        z = x - np.nanmax(x, axis=-1, keepdims=True)
        e = np.nan_to_num(np.exp(z))
        return e / e.sum(axis=-1, keepdims=True)
""",
    )
)

H.append(
    (
        "sm_exp2",
        "softmax",
        """import numpy as np

LOG2_E = np.log2(np.e)

def softmax(x):
    z = (x - x.max(-1, keepdims=True)) * LOG2_E
    p = np.exp2(z)
    return p / p.sum(-1, keepdims=True)
""",
    )
)

H.append(
    (
        "sm_power_of_e",
        "softmax",
        """import numpy as np

def softmax(x):
    z = np.power(np.e, x - np.max(x, -1, keepdims=True))
    return z / np.sum(z, -1, keepdims=True)
""",
    )
)

H.append(
    (
        "sm_math_e_loop",
        "softmax",
        """import math
import numpy as np

def softmax(x):
    result = np.zeros(x.shape)
    for index in np.ndindex(*x.shape[:-1]):
        row = x[index]
        m = max(row)
        s = 0
        for i in range(len(row)):
            result[index + (i,)] = math.e ** float(row[i] - m)
            s += result[index + (i,)]
        for i in range(len(row)):
            result[index + (i,)] /= s
    return result
""",
    )
)

H.append(
    (
        "sm_two_transposes",
        "softmax",
        """import numpy as np

def softmax(x):
    t = x.T                                   # the last axis comes first
    t = np.exp(t - t.max(axis=0))
    return (t / t.sum(axis=0)).T
""",
    )
)

H.append(
    (
        "sm_einsum_sum",
        "softmax",
        """import numpy as np

def softmax(x):
    e = np.exp(x - np.max(x, axis=-1)[..., np.newaxis])
    return np.einsum("...i,...->...i", e, 1 / np.einsum("...i->...", e))
""",
    )
)

H.append(
    (
        "sm_decorated_no_wraps",
        "softmax",
        """import numpy as np

def in_double_precision(function):
    def wrapper(x):
        return function(np.asarray(x, dtype=np.float64)).astype(x.dtype)
    return wrapper

@in_double_precision
def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
""",
    )
)

H.append(
    (
        "sm_own_torch_test_beside",
        "softmax",
        """import numpy as np
import torch

def softmax(x):
    z = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return z / np.sum(z, axis=-1, keepdims=True)

t = torch.randn(3, 4)
assert np.allclose(softmax(t.numpy()), torch.softmax(t, -1).numpy())
""",
    )
)

H.append(
    (
        "sm_warnings_as_errors",
        "softmax",
        """import warnings
import numpy as np
warnings.simplefilter("error")

def softmax(x):
    z = x - np.max(x, axis=-1, keepdims=True)
    e = np.exp(z)
    return e / np.sum(e, axis=-1, keepdims=True)
""",
    )
)

H.append(
    (
        "sm_logaddexp_frompyfunc",
        "softmax",
        """import numpy as np
from functools import reduce

def softmax(x):
    x = x.astype(float)
    log_total = reduce(np.logaddexp, np.moveaxis(x, -1, 0))
    return np.exp(x - log_total[..., None])
""",
    )
)

H.append(
    (
        "ln_welford",
        "layer_norm",
        '''import numpy as np

def layer_norm(x, g, b, eps=1e-5):
    """Welford's running mean and sum of squared distances."""
    mean = np.zeros(x.shape[:-1])
    m2 = np.zeros(x.shape[:-1])
    n = x.shape[-1]
    for i in range(n):
        value = x[..., i]
        delta = value - mean
        mean = mean + delta / (i + 1)
        m2 = m2 + delta * (value - mean)
    variance = m2 / n
    return (x - mean[..., None]) / np.sqrt(variance + eps)[..., None] * g + b
''',
    )
)

H.append(
    (
        "ln_unicode_names",
        "layer_norm",
        """import numpy as np

def layer_norm(x, γ, β, ε=1e-5):
    μ = np.mean(x, axis=-1, keepdims=True)
    σ2 = np.var(x, axis=-1, keepdims=True)
    x̂ = (x - μ) / np.sqrt(σ2 + ε)
    return γ * x̂ + β
""",
    )
)

H.append(
    (
        "ln_inverse_std",
        "layer_norm",
        """import numpy as np

def layer_norm(x, g, b, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    inv_std = np.reciprocal(np.sqrt(np.square(centred).mean(-1, keepdims=True) + eps))
    return np.add(np.multiply(centred * inv_std, g), b)
""",
    )
)

H.append(
    (
        "ln_norm_over_root_n",
        "layer_norm",
        """import numpy as np
from numpy.linalg import norm

def layer_norm(x, g, b, eps=1e-5):
    c = x - np.average(x, axis=-1)[..., None]
    spread = norm(c, axis=-1, keepdims=True) / np.sqrt(x.shape[-1])
    return g * c / np.sqrt(spread * spread + eps) + b
""",
    )
)

H.append(
    (
        "ln_cov",
        "layer_norm",
        """import numpy as np

def layer_norm(x, g, b, eps=1e-5):
    def one(row):
        return (row - row.mean()) / np.sqrt(np.cov(row, bias=True) + eps)
    return np.apply_along_axis(one, -1, x) * g + b
""",
    )
)

H.append(
    (
        "ln_ddof_undone",
        "layer_norm",
        """import numpy as np

def layer_norm(x, g, b, eps=1e-5):
    n = x.shape[-1]
    var = x.var(axis=-1, ddof=1, keepdims=True) * (n - 1) / n      # back to dividing by n
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(var + eps) * g + b
""",
    )
)

H.append(
    (
        "ln_one_pass_float64",
        "layer_norm",
        """import numpy as np

def layer_norm(x, g, b, eps=1e-5):
    x = np.asarray(x, np.float64)
    n = x.shape[-1]
    mean = x.sum(-1, keepdims=True) / n
    var = np.maximum((x * x).sum(-1, keepdims=True) / n - mean * mean, 0.0)
    return (x - mean) / np.sqrt(var + eps) * g + b
""",
    )
)

H.append(
    (
        "ln_inplace_on_copy",
        "layer_norm",
        """import numpy as np

def layer_norm(x, g, b, eps=1e-5):
    y = x.copy()
    y -= y.mean(axis=-1, keepdims=True)
    y /= np.sqrt((y ** 2).mean(axis=-1, keepdims=True) + eps)
    y *= g
    y += b
    return y
""",
    )
)

H.append(
    (
        "ln_einsum",
        "layer_norm",
        """import numpy as np

def layer_norm(x, g, b, eps=1e-5):
    n = x.shape[-1]
    c = x - np.einsum("...i->...", x)[..., None] / n
    var = np.einsum("...i,...i->...", c, c)[..., None] / n
    return np.einsum("...i,i->...i", c / np.sqrt(var + eps), g) + b
""",
    )
)

H.append(
    (
        "ln_class_with_state",
        "layer_norm",
        """import numpy as np

class LayerNorm:
    def __init__(self, weight, bias, eps):
        self.weight, self.bias, self.eps = weight, bias, eps

    def forward(self, x):
        mean = x.mean(-1, keepdims=True)
        std = np.sqrt(x.var(-1, keepdims=True) + self.eps)
        return self.weight * ((x - mean) / std) + self.bias

def layer_norm(x, g, b, eps=1e-5):
    return LayerNorm(g, b, eps).forward(x)
""",
    )
)

H.append(
    (
        "ln_complex_free_power",
        "layer_norm",
        """import numpy as np

def layer_norm(x, g, b, eps=1e-5):
    mu = np.mean(x, axis=-1, keepdims=True, dtype=np.float64)
    var = np.var(x, axis=-1, keepdims=True, dtype=np.float64)
    return (g * (x - mu) * np.power(var + eps, -0.5) + b).astype(np.float32)
""",
    )
)

H.append(
    (
        "ln_vectorize_signature",
        "layer_norm",
        """import numpy as np

@np.vectorize(signature="(n),(n),(n),()->(n)")
def _one_row(row, g, b, eps):
    return g * (row - row.mean()) / np.sqrt(row.var() + eps) + b

def layer_norm(x, g, b, eps=1e-5):
    return _one_row(x, g, b, eps)
""",
    )
)

H.append(
    (
        "ln_welford_docstring_doctest",
        "layer_norm",
        '''import numpy as np

def layer_norm(x, g, b, eps=1e-5):
    """
    >>> layer_norm(np.array([[1.0, 3.0]]), np.ones(2), np.zeros(2), 0.0)
    array([[-1.,  1.]])
    """
    x = np.asanyarray(x)
    mean, var = np.nanmean(x, -1, keepdims=True), np.nanvar(x, -1, keepdims=True)
    return np.where(True, (x - mean) / np.sqrt(var + eps), 0) * g + b

import doctest
doctest.run_docstring_examples(layer_norm, globals())
''',
    )
)

H.append(
    (
        "at_where_minus_inf_still_adds",
        "attention",
        """import numpy as np

def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[1])
    s = np.where(mask <= -1e9, -np.inf, s + mask)
    w = np.exp(s - s.max(axis=1, keepdims=True))
    return (w / w.sum(axis=1, keepdims=True)) @ v
""",
    )
)

H.append(
    (
        "at_softmax_with_axis",
        "attention",
        """import numpy as np

def stable_softmax(x, axis):
    z = np.exp(x - x.max(axis=axis, keepdims=True))
    return z / z.sum(axis=axis, keepdims=True)

def attention(q, k, v, mask):
    return stable_softmax(np.inner(q, k) / q.shape[-1] ** 0.5 + mask, axis=1) @ v
""",
    )
)

H.append(
    (
        "at_scale_split_between",
        "attention",
        """import numpy as np

def attention(q, k, v, mask):
    root = q.shape[-1] ** 0.25
    s = (q / root) @ (k / root).T + mask
    s = np.exp(s - s.max(-1, keepdims=True))
    return s @ v / s.sum(-1, keepdims=True)
""",
    )
)

H.append(
    (
        "at_float64_back_to_input",
        "attention",
        """import numpy as np

def attention(q, k, v, mask):
    kind = np.result_type(q, k, v)
    q, k, v, mask = (np.asarray(a, dtype=np.float64) for a in (q, k, v, mask))
    scores = q.dot(k.transpose()) * (1.0 / np.sqrt(q.shape[1])) + mask
    scores -= scores.max(axis=1)[:, np.newaxis]
    weights = np.exp(scores)
    weights /= weights.sum(axis=1)[:, np.newaxis]
    return weights.dot(v).astype(kind)
""",
    )
)

H.append(
    (
        "at_tensordot_logsumexp",
        "attention",
        """import numpy as np

def attention(q, k, v, mask):
    s = np.tensordot(q, k, axes=([1], [1])) / np.sqrt(q.shape[-1]) + mask
    log_weights = s - np.logaddexp.reduce(s, axis=-1, keepdims=True)
    return np.tensordot(np.exp(log_weights), v, axes=1)
""",
    )
)

H.append(
    (
        "at_nested_functions",
        "attention",
        """import numpy as np

def attention(q, k, v, mask):
    def score():
        return np.einsum("qd,kd->qk", q, k, optimize=True) / np.sqrt(q.shape[-1])
    def normalise(s):
        s = np.exp(s - np.max(s, axis=-1, keepdims=True))
        return s / np.sum(s, axis=-1, keepdims=True)
    return np.einsum("qk,kd->qd", normalise(score() + mask), v, optimize=True)
""",
    )
)

H.append(
    (
        "at_one_query_at_a_time_map",
        "attention",
        """import numpy as np

def attention(q, k, v, mask):
    scale = 1 / np.sqrt(k.shape[1])
    def look(pair):
        query, m = pair
        s = (k @ query) * scale + m
        e = np.exp(s - s.max())
        return e @ v / e.sum()
    return np.array(list(map(look, zip(q, mask))))
""",
    )
)

H.append(
    (
        "at_additive_copy_inplace",
        "attention",
        """import numpy as np

def attention(q, k, v, mask):
    s = np.array(mask, dtype=float, copy=True)
    s += q @ k.T / np.sqrt(q.shape[1])
    np.exp(s - s.max(1, keepdims=True), out=s)
    s /= s.sum(1, keepdims=True)
    return s @ v
""",
    )
)

H.append(
    (
        "at_dataclass",
        "attention",
        """from dataclasses import dataclass
import numpy as np

@dataclass(frozen=True)
class Head:
    q: np.ndarray
    k: np.ndarray
    v: np.ndarray
    mask: np.ndarray

    @property
    def weights(self):
        s = self.q @ self.k.T * self.q.shape[-1] ** -0.5 + self.mask
        e = np.exp(s - s.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    def out(self):
        return self.weights @ self.v

def attention(q, k, v, mask):
    return Head(q, k, v, mask).out()
""",
    )
)

H.append(
    (
        "cs_clip",
        "cosine_similarity",
        """import numpy as np

def cosine_similarity(a, b):
    c = a.dot(b) / np.sqrt(a.dot(a) * b.dot(b))
    return np.clip(c, -1.0, 1.0)
""",
    )
)

H.append(
    (
        "cs_max_epsilon_like_torch",
        "cosine_similarity",
        """import numpy as np

def cosine_similarity(a, b, eps=1e-8):
    return np.sum(a * b) / max(np.sqrt(np.sum(a ** 2)) * np.sqrt(np.sum(b ** 2)), eps)
""",
    )
)

H.append(
    (
        "cs_math_hypot_fsum",
        "cosine_similarity",
        """import math

def cosine_similarity(a, b):
    dot = math.fsum(float(x) * float(y) for x, y in zip(a, b))
    return dot / (math.hypot(*map(float, a)) * math.hypot(*map(float, b)))
""",
    )
)

H.append(
    (
        "cs_polarisation",
        "cosine_similarity",
        """import numpy as np

def cosine_similarity(a, b):
    u, v = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return (np.linalg.norm(u + v) ** 2 - np.linalg.norm(u - v) ** 2) / 4
""",
    )
)

H.append(
    (
        "cs_item_from_rows",
        "cosine_similarity",
        """import numpy as np

def normalise(m):
    return m / np.linalg.norm(m, axis=-1, keepdims=True)

def cosine_similarity(a, b):
    a, b = a.reshape(1, -1), b.reshape(1, -1)
    return (normalise(a) @ normalise(b).T).item()
""",
    )
)

H.append(
    (
        "cs_zero_dim_array",
        "cosine_similarity",
        """import numpy as np

def cosine_similarity(a, b):
    return np.squeeze(np.atleast_2d(a) @ np.atleast_2d(b).T / (np.linalg.norm(a) * np.linalg.norm(b)))
""",
    )
)

H.append(
    (
        "cs_cos_of_arctan2",
        "cosine_similarity",
        """import numpy as np

def cosine_similarity(a, b):
    u = np.linalg.norm(b) * np.asarray(a, float)
    w = np.linalg.norm(a) * np.asarray(b, float)
    angle = 2 * np.arctan2(np.linalg.norm(u - w), np.linalg.norm(u + w))
    return np.cos(angle)
""",
    )
)

H.append(
    (
        "cs_sum_reduce_operator",
        "cosine_similarity",
        """from functools import reduce
from operator import mul

def cosine_similarity(a, b):
    def dot(u, w):
        return reduce(lambda total, pair: total + mul(*pair), zip(map(float, u), map(float, w)), 0.0)
    return dot(a, b) * (dot(a, a) * dot(b, b)) ** -0.5
""",
    )
)

H.append(
    (
        "tn_early_return_for_one",
        "sample_top_n",
        """import numpy as np

def sample_top_n(logits, n, rng):
    if n == 1:
        return int(np.argmax(logits))
    n = min(n, len(logits))
    order = np.argsort(logits)
    keep = order[-n:]
    weights = np.exp(logits[keep] - np.max(logits[keep]))
    weights = weights / weights.sum()
    position = rng.choice(n, p=weights)
    return int(keep[position])
""",
    )
)

H.append(
    (
        "tn_heapq",
        "sample_top_n",
        """import heapq
import math

def sample_top_n(logits, n, rng):
    best = heapq.nlargest(n, range(len(logits)), key=lambda i: logits[i])
    peak = float(logits[best[0]])
    weights = [math.exp(float(logits[i]) - peak) for i in best]
    ball = rng.random() * sum(weights)
    for token, weight in zip(best, weights):
        ball -= weight
        if ball <= 0:
            return token
    return best[-1]
""",
    )
)

H.append(
    (
        "tn_multinomial_argmax",
        "sample_top_n",
        """import numpy as np

def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    z = np.asarray(logits[top], dtype=np.float64)
    p = np.exp(z - z.max())
    p /= p.sum()
    return int(top[np.argmax(rng.multinomial(1, p))])
""",
    )
)

H.append(
    (
        "tn_inverse_cdf_searchsorted",
        "sample_top_n",
        """import numpy as np

def sample_top_n(logits, n, rng):
    top = np.flip(np.argsort(logits))[:n]
    p = np.exp(logits[top] - logits[top][0])
    cdf = np.cumsum(p) / np.sum(p)
    return int(top[min(np.searchsorted(cdf, rng.uniform()), n - 1)])
""",
    )
)

H.append(
    (
        "tn_probabilities_then_renormalise",
        "sample_top_n",
        """import numpy as np

def sample_top_n(logits, n, rng):
    probs = softmax(logits.astype(np.float64))
    threshold = np.sort(probs)[-n]
    probs = np.where(probs < threshold, 0.0, probs)
    probs = probs / probs.sum()
    return int(rng.choice(logits.shape[0], p=probs))
""",
    )
)

H.append(
    (
        "tn_alias_class",
        "sample_top_n",
        """import numpy as np

class Wheel:
    def __init__(self, items, weights):
        self.items = items
        self.edges = np.concatenate([[0.0], np.cumsum(weights)])

    def spin(self, u):
        return self.items[int(np.digitize(u * self.edges[-1], self.edges[1:-1]))]

def sample_top_n(logits, n, rng):
    top = np.argsort(logits, kind="mergesort")[-n:]
    return int(Wheel(top, np.exp(logits[top] - logits[top].max())).spin(rng.random()))
""",
    )
)

H.append(
    (
        "tn_sorted_dict",
        "sample_top_n",
        """import numpy as np

def sample_top_n(logits, n, rng):
    table = {i: float(s) for i, s in enumerate(logits)}
    best = dict(sorted(table.items(), key=lambda item: item[1], reverse=True)[:n])
    top_score = next(iter(best.values()))
    weights = {i: np.exp(s - top_score) for i, s in best.items()}
    total = sum(weights.values())
    u, so_far = rng.random(), 0.0
    for token_id, weight in weights.items():
        so_far += weight / total
        if u < so_far:
            break
    return token_id
""",
    )
)

H.append(
    (
        "tn_recursive_pick",
        "sample_top_n",
        """import numpy as np

def _pick(ids, weights, u):
    if len(ids) == 1:
        return ids[0]
    if u < weights[0]:
        return ids[0]
    return _pick(ids[1:], weights[1:], u - weights[0])

def sample_top_n(logits, n, rng):
    ids = [int(i) for i in np.argsort(-logits)[:n]]
    w = np.exp(logits[ids].astype(np.float64) - logits[ids[0]])
    return _pick(ids, list(w / w.sum()), rng.random())
""",
    )
)

H.append(
    (
        "tn_randomstate_view_of_rng",
        "sample_top_n",
        """import numpy as np

def sample_top_n(logits, n, rng):
    legacy = np.random.RandomState(rng.bit_generator)        # the same stream, the old interface
    top = np.argsort(logits)[-n:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    return int(legacy.choice(top, p=p))
""",
    )
)

H.append(
    (
        "tn_many_draws_take_first",
        "sample_top_n",
        """import numpy as np

def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    p = np.exp(logits[top].astype(float) - float(logits[top].max()))
    p = p / p.sum()
    draws = rng.choice(top, size=8, p=p)
    return int(draws[0])
""",
    )
)
