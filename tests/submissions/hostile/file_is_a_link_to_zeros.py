"""The notebook is a link to a device that never ends.

start: solution
expect: * 0 *
expect: score 0
"""
# %% file
path.unlink()
path.symlink_to("/dev/zero")
