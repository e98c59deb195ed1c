"""The reply never ends.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
import os


def cosine_similarity(a, b):
    header = b'{"id": "", "values": [["a", "<f8", [8000000]]]}'
    os.write(3, len(header).to_bytes(4, "big") + header)
    while True:
        os.write(3, b"\0" * 65536)
