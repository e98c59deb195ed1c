"""A student's source code as text: its lines, and the names that it defines; parsed where size bounds the cost."""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache

MAX_CELL = 80_000  # characters of one cell; a longer one is neither parsed nor run


UNPARSED = re.compile(r"^[ \t]*(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*=(?!=)", re.M)


def lines(source: str) -> list[str]:
    """The lines as Python counts them: a form feed or U+2028 ends none."""
    return re.split("\r\n|\r|\n", source)


@lru_cache(1)  # each cell is asked about twice
def tree(source: str) -> ast.Module | None:
    """The syntax tree, or None for what is no Python or too long."""
    # ast.parse was seen to need 600 times the memory of its source (10 MB of `a\n`: 5.75 GB).
    if len(source) > MAX_CELL:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about their code, and not for the grader's terminal
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def defined(source: str) -> list[str]:
    """The names that the source gives a value at its top level, by whatever statement, in its order.

    Of what is no Python, the names that it plainly was to define.
    """
    found: list[str] = []
    if (module := tree(source)) is None:
        return list(dict.fromkeys(name or other for name, other in UNPARSED.findall(source[:MAX_CELL])))
    pending: list[ast.AST] = [module]
    while pending:
        match node := pending.pop():
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.append(name)
                continue
            case ast.Name(id=name, ctx=ast.Store()) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.append(name)
            case ast.alias(name=name, asname=other):
                found.append(other or name.split(".")[0])
            case ast.Lambda() | ast.AnnAssign(value=None):
                continue
            case ast.comprehension(iter=iterable, ifs=conditions):  # its own target is local to it
                pending += [iterable, *conditions]
                continue
        # Reversed, for the last one is taken first: names come in the order of the source.
        pending += reversed(list(ast.iter_child_nodes(node)))
    return list(dict.fromkeys(found))
