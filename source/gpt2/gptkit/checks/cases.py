"""Values to compare a student's results with, and the fingerprints of known mistakes.

An exercise's visible cases lie in `data/<exercise>.npz`: inputs, what is expected, and what each known mistake would
return. `Stored.compare` looks at a function's results in three steps: gates (is it an array of the right shape?),
values, and, when something is wrong, the diagnosis: a mistake is named when it returns what the student returned on
every stored case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gptkit.checks.core import ENDS, Failed, Student, kind_of
from gptkit.checks.words import arguments, numbers, question_about, question_after

DATA = Path(__file__).parent / "data"
RTOL, ATOL = 1e-4, 1e-5  # float32 honesty: what any order of the same operations keeps
NEAR = 3e-4  # how close a result must be to a mistake's, relative to its largest number, to be the same


@dataclass(frozen=True)
class Case:
    """Arguments for one call, and the result to expect.

    `shape` names the result's axes as the signature does ("[n_q, d_v]", or "" for one number); `label` is the kind of
    input, as the end of a sentence ("... for <label>"). `fingerprints` holds what known mistakes return here, None if
    they raise or if it depends on the precision.
    """

    args: tuple
    expected: np.ndarray
    label: str
    shape: str = ""
    shown: bool = True  # False for hidden cases, whose numbers no message may tell
    fingerprints: dict[str, np.ndarray | None] = field(default_factory=dict)


class Stored:
    """An exercise's data file, read when it is first needed."""

    def __init__(self, exercise: str, signature: str):
        self.exercise, self.names = exercise, [part.split("=")[0].strip() for part in signature[1:-1].split(",")]

    @cached_property
    def _content(self) -> tuple[dict[str, list[Case]], dict[str, list[str]]]:
        return load(DATA / f"{self.exercise}.npz")

    @property
    def groups(self) -> dict[str, list[Case]]:
        return self._content[0]

    @property
    def mistakes(self) -> dict[str, list[str]]:
        """The fact and the question of each known mistake, single ones before combinations."""
        return self._content[1]

    def compare(self, f: Student, cases: str | Sequence[Case], *, rtol: float = RTOL, atol: float = ATOL) -> None:
        """Raise Failed unless `f` returns what is expected for every case (a group's name stands for its cases).

        `rtol` is relative to each number, `atol` to a case's largest one. A call that raised is told before numbers
        that are off, and the smallest case before larger ones.
        """
        if isinstance(cases, str):
            kept, cases = self.answers(f), self.groups[cases]
            results = [kept[id(case)] for case in cases]
        else:
            results = results_of(f, cases)
        verdicts = [self._verdict(f.name, i, case, results[i], rtol, atol) for i, case in enumerate(cases)]
        found = [(v.status == "failed", cases[i].expected.size, i) for i, v in enumerate(verdicts) if v is not None]
        if not found:
            return
        verdict, mistake = verdicts[min(found)[2]], self.named(f)
        if mistake and verdict.status == "error":
            raise Failed(verdict.fact, mistake.question, mistake.mistake, verdict.status)
        raise mistake or verdict

    def _verdict(self, name: str, i: int, case: Case, result: Any, rtol: float, atol: float) -> Failed | None:
        """What is to be said of the result of the i-th case, if anything."""
        if isinstance(result, Failed):
            question = f"What differs in that line for {case.label}?" if i else question_after(result.fact)
            return Failed(result.fact, question, status=result.status)
        try:
            got = gates(name, case, result)
        except Failed as why:
            return why
        if close(got, case.expected, rtol, atol):
            return None
        question = question_about(got, case.expected)
        if not case.shown or case.expected.size > 12:
            return Failed(f"{name} returned other numbers than expected for {case.label}.", question)
        given = arguments(self.names, case.args)
        return Failed(f"{name}({given}) returned {numbers(got)}, not {numbers(case.expected)}.", question)

    def answers(self, f: Student) -> dict[int, Any]:
        """What `f` returns for all stored cases, by the case's id. Asked once for each function, in one message."""
        if not hasattr(f, "stored_answers"):
            cases = [case for group in self.groups.values() for case in group]
            f.stored_answers = dict(zip(map(id, cases), results_of(f, cases), strict=True))
        return f.stored_answers

    def unchanged(self, f: Student) -> None:
        """Raise Failed when calls of `f` so far have changed an argument in place."""
        if f.changed:
            names = " and ".join(self.names[i] for i in sorted(f.changed))
            fact = f"{f.name} changes {names}: after the call, the caller's array holds other numbers."
            raise Failed(fact, "Which line writes into an argument instead of making a new array?")

    def named(self, f: Student) -> Failed | None:
        """The known mistake that returns what `f` returns on the stored cases, as a Failed in its words; or None."""
        if not hasattr(f, "known_mistake"):
            cases = [case for group in self.groups.values() for case in group]
            f.known_mistake = diagnose(list(self.answers(f).values()), cases, self.mistakes)
        return Failed(*self.mistakes[f.known_mistake], mistake=f.known_mistake) if f.known_mistake else None


