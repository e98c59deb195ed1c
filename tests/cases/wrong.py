"""Wrong or half-finished answers with the mistakes that people make in public, written anew:
(name, cell, source, words). `words` is a regular expression that feedback which lets a student find the mistake would
match, printed arguments and quoted code left out.
"""

W = []

W.append(
    (
        "sm_udacity_suggested",
        "softmax",
        """import numpy as np
def softmax(x):
    top = np.exp(x)
    bottom = np.sum(np.exp(x), axis=0)
    return top / bottom
""",
        "column|axis",
    )
)

W.append(
    (
        "sm_max_of_all_sum_axis0",
        "softmax",
        """import numpy as np
def softmax(x):
    e_x = np.exp(x - np.max(x))
    return e_x / e_x.sum(axis=0)
""",
        "column|axis",
    )
)

W.append(
    (
        "sm_builtin_max",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x - max(x))
    return e / sum(e)
""",
        "max|truth|ambiguous|row",
    )
)

W.append(
    (
        "sm_axis_1_for_matrices_cs224n",
        "softmax",
        """import numpy as np
def softmax(x):
    shape = x.shape
    if len(shape) > 1:
        x = x - np.expand_dims(np.max(x, axis=1), 1)
        x = np.exp(x)
        x = x / np.expand_dims(np.sum(x, axis=1), 1)
    else:
        x = np.exp(x - np.max(x))
        x = x / np.sum(x)
    assert x.shape == shape
    return x
""",
        "second axis|last|axis|stack",
    )
)

W.append(
    (
        "sm_python_sum",
        "softmax",
        """import numpy as np
def softmax(x):
    return np.exp(x) / sum(np.exp(x))
""",
        "column|axis|row",
    )
)

W.append(
    (
        "sm_shift_largest_size",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x - np.max(np.abs(x), axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
""",
        "below zero|vanish|subtract|exp of them|largest|absolute|divides zero",
    )
)

W.append(
    (
        "sm_clip_500",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(np.clip(x, -500, 500))
    return e / np.sum(e, axis=-1, keepdims=True)
""",
        "cut off|clip|equal|subtract|infin|overflow",
    )
)

W.append(
    (
        "sm_logsumexp_unshifted",
        "softmax",
        """import numpy as np
def softmax(x):
    lse = np.log(np.sum(np.exp(x), axis=-1, keepdims=True))
    return np.exp(x - lse)
""",
        "subtract|overflow|exp of them|infin",
    )
)

W.append(
    (
        "sm_divides_by_x_sum",
        "softmax",
        """import numpy as np
def softmax(x):
    x_exp = np.exp(x - x.max(axis=-1, keepdims=True))
    x_sum = np.sum(x, axis=-1, keepdims=True)
    return x_exp / x_sum
""",
        "divide|sum of|add up|sum to|exponential",
    )
)

W.append(
    (
        "sm_divides_by_max",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.max(axis=-1, keepdims=True)
""",
        "sum|add up|divide",
    )
)

W.append(
    (
        "sm_relu_share",
        "softmax",
        """import numpy as np
def softmax(x):
    x = np.maximum(x, 0)
    return x / (x.sum(axis=-1, keepdims=True) + 1e-12)
""",
        "exp|negative|positive",
    )
)

W.append(
    (
        "sm_sigmoid_share",
        "softmax",
        """import numpy as np
def softmax(x):
    s = 1 / (1 + np.exp(-x))
    return s / s.sum(axis=-1, keepdims=True)
""",
        "sigmoid|exp",
    )
)

W.append(
    (
        "sm_max_over_axis0_only",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x - np.max(x, axis=0))
    return e / np.sum(e, axis=-1, keepdims=True)
""",
        "maxim|whose|row|which score|subtract",
    )
)

W.append(
    (
        "sm_two_loops",
        "softmax",
        """import numpy as np
def softmax(x):
    out = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = np.exp(x[i, j] - x[i].max()) / np.exp(x[i] - x[i].max()).sum()
    return out
""",
        "axes|dimension|one row|IndexError|stack",
    )
)

W.append(
    (
        "sm_returns_cache",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p, x
""",
        "tuple",
    )
)

