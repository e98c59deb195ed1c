"""Outputs that say full marks are stored under every test cell of an untouched notebook.

start: release
expect: * 0 missing
expect: score 0
"""
# %% notebook
for cell in nb["cells"]:
    if cell["metadata"].get("nbgrader", {}).get("grade"):
        points = cell["metadata"]["nbgrader"].get("points", 10)
        cell["outputs"] = [
            {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": f"{points}.0"}},
            {"output_type": "stream", "name": "stdout", "text": ["all passed"]},
        ]
        cell["execution_count"] = 1
