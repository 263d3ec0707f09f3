"""Random streams against TensorFlow 1.1.0's numbers and a word-by-word reference."""

from __future__ import annotations

import math
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from skflow.graph import philox, philox_blocks
from skflow.graph.philox import PhiloxStream, seed_pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOLDEN = np.load(Path(__file__).resolve().parent.parent / "golden" / "random_streams.npz")
WORD = 0xFFFFFFFF
FLOATS = ("float16", "float32", "float64")
DRAWS: dict[str, Callable[..., NDArray[Any]]] = {
    "uniform": philox.uniform,
    "standard_normal": philox.standard_normal,
    "truncated_normal": philox.truncated_normal,
}


# A reference in plain integers, one block at a time ---------------------------------------------


def reference_block(seed: int, counter: int) -> tuple[int, int, int, int]:
    key = [seed & WORD, seed >> 32]
    a, b, c, d = ((counter >> shift) & WORD for shift in (0, 32, 64, 96))
    for _ in range(10):
        left, right = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (
            (right >> 32) ^ b ^ key[0],
            right & WORD,
            (left >> 32) ^ d ^ key[1],
            left & WORD,
        )
        key = [(key[0] + 0x9E3779B9) & WORD, (key[1] + 0xBB67AE85) & WORD]
    return a, b, c, d


def reference_words(seed: int, seed2: int, position: int) -> Iterator[int]:
    while True:
        yield from reference_block(seed % 2**64, (seed2 % 2**64 << 64) + position)
        position += 1


def reference_uniforms(words: Iterator[int], dtype: str) -> Iterator[float]:
    for word in words:
        if dtype == "float64":
            yield ((word & 0xFFFFF) << 32 | next(words)) * 2.0**-52
        else:
            bits = 10 if dtype == "float16" else 23
            yield (word % 2**bits) * 2.0**-bits


def reference_normals(words: Iterator[int], dtype: str) -> Iterator[Any]:
    real = np.float64 if dtype == "float64" else np.float32
    uniforms = reference_uniforms(words, "float64" if dtype == "float64" else "float32")
    while True:
        chance = max(next(uniforms), float(real(1e-7)))
        angle = float(real(2 * math.pi * next(uniforms)))
        radius = real(math.sqrt(-2 * math.log(chance)))
        yield real(math.sin(angle)) * radius
        yield real(math.cos(angle)) * radius


def reference_truncated(seed: int, seed2: int, position: int, size: int, dtype: str) -> list[Any]:
    group = 2 if dtype == "float64" else 4
    found: list[Any] = []
    for first in range(0, size, group):
        words = reference_words(seed, seed2, position + first * 64)
        good = (x for x in reference_normals(words, dtype) if abs(x) < 2)
        found += [next(good) for _ in range(group)]
    return found[:size]


def reference_shuffle(words: Iterator[int], length: int) -> list[int]:
    order = list(range(length))
    for i in range(length - 1):
        j = i + next(words) % (length - i)
        order[i], order[j] = order[j], order[i]
    return order


def take(numbers: Iterator[Any], count: int, dtype: Any) -> NDArray[Any]:
    return np.array([next(numbers) for _ in range(count)], dtype)


def bulk_words(seed: int, seed2: int, position: int, count: int) -> NDArray[Any]:
    out = np.empty(count, np.uint32)
    philox_blocks.fill(
        philox_blocks.key_schedule(seed % 2**64, seed2 % 2**64),
        position,
        out,
        4,
        philox_blocks.words,
    )
    return out


SEEDS = st.integers(-(2**63), 2**63 - 1)
# Positions around 2**32, where the counter's second word changes, are drawn often.
POSITIONS = st.one_of(
    st.integers(0, 2**63), st.integers(2**32 - 2000, 2**32 + 5), st.integers(0, 3000)
)
SIZES = st.integers(0, 70)


