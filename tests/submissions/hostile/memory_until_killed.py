"""Memory is taken from C, without Python noticing, until nothing is left.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
import ctypes

malloc = ctypes.CDLL(None).malloc
malloc.argtypes, malloc.restype = [ctypes.c_size_t], ctypes.c_void_p


def cosine_similarity(a, b):
    while True:
        ctypes.memset(malloc(1 << 24), 1, 1 << 24)
