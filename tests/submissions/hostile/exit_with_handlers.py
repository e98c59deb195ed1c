"""Exit handlers that hang, print and write are registered; the answers are right.

start: solution
"""
# %% + end
import atexit
import os
import threading
import time
import weakref


@atexit.register
def last():
    os.write(3, b"last words")
    time.sleep(1000)


class Clinging:
    def __del__(self):
        while True:
            pass


clinging = Clinging()
weakref.finalize(clinging, last)
threading._register_atexit(last)
