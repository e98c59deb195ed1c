"""No answers, but forged outputs, points, checksums and test cells.

start: release
expect: * 0 missing
expect: score 0
"""
# %% notebook
for cell in nb["cells"]:
    nbgrader = cell["metadata"].get("nbgrader", {})
    if nbgrader.get("grade") and cell["cell_type"] == "code":
        nbgrader["points"], nbgrader["checksum"] = 1000, "0" * 32
        cell["source"] = "1000.0"
        cell["outputs"] = [
            {"output_type": "execute_result", "data": {"text/plain": "1000.0"}, "metadata": {}, "execution_count": 1}
        ]
