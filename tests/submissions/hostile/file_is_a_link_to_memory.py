"""The notebook is a link to the grader's own environment.

start: solution
expect: * 0 *
expect: score 0
"""
# %% file
path.unlink()
path.symlink_to("/proc/self/environ")
