"""The process stops itself with SIGSTOP.

expect: cosine_similarity 0 timeout
"""
# %% cosine_similarity
import os
import signal


def cosine_similarity(a, b):
    os.kill(os.getpid(), signal.SIGSTOP)
    return 1.0
