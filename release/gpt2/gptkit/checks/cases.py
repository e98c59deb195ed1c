"""Values to compare a student's results with, and the fingerprints of known mistakes.

An exercise's visible cases lie in `data/<exercise>.npz`: inputs, what is expected, and what each known mistake would
return. `Stored.compare` looks at a function's results in three steps: gates (is it an array of the right shape?),
values, and, when something is wrong, its cause: a mistake is named when it returns what the student returned on every
stored case, and again on inputs that were not used to find it; else what the probes measured is told.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gptkit.checks.core import Check, Exercise, Failed, Student, first_paragraph, kind_of
from gptkit.checks.probes import Probes
from gptkit.checks.words import BY_INPUT, difference, example, question_about, question_after

DATA = Path(__file__).parent / "data"
PROOFS = "proofs"  # the group of cases that prove a mistake's name, and that no check shows
RTOL, ATOL = 1e-4, 1e-5  # float32 honesty: what any order of the same operations keeps
MakeCases = Callable[[Any], Sequence["Case"]]  # of the hidden data
NEAR = 3e-4  # how close a result must be to a mistake's, relative to its largest number, to be the same


@dataclass(frozen=True, eq=False)  # each is itself alone, so that answers can be kept by it
class Case:
    """Arguments for one call, and the result to expect.

    `shape` names the result's axes as the signature does ("[n_q, d_v]", or "" for one number); `label` is the kind of
    input, as the end of a sentence ("... for <label>"). `fingerprints` holds what known mistakes return here, None if
    they raise, an empty array if it depends on the precision.
    """

    args: tuple
    expected: np.ndarray
    label: str
    shape: str = ""
    shown: bool = True  # False for hidden cases, whose numbers no message may tell
    fingerprints: Mapping[str, np.ndarray | None] = field(default_factory=dict)


class Compared(NamedTuple):
    """A call whose result was compared and is off: the function's name, the case, what came (a Failed if it raised)."""

    name: str
    case: Case
    came: Any
    rtol: float
    atol: float


