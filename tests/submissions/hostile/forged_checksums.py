"""Checksums, locks and schema versions are forged, and graded cells are said not to be graded.

start: release
expect: * 0 missing
"""
# %% notebook
for cell in nb["cells"]:
    if "nbgrader" in cell["metadata"]:
        forged = {"checksum": "0" * 32, "locked": False, "schema_version": 99, "grade": False, "solution": False, "task": True}
        cell["metadata"]["nbgrader"].update(forged)
