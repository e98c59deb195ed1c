"""The notebook is a link to itself.

start: solution
expect: * 0 *
expect: score 0
"""
# %% file
path.unlink()
path.symlink_to(path)
