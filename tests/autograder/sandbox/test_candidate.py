"""Protects the examiner from what comes over the wire: typed values cross unchanged, anything else is refused."""

import contextlib
import io
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.sandbox import candidate
from autograder.sandbox.candidate import HEADER_LIMIT, Malformed, pack, receive

DTYPES = st.sampled_from(sorted(candidate.DTYPES))
ARRAYS = DTYPES.flatmap(lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)))
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats()
VALUES = st.lists(ARRAYS | SCALARS | ARRAYS.filter(lambda a: a.size).map(lambda a: a.ravel()[0]), max_size=5)


class Name:
    def __init__(self, name):
        self.name = name


def unpacked(data: bytes, limit: int = 1 << 20):
    place = 0

    def read(n):
        nonlocal place
        place += n
        if place > len(data):
            raise EOFError
        return bytearray(data[place - n : place])

    return receive(read, limit, Name)


def framed(header: object, *blobs: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return candidate.LENGTH.pack(len(text)) + text + b"".join(blobs)


@given(VALUES)
def test_values_cross_unchanged(values):
    message, back, _ = unpacked(pack({"id": "x"}, values))
    assert message == {"id": "x"}
    for sent, got in zip(values, back, strict=True):
        assert type(got) is type(sent)
        np.testing.assert_array_equal(got, sent)
        assert getattr(got, "dtype", None) == getattr(sent, "dtype", None) and np.shape(got) == np.shape(sent)


@given(st.binary(max_size=200) | st.recursive(st.text() | SCALARS, st.lists).map(lambda v: framed({"values": v})))
def test_noise_is_refused_in_one_way(data):
    with contextlib.suppress(Malformed, EOFError):
        unpacked(data)


HEADERS = [b"{}", b"[]", b"null", b'"values"', b"\xff\xfe", b"[" * 100_000, b'{"values": [' + b"9" * 5000 + b"]}"]
HEADERS += [b'{"values": {"a": 1}}', b'{"values": NaN}', b" " * (HEADER_LIMIT + 1)]
ENTRIES = [2**64, 1.5, "x", [], ["f"], ["f", "0xz"], ["f", 1], ["f", "0x1p99999"], ["?", None], ["?"], ["o", "<f8", []]]
ENTRIES += [["a", kind, [1]] for kind in ("|O", "|V8", "<U4", "<M8[s]", ">f8", "f8", "", None, [])]
ENTRIES += [["a", "<f8", shape] for shape in (3, None, [-1], [True], [1.0], [2**20], [0, 2**62], [1] * 9, "11")]
ENTRIES += [["s", "<f8", [1]], ["a", "<f8", [1], 1], ["a", "<f8"]]


@pytest.mark.parametrize("header", [*HEADERS, *({"values": [entry]} for entry in ENTRIES)], ids=range(42))
def test_what_pack_does_not_make_is_refused(header):
    with pytest.raises(Malformed):
        unpacked(framed(header))


def test_more_bytes_than_allowed_are_refused_before_they_are_read():
    frame = pack({}, [np.zeros(100), np.zeros(100)])
    assert len(unpacked(frame, 1600)[1]) == 2
    with pytest.raises(Malformed):
        unpacked(frame[: -(1 << 10)], 1599)


def test_a_boolean_is_true_or_false_whatever_its_byte():
    _, (array,), _ = unpacked(framed({"values": [["a", "|b1", [3]]]}, b"\x00\x02\xff"))
    assert array.tobytes() == b"\x00\x01\x01"


def test_the_name_of_what_does_not_cross_is_a_name():
    _, (one, two), _ = unpacked(framed({"values": [["?", "<img src=x>\n"], ["?", ""]]}))
    assert one.name == "_img_src_x__" and two.name == "object"


def test_more_values_than_were_asked_for_are_refused():
    assert receive(io.BytesIO(pack({}, [1, 2])).read, 0, most=2)[1] == [1, 2]
    with pytest.raises(Malformed):
        receive(io.BytesIO(pack({}, [1, 2, 3])).read, 0, most=2)
    with pytest.raises(Malformed):
        receive(io.BytesIO(pack({}, [1])).read, 0, most=0)


@pytest.mark.parametrize(("at_once", "reads"), [(144, [144]), (143, [48] * 3)])
def test_small_arrays_are_read_together_and_each_has_memory_of_its_own(monkeypatch, at_once, reads):
    """[2, 3] float64 are 48 bytes."""
    monkeypatch.setattr(candidate, "AT_ONCE", at_once)
    sent, sizes = [np.full((2, 3), float(i)) for i in range(3)], []
    frame = io.BytesIO(pack({}, sent))
    _, arrays, raw = receive(lambda n: sizes.append(n) or bytearray(frame.read(n)), 1 << 20)
    assert sizes[2:] == reads and [len(part) for part in raw] == [48] * 3
    arrays[0][...] = 7.0
    np.testing.assert_array_equal(arrays[1:], sent[1:])


def test_a_header_that_is_too_long_is_not_sent():
    with pytest.raises(ValueError, match="too much"):
        pack({"text": "x" * HEADER_LIMIT})


def test_what_is_printed_is_kept_up_to_its_room():
    printed = candidate.Printed(room=5)
    assert [printed.write(text) for text in ("abc", "", "defg", "h")] == [3, 0, 4, 1]
    assert printed.writable() and printed.take() == "abcde" and printed.take() == ""


# ---- The runner, with harmless code and in this very process ----


@pytest.fixture
def runner(monkeypatch):
    """`back` gets an entry whenever a call has come back."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # which a runner replaces
    back = []
    made = candidate.Runner(1000, lambda: back.append("back"))
    made.back = back
    return made


def call(runner, name, *calls):
    """The reply and the results of one message; each call is [args, further fields]."""
    values = [value for args, *_ in calls for value in args]
    raw = [value.tobytes() if isinstance(value, np.ndarray) else b"" for value in values]
    ask = {"do": "call", "name": name, "calls": [[len(args), *more] for args, *more in calls]}
    return runner.answer(ask, values, raw)


def test_each_statement_that_fails_is_told_with_its_line(runner):
    errors = runner.run("a = 1\n1 / 0\n\n[][a]\nb = 2\nraise KeyboardInterrupt\n", 4)
    assert [(error["type"], error["cell"], error["line"]) for error in errors] == [
        ("ZeroDivisionError", 4, 2),
        ("IndexError", 4, 4),
        ("KeyboardInterrupt", 4, 6),
    ]
    assert errors[0]["text"] == "division by zero" and (runner.space["a"], runner.space["b"]) == (1, 2)
    for source, line, a in (("a = 3\nb = = 4", 2, 1), ("a = 3\nreturn", 2, 3), ("a = 4\n  b = 2", 2, 3)):
        (error,) = runner.run(source, 5)
        assert (error["type"][-11:], error["cell"], error["line"], runner.space["a"]) in (
            ("SyntaxError", 5, line, a),
            ("tationError", 5, line, a),
        )
    assert len(runner.run("1 / 0\n" * 30, 7)) == 20


def test_what_an_import_was_to_define_is_remembered(runner):
    runner.run("import no_such.thing as nothing, other\nfrom no_such import name", 0)
    assert runner.missing == dict.fromkeys(("nothing", "other", "name"), "no_such")
    (error,) = runner.run("name + 1", 1)
    assert (error["type"], error["module"]) == ("NameError", "no_such")
    assert "module" not in runner.run("unknown", 1)[0]


def test_a_future_import_holds_in_the_cells_that_follow(runner):
    assert runner.run("def f(x: nowhere): pass", 0)[0]["type"] == "NameError"
    assert runner.run("from __future__ import annotations", 1) == []
    assert runner.run("def f(x: nowhere): pass", 2) == []


def test_each_call_of_a_message_has_its_own_arguments_and_its_own_end(runner):
    """Calls of different lengths, some of which raise: no answer moves to another call."""
    runner.run("def f(*given):\n    return given[0] / given[1] if len(given) > 1 else sum(given)", 0)
    reply, results = call(runner, "f", [(6, 2)], [(5,)], [(1, 0)], [()], [(9, 3)], [("a", 1)])
    assert results == [3.0, 5, 0, 3.0] and [number for number, _ in reply["failed"]] == [2, 5]
    assert [error["type"] for _, error in reply["failed"]] == ["ZeroDivisionError", "TypeError"]
    assert reply["changed"] == [] and len(runner.back) == 6


def test_arguments_that_a_call_changes_are_noticed_and_cost_the_next_call_nothing(runner):
    runner.run("def f(a, b):\n    b += 1\n    return a + b", 0)
    x = np.zeros(3)
    reply, results = call(runner, "f", [(x, 1)], [(1, x)], [(x, x)])
    assert [result.tolist() for result in results] == [[2.0] * 3, [2.0] * 3, [1.0] * 3]
    assert reply["changed"] == [1] and not x.any()
    for act in ("a.shape = (3, 1)", "a.dtype = 'i8'"):
        runner.run(f"def g(a):\n    {act}", 1)
        assert call(runner, "g", [(x,)])[0]["changed"] == [0]


def test_an_answer_has_so_many_bytes(runner):
    runner.run("import numpy as np\ndef f(n): return np.zeros(n, np.int8)", 0)
    assert call(runner, "f", [(500,)], [(500,)])[0] == {"changed": [], "failed": []}
    assert call(runner, "f", [(500,)], [(501,)]) == ({"large": 1001}, [])


def test_draws_are_ids_or_the_first_answer_that_is_none(runner):
    runner.run(
        "def f(odd, rng):\n    drawn = rng.integers(9)\n    return odd if drawn > 6 and odd is not None else drawn", 0
    )
    ids = np.random.default_rng(3).integers(9, size=20)
    assert (ids > 6).any()
    reply, (drawn, short) = call(runner, "f", [(None,), 3, 20], [(None,), 3, 2])
    assert drawn.tolist() == ids.tolist() and short.tolist() == ids[:2].tolist()
    assert drawn.dtype == np.int64 and reply["failed"] == []
    assert len(runner.back) == 22 + 2  # a draw has its own time, as a call has
    for odd in (True, 0.5, 2**63, -(2**63) - 1):
        assert call(runner, "f", [(odd,), 3, 20])[1] == [odd]
    for extreme in (2**63 - 1, -(2**63)):
        assert extreme in call(runner, "f", [(extreme,), 3, 20])[1][0]


def test_what_is_no_function_is_told_apart_from_what_is_not_there(runner):
    runner.run("f = 3\ndef g(x, /, y=1, *, z=2): pass\ndef h(*x): pass", 0)
    assert call(runner, "f", [()]) == ({"undefined": False}, [])
    assert call(runner, "nothing", [()]) == ({"undefined": True}, [])
    assert runner.answer({"do": "parameters", "name": "g"}, [], []) == ({"parameters": [["x", True], ["y", False]]}, [])
    assert runner.answer({"do": "parameters", "name": "h"}, [], []) == ({"parameters": None}, [])


def test_an_exception_names_the_function_that_raised_and_whether_it_holds_no_more(runner):
    runner.run("def f():\n    'Doc.'\n    raise NotImplementedError\ndef g(): return f()", 0)
    runner.run("def h():\n    x = 1\n    raise NotImplementedError", 1)
    told = [call(runner, name, [()])[0]["failed"][0][1] for name in "fgh"]
    fields = [(error["cell"], error["line"], error["function"], error["stub"]) for error in told]
    assert fields == [(0, 3, "f", True), (0, 3, "f", True), (1, 3, "h", False)]


@pytest.mark.skipif(sys.platform != "linux", reason="this system has no /proc")
def test_the_threads_of_this_user_are_counted(monkeypatch):
    before, stop = candidate.tasks_of_this_user(), threading.Event()
    threads = [threading.Thread(target=stop.wait) for _ in range(60)]
    for thread in threads:
        thread.start()
    try:
        # Meanwhile, others of this user may end or start.
        assert before >= 1 and before + 20 <= candidate.tasks_of_this_user() <= before + 400
    finally:
        stop.set()
    monkeypatch.setattr(candidate.os, "getuid", lambda: 4_000_000)  # nobody's
    assert candidate.tasks_of_this_user() == 0


def test_it_stands_alone():
    """Python with nothing but NumPy on its path can load it."""
    code = f"import sys; sys.path.append({np.__path__[0]!r} + '/..'); sys.path.append({candidate.__file__!r}[:-13])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{code}; import candidate"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("its_own_end", "code"), [("os._exit(72)", 72), ("time.sleep(60)", None)])
def test_one_that_takes_long_to_end_keeps_its_own_exit_code(monkeypatch, its_own_end, code):
    """It says why: that a module is lacking, which is no crash. On a busy machine a process may be ending for long."""
    process = subprocess.Popen([sys.executable, "-c", f"import os, time; {its_own_end}"])
    if code is not None:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has been told yet
    wait = os.waitpid
    monkeypatch.setattr(os, "waitpid", lambda pid, options: (0, 0) if options == os.WNOHANG else wait(pid, options))
    assert candidate.end(process.pid, grace=0) == code
    process.returncode = 0  # reaped above
