"""Reading tensors and parts of them: into given arrays, in small steps, and no more than asked."""

from __future__ import annotations

import errno
import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow import errors, proto
from skflow.io import crc
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import BundleWriter, write_bundle
from skflow.io.commit import commit
from skflow.io.files import Files, using
from skflow.io.ordered_code import part_key
from skflow.io.slices import TensorSlice
from skflow.io.stored_tensor import _STEP
from tests.golden.bundles import make_bundles
from tests.io.bundle_parts import Parts, joined, taken_apart
from tests.io.examples import steady
from tests.io.golden import files_of, tensors_of
from tests.io.memory_files import Fault, MemorySystem


def stored(files: dict[str, bytes]) -> MemorySystem:
    system = MemorySystem()
    for ending, content in files.items():
        system.put("model" + ending, content)
    return system


def saved(**tensors: Any) -> MemorySystem:
    system = MemorySystem()
    with using(Files(system)):
        write_bundle("model", tensors.items())
    return system


def draw_part(data: st.DataObject, shape: tuple[int, ...]) -> TensorSlice:
    extents = []
    for dim in shape:
        start = data.draw(st.integers(0, dim - 1))
        extents.append((start, data.draw(st.integers(1, dim - start))))
    return TensorSlice(tuple(extents))


@steady
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(2, 200), st.data())
def test_any_part_in_steps_of_any_size(shape: list[int], step: int, data: st.DataObject) -> None:
    value = np.arange(math.prod(shape), dtype=np.int16).reshape(shape)
    part = draw_part(data, value.shape)
    with pytest.MonkeyPatch.context() as patch, using(Files(saved(v=value))):
        patch.setattr("skflow.io.stored_tensor._STEP", step)
        patch.setattr("skflow.io.crc.CHUNK", 7)
        with BundleReader("model") as reader:
            for check in (True, False):
                found = reader.read("v", part=part, check=check)
                np.testing.assert_array_equal(found, value[part.bounds(shape)])
                out = np.zeros(found.shape[::-1], np.int16).T
                assert reader.read("v", out, part, check=check) is out
                np.testing.assert_array_equal(out, found)


def test_a_part_is_checked_with_all_that_is_stored_with_it() -> None:
    value = np.arange(600, dtype=np.int32).reshape(20, 30)
    system = saved(v=value)
    content = bytearray(system.content("model.data-00000-of-00001"))
    content[2] ^= 1
    system.put("model.data-00000-of-00001", bytes(content))
    part = TensorSlice(((5, 2), (0, -1)))
    with using(Files(system)), BundleReader("model") as reader:
        for read in (lambda: reader.read("v"), lambda: reader.read("v", part=part)):
            with pytest.raises(errors.DataLossError, match="Checksum does not match: stored"):
                read()
        with pytest.raises(errors.DataLossError, match="tensor v: model.data-00000-of-00001"):
            reader.verify("v")
        np.testing.assert_array_equal(reader.read("v", part=part, check=False), value[5:7])


