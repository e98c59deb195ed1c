"""Plain Python loops over numbers, as a beginner writes them.

expect: score 90
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    dot = length_a = length_b = 0
    for i in range(len(a)):
        dot += a[i] * b[i]
        length_a += a[i] ** 2
        length_b += b[i] ** 2
    return dot / (length_a**0.5 * length_b**0.5)
# %% softmax
def softmax(x):
    x = np.asarray(x)
    if x.ndim > 1:
        return np.array([softmax(row) for row in x])
    largest = max(x)
    powers = [np.exp(score - largest) for score in x]
    total = sum(powers)
    return np.array([power / total for power in powers])
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    if x.ndim > 1:
        return np.array([layer_norm(row, g, b, eps) for row in x])
    n = len(x)
    mean = sum(x) / n
    variance = sum((value - mean) ** 2 for value in x) / n
    return np.array([g[i] * (x[i] - mean) / (variance + eps) ** 0.5 + b[i] for i in range(n)])
# %% attention
def attention(q, k, v, mask):
    result = np.zeros((len(q), v.shape[1]))
    for i, query in enumerate(q):
        scores = [sum(query * key) / np.sqrt(len(query)) + mask[i, j] for j, key in enumerate(k)]
        weights = softmax(np.array(scores))
        for j in range(len(k)):
            result[i] += weights[j] * v[j]
    return result
# %% sample_top_n
def sample_top_n(logits, n, rng):
    ids = sorted(range(len(logits)), key=lambda i: logits[i], reverse=True)[:n]
    weights = [np.exp(logits[i] - logits[ids[0]]) for i in ids]
    left = rng.random() * sum(weights)
    for i, weight in zip(ids, weights):
        left -= weight
        if left <= 0:
            return i
    return ids[-1]
