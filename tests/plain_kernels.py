"""Kernels without Numba: their texts run by Python, which sees all that they read and write.

Memory is the real one, and so are the functions of BLAS and NumPy, so that results are those of
machine code, bit by bit. But nothing may be touched outside the arrays that were handed out; the
parts of a phase, which threads make in any order, are made in a random one; and what one of them
writes no other may read or write.
"""

from __future__ import annotations

import ctypes
import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import skflow as tf
from skflow.graph.dtypes import Array
from skflow.runtime import products
from skflow.runtime.executable import Executable
from skflow.runtime.jit import addresses, fused, source, statements
from skflow.runtime.jit.expressions import KINDS
from skflow.runtime.jit.loader import Kernel
from tests.compiled import assert_bitwise
from tests.tiers import TIERS

if TYPE_CHECKING:
    import pytest

_C: Final = {
    "f32": ctypes.c_float, "f64": ctypes.c_double, "i8": ctypes.c_int8, "i16": ctypes.c_int16,
    "i32": ctypes.c_int32, "i64": ctypes.c_int64, "u8": ctypes.c_uint8, "u16": ctypes.c_uint16,
    "b1": ctypes.c_uint8,
}  # fmt: skip
_NUMPY: Final = {kind: np.dtype(name if kind != "b1" else "u1") for name, kind in KINDS.items()}
_LAYOUTS: Final = {"gemm": "eeennnxpnpnxpn", "gemv": "eennxpnpnxpn"}
_OBJECT: Final = 128  # bytes of an array object that may be read


class Memory:
    """The arrays that kernels were told of, and which bytes have been touched."""

    def __init__(self) -> None:
        self.extents: dict[int, int] = {}
        self.reads: set[int] = set()
        self.writes: set[int] = set()

    def known(self, array: Array) -> None:
        """Let an array, which lies in one piece, be read and written."""
        at = int(array.__array_interface__["data"][0])
        self.allow(at, array.nbytes)

    def allow(self, at: int, count: int) -> None:
        """Let some bytes be read and written."""
        self.extents[at] = max(self.extents.get(at, 0), count)

    def extent(self, at: int) -> tuple[int, int]:
        """The piece of memory that an address lies in."""
        found = [(s, s + n) for s, n in self.extents.items() if s <= at < s + n]
        assert found, "an address that nobody has handed out"
        return max(found, key=lambda f: f[1])

    def touch(self, at: int, count: int, write: bool) -> None:
        """Note that some bytes are read or written."""
        if count:
            start, end = self.extent(at)
            assert start <= at
            assert at + count <= end, "beyond the end of an array"
            (self.writes if write else self.reads).update(range(at, at + count))


class Pointer:
    """Numbers of some kind from an address on."""

    def __init__(self, memory: Memory, kind: str, address: Any) -> None:
        self._memory = memory
        self._c, self._type = _C[kind], _NUMPY[kind].type
        self._width = _NUMPY[kind].itemsize
        self._at = int(address)
        self._start, self._end = memory.extent(self._at)

    def _place(self, index: Any) -> int:
        at = self._at + int(index) * self._width
        inside = self._start <= at and at + self._width <= self._end
        assert inside, "beyond the end of an array"
        return at

    def __getitem__(self, index: Any) -> Any:
        at = self._place(index)
        self._memory.reads.update(range(at, at + self._width))
        return self._type(self._c.from_address(at).value)

    def __setitem__(self, index: Any, value: Any) -> None:
        at = self._place(index)
        self._memory.writes.update(range(at, at + self._width))
        kind = float if self._type in (np.float32, np.float64) else int
        self._c.from_address(at).value = kind(value)


class _Math:
    @staticmethod
    def sqrt(x: Any) -> Any:
        return np.sqrt(x)


