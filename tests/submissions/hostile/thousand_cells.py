"""A thousand added cells, each a little slow to parse; the answers are right.

start: solution
"""
# %% notebook
for i in range(1000):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": f"more-{i}"}
    nb["cells"].append({**cell, "source": f"x{i} = [" + "1, " * 100 + "]"})
