"""Protects grades from what student code does: every ending is a verdict, and nothing but the answers is believed."""

import os
import signal
import time

import numpy as np
import pytest
from gptkit.checks.core import Check, Failed, Foreign, Local

from autograder.sandbox import isolation as sandbox
from autograder.sandbox.proxy import Candidate, Proxy
from autograder.sandbox.zygote import Lost
from autograder.settings import Limits
from tests.machine import need_bubblewrap

SLOW = "One call of softmax took longer than 1 seconds."
FAST = Limits(call_seconds=1.0, load_seconds=1.0, submission_seconds=20.0)
HONEST = """
import numpy as np
def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
"""


@pytest.fixture(scope="module", params=["bubblewrap", "process"])
def box(request):
    if request.param == "bubblewrap":
        need_bubblewrap()
    with sandbox.Sandbox(request.param) as opened:
        assert opened.isolation == request.param
        yield opened


@pytest.fixture
def candidate(box):
    """Makes a running candidate from sources; ends it after the test."""
    running = []

    def make(*sources, limits=FAST, where="softmax", **options):
        running.append(Candidate(box, [(source, where) for source in sources], limits, **options).__enter__())
        return running[-1]

    yield make
    for one in running:
        one.__exit__()


def verdict(function, *args):
    with pytest.raises(Failed) as caught:
        function(*args)
    return caught.value


def test_a_remote_function_is_called_like_a_local_one(candidate):
    softmax = candidate(HONEST).function("softmax")
    x = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    y = softmax(x)
    assert y.dtype == np.float32 and y.shape == (3, 5)
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-6)
    many = softmax.many([(x,), (x[0],), (x.astype(float),)])
    assert [a.shape for a in many] == [(3, 5), (5,), (3, 5)]
    np.testing.assert_array_equal(many[0], y)
    assert softmax.changed == set() and softmax.many([]) == []


def test_a_call_that_raises_leaves_the_others_of_its_message_alone(candidate):
    """Each result comes back, and each exception with its own line: nothing is asked twice."""
    source = "asked = 0\ndef softmax(x):\n  global asked\n  asked += 1\n"
    softmax = candidate(f"{source}  return [][0] if x < 0 else {{}}[x] if x > 2 else asked").function("softmax")
    one, two, three, four = softmax.results([(1,), (-1,), (3,), (2,)])
    assert (one, four) == (1, 4)
    assert (two.status, two.error, three.error) == ("error", "IndexError", "KeyError")
    with pytest.raises(Failed, match="IndexError"):
        softmax.many([(1,), (-1,), (3,)])
    stub = candidate("def softmax(x):\n    raise NotImplementedError").function("softmax")
    assert verdict(stub.results, [(1,), (2,)]).status == "missing"


class Told:
    """Stands for a candidate that replies whatever it likes."""

    secret = False

    def __init__(self, reply, *results):
        self.reply, self.results, self.hung_up = reply, list(results), False

    def ask(self, name, request, values, expected=0):
        return self.reply, self.results

    def raised(self, error, name):
        return Failed(f"{name} raised {error}.", status="error")

    def hang_up(self):
        self.hung_up = True


def test_answers_and_exceptions_are_put_back_in_the_order_of_their_calls():
    told = Told({"failed": [[3, "D"], [1, "B"]]}, "a", "c")
    a, b, c, d = Proxy(told, "f").results([(1,)] * 4)
    assert (a, b.fact, c, d.fact) == ("a", "f raised B.", "c", "f raised D.") and not told.hung_up
    with pytest.raises(Failed, match="f raised B"):
        Proxy(told, "f").many([(1,)] * 4)


@pytest.mark.parametrize(
    ("failed", "results"),
    [
        ([], "ab"),  # one too few
        ([[1, "E"]], "abc"),  # one too many
        ([[1, "E"]], "a"),
        ([[7, "E"]], "ab"),  # of no call
        ([[1, "E"], [1, "E"]], "a"),  # twice the same
        ("E", "ab"),
    ],
)
def test_a_reply_that_does_not_account_for_each_call_is_no_answer(failed, results):
    told = Told({"failed": failed}, *results)
    why = verdict(Proxy(told, "f").results, [(1,)] * 3)
    assert (why.fact, why.status, told.hung_up) == ("f sent something that is not an answer.", "crashed", True)


