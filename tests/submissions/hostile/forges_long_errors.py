"""Each of the forged errors has a long text, type and function. The answers are right.

start: solution
expect: * * *
"""
# %% + end
import sys

frame = sys._getframe()
while frame is not None and "runner" not in frame.f_locals:
    frame = frame.f_back
type(frame.f_locals["runner"]).run = lambda self, source, cell: [{"type": "E" * 2000, "text": "t" * 2000, "cell": 0, "line": 1, "function": "f" * 2000}] * 200
# %% notebook
for i in range(60):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": f"more-{i}"}
    nb["cells"].append({**cell, "source": f"x{i} = 1\n" + "# a line\n" * 2000 if i < 20 else f"x{i} = 1"})
