"""end_to_end: the whole model on the student's softmax, layer_norm and attention, for a text that nobody has seen."""

from types import SimpleNamespace

from gptkit.checks.core import Exercise
from gptkit.checks.end_to_end import Text, compare_logits, compare_probabilities, compare_tokens, exercise

from autograder.exercises.hidden_data import Hidden

hidden = Exercise(exercise.name, exercise.signature)


@hidden.check(share=0.25, value=True, hidden=True)
def logits(functions: SimpleNamespace, data: Hidden) -> None:
    """The model's scores after a hidden prompt are those expected."""
    compare_logits(functions, data.keep(hidden_text))


@hidden.check(share=0.25, value=True, hidden=True)
def greedy_tokens(functions: SimpleNamespace, data: Hidden) -> None:
    """The model continues a hidden prompt with the tokens expected."""
    compare_tokens(functions, data.keep(hidden_text))


@hidden.check(share=0.15, value=True, hidden=True)
def probabilities(functions: SimpleNamespace, data: Hidden) -> None:
    """The probabilities of the token after a hidden prompt are those expected."""
    compare_probabilities(functions, data.keep(hidden_text))


def hidden_text(data: Hidden) -> Text:
    return Text(data.gpt2, data.ids, data.n_prompt, data.trace)
