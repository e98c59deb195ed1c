"""Rows by a pool of threads, sums by a thread: slower than one, and right."""
# %% softmax
from concurrent.futures import ThreadPoolExecutor
from threading import Thread


def softmax(x):
    def of_a_row(row):
        e = np.exp(row - row.max())
        return e / e.sum()

    rows = np.reshape(x, (-1, x.shape[-1]))
    with ThreadPoolExecutor() as pool:
        return np.reshape(list(pool.map(of_a_row, rows)), x.shape)


# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    found = {}
    threads = [
        Thread(target=lambda: found.update(mean=x.mean(-1, keepdims=True))),
        Thread(target=lambda: found.update(variance=x.var(-1, keepdims=True))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return g * (x - found["mean"]) / np.sqrt(found["variance"] + eps) + b
