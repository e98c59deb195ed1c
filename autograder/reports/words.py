"""A record's fields in words, safe to print: what a check says to a student, in one line, and a terminal's table."""

from __future__ import annotations

from autograder.record import CheckResult, ExerciseResult, Record

UNPAID = "This passes, and counts as soon as one check that compares values passes, too."


def clean(text: object) -> str:
    """One line of printable text: what could move a cursor, reverse a line or break a file is replaced."""
    words = " ".join(str(text).split())
    if words.isprintable():  # nearly always
        return words
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)


def remark(exercise: ExerciseResult) -> str:
    """Which functions were not the student's, and for what share of the points; empty when all of it is theirs."""
    share = "" if exercise.paid == 1 else "for a third of the points"
    if not exercise.replaced:
        return f"With two wrong functions, {share}" if share else ""
    return clean(f"With a right {' and '.join(exercise.replaced)} in place of yours{share and f', {share}'}")


def unpaid(check: CheckResult) -> bool:
    """Whether a check passed and yet earns nothing, because none passed that compares values."""
    return check.passed and check.points > 0 and not check.earned


def message(exercise: ExerciseResult, check: CheckResult) -> str:
    """What was found, or why the check was not reached, with the remark that belongs to it: the report's `message`."""
    said = check.fact if check.reached else f"Not reached: {check.fact}"
    said += f" {UNPAID}" if unpaid(check) else ""
    return f"{remark(exercise)}: {said[:1].lower()}{said[1:]}" if remark(exercise) else said


def why(exercise: ExerciseResult, check: CheckResult) -> str:
    """The message and the question that goes with it, in one line."""
    return clean(" ".join(part for part in (message(exercise, check), check.hint) if part))


def first_failure(exercise: ExerciseResult) -> str:
    """One line of why an exercise has not full marks; empty when it has."""
    most = f"All checks pass, w{remark(exercise)[1:]}." if exercise.paid < 1 else ""
    return next((why(exercise, check) for check in exercise.checks if not check.passed), most)


def circumstances(record: Record) -> str:
    """With which model, behind which wall and in how long it was graded: "tiny, bubblewrap, 0.41 s"."""
    time = "kept from an earlier run" if record.kept else f"{record.seconds:.2f} s"
    return f"{clean(record.model)}, {record.isolation}, {time}"


def text(record: Record) -> str:
    """A table for a terminal: a heading, one line per exercise, and the total; or why there is none."""
    name = clean(record.submission)
    if record.error is not None:
        return f"{name}\n  not graded: {clean(record.error)}"
    lines = [f"{name}  ({circumstances(record)})"]
    for exercise in record.exercises:
        stands_below = any(not check.reached and check.fact in record.notes for check in exercise.checks)
        said = "" if stands_below else first_failure(exercise)
        line = f"  {exercise.name:<18} {exercise.score:5.4g} / {exercise.max_score:g}  {exercise.status:<8}  {said}"
        lines.append(line.rstrip())
    lines.append(f"  {'total':<18} {record.score:5.4g} / {record.max_score:g}")
    lines += [f"  note: {clean(note)}" for note in record.notes]
    return "\n".join(lines)


def as_lines(exercise: ExerciseResult) -> str:
    """One exercise as plain text: what the page shows, for where there is no page."""
    lines = [f"{exercise.name}: {exercise.score:g} of {exercise.max_score:g} points"]
    for check in exercise.checks:
        says = clean(check.says or check.name.replace("_", " "))
        lines.append(f"  [{'x' if check.passed else ' '}] {says} ({check.earned:.3g} / {check.points:.3g})")
        if not check.passed or unpaid(check):
            lines.append(f"      {why(exercise, check)}")
    return "\n".join(lines)