class PlainKernel:
    """A region's text as functions of Python.

    Parameters
    ----------
    text : str
        See `skflow.runtime.jit.source`.
    memory : Memory
        What may be touched.
    rng : numpy.random.Generator
        In which order parts are made.
    """

    def __init__(self, text: str, memory: Memory, rng: np.random.Generator) -> None:
        self._memory = memory
        self._rng = rng
        self._space: dict[str, Any] = {
            "np": np, "math": _Math, "inline": lambda f: f, "apply": self._apply,
            "store": None, "take": None, "wait_for": None, "fetch_add": None,
        }  # fmt: skip
        for kind in _C:
            self._space[kind] = self._pointers(kind)
        for letter, kind in (("s", "f32"), ("d", "f64")):
            self._space[f"apply_{kind}"] = self._one(kind)
            self._space[f"total_{kind}"] = self._total(kind)
            for name, bits in itertools.product(_LAYOUTS, (32, 64)):
                self._space[f"{letter}{name}{bits}"] = self._blas(letter, name, bits)
        exec(compile(text, "<region>", "exec"), self._space)
        found = re.findall(r"for c in range\((\d+)\):\n +(phase\d+)\(t, c\)", text)
        for count, name in found:
            self._space[name] = self._parts(self._space[name], int(count))
        self.phases = len(found)

    def kernel(self) -> Kernel:
        """What takes the place of machine code."""
        return Kernel(self._run, self._run, None)

    def _run(self, address: int, shared: int, *objects: Any) -> int:
        for array in objects:
            self._memory.allow(id(array), _OBJECT)
            self._memory.allow(array.ctypes.data, array.nbytes)
            if array.ndim:
                place = id(array) + object.__basicsize__ + 16
                self._memory.allow(ctypes.c_int64.from_address(place).value, 8 * array.ndim)
        assert not shared
        return int(self._space["run"](address, shared, *[id(o) for o in objects]))

    def _parts(self, phase: Callable[[Any, int], None], count: int) -> Callable[[Any, int], None]:
        """A phase whose parts come in a random order, and must not see each other."""
        memory, order = self._memory, list(range(count))
        seen: list[tuple[set[int], set[int]]] = []

        def part(t: Any, c: int) -> None:
            if c == 0:
                self._rng.shuffle(order)
                seen.clear()
            memory.reads, memory.writes = set(), set()
            phase(t, order[c])
            for reads, writes in seen:
                assert writes.isdisjoint(memory.writes), "two parts write to the same place"
                assert writes.isdisjoint(memory.reads), "a part reads what another one writes"
                assert reads.isdisjoint(memory.writes), "a part writes what another one reads"
            seen.append((memory.reads, memory.writes))

        return part

    # ---- what texts call --------------------------------------------------------------

    def _pointers(self, kind: str) -> Callable[[Any], Pointer]:
        return lambda address: Pointer(self._memory, kind, address)

    def _array(self, kind: str, at: int, count: int) -> Array:
        return np.ctypeslib.as_array((_C[kind] * count).from_address(at))

    def _apply(self, loop: Any, data: Any, x: Any, y: Any, count: Any, width: Any) -> None:
        x, y, count, width = int(x), int(y), int(count), int(width)
        self._memory.touch(x, count * width, write=False)
        self._memory.touch(y, count * width, write=True)
        _applied(int(loop), int(data), x, y, count, width)

    def _one(self, kind: str) -> Callable[[Any, Any, Any], Any]:
        def one(loop: Any, data: Any, x: Any) -> Any:
            place = np.array([x], _NUMPY[kind])
            at = place.ctypes.data
            _applied(int(loop), int(data), at, at, 1, place.itemsize)
            return place[0]

        return one

    def _total(self, kind: str) -> Callable[[Any, Any], Any]:
        def total(address: Any, count: Any) -> Any:
            self._memory.touch(int(address), int(count) * _NUMPY[kind].itemsize, write=False)
            return np.add.reduce(self._array(kind, int(address), int(count)))

        return total

    def _blas(self, letter: str, name: str, bits: int) -> Callable[[Any, Any], None]:
        size = ctypes.c_int64 if bits == 64 else ctypes.c_int32
        real = ctypes.c_float if letter == "s" else ctypes.c_double
        kinds = {"e": ctypes.c_int, "n": size, "x": real, "p": ctypes.c_void_p}
        caller = ctypes.CFUNCTYPE(None, *[kinds[k] for k in _LAYOUTS[name]])

        def call(at: Any, arguments: Any) -> None:
            given = [
                float(a) if k == "x" else int(a)
                for a, k in zip(arguments, _LAYOUTS[name], strict=True)
            ]
            operands = _gemm_operands if name == "gemm" else _gemv_operands
            for place, rows, columns, apart, write in operands(given):
                for i in range(rows):
                    width = ctypes.sizeof(real)
                    self._memory.touch(place + i * apart * width, columns * width, write)
            caller(int(at))(*given)

        return call


