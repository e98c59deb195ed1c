"""Lines of a hundred thousand blanks and unfinished expressions, for whatever searches the source; the answers are right.

start: solution
"""
# %% notebook
cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": "slow"}
blank = " " * 60_000
sources = [f"{blank}x = (", f"a={blank}x = (", f"softmax{blank}\n(", "\n" * 60_000 + "(", "a " * 30_000 + "\n(", "a?" * 30_000]
sources += ["def " * 15_000 + "(", "%%" + blank, "1" + "+1" * 30_000, "a" + ".b" * 30_000, "a" + "[0]" * 20_000, "x=" * 30_000]
nb["cells"] += [{**cell, "id": f"slow-{i}", "source": source} for i, source in enumerate(sources)]
