"""The function writes a reply of its own before it returns.

expect: cosine_similarity 0 crashed
"""
# %% cosine_similarity
import os


def cosine_similarity(a, b):
    header = b'{"id": "", "changed": [], "values": [["f", "0x1p0"]]}'
    os.write(3, len(header).to_bytes(4, "big") + header)
    return 1.0