W.append(
    (
        "sm_prints",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    print(e / e.sum(axis=-1, keepdims=True))
""",
        "None|return",
    )
)

W.append(
    (
        "sm_scipy_import_only",
        "softmax",
        """from scipy.special import softmax
""",
        "scipy is not available",
    )
)

W.append(
    (
        "sm_tensorflow_inside",
        "softmax",
        """def softmax(x):
    import tensorflow as tf
    return tf.nn.softmax(x, axis=-1).numpy()
""",
        "tensorflow is not available",
    )
)

W.append(
    (
        "sm_global_from_elsewhere",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
""",
        "scores",
    )
)

W.append(
    (
        "sm_stub_left_below",
        "softmax",
        """import numpy as np
def softmax(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    raise NotImplementedError("not written yet")
""",
        "NotImplementedError|not written|raise",
    )
)

W.append(
    (
        "sm_pass",
        "softmax",
        """def softmax(x):
    pass
""",
        "None|return|not written",
    )
)

W.append(
    (
        "ln_power_half_precedence",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    var = x.var(-1, keepdims=True)
    return (x - mean) / (var + eps) ** 1/2 * g + b
""",
        "root|bracket|parenthes|power|divided by|standard deviation",
    )
)

W.append(
    (
        "ln_annotated_transformer",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    std = x.std(-1, keepdims=True, ddof=1)
    return g * (x - mean) / (std + eps) + b
""",
        "n - 1|inside the square root",
    )
)

W.append(
    (
        "ln_std_plus_eps",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mu = x.mean(axis=-1, keepdims=True)
    sigma = np.sqrt(((x - mu) ** 2).mean(axis=-1, keepdims=True))
    normed = (x - mu) / (sigma + eps)
    return normed * g + b
""",
        "inside the square root|standard deviation",
    )
)

W.append(
    (
        "ln_eps_after_the_fraction",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mu = x.mean(axis=-1, keepdims=True)
    sigma = x.std(axis=-1, keepdims=True)
    return g * ((x - mu) / sigma + eps) + b
""",
        "eps",
    )
)

W.append(
    (
        "ln_eps_not_from_the_call",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = np.mean(x, axis=-1, keepdims=True)
    variance = np.var(x, axis=-1, keepdims=True)
    x = (x - mean) / np.sqrt(variance + 1e-5)
    return g * x + b
""",
        "eps",
    )
)

W.append(
    (
        "ln_eps_other_constant",
        "layer_norm",
        """import numpy as np
EPSILON = 1e-8
def layer_norm(x, g, b, eps=1e-5):
    mean = np.mean(x, axis=-1, keepdims=True)
    variance = np.var(x, axis=-1, keepdims=True)
    return g * (x - mean) / np.sqrt(variance + EPSILON) + b
""",
        "eps|small term|fourth parameter",
    )
)

W.append(
    (
        "ln_no_eps_parameter",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b):
    mean = x.mean(-1, keepdims=True)
    std = x.std(-1, keepdims=True)
    return g * (x - mean) / (std + 1e-5) + b
""",
        "argument|eps|positional",
    )
)

W.append(
    (
        "ln_all_axes_but_first",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    axes = tuple(range(1, x.ndim))
    mean = x.mean(axis=axes, keepdims=True)
    var = x.var(axis=axes, keepdims=True)
    return g * (x - mean) / np.sqrt(var + eps) + b
""",
        "axis|axes|last|one row alone|stack",
    )
)

W.append(
    (
        "ln_sqrt_of_std",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    std = np.std(x, axis=-1, keepdims=True)
    return g * (x - mean) / np.sqrt(std + eps) + b
""",
        "root|variance|standard deviation|twice",
    )
)

W.append(
    (
        "ln_changes_x",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    x -= x.mean(axis=-1, keepdims=True)
    x /= np.sqrt((x ** 2).mean(axis=-1, keepdims=True) + eps)
    return g * x + b
""",
        "changes x|writes into",
    )
)

W.append(
    (
        "ln_changes_x_and_ddof",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean, std = x.mean(-1, keepdims=True), x.std(-1, keepdims=True, ddof=1)
    x -= mean
    x /= np.sqrt(std ** 2 + eps)
    return g * x + b
""",
        "n - 1",
    )
)

