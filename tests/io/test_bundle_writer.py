"""Whatever can be saved is read as it was, and the rest is refused."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from skflow import errors
from skflow.io import bundle_writer, crc
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import BundleWriter, write_bundle
from skflow.io.commit import commit
from skflow.io.files import Files, using
from skflow.io.slices import TensorSlice
from tests.golden.bundles import make_bundles
from tests.io.examples import steady
from tests.io.memory_files import Fault, MemorySystem

KINDS = [kind for _, _, kind in make_bundles.COMMON_TYPES]
NUMBERS = st.sampled_from(KINDS).flatmap(
    lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, min_side=0, max_side=5))
)
STRINGS = hnp.arrays(object, hnp.array_shapes(min_dims=0, min_side=0), elements=st.binary())
NAMES = st.text(min_size=1).filter(lambda name: name[0] != "\0")
TENSORS = st.dictionaries(NAMES, NUMBERS | STRINGS, max_size=6)


def written(tensors: dict[str, Any]) -> MemorySystem:
    system = MemorySystem()
    with using(Files(system)):
        write_bundle("model", tensors.items())
    assert system.open_paths == []
    return system


def assert_equal(found: Any, value: Any) -> None:
    assert found.dtype == value.dtype.newbyteorder("=")
    assert found.shape == value.shape
    if value.dtype == object:
        assert found.tolist() == value.tolist()
    else:
        assert found.tobytes() == value.astype(found.dtype).tobytes()


@steady
@given(TENSORS)
def test_round_trip(tensors: dict[str, Any]) -> None:
    system = written(tensors)
    with using(Files(system)), BundleReader("model") as reader:
        assert reader.names() == sorted(tensors, key=str.encode)
        for name, value in tensors.items():
            assert_equal(reader.read(name), value)
            reader.verify(name)


@steady
@given(NUMBERS.filter(lambda array: array.ndim > 0), st.data())
def test_arrays_that_do_not_lie_in_order(array: Any, data: st.DataObject) -> None:
    """Transposed, with steps, in the other byte order: stored as if they did."""
    axes = data.draw(st.permutations(range(array.ndim)))
    other = array.transpose(axes)[::-1]
    system = written({"v": other, "w": other.astype(array.dtype.newbyteorder(">"))})
    plain = written({"v": other.copy(), "w": other.copy()})
    for name in system.names(""):
        assert system.content(name) == plain.content(name)


def test_an_array_longer_than_what_is_copied_at_once() -> None:
    array = np.arange(3 * crc.CHUNK, dtype=np.int32).reshape(-1, 4)
    system = written({"v": array, "w": array.T})
    data = system.content("model.data-00000-of-00001")
    assert data == array.tobytes() + array.T.tobytes()
    with using(Files(system)), BundleReader("model") as reader:
        assert_equal(reader.read("w"), array.T)


def test_long_strings() -> None:
    strings = np.array([b"x" * k for k in range(0, 200_000, 50_000)], dtype=object)
    system = written({"s": strings})
    with using(Files(system)), BundleReader("model") as reader:
        assert reader.read("s").tolist() == strings.tolist()


def test_memory_holds_no_copy_of_a_tensor() -> None:
    array = np.zeros((1 << 21, 2), np.float32)
    flipped = array.T

    class Nothing(MemorySystem):
        def write(self, _fd: int, view: memoryview) -> int:
            return len(view)

    with using(Files(Nothing())):
        for value in (array, flipped):
            write_bundle("warm", [("v", np.zeros(3))])
            tracemalloc.start()
            try:
                write_bundle("model", [("v", value)])
                assert tracemalloc.get_traced_memory()[1] < 4 << 20
            finally:
                tracemalloc.stop()


def test_the_disk_begins_with_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte once, and never one that is yet to come; the rest is left to the end."""
    begun: list[tuple[int, int]] = []

    class Watched(MemorySystem):
        def start_sync(self, fd: int, offset: int, length: int) -> None:
            begun.append((offset, offset + length))
            assert offset + length == len(self._open[fd].node.data)
            super().start_sync(fd, offset, length)

    monkeypatch.setattr(bundle_writer, "_EARLY", 1000)
    system = Watched()
    with using(Files(system)):
        write_bundle("m", [(f"v{i}", np.zeros(31 * i)) for i in range(20)])
    assert [start for start, _ in begun] == [0, *(end for _, end in begun[:-1])]
    assert all(end - start >= 1000 for start, end in begun)
    assert len(system.content("m.data-00000-of-00001")) - begun[-1][1] < 1000
    kinds = [kind for kind, path in system.calls if ".data-00000-of-00001" in path]
    assert "fsync" in kinds[len(kinds) - kinds[::-1].index("start_sync") :]


