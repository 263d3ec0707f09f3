"""What compiled kernels are made of; imported only by the process that compiles them.

Kernels take addresses as integers. That way they hold no lock of the interpreter's, need nothing of
Numba's at run time, and serve every process whose machine is the same.
"""

from __future__ import annotations

import platform
from typing import Any, Final

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

_I64: Final = ir.IntType(64)
_SPIN: Final = 1500  # looks at a counter, each of 20 to 50 ns, before the thread sleeps
_NAP: Final = 50  # microseconds it then sleeps between two looks


def inline(function: Any, signature: Any = None) -> Any:
    """Compile a function of a kernel: without the lock, checks or zero-division errors."""
    return njit(
        signature,
        nogil=True,
        error_model="numpy",
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )(function)


# ---- memory -----------------------------------------------------------------------------------


def _pointer_to(dtype: Any) -> Any:
    """A function that takes an address for that of numbers of a type."""

    @intrinsic
    def pointer(_context: Any, _address: Any) -> Any:
        result = types.CPointer(dtype)

        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(result))

        return result(types.int64), generate

    return pointer


f32: Final = _pointer_to(types.float32)
f64: Final = _pointer_to(types.float64)
i8: Final = _pointer_to(types.int8)
i16: Final = _pointer_to(types.int16)
i32: Final = _pointer_to(types.int32)
i64: Final = _pointer_to(types.int64)
u8: Final = _pointer_to(types.uint8)
u16: Final = _pointer_to(types.uint16)
u32: Final = _pointer_to(types.uint32)
u64: Final = _pointer_to(types.uint64)
b1: Final = u8


# ---- what threads tell each other -------------------------------------------------------------


@intrinsic
def fetch_add(_context: Any, _address: Any, _number: Any) -> Any:
    """Add to the number at an address, at once for all threads, and return what it was."""

    def generate(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], _I64.as_pointer())
        return builder.atomic_rmw("add", place, arguments[1], "seq_cst")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def exchange(_context: Any, _address: Any, _known: Any, _number: Any) -> Any:
    """Replace the number at an address if it is the known one; return what it was."""

    def generate(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], _I64.as_pointer())
        pair = builder.cmpxchg(place, arguments[1], arguments[2], "seq_cst", "seq_cst")
        return builder.extract_value(pair, 0)

    return types.int64(types.int64, types.int64, types.int64), generate


@intrinsic
def load(_context: Any, _address: Any) -> Any:
    """The number at an address as other threads have left it."""

    def generate(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], _I64.as_pointer())
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(types.int64), generate


@intrinsic
def store(_context: Any, _address: Any, _number: Any) -> Any:
    """Put a number at an address for other threads to see, after all that was done before."""

    def generate(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], _I64.as_pointer())
        builder.store_atomic(arguments[1], place, "seq_cst", 8)
        return _ctx.get_dummy_value()

    return types.none(types.int64, types.int64), generate


