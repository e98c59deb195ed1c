"""Ten thousand threads that never end; the answers are right.

start: solution
"""
# %% + end
import threading
import time

for _ in range(10_000):
    threading.Thread(target=time.sleep, args=(1000,)).start()
