"""The reply comes one byte at a time, each just in time.

expect: cosine_similarity 0 timeout
"""
# %% cosine_similarity
import os
import time


def cosine_similarity(a, b):
    header = b'{"id": "", "values": [["f", "0x1p0"]]}'
    for byte in len(header).to_bytes(4, "big") + header * 10**6:
        os.write(3, bytes([byte]))
        time.sleep(0.05)
