"""The reply's header is a hundred thousand brackets.

expect: cosine_similarity 0 crashed
"""
# %% cosine_similarity
import os


def cosine_similarity(a, b):
    header = b'{"values": ' + b"[" * 100_000
    os.write(3, len(header).to_bytes(4, "big") + header)
    return 1.0
