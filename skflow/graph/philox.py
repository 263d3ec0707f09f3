"""TensorFlow's random streams: Philox4x32-10 in bulk, and the distributions drawn from it.

A stream is a key and a counter. Each value of the counter gives a *block* of four 32-bit words,
and every draw reserves its blocks before it makes them, so a stream may serve many threads. The
numbers are those of TensorFlow 1.1.0 on the CPU: uniforms, integers, shuffles and multinomial
samples to the last bit, normals to the rounding of the C library's sine and cosine.
"""

from __future__ import annotations

import itertools
import math
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from skflow.graph.philox_blocks import (
    NORMAL,
    UNIFORM,
    Bench,
    Sampler,
    benches,
    fill,
    key_schedule,
    uniform32,
    words,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

DEFAULT_GRAPH_SEED = 87654321
"""The graph's half of a seed pair where only the operation has a seed."""

BLOCKS_PER_OUTPUT = 256
"""Blocks reserved for each number drawn, so that rejections never run into the next draw."""

_SEED_MODULUS = 2**31 - 1


def seed_pair(
    graph_seed: int | None, op_seed: int | None, last_id: int
) -> tuple[int, int] | tuple[None, None]:
    """The two seeds of a random operation.

    Parameters
    ----------
    graph_seed, op_seed : int or None
        The graph's seed and the operation's own.
    last_id : int
        How many operations the graph holds so far: it stands in for a missing `op_seed`.

    Returns
    -------
    tuple
        ``(seed, seed2)``, each below ``2**31 - 1`` and never both zero; ``(None, None)`` if
        neither seed is set, for which an operation records zeros: see
        `PhiloxStream.from_seeds`.

    Notes
    -----
    The rule of ``tensorflow.python.framework.random_seed`` in TensorFlow 1.1.0.

    Examples
    --------
    >>> seed_pair(None, 7, last_id=3)
    (87654321, 7)
    >>> seed_pair(42, None, last_id=3)
    (42, 3)
    """
    if graph_seed is None and op_seed is None:
        return None, None
    first = DEFAULT_GRAPH_SEED if graph_seed is None else graph_seed % _SEED_MODULUS
    second = (last_id if op_seed is None else op_seed) % _SEED_MODULUS
    return (first, second) if (first, second) != (0, 0) else (0, _SEED_MODULUS)


class PhiloxStream:
    """One operation's stream of random blocks in one session.

    Parameters
    ----------
    seed : int
        The key; taken modulo 2**64.
    seed2 : int
        The upper half of the 128-bit counter; taken modulo 2**64.
    position : int, optional
        The lower half: the number of the first block that will be handed out.

    Notes
    -----
    Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), laid
    out as in TensorFlow's ``philox_random.h``. TensorFlow lets the lower half of the counter
    overflow into the upper; here that, 2**64 blocks on, is an error.

    Examples
    --------
    >>> stream = PhiloxStream(42, 42)
    >>> uniform(stream, (3,))
    array([0.4163028 , 0.26858163, 0.47968316], dtype=float32)
    >>> stream.position
    768
    """

    __slots__ = ("_lock", "_position", "_seed", "_seed2", "schedule")

    def __init__(self, seed: int, seed2: int, position: int = 0) -> None:
        self._seed = seed % 2**64
        self._seed2 = seed2 % 2**64
        self._position = position
        self._lock = threading.Lock()
        self.schedule = key_schedule(self._seed, self._seed2)

    @classmethod
    def from_seeds(cls, seed: int, seed2: int) -> PhiloxStream:
        """The stream of an operation with these attributes; two zeros ask for a random one."""
        if seed == 0 and seed2 == 0:
            noise = os.urandom(16)
            seed, seed2 = int.from_bytes(noise[:8], "little"), int.from_bytes(noise[8:], "little")
        return cls(seed, seed2)

    @property
    def seeds(self) -> tuple[int, int]:
        """The key and the upper half of the counter."""
        return self._seed, self._seed2

    @property
    def position(self) -> int:
        """The number of the next block that will be handed out."""
        return self._position

    def reserve(self, blocks: int) -> int:
        """Set blocks aside for the caller alone; safe from many threads.

        Parameters
        ----------
        blocks : int
            How many.

        Returns
        -------
        int
            The number of the first.

        Raises
        ------
        ValueError
            If `blocks` is negative.
        OverflowError
            If the stream has fewer blocks left.
        """
        if blocks < 0:
            raise ValueError(f"cannot reserve {blocks} blocks")
        with self._lock:
            start = self._position
            if start + blocks > 2**64:
                raise OverflowError(f"{blocks} blocks asked for, {2**64 - start} are left")
            self._position = start + blocks
        return start

    def __repr__(self) -> str:
        return f"PhiloxStream({self._seed}, {self._seed2}, position={self._position})"


def uniform(
    stream: PhiloxStream, shape: tuple[int, ...], dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Numbers spread evenly over [0, 1).

    Parameters
    ----------
    stream : PhiloxStream
        Where they come from; it moves on by 256 blocks a number.
    shape : tuple of int
        The result's shape.
    dtype : dtype-like, optional
        float16, float32 or float64: multiples of 2**-10, 2**-23 or 2**-52.

    Returns
    -------
    ndarray
        Of that shape and dtype.

    Raises
    ------
    TypeError
        If the dtype is none of the three.
    """
    return _draw(stream, shape, np.dtype(dtype), UNIFORM)


def standard_normal(
    stream: PhiloxStream, shape: tuple[int, ...], dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Numbers from the normal distribution of mean 0 and variance 1.

    Parameters
    ----------
    stream : PhiloxStream
        Where they come from; it moves on by 256 blocks a number.
    shape : tuple of int
        The result's shape.
    dtype : dtype-like, optional
        float16, float32 or float64. In the first two all are below 5.678 in size: the
        uniforms behind them have 23 bits.

    Returns
    -------
    ndarray
        Of that shape and dtype.

    Raises
    ------
    TypeError
        If the dtype is none of the three.

    Notes
    -----
    Box and Muller (1958): two uniforms make the sine and the cosine of one angle.
    """
    return _draw(stream, shape, np.dtype(dtype), NORMAL)


def truncated_normal(
    stream: PhiloxStream, shape: tuple[int, ...], dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    """Standard normal numbers, drawn again until they are less than 2 in size.

    Parameters
    ----------
    stream : PhiloxStream
        Where they come from; it moves on by 256 blocks a number.
    shape : tuple of int
        The result's shape.
    dtype : dtype-like, optional
        float16, float32 or float64.

    Returns
    -------
    ndarray
        Of that shape and dtype. In float16 a number just below 2 may round to it.

    Raises
    ------
    TypeError
        If the dtype is none of the three.

    Notes
    -----
    Each group of four outputs (two in float64) keeps the first acceptable numbers of its own
    part of the stream, so that groups can be made in any order.
    """
    kind = np.dtype(dtype)
    group, sampler = _lookup(NORMAL, kind)
    size = math.prod(shape)
    start = stream.reserve(size * BLOCKS_PER_OUTPUT)
    values = np.empty((-(-size // group), group), kind)
    filled = np.zeros(len(values), np.int8)

    def draw(bench: Bench, rows: NDArray[np.intp], block: int) -> NDArray[Any]:
        counters = rows.astype(np.uint64)
        counters *= np.uint64(group * BLOCKS_PER_OUTPUT // 4)
        counters += np.uint64(start + block)
        bench.encrypt(stream.schedule, counters)
        return sampler(bench).reshape(-1, group)

    short = [np.empty(0, np.intp)]
    for part, bench in benches(len(values)):
        numbers = draw(bench, np.arange(part.start, part.stop), 0)
        values[part] = numbers
        marred = np.flatnonzero(~_all_small(numbers))
        short.append(_keep(values, filled, marred + part.start, numbers[marred]))
    for block in itertools.count(1):
        rows = np.concatenate(short)
        if not rows.size:
            break
        short = [
            _keep(values, filled, rows[part], draw(bench, rows[part], block))
            for part, bench in benches(rows.size)
        ]
    values.resize(shape, refcheck=False)
    return values


def uniform_int(
    stream: PhiloxStream,
    shape: tuple[int, ...],
    low: int,
    high: int,
    dtype: DTypeLike = np.int64,
) -> NDArray[Any]:
    """Whole numbers in [low, high), by remainder as in TensorFlow: all but evenly spread.

    Parameters
    ----------
    stream : PhiloxStream
        Where they come from; it moves on by 256 blocks a number.
    shape : tuple of int
        The result's shape.
    low, high : int
        The bounds; the upper one is never drawn.
    dtype : dtype-like, optional
        int32 or int64.

    Returns
    -------
    ndarray
        Of that shape and dtype.

    Raises
    ------
    ValueError
        If the range is empty.
    TypeError
        If the dtype is neither.
    """
    kind = np.dtype(dtype)
    if kind not in (np.dtype(np.int32), np.dtype(np.int64)):
        raise TypeError(f"random integers are int32 or int64, not {kind}")
    if low >= high:
        raise ValueError(f"Need minval < maxval, got {low} >= {high}")
    unsigned = np.dtype(f"<u{kind.itemsize}")
    span, base = (np.array(x % 2 ** (8 * kind.itemsize), unsigned) for x in (high - low, low))

    def sampler(bench: Bench) -> NDArray[Any]:
        whole = words(bench).view(unsigned)
        # NumPy divides unsigned integers by a constant far faster than it takes remainders.
        whole -= whole // span * span
        whole += base
        return whole.view(unsigned.str.replace("u", "i"))

    return _draw(stream, shape, kind, {kind: (16 // kind.itemsize, sampler)})


def random_shuffle(stream: PhiloxStream, array: NDArray[Any]) -> NDArray[Any]:
    """The array with its first axis in a random order: Fisher and Yates's, from the front.

    Parameters
    ----------
    stream : PhiloxStream
        Where the order comes from; it moves on by a quarter of a block for each row but the
        last, and stays where there is nothing to shuffle.
    array : ndarray
        Any shape and dtype; it is left as it is.

    Returns
    -------
    ndarray
        A new array.
    """
    if array.size <= 1 or array.shape[0] <= 1:
        return array.copy()
    length = array.shape[0]
    swaps = length - 1
    drawn = np.zeros(length, np.uint32)
    fill(stream.schedule, stream.reserve(-(-swaps // 4)), drawn[:swaps], 4, words)
    index = np.arange(length, dtype=np.uint32)
    partners = index + drawn % (np.uint32(length) - index)
    return np.take(array, _swapped(partners), axis=0)


def _swapped(partners: NDArray[np.uint32]) -> NDArray[np.intp]:
    """The order that swapping i with partners[i] >= i leaves behind, for each i in turn.

    The swap at step i brings to place i what the last earlier step with the same partner left
    there, and that step left what its own place then held: so all is found by following links.
    """
    steps = np.arange(len(partners))
    ranked = np.sort((partners.astype(np.uint64) << np.uint64(32)) + steps.astype(np.uint64))
    target = (ranked >> np.uint64(32)).astype(np.intp)
    step = (ranked & np.uint64(2**32 - 1)).astype(np.intp)
    last = np.append(target[1:] != target[:-1], True)
    again = np.flatnonzero(~last)
    earlier = np.full(len(partners), -1)
    earlier[step[again + 1]] = step[again]
    link = steps.copy()
    link[target[last]] = step[last]
    own = np.flatnonzero((partners == steps) & (earlier >= 0))
    link[own] = earlier[own]
    while not np.array_equal(further := link[link], link):
        link = further
    return np.where(earlier >= 0, link[earlier], partners)


def multinomial(stream: PhiloxStream, logits: ArrayLike, num_samples: int) -> NDArray[np.int64]:
    """Classes drawn, row by row, with the probabilities that the logits stand for.

    Parameters
    ----------
    stream : PhiloxStream
        Where they come from; it moves on by 256 blocks a sample, samples counted in fours.
    logits : array-like of shape (n_rows, n_classes)
        Unnormalised log-probabilities; infinities and NaN count as probability 0.
    num_samples : int
        Samples a row.

    Returns
    -------
    ndarray of shape (n_rows, num_samples)
        Class numbers; ``n_classes`` in a row that has no finite logit.

    Raises
    ------
    ValueError
        If the logits are no matrix or have no classes, or `num_samples` is negative.

    Notes
    -----
    All rows draw from one run of uniforms, as TensorFlow's kernel does on one thread; on more
    it splits large batches, and its samples depend on the machine.
    """
    scores = np.asarray(logits)
    if scores.ndim != 2:
        shape = ",".join(map(str, scores.shape))
        raise ValueError(f"logits should be a matrix, got shape [{shape}]")
    if num_samples < 0:
        raise ValueError(f"num_samples should be nonnegative, got {num_samples}")
    rows, classes = scores.shape
    if classes == 0:
        raise ValueError(f"num_classes should be positive, got {classes}")
    totals = _cumulative_weights(scores)
    start = stream.reserve(rows * -(-num_samples // 4) * 4 * BLOCKS_PER_OUTPUT)
    wanted = np.empty((rows, num_samples), np.float32)
    fill(stream.schedule, start, wanted.reshape(-1), 4, uniform32)
    wanted *= totals[:, -1:]
    # The bits of floats >= 0 sort as the floats do, so one search finds every row's samples.
    row = np.arange(rows, dtype=np.uint64)[:, None] << np.uint64(32)
    found = np.searchsorted(
        (totals.view(np.uint32) | row).reshape(-1), wanted.view(np.uint32) | row, side="right"
    )
    samples: NDArray[np.int64] = found.astype(np.int64)
    samples -= np.arange(rows, dtype=np.int64)[:, None] * classes
    return samples


def _cumulative_weights(scores: NDArray[Any]) -> NDArray[np.float32]:
    """Each row's running sums of exp(score - best score), in float32 throughout."""
    with np.errstate(over="ignore", under="ignore"):
        logits = scores.astype(np.float32)
        finite = np.isfinite(logits)
        best = np.max(logits, axis=1, keepdims=True, initial=-np.inf, where=finite)
        gaps = np.subtract(logits, best, out=np.full_like(logits, -np.inf), where=finite)
        # Via float64, for correct rounding; TensorFlow's kernels run with denormals set to zero.
        weights = np.exp(gaps.astype(np.float64)).astype(np.float32)
    weights[weights < np.finfo(np.float32).tiny] = 0
    return np.add.accumulate(weights, axis=1)


def _draw(
    stream: PhiloxStream,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    samplers: dict[np.dtype[Any], tuple[int, Sampler]],
) -> NDArray[Any]:
    """A new array filled by the dtype's sampler, from blocks reserved for it."""
    per_block, sampler = _lookup(samplers, dtype)
    out = np.empty(shape, dtype)
    start = stream.reserve(out.size * BLOCKS_PER_OUTPUT)
    fill(stream.schedule, start, out.reshape(-1), per_block, sampler)
    return out


def _lookup(
    samplers: dict[np.dtype[Any], tuple[int, Sampler]], dtype: np.dtype[Any]
) -> tuple[int, Sampler]:
    if dtype not in samplers:
        raise TypeError(f"random numbers are float16, float32 or float64, not {dtype}")
    return samplers[dtype]


def _all_small(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows hold no number that a truncated normal rejects."""
    group = numbers.shape[1]
    # One comparison of all the flags of a row: a reduction over so short an axis is slow.
    flags = (np.abs(numbers) < 2).view(f"u{group}")
    whole: NDArray[np.bool_] = flags.reshape(-1) == int.from_bytes(group * b"\1", "little")
    return whole


def _keep(
    values: NDArray[Any], filled: NDArray[np.int8], rows: NDArray[np.intp], numbers: NDArray[Any]
) -> NDArray[np.intp]:
    """Put some groups' acceptable numbers in their next places; returns the groups still short."""
    group = values.shape[1]
    kept = np.abs(numbers) < 2
    count = filled[rows]
    places = np.empty(kept.shape, np.intp)
    for i in range(group):
        places[:, i] = count
        count += kept[:, i]
    taken = np.flatnonzero(kept & (places < group))
    places += rows[:, None] * group
    values.reshape(-1)[places.reshape(-1)[taken]] = numbers.reshape(-1)[taken]
    filled[rows] = count
    short: NDArray[np.intp] = rows[count < group]
    return short
