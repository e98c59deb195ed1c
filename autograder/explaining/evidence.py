"""What shows that a check had to fail, and what proves a diagnosis: calls with what came and what should have come."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from gptkit.checks.cases import ATOL, RTOL, Stored, as_array, close_enough, same
from gptkit.checks.core import ENDS, Failed
from gptkit.checks.sample_top_n import FOUND, PROVED

from autograder.exercises import modules
from autograder.exercises.catalogue import wide
from autograder.explaining.reproduce import Explain
from autograder.explaining.witness import Asked, Attempt, Call

SHOWN = 3  # of a function's answers that show what was measured


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
    def raised(self) -> bool:
        return isinstance(self.came, Failed)

    @property
    def ended(self) -> bool:
        """Whether it never came back."""
        return self.raised and self.came.status in ENDS

    @property
    def drew(self) -> bool:
        """Whether `came` is as many ids as were asked for, and not the first thing that is none."""
        return isinstance(self.came, np.ndarray) and self.came.shape == (sum(times for _, times in self.seeds),)

    @property
    def off(self) -> bool:
        return not close_enough(as_array(self.came), self.expected)

    @property
    def difference(self) -> str:
        """In words."""
        if self.seeds and self.drew:
            return Explain.tally(self.came, self.expected)
        return Explain.difference(self.came, np.zeros(()) if self.seeds else self.expected, self.rtol, self.atol)


def stored(function: str) -> Stored:
    """The visible cases of a function's exercise, with its known mistakes."""
    return import_module(f"gptkit.checks.{function}").stored


def right(name: str, args: tuple) -> np.ndarray:
    """What the reference returns, computed in float64."""
    return np.asarray(modules()[name].catalogue.reference(*wide(args)), np.float64)


def of_check(asked: Asked, fresh: bool = False) -> list[Evidence]:
    """The calls that show why a check failed: those that were compared, else all that it made and that are off.

    A check that called nothing looked at the calls, or the draws, of those before it.
    """
    found = []
    for name, case, came, rtol, atol in asked.compared:
        # The cause is the same fact, told in full: see Witnessed.
        came = (came.__cause__ or came) if isinstance(came, Failed) else came
        found.append(Evidence(name, case.args, came, case.expected, "" if fresh else case.label, rtol, atol))
    if found:
        return found
    made = [answer(call) for call in asked.calls if not call.times]
    if asked.calls or not asked.earlier or asked.earlier[-1].times:
        return [one for one in made if one.off] or made[:1] or drawn(deciding(asked.calls) or deciding(asked.earlier))
    before = [answer(call) for call in asked.earlier if call.name == asked.earlier[-1].name]
    return ([one for one in before if one.changed or one.off] or before)[:1]


def deciding(calls: list[Call]) -> list[Call]:
    """The draws that decide a check; others look for a cause."""
    # sample_top_n's probes draw with seeds of a range of their own, from FOUND on.
    return [call for call in calls if call.times and not FOUND <= call.seed < 4 * FOUND]


def answer(call: Call) -> Evidence:
    """A call with the reference's answer to compare."""
    changed = tuple(stored(call.name).names[i] for i in sorted(call.changed))
    return Evidence(call.name, call.args, call.came, right(call.name, call.args), changed=changed)


def drawn(calls: Sequence[Call], expected: np.ndarray | None = None, label: str = "") -> list[Evidence]:
    """Draws from the same logits together; against `expected` probabilities instead of the right ones."""
    groups: dict[bytes, list[Call]] = {}
    for call in calls:
        groups.setdefault(b"".join(np.asarray(a).tobytes() for a in call.args), []).append(call)
    found = []
    for group in groups.values():
        one, seeds = answer(group[-1]), tuple((c.seed, c.times) for c in group)
        no_ids = [c.came for c in group if not (isinstance(c.came, np.ndarray) and c.came.shape == (c.times,))]
        came = no_ids[0] if no_ids else np.concatenate([c.came for c in group])
        p = one.expected if expected is None else expected
        found.append(one._replace(came=came, expected=p, label=label, seeds=seeds))
    return found


# ---- What proves a diagnosis ----


def proof(asked: Asked, attempt: Attempt) -> tuple[str, list[Evidence]]:
    """How a diagnosis was confirmed, in a sentence, and the calls that did; `expected` is then the mistake's answer."""
    function = asked.compared[0].name if asked.compared else attempt.exercise
    calls = [c for c in attempt.candidate.calls if c.name == function]
    mistake = (asked.failed.mistake if asked.failed else None) or ""
    if not calls:
        return "", []
    known, fresh = stored(function), [c for c in calls if c.times and PROVED <= c.seed < PROVED + FOUND]
    if mistake in known.mistakes and fresh:
        cases = [next(case for case in known.cases if same_arguments(case.args, c.args)) for c in fresh]
        shares = [drawn([c], case.fingerprints[mistake], case.label)[0] for c, case in zip(fresh, cases, strict=True)]
        return "Confirmed on draws that had not suggested it, here beside what the mistake gives:", shares
    asked_again = []
    if mistake in known.mistakes and known.prove:
        asked_again = [(case, c) for case in known.prove(mistake) if (c := asked_before(case.args, calls))]
    if asked_again:
        telling = [
            answer(c)._replace(expected=gives, label="an input drawn for the proof")
            for case, c in asked_again
            if (gives := case.fingerprints[mistake]) is not None and gives.size and not same(gives, case.expected)
        ]
        first = "The first that tells it from a right one:" if telling else "Where that raises, it raised, too."
        found = f"Found on the visible inputs, then confirmed on {len(asked_again)} inputs drawn for that"
        return f"{found}: each answer was what the mistake gives. {first}", telling[:1]
    if mistake:
        return "The check itself shows it.", []
    if fresh:
        return "Measured on draws that had not suggested it:", drawn(fresh)
    answered = [asked_before(args, calls) for args in known.probes.calls.values()]
    off = [one for found in answered if found and (one := answer(found)).off]
    return "Measured with questions that every function is asked; some answers that are off:" * bool(off), off[:SHOWN]


def asked_before(args: tuple, calls: list[Call]) -> Call | None:
    """The last call with these arguments."""
    return next((call for call in reversed(calls) if not call.times and same_arguments(call.args, args)), None)


def same_arguments(a: tuple, b: tuple) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
