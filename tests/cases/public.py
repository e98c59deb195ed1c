"""A second set in the styles of forums, tutorials and answers of assistants, written anew.

W: wrong ones (name, cell, source, words), as in wrong.py. H: right ones (name, cell, source), as in right.py.
"""

W = [
    (
        "cs_distance_of_scipy",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    cos = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    return 1.0 - cos
""",
        "distance|1 minus|subtract|opposite",
    ),
    (
        "cs_norms_added",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return np.dot(a, b) / (np.linalg.norm(a) + np.linalg.norm(b))
""",
        "long|length|grow",
    ),
    (
        "cs_root_of_sum_of_both",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    num = sum(i * j for i, j in zip(a, b))
    den = np.sqrt(sum(i * i for i in a) + sum(j * j for j in b))
    return num / den
""",
        "long|length|grow",
    ),
    (
        "cs_matrix_of_sklearn",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    a, b = a.reshape(1, -1), b.reshape(1, -1)
    return (a @ b.T) / (np.linalg.norm(a) * np.linalg.norm(b))
""",
        "one number|shape|array|scalar",
    ),
    (
        "cs_corrcoef",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return np.corrcoef(a, b)[0, 1]
""",
        "mean|centr|average|Adding",
    ),
    (
        "cs_return_in_the_loop",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    dot = 0
    for i in range(len(a)):
        dot += a[i] * b[i]
        return dot / (np.linalg.norm(a) * np.linalg.norm(b))
""",
        "Which numbers",
    ),
    (
        "cs_a_twice",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(a))
""",
        "length|long",
    ),
    (
        "cs_jaccard",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return np.minimum(a, b).sum() / np.maximum(a, b).sum()
""",
        "long|length|angle|perpendicular|direction|degrees",
    ),
    (
        "cs_l1_norm",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    a = a / np.linalg.norm(a, ord=1)
    b = b / np.linalg.norm(b, ord=1)
    return np.dot(a, b)
""",
        "length|norm|absolute|itself",
    ),
    (
        "cs_two_decimals",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return float(f'{np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)):.2f}')
""",
        "decimal|round",
    ),
    (
        "cs_prints",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    similarity = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    print('similarity:', similarity)
""",
        "None|return",
    ),
    (
        "cs_radians",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    cos = np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)
    return np.arccos(np.clip(cos, -1, 1))
""",
        "angle|arccos",
    ),
    (
        "sm_sigmoid",
        "softmax",
        """import numpy as np
def softmax(x):
    return 1 / (1 + np.exp(-x))
""",
        "sum|alone|row|other",
    ),
    (
        "sm_sigmoid_renormalised",
        "softmax",
        """import numpy as np
def softmax(x):
    s = 1 / (1 + np.exp(-np.asarray(x, dtype=float)))
    return s / s.sum(axis=-1, keepdims=True)
""",
        "exp|step|size|distance|Adding|share",
    ),
    (
        "sm_no_keepdims_axis_1",
        "softmax",
        """import numpy as np
def softmax(x):
    x = x - np.max(x, axis=1, keepdims=True)
    e = np.exp(x)
    return e / np.sum(e, axis=1)
""",
        "keepdims|shape|axis|dimension|broadcast",
    ),
    (
        "sm_divided_by_the_largest",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x / np.max(x, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
""",
        "largest|divid|subtract|Adding|distance|exp",
    ),
    (
        "sm_one_hot",
        "softmax",
        """import numpy as np
def softmax(x):
    out = np.zeros_like(x)
    best = x.argmax(axis=-1)
    np.put_along_axis(out, best[..., None], 1.0, axis=-1)
    return out
""",
        "largest|all|1|others|nothing",
    ),
    (
        "sm_of_minus_x",
        "softmax",
        """import numpy as np
def softmax(x):
    x = -x
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
""",
        "smallest|sign|minus|falls|largest",
    ),
    (
        "sm_list_of_floats",
        "softmax",
        """import numpy as np
import math
def softmax(x):
    if np.ndim(x) == 1:
        m = max(x)
        e = [math.exp(i - m) for i in x]
        return [i / sum(e) for i in e]
    return [softmax(r) for r in x]
""",
        "list|array",
    ),
    (
        "sm_temperature_default",
        "softmax",
        """import numpy as np
def softmax(x, temperature=0.7):
    z = x / temperature
    z = z - z.max(axis=-1, keepdims=True)
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
""",
        "temperature|step from|multipl|divided by|times",
    ),
    (
        "sm_float16",
        "softmax",
        """import numpy as np
def softmax(x):
    x = x.astype(np.float16)
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
""",
        "precision|digits|round|decimals|float16|16",
    ),
    (
        "sm_column_max_row_sum",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x - np.max(x, axis=0))
    return e / np.sum(e, axis=-1, keepdims=True)
""",
        "column|row|axis|maximum",
    ),
    (
        "sm_squares",
        "softmax",
        """import numpy as np
def softmax(x):
    p = np.power(x, 2)
    return p / np.sum(p, axis=-1, keepdims=True)
""",
        "exp|square|sign|Adding|share",
    ),
    (
        "sm_of_everything_flattened",
        "softmax",
        """import numpy as np
def softmax(x):
    flat = x.ravel()
    e = np.exp(flat - flat.max())
    return (e / e.sum()).reshape(x.shape)
""",
        "row|sum",
    ),
    (
        "ln_batch_norm",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mu = np.mean(x, axis=0)
    var = np.var(x, axis=0)
    x_hat = (x - mu) / np.sqrt(var + eps)
    return g * x_hat + b
""",
        "column|row|axis",
    ),
    (
        "ln_eps_after_std",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    std = x.std(-1, keepdims=True)
    return g * (x - mean) / (std + eps) + b
""",
        "eps",
    ),
    (
        "ln_torch_std",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    var = x.var(-1, ddof=1, keepdims=True)
    return g * (x - mean) / np.sqrt(var + eps) + b
""",
        "ddof|n - 1|freedom|one less|minus 1|spread|standard deviation|divided by",
    ),
    (
        "ln_rms",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    rms = np.sqrt(np.mean(x ** 2, axis=-1, keepdims=True) + eps)
    return x / rms * g + b
""",
        "mean",
    ),
    (
        "ln_forgets_g_and_b",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    m, v = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - m) / np.sqrt(v + eps)
""",
        "`g`|`b`|gain|bias",
    ),
    (
        "ln_g_and_b_swapped",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    m, v = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return b * (x - m) / np.sqrt(v + eps) + g
""",
        "swap|`b`|takes",
    ),
    (
        "ln_own_eps_of_bert",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    m = x.mean(axis=-1, keepdims=True)
    v = ((x - m) ** 2).mean(axis=-1, keepdims=True)
    return g * (x - m) / np.sqrt(v + 1e-12) + b
""",
        "eps",
    ),
    (
        "ln_over_variance",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    m, v = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return g * (x - m) / (v + eps) + b
""",
        "variance|root|spread|standard deviation|wide",
    ),
    (
        "ln_no_keepdims",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = np.mean(x, axis=-1)
    variance = np.var(x, axis=-1)
    return g * (x - mean) / np.sqrt(variance + eps) + b
""",
        "keepdims|shape|broadcast|dimension|axis",
    ),
    (
        "ln_min_max",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    lo, hi = x.min(-1, keepdims=True), x.max(-1, keepdims=True)
    return g * (x - lo) / (hi - lo + eps) + b
""",
        "mean|smallest|deviation|centr",
    ),
    (
        "ln_last_two_axes",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    axes = tuple(range(1, x.ndim)) or (0,)
    m = x.mean(axis=axes, keepdims=True)
    v = x.var(axis=axes, keepdims=True)
    return g * (x - m) / np.sqrt(v + eps) + b
""",
        "row|axis|axes|dimension|table|batch",
    ),
    (
        "ln_running_mean",
        "layer_norm",
        """import numpy as np
running_mean, running_var = 0.0, 1.0
def layer_norm(x, g, b, eps=1e-5, momentum=0.9):
    global running_mean, running_var
    running_mean = momentum * running_mean + (1 - momentum) * x.mean()
    running_var = momentum * running_var + (1 - momentum) * x.var()
    return g * (x - running_mean) / np.sqrt(running_var + eps) + b
""",
        "second time|again|twice|before|same|keeps",
    ),
    (
        "at_no_scale",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    scores = np.matmul(q, k.T)
    scores = scores + mask
    weights = softmax(scores)
    return np.matmul(weights, v)
""",
        "d_k|divided",
    ),
    (
        "at_scaled_by_d_v",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    d = v.shape[-1]
    return softmax(q @ k.T / np.sqrt(d) + mask) @ v
""",
        "d_v|values|divided",
    ),
    (
        "at_where_mask_is_0",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    scores = q @ k.T / np.sqrt(k.shape[-1])
    scores = np.where(mask == 0, -1e9, scores)
    return softmax(scores) @ v
""",
        "mask",
    ),
    (
        "at_masked_fill_of_torch",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    scores = q @ k.transpose() / np.sqrt(k.shape[-1])
    scores = scores.masked_fill(mask == 0, float('-inf'))
    return softmax(scores) @ v
""",
        "masked_fill|attribute|mask",
    ),
    (
        "at_transpose_of_torch",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    scores = q @ k.transpose(-2, -1) / np.sqrt(k.shape[-1])
    return softmax(scores + mask) @ v
""",
        "transpose|axes|axis|line",
    ),
    (
        "at_zeroed_after_softmax",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    weights = softmax(q @ k.T / np.sqrt(q.shape[-1]))
    weights = np.where(mask < 0, 0.0, weights)
    return weights @ v
""",
        "mask|sum to",
    ),
    (
        "at_own_causal_mask",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    scores = q @ k.T / np.sqrt(q.shape[-1])
    causal = np.tril(np.ones(scores.shape))
    scores = np.where(causal == 1, scores, -1e10)
    return softmax(scores) @ v
""",
        "mask|own",
    ),
    (
        "at_k_q_T",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    scores = (k @ q.T) / np.sqrt(q.shape[-1])
    return softmax(scores.T + mask).T @ v
""",
        "shape|quer|keys|line|sum",
    ),
    (
        "at_keys_as_rows",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    d_k = q.shape[-1]
    w = softmax((q @ k.T / np.sqrt(d_k) + mask).T).T
    return w @ v
""",
        "sum|axis|quer|over",
    ),
    (
        "at_dropout",
        "attention",
        """import numpy as np
def attention(q, k, v, mask, p=0.1):
    w = softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask)
    keep = np.random.rand(*w.shape) > p
    return (w * keep / (1 - p)) @ v
""",
        "second time|again|twice|random|same",
    ),
    (
        "at_output_and_weights",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    w = softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask)
    out = w @ v
    return out, w
