"""end_to_end: the whole model on the student's softmax, layer_norm and attention, for a text that nobody has seen."""

from types import SimpleNamespace

from gptkit.checks.core import Exercise
from gptkit.checks.end_to_end import (
    Text,
    compare_logits,
    compare_probabilities,
    compare_tokens,
    exercise,
    visible_text,
)

from autograder.exercises.hidden_data import Hidden

hidden = Exercise(exercise.name, exercise.signature)


@hidden.check(share=0.25, value=True)
def logits(functions: SimpleNamespace, data: Hidden) -> None:
    """The model's scores after a hidden prompt are those expected."""
    compare_logits(functions, data.keep(hidden_text))


@hidden.check(share=0.25, value=True)
def greedy_tokens(functions: SimpleNamespace, data: Hidden) -> None:
    """The model continues a hidden prompt with the tokens expected."""
    compare_tokens(functions, data.keep(hidden_text))


@hidden.check(share=0.15, value=True)
def probabilities(functions: SimpleNamespace, data: Hidden) -> None:
    """The probabilities of the token after a hidden prompt are those expected."""
    compare_probabilities(functions, data.keep(hidden_text))


def hidden_text(data: Hidden) -> Text:
    return Text(data.gpt2, data.ids, data.n_prompt, data.trace)


# -- the visible checks once more, on a text that only the seed knows --------------------------------------------------


def drawn_text(data: Hidden) -> Text:
    """Any tokens, read by the tiny model, of a length that is drawn."""
    gpt2, rng = visible_text().gpt2, data.rng("end_to_end drawn")
    prompt = [int(i) for i in rng.integers(gpt2.hparams["n_vocab"], size=rng.integers(5, 12))]
    ids = [*prompt, *gpt2.greedy(prompt, 2)]
    return Text(gpt2, ids, len(prompt), gpt2.trace(ids))


DRAWN = {
    "tiny_model": lambda functions, data: compare_logits(functions, data.keep(drawn_text)),
    "tiny_probabilities": lambda functions, data: compare_probabilities(functions, data.keep(drawn_text)),
}
