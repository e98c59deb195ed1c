"""Reading and writing safetensors files as memory maps.

The format is eight bytes of header length, a JSON header and raw little-endian arrays, so that opening a file costs one
map and no copy. (The safetensors library copies every array into memory: 120 MB for a file of 120 MB, measured.)
"""

from __future__ import annotations

import errno
import json
import math
import mmap
import os
import struct
from pathlib import Path

import numpy as np

DTYPES = {"F32": "<f4", "F16": "<f2", "U8": "|u1", "BOOL": "|b1"}  # parameters, and the kinds of mask found beside them
MAX_HEADER = 10_000_000  # bytes; GPT-2's largest model needs 60,000
ALIGN = 64  # bytes: a cache line, and what vector instructions like best


class WeightsError(Exception):
    """A model folder or file that cannot be used: one line, what is wrong and what to do."""


class Damaged(WeightsError):
    """The file at `path` (of a checkpoint: its prefix) does not hold what it should; `how` says in what way."""

    def __init__(self, path: Path, how: str):
        super().__init__(f"{path} is damaged ({how}). Delete it and fetch the model again.")
        self.path, self.how = path, how


def cannot_write(path: Path, why: OSError) -> WeightsError:
    """The one line for a disk that is full, a folder that is read-only, and their like."""
    if why.errno == errno.ENOSPC:
        return WeightsError(f"The disk is full: {path} cannot be written. Free some space, or set GPT2_MODELS_DIR.")
    return WeightsError(f"{path} cannot be written: {why.strerror}. Name another folder in GPT2_MODELS_DIR.")


def read(path: Path) -> dict[str, np.ndarray]:
    """Every array of a safetensors file, as read-only views of one memory map (or copy); half precision is widened.

    Raises WeightsError for a file that is missing, truncated, longer than it says, or of another format.
    """
    try:
        # A map takes no memory until a page is read, and then shares it with every process that reads the same file: a
        # class graded on eight cores has the 500 MB of 124M in memory once.
        with Path(path).open("rb") as file:
            try:
                raw: mmap.mmap | bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except OSError:  # the file system has no maps: JupyterLite's drive, some network drives
                raw = file.read()
    except FileNotFoundError:
        raise WeightsError(f"There is no file {path}.") from None
    except ValueError:  # an empty file cannot be mapped
        raise Damaged(path, "it is empty") from None
    except OSError as why:
        raise WeightsError(f"{path} cannot be opened: {why.strerror}.") from None
    length = struct.unpack("<Q", raw[:8])[0] if len(raw) >= 8 else 0
    try:
        if not 2 <= length <= min(MAX_HEADER, len(raw) - 8):
            raise ValueError
        header = json.loads(raw[8 : 8 + length])
        header.pop("__metadata__", None)
    except (ValueError, TypeError, AttributeError):  # the last two: JSON, but no object
        raise Damaged(path, "it does not start as a safetensors file") from None
    start = 8 + length  # of the arrays' bytes
    arrays, end = {}, start
    for name, entry in header.items():
        try:
            dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
            begin, stop = (start + offset for offset in entry["data_offsets"])
            if not start <= begin <= stop <= len(raw) or stop - begin != math.prod(shape) * dtype.itemsize:
                raise ValueError
            # A view: it keeps the map open, and cannot be written to, since the map cannot.
            array = np.ndarray(shape, dtype, buffer=raw, offset=begin)
            arrays[name] = array.astype(np.float32) if entry["dtype"] == "F16" else array
        except (KeyError, TypeError, ValueError):
            raise Damaged(path, f"{name} does not fit in it") from None
        end = max(end, stop)
    if end != len(raw):
        raise Damaged(path, f"{len(raw):,} bytes, not {end:,}")
    return arrays


def write(path: Path, arrays: dict[str, np.ndarray], kind: str = "F32") -> None:
    """Write arrays in the order given as a safetensors file of float32 (or F16); it appears whole or not at all."""
    dtype = np.dtype(DTYPES[kind])
    header, end = {}, 0
    for name, array in arrays.items():
        size = array.size * dtype.itemsize
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    # Blanks after the header are allowed, and bring the arrays to where they should start.
    text += b" " * (-(8 + len(text)) % ALIGN)
    # Two processes may write the same file at once, so each has a name of its own until all is on the disk.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for array in arrays.values():
                file.write(np.ascontiguousarray(array, dtype).data)
            # Without this, a machine that loses power may keep the new name and not what it stands for.
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
