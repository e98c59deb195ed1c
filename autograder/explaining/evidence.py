"""What shows that a check had to fail, and what proves a diagnosis: calls with what came and what should have come."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from gptkit.checks.cases import ATOL, RTOL, Stored, as_array, close_enough, same
from gptkit.checks.core import ENDS, Failed
from gptkit.checks.probes import Answers, Unusable
from gptkit.checks.sample_top_n import FOUND, PROVED

from autograder.exercises import modules
from autograder.exercises.catalogue import wide
from autograder.explaining.reproduce import Explain
from autograder.explaining.witness import Asked, Attempt, Call

FOR_A_CAUSE = range(FOUND, 4 * FOUND)  # seeds of draws that look for a cause, and decide no check


class Evidence(NamedTuple):
    """A call. Of draws, `seeds` holds (seed, times) pairs, `came` all ids, `expected` the probabilities [n_vocab]."""

    name: str
    args: tuple
    came: Any
    expected: np.ndarray
    label: str = ""
    rtol: float = RTOL
    atol: float = ATOL
    seeds: tuple[tuple[int, int], ...] = ()
    changed: tuple[str, ...] = ()  # names of the arguments that calls so far had changed

    @property
    def ended(self) -> bool:
        """Whether it never came back."""
        return isinstance(self.came, Failed) and self.came.status in ENDS

    @property
    def difference(self) -> str:
        """In words."""
        if self.seeds and not isinstance(self.came, Failed):
            return Explain.tally(self.came, self.expected)
        return Explain.difference(self.came, self.expected, self.rtol, self.atol)


def stored(function: str) -> Stored:
    """The visible cases of a function's exercise, with its known mistakes."""
    return import_module(f"gptkit.checks.{function}").stored


def right(name: str, args: tuple) -> np.ndarray:
    """What the reference returns, computed in float64."""
    return np.asarray(modules()[name].catalogue.reference(*wide(args)), np.float64)


def asked_as(attempt: Attempt | None, check: str, fresh: bool = False) -> Asked | None:
    """A check as it was asked; `fresh`: once more, on cases of its kind that the course's seed draws."""
    asked = [one for one in attempt.asked if one.check.name == check] if attempt else []
    return asked[fresh] if len(asked) > fresh else None


def of_check(asked: Asked) -> list[Evidence]:
    """The calls that show why a check failed: those that were compared, else all that it made and that are off."""
    if asked.compared:
        return [
            Evidence(c.name, c.case.args, in_full(c.came), c.case.expected, c.case.label, c.rtol, c.atol)
            for c in asked.compared
        ]
    made = [answer(call) for call in asked.calls if not call.times]
    off = [one for one in made if not close_enough(as_array(one.came), one.expected)] or made[:1]
    return off + drawn([c for c in asked.calls if c.times and c.seed not in FOR_A_CAUSE])


def in_full(came: Any) -> Any:
    """An answer, or the exception with the words that a hidden check keeps back."""
    return (came.__cause__ or came) if isinstance(came, Failed) else came


def answer(call: Call) -> Evidence:
    """A call with the reference's answer to compare."""
    return Evidence(call.name, call.args, call.came, right(call.name, call.args), changed=changed(call))


def changed(call: Call) -> tuple[str, ...]:
    return tuple(stored(call.name).names[i] for i in sorted(call.changed))


def drawn(calls: Sequence[Call], expected: np.ndarray | None = None, label: str = "") -> list[Evidence]:
    """Draws from the same logits together; against `expected` probabilities instead of the right ones."""
    groups: dict[bytes, list[Call]] = {}
    for call in calls:
        groups.setdefault(b"".join(np.asarray(a).tobytes() for a in call.args), []).append(call)
    found = []
    for group in groups.values():
        failed = next((c.came for c in group if isinstance(c.came, Failed)), None)
        came = failed or np.concatenate([c.came for c in group])
        seeds, p = tuple((c.seed, c.times) for c in group), expected
        p = right(group[0].name, group[0].args) if p is None else p
        found.append(Evidence(group[0].name, group[0].args, came, p, label, seeds=seeds, changed=changed(group[-1])))
    return found


# ---- What proves a diagnosis ----


def proof(asked: Asked, exercise: str, attempt: Attempt) -> tuple[str, list[Evidence]]:
    """How a diagnosis was confirmed, in a sentence, and the calls that did; `expected` is then the mistake's answer."""
    why = asked.failed
    function = asked.compared[0].name if asked.compared else exercise
    calls = [c for c in attempt.candidate.calls if c.name == function]
    if why is None or not calls:
        return "", []
    fresh = [c for c in calls if c.times and c.seed in range(PROVED, PROVED + FOUND)]
    if why.mistake:
        found = by_fresh_draws(why.mistake, fresh) if fresh else by_fresh_inputs(why.mistake, function, calls)
        return found if found[1] else ("The check itself shows it.", [])
    if fresh:
        return "Measured on draws that had not suggested it:", drawn(fresh)
    looked_at = [answer(call) for args in measured_on(why, function, calls) if (call := asked_before(args, calls))]
    return "Measured with questions that every function is asked; these it looked at:" if looked_at else "", looked_at


def by_fresh_inputs(mistake: str, function: str, calls: list[Call]) -> tuple[str, list[Evidence]]:
    """The proof on arguments that were not used to find the mistake; the first that tells it from the right answer."""
    known = stored(function)
    cases = known.prove(mistake) if known.prove and mistake in known.mistakes else []
    found = [(case, call) for case in cases if (call := asked_before(case.args, calls))]
    tell = []
    for case, call in found:
        returns = case.fingerprints[mistake]
        if returns is not None and returns.size and not same(returns, case.expected):
            tell.append(answer(call)._replace(expected=returns, label="an input drawn for the proof"))
    sentence = (
        f"Found on the visible inputs, then confirmed on {len(found)} inputs drawn for that: each answer was what the "
        "mistake gives. The first that tells it from a right one:"
    )
    return sentence, tell[:1]


def by_fresh_draws(mistake: str, calls: list[Call]) -> tuple[str, list[Evidence]]:
    """The same of a sampler: draws that did not suggest the mistake, beside the shares that it gives."""
    known = stored(calls[0].name)
    found = []
    for call in calls if mistake in known.mistakes else ():
        case = next(case for case in known.cases if same_arguments(case.args, call.args))
        found += drawn([call], case.fingerprints[mistake], f"{case.label}, beside what the mistake gives")
    return "Confirmed on draws that had not suggested it:", found


def measured_on(why: Failed, function: str, calls: list[Call]) -> list[tuple]:
    """The arguments of the questions whose answers the measurement looked at."""
    probes, looked_at = stored(function).probes, list[str]()

    class Noted(Answers):
        def raw(self, name: str) -> np.ndarray:
            looked_at.append(name)
            return super().raw(name)

    answers = {name: call.came for name, args in probes.calls.items() if (call := asked_before(args, calls))}
    for measurement in probes.measurements if len(answers) == len(probes.calls) else ():
        looked_at.clear()
        try:
            found = measurement(Noted(answers, probes.shapes))
        except Unusable:
            continue
        if found is not None:
            return [probes.calls[name] for name in dict.fromkeys(looked_at)] if found[0] == why.measured else []
    return []


def asked_before(args: tuple, calls: list[Call]) -> Call | None:
    """The last call with these arguments: where one of a message raised, each was asked again alone."""
    return next((call for call in reversed(calls) if not call.times and same_arguments(call.args, args)), None)


def same_arguments(a: tuple, b: tuple) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