@pytest.mark.parametrize(
    ("changed", "believed"),
    [([0, 2], {0, 2}), ([3, -1, 2], {2}), ([True, "1", 1.0], set()), ([1, 1, 1, 0], {1}), ({"0": 1}, set())],
)
def test_only_an_argument_can_be_changed(changed, believed):
    f = Proxy(Told({"changed": changed}, "a"), "f")
    assert f(1, 2, 3) == "a" and f.changed == believed


@pytest.mark.parametrize("drawn", [np.zeros(3, np.int32), np.zeros(2, np.int64), np.zeros((3, 1), np.int64), 5, 2**63])
def test_draws_are_so_many_ids(drawn):
    assert Proxy(Told({}, np.arange(3)), "f").draws(1, seed=0, times=3).tolist() == [0, 1, 2]
    verdict(lambda: Proxy(Told({}, drawn), "f").draws(1, seed=0, times=3))


def test_a_new_process_is_started_only_for_a_visible_check_after_a_hidden_one(candidate):
    """What a process has not been asked it cannot tell; and no such start counts as an end of its own."""
    one = candidate("asked = 0\ndef f():\n  global asked\n  asked += 1\n  return asked", limits=Limits(restarts=0))
    f, seen = one.function("f"), []

    def asked(f):
        seen.append(f())

    visible, hidden = (one.guarded(Check("a", "", 0.1, True, secret, asked)).test for secret in (False, True))
    for test in (visible, visible, hidden, hidden, visible, visible, hidden, visible):
        test(f)
    assert seen == [1, 2, 3, 4, 1, 2, 3, 1]


def test_draws_of_many_series_are_those_of_each(candidate):
    source = "def sample(logits, n, rng):\n    return rng.choice(len(logits), p=logits) if n else 0.5"
    sample = candidate(source).function("sample")
    p, q = np.array([0.2, 0.8]), np.array([0.5, 0.25, 0.25])
    found = sample.many_draws([((p, 1), 1, 30), ((q, 1), 2, 20)])
    np.testing.assert_array_equal(found[0], sample.draws(p, 1, seed=1, times=30))
    np.testing.assert_array_equal(found[1], sample.draws(q, 1, seed=2, times=20))
    assert "not as one integer" in verdict(sample.many_draws, [((p, 1), 1, 3), ((p, 0), 1, 3)]).fact


def test_draws_share_one_generator(candidate):
    def sample(logits, n, rng):
        return rng.choice(np.argsort(logits)[-n:])

    source = "import numpy as np\ndef sample(logits, n, rng):\n    return rng.choice(np.argsort(logits)[-n:])"
    remote = candidate(source).function("sample")
    logits = np.arange(9.0)
    drawn = remote.draws(logits, 4, seed=5, times=50)
    np.testing.assert_array_equal(drawn, Local(sample).draws(logits, 4, seed=5, times=50))
    assert drawn.dtype == np.int64 and len(set(drawn)) > 1


@pytest.mark.parametrize(
    "body", ["return 1.5", "return True", "return None", "return [3]", "return np.zeros(2)", "x = 1/0"]
)
def test_words_and_status_are_those_of_the_notebook(candidate, body):
    source = f"import numpy as np\ndef sample(logits, n, rng):\n    {body}\n"
    space = {}
    exec(source, space)
    remote, local = candidate(source).function("sample"), Local(space["sample"])
    args = {"seed": 1, "times": 3}
    there, here = (
        verdict(lambda: remote.draws(np.ones(3), 2, **args)),
        verdict(lambda: local.draws(np.ones(3), 2, **args)),
    )
    assert (there.status, there.question) == (here.status, here.question)
    assert there.fact.replace(", `x = 1/0`", "") == here.fact


