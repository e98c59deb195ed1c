"""Softmax returns arrays of records, dates and text.

expect: softmax 0 failed
"""
# %% softmax
def softmax(x):
    if x.ndim == 1:
        return np.zeros(x.shape, "M8[s]")
    return np.zeros(x.shape, [("p", "f8"), ("q", "O")]) if x.ndim == 2 else np.zeros(x.shape, "U9")