""",
        "tuple",
    ),
    (
        "at_mask_subtracted",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    w = softmax(q @ k.T / np.sqrt(q.shape[-1]) - mask)
    return w @ v
""",
        "mask",
    ),
    (
        "at_residual",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    w = softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask)
    return w @ v + v.mean(axis=0)
""",
        "sum|values|collect|more|v",
    ),
    (
        "st_legacy_random",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    return np.random.choice(top, p=softmax(logits[top]))
""",
        "rng",
    ),
    (
        "st_place_for_id",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.sort(logits)[::-1][:n]
    return int(rng.choice(n, p=softmax(top)))
""",
        "place|id|position|likeliest",
    ),
    (
        "st_nucleus",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng, p=0.9):
    probs = softmax(logits)
    order = np.argsort(-probs)
    keep = order[: np.searchsorted(np.cumsum(probs[order]), p) + 1][:n]
    return int(rng.choice(keep, p=probs[keep] / probs[keep].sum()))
""",
        "never|likeliest|n|cut|drawn",
    ),
    (
        "st_zeroed_not_shared",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    probs = softmax(logits)
    probs[np.argsort(probs)[:-n]] = 0
    return int(rng.choice(len(probs), p=probs))
""",
        "sum",
    ),
    (
        "st_smallest",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[:n]
    return int(rng.choice(top, p=softmax(logits[top])))
""",
        "smallest|likeliest|lowest|least",
    ),
    (
        "st_uniform",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argpartition(logits, -n)[-n:]
    return int(top[rng.integers(n)])
""",
        "equal|often|probab",
    ),
    (
        "st_seeded_inside",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    rng = np.random.default_rng(0)
    top = np.argsort(logits)[-n:]
    return int(rng.choice(top, p=softmax(logits[top])))
""",
        "same|rng",
    ),
    (
        "st_array_of_one",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    return rng.choice(top, size=1, p=softmax(logits[top]))
""",
        "array|one integer",
    ),
    (
        "st_one_hot",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    return rng.multinomial(1, softmax(logits[top]))
""",
        "array|one integer",
    ),
    (
        "st_all_of_them",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    return int(rng.choice(len(logits), p=softmax(logits)))
""",
        "among|likeliest|n",
    ),
    (
        "st_weights_without_exp",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    w = logits[top] - logits[top].min() + 1e-6
    return int(rng.choice(top, p=w / w.sum()))
""",
        "often|probab|softmax|exp|never",
    ),
]

