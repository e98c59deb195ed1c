"""The faster kernels are asked for on the one processor that they were measured on, and only before NumPy is loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gptkit.kernels import USED_BY_SKYLAKEX, VARIABLE, suited_to

VECTORS = " ".join(USED_BY_SKYLAKEX)


def cpuinfo(vendor, family, flags):
    one = f"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: 2\nflags\t\t: fpu {flags}\n"
    return one + "\n" + one


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (cpuinfo("AuthenticAMD", 26, VECTORS), "SkylakeX"),
        (cpuinfo("AuthenticAMD", 26, "avx512f"), None),  # a virtual machine that hides some
        (cpuinfo("AuthenticAMD", 25, VECTORS), None),
        (cpuinfo("GenuineIntel", 26, VECTORS), None),
        ("Processor: ARMv8\n", None),
        ("", None),
    ],
)
def test_only_zen_5_needs_a_word(text, name):
    assert suited_to(text) == name


@pytest.mark.parametrize(
    ("code", "given"),
    [("import numpy, gptkit", None), ("import gptkit", "Haswell")],
    ids=["numpy is loaded already", "the user has chosen"],
)
def test_what_is_settled_stays(code, given):
    env = {name: value for name, value in os.environ.items() if name != VARIABLE}
    env |= {VARIABLE: given} if given else {}
    shown = f"{code}; import os; print(os.environ.get({VARIABLE!r}))"
    assert subprocess.check_output([sys.executable, "-c", shown], env=env, text=True).strip() == str(given)


def test_importing_gptkit_first_asks_for_them_where_they_suit():
    cpu = Path("/proc/cpuinfo")
    wanted = suited_to(cpu.read_text()) if cpu.is_file() else None
    env = {name: value for name, value in os.environ.items() if name != VARIABLE}
    shown = f"import gptkit, os; print(os.environ.get({VARIABLE!r}))"
    assert subprocess.check_output([sys.executable, "-c", shown], env=env, text=True).strip() == str(wanted)
