"""The format that came before bundles: read from TensorFlow 1.1.0's files, written as in them."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as npst

from skflow import errors, proto
from skflow.io.checkpoint_files import open_checkpoint
from skflow.io.files import Files, using
from skflow.io.old_reader import OldReader
from skflow.io.old_writer import Part, write_old_checkpoint
from skflow.io.slices import TensorSlice, parse_shape_and_slice
from skflow.io.table_reader import TableReader
from skflow.io.table_writer import TableWriter
from tests.golden.bundles import make_bundles
from tests.io.bundle_mutators import damaged_bytes
from tests.io.memory_files import MemorySystem

GOLDEN = Path(make_bundles.__file__).parent / "tf1_old"
KINDS = [k for k in make_bundles.COMMON_TYPES if k[0] not in ("uint16", "float16")]
WHOLE = {
    **{name: make_bundles.values(kind) for name, _, kind in KINDS},
    "some": make_bundles.strings()["some"],
    "scalar": np.float32(7.0),
}
IN_PARTS = list(make_bundles.parts())[:-2]


def full(name: str, value: Any) -> Part:
    array = np.asarray(value)
    return Part(name, array.shape, TensorSlice.full(array.ndim), array)


def golden_parts() -> list[Part]:
    parts = [full(name, value) for name, value in WHOLE.items()]
    for name, text, array in IN_PARTS:
        shape, extents, _ = parse_shape_and_slice(text)
        parts.append(Part(name, shape, extents, array))
    return parts


def test_tensorflows_file_is_read() -> None:
    wanted = {**WHOLE, "rows": make_bundles.whole((7, 2)), "tiles": make_bundles.whole((4, 6))}
    with OldReader(str(GOLDEN)) as reader:
        assert reader.names() == sorted(wanted)
        for entry in reader.entries():
            value = np.asarray(wanted[entry.name])
            found = reader.read(entry.name)
            assert entry.name in reader
            assert entry.shape == found.shape == value.shape
            assert found.dtype == value.dtype
            np.testing.assert_array_equal(found, value)
        part = TensorSlice.parse("1,2:1,4")
        np.testing.assert_array_equal(reader.read("tiles", part=part), wanted["tiles"][1:3, 1:5])
        out = np.empty((7, 2), "f")
        assert reader.read("rows", out) is out
        np.testing.assert_array_equal(out, wanted["rows"])


def test_the_same_tensors_make_the_same_bytes() -> None:
    system = MemorySystem()
    with using(Files(system)):
        write_old_checkpoint("m", golden_parts())
    assert system.content("m") == GOLDEN.read_bytes()


@given(
    st.sampled_from(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "?", "c8", "c16"]),
    st.data(),
)
def test_what_is_written_is_read(kind: str, data: Any) -> None:
    value = data.draw(npst.arrays(kind, npst.array_shapes(min_dims=0, min_side=0, max_side=4)))
    with using(Files(MemorySystem())):
        write_old_checkpoint("m", [full("v", value)])
        with OldReader("m") as reader:
            found = reader.read("v")
    assert found.dtype == value.dtype
    assert found.shape == value.shape
    same = (found == value) | ((found != found) & (value != value))  # noqa: PLR0124
    assert same.all()  # a NaN may come back as another one


def test_several_files_are_one_checkpoint() -> None:
    value = np.arange(8.0).reshape(4, 2)
    halves = [TensorSlice.parse("0,2:-"), TensorSlice.parse("2,2:-")]
    with using(Files(MemorySystem())):
        for i, half in enumerate(halves):
            part = Part("v", (4, 2), half, value[half.bounds((4, 2))])
            write_old_checkpoint(f"m-0000{i}-of-00002", [part, full(f"only{i}", i)])
        with OldReader("m-?????-of-00002") as reader:
            assert reader.names() == ["only0", "only1", "v"]
            np.testing.assert_array_equal(reader.read("v"), value)
            assert reader.read("only1") == 1
        with OldReader("m-00000-of-00002") as reader:
            with pytest.raises(errors.InvalidArgumentError, match="sufficient slices for tensor v"):
                reader.read("v")
            np.testing.assert_array_equal(reader.read("v", part=halves[0]), value[:2])
        write_old_checkpoint("m-00001-of-00002", [full("v", value[0])])
        with pytest.raises(errors.DataLossError, match="v is not the same in all files"):
            OldReader("m-?????-of-00002")


def test_mistakes() -> None:
    with using(Files(system := MemorySystem())):
        with pytest.raises(errors.NotFoundError, match="any matching files for m"):
            OldReader("m")
        system.put("text", b"text" * 100)
        with pytest.raises(errors.DataLossError, match="different file format"):
            OldReader("text")
        write_old_checkpoint("m", [full("v", 1.0)])
        with OldReader("m") as reader:
            assert "w" not in reader
            with pytest.raises(errors.NotFoundError, match="Key w not found in checkpoint m"):
                reader.read("w")
            with pytest.raises(errors.InternalError, match="Mismatching ranks"):
                reader.read("v", part=TensorSlice.parse("0,1"))
        with pytest.raises(errors.UnimplementedError, match="v: .* has no place for uint32"):
            write_old_checkpoint("m", [full("v", np.zeros(2, np.uint32))])
        parts = [Part("v", (4,), TensorSlice.parse(t), np.ones(2)) for t in ("0,2", "2,2")]
        wrong = Part("v", (4,), TensorSlice.parse("2,2"), np.ones(2, "f"))
        with pytest.raises(errors.InvalidArgumentError, match="parts of v differ"):
            write_old_checkpoint("m", [parts[0], wrong])
        with OldReader("m") as reader:
            assert reader.read("v") == 1.0  # the file is as it was
    assert system.open_paths == []


def test_both_formats_are_opened(tmp_path: Path) -> None:
    directory = GOLDEN.parent
    with open_checkpoint(str(GOLDEN)) as old, open_checkpoint(str(directory / "tf1_parts")) as new:
        np.testing.assert_array_equal(old.read("rows"), new.read("rows"))
    with pytest.raises(errors.NotFoundError, match="any matching files"):
        open_checkpoint(str(tmp_path / "m"))
    with pytest.raises(errors.InvalidArgumentError, match="Failed to get matching files on"):
        open_checkpoint(str(tmp_path / "no" / "m"))


# ---- damage -----------------------------------------------------------------------------


def entries_of(content: bytes) -> dict[bytes, proto.SavedTensorSlices]:
    system = MemorySystem()
    system.put("m", content)
    with using(Files(system)) as layer, layer.open("m") as file:
        return {
            key: proto.SavedTensorSlices.FromString(value.tobytes())
            for key, value in TableReader(file).items()
        }


def with_right_checksums(rng: random.Random) -> bytes:
    """The golden file with a change in an entry's message."""
    entries = entries_of(GOLDEN.read_bytes())
    key = rng.choice(sorted(entries)) if rng.random() < 0.6 else b""
    message = entries[key]
    how = rng.randrange(6)
    tensors = message.meta.tensor
    if tensors and how < 5:
        tensor = tensors[rng.randrange(len(tensors))]
        if how == 0:
            tensor.type = rng.randrange(40)
        elif how == 1:
            tensor.shape.dim.add(size=rng.choice([-1, 0, 1, 2**20, 2**40, 2**62]))
        elif how == 2 and tensor.slice:
            extent = tensor.slice[0].extent.add()
            extent.start, extent.length = rng.choice([-1, 0, 2**62]), rng.choice([0, 1, 2**62])
        elif how == 3 and tensor.slice:
            tensor.slice.add().CopyFrom(tensor.slice[0])
        else:
            tensor.name = rng.choice(["", "rows", "\0"])
    elif how == 5 or not key:
        message.ParseFromString(b"")
    else:
        message.data.data.float_val.extend([1.0] * rng.randrange(9))
        message.data.data.int_val.extend([2**31 - 1] * rng.randrange(9))
    written = MemorySystem()
    with using(Files(written)) as layer, layer.create("m") as file:
        table = TableWriter(file)
        for name in sorted(entries):
            table.add(name, entries[name].SerializeToString())
        table.finish()
    return written.content("m")


@pytest.mark.parametrize("count", [300, pytest.param(20_000, marks=pytest.mark.soak)])
def test_damaged_files(count: int) -> None:
    """Documented errors, no wrong value where checksums tell, little memory."""
    golden = GOLDEN.read_bytes()
    with OldReader(str(GOLDEN)) as reader:
        wanted = {name: reader.read(name) for name in reader.names()}
    for seed in range(count):
        rng = random.Random(seed)
        blind = rng.random() < 0.5
        content = damaged_bytes(golden, rng) if blind else with_right_checksums(rng)
        system = MemorySystem()
        system.put("m", content)
        tracemalloc.start()
        with using(Files(system)):
            try:
                with OldReader("m") as reader:
                    for name in reader.names():
                        try:
                            found = reader.read(name)
                        except errors.OpError:
                            continue
                        if blind:
                            np.testing.assert_array_equal(found, wanted[name])
            except errors.OpError:
                pass
        assert tracemalloc.get_traced_memory()[1] < 64 * len(content) + (1 << 24)
        tracemalloc.stop()
        assert system.open_paths == []
