"""check(softmax): a function's visible checks as a list with marks, in a notebook or a terminal; never a traceback.

When a check fails, one line also goes to stderr: nbgrader counts a test cell with anything on stderr as failed, so its
Validate button fails the cell, while "Run All" goes on to the next one.
"""

from __future__ import annotations

import builtins
import contextlib
import difflib
import importlib
import inspect
import io
import json
import linecache
import re
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from types import SimpleNamespace

from gptkit import load
from gptkit.checks.core import Exercise, Local, Result, earned, kind_of, run
from gptkit.checks.ladder import NEXT, steps
from gptkit.engine.complete import complete
from gptkit.engine.model import GPT2, PARTS
from gptkit.notebook.style import Shown, continued, in_html, marked

POINTS = json.loads((resources.files("gptkit.checks") / "data" / "points.json").read_text("utf-8"))
FUNCTIONS = tuple(name for name in POINTS if name != "end_to_end")  # in the notebook's order
PRINTED_LINES = 8  # of what a function printed while it was checked, so many lines are shown

yours: dict[str, Callable] = {}  # the student's functions whose visible checks all passed when they were last checked


def check(*functions: Callable) -> None:
    """Show which visible checks a function passes: check(softmax); check(softmax, layer_norm, attention) for the model.

    Prints one line to stderr when a check fails, and none when all pass. Never raises for what the functions do.
    """
    from IPython.display import display  # in functions: `load` needs this module, too, and does without IPython

    try:
        names = [name_of(f) for f in functions]
        name = "end_to_end" if set(names) == set(PARTS) else names[0] if len(names) == 1 else None
        if name is None:
            raise LookupError("check() takes one of your functions, or softmax, layer_norm and attention together.")
        given = dict(zip(names, functions, strict=True))
        feedback = examine(name, given)
    except LookupError as why:
        print(why.args[0], file=sys.stderr)
    except KeyboardInterrupt:
        print("You stopped the checks before they were done.", file=sys.stderr)
    else:
        display(feedback)
        if not feedback.passed:
            print(feedback.summary, file=sys.stderr)
        elif name == "end_to_end":
            display(*complete_a_sentence(given))


def examine(name: str, functions: dict[str, Callable]) -> Feedback:
    """Run the visible checks of an exercise on functions by name, and remember those that passed in `yours`."""
    exercise = load_exercise(name)
    students = {part: Local(function, part) for part, function in functions.items()}
    student = SimpleNamespace(**students) if name == "end_to_end" else students[name]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):  # warnings go to stderr as well
        results = run(exercise.checks, student)
    older = [said for part, function in functions.items() if (said := stale_definition(part, function))]
    feedback = Feedback(name, results, POINTS[name], printed.getvalue(), older)
    if name in FUNCTIONS:
        # What passed before and fails now must not go on running the model.
        yours.pop(name, None)
        if feedback.passed:
            yours[name] = functions[name]
    return feedback


def stale_definition(name: str, function: Callable) -> str:
    """Says so when a cell run later was to define the function anew and did not: an error in it, another name.

    Empty when the function is the newest one, or nobody can tell; so always outside of IPython.
    """
    from IPython import get_ipython

    shell, code = get_ipython(), getattr(inspect.unwrap(function), "__code__", None)
    if shell is None or code is None or code.co_name != name:
        return ""
    # IPython's list of what was run, by the number of the cell; and the text of one cell, as tracebacks look it up.
    ran = [source.strip() for source in getattr(shell.history_manager, "input_hist_parsed", ())]
    own = "".join(linecache.getlines(code.co_filename)).strip()
    # The cell that the function comes from is the last one that was run with this very text.
    born = max((i for i, source in enumerate(ran) if own and source == own), default=len(ran))
    for number in range(len(ran) - 1, born, -1):
        defined = re.findall(r"^def +(\w+)", ran[number], re.MULTILINE)
        about = f"This is the {name} of cell [{born}]. Cell [{number}], which you ran later,"
        if name in defined:
            return f"{about} did not get as far as its own `def {name}`: it shows an error."
        alike = [n for n in difflib.get_close_matches(name, defined, 1, 0.8) if n not in (*FUNCTIONS, *code.co_names)]
        if alike:
            return f"{about} defines {alike[0]}: is the name misspelt?"
    return ""


def complete_a_sentence(functions: dict[str, Callable]) -> tuple[Shown, Shown]:
    """Let GPT-2 speak through the student's three functions."""
    model = load()
    prompt = (
        "The queen, my lord, is"
        if model.name == "tiny"
        else "Alan Turing theorized that computers would one day become"
    )
    text = complete(GPT2(model.hparams, model.params, **functions), model.tokenizer, prompt, 10, progress=False)
    return Shown("<b>GPT-2, on your functions:</b>", "GPT-2, on your functions:"), continued(prompt, text)


def load_exercise(name: str) -> Exercise:
    return importlib.import_module(f"gptkit.checks.{name}").exercise


class Undefined:
    """Stands in a notebook for a function that it does not define yet, so that check(softmax) is no NameError."""

    def __init__(self, name: str):
        self.__name__ = name

    def __call__(self, *_: object) -> None:
        raise NameError(f"name '{self.__name__}' is not defined")


def expect_functions() -> None:
    """Put an `Undefined` into the notebook for each of the five functions that it lacks; nothing outside of IPython."""
    if getattr(builtins, "__IPYTHON__", False):  # which IPython's shells and kernels set
        for name in FUNCTIONS:
            vars(sys.modules["__main__"]).setdefault(name, Undefined(name))


