"""Bundles are TensorFlow 1.1.0's byte for byte, and those of 1.1.0 and 2.21 are read."""

from __future__ import annotations

import numpy as np
import pytest

from skflow.io.bundle_merge import merge_bundles
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import BundleWriter, write_bundle
from skflow.io.commit import commit
from skflow.io.files import Files, using
from skflow.io.slices import TensorSlice, parse_shape_and_slice
from tests.golden.bundles import make_bundles
from tests.io.golden import BUNDLES, FOLDER, files_of, tensors_of
from tests.io.memory_files import MemorySystem

# Two trained models, one with strings, empty tensors and Adam's slots, one with embeddings.
MODELS = ["model.ckpt-5", "model.ckpt-7"]


def assert_same_files(system: MemorySystem, bundle: str) -> None:
    expected = files_of(bundle)
    assert system.names("") == sorted(bundle + ending for ending in expected)
    for ending, content in expected.items():
        assert system.content(bundle + ending) == content, ending


def test_every_type() -> None:
    system = MemorySystem()
    with using(Files(system)), commit("tf1_types") as transaction:
        bundle = BundleWriter(transaction)
        for name, number, kind in make_bundles.COMMON_TYPES + make_bundles.QUANTIZED_TYPES:
            bundle.add(name, make_bundles.values(kind), number)
        for name, strings in make_bundles.strings().items():
            bundle.add(name, strings)
        bundle.finish()
    assert_same_files(system, "tf1_types")


def test_names_and_shapes() -> None:
    system = MemorySystem()
    with using(Files(system)):
        write_bundle("tf1_shapes", make_bundles.shapes().items())
    assert_same_files(system, "tf1_shapes")


def add_all(bundle: BundleWriter, entries: list[tuple[str, str, np.ndarray]]) -> None:
    for name, text, value in entries:
        if text:
            shape, part, _ = parse_shape_and_slice(text)
            bundle.add_part(name, shape, part, value)
        else:
            bundle.add(name, value)
    bundle.finish()


def test_parts() -> None:
    system = MemorySystem()
    with using(Files(system)), commit("tf1_parts") as transaction:
        plain = ("plain", "", make_bundles.whole((3,)))
        add_all(BundleWriter(transaction), [*make_bundles.parts(), plain])
    assert_same_files(system, "tf1_parts")


@pytest.mark.parametrize("release", ["tf1", "tf2"])
def test_shards(release: str) -> None:
    """Two bundles with parts of the same variables, merged."""
    wholes = [("first", "", make_bundles.whole((2, 2))), ("second", "", make_bundles.whole((5,)))]
    everything = [*make_bundles.parts(), *wholes]
    system = MemorySystem()
    with using(Files(system)) as layer:
        layer.make_directories("temp")
        prefixes = [f"temp/part-{k:05d}-of-00002" for k in range(2)]
        for k, prefix in enumerate(prefixes):
            with commit(prefix) as transaction:
                add_all(BundleWriter(transaction), everything[k::2])
        merge_bundles(prefixes, f"{release}_shards")
    assert_same_files(system, f"{release}_shards")


@pytest.mark.parametrize("bundle", BUNDLES)
def test_bundles_of_both_releases_are_read(bundle: str) -> None:
    expected = tensors_of(bundle)
    with BundleReader(str(FOLDER / bundle)) as reader:
        names = reader.names()
        assert names == sorted(names, key=str.encode) == [e.name for e in reader.entries()]
        assert set(names) - {"_CHECKPOINTABLE_OBJECT_GRAPH"} == set(expected)
        for name, value in expected.items():
            entry, found = reader.entry(name), reader.read(name)
            assert name in reader
            assert entry.shape == found.shape == np.shape(value)
            assert found.dtype == (entry.stored_dtype() if name == "step" else found.dtype)
            np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("bundle", ["tf1_parts", "tf1_shards", "tf2_shards"])
def test_any_part_is_put_together(bundle: str) -> None:
    rng = np.random.default_rng(0)
    with BundleReader(str(FOLDER / bundle)) as reader:
        for name, shape, _ in make_bundles.PARTITIONED:
            for _ in range(20):
                bounds = [sorted(rng.choice(dim + 1, 2, replace=False)) for dim in shape]
                part = TensorSlice(tuple((int(a), int(b - a)) for a, b in bounds))
                expected = make_bundles.whole(shape)[part.bounds(shape)]
                np.testing.assert_array_equal(reader.read(name, part=part), expected)


def test_the_object_graph_of_tensorflow_2_is_a_string() -> None:
    with BundleReader(str(FOLDER / "tf2_objects")) as reader:
        (graph,) = reader.read("_CHECKPOINTABLE_OBJECT_GRAPH").reshape(1)
    assert b"weight" in graph


@pytest.mark.parametrize("model", MODELS)
def test_models_are_written_the_same(model: str) -> None:
    """What is read, written again in the order in which it lies, gives the same files."""
    system = MemorySystem()
    folder = FOLDER / "models"
    with BundleReader(str(folder / model)) as reader:
        order = sorted(reader.entries(), key=lambda entry: (entry.offset, entry.size))
        tensors = [(entry.name, reader.read(entry.name)) for entry in order]
    with using(Files(system)):
        write_bundle(model, tensors)
    for name in system.names(""):
        assert system.content(name) == (folder / name).read_bytes()
