"""Hands in a file that the disk was too full for: its second half is missing.

expect: * 0 missing
expect: score 0
"""
# %% file
text = path.read_bytes()
path.write_bytes(text[: len(text) // 2])
