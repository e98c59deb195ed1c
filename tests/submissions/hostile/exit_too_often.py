"""Twenty added cells end the process; at some point grading gives up on what comes after them.

expect: * 0 *
"""
# %% notebook
for i in range(20):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": f"exit-{i}"}
    nb["cells"].insert(1, {**cell, "source": f"import os\nos._exit({i})"})
