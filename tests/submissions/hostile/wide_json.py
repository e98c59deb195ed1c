"""A hundred thousand empty cells and metadata a thousand levels deep; the answers are right.

start: solution
"""
# %% notebook
deep = {}
for _ in range(400):
    deep = {"deeper": deep}
nb["metadata"]["deep"] = deep
nb["cells"] += [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": ""}] * 20_000
