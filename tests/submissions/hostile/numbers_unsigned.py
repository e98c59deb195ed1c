"""Every function returns numbers of one kind: unsigned.

start: solution
expect: * 0 *
"""
# %% softmax
def softmax(x):
    return np.full(np.shape(x), 2**64 - 1, np.uint64)
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    return softmax(x)
# %% attention
def attention(q, k, v, mask):
    return softmax(np.zeros((len(q), v.shape[-1])))
# %% cosine_similarity
def cosine_similarity(a, b):
    return softmax(np.zeros(()))[()]
# %% sample_top_n
def sample_top_n(logits, n, rng):
    return 2**62