def gates(name: str, case: Case, result: Any) -> np.ndarray:
    """A result as an array, when it is one that can be compared. Raises Failed with the first reason why not."""
    if result is None:
        raise Failed(f"{name} returned None.", "Is there a return, and is it reached?")
    array = result if isinstance(result, np.ndarray) else None
    if isinstance(result, np.generic | int | float) and not isinstance(result, bool):
        array = np.asarray(result)
    if array is None:
        wanted = "a NumPy array" if case.shape else "one number"
        raise Failed(
            f"{name} returned {kind_of(result)} where {wanted} was expected.", "What does the return hand back?"
        )
    if array.shape != case.expected.shape:
        raise wrong_shape(name, case, array)
    if array.dtype.kind not in "fiu" or array.dtype.itemsize < 4 or (array.dtype.kind != "f" and case.shape):
        kind = f"numbers of type {array.dtype}" if case.shown else "other numbers"
        fact = f"{name} returned {kind}, not floating-point numbers of 32 or 64 bits."
        raise Failed(fact, "Which step cuts their decimals off?")
    if np.isnan(array).any():
        question = "Which step divides zero by zero, or takes infinity from infinity, there?"
        raise Failed(f"{name} returned NaN for {case.label}.", question)
    if np.isinf(array).any():
        question = "Which step divides by zero, or grows beyond the largest float, there?"
        raise Failed(f"{name} returned infinity for {case.label}.", question)
    return np.asarray(array, np.float64)


def wrong_shape(name: str, case: Case, array: np.ndarray) -> Failed:
    if not case.shape:
        fact = f"{name} returned an array of shape {list(array.shape)} where one number was expected."
        return Failed(fact, "Which operation turns two vectors into a single number?")
    got = f"an array of shape {list(array.shape)}" if array.ndim else "one number"
    wanted = f"{case.shape} = {list(case.expected.shape)}"
    if not case.shown:
        got, wanted = "an array of another shape" if array.ndim else got, case.shape
    fact = f"{name} returned {got} where {wanted} was expected for {case.label}."
    return Failed(fact, f"Where should each axis of {case.shape} come from?")


def close(got: np.ndarray, expected: np.ndarray, rtol: float = RTOL, atol: float = ATOL) -> bool:
    """Whether the numbers agree: to `rtol` of each, or `atol` of the largest (of 1 for a single number, or zeros)."""
    largest = np.abs(expected).max(initial=0.0) if expected.ndim else max(1.0, abs(float(expected)))
    return bool((np.abs(got - expected) <= rtol * np.abs(expected) + atol * (largest or 1.0)).all())