# The generator ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "counter", "block"),
    [
        (0, 0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (2**64 - 1, 2**128 - 1, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            0x299F31D0A4093822,
            0x0370734413198A2E85A308D3243F6A88,
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_known_answers_of_the_authors(key: int, counter: int, block: tuple[int, ...]) -> None:
    """The vectors that Random123 ships for philox4x32-10."""
    assert reference_block(key, counter) == block
    assert bulk_words(key, counter >> 64, counter % 2**64, 4).tolist() == list(block)


@given(SEEDS, SEEDS, POSITIONS, SIZES)
def test_words_are_the_reference(seed: int, seed2: int, position: int, size: int) -> None:
    expected = take(reference_words(seed, seed2, position), size, np.uint32)
    assert np.array_equal(bulk_words(seed, seed2, position, size), expected)


@pytest.mark.parametrize("dtype", FLOATS)
@settings(max_examples=30)
@given(seed=SEEDS, seed2=SEEDS, position=POSITIONS, size=SIZES)
def test_uniforms_are_the_reference(
    dtype: str, seed: int, seed2: int, position: int, size: int
) -> None:
    words = reference_words(seed, seed2, position)
    got = philox.uniform(PhiloxStream(seed, seed2, position), (size,), dtype)
    assert got.dtype == dtype
    assert np.array_equal(got, take(reference_uniforms(words, dtype), size, dtype))


@pytest.mark.parametrize("dtype", FLOATS)
@settings(max_examples=30)
@given(seed=SEEDS, seed2=SEEDS, position=POSITIONS, size=SIZES)
def test_normals_are_the_reference(
    dtype: str, seed: int, seed2: int, position: int, size: int
) -> None:
    words = reference_words(seed, seed2, position)
    got = philox.standard_normal(PhiloxStream(seed, seed2, position), (size,), dtype)
    expected = take(reference_normals(words, dtype), size, dtype)
    assert got.dtype == dtype
    assert_close(got, expected)


@pytest.mark.parametrize("dtype", FLOATS)
@settings(max_examples=30)
@given(seed=SEEDS, seed2=SEEDS, position=POSITIONS, size=SIZES)
def test_truncated_normals_are_the_reference(
    dtype: str, seed: int, seed2: int, position: int, size: int
) -> None:
    got = philox.truncated_normal(PhiloxStream(seed, seed2, position), (size,), dtype)
    expected = np.array(reference_truncated(seed, seed2, position, size, dtype), dtype)
    assert got.dtype == dtype
    assert_close(got, expected)


def assert_close(got: NDArray[Any], expected: NDArray[Any]) -> None:
    """Equal but for the last rounding of a sine or cosine."""
    assert got.shape == expected.shape
    eps = float(np.finfo(expected.dtype).eps)
    np.testing.assert_allclose(got, expected, rtol=2 * eps, atol=16 * eps)


BOUNDS = st.integers(-(2**31), 2**31 - 1)


@given(SEEDS, POSITIONS, SIZES, BOUNDS, BOUNDS)
def test_int32_is_the_reference(seed: int, position: int, size: int, a: int, b: int) -> None:
    low, high = min(a, b), max(a, b, min(a, b) + 1)
    got = philox.uniform_int(PhiloxStream(seed, 5, position), (size,), low, high, np.int32)
    words = reference_words(seed, 5, position)
    assert got.dtype == np.int32
    assert got.tolist() == [low + next(words) % (high - low) for _ in range(size)]


@given(SEEDS, POSITIONS, SIZES, SEEDS, SEEDS)
def test_int64_is_the_reference(seed: int, position: int, size: int, a: int, b: int) -> None:
    low, high = min(a, b), max(a, b, min(a, b) + 1)
    got = philox.uniform_int(PhiloxStream(seed, 5, position), (size,), low, high)
    words = reference_words(seed, 5, position)
    pairs = ((next(words), next(words)) for _ in range(size))
    assert got.dtype == np.int64
    assert got.tolist() == [low + (x | y << 32) % (high - low) for x, y in pairs]


@given(SEEDS, POSITIONS, st.integers(0, 300))
def test_shuffle_is_the_reference(seed: int, position: int, length: int) -> None:
    got = philox.random_shuffle(PhiloxStream(seed, 5, position), np.arange(length))
    assert got.tolist() == reference_shuffle(reference_words(seed, 5, position), length)


LOGITS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-80, 80, width=32),
)


@given(SEEDS, LOGITS, st.integers(0, 9))
def test_multinomial_is_the_reference(seed: int, logits: NDArray[Any], samples: int) -> None:
    got = philox.multinomial(PhiloxStream(seed, 1), logits, samples)
    uniforms = reference_uniforms(reference_words(seed, 1, 0), "float32")
    expected = []
    for row in logits:
        totals = np.cumsum(np.exp(np.float64(row - row.max())).astype(np.float32), dtype="f")
        points = [np.float32(next(uniforms)) * totals[-1] for _ in range(samples)]
        expected.append([int(np.sum(totals <= point)) for point in points])
    assert got.dtype == np.int64
    assert got.tolist() == expected


# TensorFlow 1.1.0 -------------------------------------------------------------------------------


def runs(key: str, index: int = 0) -> list[NDArray[Any]]:
    prefix = f"{key}/{index}/run"
    return [GOLDEN[name] for name in sorted(GOLDEN.files) if name.startswith(prefix)]


def stream_of(seed: int | None, op_seed: int | None = None, last_id: int = 0) -> PhiloxStream:
    pair = seed_pair(seed, op_seed, last_id)
    assert pair[0] is not None
    return PhiloxStream.from_seeds(*pair)


def test_uniform_of_three_runs_as_tensorflow() -> None:
    stream = stream_of(42, 42)
    expected = runs("uniform_g42_s42")
    assert len(expected) == 3
    for run in expected:
        got = philox.uniform(stream, (9, 1)) * np.float32(2) + np.float32(-1)
        assert np.array_equal(got, run)


@pytest.mark.parametrize(
    ("index", "last_id", "shape"), [(0, 3, (5,)), (1, 10, (5,)), (2, 17, (3, 4))]
)
def test_missing_op_seed_is_the_operation_count(
    index: int, last_id: int, shape: tuple[int, ...]
) -> None:
    stream = stream_of(42, None, last_id)
    for run in runs("uniform_g42_none", index):
        assert np.array_equal(philox.uniform(stream, shape), run)


def test_missing_graph_seed_as_tensorflow() -> None:
    stream = stream_of(None, 7)
    for run in runs("uniform_gNone_s7"):
        assert np.array_equal(philox.uniform(stream, (6,)), run)


@pytest.mark.parametrize(
    ("key", "seed", "draw"),
    [
        ("uniform_f64", 1, lambda s: philox.uniform(s, (7,), np.float64)),
        ("uniform_int32", 1, lambda s: philox.uniform_int(s, (9,), 0, 100, np.int32)),
        ("uniform_int64", 1, lambda s: philox.uniform_int(s, (9,), -5, 10**12)),
        ("shuffle", 5, lambda s: philox.random_shuffle(s, np.arange(20, dtype=np.int32))),
        ("multinomial", 6, lambda s: philox.multinomial(s, [[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]], 8)),
        ("dropout", 8, lambda s: np.floor(np.float32(0.5) + philox.uniform(s, (4, 6))) * 2),
    ],
)
def test_bit_for_bit_as_tensorflow(
    key: str, seed: int, draw: Callable[[PhiloxStream], NDArray[Any]]
) -> None:
    stream = stream_of(42, seed)
    expected = runs(key)
    assert len(expected) == 2
    for run in expected:
        got = draw(stream)
        assert got.dtype == run.dtype
        assert np.array_equal(got, run)


@pytest.mark.parametrize(
    ("key", "index", "stream", "draw"),
    [
        ("normal", 0, stream_of(42, 3), lambda s: philox.standard_normal(s, (7,))),
        ("normal", 1, stream_of(42, 4), lambda s: philox.standard_normal(s, (4, 3)) / 2 + 2),
        ("normal", 2, stream_of(42, None, 15), lambda s: philox.standard_normal(s, (5,))),
        ("normal_f64", 0, stream_of(42, 3), lambda s: philox.standard_normal(s, (7,), "f8")),
        ("truncated", 0, stream_of(42, 5), lambda s: philox.truncated_normal(s, (50,))),
        (
            "truncated",
            1,
            stream_of(42, None, 9),
            lambda s: philox.truncated_normal(s, (20,)) * np.float32(0.1),
        ),
    ],
)
def test_normals_as_tensorflow(
    key: str, index: int, stream: PhiloxStream, draw: Callable[[PhiloxStream], NDArray[Any]]
) -> None:
    expected = runs(key, index)
    assert len(expected) == 2
    for run in expected:
        got = draw(stream)
        assert got.dtype == run.dtype
        np.testing.assert_allclose(got, run, rtol=0, atol=1e-15 if key == "normal_f64" else 5e-7)


def test_ends_of_long_draws_as_tensorflow() -> None:
    size = 1_000_003
    totals, ends, normals, truncated = (runs("large", i) for i in range(4))
    streams = [stream_of(1, 9) for _ in range(3)]
    for run in range(2):
        numbers = philox.uniform(streams[0], (size,))
        assert np.array_equal(numbers[-5:], ends[run])
        np.testing.assert_allclose(numbers.sum(), totals[run], rtol=1e-5)
        for stream, draw, length, expected in (
            (streams[1], philox.standard_normal, 300_001, normals),
            (streams[2], philox.truncated_normal, 200_001, truncated),
        ):
            got = draw(stream, (length,))[-5:]
            np.testing.assert_allclose(got, expected[run], rtol=0, atol=5e-7)


LONG = 1_000_003
LONG_DRAWS: dict[str, Callable[[PhiloxStream], NDArray[Any]]] = {
    "float16": lambda s: philox.uniform(s, (LONG,), np.float16),
    "float32": lambda s: philox.uniform(s, (LONG,)),
    "float64": lambda s: philox.uniform(s, (LONG,), np.float64),
    "int32": lambda s: philox.uniform_int(s, (LONG,), -7, 1000, np.int32),
    "int64": lambda s: philox.uniform_int(s, (LONG,), -7, 10**15),
    "shuffle": lambda s: philox.random_shuffle(s, np.arange(LONG, dtype=np.int32)),
    "multinomial": lambda s: philox.multinomial(s, [[0.0, 1.0, 2.0], [3.0, -2.0, 0.5]], 500_003),
}


@pytest.mark.parametrize(
    ("name", "per_run", "checksums"),
    [
        ("float16", 256 * LONG, (0xBA7D6316, 0x3A808C3A)),
        ("float32", 256 * LONG, (0x5EFE82D7, 0xFBF8DDF2)),
        ("float64", 256 * LONG, (0x14FE09F2, 0x2D9775CD)),
        ("int32", 256 * LONG, (0x3C5D72D4, 0xA558C2A9)),
        ("int64", 256 * LONG, (0x99B03C25, 0x352097D5)),
        ("shuffle", 250_001, (0xCFEFFD9F, 0xE581252A)),
        ("multinomial", 256 * 1_000_008, (0x4FF12835, 0x5FDA07C8)),
    ],
)
def test_long_draws_bit_for_bit_as_tensorflow(
    name: str, per_run: int, checksums: tuple[int, int]
) -> None:
    """Runs 0 and 16 under TensorFlow 1.1.0, seeds 77 and 3; the later ones straddle 2**32."""
    for run, checksum in zip((0, 16), checksums, strict=True):
        stream = PhiloxStream(77, 3)
        stream.reserve(per_run * run)
        assert zlib.crc32(LONG_DRAWS[name](stream).tobytes()) == checksum
        assert stream.position == per_run * (run + 1)


# Chunks, positions, threads ---------------------------------------------------------------------


def many_draws(stream: PhiloxStream) -> list[NDArray[Any]]:
    draws = [draw(stream, (5, 41), dtype) for draw in DRAWS.values() for dtype in FLOATS]
    draws += [philox.uniform_int(stream, (77,), -3, 1000, d) for d in (np.int32, np.int64)]
    draws += [philox.random_shuffle(stream, np.arange(101))]
    draws += [philox.multinomial(stream, np.linspace(0, 2, 35).reshape(5, 7), 9)]
    return draws


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
def test_chunk_size_does_not_show(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    position = 2**32 - 40 * 256
    expected = many_draws(PhiloxStream(8, 9, position))
    monkeypatch.setattr(philox_blocks, "CHUNK", chunk)
    for got, whole in zip(many_draws(PhiloxStream(8, 9, position)), expected, strict=True):
        assert np.array_equal(got, whole)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
@given(size=st.integers(0, 40), more=st.integers(0, 40))
def test_shorter_draw_begins_a_longer_one(
    draw: Callable[..., NDArray[Any]], dtype: str, size: int, more: int
) -> None:
    short = draw(PhiloxStream(3, 4), (size,), dtype)
    assert np.array_equal(short, draw(PhiloxStream(3, 4), (size + more,), dtype)[:size])


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0, 2), (2, 3), (7, 1, 3)])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_result_is_a_new_array_of_its_shape(
    draw: Callable[..., NDArray[Any]], dtype: str, shape: tuple[int, ...]
) -> None:
    stream = PhiloxStream(3, 4)
    got = draw(stream, shape, dtype)
    assert got.shape == shape
    assert got.dtype == dtype
    assert got.flags.owndata
    assert got.flags.c_contiguous
    assert stream.position == 256 * got.size