ENDINGS = [
    ("", "missing", "softmax is not defined."),
    ("softmax = 3", "missing", "softmax is not a function."),
    ("def softmax(x):\n    raise NotImplementedError('later')", "missing", "softmax is not written yet."),
    ("def softmax(x):\n\n    return x['a']", "error", "softmax raised IndexError at line 3, `return x['a']`: "),
    ("def softmax(x): raise KeyError", "error", "softmax raised KeyError at line 1, "),
    ("def softmax(x): raise SystemExit(0)", "error", "softmax raised SystemExit at line 1, "),
    ("def softmax(x): return softmax(x)", "error", "softmax raised RecursionError at line 1, "),
    ("import numpy\ndef softmax(x): return numpy.ones(2**40)", "error", "softmax raised MemoryError at line 2, "),
    ("import numpy\ndef softmax(x): return numpy.ones(2**24)", "error", "softmax returned more than 64 MB."),
    ("def softmax(x):\n  while True: pass", "timeout", "One call of softmax took longer than 1 seconds."),
    (
        "import os\ndef softmax(x): os.kill(os.getpid(), 19)",
        "timeout",
        "One call of softmax took longer than 1 seconds.",
    ),
    ("import os\ndef softmax(x): os._exit(0)", "crashed", "softmax ended the Python process (exit code 0)."),
    ("import os\ndef softmax(x): os.abort()", "crashed", "softmax crashed Python (aborted)."),
    ("import ctypes\ndef softmax(x): ctypes.string_at(0)", "crashed", "softmax crashed Python (segmentation fault)."),
    ("import os, time\ndef softmax(x):\n  os.close(3); time.sleep(9)", "crashed", "softmax stopped answering."),
    (
        "import os\ndef softmax(x):\n  while True: os.write(3, b'0' * 999)",
        "crashed",
        "softmax sent something that is not",
    ),
    ("import os\ndef softmax(x): os.write(3, b'\\0\\0\\0\\2{}')", "crashed", "softmax sent something that is not"),
    ("def softmax(x)\n  return x", "error", "softmax is not defined. The cell of softmax raised SyntaxError at line 1"),
    (
        "import os; os._exit(3)\ndef softmax(x): return x",
        "crashed",
        "softmax is not defined. The cell of softmax ended",
    ),
    (
        "def softmax(x): return x\nwhile True: pass",
        "timeout",
        "softmax is not defined. The cell of softmax took longer",
    ),
]


@pytest.mark.parametrize(("source", "status", "words"), ENDINGS)
def test_every_ending_is_a_verdict(candidate, source, status, words):
    why = verdict(candidate(source).function("softmax"), np.ones(3))
    assert why.status == status and why.fact.startswith(words), why.fact


def test_a_kill_is_the_machines_until_it_happens_again(candidate):
    """Out of memory, an administrator, or the code itself: nobody can tell from one look."""
    source = "import os\ndef softmax(x): os.kill(os.getpid(), 9)"
    with pytest.raises(Lost):
        candidate(source).function("softmax")(np.ones(3))
    why = verdict(candidate(source, second_look=True).function("softmax"), np.ones(3))
    assert why.status == "crashed" and why.fact.startswith("softmax used too much memory or processor time"), why.fact


def test_a_kill_after_its_seconds_are_used_up_is_its_own(candidate):
    source = "import os, time\ndef softmax(x):\n    time.sleep(0.6)\n    os.kill(os.getpid(), 9)"
    limits = Limits(call_seconds=5.0, submission_seconds=0.5)
    assert verdict(candidate(source, limits=limits).function("softmax"), np.ones(3)).status in ("timeout", "crashed")


@pytest.mark.parametrize("end", ["while True: pass", "import os; os._exit(0)"])
def test_after_an_ending_the_next_function_still_works(candidate, end):
    both = candidate("import numpy as np\ndef good(x): return x + 1", f"def bad(x):\n    {end}")
    good, bad = both.function("good"), both.function("bad")
    assert good(1) == 2
    verdict(bad, 1)
    assert good(2) == 3
    verdict(bad, 1)
    assert good(3) == 4


def test_a_submission_has_so_many_seconds(candidate):
    slow = candidate("import time\ndef slow(): time.sleep(9)", limits=Limits(call_seconds=0.4, submission_seconds=1.0))
    assert "took longer than 0.4 seconds" in verdict(slow.function("slow")).fact
    assert "took longer than 0.4 seconds" in verdict(slow.function("slow")).fact
    assert verdict(slow.function("slow")).status == "timeout"
    last = verdict(slow.function("slow"))
    assert last.status == "timeout" and last.fact == "slow was not run: the 1 seconds of this submission were used up."


def test_a_submission_that_always_ends_its_process_is_given_up(candidate):
    one = candidate(*["import os; os._exit(1)"] * 30, HONEST, limits=Limits(restarts=3))
    assert len(one.notes) == 4
    assert verdict(one.function("softmax"), 1).status == "crashed"


def test_what_a_function_changes_in_place_is_noticed(candidate):
    source = "def f(a, b, c):\n    b += 1\n    return a\ndef g(a):\n    a.shape = (2, 2)\n    return 0"
    source += "\nimport numpy, builtins\nnumpy.array_equal = lambda *a, **k: True\nbuiltins.zip = lambda *a, **k: []"
    one = candidate(source)
    f, g = one.function("f"), one.function("g")
    f(np.ones(3), np.ones(3), 2.0)
    g(np.ones(4))
    assert f.changed == {1} and g.changed == {0}


