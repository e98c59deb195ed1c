"""A cell's forged reply lists four thousand errors, and three hundred cells follow. The answers are right.

start: solution
expect: * * *
"""
# %% + end
import sys

frame = sys._getframe()
while frame is not None and "runner" not in frame.f_locals:
    frame = frame.f_back
type(frame.f_locals["runner"]).run = lambda self, source, cell: [{"type": "KeyError", "text": "x", "cell": 0, "line": 1}] * 4000
# %% notebook
for i in range(300):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": f"more-{i}"}
    nb["cells"].append({**cell, "source": f"x{i} = 1\n" + "# a line\n" * 2000 if i < 20 else f"x{i} = 1"})
