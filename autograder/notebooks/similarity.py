"""Groups of notebooks whose answers are nearly the same: a prompt to look, not an accusation.

A notebook is seen as the set of its statements, each a syntax tree without names of the student's own, numbers, texts,
comments and the order of what may be swapped. Statements that the release shows, or that many in the class wrote the
same way, say nothing and are left out; what is left must be large enough, and most of it shared.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from autograder.errors import CannotGrade
from autograder.notebooks.opening import Unreadable, open_notebook
from autograder.notebooks.submission import Release, normal, read
from autograder.source_code import tree

SIZE = 60  # names, operations and numbers that two notebooks must share: about six lines of NumPy
ALIKE = 0.7  # share of what the two have together
FEW = 4  # a statement of at most so many notebooks counts in a class of any size; else of a quarter of the class
CROWD = 50  # ... and never of more than this, which keeps the work linear in the size of the class
KEPT = {*dir(builtins), "np", "numpy", "math"}  # names that mean the same in every notebook

Profile = dict[str, str]  # statement -> the exercise (or cell) where it stands


@dataclass(frozen=True)
class Group:
    """Notebooks that are nearly the same: who, to what share (0 to 1; of the pair that is least alike), and where.

    `answers` holds what the first two of them wrote there.
    """

    members: list[str]
    alike: float
    where: list[str]
    answers: list[str]


def groups(notebooks: dict[str, Path], release: Release) -> list[Group]:
    """The groups among notebooks (by student), the largest shared part first. Unreadable notebooks are left out."""
    shown = {statement for source in release.sources for statement in statements(source, release)}
    profiles = {student: profile(path, release, shown) for student, path in notebooks.items()}
    holders = defaultdict(list)
    for student, own in profiles.items():
        for statement in own:
            holders[statement].append(student)
    # What many wrote alike was on the blackboard or in the textbook: it tells of no copying.
    few = min(max(FEW, len(profiles) // 4), CROWD)
    telling = {statement: (len(who) <= few) * size(statement) for statement, who in holders.items()}
    whole = {student: sum(telling[s] for s in own) for student, own in profiles.items()}
    shared: Counter[tuple[str, str]] = Counter()
    for statement, who in holders.items():
        if telling[statement]:
            shared.update(dict.fromkeys(combinations(who, 2), telling[statement]))
    # Jaccard's index, weighted by size: what both have, over what either has.
    alike = {(a, b): n / (whole[a] + whole[b] - n) for (a, b), n in shared.most_common() if n >= SIZE}
    alike = {pair: share for pair, share in alike.items() if share >= ALIKE}
    result = []
    for members in connected(alike):
        common = set.intersection(*(set(profiles[m]) for m in members))
        found = {profiles[members[0]][s] for s in common if telling[s]}
        where = sorted(found, key=[*release.solutions, *sorted(found)].index)
        least = min(share for pair, share in alike.items() if pair[0] in members)
        result.append(Group(members, least, where, [answer(notebooks[m], release, where) for m in members[:2]]))
    return result


def answer(path: Path, release: Release, where: list[str]) -> str:
    return "\n\n".join(cell.source.strip() for cell in read(open_notebook(path), release).cells if cell.where in where)


def connected(pairs: dict[tuple[str, str], float]) -> list[list[str]]:
    """Pairs joined into groups, in the order in which the pairs come."""
    found: list[list[str]] = []
    for pair in pairs:
        touched = [group for group in found if set(group) & set(pair)]
        joined = list(dict.fromkeys([student for group in touched for student in group] + list(pair)))
        place = found.index(touched[0]) if touched else len(found)
        found = [group for group in found if group not in touched]
        found.insert(place, joined)
    return found


def profile(path: Path, release: Release, shown: set[str]) -> Profile:
    """A notebook's own statements: none that the release shows, none of a cell that is no Python."""
    try:
        cells = read(open_notebook(path), release).cells
    except (Unreadable, CannotGrade):
        return {}
    mine = [(s, c.where) for c in cells if normal(c.source) not in release.setup for s in statements(c.source, release)]
    return {statement: where for statement, where in reversed(mine) if statement not in shown}


def statements(source: str, release: Release) -> list[str]:
    """The normalised statements of a cell, without what is only a frame: imports, docstrings, def and class lines."""
    frame = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Pass)
    kept = KEPT | set(release.solutions)
    # A text that stands alone, a docstring for one, has the shape `(Expr 0)`, which says nothing.
    nodes = [node for node in ast.walk(tree(source) or ast.Module([], [])) if isinstance(node, ast.stmt)]
    try:
        return [
            text for node in nodes if not isinstance(node, frame) and len(text := shape(node, kept)) > len("(Expr 0)")
        ]
    except RecursionError:
        return []


def shape(node: object, kept: set[str]) -> str:
    """A syntax tree as text that other names, numbers and orders do not change; of a block, its first line alone."""
    match node:
        case ast.Name(id=name):
            return name if name in kept else "_"
        case ast.arg():
            return "_"
        case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return "0"
        case ast.BinOp(op=(ast.Add() | ast.Mult()) as op):
            return f"({type(op).__name__} {' '.join(sorted(shape(term, kept) for term in terms(node, type(op))))})"
        case ast.AST():
            # The statements of a block are counted by themselves; `ctx` only says whether a name is read or set.
            left_out = {"ctx", "body", "orelse", "finalbody", "handlers", "annotation"}
            if isinstance(node, ast.Lambda | ast.IfExp):  # their bodies are expressions
                left_out = {"ctx"}
            parts = [shape(value, kept) for field, value in ast.iter_fields(node) if field not in left_out]
            return f"({' '.join([type(node).__name__, *filter(None, parts)])})"
        case list():
            parts = [shape(child, kept) for child in node]
            return " ".join(sorted(parts) if node and isinstance(node[0], ast.keyword) else parts)
        case str():
            return node
        case _:
            return ""


def terms(node: ast.expr, kind: type) -> list[ast.expr]:
    """The terms of a sum or the factors of a product, however they are bracketed."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, kind):
        return terms(node.left, kind) + terms(node.right, kind)
    return [node]


def size(statement: str) -> int:
    return len(re.findall(r"\w+", statement))
