"""The process ends while the cell of softmax runs.

expect: softmax 0 crashed
"""
# %% softmax
import os

os._exit(0)


def softmax(x):
    return x
