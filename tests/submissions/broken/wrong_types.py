"""Metadata, outputs and cells of the wrong types; the answers are right.

start: solution
"""
# %% notebook
for cell in nb["cells"]:
    cell["outputs"], cell["execution_count"] = "none", {"a": [1]}
    cell["id"] = 7
    cell["metadata"]["nbgrader"] = cell["metadata"].get("nbgrader", 5)
    if isinstance(cell["metadata"]["nbgrader"], dict):
        cell["metadata"]["nbgrader"] |= {"points": "many", "schema_version": [], "checksum": None}
nb["cells"] += [None, 3, "cell", [], {}, {"cell_type": "code", "source": 9}]
nb["metadata"] = {"kernelspec": 4, "language_info": [], "celltoolbar": None}
