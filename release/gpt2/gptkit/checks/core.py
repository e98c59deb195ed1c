"""What a check is, how an exercise's checks are run, and how shares become points.

A check is a plain function that takes the student's function and raises `Failed` when it sees something wrong. In a
notebook the student's function is wrapped in `Local`; at grading the examiner passes a proxy with the same three ways
of calling (`f(...)`, `f.many(...)`, `f.draws(...)`), so the same check gives the same words and the same points.
"""

from __future__ import annotations

import inspect
import linecache
import sysconfig
import time
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any, Literal, Protocol

import numpy as np

SOFT_CAP = 0.3  # checks that compare no values hold at most this share of an exercise together (a test holds it)
CALL_SECONDS = 10.0  # what one call may take, in the notebook and while grading
Status = Literal["passed", "failed", "missing", "error", "timeout", "crashed"]  # of one check
ENDS = {"missing", "timeout", "crashed"}  # nothing more can be learned from calling such a function again

LIBRARIES = [sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib")]
NOT_THEIRS = (str(Path(__file__).parents[1]), *LIBRARIES, "<frozen", "<__array_function__")
INSTALLED = ("site-packages", "dist-packages", ".pyx", ".pxd", ".pxi")  # in the names of libraries' files, Cython's too
PHRASES = ("truth value", "shape", "mismatch", "argument")  # of Python's and NumPy's own sentences: what they are about

NUMPY_SAYS = {  # NumPy's fixed sentences about probabilities, and what they are about
    "probabilities contain NaN": "nan",
    "Probabilities contain NaN": "nan",
    "pvals < 0, pvals > 1 or pvals contains NaNs": "range",
    "probabilities do not sum to 1": "sum",
    "Probabilities do not sum to 1. See Notes section of docstring for more information.": "sum",
    "sum(pvals[:-1]) > 1.0": "sum",
    "probabilities are not non-negative": "negative",
    "Probabilities are not non-negative": "negative",
    "a and p must have same size": "sizes",
    "'a' and 'p' must have same size": "sizes",
}


@dataclass(eq=False)
class Failed(Exception):
    """A check's verdict: one fact, and one question that leads to the mistake.

    After a `status` in ENDS the checks that follow are reported as not reached.
    """

    fact: str
    question: str | None = None
    mistake: str | None = None  # the name of a known one
    status: Status = "failed"
    _: KW_ONLY
    measured: str | None = None  # the name of a measurement
    error: str | None = None  # the type of an exception ...
    about: str | None = None  # ... and what its text is about: see `about`
    line: str | None = None  # of theirs, that raised
    example: str | None = None  # a sentence or two on the smallest input that shows it
    # The calls that were compared and are off, with their numbers (cases.Compared): to explain a mark, in no message.
    compared: list[Any] = field(default_factory=list)

    def __str__(self) -> str:
        return self.fact


@dataclass(frozen=True)
class Foreign:
    """Stands for an answer that is no None, bool, int, float, NumPy scalar or array: only its type's name crosses."""

    type_name: str


@dataclass
class Memory:
    """What a student's function has answered the checks so far, so that it is asked once."""

    answers: dict[Any, Any] | None = None  # to the stored cases, by the case
    probed: list[Any] = field(default_factory=list)  # to the probes
    unseen: dict[Any, Any] | None = None  # to the cases that only the grader has
    drawn: dict[tuple[Any, int, int], np.ndarray] = field(default_factory=dict)  # ids by case, seed and number
    cause: Failed | None = None  # why it fails, or that nothing explains it; once `explained`
    explained: bool = False
    example: str | None = None  # shown with what fails and has none of its own


class Student(Protocol):
    """A student's function as a check sees it, in their notebook or behind the examiner's pipe."""

    name: str
    memory: Memory
    changed: set[int]  # positions of the arguments that calls so far have changed in place

    def __call__(self, *args: Any) -> Any: ...
    def many(self, calls: Iterable[tuple]) -> list[Any]: ...
    def results(self, calls: Iterable[tuple]) -> list[Any]: ...  # with a Failed in place of each call that raised
    def draws(self, *args: Any, seed: int, times: int) -> np.ndarray: ...
    def many_draws(self, series: Iterable[tuple[tuple, int, int]]) -> list[np.ndarray]: ...  # (args, seed, times)
    def parameters(self) -> list[tuple[str, bool]] | None: ...


@dataclass
class Local:
    """A function of this very process behind the `Student` interface; arguments are copied, so none can be lost."""

    function: Callable
    name: str = ""
    changed: set[int] = field(default_factory=set)
    memory: Memory = field(default_factory=Memory)

    def __post_init__(self):
        self.name = self.name or getattr(self.function, "__name__", "your function")

    def __call__(self, *args: Any) -> Any:
        # A function that writes into its arguments must not spoil those of the calls that follow.
        given = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)
        started = time.perf_counter()
        try:
            with np.errstate(all="ignore"):  # the checks speak of NaN and infinity in their own words
                result = self.function(*given)
        except (Exception, SystemExit) as error:
            raise raised(self.name, error) from error
        if time.perf_counter() - started > CALL_SECONDS:
            raise too_slow(self.name, CALL_SECONDS)
        for i, (before, after) in enumerate(zip(args, given, strict=True)):
            if isinstance(before, np.ndarray) and not np.array_equal(before, after, equal_nan=True):
                self.changed.add(i)
        return result

    def many(self, calls: Iterable[tuple]) -> list[Any]:
        return [self(*args) for args in calls]

    def results(self, calls: Iterable[tuple]) -> list[Any]:
        """What comes of each call, a Failed where it raised."""

        def result(args: tuple) -> Any:
            try:
                return self(*args)
            except Failed as why:
                if why.status in ENDS:
                    raise
                return why

        return [result(args) for args in calls]

    def draws(self, *args: Any, seed: int, times: int) -> np.ndarray:
        """Call the function `times` times with one `numpy.random.Generator` seeded once; [times] token ids."""
        rng = np.random.default_rng(seed)
        return np.array([token_id(self(*args, rng)) for _ in range(times)])

    def many_draws(self, series: Iterable[tuple[tuple, int, int]]) -> list[np.ndarray]:
        return [self.draws(*args, seed=seed, times=times) for args, seed, times in series]

    def parameters(self) -> list[tuple[str, bool]] | None:
        return parameters(self.function)