W.append(
    (
        "ln_without_affine",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    m = np.expand_dims(x.mean(-1), -1)
    s = np.expand_dims(x.var(-1), -1)
    return (x - m) / np.sqrt(s + eps)
""",
        "gain|bias|\\bg\\b|scaled",
    )
)

W.append(
    (
        "ln_g_added",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return y + g + b
""",
        "gain|\\bg\\b|scale|multipl",
    )
)

W.append(
    (
        "ln_matrix_product_with_g",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return y @ g + b
""",
        "shape|@",
    )
)

W.append(
    (
        "ln_unit_length",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    c = x - x.mean(-1, keepdims=True)
    return g * c / (np.linalg.norm(c, axis=-1, keepdims=True) + eps) + b
""",
        "variance|averaged|divided|sum|length|factor",
    )
)

W.append(
    (
        "ln_mean_after_scaling",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    var = x.var(-1, keepdims=True)
    y = x / np.sqrt(var + eps)
    y = g * y + b
    return y - y.mean(-1, keepdims=True)
""",
        "mean|order|before|first",
    )
)

W.append(
    (
        "ln_returns_cache",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    var = x.var(-1, keepdims=True)
    x_hat = (x - mean) / np.sqrt(var + eps)
    cache = (x_hat, var, eps, g)
    return g * x_hat + b, cache
""",
        "tuple",
    )
)

