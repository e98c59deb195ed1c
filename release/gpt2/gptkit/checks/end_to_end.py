"""Visible checks of the whole model on the student's softmax, layer_norm and attention.

First each function is asked, in one message, for every call that the model makes of it (the inputs are the built-in
path's own). When all answers agree, the model's logits and tokens are the built-in path's. Only when one deviates does
the model really run on the student's functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace

import numpy as np

from gptkit.checks import attention, layer_norm
from gptkit.checks.cases import Case, Compared, close, gates
from gptkit.checks.core import Exercise, Failed, Student
from gptkit.engine.model import GPT2, PARTS, Trace

exercise = Exercise("end_to_end", "(softmax, layer_norm, attention)", uses=PARTS)

OWN_CHECKS = {"layer_norm": layer_norm.stored, "attention": attention.stored}
SPREAD = 1e-3  # how far logits may be off, relative to the distance between the largest and the smallest
PROBABLE = 0.05  # relative; a running float32 sum over a real vocabulary is off by 1 %


@dataclass(frozen=True)
class Text:
    """A text for a model to read: its tokens, the first `n_prompt` of which are the prompt; the rest is greedy."""

    gpt2: GPT2
    ids: list[int]
    n_prompt: int
    trace: Trace

    @property
    def expected(self) -> np.ndarray:
        """Logits [n_vocab] of the token after the prompt."""
        return self.trace.logits[self.n_prompt - 1]


@cache
def visible_text() -> Text:
    """Shakespeare's words, read by the tiny model, which every student has."""
    from gptkit import weights
    from gptkit.engine.tokenizer import Tokenizer

    gpt2 = GPT2(*weights.load(weights.EMBEDDED))
    prompt = Tokenizer.from_folder(weights.EMBEDDED).encode("To be, or not to be: that is the question")[:12]
    ids = [*prompt, *gpt2.greedy(prompt, 4)]
    return Text(gpt2, ids, len(prompt), gpt2.trace(ids))


@exercise.check(share=0.2, value=True)
def tiny_model(functions: SimpleNamespace) -> None:
    """The tiny model gives the scores expected when it runs on your layer_norm and attention."""
    compare_logits(functions, visible_text())


@exercise.check(share=0.15, value=True)
def tiny_probabilities(functions: SimpleNamespace) -> None:
    """Your softmax turns the tiny model's scores into the probabilities of the next token."""
    compare_probabilities(functions, visible_text())


def compare_logits(functions: SimpleNamespace, text: Text) -> None:
    """Raise Failed unless the model's logits after the prompt are the built-in path's."""
    reading = read(functions, text)
    if reading.deviation is not None:
        logits, _ = reading.step(0)
        if not np.abs(logits - text.expected).max() <= SPREAD * np.ptp(text.expected):
            raise reading.deviation  # `not <=` so that NaN counts as off


def compare_tokens(functions: SimpleNamespace, text: Text) -> None:
    """Raise Failed unless the model continues the prompt with the same tokens."""
    reading = read(functions, text)
    if reading.deviation is not None:
        for number, token in enumerate(text.ids[text.n_prompt :]):
            if reading.step(number)[1] != token:
                raise reading.deviation


def compare_probabilities(functions: SimpleNamespace, text: Text) -> None:
    """Raise Failed unless the student's softmax of the built-in path's logits is right."""
    shifted = np.exp(text.expected.astype(np.float64) - text.expected.max())
    case = Case((text.expected,), shifted / shifted.sum(), "the model's scores of all tokens", "[n_vocab]", False)
    came = functions.softmax(*case.args)
    if not close(gates("softmax", case, came), case.expected, PROBABLE, 1e-6):
        fact = "The probabilities of the next token are not those expected."
        why = Failed(fact, "Does your softmax treat one long row of scores as it treats a table?")
        why.compared = [Compared("softmax", case, came, PROBABLE, 1e-6)]
        raise why


