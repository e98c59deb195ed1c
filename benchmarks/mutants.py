"""Right programs rewritten, and wrong ones made by changing one thing in a right one, to try the diagnosis on.

    python benchmarks/mutants.py [--wrong N] [--right N] [--read N] [--json FILE]

A change is one place of the syntax tree: an operator, an axis, a constant, a function, an order, a part left out. What
is told is held against the mutant on inputs that neither the probes nor the proofs use: a name must return what the
catalogue's function returns there, and a measured function must be off there too. All programs run in this process.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import random
import runpy
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from gptkit import weights
from gptkit.checks.cases import gates, same
from gptkit.checks.core import Failed, Local, Result, run
from picoGPT import gpt2_pico

from autograder.exercises import EXERCISES, modules
from autograder.exercises.hidden_data import Hidden

RIGHT = Path(__file__).parents[1] / "tests" / "cases" / "right.py"
NAMES = ("cosine_similarity", "softmax", "layer_norm", "attention")
PLAIN = {  # the usual ways, besides those of tests/cases
    "cosine_similarity": [
        "return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))",
        "return np.sum(a * b) / np.sqrt(np.sum(a ** 2) * np.sum(b ** 2))",
        "dot = (a * b).sum()\nlength_a = np.sqrt((a * a).sum())\nlength_b = np.sqrt((b * b).sum())\n"
        "return dot / length_a / length_b",
        "u = a / np.linalg.norm(a)\nw = b / np.linalg.norm(b)\nreturn float(np.dot(u, w))",
    ],
    "softmax": [
        "e = np.exp(x - np.max(x, axis=-1, keepdims=True))\nreturn e / np.sum(e, axis=-1, keepdims=True)",
        "z = x - x.max(axis=-1)[..., None]\ne = np.exp(z)\ntotal = e.sum(axis=-1)[..., None]\nreturn e / total",
        "z = x - x.max(-1, keepdims=True)\nreturn np.exp(z - np.log(np.exp(z).sum(-1, keepdims=True)))",
    ],
    "layer_norm": [
        "mean = np.mean(x, axis=-1, keepdims=True)\nvariance = np.var(x, axis=-1, keepdims=True)\n"
        "return g * (x - mean) / np.sqrt(variance + eps) + b",
        "mu = x.mean(axis=-1, keepdims=True)\nd = x - mu\nvar = (d ** 2).mean(axis=-1, keepdims=True)\n"
        "y = d / np.sqrt(var + eps)\nreturn y * g + b",
        "mu = x.mean(axis=-1)[..., None]\ns = x.std(axis=-1)[..., None]\n"
        "return (x - mu) * (s ** 2 + eps) ** -0.5 * g + b",
    ],
    "attention": [
        "scores = q @ k.T / np.sqrt(q.shape[-1])\nreturn softmax(scores + mask) @ v",
        "d_k = k.shape[1]\ns = np.matmul(q, k.T) / d_k ** 0.5 + mask\ne = np.exp(s - s.max(axis=-1, keepdims=True))\n"
        "w = e / e.sum(axis=-1, keepdims=True)\nreturn np.matmul(w, v)",
        "s = np.einsum('id,jd->ij', q, k) * (1 / np.sqrt(q.shape[-1])) + mask\n"
        "return np.einsum('ij,jd->id', softmax(s), v)",
    ],
}
PARAMETERS = {
    "cosine_similarity": "a, b",
    "softmax": "x",
    "layer_norm": "x, g, b, eps=1e-5",
    "attention": "q, k, v, mask",
}


@cache
def programs() -> list[tuple[str, str]]:
    """(exercise, source) of right programs."""
    found = [(exercise, source) for _, exercise, source in runpy.run_path(str(RIGHT))["H"] if exercise in NAMES]
    for name, bodies in PLAIN.items():
        for body in bodies:
            lines = "".join(f"    {line}\n" for line in body.split("\n"))
            found.append((name, f"import numpy as np\ndef {name}({PARAMETERS[name]}):\n{lines}"))
    return [(e, s) for e, s in found if "torch" not in s and "doctest" not in s]


# ---- Wrong: one change ----

OPERATORS = {ast.Add: [ast.Sub, ast.Mult], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult]}
CALLS = {
    "exp": ["exp2", "expm1", "square", "abs"],
    "max": ["min", "mean", "sum"],
    "amax": ["amin", "mean"],
    "sum": ["mean", "max", "prod"],
    "mean": ["median", "max", "sum"],
    "var": ["std", "ptp"],
    "std": ["var"],
    "sqrt": ["square", "cbrt", "abs"],
    "dot": ["outer"],
    "log": ["log2", "log1p"],
}


def changes(node: ast.AST, names: list[str]) -> Iterator[Callable[[], ast.AST]]:
    """What can stand in the place of a node of a right program; each makes the new node."""
    if isinstance(node, ast.BinOp):
        for other in OPERATORS.get(type(node.op), []):
            yield lambda o=other: ast.BinOp(node.left, o(), node.right)
        if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
            yield lambda: ast.BinOp(node.right, node.op, node.left)
        yield lambda: node.left
        yield lambda: node.right
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value = node.value
        for other in {0: [1], 1: [0, 2], 2: [3, 1], 0.5: [0.25, 1, 2], -0.5: [0.5, -1]}.get(
            value, [2 * value, value / 2]
        ):
            yield lambda o=other: ast.Constant(o)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        for other in (0, 1, None):
            yield lambda o=other: ast.Constant(o)
    if isinstance(node, ast.Call):
        for i, word in enumerate(node.keywords):
            if word.arg in ("axis", "keepdims", "dtype"):
                yield lambda i=i: ast.Call(node.func, node.args, node.keywords[:i] + node.keywords[i + 1 :])
        if len(node.args) > 1:
            yield lambda: ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
        if node.args and isinstance(node.func, ast.Attribute) and node.func.attr in ("exp", "sqrt", "log", "square"):
            yield lambda: node.args[0]
    if isinstance(node, ast.Attribute):
        for other in CALLS.get(node.attr, []):
            yield lambda o=other: ast.Attribute(node.value, o, ast.Load())
        if node.attr == "T":
            yield lambda: node.value
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        for other in names:
            if other != node.id:
                yield lambda o=other: ast.Name(o, ast.Load())


class Replace(ast.NodeTransformer):
    """Puts a new node in the place of the one that is number `at` in walking order."""

    def __init__(self, old: ast.AST, new: ast.AST):
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else super().generic_visit(node)


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """(what changed, source) of every program that one change makes of a right one."""
    tree = ast.parse(source)
    defined = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.Lambda)]
    names = sorted({a.arg for f in defined for a in f.args.args} - {"self"})
    inside = [n for f in defined for n in ast.walk(f)]
    for i, node in enumerate(inside):
        for make in changes(node, names):
            fresh = copy.deepcopy(tree)
            again = [f for f in ast.walk(fresh) if isinstance(f, ast.FunctionDef | ast.Lambda)]
            place = [n for f in again for n in ast.walk(f)][i]
            new = ast.fix_missing_locations(Replace(place, copy.deepcopy(make())).visit(fresh))
            try:
                yield f"{ast.unparse(node)} -> {ast.unparse(make())}", ast.unparse(new)
            except (ValueError, AttributeError):
                continue


# ---- Right: rewritten ----


class Rewrite(ast.NodeTransformer):
    """Another way of writing the same: operands the other way round, roots as powers, fractions as products."""

    def __init__(self, chance: random.Random):
        self.chance = chance

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult) and self.chance.random() < 0.4 and not strings(node):
            return ast.BinOp(node.right, node.op, node.left)
        if isinstance(node.op, ast.Div) and self.chance.random() < 0.3:
            return ast.BinOp(node.left, ast.Mult(), ast.BinOp(ast.Constant(1.0), ast.Div(), node.right))
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if ast.unparse(node.func) == "np.sqrt" and len(node.args) == 1 and self.chance.random() < 0.4:
            return ast.BinOp(node.args[0], ast.Pow(), ast.Constant(0.5))
        return node


def strings(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Constant | ast.List | ast.Tuple) and not number(n) for n in ast.walk(node))


def number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def rewritten(source: str, exercise: str, chance: random.Random) -> str:
    """A right program in another writing: order, precision, names."""
    tree = ast.fix_missing_locations(Rewrite(chance).visit(ast.parse(source)))
    text = ast.unparse(tree)
    kind = chance.choice(["", "", "float32", "float64"])
    if kind:
        text += f"\n_inner = {exercise}\ndef {exercise}(*args):\n"
        text += f"    return _inner(*(np.asarray(a, np.{kind}) if isinstance(a, np.ndarray) else a for a in args))\n"
        text = text if "import numpy as np" in text else f"import numpy as np\n{text}"
    for old in ("e", "s", "w", "z", "mean", "mu", "scores", "c", "p"):
        if chance.random() < 0.5:
            text = renamed(text, old, f"{old}_{chance.randrange(9)}")
    return text


def renamed(text: str, old: str, new: str) -> str:
    tree = ast.parse(text)
    if any(isinstance(n, ast.arg) and n.arg == old for n in ast.walk(tree)):
        return text
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == old and old in stored:
            node.id = new
    return ast.unparse(tree)


# ---- What a mutant is told, and whether it holds elsewhere ----


@dataclass
class Tried:
    """One program, and what it was told."""

    exercise: str
    change: str
    source: str
    results: list[Result]
    ordinary: bool  # whether all that came back was numbers of the right shape
    shows: str | None  # what would be told of it, whether it failed or not
    false: str | None = None  # what was told and does not hold

    @property
    def failed(self) -> list[Result]:
        return [r for r in self.results if not r.passed]

    @property
    def cause(self) -> Result | None:
        return next((r for r in self.failed if r.mistake or r.measured), None)

    @property
    def kind(self) -> str:
        """right, named, measured, said (an exception, NaN, a shape, no number: the verdict is a fact), or mute."""
        if not self.failed:
            return "right"
        if self.cause:
            return "named" if self.cause.mistake else "measured"
        return "mute" if self.ordinary else "said"


class TooLong(BaseException):
    """A mutant that does not end."""


def on_alarm(*_: Any) -> None:
    raise TooLong


def try_one(exercise: str, source: str, hidden: Hidden, change: str = "") -> Tried | None:
    """Run all checks on a program; None where it cannot be run at all."""
    space: dict[str, Any] = {"softmax": gpt2_pico.softmax, "np": np}
    signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        with warnings.catch_warnings(action="ignore"):
            exec(compile(source, "<mutant>", "exec"), space)
            student = Local(space[exercise], exercise)
            results = run(EXERCISES[exercise].checks, student, hidden)
            cause = modules()[exercise].stored.cause(student)
            tried = Tried(exercise, change, source, results, ordinary(exercise, student), cause and cause.fact)
    except (TooLong, Exception):
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        warnings.resetwarnings()
    if tried.cause:  # outside: a fault of ours is none of the mutant's
        signal.setitimer(signal.ITIMER_REAL, 5)
        try:
            tried.false = refuted(exercise, tried.cause, space[exercise])
        except TooLong:
            return None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return tried


def ordinary(exercise: str, student: Local) -> bool:
    """Whether every answer to the stored cases is an array of numbers of the right shape, none of them NaN."""
    stored = modules()[exercise].stored
    try:
        kept = stored.answers(student)
        for case in stored.cases:
            gates(exercise, case, kept[case])
    except Failed:
        return False
    return all(not isinstance(answer, Failed) for answer in kept.values())


def refuted(exercise: str, told: Result, function: Callable) -> str | None:
    """What was told, where it does not hold on inputs of another seed."""
    drawn = [
        tuple(np.asarray(a, np.float32) if isinstance(a, np.ndarray) else a for a in args) for args in fresh(exercise)
    ]
    catalogue = modules()[exercise].catalogue
    wrong = catalogue.mistakes()[told.mistake][0] if told.mistake else None
    off = False
    for args in drawn:
        got, exact = answer(function, args), answer(wrong or catalogue.reference, wide(args))
        if wrong and got is not None and exact is not None and stable(wrong, args) and not same(got, exact):
            return f"{told.mistake}: {told.message}"
        right = answer(catalogue.reference, wide(args))
        off = off or got is None or not same(got, right)
    return None if off or told.measured in ("signature", "fickle") else f"{told.measured}: {told.message}"


@cache
def fresh(exercise: str) -> list[tuple]:
    draws = modules()[exercise].catalogue.draws.values()
    return [args for seed in (11, 12, 13) for draw in draws for args in draw(np.random.default_rng(seed))]


def wide(args: tuple) -> tuple:
    return tuple(a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in args)


def stable(function: Callable, args: tuple) -> bool:
    short, exact = answer(function, args), answer(function, wide(args))
    return short is not None and exact is not None and same(short, exact)


def answer(function: Callable, args: tuple) -> np.ndarray | None:
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        try:
            result = np.asarray(function(*[a.copy() if isinstance(a, np.ndarray) else a for a in args]))
            return np.asarray(result, np.float64) if result.dtype.kind in "fiub" else None
        except Exception:
            return None


def wrong_ones(n: int) -> list[tuple[str, str, str]]:
    """(exercise, change, source) of n mutants, the same each time, spread over the exercises as the programs are."""
    chance = random.Random(5)
    bases = programs() + [(e, rewritten(source, e, chance)) for _ in range(2) for e, source in programs()]
    every = [(e, change, text) for e, source in bases for change, text in mutants(source)]
    seen = {text: (e, change, text) for e, change, text in every}
    found = list(seen.values())
    chance.shuffle(found)
    return found[:n]


def right_ones(n: int) -> list[tuple[str, str]]:
    chance, pool = random.Random(7), programs()
    return [(e, rewritten(s, e, chance)) for e, s in (chance.choice(pool) for _ in range(n))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wrong", type=int, default=5000, metavar="N", help="so many mutants at most")
    parser.add_argument("--right", type=int, default=2000, metavar="N", help="so many rewritten right programs")
    parser.add_argument("--read", type=int, default=0, metavar="N", help="print N of those told a cause, to be read")
    parser.add_argument("--json", metavar="FILE", type=Path)
    arguments = parser.parse_args()
    signal.signal(signal.SIGALRM, on_alarm)
    hidden = Hidden(weights.find("tiny"), "mutants")

    began = time.perf_counter()
    tried = [t for e, change, source in wrong_ones(arguments.wrong) if (t := try_one(e, source, hidden, change))]
    wrong = [t for t in tried if t.failed]
    each = 1000 * (time.perf_counter() - began) / max(len(tried), 1)
    for t in wrong:
        if t.false:
            print(f"false: {t.exercise}: {t.change}: {t.false}")
    for t in [t for t in wrong if t.kind == "mute"][:60]:
        print(f"mute: {t.exercise}: {t.change}: {t.failed[0].message} {t.failed[0].hint}")
    told = [t for t in wrong if t.cause]
    for t in random.Random(3).sample(told, min(arguments.read, len(told))):
        print(f"read: {t.exercise}: {t.change}\n      {t.cause.mistake or t.cause.measured}: {t.cause.message}")

    accused = []
    for exercise, source in right_ones(arguments.right):
        t = try_one(exercise, source, hidden)
        if t is None or t.failed or t.shows:
            accused.append(source)
            print(f"accused: {exercise}: {t and (t.failed[0].message if t.failed else t.shows)}\n{source}")

    table = {name: Counter(t.kind for t in tried if t.exercise == name) for name in NAMES}
    kinds = ("named", "measured", "said", "mute", "right")
    print(f"\n{'':20}" + "".join(f"{kind:>10}" for kind in kinds))
    for name, counts in table.items():
        print(f"{name:20}" + "".join(f"{counts[kind]:>10}" for kind in kinds))
    figures = {
        "mutants": len(wrong),
        "told_a_fact": sum(t.kind != "mute" for t in wrong) / max(len(wrong), 1),
        "told_a_cause": len(told) / max(len(wrong), 1),
        "false": sum(bool(t.false) for t in wrong) / max(len(wrong), 1),
        "rewritten": arguments.right,
        "rewritten_accused": len(accused) / max(arguments.right, 1),
        "ms": each,
    }
    print()
    for name, value in figures.items():
        print(f"{name:20}{value:>10.4g}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"figures": figures}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
