"""Protects the examiner from what comes over the wire: typed values cross unchanged, anything else is refused."""

import contextlib
import json
import subprocess
import sys

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


def test_it_stands_alone():
    """Python with nothing but NumPy on its path can load it."""
    code = f"import sys; sys.path.append({np.__path__[0]!r} + '/..'); sys.path.append({candidate.__file__!r}[:-13])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{code}; import candidate"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