def results_of(f: Student, cases: Sequence[Case]) -> list[Any]:
    """What `f` returns for each case, in one message when all is well; a Failed in place of a call that raised.

    Raises Failed when `f` cannot be asked at all.
    """

    def one(case: Case) -> Any:
        try:
            return f(*case.args)
        except Failed as why:
            if why.status in ENDS:
                raise
            return why

    try:
        return f.many([case.args for case in cases])
    except Failed as why:
        if why.status in ENDS:
            raise
        return [one(case) for case in cases]


def diagnose(results: Sequence[Any], cases: Sequence[Case], mistakes: Iterable[str]) -> str | None:
    """The mistake that explains the results best, or None.

    It must not contradict any result, and agree with at least one that is wrong. A call where either the student or the
    mistake raised, but not both, neither supports nor contradicts: the same mistake can be written so that it raises or
    not. Of several that fit, the one that agrees with most results; of these, the first.
    """
    arrays = [as_array(r) for r in results]
    best, most = None, 0
    for name in mistakes:
        agreed, seen = 0, False
        for case, got in zip(cases, arrays, strict=False):
            known = case.fingerprints[name]
            if (known is None) != (got is None):
                continue
            if known is not None and not same(got, known):
                break
            agreed += 1
            seen = seen or (known is not None and not same(known, case.expected))
        else:
            if agreed > most and (seen or agreed == len(cases)):
                best, most = name, agreed
    return best


def as_array(result: Any) -> np.ndarray | None:
    """A result as float64 for the diagnosis, None if it raised; what is no numeric array fits no mistake."""
    if isinstance(result, Failed):
        return None
    array = np.asarray(result) if isinstance(result, np.ndarray | np.generic | int | float) else np.empty(0)
    return np.asarray(array, np.float64) if array.dtype.kind in "fiub" else np.empty(0)


def same(got: np.ndarray, known: np.ndarray) -> bool:
    """Whether two results are the same up to rounding, NaN and infinity included."""
    if got.shape != known.shape:
        return False
    finite = np.isfinite(known)
    if not finite.all():
        if not np.array_equal(got[~finite], known[~finite], equal_nan=True):
            return False
        got, known = got[finite], known[finite]
    return bool((np.abs(got - known) <= NEAR * np.abs(known).max(initial=0.01)).all())


def save(path: Path, groups: dict[str, list[Case]], mistakes: dict[str, list[str]]) -> None:
    """Write an exercise's data file: all numbers in one float32 array, all words and shapes in one JSON text."""
    flat: list[np.ndarray] = []

    def put(value: Any) -> Any:
        if value is None or isinstance(value, int | float):
            return value
        with np.errstate(over="ignore"):  # a mistake's number beyond float32 is kept as infinity
            flat.append(np.asarray(value, np.float32).ravel())
        return list(np.shape(value))

    def record(group: str, case: Case) -> list:
        given, expected = [put(a) for a in case.args], put(case.expected)
        return [group, case.label, case.shape, given, expected, [put(case.fingerprints[name]) for name in mistakes]]

    stored = [record(group, case) for group, cases in groups.items() for case in cases]
    text = json.dumps({"mistakes": mistakes, "cases": stored}, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, text=np.array(text), values=np.concatenate(flat))


def load(path: Path) -> tuple[dict[str, list[Case]], dict[str, list[str]]]:
    """The cases by group, and the mistakes' words, of a data file that `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        text, values = json.loads(str(file["text"])), file["values"]
    place = 0

    def take(kept: Any) -> Any:
        nonlocal place
        if not isinstance(kept, list):
            return kept
        size = int(np.prod(kept))
        place += size
        return values[place - size : place].reshape(kept)

    groups: dict[str, list[Case]] = {}
    for group, label, shape, args, expected, prints in text["cases"]:
        given, right = tuple(take(a) for a in args), take(expected).astype(np.float64)
        outputs = [None if kept is None else take(kept).astype(np.float64) for kept in prints]
        known = dict(zip(text["mistakes"], outputs, strict=True))
        groups.setdefault(group, []).append(Case(given, right, label, shape, True, known))
    return groups, text["mistakes"]