def test_positions_after_several_draws() -> None:
    stream = PhiloxStream(3, 4)
    philox.uniform(stream, (3, 5))
    assert stream.position == 15 * 256
    philox.uniform_int(stream, (2,), 0, 9)
    assert stream.position == 17 * 256
    philox.random_shuffle(stream, np.zeros((6, 2)))
    assert stream.position == 17 * 256 + 2
    philox.multinomial(stream, np.zeros((3, 2)), 5)
    assert stream.position == 17 * 256 + 2 + 3 * 8 * 256


def test_draws_follow_one_another() -> None:
    stream = PhiloxStream(3, 4)
    philox.uniform(stream, (5,))
    second = philox.standard_normal(stream, (9,))
    assert np.array_equal(second, philox.standard_normal(PhiloxStream(3, 4, 5 * 256), (9,)))


@pytest.mark.parametrize("shape", [(), (0,), (1,), (1, 5), (4, 0)])
def test_shuffle_of_nothing_takes_no_blocks(shape: tuple[int, ...]) -> None:
    stream = PhiloxStream(3, 4)
    array = np.ones(shape)
    got = philox.random_shuffle(stream, array)
    assert np.array_equal(got, array)
    assert not np.shares_memory(got, array)
    assert stream.position == 0


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_, np.complex64, object])
def test_shuffle_moves_whole_rows(dtype: Any) -> None:
    array = np.arange(60).reshape(10, 3, 2).astype(dtype)
    before = array.copy()
    got = philox.random_shuffle(PhiloxStream(3, 4), array)
    order = philox.random_shuffle(PhiloxStream(3, 4), np.arange(10))
    assert got.dtype == dtype
    assert np.array_equal(got, before[order])
    assert np.array_equal(array, before)
    assert order.tolist() != list(range(10))