def _gemm_operands(given: list[Any]) -> list[tuple[int, int, int, int, bool]]:
    """The matrices of a product: where, rows and columns as they lie, and if it is written."""
    _, ta, tb, m, n, k, _, a, lda, b, ldb, _, c, ldc = given
    first = (a, k, m, lda, False) if ta == 112 else (a, m, k, lda, False)
    second = (b, n, k, ldb, False) if tb == 112 else (b, k, n, ldb, False)
    return [first, second, (c, m, n, ldc, True)]


def _gemv_operands(given: list[Any]) -> list[tuple[int, int, int, int, bool]]:
    _, turned, m, n, _, a, lda, x, _, _, y, _ = given
    inner, outer = (m, n) if turned == 112 else (n, m)
    return [(a, m, n, lda, False), (x, 1, inner, inner, False), (y, 1, outer, outer, True)]


def _applied(loop: int, data: int, x: int, y: int, count: int, width: int) -> None:
    places = (ctypes.c_void_p * 2)(x, y)
    counts = (ctypes.c_ssize_t * 1)(count)
    steps = (ctypes.c_ssize_t * 2)(width, width)
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(loop)(places, counts, steps, data)


class Replayed:
    """Sessions whose kernels are run by Python, beside others that have none.

    Parameters
    ----------
    monkeypatch : pytest.MonkeyPatch
        Phases are cut into many parts, however small they are.
    seed : int
        Of the order in which parts are made.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seed: int = 0) -> None:
        self.memory = Memory()
        self.phases = 0
        self.texts: list[str] = []
        self._rng = np.random.default_rng(seed)
        for module in (addresses, fused):
            monkeypatch.setattr(module, "address_of", self._noting(addresses.address_of))
        monkeypatch.setattr(source, "_SHARED", 0.0)
        monkeypatch.setattr(statements, "_CHUNK", 0.002)
        monkeypatch.setattr(products, "_WORTH_CUTTING", 2000)

    def _noting(self, find: Callable[[Array], int]) -> Callable[[Array], int]:
        def noting(array: Array) -> int:
            self.memory.known(array)
            return find(array)

        return noting

    def adopt(self, session: Any) -> None:
        """Give the plans that a session has made their kernels."""
        for plan in list(session._state._plans):
            assert isinstance(plan, Executable)
            with np.errstate(all="ignore"):
                code = plan.sources()
            if code is None:
                continue
            for text, _ in code.sources:
                kernel = PlainKernel(text, self.memory, self._rng)
                self.phases += kernel.phases
                self.texts.append(text)
                code.kernels.append(kernel.kernel())
            plan.adopt(code)

    def compare(self, graph: Any, fetches: list[Any], feeds: list[Any]) -> None:
        """Run a program on one feed after the other, and compare all there is to see."""
        with graph.as_default():
            variables = tf.global_variables()
            initialize = tf.global_variables_initializer()
        settings = {"intra_op_parallelism_threads": 1}  # nobody helps
        first = TIERS[0]
        with first.session(graph, **settings) as plain, first.session(graph, **settings) as other:
            for session in (plain, other):
                session.run(initialize)
            for step, given in enumerate(feeds):
                for fetch in [fetches, *[[v] for v in variables]]:
                    for a, b in zip(other.run(fetch, given), plain.run(fetch, given), strict=True):
                        assert_bitwise(a, b, f"step {step}: {fetch}")
                if not step:
                    self.adopt(other)
