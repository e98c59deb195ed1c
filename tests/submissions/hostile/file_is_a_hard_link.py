"""The notebook is a hard link to another file of the course.

start: solution
expect: * 0 *
expect: score 0
"""
# %% file
path.unlink()
path.hardlink_to(path.parents[3] / "gradebook.db")
