"""Fifty cells of 9,990 blank lines, on which a highlighter spends its square; the answers are right.

start: solution
"""
# %% notebook
cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
for i in range(50):
    nb["cells"].append({**cell, "id": f"more-{i}", "source": "a = 1\n" + " \n" * 9990 + "b = 2"})
