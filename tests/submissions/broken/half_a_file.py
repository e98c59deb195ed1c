"""A file whose second half is missing: the disk was full.

expect: * 0 missing
expect: score 0
"""
# %% file
text = path.read_bytes()
path.write_bytes(text[: len(text) // 2])