def parameters(function: Callable) -> list[tuple[str, bool]] | None:
    """The names of a function's positional parameters, and whether each is required; None where there is no telling."""
    try:
        listed = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    # *args takes any call.
    if any(p.kind is p.VAR_POSITIONAL for p in listed):
        return None
    return [(p.name, p.default is p.empty) for p in listed if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def too_slow(name: str, seconds: float) -> Failed:
    """What is said of a call that took longer than it may."""
    question = "Is there a Python loop that a single NumPy operation could replace?"
    return Failed(f"One call of {name} took longer than {seconds:g} seconds.", question, status="timeout")


def raised(name: str, error: BaseException) -> Failed:
    """What a student reads when their function raised: the kind, the line of theirs it came from, and the message."""
    where, function, line, step = "", None, 0, error.__traceback__
    # The deepest line of their own, not NumPy's below it nor ours above it.
    while step is not None:
        code, file = step.tb_frame.f_code, step.tb_frame.f_code.co_filename
        if not file.startswith(NOT_THEIRS) and not any(part in file for part in INSTALLED):
            function, line = code, step.tb_lineno
            text = linecache.getline(code.co_filename, line).strip()
            where = f" at line {line}" + (f", `{text[:80]}`" if text else "")
        step = step.tb_next
    if type(error) is NotImplementedError and function is not None:
        return unfinished(name, function.co_name, is_stub(function, line), where)
    said = " ".join(str(error).split())[:160].rstrip(".")
    kind = type(error).__name__
    fact = f"{name} raised {kind}{where}{': ' if said else ''}{said}."
    return Failed(fact, status="error", error=kind, about=about(str(error)), line=where.removeprefix(" at ") or None)


def about(text: str) -> str | None:
    """What an exception is about: one of NumPy's fixed sentences, or the first of PHRASES in it.

    NumPy and Python give all these errors one type, so that only their own words tell them apart.
    """
    return NUMPY_SAYS.get(text) or next((phrase for phrase in PHRASES if phrase in text), None)


def is_stub(function: CodeType, line: int) -> bool:
    """Whether a function that raised at `line` holds nothing else: its docstring is no line that runs."""
    return not {at for *_, at in function.co_lines() if at} - {function.co_firstlineno, line}


def unfinished(name: str, function: str, stub: bool, where: str) -> Failed:
    """What is said of a NotImplementedError: whose stub it is, or that one was left below code that is written."""
    if not stub:
        fact = f"{name} ends in `raise NotImplementedError`{where}."
        return Failed(fact, "Can that line go, now that the code above it is written?", status="error")
    if function != name and function.isidentifier():
        return Failed(f"{name} calls {function}, which is not written yet.", status="missing")
    return Failed(f"{name} is not written yet.", status="missing")


def kind_of(value: Any) -> str:
    """What an answer is, in words: None, a list, a DataFrame."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return "an array"
    name = value.type_name if isinstance(value, Foreign) else type(value).__name__
    return "an array of other things than numbers" if name == "ndarray" else f"a{'n' * (name[:1] in 'aeiou')} {name}"


def token_id(value: Any) -> int:
    """A sampler's answer as an int. Raises Failed when it is not one token id."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        kind = kind_of(value)
        question = "Is there a return?" if value is None else "Which one integer says which token comes next?"
        raise Failed(f"The token id came back as {kind}, not as one integer.", question, status="failed")
    return int(value)


@dataclass(frozen=True)
class Check:
    """One check of an exercise: its id, the sentence a student reads, and its share of the exercise's points."""

    name: str
    says: str
    share: float
    value: bool  # compares values with the reference; the others earn nothing alone
    hidden: bool
    test: Callable[..., None]


@dataclass
class Exercise:
    """A named list of checks. `checks` is filled by the `check` decorator, in the order of the file."""

    name: str
    signature: str
    uses: tuple[str, ...] = ()  # the student's other functions that this one may run on
    checks: list[Check] = field(default_factory=list)

    def check(self, share: float, *, value: bool = False) -> Callable[[Callable], Callable]:
        """Register a check worth `share` of the exercise; the docstring's first paragraph is what students read."""

        def register(test: Callable) -> Callable:
            self.checks.append(Check(test.__name__, first_paragraph(test), share, value, False, test))
            return test

        return register


def first_paragraph(function: Callable) -> str:
    """Of its docstring, in one line."""
    return " ".join((function.__doc__ or "").split("\n\n")[0].split())


@dataclass
class Result:
    """What one check gave; the report's object for it is made from these fields."""

    check: Check
    passed: bool
    message: str
    mistake: str | None = None
    hint: str | None = None
    status: Status = "passed"
    reached: bool = True  # False: the check was not run, and `message` says why
    measured: str | None = None
    example: str | None = None


def run(checks: list[Check], student: Student, *data: Any) -> list[Result]:
    """Run checks in order; visible ones get the student's function, hidden ones also `data`.

    Not written, timed out or crashed ends the run; what was not reached says so. Never raises for what a student's
    function does.
    """
    results: list[Result] = []
    ended: Failed | None = None
    for check in checks:
        if ended is not None:
            results.append(Result(check, False, ended.fact, status=ended.status, reached=False))
            continue
        try:
            with np.errstate(all="ignore"):  # what comes of a student's numbers in the rest of the model
                check.test(student, *(data if check.hidden else ()))
        except Failed as why:
            memory = getattr(student, "memory", Memory())  # the whole model has none
            shown = [why.line and f"It stops at {why.line}.", why.example or memory.example]
            example = " ".join(part for part in shown if part) or None
            found = (why.fact, why.mistake, why.question, why.status)
            results.append(Result(check, False, *found, measured=why.measured, example=example))
            ended = why if why.status in ENDS else None
        else:
            results.append(Result(check, True, check.says))
    return results


def earned(results: list[Result], points: float) -> list[float]:
    """Points earned by each result: checks that compare no values earn nothing when every value check fails."""
    # A function that returns nothing leaves its arguments as they were; that alone is worth no points.
    if not any(r.passed and r.check.value for r in results):
        return [0.0] * len(results)
    return [points * r.check.share if r.passed else 0.0 for r in results]
