"""Blocks of Philox4x32-10 made in bulk, and the numbers that TensorFlow makes of their words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 14
"""Blocks made at a time: many, as each array operation has its price, yet kept in the cache."""

Bits = NDArray[np.uint64]
Floats = NDArray[np.float64]
Schedule = tuple[Bits, Bits]
"""What the first round xors in, and the keys of the nine others."""

_WORD = 0xFFFFFFFF
_WEYL = (0x9E3779B9, 0xBB67AE85)
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_HALF = np.uint64(32)
_LOW_WORD = np.uint64(_WORD)
_HIGH_WORD = np.uint64(_WORD << 32)
# Each half of a block is made from the other half's product, hence the order.
_FACTORS = np.array([_MULTIPLIERS[1:], _MULTIPLIERS[:1]], np.uint64)
_ONE = np.uint64(0x3FF << 52)
_MANTISSA32 = np.uint64(0x7FFFFF << 29)
_MANTISSA64 = np.uint64((1 << 52) - 1)


def key_schedule(seed: int, seed2: int) -> Schedule:
    """Prepare a key.

    Parameters
    ----------
    seed, seed2 : int
        The key and the upper half of the counter, both below 2**64. As that half never
        changes, the first round's product of it is folded into that round's key.

    Returns
    -------
    tuple of ndarray
        Of shapes (2, 1) and (9, 2, 1).
    """
    low, high = seed & _WORD, seed >> 32
    product = _MULTIPLIERS[1] * (seed2 & _WORD)
    first = [[product ^ low << 32], [((seed2 >> 32) ^ high) << 32]]
    keys = [
        [[(half + r * step & _WORD) << 32] for half, step in zip((low, high), _WEYL, strict=True)]
        for r in range(1, 10)
    ]
    return np.array(first, np.uint64), np.array(keys, np.uint64)


class Bench:
    """Room to make `count` blocks and turn them into numbers, used for chunk after chunk."""

    __slots__ = ("count", "index", "pairs", "reals", "spare", "words")

    def __init__(self, count: int) -> None:
        self.count = count
        self.pairs: Bits = np.empty((2, count), np.uint64)
        """The blocks: words 0 and 1 of each as one number, words 2 and 3 as another."""
        self.spare: Bits = np.empty_like(self.pairs)
        self.words: Bits = np.empty((count, 2), "<u8")
        self.reals: Floats = np.empty((4, 2 * count))
        self.index: NDArray[np.intp] = np.empty(2 * count, np.intp)

    def encrypt(self, schedule: Schedule, counters: Bits) -> None:
        """Make the blocks of these numbers, both halves of all in one operation."""
        pairs, spare = self.pairs, self.spare
        first, keys = schedule
        np.bitwise_and(counters, _HIGH_WORD, out=pairs[0])
        np.bitwise_and(counters, _LOW_WORD, out=pairs[1])
        np.multiply(pairs[1], _FACTORS[1], out=pairs[1])
        np.bitwise_xor(pairs, first, out=pairs)
        crossed = pairs[::-1]
        for key in keys:
            np.right_shift(crossed, _HALF, out=spare)
            np.multiply(spare, _FACTORS, out=spare)
            np.left_shift(pairs, _HALF, out=pairs)
            np.bitwise_xor(pairs, spare, out=pairs)
            np.bitwise_xor(pairs, key, out=pairs)


Sampler = Callable[[Bench], NDArray[Any]]
"""Turns a bench's blocks into numbers: a flat array, block after block. The blocks are spent."""


def benches(total: int) -> Iterator[tuple[slice, Bench]]:
    """Cut a number of blocks into chunks.

    Parameters
    ----------
    total : int
        How many blocks.

    Yields
    ------
    slice, Bench
        Where a chunk stands among them, and a bench of its size.
    """
    bench = Bench(min(total, CHUNK))
    for first in range(0, total, CHUNK):
        count = min(CHUNK, total - first)
        if count != bench.count:
            bench = Bench(count)
        yield slice(first, first + count), bench


