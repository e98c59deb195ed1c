"""An unknown kernel that would run a shell; the answers are right.

start: solution
"""
# %% notebook
nb["metadata"]["kernelspec"] = {"name": "no-such-kernel", "display_name": "sh", "language": "bash"}
nb["metadata"]["language_info"] = {"name": "bash", "file_extension": ".sh"}