def test_reserved_blocks_are_disjoint_and_all_there() -> None:
    """Eight threads reserving unequal numbers of blocks leave no gap and no overlap."""
    stream = PhiloxStream(3, 4)
    claims: list[list[tuple[int, int]]] = [[] for _ in range(8)]

    def claim(mine: list[tuple[int, int]]) -> None:
        mine.extend((stream.reserve(k % 7), k % 7) for k in range(500))

    in_threads(claim, claims)
    blocks = sorted(start + i for mine in claims for start, size in mine for i in range(size))
    assert blocks == list(range(stream.position))


def test_threads_draw_what_one_would() -> None:
    """The draws of eight threads are those of one, in whatever order."""
    shared, alone = PhiloxStream(3, 4), PhiloxStream(3, 4)
    drawn: list[list[bytes]] = [[] for _ in range(8)]

    def draw(stream: PhiloxStream) -> bytes:
        return philox.truncated_normal(stream, (501,)).tobytes()

    def work(mine: list[bytes]) -> None:
        mine.extend(draw(shared) for _ in range(20))

    in_threads(work, drawn)
    assert sorted(x for mine in drawn for x in mine) == sorted(draw(alone) for _ in range(160))
    assert shared.position == alone.position


def in_threads(work: Callable[[Any], None], arguments: list[Any]) -> None:
    threads = [threading.Thread(target=work, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# Values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniforms_look_uniform(dtype: str) -> None:
    numbers = philox.uniform(PhiloxStream(1, 2), (200_000,), dtype).astype(np.float64)
    counts, _ = np.histogram(numbers, 64, (0, 1))
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert chi_square(counts, np.full(64, 1 / 64)) < 120
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.01


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("truncated", [False, True])
def test_normals_look_normal(dtype: str, truncated: bool) -> None:
    draw = philox.truncated_normal if truncated else philox.standard_normal
    numbers = draw(PhiloxStream(1, 2), (200_000,), dtype).astype(np.float64)
    edges = np.linspace(-2, 2, 41)
    below = np.array([math.erf(x / math.sqrt(2)) / 2 for x in edges])
    counts, _ = np.histogram(numbers, edges)
    inside = np.diff(below) / (below[-1] - below[0])
    assert chi_square(counts, inside) < 90
    assert abs(numbers.mean()) < 0.01
    assert abs(numbers.std() - (0.8796 if truncated else 1)) < 0.01
    assert (np.abs(numbers).max() > 2) is not truncated


def chi_square(counts: NDArray[Any], probabilities: NDArray[Any]) -> float:
    expected = counts.sum() * probabilities
    return float(np.sum((counts - expected) ** 2 / expected))


def test_truncated_float64_stays_below_two() -> None:
    assert np.abs(philox.truncated_normal(PhiloxStream(5, 6), (50_001,), "f8")).max() < 2


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_integers_look_uniform(dtype: Any) -> None:
    numbers = philox.uniform_int(PhiloxStream(1, 2), (100_000,), -5, 6, dtype)
    assert chi_square(np.bincount(numbers + 5), np.full(11, 1 / 11)) < 35


def test_multinomial_follows_the_logits() -> None:
    chances = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]])
    samples = philox.multinomial(PhiloxStream(1, 2), np.log(chances) + 5, 50_000)
    for row, chance in zip(samples, chances, strict=True):
        assert chi_square(np.bincount(row, minlength=4), chance) < 20


