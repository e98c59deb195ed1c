"""Every signal that can be ignored is, and then the function never returns.

expect: cosine_similarity 0 timeout
"""
# %% cosine_similarity
import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def cosine_similarity(a, b):
    while True:
        pass