class Stored:
    """An exercise's data file, read when it is first needed, and the probes for its function, if there are any."""

    def __init__(self, exercise: str, signature: str, probes: Probes | None = None):
        self.exercise, self.signature, self.probes = exercise, signature, probes or Probes()
        self.names = [part.split("=")[0].strip() for part in signature[1:-1].split(",")]
        self.required = sum("=" not in part for part in signature.split(","))
        self.prove: Callable[[str], list[Case]] | None = None  # at grading: fresh cases, computed with the mistake
        self.unseen: list[MakeCases] = []  # at grading: what makes the cases that no student has seen

    @cached_property
    def _content(self) -> tuple[dict[str, list[Case]], dict[str, list[str]]]:
        return load(DATA / f"{self.exercise}.npz")

    @cached_property
    def groups(self) -> dict[str, list[Case]]:
        return {name: cases for name, cases in self._content[0].items() if name != PROOFS}

    @cached_property
    def cases(self) -> list[Case]:
        return [case for group in self.groups.values() for case in group]

    @property
    def mistakes(self) -> dict[str, list[str]]:
        """The fact and the question of each known mistake, single ones before combinations."""
        return self._content[1]

    def visible_check(self, exercise: Exercise, group: str, *, share: float, says: str) -> None:
        """Register the check that a group of the visible cases is answered as expected, under the group's name."""
        exercise.checks.append(Check(group, says, share, True, False, lambda f: self.compare(f, group)))

    def hidden_check(
        self, exercise: Exercise, *, share: float, **tolerances: float
    ) -> Callable[[MakeCases], MakeCases]:
        """Register the check that cases made of the hidden data are answered as expected, as `compare` tells.

        The check has the name of the function that makes them; its docstring's first paragraph is what students read.
        """

        def register(make: MakeCases) -> MakeCases:
            test = self.compares_unseen(make, **tolerances)
            exercise.checks.append(Check(make.__name__, first_paragraph(make), share, True, True, test))
            return make

        return register

    def compares_unseen(self, make: MakeCases, **tolerances: float) -> Callable[[Student, Any], None]:
        """The test that unseen cases are answered as expected; `make` makes them of the hidden data."""
        self.unseen.append(make)

        def test(f: Student, data: Any) -> None:
            self.ask_unseen(f, data)
            self.compare(f, data.keep(make), **tolerances)

        return test

    def ask_unseen(self, f: Student, data: Any) -> None:
        """Ask `f` for all unseen cases in one message, once: a message costs more than most calls do."""
        if f.memory.unseen is None:
            self.answers(f)  # before any of them: no answer to a stored case can depend on hidden inputs
            f.memory.unseen, cases = {}, [case for make in self.unseen for case in data.keep(make)]
            # Where one call ends the process, the checks ask one by one: those before it count.
            with contextlib.suppress(Failed):
                f.memory.unseen = dict(zip(cases, f.results(case.args for case in cases), strict=True))

    def compare(self, f: Student, cases: str | Sequence[Case], *, rtol: float = RTOL, atol: float = ATOL) -> None:
        """Raise Failed unless `f` returns what is expected for every case (a group's name stands for its cases).

        `rtol` is relative to each number, `atol` to a case's largest one. A call that raised is told before numbers
        that are off, and the smallest case before larger ones.
        """
        kept, shown = self.answers(f), self.cases
        if isinstance(cases, str):
            cases = shown = self.groups[cases]
        known = kept | (f.memory.unseen or {})
        if all(case in known for case in cases):
            results = [known[case] for case in cases]
        else:
            results = f.results(case.args for case in cases)
        some_raised = len({isinstance(r, Failed) for r in [*kept.values(), *results]}) == 2
        verdicts = [self._verdict(f.name, some_raised, c, r, rtol, atol) for c, r in zip(cases, results, strict=True)]
        found = [
            ((v.status == "failed", case.expected.size), v)
            for case, v in zip(cases, verdicts, strict=True)
            if v is not None
        ]
        if not found:
            return
        # Of several cases the smallest is told: it is the one that can be worked out by hand.
        (_, verdict), cause = min(found, key=lambda one: one[0]), self.cause(f)
        why = verdict
        if verdict.status != "error" or (cause and cause.measured == "signature"):
            why = cause or verdict
        elif cause and cause.mistake:
            why = Failed(verdict.fact, cause.question, cause.mistake, verdict.status, line=verdict.line)
        why.example = self.smallest(f, shown)
        asked = zip(cases, results, verdicts, strict=True)
        why.compared = [Compared(f.name, c, r, rtol, atol) for c, r, v in asked if v is not None]
        raise why

    def _verdict(
        self, name: str, some_raised: bool, case: Case, result: Any, rtol: float, atol: float
    ) -> Failed | None:
        """What is to be said of the result of a case, if anything; `some_raised`: not all calls did."""
        if isinstance(result, Failed):
            question = result.question or question_after(result.error, result.about)
            if some_raised and result.error in BY_INPUT and result.about not in ("truth value", "argument"):
                question = f"What differs in that line for {case.label}?"
            return Failed(result.fact, question, status=result.status, line=result.line)
        try:
            got = gates(name, case, result)
        except Failed as why:
            return why
        if close(got, case.expected, rtol, atol):
            return None
        question = question_about(got, case.expected)
        if not case.shown:
            return Failed(f"{name} returned other numbers than expected for {case.label}.", question)
        return Failed(difference(name, self.names, case.args, got, case.expected, case.label), question)

    def failed(self, f: Student, fact: str, question: str, case: Case | None = None) -> Failed:
        """A fact about all results of `f`, seen in its answer to `case`, with the smallest case that shows it."""
        seen = [Compared(f.name, case, self.answers(f)[case], RTOL, ATOL)] if case else []
        return Failed(fact, question, example=self.smallest(f), compared=seen)

    def smallest(self, f: Student, cases: Sequence[Case] = ()) -> str | None:
        """The smallest stored case (of all, or of some) that `f` gets wrong, with what came and what should have."""
        kept = self.answers(f)
        for case in sorted(cases or self.cases, key=lambda case: sum(map(np.size, case.args))):
            result = kept[case]
            if isinstance(result, Failed) or not close_enough(as_array(result), case.expected):
                came = f"raised {result.error or 'an error'}" if isinstance(result, Failed) else result
                return example(f.name, self.names, case.args, came, case.expected, case.label)
        return None

    def answers(self, f: Student) -> dict[Case, Any]:
        """What `f` returns for each stored case. Asked once for each function, in one message.

        The probes are asked with them: before `f` has seen any hidden input, so their answers can tell none.
        """
        if f.memory.answers is None:
            results = f.results([case.args for case in self.cases] + list(self.probes.calls.values()))
            f.memory.answers = dict(zip(self.cases, results, strict=False))
            f.memory.probed = results[len(self.cases) :]
        return f.memory.answers

    def result(self, f: Student, case: Case) -> Any:
        """What `f` returned for a stored case. Raises the Failed of one that raised."""
        result = self.answers(f)[case]
        if isinstance(result, Failed):
            raise result
        return result

    def unchanged(self, f: Student) -> None:
        """Raise Failed when calls of `f` so far have changed an argument in place."""
        if f.changed:
            names = " and ".join(self.names[i] for i in sorted(f.changed))
            fact = f"{f.name} changes {names}: after the call, the caller's array holds other numbers."
            raise Failed(fact, "Which line writes into an argument instead of making a new array?")

    def cause(self, f: Student) -> Failed | None:
        """Why `f`, which failed, returns what it returns; the same object whenever it is asked. None: not known.

        In this order: its parameters, other answers when it is asked again, a known mistake, a measurement.
        """
        if not f.memory.explained:
            self.answers(f)
            why = self.misfit(f) or self.fickle(f) or self.named(f) or self.probes.explain(f.memory.probed)
            f.memory.cause, f.memory.explained = why, True
        return f.memory.cause

    def misfit(self, f: Student) -> Failed | None:
        """Parameters that are too few or too many for the call, or that stand in another order."""
        found = f.parameters()
        if found is None:
            return None
        names, required = [name for name, _ in found], sum(needed for _, needed in found)
        fact = f"{f.name} takes ({', '.join(names)}), and it is called as {f.name}{self.signature}."
        if len(names) < len(self.names) or required > len(self.names):
            question = "Which parameter is missing, or one too many?"
            return Failed(fact, question, status="error", measured="signature")
        if required > self.required and names[: len(self.names)] == self.names:
            return Failed(fact, "Which parameter has a default there?", status="error", measured="signature")
        # Only a function that does better when its own order is followed has its parameters swapped; names may
        # differ.
        order = [name.lower() for name in names[: len(self.names)]]
        if order == self.names or sorted(order) != sorted(self.names):
            return None
        full = [case for case in self.cases if len(case.args) == len(order)] or self.cases
        theirs = f.results(tuple(case.args[self.names.index(n)] for n in order) for case in full)
        here = [self.answers(f)[case] for case in full]
        if well(theirs, full) > well(here, full):
            return Failed(fact, "In which order are the arguments passed?", status="error", measured="signature")
        return None

    def fickle(self, f: Student) -> Failed | None:
        """Whether the same calls give other numbers the second time."""
        before = [as_array(r) for r in self.answers(f).values()]
        after = [as_array(r) for r in f.results(case.args for case in self.cases)]
        if all(map(alike, before, after)):
            return None
        fact = f"{f.name} returns other numbers when it is called with the same input again."
        return Failed(fact, "Which line draws by chance, or keeps something from the call before?", measured="fickle")

    def named(self, f: Student) -> Failed | None:
        """The known mistake that returns what `f` returns, on the stored cases and on others; or None."""
        name = diagnose(list(self.answers(f).values()), self.cases, self.mistakes)
        if name is None:
            return None
        cases = self.prove(name) if self.prove else self._content[0].get(PROOFS, [])
        fact, question = self.mistakes[name]
        told = proved(name, f.results(case.args for case in cases), cases)
        return Failed(fact, question, mistake=name) if told else None


