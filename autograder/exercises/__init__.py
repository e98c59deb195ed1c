"""The exercises as the grader knows them: reference, checks (visible ones first, then hidden ones), known mistakes.

Every module of this package that has a `hidden` exercise is one; a new exercise is found by its file. What a student's
copy needs of them is written by `write_data`. The loaded model's hidden data are in hidden_data.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from gptkit.checks.core import Check, Exercise

__all__ = ["DRAWN", "EXERCISES", "modules", "write_data"]

ORDER = ("cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n", "end_to_end")


def modules() -> dict[str, ModuleType]:
    """The exercises' modules by name: those of the table first, in its order, then any others."""
    found = [info.name for info in pkgutil.iter_modules(__path__)]
    loaded = {name: importlib.import_module(f"{__name__}.{name}") for name in dict.fromkeys([*ORDER, *found])}
    return {name: module for name, module in loaded.items() if hasattr(module, "hidden")}


def on_drawn_cases(check: Check, module: ModuleType) -> Check:
    """A visible check of values, to be asked once more on cases of its kind that only the course's seed knows.

    Raises ValueError for one that has no group's name and no entry in the module's DRAWN.
    """

    own, catalogue = getattr(module, "DRAWN", {}), getattr(module, "catalogue", None)
    if check.name in own:
        test = own[check.name]
    elif catalogue and check.name in catalogue.draws:
        test = module.stored.compares_unseen(lambda data: data.keep(catalogue.drawn_groups)[check.name])
    elif (
        catalogue and check.name in catalogue.groups
    ):  # nothing draws others of this kind: the stored cases alone count
        test = lambda student, data: check.test(student)  # noqa: E731
    else:  # else a table of the visible numbers would pass it, and nobody would notice
        raise ValueError(f"{module.__name__}: what is {check.name} asked once more? It is no group: say so in DRAWN.")
    # Hidden, as no message may tell these numbers. It has no points of its own: the visible check passes if both do.
    return replace(check, test=test, hidden=True)


def drawn(name: str) -> list[Check]:
    """The visible checks of values of an exercise, each as `on_drawn_cases` gives it."""
    module = modules()[name]
    return [on_drawn_cases(c, module) for c in EXERCISES[name].checks if c.value and not c.hidden]


def graded(module: ModuleType) -> Exercise:
    """An exercise as it is graded: the visible checks of gptkit, then the module's hidden ones."""
    visible: Exercise = importlib.import_module(f"gptkit.checks.{module.hidden.name}").exercise
    hidden = [replace(check, hidden=True) for check in module.hidden.checks]
    return replace(visible, checks=[*visible.checks, *hidden])


def write_data(folder: Path) -> None:
    """Make gptkit's data files anew: visible cases, and what known mistakes return for them."""
    for module in modules().values():
        if hasattr(module, "catalogue"):
            module.catalogue.write(folder)


# In the notebook a name is proved on stored cases; at grading the mistakes themselves are here to be computed.
for _module in modules().values():
    if hasattr(_module, "catalogue") and hasattr(_module, "stored"):
        _module.stored.prove = _module.catalogue.prove

EXERCISES: dict[str, Exercise] = {name: graded(module) for name, module in modules().items()}
DRAWN: dict[str, list[Check]] = {name: drawn(name) for name in EXERCISES}
