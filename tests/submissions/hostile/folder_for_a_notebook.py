"""The notebook is a folder.

expect: * 0 *
expect: score 0
"""
# %% file
path.unlink()
path.mkdir()
