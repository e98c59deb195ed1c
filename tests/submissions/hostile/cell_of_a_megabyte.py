"""A cell with more source than anybody writes; the answers are right.

start: solution
"""
# %% notebook
cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": "long"}
nb["cells"].append({**cell, "source": "# " + "x" * 500_000})
