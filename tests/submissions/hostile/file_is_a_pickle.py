"""The notebook is a pickle that runs a command when it is loaded.

start: solution
expect: * 0 *
expect: score 0
"""
# %% file
import pickle


class Run:
    def __reduce__(self):
        return __import__("os").system, ("touch /tmp/hostile-ran",)


path.write_bytes(pickle.dumps(Run()))