def test_multinomial_without_finite_logits() -> None:
    """As TensorFlow 1.1.0: what is not finite is never drawn; if all is not, the class is n."""
    big = 1e300
    logits = np.array(
        [[-np.inf, 0, np.nan], [np.inf, 1, -np.inf], [np.nan] * 3, [big, 0, -big], [-big] * 3]
    )
    samples = philox.multinomial(PhiloxStream(1, 2), logits, 50)
    assert [np.unique(row).tolist() for row in samples] == [[1], [1], [3], [1], [3]]


def test_multinomial_drops_denormal_weights() -> None:
    """As TensorFlow 1.1.0: uniform 15302241 is 0 and picks the first weight above 0."""
    start = 15_302_241 // 4
    assert philox.uniform(PhiloxStream(1, 3, start), (2,))[1] == 0
    for logit, expected in ((-95.0, 1), (-80.0, 0)):
        stream = PhiloxStream(1, 3, start)
        assert philox.multinomial(stream, [[logit, 0.0]], 2)[0, 1] == expected


def test_multinomial_of_far_apart_logits_is_silent() -> None:
    huge = np.finfo(np.float32).max
    assert set(philox.multinomial(PhiloxStream(1, 2), [[huge, -huge]], 5)[0].tolist()) == {0}


def test_sines_and_cosines() -> None:
    rng = np.random.default_rng(0)
    angles = np.concatenate([rng.uniform(0, 2 * math.pi, 9_999), [0, 1e-9, math.pi, 2 * math.pi]])
    bench = philox_blocks.Bench(angles.size)
    sine, cosine = philox_blocks._sine_cosine(angles.copy(), bench)
    np.testing.assert_allclose(sine, np.sin(angles), rtol=0, atol=4e-16)
    np.testing.assert_allclose(cosine, np.cos(angles), rtol=0, atol=4e-16)
    assert sine[-3] == 1e-9


