"""A thread waits until grading has begun and then ends the process: how far it got is chance, and its own doing.

start: solution
expect: * * *
"""
# %% + end
import os
import threading
import time


def later():
    time.sleep(0.01)
    os._exit(0)


threading.Thread(target=later, daemon=True).start()
threading.Timer(0.01, later).start()
