"""IPython's magic, shell and help lines taken out of a cell, by IPython's own idea; other lines stay in place."""

from __future__ import annotations

import ast
from itertools import takewhile
from typing import Any

from autograder.source_code import MAX_CELL, lines, tree

PASSING = {"time", "timeit", "capture", "prun"}  # the cell below such a %% line is ordinary Python
WORK = 500_000  # characters of one notebook that IPython's tokenizer may read, which it does anew for each magic line


class Magics:
    """Takes magics out of the cells of one notebook; `notes` says which, one sentence for a cell."""

    def __init__(self):
        self.left, self.notes = WORK, []

    def taken_out(self, source: str, where: str) -> str:
        """The cell as plain Python, with as many lines. What is no Python for other reasons comes back as it is."""
        if len(source) > MAX_CELL or tree(source) is not None:
            return source
        # IPython changes its rules from version to version; a copy of them would drop lines that ran for the student.
        from IPython.core.inputtransformer2 import TransformerManager  # takes a while, and few notebooks need it

        ipython, code = TransformerManager(), [f"{line}\n" for line in lines(source)]
        for clean in ipython.cleanup_transforms:  # pasted prompts, an indented cell, empty lines at the top
            cleaned = [f"{line}\n" for line in "".join(clean(code)).split("\n")[:-1]]
            code = ["\n"] * (len(code) - len(cleaned)) + cleaned
        top = next((i for i, line in enumerate(code) if line.strip()), 0)
        while code[top].startswith("%%") and not code[top].rstrip().endswith("?"):
            name = "".join(code[top][2:].split()[:1])
            self.notes.append(f"%%{name} in {where} was dropped: grading runs plain Python.")
            if name not in PASSING:
                return ""
            code[top] = "\n"
            top = next((i for i, line in enumerate(code) if line.strip()), 0)
        code, dropped = self._line_by_line(ipython, code)
        if dropped:
            which = f"Line {dropped[0]}" if len(dropped) == 1 else f"Lines {', '.join(map(str, dropped))}"
            was = "was" if len(dropped) == 1 else "were"
            self.notes.append(f"{which} of {where} {was} dropped: grading runs plain Python, no magic or shell lines.")
        return "".join(code)[:-1]

    def _line_by_line(self, ipython: Any, code: list[str]) -> tuple[list[str], list[int]]:
        """The lines with each magic replaced by what it runs, or by nothing; and the numbers of those with nothing."""
        dropped = []
        while self.left > 0:
            self.left -= sum(map(len, code))
            try:
                changed, after = ipython.do_one_token_transform(code)
            except (SyntaxError, IndexError, AssertionError):  # it does not run such a cell either
                break
            at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(code, after, strict=False)))
            # A change of nothing, or of the end alone, would go on for ever.
            if not changed or at == len(after):
                break
            before, call, words = after[at].partition("get_ipython()")
            if call and (runs := timed(words)):
                after[at] = f"{before}{runs}\n"
            elif call:
                after[at] = f"{before}{'None' if before.strip() else 'pass'}\n"
                dropped.append(at + 1)
            code = after[: at + 1] + ["\n"] * (len(code) - len(after)) + after[at + 1 :]
        return code, dropped


def timed(call: str) -> str:
    """The statement that `.run_line_magic('time', 'statement')` runs; "" for any other magic."""
    match tree(f"_{call.rstrip()}"):
        case ast.Module([ast.Expr(ast.Call(args=[ast.Constant("time"), ast.Constant(str(statement))]))]):
            return statement.strip()
    return ""