# Seeds, errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("graph_seed", "op_seed", "last_id", "expected"),
    [
        (42, 7, 3, (42, 7)),
        (42, None, 3, (42, 3)),
        (None, 7, 3, (philox.DEFAULT_GRAPH_SEED, 7)),
        (None, None, 3, (None, None)),
        (None, 0, 3, (87654321, 0)),
        (0, 0, 3, (0, 2**31 - 1)),
        (0, None, 0, (0, 2**31 - 1)),
        (2**31 - 1, 2**31 - 1, 3, (0, 2**31 - 1)),
        (2**31, -1, 3, (1, 2**31 - 2)),
        (-1, 2**40, 3, (2**31 - 2, 2**40 % (2**31 - 1))),
    ],
)
def test_seed_pair(
    graph_seed: int | None, op_seed: int | None, last_id: int, expected: tuple[Any, Any]
) -> None:
    assert seed_pair(graph_seed, op_seed, last_id) == expected


def test_zero_seeds_ask_for_a_random_stream() -> None:
    streams = [PhiloxStream.from_seeds(0, 0) for _ in range(4)]
    assert len({stream.seeds for stream in streams}) == 4
    assert PhiloxStream.from_seeds(0, 1).seeds == (0, 1)
    assert PhiloxStream.from_seeds(1, 0).seeds == (1, 0)