@pytest.mark.parametrize(
    ("value", "back"),
    [
        ("None", None), ("True", True), ("-7", -7), ("0.1", 0.1), ("float('inf')", np.inf),
        ("np.float32(0.5)", np.float32(0.5)),
        ("np.bool_(True)", np.True_), ("np.int16(-3)", np.int16(-3)), ("np.complex64(1j)", np.complex64(1j)),
        ("np.zeros((0, 3))", np.zeros((0, 3))), ("np.array(3.0)", np.array(3.0)),
        ("np.ones((2, 3)).T", np.ones((3, 2))),
        ("np.ones(2, '>f4')", np.ones(2, np.float32)), ("np.ones(2, np.longdouble)", np.ones(2)),
        ("np.matrix([[1, 2]])", np.array([[1, 2]])), ("np.ma.array([1.0, 2.0], mask=[0, 1])", np.array([1.0, 2.0])),
    ],
)  # fmt: skip
def test_values_cross_as_what_they_are(candidate, value, back):
    got = candidate(f"import numpy as np\ndef f(): return {value}").function("f")()
    assert type(got) is type(back)
    np.testing.assert_array_equal(got, back)
    assert getattr(got, "dtype", None) == getattr(back, "dtype", None)


@pytest.mark.parametrize(
    "value", ["[1.0]", "(1,)", "'a'", "{}", "2**70", "object()", "np.array([None])", "np.array(['a'])"]
)
def test_all_else_crosses_as_a_name(candidate, value):
    got = candidate(f"import numpy as np\ndef f(): return {value}").function("f")()
    assert isinstance(got, Foreign)
    assert got.type_name == type(eval(value, {"np": np})).__name__ == type(got).__name__


def test_statements_that_fail_do_not_stop_the_next_ones(candidate):
    one = candidate(
        "from gptkit import check\nimport matplotlib.pyplot as plt\n1/0\ncheck(1)\n" + HONEST, where="cell 7"
    )
    assert one.function("softmax")(np.ones(2)).tolist() == [0.5, 0.5]
    assert one.notes[0] == (
        "Cell 7 raised ModuleNotFoundError at line 1, `from gptkit import check`: "
        "gptkit is not available while grading, only NumPy and the standard library are."
    )
    assert [note.split()[3] for note in one.notes] == ["ModuleNotFoundError"] * 2 + ["ZeroDivisionError", "NameError"]


WORKS_WITHOUT_FILES = """
argparse array ast asyncio base64 bisect bz2 calendar cmath codecs collections.abc colorsys configparser contextlib copy
cProfile csv ctypes dataclasses datetime decimal difflib dis email.message encodings.cp1252 enum fractions functools gc
glob graphlib gzip hashlib heapq html.parser importlib.resources inspect io itertools json logging.handlers lzma math
mmap multiprocessing numbers operator optparse pathlib pickle pprint profile pstats queue random re sched secrets shelve
shlex shutil signal socket sqlite3 statistics string struct subprocess symtable sys tempfile textwrap threading time
timeit tomllib trace traceback tracemalloc types typing unittest.mock urllib.parse uuid warnings wave weakref
xml.etree.ElementTree zipfile zlib zoneinfo numpy.lib.format numpy.ctypeslib numpy.rec numpy.char numpy.strings
numpy.polynomial.chebyshev numpy.lib.scimath numpy.matlib numpy.fft numpy.exceptions numpy.dtypes numpy.ma.extras
"""


def test_what_works_without_files_is_there(candidate):
    uses = """
import datetime, sqlite3, importlib.util
def softmax(x):
    datetime.datetime.strptime("2020", "%Y")
    sqlite3.connect(":memory:").execute("select 1")
    "x".encode("cp1252"), int("1" * 4000)
    return x if importlib.util.find_spec("torch") is None else 0
"""
    one = candidate("from numpy import *", *(f"import {name}" for name in WORKS_WITHOUT_FILES.split()), uses)
    assert one.notes == [] and one.function("softmax")(3) == 3


@pytest.mark.parametrize("act", ["open('x')", "os.fork()", "socket.socket()", "multiprocessing.Pool(2)", "os.pipe()"])
def test_what_the_lock_refuses_is_told_as_that(candidate, act):
    one = candidate(f"import multiprocessing, os, socket\ndef f(x): return {act}")
    assert verdict(one.function("f"), 1).fact.endswith(
        ". Files, sockets and other processes are not available while grading."
    )


