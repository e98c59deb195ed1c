"""A record to write reports of, the same with a student's text wherever one can stand, and all its forms."""

from html.parser import HTMLParser

from autograder import reports
from autograder.record import CheckResult, ExerciseResult, Record
from autograder.reports.pages import as_html

HOSTILE = "<script>alert(1)</script> | ](javascript:alert(1)) \x1b[31m\u202e\ud800 ``` **b** &amp; #1 @all \n## x"


def example(fact: str = "Each column sums to 1.", hint: str = "Which axis is it?", shown: str | None = None) -> Record:
    """Half of an exercise: one check passed, one, hidden, that found `fact`."""
    checks = [
        CheckResult("rows_sum_to_one", 3.0, 3.0, True, False, "Each row sums to 1.", "Each row sums to 1."),
        CheckResult(
            "real_logits", 7.0, 3.5, False, True, fact, "Real logits agree.", True, "wrong_axis", hint, None, shown
        ),
    ]
    exercises = [ExerciseResult("softmax", 6.5, 10.0, "partial", checks)]
    return Record(
        "alice/gpt2/gpt2.ipynb", "gpt2", "tiny", "bubblewrap", 6.5, 10.0, 0.41, exercises, ["The test cell was edited."]
    )


def ungraded(why: str = "The model is damaged.") -> Record:
    """What could not be graded: no score."""
    return Record("alice/gpt2/gpt2.ipynb", "gpt2", "tiny", "bubblewrap", None, 10.0, 0.0, error=why)


def with_text(said: str) -> Record:
    """The record with a text of a student's wherever one can stand."""
    record = example(fact=said, hint=said, shown=said)
    record.submission, record.notes = said, [said]
    return record


def all_forms(record: Record) -> dict[str, str]:
    """Every form that the record has, by its name."""
    forms = {
        "text": reports.text(record),
        "json": "".join(reports.as_json([record])),
        "junit": "".join(reports.junit([record])),
        "markdown": "".join(reports.markdown([record])),
    }
    if record.error is None:
        (exercise,) = record.exercises
        forms |= {"gradescope": reports.gradescope(record), "html": as_html(exercise)}
        forms["lines"] = reports.as_lines(exercise)
    return forms


class Tags(HTMLParser):
    """Which tags and attributes a browser would see."""

    def __init__(self, page: str):
        super().__init__()
        self.seen: list = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, tuple(attrs)))