W.append(
    (
        "ln_gamma_undefined",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    var = x.var(-1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta
""",
        "gamma",
    )
)

W.append(
    (
        "ln_method_signature",
        "layer_norm",
        """import numpy as np
def layer_norm(self, x, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    std = x.std(-1, keepdims=True)
    return self.g * (x - mean) / (std + eps) + self.b
""",
        "argument|signature|positional|parameter|attribute",
    )
)

W.append(
    (
        "ln_returns_the_mean",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    var = x.var(-1, keepdims=True)
    return mean, var
""",
        "tuple",
    )
)

W.append(
    (
        "ln_ints",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    x = x.astype(int)
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return g * y + b
""",
        "int|decimal|round|whole",
    )
)

W.append(
    (
        "ln_double_eps",
        "layer_norm",
        """import numpy as np
def layer_norm(x, g, b, eps=1e-5):
    mu = x.mean(-1, keepdims=True)
    var = x.var(-1, keepdims=True) + eps
    return g * (x - mu) / (np.sqrt(var) + eps) + b
""",
        "eps",
    )
)

W.append(
    (
        "at_boolean_keep_mask",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    scores = np.matmul(q, k.T) / np.sqrt(k.shape[-1])
    scores = np.where(mask, scores, -1e9)
    weights = softmax(scores)
    return np.matmul(weights, v)
""",
        "mask",
    )
)

W.append(
    (
        "at_mask_times_minus_1e9",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(k.shape[-1])
    s = s + mask * -1e9
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v
""",
        "mask",
    )
)

W.append(
    (
        "at_masked_positions_by_bool",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[-1])
    s[mask.astype(bool)] = -np.inf
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v
""",
        "mask",
    )
)

W.append(
    (
        "at_sqrt_rows_of_q",
        "attention",
        """import numpy as np
def attention(Q, K, V, mask):
    att = (Q @ K.T) / np.sqrt(Q.shape[0]) + mask
    return softmax(att) @ V
""",
        "d_k|number of queries|axis of q",
    )
)

W.append(
    (
        "at_power_precedence",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    d_k = q.shape[-1]
    s = q @ k.T / d_k ** 1/2 + mask
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v
""",
        "root|scale|bracket|parenthes|divided by|factor",
    )
)

W.append(
    (
        "at_scale_of_the_whole_model",
        "attention",
        """import numpy as np
N_HEAD = 12
def attention(q, k, v, mask):
    d_model = q.shape[-1] * N_HEAD
    s = q @ k.T / np.sqrt(d_model) + mask
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v
""",
        "d_k|scal|root",
    )
)

W.append(
    (
        "at_weights_then_output",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[-1]) + mask
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return [p, p @ v]
""",
        "list",
    )
)

W.append(
    (
        "at_mask_into_weights_renormalised",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    w = softmax(q @ k.T / np.sqrt(q.shape[-1]))
    w = w * (mask == 0)
    w = w / w.sum(axis=-1, keepdims=True)
    return w @ v
""",
        "mask",
    )
)

W.append(
    (
        "at_mask_exponentiated",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[-1])
    e = np.exp(s - s.max(-1, keepdims=True)) * np.exp(mask)
    return e @ v / e.sum(-1, keepdims=True)
""",
        "mask|infin|grows|large",
    )
)

W.append(
    (
        "at_elementwise_product",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = (q * k).sum(axis=-1, keepdims=True) / np.sqrt(q.shape[-1]) + mask
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v
""",
        "broadcast|shape|every|each query|pair",
    )
)

W.append(
    (
        "at_global_max_shift",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[-1]) + mask
    e = np.exp(s - np.max(s))
    return (e / e.sum(axis=-1, keepdims=True)) @ v
""",
        "max|row|vanish|divides zero|whose",
    )
)

W.append(
    (
        "at_softmax_by_columns_emisayda",
        "attention",
        """import numpy as np
def my_softmax(x):
    return (np.exp(x).T / np.sum(np.exp(x), axis=0)).T
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[-1]) + mask
    return my_softmax(s) @ v
""",
        "shape|axis|broadcast|quer",
    )
)

W.append(
    (
        "at_softmax_last_step",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[-1]) + mask
    return softmax(s @ v)
""",
        "softmax|before|weights|order|values",
    )
)

W.append(
    (
        "at_dropout",
        "attention",
        """import numpy as np
def attention(q, k, v, mask, dropout=0.1):
    s = q @ k.T / np.sqrt(q.shape[-1]) + mask
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    keep = np.random.rand(*p.shape) > dropout
    return (p * keep / (1 - dropout)) @ v
""",
        "random|chance|same again|drop|sum to",
    )
)

W.append(
    (
        "at_mask_transposed",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[-1])
    s = s + (mask.T if mask.T.shape == s.shape else mask)
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v
""",
        "mask|transpos",
    )
)

W.append(
    (
        "at_changes_mask",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    mask += q @ k.T / np.sqrt(q.shape[-1])
    mask -= mask.max(axis=-1, keepdims=True)
    w = np.exp(mask)
    return w @ v / w.sum(-1, keepdims=True)
""",
        "changes mask|writes into",
    )
)

W.append(
    (
        "at_softmax_dim_keyword",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[-1]) + mask
    return softmax(s, dim=-1) @ v
""",
        "dim|keyword",
    )
)

W.append(
    (
        "at_dk_size_method",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    d_k = q.size(-1)
    s = q @ k.T / np.sqrt(d_k) + mask
    return softmax(s) @ v
""",
        "callable|size|TypeError",
    )
)

W.append(
    (
        "at_returns_scores",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    scores = q @ k.T / np.sqrt(q.shape[-1]) + mask
    weights = softmax(scores)
    output = weights @ v
    return scores
""",
        "score|weight|shape|v\\b",
    )
)

W.append(
    (
        "at_no_scale_and_weights_out",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T + mask
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p
""",
        "scal|weight",
    )
)

W.append(
    (
        "at_no_mask_and_axis0",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    s = q @ k.T / np.sqrt(q.shape[-1])
    e = np.exp(s - s.max(0))
    return (e / e.sum(0)) @ v
""",
        "mask|axis|quer",
    )
)

W.append(
    (
        "at_scale_after_and_mask_after",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    w = softmax(q @ k.T) / np.sqrt(q.shape[-1]) + mask
    return w @ v
""",
        "mask|scal|root|weights",
    )
)

W.append(
    (
        "at_heads_inside",
        "attention",
        """import numpy as np
def attention(q, k, v, mask, n_head=2):
    heads = []
    for qh, kh, vh in zip(*(np.array_split(a, n_head, axis=-1) for a in (q, k, v))):
        heads.append(softmax(qh @ kh.T / np.sqrt(qh.shape[-1]) + mask) @ vh)
    return np.concatenate(heads, axis=-1)
""",
        "split|head|d_k|part|columns|score",
    )
)

W.append(
    (
        "at_last_query_only",
        "attention",
        """import numpy as np
def attention(q, k, v, mask):
    out = np.zeros((q.shape[0], v.shape[1]))
    for i in range(q.shape[0]):
        s = k @ q[i] / np.sqrt(q.shape[1]) + mask[i]
        w = np.exp(s - s.max()); w /= w.sum()
    out[i] = w @ v
    return out
""",
        "row|loop|quer|some",
    )
)

W.append(
    (
        "cs_no_brackets_arccos",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return np.arccos(np.dot(a, b) / np.linalg.norm(a) * np.linalg.norm(b))
""",
        "angle|bracket|arccos|NaN",
    )
)

W.append(
    (
        "cs_norm_of_products",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return np.dot(a, b) / np.linalg.norm(a * b)
""",
        "length|norm|\\|a\\||each",
    )
)

W.append(
    (
        "cs_squared_norms_h2o",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return (a * b).sum() / ((a ** 2).sum() * (b ** 2).sum())
""",
        "square",
    )
)

W.append(
    (
        "cs_scipy_distance",
        "cosine_similarity",
        """def cosine_similarity(a, b):
    from scipy.spatial.distance import cosine
    return cosine(a, b)
""",
        "scipy is not available",
    )
)

W.append(
    (
        "cs_sum_without_squares",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return np.dot(a, b) / (np.sum(a) * np.sum(b))
""",
        "length|square|norm|how long",
    )
)

W.append(
    (
        "cs_rounded_2",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return round(float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))), 2)
""",
        "round|decimal|digits",
    )
)

W.append(
    (
        "cs_percent",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return 100 * np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
""",
        "factor|100|percent|scale|-1 to 1|between",
    )
)

W.append(
    (
        "cs_centred_csdn",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    a = a - np.mean(a)
    b = b - np.mean(b)
    return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
""",
        "mean|correlation",
    )
)

W.append(
    (
        "cs_normalises_in_place",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    a /= np.linalg.norm(a)
    b /= np.linalg.norm(b)
    return np.dot(a, b)
""",
        "changes a|writes into",
    )
)

W.append(
    (
        "cs_returns_norms",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    dot = np.dot(a, b)
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    similarity = dot / norms
    return norms
""",
        "lengths?|product|divided|returned|hand",
    )
)

W.append(
    (
        "cs_string",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    c = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    return f"{c:.3f}"
""",
        "str",
    )
)

W.append(
    (
        "cs_outer",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    return np.outer(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
""",
        "one number|shape",
    )
)

W.append(
    (
        "cs_positive_only",
        "cosine_similarity",
        """import numpy as np
def cosine_similarity(a, b):
    c = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    return (c + 1) / 2
""",
        "between 0 and 1|0\\.5",
    )
)

W.append(
    (
        "tn_generator_made_inside_unseeded",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    rng = np.random.default_rng()
    top = np.argsort(logits)[::-1][:n]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(rng.choice(top, p=p))
""",
        "rng",
    )
)

W.append(
    (
        "tn_generator_copied",
        "sample_top_n",
        """import copy
import numpy as np
def sample_top_n(logits, n, rng):
    rng = copy.deepcopy(rng)          # leave the caller's generator alone
    top = np.argsort(logits)[::-1][:n]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(rng.choice(top, p=p))
""",
        "rng|always|same token|state",
    )
)

W.append(
    (
        "tn_greater_than_the_kth",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    kth = np.sort(logits)[-n]
    z = np.where(logits > kth, logits, -np.inf).astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(rng.choice(len(p), p=p))
""",
        "n - 1",
    )
)

W.append(
    (
        "tn_kth_of_n_plus_one",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    kth = np.sort(logits)[-(n + 1)]
    z = np.where(logits >= kth, logits, -np.inf).astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(rng.choice(len(p), p=p))
""",
        "n \\+ 1",
    )
)

W.append(
    (
        "tn_logits_zeroed",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    keep = np.zeros(len(logits), bool)
    keep[np.argsort(logits)[-n:]] = True
    p = softmax(logits * keep)
    return int(rng.choice(len(p), p=p))
""",
        "not among|left out|leave|zero|exp of 0|-inf|infinity|others",
    )
)

W.append(
    (
        "tn_full_softmax_sliced",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    probs = softmax(logits.astype(np.float64))
    top = np.argsort(probs)[-n:]
    return int(rng.choice(top, p=probs[top]))
""",
        "sum to 1|add up",
    )
)

W.append(
    (
        "tn_array_of_one",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return rng.choice(top, size=1, p=p)
""",
        "array|ndarray|one integer",
    )
)

W.append(
    (
        "tn_topk_index_not_mapped",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    values = np.sort(logits)[::-1][:n]
    p = softmax(values.astype(np.float64))
    return int(rng.choice(len(values), p=p))
""",
        "place|token id",
    )
)

W.append(
    (
        "tn_returns_float_id",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    table = np.stack([np.arange(len(logits)), logits], axis=1)
    table = table[table[:, 1].argsort()][-n:]
    p = softmax(table[:, 1].astype(np.float64))
    return rng.choice(table[:, 0], p=p)
""",
        "float|integer",
    )
)

W.append(
    (
        "tn_returns_probabilities",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    kth = np.sort(logits)[-n]
    return softmax(np.where(logits >= kth, logits, -np.inf))
""",
        "array|ndarray|one integer",
    )
)

W.append(
    (
        "tn_list_of_ids",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return rng.choice(top, size=n, replace=False, p=p).tolist()
""",
        "list|one integer",
    )
)

W.append(
    (
        "tn_ids_by_mask_values_sorted",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    values = np.sort(logits)[-n:]
    top = np.nonzero(logits >= values[0])[0]
    p = softmax(values.astype(np.float64))
    return int(rng.choice(top, p=p))
""",
        "order|sorted|belongs",
    )
)

W.append(
    (
        "tn_scatter_of_indices",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    order = np.argsort(logits)[::-1]
    p = softmax(logits[order][:n].astype(np.float64))
    position = rng.choice(n, p=p)
    return int(np.argsort(order)[position])
""",
        "id|place|which|among",
    )
)

W.append(
    (
        "tn_weighted_noise_argmax",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(top[np.argmax(p * rng.random(n))])
""",
        "probabilit|too often|draw",
    )
)

W.append(
    (
        "tn_default_temperature",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng, temperature=0.7):
    logits = logits / temperature
    top = np.argsort(logits)[-n:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(rng.choice(top, p=p))
""",
        "temperature|scale|too often|doubled",
    )
)

W.append(
    (
        "tn_top_p_confused",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng, top_p=0.9):
    order = np.argsort(logits)[::-1]
    p = softmax(logits[order].astype(np.float64))
    keep = np.cumsum(p) <= top_p
    keep[0] = True
    p = p * keep
    return int(rng.choice(order, p=p / p.sum()))
""",
        "not among|left out|leave|how many|\\bn\\b",
    )
)

W.append(
    (
        "tn_argument_order",
        "sample_top_n",
        """import numpy as np
def sample_top_n(rng, logits, n):
    top = np.argsort(logits)[-n:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(rng.choice(top, p=p))
""",
        "order|argument|parameter|signature|rng|Generator",
    )
)

W.append(
    (
        "tn_multinomial_float32",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    e = np.exp(logits[top] - logits[top].max())
    p = (e / e.sum()) * np.float32(1.0001)
    return int(top[np.argmax(rng.multinomial(1, p))])
""",
        "sum|pvals|> 1",
    )
)

W.append(
    (
        "tn_rank_from_below",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    ranks = np.argsort(np.argsort(logits))
    top = ranks[-n:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(rng.choice(top, p=p))
""",
        "ids of the n|not among|which id|how .* found|n likeliest",
    )
)

W.append(
    (
        "tn_slice_stops_before_the_best",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    order = np.argsort(logits)
    top = order[-n:-1] if n > 1 else order[-1:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(rng.choice(top, p=p))
""",
        "likeliest token never|reach the end|n - 1|slice",
    )
)

W.append(
    (
        "tn_global_rng_and_n_plus_one",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n - 1:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(np.random.choice(top, p=p))
""",
        "n \\+ 1|rng",
    )
)

W.append(
    (
        "tn_token_text",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return str(rng.choice(top, p=p))
""",
        "str|integer",
    )
)

W.append(
    (
        "tn_prints",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    print(rng.choice(top, p=p))
""",
        "None|return",
    )
)

W.append(
    (
        "tn_torch_topk",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    v, ix = torch.topk(logits, n)
    p = softmax(v)
    return int(rng.choice(ix, p=p))
""",
        "torch",
    )
)

W.append(
    (
        "tn_np_topk",
        "sample_top_n",
        """import numpy as np
def sample_top_n(logits, n, rng):
    top = np.topk(logits, n)
    z = logits[top].astype(np.float64)
    p = np.exp(z - z.max()); p = p / p.sum()
    return int(rng.choice(top, p=p))
""",
        "topk|attribute",
    )
)
