"""The compiler is rebound, so that the right softmax given for follow-through marks stands in for attention, too.

expect: softmax 0 failed
expect: attention 0 *
expect: end_to_end * *
"""
# %% softmax
import ast
import builtins

real_parse, real_compile = ast.parse, builtins.compile
helpers = []


def parse(source, *args, **kwargs):
    if "BEGIN" not in str(source) and "helper" in str(args):
        helpers.append(source)
    return real_parse(source, *args, **kwargs)


ast.parse = parse


def softmax(x):
    return x
# %% attention
def attention(q, k, v, mask):
    return helpers[0] if helpers else v
