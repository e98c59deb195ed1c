"""An endless loop in softmax.

expect: softmax 0 timeout
"""
# %% softmax
def softmax(x):
    largest = x.max(axis=-1, keepdims=True)
    while largest.any() or True:
        largest = largest - 1
    return largest
