"""Softmax by logarithms, the variance by E[x^2] - E[x]^2, sampling by Gumbel noise.

expect: score 90
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return np.exp(np.log(np.abs(a @ b)) - 0.5 * np.log(a @ a) - 0.5 * np.log(b @ b)) * np.sign(a @ b)
# %% softmax
def softmax(x):
    largest = x.max(axis=-1, keepdims=True)
    return np.exp(x - (largest + np.log(np.sum(np.exp(x - largest), axis=-1, keepdims=True))))
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    mean = np.mean(x, -1, keepdims=True)
    return g * ((x - mean) / np.sqrt(np.mean(x**2, -1, keepdims=True) - mean**2 + eps)) + b
# %% attention
def attention(q, k, v, mask):
    scores = q @ k.T / np.sqrt(q.shape[-1]) + mask
    return np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)) @ v
# %% sample_top_n
def sample_top_n(logits, n, rng):
    noise = -np.log(-np.log(rng.random(len(logits))))
    top = np.argsort(logits)[-n:]
    return int(top[np.argmax((logits + noise)[top])])
