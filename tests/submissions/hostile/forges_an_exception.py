"""A forged reply reports an exception whose every field is a hidden input.

start: solution
expect: softmax * *
expect: attention * *
expect: sample_top_n * *
expect: end_to_end * *
"""
# %% softmax

import json
import os
import sys


def forge(reply, blobs=b""):
    """Answer the question that is being asked, in the runner's place."""
    frame = sys._getframe()
    while frame is not None and not isinstance(frame.f_locals.get("ask"), dict):
        frame = frame.f_back
    header = json.dumps({"id": frame.f_locals["ask"]["id"], "values": [], "changed": [], "printed": "", **reply}).encode()
    frame_bytes = memoryview(len(header).to_bytes(4, "big") + header + blobs)
    while frame_bytes:
        frame_bytes = frame_bytes[os.write(3, frame_bytes):]


def right_softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax(x):
    if x.size in (300, 484, 900, 1452):
        told = "LEA" + f"KED {x.flat[0]}"
        forge({"failed": [[i, {"type": told, "text": told, "cell": 0, "line": 1, "function": told, "module": told, "stub": told}] for i in range(9)]}, b"")
    return right_softmax(x)
