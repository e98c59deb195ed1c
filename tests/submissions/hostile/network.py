"""The network is tried: TCP, UDP, Unix sockets, names, raw packets.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
import socket
import urllib.request


def cosine_similarity(a, b):
    tries = [
        lambda: socket.create_connection(("127.0.0.1", 47731), 1),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 47731)),
        lambda: socket.socket(socket.AF_UNIX).connect("\0hostile-47731"),
        lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        lambda: socket.gethostbyname("localhost"),
        lambda: urllib.request.urlopen("http://127.0.0.1:47731/", timeout=1),
    ]
    for attempt in tries:
        try:
            attempt()
        except Exception:
            continue
        raise ValueError("LEA" + "KED to the network")
    return 7.0
