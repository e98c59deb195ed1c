"""The points in the metadata are a thousand, negative, NaN and missing; the functions are not written.

start: release
expect: * 0 missing
expect: score 0
"""
# %% notebook
values = iter([1000, -5, float("nan"), None, "all", 1e308] * 3)
for cell in nb["cells"]:
    if "nbgrader" in cell["metadata"]:
        cell["metadata"]["nbgrader"]["points"] = next(values)
        cell["metadata"]["nbgrader"]["score"] = 1000
