"""An empty file.

expect: * 0 missing
expect: score 0
"""
# %% file
path.write_bytes(b"")