def test_unchecked_parts_are_all_that_is_read() -> None:
    rows = 40
    system = saved(v=np.zeros((rows, _STEP // 4), np.float32), w=np.zeros(5))
    with using(Files(system)), BundleReader("model") as reader:
        before = len(system.calls)
        reader.read("v", part=TensorSlice(((7, 1), (3, 5))), check=False)
        reads = [kind for kind, _ in system.calls[before:]].count("read_into")
        # The row in pieces, and a block of the index.
        assert reads <= _STEP // crc.CHUNK + 1


def test_memory_holds_the_result_and_little_more() -> None:
    value = np.ones((64, 1 << 17), np.float32)
    system = saved(v=value)
    with using(Files(system)), BundleReader("model") as reader:
        reader.read("v", part=TensorSlice(((0, 1), (0, 1))))
        for part, size in ((None, value.nbytes), (TensorSlice(((3, 5), (0, 9))), 180)):
            tracemalloc.start()
            try:
                reader.read("v", part=part)
                assert tracemalloc.get_traced_memory()[1] < size + (3 << 20)
            finally:
                tracemalloc.stop()


@pytest.mark.parametrize(("name", "number", "kind"), make_bundles.COMMON_TYPES)
def test_bundles_of_machines_of_the_other_byte_order(name: str, number: int, kind: str) -> None:
    value = make_bundles.values(kind)
    swapped = value.astype(value.dtype.newbyteorder(">")).tobytes()
    parts = Parts(
        header=proto.BundleHeaderProto(num_shards=1, endianness=1),
        entries={name.encode(): proto.BundleEntryProto(dtype=number, size=len(swapped))},
        data={0: swapped},
    )
    entry = parts.entries[name.encode()]
    entry.shape.dim.add(size=2)
    entry.shape.dim.add(size=3)
    entry.crc32c = crc.masked(swapped)
    with using(Files(stored(joined(parts)))), BundleReader("model") as reader:
        np.testing.assert_array_equal(reader.read(name), value)
        part = TensorSlice(((1, 1), (1, 2)))
        np.testing.assert_array_equal(reader.read(name, part=part), value[1:, 1:])


def test_given_arrays_must_fit() -> None:
    with using(Files(saved(v=np.zeros((2, 3), np.float32)))), BundleReader("model") as reader:
        for out in (np.zeros(6, np.float32), np.zeros((2, 3)), np.zeros((2, 3), ">f4")):
            with pytest.raises(ValueError, match="v has shape .2, 3. and type DT_FLOAT, the array"):
                reader.read("v", out)


def test_booleans_are_true_or_false() -> None:
    """Also where a byte says neither, with a checksum that says it is right."""
    files = files_of("tf1_types")
    parts = taken_apart(files)
    entry = parts.entries[b"bool"]
    data = bytearray(parts.data[0])
    data[entry.offset : entry.offset + entry.size] = bytes([0, 1, 2, 255, 0, 128])
    parts.data[0] = bytes(data)
    entry.crc32c = crc.masked(data[entry.offset : entry.offset + entry.size])
    with using(Files(stored(joined(parts)))), BundleReader("model") as reader:
        found = reader.read("bool")
    assert found.view(np.uint8).tolist() == [[0, 1, 1], [1, 0, 1]]


def test_what_is_not_there() -> None:
    with using(Files(saved(v=1))):
        with BundleReader("model") as reader:
            assert "w" not in reader
            assert "" not in reader
            for name in ("w", ""):
                with pytest.raises(errors.NotFoundError, match="^Key .* not found in checkpoint"):
                    reader.read(name)
        with pytest.raises(
            errors.NotFoundError,
            match="Unsuccessful TensorSliceReader constructor: Failed to find any matching files "
            "for none: none.index; No such file",
        ):
            BundleReader("none")


def test_a_missing_data_file_matters_only_to_those_who_need_it() -> None:
    files = files_of("tf1_shards")
    del files[".data-00000-of-00002"]
    with using(Files(stored(files))), BundleReader("model") as reader:
        assert len(reader.names()) == 5
        with pytest.raises(errors.NotFoundError, match="model.data-00000-of-00002; No such file"):
            reader.read("second")
        np.testing.assert_array_equal(reader.read("first"), tensors_of("tf1_shards")["first"])


def many_shards(number: int) -> dict[str, bytes]:
    data = np.arange(number, dtype=np.int32)
    parts = Parts(proto.BundleHeaderProto(num_shards=number), {}, {})
    for shard, value in enumerate(data):
        entry = proto.BundleEntryProto(dtype=3, shard_id=shard, size=4)
        entry.crc32c = crc.masked(value.tobytes())
        entry.shape.SetInParent()
        parts.entries[b"v%d" % shard] = entry
        parts.data[shard] = value.tobytes()
    return joined(parts)


def test_more_data_files_than_are_opened_at_once() -> None:
    system = stored(many_shards(150))
    with using(Files(system)):
        with BundleReader("model") as reader:
            assert len(system.open_paths) == 129
            assert [int(reader.read(f"v{k}")) for k in range(150)] == list(range(150))
        assert system.open_paths == []
        with BundleReader("model") as reader:
            write_bundle("model", [("v140", 1)])
            assert int(reader.read("v7")) == 7
            with pytest.raises(errors.AbortedError, match="replaced while it was read"):
                reader.read("v140")


def test_an_open_bundle_stays_as_it_was() -> None:
    system = saved(v=1, w=2)
    with using(Files(system)), BundleReader("model") as reader:
        write_bundle("model", [("v", 3)])
        assert (int(reader.read("v")), int(reader.read("w"))) == (1, 2)


def test_closed() -> None:
    with using(Files(saved(v=1))):
        reader = BundleReader("model")
        reader.close()
        reader.close()
        with pytest.raises(errors.FailedPreconditionError, match="the file is closed"):
            reader.read("v")


def change(parts: Parts, name: bytes, **fields: Any) -> None:
    for field, value in fields.items():
        setattr(parts.entries[name], field, value)


@pytest.mark.parametrize(
    ("fields", "kind", "problem"),
    [
        ({"size": 23}, errors.DataLossError, "key float32; stored size 23; expected size 24"),
        ({"offset": 2**40}, errors.DataLossError, "ends at byte 1099511627800, beyond the 982"),
        ({"offset": -1}, errors.DataLossError, "Invalid place in bundle entry: key float32"),
        ({"shard_id": 1}, errors.DataLossError, "float32 lies in a data file that there is not"),
        ({"crc32c": 5}, errors.DataLossError, "Checksum does not match"),
        ({"dtype": 21}, errors.UnimplementedError, "type DT_VARIANT cannot be read: float32"),
        ({"dtype": 9999}, errors.UnimplementedError, "type number 9999 cannot be read"),
        ({"dtype": 7}, errors.DataLossError, "float32"),
        ({"dtype": 2}, errors.DataLossError, "stored size 24; expected size 48"),
    ],
)
def test_entries_that_do_not_fit(fields: dict[str, int], kind: type, problem: str) -> None:
    parts = taken_apart(files_of("tf1_types"))
    change(parts, b"float32", **fields)
    with using(Files(stored(joined(parts)))), BundleReader("model") as reader:
        for read in (reader.read, reader.verify):
            with pytest.raises(kind, match=problem):
                read("float32")
        assert reader.read("float64").shape == (2, 3)


@pytest.mark.parametrize(
    ("dims", "problem"),
    [
        ([-1], "Invalid tensor shape: float32"),
        ([2**31, 2**31, 2], "Invalid tensor shape"),
        ([0, 2**62, 2], "Invalid tensor shape"),
        ([1] * 255, "Invalid tensor shape"),
        ([2**40], "stored size 24; expected size 4398046511104"),
        ([1] * 200 + [6], "NumPy has no arrays of shape"),
    ],
)
def test_shapes_that_cannot_be(dims: list[int], problem: str) -> None:
    parts = taken_apart(files_of("tf1_types"))
    shape = parts.entries[b"float32"].shape
    del shape.dim[:]
    for dim in dims:
        shape.dim.add(size=dim)
    with using(Files(stored(joined(parts)))), BundleReader("model") as reader:
        with pytest.raises((errors.DataLossError, errors.UnimplementedError), match=problem):
            reader.read("float32")


@pytest.mark.parametrize(
    ("header", "kind", "problem"),
    [
        (b"\xff", errors.DataLossError, "unable to parse header"),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", errors.DataLossError, "no sense"),
        (b"\x08\x01\x1a\x02\x10\x02", errors.InvalidArgumentError, "min consumer version 2 above"),
        (b"\x08\x01\x1a\x02\x18\x01", errors.InvalidArgumentError, "disallows consumer version 1"),
    ],
)
def test_headers_that_cannot_be(header: bytes, kind: type, problem: str) -> None:
    parts = taken_apart(files_of("tf1_types"))
    parts.header = header
    with using(Files(stored(joined(parts)))):
        with pytest.raises(kind, match=problem):
            BundleReader("model")


def test_no_header() -> None:
    parts = taken_apart(files_of("tf1_types"))
    parts.header = None
    with using(Files(stored(joined(parts)))):
        with pytest.raises(errors.DataLossError, match="failed to seek to header entry"):
            BundleReader("model")


def partitioned() -> Parts:
    system = MemorySystem()
    with using(Files(system)), commit("model") as transaction:
        bundle = BundleWriter(transaction)
        for start in (0, 2, 4):
            part = TensorSlice(((start, 2), (0, 3)))
            bundle.add_part("v", (6, 3), part, np.full((2, 3), start))
        bundle.finish()
    names = system.names("")
    return taken_apart({name.removeprefix("model"): system.content(name) for name in names})


def test_parts_that_do_not_cover_what_is_asked() -> None:
    parts = partitioned()
    del parts.entries[b"v"].slices[1]
    with using(Files(stored(joined(parts)))), BundleReader("model") as reader:
        with pytest.raises(
            errors.InvalidArgumentError,
            match="Does not have sufficient slices for partitioned tensor v to restore in "
            "slice_spec: 0,6:0,3: model.index",
        ):
            reader.read("v")
        assert reader.read("v", part=TensorSlice.parse("4,2:-")).tolist() == [[4] * 3] * 2


def test_parts_that_overlap() -> None:
    """Two of the parts in the place of the third: as many elements as the whole, not all of it."""
    parts = partitioned()
    slices = parts.entries[b"v"].slices
    slices[2].CopyFrom(slices[1])
    with using(Files(stored(joined(parts)))), BundleReader("model") as reader:
        with pytest.raises(errors.InvalidArgumentError, match="sufficient slices"):
            reader.read("v")


def test_parts_that_share_their_bytes() -> None:
    """A small file must not stand for a large tensor."""
    count = 300
    parts = partitioned()
    piece = parts.entries[min(parts.entries)]
    whole = parts.entries[b"v"]
    parts.entries = {b"v": whole}
    del whole.slices[:]
    whole.shape.dim[0].size = 2 * count
    for k in range(count):
        part = TensorSlice(((2 * k, 2), (0, 3)))
        part.write_to(whole.slices.add())
        parts.entries[part_key(b"v", part.extents)] = piece
    with using(Files(stored(joined(parts)))), BundleReader("model") as reader:
        with pytest.raises(errors.DataLossError, match="parts of v are larger than all data"):
            reader.read("v")


@pytest.mark.parametrize("field", ["dtype", "shape", "slices"])
def test_parts_that_are_not_what_the_whole_says(field: str) -> None:
    parts = partitioned()
    piece = parts.entries[min(parts.entries)]
    if field == "dtype":
        piece.dtype = 23
    elif field == "shape":
        piece.shape.dim[0].size, piece.shape.dim[1].size = 3, 2
    else:
        TensorSlice(((0, 1), (0, 1))).write_to(piece.slices.add())
    with using(Files(stored(joined(parts)))), BundleReader("model") as reader:
        with pytest.raises(errors.DataLossError, match="is not what the whole tensor says"):
            reader.read("v")


def test_a_part_without_an_entry() -> None:
    parts = partitioned()
    del parts.entries[min(parts.entries)]
    with using(Files(stored(joined(parts)))), BundleReader("model") as reader:
        with pytest.raises(errors.NotFoundError, match="Key v.0,2:0,3. not found"):
            reader.read("v")


@pytest.mark.parametrize("code", [errno.EIO, errno.EINTR, 0])
@pytest.mark.parametrize("lasting", ["once", "same", "all"])
def test_every_call_of_reading_failing(code: int, lasting: str) -> None:
    """Reading gives the right tensors, or an error that names the file."""
    at = 0
    while True:
        system = stored(files_of("tf1_shards"))
        system.fault = Fault(at, code, lasting)
        problem, found = None, {}
        with using(Files(system)):
            try:
                with BundleReader("model") as reader:
                    found = {name: reader.read(name) for name in reader.names()}
            except errors.OpError as error:
                problem = error.message
        assert system.open_paths == []
        if code == 0 or (code == errno.EINTR and lasting == "once"):
            assert problem is None
        if problem is None:
            for name, value in tensors_of("tf1_shards").items():
                np.testing.assert_array_equal(found[name], value)
        else:
            assert "model" in problem
        if len(system.calls) <= at:
            break
        at += 1
    assert at > 20


def test_companions_are_of_the_same_save() -> None:
    """A save that comes while the files are opened makes the reader open all of them again."""

    def save(text: bytes) -> None:
        with commit("model") as transaction:
            bundle = BundleWriter(transaction)
            bundle.add("text", text)
            bundle.finish()
            transaction.create(".txt").write(text)

    class Busy(Files):
        """A layer on which somebody else saves when the index has been opened."""

        saves = 0

        def open(self, path: Any) -> Any:
            found = super().open(path)
            if str(path) == "model.index" and self.saves < 2:
                self.saves += 1
                with using(Files(system)):
                    save(b"new %d" % self.saves)
            return found

    system = MemorySystem()
    with using(Files(system)):
        save(b"old")
    with using(Busy(system)), BundleReader("model", [".txt"]) as reader:
        text = reader.companions[".txt"].pread(0, 100)
        assert reader.read("text").item() == text == b"new 2"
    assert system.open_paths == []


def test_a_missing_companion_is_named() -> None:
    system = saved(a=1.0)
    with using(Files(system)), pytest.raises(errors.NotFoundError, match=r"model\.txt"):
        BundleReader("model", [".txt"])
    assert system.open_paths == []
