"""One mistake is paid for once: right functions in place of a student's wrong ones, however these are reached.

In a new candidate, after the student's cells, the grader's own code below makes every function named behave as a right
one. It changes the function objects themselves, so that an alias, a closure, a default argument or a `partial` of it is
right as well. The right one takes what it is given: positions or names, axis or dim, a temperature, a mask to be added.

Often the wrong lines stand in a helper that the function only calls, and others call the helper directly. Which of the
helpers is meant nobody can tell, so each is tried, and the best result counts.
"""

from __future__ import annotations

import inspect
from functools import cache

from gptkit.checks.core import Failed

from autograder.sandbox.proxy import Candidate

HELPERS = 4  # of a function's helpers, at most so many are tried


def source(names: list[str], helper: int) -> str:
    """A cell that replaces the named functions, and the `helper`-th helper of softmax too (0: none)."""
    if "softmax" not in names:  # nothing in the notebook calls the others
        return "def __helpers__(): return 0"
    return f"{replacement()}\n__helpers__ = replace_softmax(globals(), {helper})\n"


@cache
def replacement() -> str:
    """The text of `replace_softmax`, which takes milliseconds to find."""
    return inspect.getsource(replace_softmax)


def helpers(candidate: Candidate) -> int:
    """How many helpers there are to try. What the candidate says is bounded: it may be anything."""
    try:
        count = candidate.function("__helpers__")()
    except Failed:
        return 0
    return min(count, HELPERS) if type(count) is int else 0


def replace_softmax(space, helper):
    """Runs in the candidate, where names such as `max` or `np` may mean anything: all it needs it imports itself."""
    import builtins as b
    import types

    import numpy

    def softmax(*args, **named):
        # An array that comes by name is the scores, or a mask; its name does not matter.
        args = [*args, *(named[n] for n in named if b.isinstance(named[n], numpy.ndarray))]
        # `b` is `builtins`: the student may have rebound `max`, `len` or `list`.
        arrays = [
            numpy.asarray(a) for a in args if not b.isinstance(a, b.bool | b.int | b.float | b.str | None.__class__)
        ]
        numbers = [a for a in args[1:] if b.isinstance(a, b.int | b.float) and not b.isinstance(a, b.bool)]
        x = arrays[0] if arrays else numpy.asarray(args[0])
        x = x if x.dtype.kind == "f" else x.astype(float)
        # A mask is of booleans (where to look) or of numbers (to be added), as people write it.
        for mask in arrays[1:]:
            x = numpy.where(mask, x, -1e10) if mask.dtype == b.bool else x + mask
        for name in ("temperature", "temp", "t", "T", "tau"):
            x = x / named[name] if b.isinstance(named.get(name), b.int | b.float) else x
        # By name, else the first whole number among the positions, else the last axis, as the assignment has it.
        axis = named.get("axis", named.get("dim", next((n for n in numbers if b.isinstance(n, b.int)), -1)))
        axis = axis if b.isinstance(axis, b.int) and x.ndim and -x.ndim <= axis < x.ndim else -1
        e = numpy.exp(x - x.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    def make_right(old):
        """Give a function other code. Free variables are kept in number: Python asks for that."""
        code = (lambda *args, **named: __right_softmax__(*args, **named)).__code__  # noqa: F821
        old.__code__ = code.replace(co_freevars=old.__code__.co_freevars)
        old.__defaults__ = old.__kwdefaults__ = None
        old.__globals__["__right_softmax__"] = softmax

    space["__right_softmax__"] = softmax
    theirs = space.get("softmax")
    # These are functions of the notebook, and no helpers of softmax.
    known = ("cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n", "replace_softmax")
    functions = {n: f for n, f in b.list(space.items()) if b.isinstance(f, types.FunctionType) and n not in known}
    if b.isinstance(theirs, types.FunctionType):
        called = b.set(theirs.__code__.co_names)
    else:  # misspelt, deleted, overwritten: what is called nearly so is meant
        called = {n for n in functions if "softmax" in n.lower().replace("_", "")}
    # In the order of their definition, so that a number means the same helper in each new candidate.
    found = [f for n, f in functions.items() if n in called and not n.startswith("__")]
    for old in [theirs, *found[helper - 1 : helper]] if helper else [theirs]:
        if b.isinstance(old, types.FunctionType):
            make_right(old)
    if not b.isinstance(theirs, types.FunctionType):
        # A `softmax` that is no Python function has no code to be replaced: its names are bound anew instead.
        for name in [n for n, value in b.list(space.items()) if value is theirs and theirs is not None]:
            space[name] = softmax
        space["softmax"] = softmax
    return lambda: b.len(found)
