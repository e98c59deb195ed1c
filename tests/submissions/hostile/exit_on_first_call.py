"""The first call of softmax ends the process.

expect: softmax 0 crashed
"""
# %% softmax
import os


def softmax(x):
    os._exit(0)
