"""A Word document with the name of the notebook.

expect: * 0 missing
expect: score 0
"""
# %% file
path.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 40)
