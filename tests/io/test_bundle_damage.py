"""Damaged bundles are refused in TensorFlow's words, or read as what they say; nothing else."""

from __future__ import annotations

import random
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

from skflow import errors
from skflow.io.bundle_merge import merge_bundles
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import BundleWriter
from skflow.io.commit import commit
from skflow.io.files import Files, using
from skflow.io.slices import TensorSlice
from tests.io.bundle_mutators import REPAIRING, Bundle, blind
from tests.io.bundle_parts import joined, taken_apart
from tests.io.golden import files_of
from tests.io.memory_files import MemorySystem

SECOND = 1.0
SLACK = 1 << 20


def small() -> Bundle:
    system = MemorySystem()
    with using(Files(system)), commit("model") as transaction:
        bundle = BundleWriter(transaction)
        bundle.add("f", np.float32([1.5, -2]))
        bundle.add("s", [b"a", b"", b"bc"])
        bundle.add_part("p", (3,), TensorSlice(((0, 2),)), np.int16([1, 2]))
        bundle.add_part("p", (3,), TensorSlice(((2, 1),)), np.int16([3]))
        bundle.finish()
    return {name.removeprefix("model"): system.content(name) for name in system.names("")}


def read_all(files: Bundle) -> dict[str, Any]:
    """Everything that a bundle gives, or the error it gives instead."""
    system = MemorySystem()
    for ending, content in files.items():
        system.put("model" + ending, content)
    found: dict[str, Any] = {}
    with using(Files(system)):
        try:
            with BundleReader("model") as reader:
                _read_each(reader, found)
        except errors.OpError as error:
            found["<all>"] = error
    assert system.open_paths == []
    return found


def _read_each(reader: BundleReader, found: dict[str, Any]) -> None:
    for name in reader.names():
        try:
            entry = reader.entry(name)
            value = reader.read(name)
            reader.verify(name)
            assert value.shape == entry.shape
            assert value.dtype == entry.stored_dtype().newbyteorder("=")
            if value.ndim > 0 and value.size:
                part = TensorSlice(((0, 1), *[(0, -1)] * (value.ndim - 1)))
                assert repr(reader.read(name, part=part)) == repr(value[:1])
        except errors.OpError as error:
            found[name] = error
        else:
            found[name] = (entry.dtype, value.shape, value.tolist())
            del value


def measured(files: Bundle, traced: bool) -> dict[str, Any]:
    """The same within a second and twice the files' memory, which takes its time to measure."""
    if traced:
        tracemalloc.start()
    started = time.thread_time()
    try:
        found = read_all(files)
        used = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.thread_time() - started < SECOND
    assert used < 2 * sum(map(len, files.values())) + SLACK
    return found


def assert_no_wrong_tensor(found: dict[str, Any], sound: dict[str, Any]) -> None:
    for name, value in found.items():
        if not isinstance(value, errors.OpError):
            assert repr(value) == repr(sound[name])


def test_every_bit_flip_of_a_small_bundle() -> None:
    files = small()
    sound = read_all(files)
    assert len(sound) == 3
    differing = 0
    for ending, content in files.items():
        for bit in range(8 * len(content)):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            found = read_all({**files, ending: bytes(changed)})
            assert_no_wrong_tensor(found, sound)
            differing += repr(found) != repr(sound)
    # Only the padding of the footer and the place of the block that nobody reads may be changed.
    assert differing > 8 * sum(map(len, files.values())) - 8 * (48 + 20)


def test_every_truncation_of_a_small_bundle() -> None:
    files = small()
    sound = read_all(files)
    for ending, content in files.items():
        for end in range(len(content)):
            found = read_all({**files, ending: content[:end]})
            assert_no_wrong_tensor(found, sound)
            assert any(isinstance(value, errors.OpError) for value in found.values())


def test_every_missing_file() -> None:
    files = files_of("tf1_shards")
    for ending in files:
        found = read_all({name: data for name, data in files.items() if name != ending})
        problems = [value for value in found.values() if isinstance(value, errors.OpError)]
        assert problems
        assert all(isinstance(problem, errors.NotFoundError) for problem in problems)


def few(bundle: str, *names: str) -> Bundle:
    """A recorded bundle with few of its tensors."""
    parts = taken_apart(files_of(bundle))
    parts.entries = {name.encode(): parts.entries[name.encode()] for name in names}
    return joined(parts)


def sources() -> list[Bundle]:
    recorded = [files_of("tf1_parts"), files_of("tf1_shards")]
    typed = few("tf2_types", "bool", "complex64", "none", "some", "bfloat16", "int4")
    return [small(), small(), small(), few("tf1_types", "int64", "one"), typed, *recorded]


def campaign(number: int, first: int) -> None:
    """So many damaged bundles, each found again by its number."""
    bundles = sources()
    sound = [read_all(files) for files in bundles]
    for seed in range(first, first + number):
        rng = random.Random(seed)
        which = rng.randrange(len(bundles))
        if rng.random() < 0.25:
            found = measured(blind(bundles[which], rng), seed % 20 == 0)
            assert_no_wrong_tensor(found, sound[which])
        else:
            measured(rng.choice(REPAIRING)(bundles[which], rng), seed % 20 == 0)


def test_damaged_bundles() -> None:
    campaign(1500, 0)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_many_damaged_bundles(part: int) -> None:
    campaign(10_000, 1_000_000 * (part + 1))


def test_the_mutators_reach_what_they_aim_at() -> None:
    """Most of what they make gets past the checksums, and meets many different errors."""
    files = files_of("tf1_parts")
    assert joined(taken_apart(files)) == files
    met = set()
    for seed in range(400):
        rng = random.Random(seed)
        found = read_all(rng.choice(REPAIRING)(files, rng))
        problems = [str(value) for value in found.values() if isinstance(value, errors.OpError)]
        met |= {problem[:22] for problem in problems}
    assert len(met) >= 12
    assert not any("block checksum mismatch" in problem for problem in met)


def test_damaged_bundles_are_not_merged_into_sound_ones() -> None:
    """A merge of damaged bundles fails, or makes a bundle that can be read like any other."""
    files = files_of("tf1_parts")
    for seed in range(150):
        rng = random.Random(seed)
        system = MemorySystem()
        for ending, content in rng.choice((blind, *REPAIRING))(files, rng).items():
            system.put("part" + ending, content)
        with using(Files(system)):
            try:
                merge_bundles(["part"], "model")
            except errors.OpError:
                assert [name for name in system.names("") if name.startswith("model")] == []
                continue
        names = [name for name in system.names("") if name.startswith("model.")]
        read_all({name.removeprefix("model"): system.content(name) for name in names})