H = [
    (
        "cs_inner_of_units",
        "cosine_similarity",
        """import numpy as np
def unit(v):
    return v / np.linalg.norm(v)

def cosine_similarity(a, b):
    return np.inner(unit(a), unit(b))
""",
    ),
    (
        "cs_law_of_cosines",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    a, b = np.float64(a), np.float64(b)
    na2, nb2 = a @ a, b @ b
    c2 = (a - b) @ (a - b)
    return (na2 + nb2 - c2) / (2 * np.sqrt(na2) * np.sqrt(nb2))
""",
    ),
    (
        "cs_gram",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    m = np.stack([a, b])
    gram = m @ m.T
    return gram[0, 1] / np.sqrt(gram[0, 0] * gram[1, 1])
""",
    ),
    (
        "cs_fsum",
        "cosine_similarity",
        """import numpy as np
import math

def cosine_similarity(a, b):
    dot = math.fsum(float(x) * float(y) for x, y in zip(a, b))
    return dot / (math.hypot(*map(float, a)) * math.hypot(*map(float, b)))
""",
    ),
    (
        "cs_assert_and_clip",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape, 'vectors must have the same length'
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    if norms == 0:
        return 0.0
    return float(np.clip(np.dot(a, b) / norms, -1.0, 1.0))
""",
    ),
    (
        "cs_tensordot",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b, axes=1):
    dot = np.tensordot(a, b, axes)
    return np.float32(dot / (np.sqrt(np.tensordot(a, a, axes)) * np.sqrt(np.tensordot(b, b, axes))))
""",
    ),
    (
        "cs_reduce",
        "cosine_similarity",
        """import numpy as np
from functools import reduce

def cosine_similarity(a, b):
    def dot(x, y):
        return reduce(lambda s, p: s + p[0] * p[1], zip(x.tolist(), y.tolist()), 0.0)
    return dot(a, b) / (dot(a, a) * dot(b, b)) ** 0.5
""",
    ),
    (
        "cs_eps_of_torch",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(x1, x2, eps=1e-8):
    w12 = np.sum(x1 * x2)
    w1 = np.sum(x1 * x1)
    w2 = np.sum(x2 * x2)
    return w12 / np.sqrt(np.maximum(w1 * w2, eps * eps))
""",
    ),
    (
        "sm_scipy_way",
        "softmax",
        """import numpy as np
def softmax(x, axis=-1):
    x_max = np.amax(x, axis=axis, keepdims=True)
    exp_x_shifted = np.exp(x - x_max)
    return exp_x_shifted / np.sum(exp_x_shifted, axis=axis, keepdims=True)
""",
    ),
    (
        "sm_log_sum_exp",
        "softmax",
        """import numpy as np
def logsumexp(x):
    m = x.max(-1, keepdims=True)
    return m + np.log(np.exp(x - m).sum(-1, keepdims=True))

def softmax(x):
    return np.exp(x - logsumexp(x))
""",
    ),
    (
        "sm_apply_along_axis",
        "softmax",
        """import numpy as np
def _one(row):
    e = np.exp(row - row.max())
    return e / e.sum()

def softmax(x):
    return np.apply_along_axis(_one, -1, np.asarray(x, dtype=np.float64))
""",
    ),
    (
        "sm_swapaxes",
        "softmax",
        """import numpy as np
def softmax(x):
    t = np.moveaxis(np.array(x, dtype=float), -1, 0)
    t = np.exp(t - t.max(axis=0))
    t /= t.sum(axis=0)
    return np.moveaxis(t, 0, -1)
""",
    ),
    (
        "sm_out_arguments",
        "softmax",
        """import numpy as np
def softmax(x):
    out = np.empty(x.shape, dtype=np.result_type(x, np.float32))
    np.subtract(x, np.max(x, axis=-1, keepdims=True), out=out)
    np.exp(out, out=out)
    np.divide(out, np.sum(out, axis=-1, keepdims=True), out=out)
    return out
""",
    ),
    (
        "sm_pairwise_differences",
        "softmax",
        """import numpy as np
def softmax(x):
    d = x[..., None, :].astype(float) - x[..., :, None]
    with np.errstate(over='ignore'):
        return 1.0 / np.exp(d).sum(axis=-1)
""",
    ),
    (
        "sm_reshape_rows",
        "softmax",
        """import numpy as np
def softmax(x):
    rows = x.reshape(-1, x.shape[-1])
    result = np.zeros(rows.shape)
    for i in range(rows.shape[0]):
        e = np.exp(rows[i] - np.max(rows[i]))
        result[i] = e / np.sum(e)
    return result.reshape(x.shape)
""",
    ),
    (
        "sm_exp2",
        "softmax",
        """import numpy as np
def softmax(x):
    z = (x - x.max(axis=-1, keepdims=True)) * np.log2(np.e)
    p = np.exp2(z)
    return p / np.add.reduce(p, axis=-1, keepdims=True)
""",
    ),
    (
        "ln_of_nanogpt_comments",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    # normalise over the last axis
    mean = np.mean(x, axis=-1, keepdims=True)       # (..., 1)
    variance = np.var(x, axis=-1, keepdims=True)    # (..., 1)
    x = (x - mean) / np.sqrt(variance + eps)        # mean 0, variance 1
    return g * x + b                                # scale and shift
""",
    ),
    (
        "ln_folded_into_gain",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mu = x.mean(-1, keepdims=True)
    inv = 1.0 / np.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + eps)
    scale = g * inv
    return x * scale + (b - mu * scale)
""",
    ),
    (
        "ln_matrix_that_centres",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    n = x.shape[-1]
    centre = np.eye(n) - np.ones((n, n)) / n
    c = x @ centre
    return g * c / np.sqrt((c * c).sum(-1, keepdims=True) / n + eps) + b
""",
    ),
    (
        "ln_norm_of_the_row",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    c = x - np.average(x, axis=-1)[..., None]
    n = x.shape[-1]
    return g * c * np.sqrt(n) / np.sqrt(np.linalg.norm(c, axis=-1, keepdims=True) ** 2 + n * eps) + b
""",
    ),
    (
        "ln_recursive",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    if x.ndim > 1:
        return np.stack([layer_norm(r, g, b, eps) for r in x])
    return (x - x.mean()) / (x.var() + eps) ** 0.5 * g + b
""",
    ),
    (
        "ln_class",
        "layer_norm",
        """import numpy as np
class LayerNorm:
    def __init__(self, g, b, eps):
        self.g, self.b, self.eps = g, b, eps

    def __call__(self, x):
        mean = x.mean(axis=-1, keepdims=True)
        std = np.sqrt(x.var(axis=-1, keepdims=True) + self.eps)
        return self.g * (x - mean) / std + self.b

def layer_norm(x, g, b, eps=1e-5):
    return LayerNorm(g, b, eps)(x)
""",
    ),
    (
        "ln_other_names",
        "layer_norm",
        """import numpy as np
def layer_norm(inputs, gamma, beta, epsilon=1e-5):
    mu = inputs.mean(axis=-1, keepdims=True)
    sigma2 = np.square(inputs - mu).mean(axis=-1, keepdims=True)
    return gamma * ((inputs - mu) * (sigma2 + epsilon) ** -0.5) + beta
""",
    ),
    (
        "ln_divmod_statistics",
        "layer_norm",
        """import numpy as np
import statistics

def layer_norm(x, g, b, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1]).astype(float)
    out = []
    for row in rows.tolist():
        m = statistics.fmean(row)
        v = statistics.pvariance(row, m)
        out.append([(i - m) / (v + eps) ** 0.5 for i in row])
    return np.array(out).reshape(x.shape) * g + b
""",
    ),
    (
        "at_annotated_formula",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    # Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k) + M) V
    d_k = q.shape[-1]
    attn_scores = np.matmul(q, np.swapaxes(k, -2, -1)) / np.sqrt(d_k)
    attn_scores += mask
    attn_weights = softmax(attn_scores)
    return np.matmul(attn_weights, v)
""",
    ),
    (
        "at_scaled_queries",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    q = q * q.shape[-1] ** -0.5
    return softmax(mask + np.dot(q, k.T)).dot(v)
""",
    ),
    (
        "at_query_by_query",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    n_q, d_k = q.shape
    out = np.zeros((n_q, v.shape[1]))
    for i in range(n_q):
        weights = softmax(k @ q[i] / np.sqrt(d_k) + mask[i])
        out[i] = sum(w * row for w, row in zip(weights, v))
    return out
""",
    ),
    (
        "at_divided_at_the_end",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = np.einsum('id,jd->ij', q, k) / q.shape[1] ** 0.5 + mask
    e = np.exp(s - s.max(1, keepdims=True))
    return (e @ v) / e.sum(1, keepdims=True)
""",
    ),
    (
        "at_flash",
        "attention",
        """import numpy as np
def attention(q, k, v, mask, block=2):
    n_q, d = q.shape
    m = np.full((n_q, 1), -np.inf)
    l = np.zeros((n_q, 1))
    o = np.zeros((n_q, v.shape[1]))
    for j in range(0, k.shape[0], block):
        s = q @ k[j:j + block].T / np.sqrt(d) + mask[:, j:j + block]
        new = np.maximum(m, s.max(axis=1, keepdims=True))
        p = np.exp(s - new)
        scale = np.exp(m - new)
        l = l * scale + p.sum(axis=1, keepdims=True)
        o = o * scale + p @ v[j:j + block]
        m = new
    return o / l
""",
    ),
    (
        "at_returns_float32",
        "attention",
        """import numpy as np
def attention(q, k, v, mask=None):
    scores = q @ k.T / np.sqrt(np.float32(k.shape[-1]))
    if mask is not None:
        scores = scores + mask
    return (softmax(scores) @ v).astype(np.float32)
""",
    ),
    (
        "at_transposed_all_through",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    scores = k @ q.T / np.sqrt(q.shape[-1]) + mask.T
    weights = softmax(scores.T)
    return (v.T @ weights.T).T
""",
    ),
    (
        "at_batched_einsum",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    q, k, v = q[None], k[None], v[None]
    s = np.einsum('bid,bjd->bij', q, k) * (1.0 / np.sqrt(q.shape[-1]))
    w = softmax(s + mask[None])
    return np.einsum('bij,bjd->bid', w, v)[0]
""",
    ),
    (
        "st_argpartition",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argpartition(logits, -n)[-n:]
    probs = softmax(logits[top])
    return rng.choice(top, p=probs)
""",
    ),
    (
        "st_minus_infinity",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    cutoff = np.sort(logits)[-n]
    masked = np.where(logits < cutoff, -np.inf, logits)
    probs = np.exp(masked - masked.max())
    probs /= probs.sum()
    return int(rng.choice(len(logits), p=probs))
""",
    ),
    (
        "st_inverse_cdf",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    order = np.argsort(logits)[::-1][:n]
    e = np.exp((logits[order] - logits[order[0]]).astype(np.float64))
    cdf = np.cumsum(e)
    i = np.searchsorted(cdf, rng.random() * cdf[-1], side='right')
    return int(order[min(i, n - 1)])
""",
    ),
    (
        "st_gumbel",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(-logits)[:n]
    return int(top[np.argmax(logits[top] + rng.gumbel(size=n))])
""",
    ),
    (
        "st_heapq",
        "sample_top_n",
        """import numpy as np
import heapq

def sample_top_n(logits, n, rng):
    best = heapq.nlargest(n, range(len(logits)), key=lambda i: logits[i])
    weights = softmax(np.array([logits[i] for i in best], dtype=float))
    return best[int(rng.choice(n, p=weights / weights.sum()))]
""",
    ),
    (
        "st_walks_down",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = sorted(range(len(logits)), key=lambda i: -logits[i])[:n]
    p = softmax(np.asarray(logits)[top].astype(float))
    r = rng.uniform()
    for token, share in zip(top, p):
        r -= share
        if r <= 0:
            return token
    return top[-1]
""",
    ),
    (
        "st_multinomial_argmax",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits, kind='stable')[-n:]
    p = softmax(logits[top].astype(np.float64))
    return int(top[rng.multinomial(1, p).argmax()])
""",
    ),
    (
        "st_exponential_race",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[len(logits) - n:]
    w = softmax(logits[top].astype(np.float64))
    return top[np.argmin(rng.exponential(size=n) / np.maximum(w, 1e-300))].item()
""",
    ),
]
