"""A forged reply is written to the pipe while a cell runs; the answers are right.

start: solution
"""
# %% + end
import os

header = b'{"id": "0000000000000000", "errors": [], "changed": [], "values": []}'
for fd in range(3, 64):
    try:
        os.write(fd, len(header).to_bytes(4, "big") + header)
    except OSError:
        pass
