"""Reading and writing safetensors files as memory maps.

The format is eight bytes of header length, a JSON header and raw little-endian arrays, so that opening a file costs one
map and no copy. (The safetensors library copies every array into memory: 120 MB for a file of 120 MB, measured.)
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

DTYPES = {"F32": "<f4", "U8": "|u1", "BOOL": "|b1"}  # parameters, and the kinds of mask found beside them
MAX_HEADER = 10_000_000  # bytes; GPT-2's largest model needs 60,000
ALIGN = 64  # bytes: a cache line, and what vector instructions like best


class WeightsError(Exception):
    """A model folder or file that cannot be used: one line, what is wrong and what to do."""


def read(path: Path) -> dict[str, np.ndarray]:
    """Every array of a safetensors file, as read-only views of one memory map.

    Raises WeightsError for a file that is missing, truncated, longer than it says, or of another format.
    """
    try:
        with Path(path).open("rb") as file:
            raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise WeightsError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise WeightsError(f"{path} cannot be opened: {error}.") from None
    header, start = _header(path, raw)
    arrays, end = {}, start
    for name, entry in header.items():
        try:
            dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
            begin, stop = (start + offset for offset in entry["data_offsets"])
            fits = start <= begin <= stop <= len(raw) and stop - begin == math.prod(shape) * dtype.itemsize
        except (KeyError, TypeError, ValueError):
            fits = False
        if not fits:
            raise WeightsError(f"{path} is damaged: {name} does not fit in it. Delete it and fetch the model again.")
        arrays[name] = np.ndarray(shape, dtype, buffer=raw, offset=begin)
        end = max(end, stop)
    if end != len(raw):
        raise WeightsError(f"{path} is damaged: {len(raw):,} bytes, not {end:,}. Delete it and fetch the model again.")
    return arrays


def _header(path: Path, raw: mmap.mmap) -> tuple[dict, int]:
    """The header's entries, and where the arrays' bytes start."""
    length = struct.unpack("<Q", raw[:8])[0] if len(raw) >= 8 else 0
    try:
        if not 2 <= length <= min(MAX_HEADER, len(raw) - 8):
            raise ValueError
        header = json.loads(raw[8 : 8 + length])
        header.pop("__metadata__", None)
    except (ValueError, AttributeError):
        raise WeightsError(
            f"{path} is damaged, or not a safetensors file. Delete it and fetch the model again."
        ) from None
    return header, 8 + length


def write(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write float32 arrays as a safetensors file, in the order given; `path` appears complete or not at all."""
    header, end = {}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [end, end + array.size * 4]}
        end += array.size * 4
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(8 + len(text)) % ALIGN)
    with replacing(path) as partial, partial.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array, "<f4").data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to write to, moved to `path` when the block ends well, else deleted."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o644)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