@intrinsic
def pause(_context: Any) -> Any:
    """Tell the processor that this is a look at a counter, one of many."""

    def generate(ctx: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        machine = platform.machine().lower()
        if machine in ("x86_64", "amd64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            name = "llvm.x86.sse2.pause"
            builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        elif machine in ("aarch64", "arm64"):
            kind = ir.FunctionType(ir.VoidType(), [ir.IntType(32)])
            hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.aarch64.hint")
            builder.call(hint, [ir.Constant(ir.IntType(32), 1)])
        return ctx.get_dummy_value()

    return types.none(), generate


@inline
def take(address: int, phase: int, count: int) -> int:
    """Take the next part of a phase by its ticket; `count` if there is none left."""
    ticket = load(address)
    while ticket >> 16 == phase and ticket & 0xFFFF < count:
        found = exchange(address, ticket, ticket + 1)
        if found == ticket:
            return ticket & 0xFFFF
        ticket = found
    return count


@intrinsic
def sleep(_context: Any, _function: Any, _microseconds: Any) -> Any:
    """Call a function of the C library's, by its address, that lets the thread sleep."""

    def generate(ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        number = ir.IntType(32)
        kind = ir.FunctionType(number, [number])
        function = builder.inttoptr(arguments[0], kind.as_pointer())
        builder.call(function, [builder.trunc(arguments[1], number)])
        return ctx.get_dummy_value()

    return types.none(types.int64, types.int64), generate


@inline
def wait_for(address: int, number: int, sleeper: int) -> None:
    """Return when a counter has come to a number: soon, for only work in progress is missing."""
    looks = 0
    while load(address) < number:
        if looks < _SPIN:
            looks += 1
            pause()
        else:
            sleep(sleeper, _NAP)


# ---- matrix products --------------------------------------------------------------------------
# The library's own functions, called by their addresses: row-major order is 101, no transposing
# 111, transposing 112. Sizes are 64 or 32 bits wide, as the library was built.


def _cblas(layout: str, wide: bool, real: Any) -> Any:
    """A caller of a CBLAS function whose parameters a string describes.

    ``e`` is an enumeration, ``n`` a size, ``x`` a number and ``p`` an address.
    """
    size = ir.IntType(64) if wide else ir.IntType(32)
    number = ir.FloatType() if real is types.float32 else ir.DoubleType()
    kinds = {"e": ir.IntType(32), "n": size, "x": number, "p": ir.IntType(8).as_pointer()}
    taken = {"e": types.int64, "n": types.int64, "x": real, "p": types.int64}

    @intrinsic
    def call(_context: Any, _address: Any, _arguments: Any) -> Any:
        def generate(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            given = cgutils.unpack_tuple(builder, arguments[1], len(layout))
            passed = [_passed(builder, k, g, kinds[k]) for k, g in zip(layout, given, strict=True)]
            kind = ir.FunctionType(ir.VoidType(), [kinds[k] for k in layout])
            builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), passed)
            return _ctx.get_dummy_value()

        wanted = types.Tuple([taken[k] for k in layout])
        return types.none(types.int64, wanted), generate

    return call


def _passed(builder: Any, kind: str, given: Any, wanted: Any) -> Any:
    if kind == "p":
        return builder.inttoptr(given, wanted)
    if kind == "x" or given.type == wanted:
        return given
    return builder.trunc(given, wanted)


_GEMM: Final = "eeennnxpnpnxpn"
_GEMV: Final = "eennxpnpnxpn"
sgemm64: Final = _cblas(_GEMM, True, types.float32)
dgemm64: Final = _cblas(_GEMM, True, types.float64)
sgemv64: Final = _cblas(_GEMV, True, types.float32)
dgemv64: Final = _cblas(_GEMV, True, types.float64)
sgemm32: Final = _cblas(_GEMM, False, types.float32)
dgemm32: Final = _cblas(_GEMM, False, types.float64)
sgemv32: Final = _cblas(_GEMV, False, types.float32)
dgemv32: Final = _cblas(_GEMV, False, types.float64)


# ---- sums -------------------------------------------------------------------------------------
# In the order of NumPy's pairwise sums, so that they are bitwise equal: eight partial sums of up to
# 128 numbers, then the sums of halves.

_PAIRWISE: Final = 128
_TOTALS: Final = {
    4: types.float32(types.int64, types.int64),
    8: types.float64(types.int64, types.int64),
}


def _pairwise(pointer: Any, width: int) -> Any:
    @inline
    def block(address: int, count: int) -> Any:
        x = pointer(address)
        if count < 8:
            found = x[0]
            for i in range(1, count):
                found += x[i]
            return found
        r0, r1, r2, r3, r4, r5, r6, r7 = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
        i = 8
        while i < count - count % 8:
            r0 += x[i]
            r1 += x[i + 1]
            r2 += x[i + 2]
            r3 += x[i + 3]
            r4 += x[i + 4]
            r5 += x[i + 5]
            r6 += x[i + 6]
            r7 += x[i + 7]
            i += 8
        found = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
        while i < count:
            found += x[i]
            i += 1
        return found

    @njit(_TOTALS[width], nogil=True, error_model="numpy")
    def total(address, count):  # type: ignore[no-untyped-def]
        if count <= _PAIRWISE:
            return block(address, count)
        half = count // 2
        half -= half % 8
        return total(address, half) + total(address + half * width, count - half)

    return total


total_f32: Final = _pairwise(f32, 4)
total_f64: Final = _pairwise(f64, 8)


# ---- NumPy's own loops ------------------------------------------------------------------------
# The function that NumPy applies to many numbers at once, called as NumPy calls it.


@intrinsic
def apply(
    _context: Any, _loop: Any, _data: Any, _from: Any, _to: Any, _count: Any, _width: Any
) -> Any:
    """Apply a loop to numbers of some width that lie one after the other."""

    def generate(ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        loop, data, source, target, count, width = arguments
        places = cgutils.alloca_once(builder, _I64, 2)
        counts = cgutils.alloca_once(builder, _I64, 1)
        steps = cgutils.alloca_once(builder, _I64, 2)
        for i, address in enumerate((source, target)):
            builder.store(address, cgutils.gep_inbounds(builder, places, i))
            builder.store(width, cgutils.gep_inbounds(builder, steps, i))
        builder.store(count, counts)
        void = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [void] * 4)
        given = [builder.bitcast(p, void) for p in (places, counts, steps)]
        function = builder.inttoptr(loop, kind.as_pointer())
        builder.call(function, [*given, builder.inttoptr(data, void)])
        return ctx.get_dummy_value()

    return types.none(*[types.int64] * 6), generate


def _one(pointer: Any, width: int, real: Any) -> Any:
    """A loop applied to a single number."""

    @intrinsic
    def place(_context: Any, _number: Any) -> Any:
        def generate(_ctx: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            found = cgutils.alloca_once_value(builder, arguments[0])
            return builder.ptrtoint(found, _I64)

        return types.int64(real), generate

    @inline
    def one(loop: int, data: int, x: float) -> float:
        at = place(x)
        apply(loop, data, at, at, 1, width)
        return pointer(at)[0]

    return one


apply_f32: Final = _one(f32, 4, types.float32)
apply_f64: Final = _one(f64, 8, types.float64)
