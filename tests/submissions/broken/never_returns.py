"""An endless loop in softmax.

expect: softmax 0 timeout
expect: end_to_end * *
"""
# %% softmax
def softmax(x):
    largest = x.max(axis=-1, keepdims=True)
    while largest.any() or True:
        largest = largest - 1
    return largest
