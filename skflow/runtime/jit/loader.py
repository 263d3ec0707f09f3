"""Machine code becomes functions; and what it calls: functions of BLAS, NumPy and C."""

from __future__ import annotations

import ctypes
import functools
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from skflow.runtime.jit import mapping

_engines: Final[list[Any]] = []  # they own the code of object files
_lock: Final = threading.Lock()


class Kernel(NamedTuple):
    """The functions of a compiled region.

    `run` takes the address of the table, whether a helper may come, and the objects given;
    `help` takes the address of the table. `quick` is `run` without letting the interpreter's lock
    go, for what is over before another thread could have begun.
    """

    run: Callable[..., int]
    quick: Callable[..., int]
    help: Callable[[int], int] | None


def load(code: bytes, facts: dict[str, Any], arguments: int) -> Kernel:
    """Bring machine code into this process, for as long as it lives.

    Parameters
    ----------
    code : bytes
        What `compiler.compiled` made.
    facts : dict
        What it said of it.
    arguments : int
        How many objects ``run`` takes.

    Returns
    -------
    Kernel
        The functions.

    Raises
    ------
    ValueError
        If the code is not what the facts say.
    OSError
        If the system does not allow it.
    """
    if "names" in facts:
        found = _object_file(code, facts["names"])
    else:
        found = mapping.mapped(code, facts["entries"], facts["imports"])
    taken: list[Any] = [ctypes.c_int64, ctypes.c_int64, *[ctypes.py_object] * arguments]
    run = ctypes.CFUNCTYPE(ctypes.c_int64, *taken)(found["run"])
    quick = ctypes.PYFUNCTYPE(ctypes.c_int64, *taken)(found["run"])
    helps = None
    if "help" in found:
        helps = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(found["help"])
    return Kernel(run, quick, helps)


def _object_file(code: bytes, names: dict[str, str]) -> dict[str, int]:
    """The addresses of an object file's functions, linked by the library that compiles."""
    import llvmlite.binding as llvm

    with _lock:
        engine = _engine(llvm)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        found = {k: engine.get_function_address(v) for k, v in names.items()}
        _engines.append(engine)
    if not all(found.values()):
        raise ValueError("object code without its functions")
    return found


def _engine(llvm: Any) -> Any:
    if not _engines:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), jit=True
    )
    module = llvm.parse_assembly(f'target triple = "{target.triple}"\n')
    return llvm.create_mcjit_compiler(module, machine)


def processor() -> str:
    """The processor that kernels are made for, with what it can do."""
    if mapping.possible():
        found = _described()
        if found:
            return found
    import llvmlite.binding as llvm

    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


# What the kernel says of processors by which LLVM tells one from another.
_TELLING: Final = re.compile(
    r"^(vendor_id|cpu family|model|stepping|flags|features|cpu (implementer|architecture|variant"
    r"|part|revision))\s*:",
    re.IGNORECASE,
)
_CPUS: Final = Path("/proc/cpuinfo")
_ENOUGH: Final = 1 << 14  # characters: there are machines with hundreds of processors


def _described() -> str:
    """What Linux says of the first processors; nothing if it says nothing that tells."""
    try:
        with _CPUS.open() as file:
            lines = file.read(_ENOUGH).splitlines()[:-1]
    except OSError:
        return ""
    return "\n".join(sorted({line for line in lines if _TELLING.match(line)}))


class Blas(NamedTuple):
    """The matrix products of NumPy's own library: addresses by name, and the width of sizes."""

    addresses: dict[str, int]
    wide: bool


_NAMES: Final = ("sgemm", "dgemm", "sgemv", "dgemv")
# How builds of the library name a function, and whether sizes have 64 bits then.
_PATTERNS: Final = (
    ("scipy_cblas_{}64_", True),
    ("cblas_{}64_", True),
    ("cblas_{}", False),
    ("scipy_cblas_{}", False),
)


def find_blas() -> Blas | None:
    """The library that NumPy multiplies matrices with; ``None`` if it cannot be told."""
    try:
        import numpy._core._multiarray_umath as umath  # its symbols are searched with its libraries
    except ImportError:
        import numpy.core._multiarray_umath as umath
    try:
        library = ctypes.CDLL(umath.__file__)
    except OSError:
        return None
    for pattern, wide in _PATTERNS:
        try:
            found = [getattr(library, pattern.format(name)) for name in _NAMES]
        except AttributeError:
            continue
        addresses = [ctypes.cast(f, ctypes.c_void_p).value or 0 for f in found]
        return Blas(dict(zip(_NAMES, addresses, strict=True)), wide)
    return None


class Machine(NamedTuple):
    """What kernels can call: the BLAS library's functions, NumPy's loops, the C library's sleep."""

    blas: Blas | None
    loops: dict[tuple[str, str], tuple[int, int]]
    sleep: int


@functools.cache
def machine() -> Machine:
    """What kernels can call in this process."""
    return Machine(find_blas(), find_loops(), _sleep())


def _sleep() -> int:
    """The address of the C library's `usleep`; 0 where there is none."""
    try:
        return ctypes.cast(ctypes.CDLL(None).usleep, ctypes.c_void_p).value or 0
    except (AttributeError, OSError, TypeError):
        return 0


def find_loops() -> dict[tuple[str, str], tuple[int, int]]:
    """NumPy's loops of functions of one number: their addresses, and what they are given besides.

    A universal function begins with public fields that never change within NumPy's binary
    interface: numbers of inputs and outputs, the loops and their data, how many, name and types.
    What does not look like that, or computes anything else, is left out.

    Returns
    -------
    dict
        By the function's name and the type's character.
    """
    found = {}
    for name in LOOPS:
        function = getattr(np, name)
        for char in "fd":
            with suppress(ValueError):
                found[name, char] = _loop_of(function, char)
    return found


LOOPS: Final = ("exp", "log", "log1p", "expm1", "sin", "cos", "tanh")


class _Ufunc(ctypes.Structure):
    _fields_ = (
        ("head", ctypes.c_byte * object.__basicsize__),
        ("inputs", ctypes.c_int),
        ("outputs", ctypes.c_int),
        ("arguments", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("count", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p),
    )


def _loop_of(function: np.ufunc, char: str) -> tuple[int, int]:
    fields = _Ufunc.from_address(id(function))
    kinds = [t.split("->")[0] for t in function.types]
    same = (fields.inputs, fields.outputs, fields.arguments, fields.count) == (1, 1, 2, len(kinds))
    if not same or fields.name != function.__name__.encode():
        raise ValueError
    index = kinds.index(char)
    address = fields.functions[index]
    data = fields.data[index] if fields.data else None
    if not address:
        raise ValueError
    _try(function, char, address, data or 0)
    return address, data or 0


def _try(function: np.ufunc, char: str, address: int, data: int) -> None:
    """Apply a loop to some numbers, and compare."""
    given = np.linspace(0.1, 20, 77).astype(char)
    found = np.empty_like(given)
    places = (ctypes.c_void_p * 2)(given.ctypes.data, found.ctypes.data)
    counts = (ctypes.c_ssize_t * 1)(given.size)
    steps = (ctypes.c_ssize_t * 2)(given.itemsize, given.itemsize)
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
    kind(address)(places, counts, steps, data)
    if not np.array_equal(found, function(given)):
        raise ValueError
