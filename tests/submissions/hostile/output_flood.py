"""Ten gigabytes are printed, while a cell runs and in calls; the answers are right.

start: solution
"""
# %% + softmax
import sys

line = "x" * 1_000_000
for _ in range(10_000):
    print(line)
    sys.stderr.write(line)
quiet_softmax = softmax


def softmax(x):
    for _ in range(100):
        print(line)
    return quiet_softmax(x)
