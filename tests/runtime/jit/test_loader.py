"""Kernels are loaded as they were made; what they call is what NumPy calls."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skflow.runtime.jit import loader, mapping
from skflow.runtime.jit.hot import compiling

ROOT = Path(__file__).parents[3]
# A region that multiplies and adds, fills memory, and has a function for a helper.
REGION = """
@inline
def s0(t, lo, hi):
    x = f32(t[8])
    y = f32(t[9])
    for i in range(lo, hi):
        y[i] = x[i] * np.float32(1.5) + np.float32(0.25)
@inline
def s1(t, lo, hi):
    z = f32(t[10])
    for i in range(lo, hi):
        z[i] = np.float32(0.0)
def run(address, shared):
    t = i64(address)
    s0(t, 0, 1000)
    s1(t, 0, 1000)
    return 7 + shared
def help(address):
    s0(i64(address), 0, 10)
    return 3
"""
# A program that compiles it for this system, and for one that takes object files, and runs both.
PROGRAM = """
import sys
sys.path.insert(0, {root!r})
import numpy as np
from skflow.runtime.jit import compiler, loader, mapping

def tried(code, facts):
    kernel = loader.load(code, facts, 0)
    x = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    y, z = np.ones_like(x), np.ones_like(x)
    table = np.zeros(16, np.int64)
    table[8:11] = [a.ctypes.data for a in (x, y, z)]
    found = [kernel.run(table.ctypes.data, 1), kernel.quick(table.ctypes.data, 0)]
    assert np.array_equal(y, x * np.float32(1.5) + np.float32(0.25))
    assert not z.any()
    y[:] = 0.0
    assert kernel.help(table.ctypes.data) == 3
    assert y[:10].all() and not y[10:].any()
    return found

kinds = []
for possible in (mapping.possible, lambda: False):
    mapping.possible = possible
    code, facts = compiler.compiled({text!r}, 0)
    kinds.append(sorted(facts))
    assert tried(code, facts) == [8, 7]
    assert loader.processor()
print(kinds)
"""


def test_both_kinds_of_code() -> None:
    """Code is mapped here, and linked by the compiler's library on other systems."""
    if not compiling.available:
        return
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM.format(root=str(ROOT), text=REGION)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    kinds: list[Any] = [["entries", "imports"] if mapping.possible() else ["names"], ["names"]]
    assert done.stdout.strip() == str(kinds)


def test_code_that_is_not_what_it_is_said_to_be() -> None:
    for facts in (
        {"entries": {"run": 99}, "imports": {}},
        {"entries": {"run": 0}, "imports": {"system": 0}},
    ):
        with pytest.raises(ValueError):
            loader.load(bytes(64), facts, 0)


CPUS = """processor\t: {number}
vendor_id\t: Maker
model\t\t: 2
model name\t: Fast
stepping\t: {stepping}
cpu MHz\t\t: {speed}
flags\t\t: sse avx{flag}

"""


@pytest.mark.parametrize("count", [1, 2, 500])
def test_processors_differ_in_what_they_can_do(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def described(speed: float, flag: str = "", stepping: int = 1) -> str:
        texts = [
            CPUS.format(number=i, speed=speed + i / 7, flag=flag, stepping=stepping)
            for i in range(count)
        ]
        path = tmp_path / "cpuinfo"
        path.write_text("".join(texts))
        monkeypatch.setattr(loader, "_CPUS", path)
        return loader._described()

    first = described(1000.0)
    assert first.splitlines() == [
        "flags\t\t: sse avx",
        "model\t\t: 2",
        "stepping\t: 1",
        "vendor_id\t: Maker",
    ]
    assert described(987_654.321) == first
    assert described(1000.0, " avx2") != first
    assert described(1000.0, stepping=3) != first


def test_a_system_that_says_nothing_of_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "_CPUS", tmp_path / "cpuinfo")
    assert loader._described() == ""
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nhart\t\t: 1\n\n")
    assert loader._described() == ""


def test_loops_are_those_of_numpy() -> None:
    found = loader.find_loops()
    assert {name for name, _ in found} <= set(loader.LOOPS)
    assert all(address for address, _ in found.values())
    for name in loader.LOOPS:
        assert (name, "f") in found
        assert (name, "d") in found


def test_a_function_that_looks_otherwise_is_left_out() -> None:
    for function in (np.add, np.frexp, np.isnan):
        with pytest.raises(ValueError):
            loader._loop_of(function, "g" if function is np.add else "d")


def test_a_function_that_computes_something_else_is_left_out() -> None:
    address, data = loader._loop_of(np.exp, "d")
    with pytest.raises(ValueError):
        loader._try(np.log, "d", address, data)


def test_the_library_that_multiplies() -> None:
    blas = loader.find_blas()
    if blas is not None:
        assert {"sgemm", "dgemm", "sgemv", "dgemv"} <= set(blas.addresses)
        assert all(blas.addresses.values())
    assert loader.machine() is loader.machine()
