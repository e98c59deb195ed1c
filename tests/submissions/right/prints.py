"""Right answers that print as they go.

expect: score 90
"""
# %% softmax
def softmax(x):
    print("softmax was given", x.shape)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
# %% + end
print(softmax(np.array([1.0, 2.0])))
