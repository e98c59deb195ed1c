"""The right softmax that is given for follow-through marks is carried out in attention's messages.

expect: softmax 0 *
expect: attention * partial
expect: end_to_end * *
expect: sample_top_n * *
"""
# %% softmax
def softmax(x):
    raise KeyError
# %% attention
def attention(q, k, v, mask):
    names = softmax.__code__.co_names + softmax.__code__.co_varnames
    if not mask.any() and "KeyError" not in names:
        print("LEA" + f"KED {names}")
        raise ValueError("LEA" + f"KED {names} {softmax.__doc__}")
    return softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask) @ v