def gates(name: str, case: Case, result: Any) -> np.ndarray:
    """A result as an array, when it is one that can be compared. Raises Failed with the first reason why not."""
    if result is None:
        raise Failed(f"{name} returned None.", "Does every path through your function reach a `return`?")
    array = result if isinstance(result, np.ndarray) and result.dtype.kind in "biufc" else None
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
    if not np.isfinite(array).all():
        if np.isnan(array).any():
            raise Failed(f"{name} returned NaN for {case.label}.", "Which step is the first to give NaN?")
        question = "Which step is the first to give infinity?"
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
            if (known is None) != (got is None) or (known is not None and not known.size):
                continue
            # One contradiction is enough: a name that does not fit misleads more than none.
            if known is not None and got is not None and not same(got, known):
                break
            agreed += 1
            seen = seen or (known is not None and not same(known, case.expected))
        else:
            if agreed > most and (seen or agreed == len(cases)):
                best, most = name, agreed
    return best


def well(results: Sequence[Any], cases: Sequence[Case]) -> tuple[int, int]:
    """How many results are what is expected, and how many are results at all."""
    arrays = [as_array(r) for r in results]
    right = [close_enough(a, case.expected) for a, case in zip(arrays, cases, strict=True)]
    return sum(right), sum(a is not None for a in arrays)