def name_of(function: object) -> str:
    """Which exercise a function answers: by its own name, else by the notebook's variable that holds it (a lambda)."""
    notebook = vars(sys.modules["__main__"])  # a kernel's variables are those of __main__
    for known in FUNCTIONS:
        if getattr(function, "__name__", None) == known or notebook.get(known) is function:
            if isinstance(function, Undefined):
                raise LookupError(f"{known} is not defined: run the cell above, and fix it if it shows an error.")
            if not callable(function):
                raise LookupError(f"{known} is not a function any more: it is {kind_of(function)}.")
            return known
    named = getattr(function, "__name__", repr(function))
    raise LookupError(f"check() knows {', '.join(FUNCTIONS[:-1])} and {FUNCTIONS[-1]}; it was given {named}."[:300])


def progress() -> str:
    """How many of the five functions are done in this kernel, and which of them GPT-2 runs on."""
    running = "GPT-2 still runs on the kit's own functions"
    if plugged := [name for name in PARTS if name in yours]:
        names = " and ".join([", ".join(plugged[:-1]), plugged[-1]] if len(plugged) > 1 else plugged)
        running = f"GPT-2 is running on your {names}"
    return f"{len(yours)} of {len(FUNCTIONS)} functions done; {running}."


@dataclass
class Feedback:
    """The results of one exercise's visible checks; displays itself as HTML or as plain text."""

    name: str
    results: list[Result]
    points: float  # of the whole exercise, hidden checks included
    printed: str = ""
    older: list[str] = field(default_factory=list)  # what to know of functions that a later cell was to replace

    @property
    def passed(self) -> bool:
        return all(r.passed for r in self.results)

    @property
    def summary(self) -> str:
        """One line for stderr, which is also what nbgrader's Validate shows."""
        first = next(r for r in self.results if not r.passed)
        line = first.message
        if first.status != "missing":
            done = sum(r.passed for r in self.results)
            line = f"{self.title}: {done} of {len(self.results)} visible checks pass. {line}"
        return " ".join(line.split())[:400]

    @property
    def title(self) -> str:
        return "The whole model" if self.name == "end_to_end" else self.name

    @property
    def score(self) -> str:
        of = sum(self.points * r.check.share for r in self.results)
        return f"{sum(earned(self.results, self.points)):.3g} of {of:.3g} points"

    @property
    def footer(self) -> list[str]:
        hidden = self.points - sum(self.points * r.check.share for r in self.results)
        # Shares are decimal fractions, whose sum may miss 1 by a rounding error.
        more = f" and decide {hidden:.3g} of its {self.points:g} points" if hidden > 1e-9 else ""
        lines = [f"Visible checks only: more are run when this is graded{more}.", progress()]
        if any(r.passed for r in self.results) and not any(r.passed and r.check.value for r in self.results):
            lines.insert(0, "These points count once a check of values passes too.")
        return lines

    def rows(self) -> list[tuple[str, str, str, str, str, list[str]]]:
        """Mark, what is checked, points, what was found, the question that leads on, and further steps, of each check.

        What is found twice is written out once, and pointed to after that.
        """
        rows, seen = [], set()
        for r, got in zip(self.results, earned(self.results, self.points), strict=True):
            mark = "pass" if r.passed else "fail" if r.reached and r.status != "missing" else "open"
            found, question = ("As above.", "") if r.message in seen else (r.message, r.hint or "")
            found = "" if r.passed else found if r.reached else "Not reached."
            seen.add(r.message)
            points = f"{got:.3g} / {self.points * r.check.share:.3g}"
            question = "" if r.passed else question
            more = steps(self.name, r.check.name, r.example, r.mistake, r.measured) if question else []
            rows.append((mark, r.check.says, points, found, question, more))
        return rows

    def printed_lines(self) -> str:
        lines = self.printed[:4000].splitlines()
        more = ["..."] if len(lines) > PRINTED_LINES else []
        return "\n".join([line[:160] for line in lines[:PRINTED_LINES]] + more)

    def __repr__(self) -> str:
        signs = {"pass": "[x]", "fail": "[ ]", "open": "[ ]"}
        lines = [f"{self.title}: {self.score}", *(f"  {said}" for said in self.older)]
        for mark, says, points, found, question, more in self.rows():
            lines.append(f"  {signs[mark]} {says} ({points})")
            lines += [f"      {text}" for text in (found, question) if text]
            lines += [textwrap.indent(textwrap.fill(text, 100), " " * 8) for text in more[:1]]
        if self.printed:
            lines += ["  It printed:", *(f"      {line}" for line in self.printed_lines().splitlines())]
        return "\n".join([*lines, *(f"  {line}" for line in self.footer)])

    def _repr_html_(self) -> str:
        rows = "".join(f'<div class="found">{in_html(said)}</div>' for said in self.older)
        for mark, says, points, found, question, more in self.rows():
            said = f'<div class="found">{in_html(found)}</div>' if found else ""
            said += f'<div class="ask">{in_html(question)}</div>' if question else ""
            said += unfolding(more)
            rows += f'<div class="row {mark}">{marked(mark)}'
            rows += f'<div class="wide">{in_html(says)}{said}</div><span class="pts">{points}</span></div>'
        if self.printed:
            rows += f'<div class="dim">It printed:<pre>{escape(self.printed_lines())}</pre></div>'
        head = f'<div class="row"><b class="wide">{self.title}</b><span class="pts">{self.score}</span></div>'
        foot = "<br>".join(escape(line) for line in self.footer)
        return Shown(f'<div class="card">{head}{rows}<div class="foot dim">{foot}</div></div>', "")._repr_html_()


def unfolding(more: list[str]) -> str:
    """Steps as HTML, each folded up inside of the one before; no script, so that it works in every viewer."""
    html = ""
    for title, text in reversed(list(zip(NEXT, more, strict=False))):
        html = f'<details><summary>{title}</summary><div class="step">{in_html(text)}</div>{html}</details>'
    return html