@pytest.mark.parametrize("code", [5, 28, 4, 22])
@pytest.mark.parametrize("lasting", ["once", "same"])
def test_a_disk_that_cannot_begin_early(
    code: int, lasting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written is known by the sync in the end."""
    monkeypatch.setattr(bundle_writer, "_EARLY", 100)
    values = {name: np.arange(50.0) for name in "abc"}
    calls = written(values).calls
    numbers = [number for number, (kind, _) in enumerate(calls) if kind == "start_sync"]
    assert len(numbers) == 3
    for at in numbers:
        system = MemorySystem()
        system.fault = Fault(at, code, lasting)
        with using(Files(system)):
            write_bundle("model", values.items())
            assert system.calls[at][0] == "start_sync"
            system.fault = None
            with BundleReader("model") as reader:
                for name, value in values.items():
                    assert_equal(reader.read(name), value)


def test_python_strings_keep_zero_bytes() -> None:
    system = written({"a": b"x\0", "b": [b"\0", b"y\0\0"], "c": "\xe9"})
    with using(Files(system)), BundleReader("model") as reader:
        assert reader.read("a").item() == b"x\0"
        assert reader.read("b").tolist() == [b"\0", b"y\0\0"]
        assert reader.read("c").item() == b"\xc3\xa9"


@pytest.mark.parametrize(
    ("value", "dtype", "problem"),
    [
        (np.zeros(2, "M8[s]"), None, "v: elements of type datetime64.s. cannot be saved$"),
        (np.array([1, b"a"], object), None, "v: an element is no string but int"),
        (np.zeros(2, "f4"), 14, "v: elements of type float32 cannot be saved as DT_BFLOAT16"),
        (np.zeros(2, "f4"), 7, "elements of type float32 cannot be saved as DT_STRING"),
        (np.zeros(2, "i1"), 21, "cannot be saved as DT_VARIANT"),
        (np.zeros(2, "i1"), 999, "cannot be saved as number 999"),
    ],
)
def test_what_cannot_be_saved(value: Any, dtype: int | None, problem: str) -> None:
    system = MemorySystem()
    with using(Files(system)):
        with pytest.raises(errors.InvalidArgumentError, match=problem):
            with commit("model") as transaction:
                BundleWriter(transaction).add("v", value, dtype)
    assert system.names("") == []


@pytest.mark.parametrize("name", ["", "\0a"])
def test_names_that_cannot_be(name: str) -> None:
    with using(Files(MemorySystem())), commit("model") as transaction:
        bundle = BundleWriter(transaction)
        with pytest.raises(errors.InvalidArgumentError, match="may not be empty or begin with"):
            bundle.add(name, 1)


def test_one_name_twice() -> None:
    part = TensorSlice(((0, 1),))
    with using(Files(MemorySystem())), commit("model") as transaction:
        bundle = BundleWriter(transaction)
        bundle.add("a", 1)
        bundle.add_part("b", (2,), part, [1])
        for add in (
            lambda: bundle.add("a", 2),
            lambda: bundle.add("b", 2),
            lambda: bundle.add_part("a", (2,), part, [1]),
            lambda: bundle.add_part("b", (2,), part, [1]),
        ):
            with pytest.raises(errors.InvalidArgumentError, match="Adding duplicate key: "):
                add()


def test_parts_that_do_not_belong_together() -> None:
    part, other = TensorSlice(((0, 1),)), TensorSlice(((1, 1),))
    with using(Files(MemorySystem())), commit("model") as transaction:
        bundle = BundleWriter(transaction)
        bundle.add_part("b", (3,), part, np.float32([1]))
        with pytest.raises(errors.InvalidArgumentError, match="DT_INT32 of shape .3., earlier"):
            bundle.add_part("b", (3,), other, np.int32([1]))
        with pytest.raises(errors.InvalidArgumentError, match="of shape .4., earlier ones to a"):
            bundle.add_part("b", (4,), other, np.float32([1]))
        with pytest.raises(errors.InvalidArgumentError, match="has shape .1., not .2."):
            bundle.add_part("b", (3,), other, np.float32([1, 2]))
        with pytest.raises(errors.InternalError, match="out of bounds"):
            bundle.add_part("b", (1,), other, np.float32([1]))


def test_old_data_files_go_with_the_old_bundle() -> None:
    system = MemorySystem()
    for name in ("model.data-00000-of-00002", "model.data-00001-of-00002", "model.meta", "mode"):
        system.put(name, b"")
    with using(Files(system)):
        write_bundle("model", [])
    assert system.names("") == ["mode", "model.data-00000-of-00001", "model.index", "model.meta"]