def test_a_name_that_a_failed_import_was_to_define_says_so(candidate):
    one = candidate(
        "import torch\nfrom scipy import special as sp\nimport numpy.nothing", HONEST + "def f(x): return sp.y\n"
    )
    assert one.notes[2].endswith("numpy.nothing is not available while grading.")
    why = verdict(one.function("f"), 1).fact
    assert why.endswith(
        "name 'sp' is not defined. scipy is not available while grading, only NumPy and the standard library are."
    )
    with pytest.raises(Failed) as caught:
        one.guarded(Check("hidden", "It is.", 0.1, True, True, lambda f: f(1))).test(one.function("f"))
    assert "scipy" not in caught.value.fact


@pytest.mark.parametrize(
    "source",
    [
        "softmax, h = 1 / 0, None",
        "softmax: object = 1 / 0",
        "from scipy.special import softmax",
        "if (softmax := 1 / 0): pass",
    ],
)
def test_a_function_that_was_to_be_defined_in_any_way_names_what_went_wrong(candidate, source):
    assert " raised " in verdict(candidate(source).function("softmax"), 1).fact


def test_the_quoted_line_is_the_one_that_python_counts(candidate):
    source = "a = 'form\\x0cfeed'\n\x0cb = '\u2028'\r\n1 / 0\n"
    assert "at line 3, `1 / 0`" in candidate(source).notes[0]


def test_a_helper_of_the_graders_takes_the_students_place(candidate):
    one = candidate("def helper(x): return -1\ndef f(x): return helper(x)\ndef die(): import os; os._exit(0)")
    f = one.function("f")
    assert f(1) == -1
    one.define("def helper(x): return 2 * x")
    assert f(4) == 8
    verdict(one.function("die"))
    assert f(5) == 10


def test_prints_are_kept_and_bounded(candidate):
    one = candidate("print('hello')\ndef f():\n    for i in range(10000): print('x' * 1000, '\\x1b[31m')")
    one.function("f")()
    assert one.printed.startswith("hello\nxxx") and len(one.printed) <= 4000 and "\x1b" not in one.printed


def test_a_second_run_gives_the_same(box):
    source = "import numpy as np, random\ndef f(): return np.random.rand() + random.random() + hash('a')"
    with Candidate(box, [(source, "f")]) as one, Candidate(box, [(source, "f")]) as two:
        assert one.function("f")() == two.function("f")()


def test_a_hidden_checks_words_are_never_the_students(candidate):
    source = """
import os
class Told(Exception): pass
def text(x): raise ValueError(f"secret {x}")
def kind(x): raise type(f"secret_{x}", (Exception,), {})
def exit(x): os._exit(int(x))
def name(x):
    print("secret", x)
    return type(f"secret_{x}", (), {})()
"""
    one = candidate(source)

    def hidden(f):
        result = f(42.0)
        raise Failed(type(result).__name__ + result.type_name)

    check = one.guarded(Check("hidden", "", 1.0, True, True, hidden))
    for name in ("text", "kind", "exit", "name"):
        fact = verdict(check.test, one.function(name)).fact
        assert "42" not in fact, fact
        assert "secret" not in fact.split("`")[0], fact  # the line of their own source may be shown
    assert "secret" not in one.printed
    assert "secret 42.0" in verdict(one.function("text"), 42.0).fact


def test_a_cell_that_is_too_long_is_left_out(candidate):
    one = candidate("x = 1\n" * 20_000, HONEST)
    assert one.notes == ["The cell of softmax is longer than 80000 characters and was not run."]
    assert one.function("softmax")(np.zeros(2)).tolist() == [0.5, 0.5]


def test_large_arrays_cross_both_ways(candidate):
    x = np.random.default_rng(0).normal(size=(200, 5000))
    np.testing.assert_array_equal(candidate("def f(x): return -x").function("f")(x), -x)


def test_a_candidate_that_never_reads_is_not_waited_for():
    """More than a socket holds is sent to a process that has been stopped: the time-out is that of sending."""
    with sandbox.Sandbox("process") as box, Candidate(box, [(HONEST, "softmax")], FAST) as candidate:
        softmax = candidate.function("softmax")
        softmax(np.zeros(3))
        os.kill(candidate._connection._pid, signal.SIGSTOP)
        began = time.monotonic()
        assert verdict(softmax, np.zeros(1_000_000)).status == "timeout"
        assert time.monotonic() - began < 10


def test_what_cannot_cross_is_the_graders_mistake(candidate):
    with pytest.raises(TypeError, match="Generator does not cross"):
        candidate(HONEST).function("softmax")(np.random.default_rng(0))