@dataclass
class Reading:
    """A text as the model on the student's functions reads it: the first deviation on the way, None if there is none.

    When every call is answered as the built-in path's was, so is the whole: the model need not run. Where it does, it
    runs no further than somebody asks.
    """

    deviation: Failed | None
    steps: Iterator[tuple[np.ndarray, int]]
    seen: list[tuple[np.ndarray, int]] = field(default_factory=list)
    stopped: Failed | None = None

    def step(self, number: int) -> tuple[np.ndarray, int]:
        """Logits [n_vocab] and greedy token at that step after the prompt. Raises Failed where the model cannot run."""
        try:
            while len(self.seen) <= number and self.stopped is None:
                self.seen.append(next(self.steps))
        except Failed as why:
            self.stopped = why
        if len(self.seen) <= number:
            assert self.stopped is not None
            raise self.stopped
        return self.seen[number]


def read(functions: SimpleNamespace, text: Text) -> Reading:
    """The text as the model reads it on the student's functions, which are asked once for each text."""
    kept = vars(functions).setdefault("kept", {})
    if id(text) not in kept:
        kept[id(text)] = Reading(first_deviation(functions, text), really_run(functions, text))
    return kept[id(text)]


def first_deviation(functions: SimpleNamespace, text: Text) -> Failed | None:
    """The first call, in the model's order, whose result is not the built-in path's; one message for each function."""
    norms, looks = text.trace.layer_norms, text.trace.attentions
    n_layer, n_head = text.gpt2.hparams["n_layer"], text.gpt2.hparams["n_head"]
    found = []
    for call, wrong in wrong_calls(functions.layer_norm, norms, "[n_seq, n_embd]").items():
        # A block runs ln_1, attention, ln_2, in the places 0, 1, 2; ln_f is the first norm of a block beyond the
        # last.
        layer, second = divmod(call, 2)
        place = "ln_f" if layer == n_layer else f"ln_{second + 1} of block {layer}"
        found.append((layer, 2 * second, "layer_norm", place, norms[call], wrong))
    for call, wrong in wrong_calls(functions.attention, looks, "[n_seq, d]").items():
        layer, head = divmod(call, n_head)
        found.append((layer, 1, "attention", f"head {head} of block {layer}", looks[call], wrong))
    if not found:
        return None
    *_, name, place, inputs, wrong = min(found, key=lambda one: one[:2])
    why = said_of(functions, name, place, inputs)
    why.compared = [wrong]
    return why


def said_of(functions: SimpleNamespace, name: str, place: str, inputs: tuple) -> Failed:
    """What is said of the function whose answer to the `inputs` is the first that deviates, at `place`."""
    fact = f"The model first goes wrong at {place}, where {name} returns other numbers than expected."
    student = getattr(functions, name)
    shown = OWN_CHECKS[name].smallest(student)
    if known := OWN_CHECKS[name].cause(student):
        return Failed(fact, known.question, known.mistake, measured=known.measured, example=shown)
    if not wrong_calls(student, [inputs], ""):
        fact = f"{name} returns other numbers when it is called with the same input again."
        return Failed(fact, "What does it remember from one call to the next?", measured="fickle")
    return Failed(fact, f"How do the model's inputs differ from those that your {name} was checked with?")


def wrong_calls(f: Student, calls: list[tuple], shape: str) -> dict[int, Compared]:
    """Which of the model's calls, by number, get another result from the student than from the built-in path."""
    cases = [Case(tuple(args), result, "what the model hands over", shape, False) for *args, result in calls]
    results = f.many([case.args for case in cases])
    asked = [Compared(f.name, case, r, 1e-3, 2e-4) for case, r in zip(cases, results, strict=True)]
    return {
        i: one
        for i, one in enumerate(asked)
        if not close(gates(f.name, one.case, one.came), one.case.expected, one.rtol, one.atol)
    }


def really_run(functions: SimpleNamespace, text: Text) -> Iterator[tuple[np.ndarray, int]]:
    """Logits [n_vocab] and greedy token, step by step, of the model on the student's functions.

    Raises Failed when it cannot run on them.
    """
    # Its softmax is not plugged in: only attention calls it, and that is the student's.
    theirs = GPT2(text.gpt2.hparams, text.gpt2.params, layer_norm=functions.layer_norm, attention=functions.attention)
    seen: list[np.ndarray] = []

    def likeliest(logits: np.ndarray) -> int:
        seen.append(logits)
        return int(np.argmax(logits))

    try:
        for token in theirs.generate(text.ids[: text.n_prompt], len(text.ids) - text.n_prompt, likeliest):
            yield seen[-1], token
    except ValueError as error:
        raise Failed(f"The model could not run on your functions: {error}"[:300], "Which shape does it need?") from None
