"""The notebook is a socket.

start: solution
expect: * 0 *
expect: score 0
"""
# %% file
import socket

path.unlink()
listening = socket.socket(socket.AF_UNIX)
listening.bind(str(path))
listening.close()
