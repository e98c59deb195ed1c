"""Softmax for tables only: one row alone raises.

expect: softmax 3.5 partial
"""
# %% softmax
def softmax(x):
    result = np.empty(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            result[i, j] = np.exp(x[i, j] - x[i].max()) / np.exp(x[i] - x[i].max()).sum()
    return result