def test_seeds_count_modulo_two_to_the_64() -> None:
    assert PhiloxStream(-1, -2).seeds == (2**64 - 1, 2**64 - 2)
    assert repr(PhiloxStream(1, 2, 3)) == "PhiloxStream(1, 2, position=3)"


def test_stream_ends_after_two_to_the_64_blocks() -> None:
    stream = PhiloxStream(1, 2, 2**64 - 256)
    with pytest.raises(OverflowError, match=r"512 blocks asked for, 256 are left"):
        philox.uniform(stream, (2,))
    expected = take(reference_uniforms(reference_words(1, 2, 2**64 - 256), "float32"), 1, "f")
    assert np.array_equal(philox.uniform(stream, (1,)), expected)
    assert stream.reserve(0) == 2**64
    with pytest.raises(ValueError, match=r"cannot reserve -1 blocks"):
        stream.reserve(-1)


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_floats_of_other_dtypes(draw: Callable[..., NDArray[Any]]) -> None:
    stream = PhiloxStream(1, 2)
    with pytest.raises(TypeError, match=r"float16, float32 or float64, not int32"):
        draw(stream, (3,), np.int32)
    assert stream.position == 0


def test_integers_of_other_dtypes() -> None:
    with pytest.raises(TypeError, match=r"int32 or int64, not uint8"):
        philox.uniform_int(PhiloxStream(1, 2), (3,), 0, 3, np.uint8)


@pytest.mark.parametrize("shape", [(3,), (0,)])
def test_integers_of_an_empty_range(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^Need minval < maxval, got 5 >= 5$"):
        philox.uniform_int(PhiloxStream(1, 2), shape, 5, 5)


@pytest.mark.parametrize(
    ("logits", "samples", "message"),
    [
        ([1.0, 2.0], 3, r"^logits should be a matrix, got shape \[2\]$"),
        ([[1.0, 2.0]], -3, r"^num_samples should be nonnegative, got -3$"),
        (np.zeros((2, 0)), 0, r"^num_classes should be positive, got 0$"),
    ],
)
def test_multinomial_of_wrong_arguments(logits: Any, samples: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        philox.multinomial(PhiloxStream(1, 2), logits, samples)


def test_multinomial_of_no_rows() -> None:
    stream = PhiloxStream(1, 2)
    assert philox.multinomial(stream, np.zeros((0, 3)), 4).shape == (0, 4)
    assert philox.multinomial(stream, np.zeros((2, 3)), 0).shape == (2, 0)
    assert stream.position == 0