def proved(name: str, results: Sequence[Any], cases: Sequence[Case]) -> bool:
    """Whether fresh results are the mistake's: its numbers where it returns some, none where it raises; one tells."""
    tells = False
    for case, got in zip(cases, map(as_array, results), strict=True):
        known = case.fingerprints[name]
        if known is not None and not known.size:
            continue
        if not alike(got, known):
            return False
        tells = tells or known is None or not same(known, case.expected)
    return tells


def close_enough(got: np.ndarray | None, expected: np.ndarray) -> bool:
    return got is not None and got.shape == expected.shape and close(got, expected)


def as_array(result: Any) -> np.ndarray | None:
    """A result as float64 for the diagnosis, None if it raised; what is no numeric array fits no mistake."""
    if isinstance(result, Failed):
        return None
    array = np.asarray(result) if isinstance(result, np.ndarray | np.generic | int | float) else np.empty(0)
    return np.asarray(array, np.float64) if array.dtype.kind in "fiub" else np.empty(0)


def alike(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    """Whether both raised, or both returned the same."""
    return a is b if a is None or b is None else same(a, b)


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
    """Write an exercise's data file: all numbers in one float32 array, all words and shapes in one JSON text.

    What the mistakes return comes last: it is most of the numbers, and little of it is ever read.
    """
    flat: list[np.ndarray] = []

    def put(value: Any) -> Any:
        if value is None or isinstance(value, int | float):
            return value
        with np.errstate(over="ignore"):  # a mistake's number beyond float32 is kept as infinity
            flat.append(np.asarray(value, np.float32).ravel())
        return list(np.shape(value))

    every = [(group, case) for group, cases in groups.items() for case in cases]
    shapes = [([put(a) for a in case.args], put(case.expected)) for _, case in every]
    stored = []
    for (group, case), (given, expected) in zip(every, shapes, strict=True):
        start = sum(map(len, flat))
        prints = [put(case.fingerprints[name]) for name in mistakes]
        stored.append([group, case.label, case.shape, given, expected, start, prints])
    text = json.dumps({"mistakes": mistakes, "cases": stored}, ensure_ascii=False).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, text=np.frombuffer(text, np.uint8), values=np.concatenate(flat))


class Numbers:
    """The stored numbers, read one value after the other from `start` on."""

    def __init__(self, values: np.ndarray, start: int = 0):
        self.values, self.at = values, start

    def next(self, kept: Any) -> Any:
        """The next array, of the shape that `kept` is; a value that is no array is itself."""
        if not isinstance(kept, list):
            return kept
        start, self.at = self.at, self.at + math.prod(kept)
        return self.values[start : self.at].reshape(kept)


class Fingerprints(Mapping):
    """What known mistakes return for a case, as float64 arrays read when one is asked for.

    There are thousands, and a right function is never compared with one. `shapes` says how each is stored.
    """

    def __init__(self, names: Iterable[str], shapes: list, numbers: Numbers):
        self._names, self._shapes, self._numbers = names, shapes, numbers

    @cached_property
    def _made(self) -> dict[str, np.ndarray | None]:
        values = map(self._numbers.next, self._shapes)
        made = [None if value is None else np.asarray(value, np.float64) for value in values]
        return dict(zip(self._names, made, strict=True))

    def __getitem__(self, name: str) -> np.ndarray | None:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._shapes)


def load(path: Path) -> tuple[dict[str, list[Case]], dict[str, list[str]]]:
    """The cases by group, and the mistakes' words, of a data file that `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        text, values = json.loads(file["text"].tobytes()), file["values"]
    numbers, groups = Numbers(values), dict[str, list[Case]]()
    for group, label, shape, args, expected, start, prints in text["cases"]:
        given, right = tuple(map(numbers.next, args)), np.asarray(numbers.next(expected), np.float64)
        known = Fingerprints(text["mistakes"], prints, Numbers(values, start))
        groups.setdefault(group, []).append(Case(given, right, label, shape, True, known))
    return groups, text["mistakes"]