def fill(
    schedule: Schedule, start: int, flat: NDArray[Any], per_block: int, sampler: Sampler
) -> None:
    """Make numbers of the blocks from `start` on.

    Parameters
    ----------
    schedule : tuple of ndarray
        The prepared key.
    start : int
        The number of the first block.
    flat : ndarray of shape (n,)
        Filled with the numbers.
    per_block : int
        How many of them come from a block.
    sampler : callable
        Makes them.
    """
    for part, bench in benches(-(-flat.size // per_block)):
        counters = np.arange(part.start, part.stop, dtype=np.uint64)
        counters += np.uint64(start)
        bench.encrypt(schedule, counters)
        target = flat[part.start * per_block : part.stop * per_block]
        target[...] = sampler(bench)[: target.size]


def words(bench: Bench) -> NDArray[Any]:
    """The blocks' words in order, 32 bits each."""
    np.right_shift(bench.pairs, _HALF, out=bench.spare)
    np.left_shift(bench.pairs, _HALF, out=bench.pairs)
    np.bitwise_or(bench.spare, bench.pairs, out=bench.words.T)
    return bench.words.view("<u4").reshape(-1)


def uniform32(bench: Bench) -> NDArray[Any]:
    """A float32 in [0, 1) from the low 23 bits of each word."""
    bits = words(bench)
    np.bitwise_and(bits, np.uint32(0x7FFFFF), out=bits)
    np.bitwise_or(bits, np.uint32(0x3F800000), out=bits)
    numbers: NDArray[Any] = bits.view("<f4")
    np.subtract(numbers, np.float32(1), out=numbers)
    return numbers


def _uniform16(bench: Bench) -> NDArray[Any]:
    return (words(bench) & np.uint32(0x3FF)) * np.float32(2**-10)


def _uniform64(bench: Bench) -> NDArray[Any]:
    return _fractions(bench.pairs, _MANTISSA64).T.reshape(-1)


def _fractions(bits: Bits, mantissa: np.uint64) -> Floats:
    """Numbers in [0, 1) from bits that stand where a float64 has its mantissa, in place."""
    np.bitwise_and(bits, mantissa, out=bits)
    np.bitwise_or(bits, _ONE, out=bits)
    numbers = bits.view(np.float64)
    return np.subtract(numbers, 1.0, out=numbers)


def _normal32(bench: Bench) -> NDArray[Any]:
    np.right_shift(bench.pairs, np.uint64(3), out=bench.spare)
    np.left_shift(bench.pairs, np.uint64(29), out=bench.pairs)
    angle = _fractions(bench.pairs, _MANTISSA32)
    np.multiply(angle, 2 * math.pi, out=angle)
    angle[...] = angle.astype(np.float32)
    return _box_muller(_fractions(bench.spare, _MANTISSA32), angle, bench, np.float32)


def _normal64(bench: Bench) -> NDArray[Any]:
    chance = _fractions(bench.pairs, _MANTISSA64)
    np.multiply(chance[1:], 2 * math.pi, out=chance[1:])
    return _box_muller(chance[:1], chance[1:], bench, np.float64)


def _box_muller(chance: Floats, angle: Floats, bench: Bench, dtype: type[Any]) -> NDArray[Any]:
    """Two normal numbers from each uniform and angle; these come in rows and are spent."""
    np.maximum(chance, np.float64(dtype(1e-7)), out=chance)
    np.log(chance, out=chance)
    np.multiply(chance, -2.0, out=chance)
    radius = np.sqrt(chance, out=chance)
    numbers = np.empty((bench.count, len(angle), 2), dtype)
    for i, wave in enumerate(_sine_cosine(angle, bench)):
        # Both factors are rounded to the dtype, then multiplied in it.
        np.multiply(wave, radius, out=numbers[..., i].T, dtype=dtype, casting="same_kind")
    return numbers.reshape(-1)


def _sine_cosine(angle: Floats, bench: Bench) -> tuple[Floats, Floats]:
    """Both, to 3e-16, for angles in [0, 2 pi], which are spent.

    The angle is a grid point plus a small rest: the point's sine and cosine are looked up, the
    rest's are short series, and the addition theorems join them. It takes a fifth of the time
    of NumPy's float64 ``sin`` and ``cos``, and no library's rounding shows in it.
    """
    turn, square, sine, cosine = (x[: angle.size].reshape(angle.shape) for x in bench.reals)
    index = bench.index[: angle.size].reshape(angle.shape)
    np.rint(np.multiply(angle, _GRID / (2 * math.pi), out=turn), out=turn)
    np.copyto(index, turn, casting="unsafe")
    np.take(_GRID_SINES, index, out=sine, mode="clip")
    np.take(_GRID_COSINES, index, out=cosine, mode="clip")
    for step in _GRID_STEP:
        np.subtract(angle, np.multiply(turn, step, out=square), out=angle)
    np.multiply(angle, angle, out=square)
    np.multiply(angle, _series(square, -1 / 6, -1 / 20, turn), out=angle)
    _series(square, -1 / 2, -1 / 12, turn)
    np.multiply(sine, angle, out=square)
    np.multiply(cosine, angle, out=angle)
    np.add(np.multiply(sine, turn, out=sine), angle, out=sine)
    np.subtract(np.multiply(cosine, turn, out=cosine), square, out=cosine)
    return sine, cosine


def _series(square: Floats, first: float, second: float, out: Floats) -> Floats:
    """``1 + first * square * (1 + second * square)``."""
    np.add(np.multiply(square, second, out=out), 1.0, out=out)
    np.multiply(np.multiply(out, square, out=out), first, out=out)
    return np.add(out, 1.0, out=out)


def _grid_waves(grid: int) -> tuple[Floats, Floats]:
    """Sines and cosines of the grid's angles, all from those of the first octant."""
    quarter = grid // 4
    turns, rest = np.divmod(np.arange(grid + 1), quarter)
    small = np.minimum(rest, quarter - rest) * (2 * math.pi / grid)
    point = np.cos(small) + 1j * np.sin(small)
    point = np.where(2 * rest > quarter, point.imag + 1j * point.real, point)
    point *= np.array([1, 1j, -1, -1j, 1])[turns]
    return point.imag.copy(), point.real.copy()


_GRID = 1024
_GRID_SINES, _GRID_COSINES = _grid_waves(_GRID)
# These add up to 2 pi / 1024; the first, of 41 bits, is exact when multiplied by a grid index.
_GRID_STEP = (float.fromhex("0x1.921FB54442p-8"), float.fromhex("0x1.A308D313198A3p-49"))

UNIFORM: dict[np.dtype[Any], tuple[int, Sampler]] = {
    np.dtype(np.float16): (4, _uniform16),
    np.dtype(np.float32): (4, uniform32),
    np.dtype(np.float64): (2, _uniform64),
}
"""Numbers in a block, and their sampler; float16's come as float32."""

NORMAL: dict[np.dtype[Any], tuple[int, Sampler]] = {
    np.dtype(np.float16): (4, _normal32),
    np.dtype(np.float32): (4, _normal32),
    np.dtype(np.float64): (2, _normal64),
}
"""As `UNIFORM`."""
