"""Before NumPy is loaded: name the kernels that suit a processor which NumPy's OpenBLAS does not know.

OpenBLAS 0.3.31, in NumPy 2.4's wheels for Linux, takes AMD's Zen 5 for a Haswell and so leaves half of its vector width
unused. Its kernels for Intel's SkylakeX use all of it: GPT-2 124M reads a prompt of 512 tokens 1.6 times as fast
(docs/performance.md). What the user has set stays, and NumPy that is loaded already is not touched.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "OPENBLAS_CORETYPE"
USED_BY_SKYLAKEX = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
ZEN_5 = 26  # AMD's number for the family


def suited_to(cpuinfo: str) -> str | None:
    """The name of the kernels to ask for, given Linux's /proc/cpuinfo; None where OpenBLAS chooses well by itself."""
    first = cpuinfo.split("\n\n")[0]
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in first.splitlines())}
    zen_5 = facts.get("vendor_id") == "AuthenticAMD" and facts.get("cpu family") == str(ZEN_5)
    return "SkylakeX" if zen_5 and set(facts.get("flags", "").split()) >= USED_BY_SKYLAKEX else None


def choose() -> None:
    """Set the variable that OpenBLAS reads when it is loaded, where that is still to come and of use."""
    cpuinfo = Path("/proc/cpuinfo")
    if "numpy" not in sys.modules and cpuinfo.is_file() and (name := suited_to(cpuinfo.read_text())):
        os.environ.setdefault(VARIABLE, name)


choose()
