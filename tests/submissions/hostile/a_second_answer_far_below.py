"""A wrong softmax far down, where it might be neither run nor seen, must not be hidden; the answers are right.

start: solution
"""
# %% notebook
cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
for i in range(1200):
    nb["cells"].append({**cell, "id": f"more-{i}", "source": f"x{i} = 1"})
nb["cells"].append({**cell, "id": "last", "source": "softmax = None"})
