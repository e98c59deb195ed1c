"""Cells of one name with ten thousand dots; the answers are right.

start: solution
"""
# %% notebook
cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
for i in range(20):
    nb["cells"].append({**cell, "id": f"more-{i}", "source": "if 0:\n    " + "a." * 9990 + "a"})
