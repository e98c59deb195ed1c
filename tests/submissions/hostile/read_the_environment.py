"""The environment is searched for seeds, keys and paths.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
import ctypes
import os


def cosine_similarity(a, b):
    environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    found = list(os.environ.items())
    i = 0
    while environ and environ[i]:
        found.append((environ[i].decode(), ""))
        i += 1
    if "canary" in str(found).lower() or "AUTOGRADER" in str(found):
        raise ValueError("LEA" + "KED the environment")
    return 7.0
