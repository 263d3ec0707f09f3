"""The operations that name, write and read checkpoints, without a saver."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow.graph.context import Stored
from skflow.graph.registry import raw
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import write_bundle
from skflow.io.files import Files, using
from skflow.train import saver_ops
from skflow.train.saver_runs import reading_together
from tests.io.memory_files import MemorySystem


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def run(fetch: Any, feed: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetch, feed)


def save(prefix: Any, names: Any, slices: Any, tensors: Any) -> Any:
    return run(raw.SaveV2(str(prefix), names, slices, [tf.constant(t) for t in tensors]))


def restore(prefix: Any, names: Any, slices: Any, dtypes: Any) -> Any:
    return run(raw.RestoreV2(str(prefix), names, slices, dtypes=dtypes))


# ---- saving and restoring ---------------------------------------------------------------


@st.composite
def cuts(draw: Any) -> Any:
    """A tensor, the ends of its slices along one axis, and the ends of others."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    axis = draw(st.integers(0, len(shape) - 1))
    where = st.lists(st.integers(1, shape[axis]), unique=True, max_size=4).map(sorted)
    first, second = draw(where), draw(where)
    return shape, axis, [*first, shape[axis]], [*second, shape[axis]]


def specs(shape: list[int], axis: int, ends: list[int]) -> tuple[list[str], list[Any]]:
    """The texts of slices with these ends, and their ranges."""
    texts, ranges = [], []
    for start, end in zip([0, *ends], ends, strict=False):
        if start == end:
            continue
        parts = [f"{start},{end - start}" if i == axis else "-" for i in range(len(shape))]
        texts.append(f"{' '.join(map(str, shape))} {':'.join(parts)}")
        ranges.append((slice(None),) * axis + (slice(start, end),))
    return texts, ranges


@settings(deadline=None)
@given(cuts(), st.sampled_from(["float32", "int64", "complex64", "bool"]))
def test_what_is_saved_is_restored(cut: Any, dtype: str) -> None:
    """Slices come back as they were saved, in others, and as a whole."""
    shape, axis, first, second = cut
    whole = (np.arange(math.prod(shape)).reshape(shape) % 5).astype(dtype)
    texts, ranges = specs(shape, axis, first)
    wanted, others = specs(shape, axis, second)
    with using(Files(MemorySystem())), tf.Graph().as_default():
        save("m", ["t"] * len(texts) + ["u"], [*texts, ""], [*(whole[r] for r in ranges), whole])
        names = ["t", "u", *["t"] * len(wanted), *["u"] * len(wanted)]
        found = restore("m", names, ["", "", *wanted, *wanted], [tf.as_dtype(dtype)] * len(names))
    for array, where in zip(found, [..., ..., *others, *others], strict=True):
        np.testing.assert_array_equal(array, whole[where])


def test_shards_are_merged(tmp_path: Path) -> None:
    """Their data files are moved, their indices become one, the old directory goes."""
    with tf.Graph().as_default():
        save(tmp_path / "new" / "a", ["x", "p"], ["", "4 0,2"], [np.ones(3), np.zeros(2)])
        save(tmp_path / "new" / "b", ["y", "p"], ["", "4 2,2"], [b"text", np.ones(2)])
        save(tmp_path / "m", ["old"], [""], [1])
        prefixes = [str(tmp_path / "new" / name) for name in "ab"]
        run(raw.MergeV2Checkpoints(prefixes, str(tmp_path / "m")))
        found = restore(
            tmp_path / "m", ["x", "y", "p"], [""] * 3, [tf.float64, tf.string, tf.float64]
        )
    assert [np.asarray(a).tolist() for a in found] == [[1, 1, 1], b"text", [0, 0, 1, 1]]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "m.data-00000-of-00002",
        "m.data-00001-of-00002",
        "m.index",
    ]


def test_old_directories_may_stay(tmp_path: Path) -> None:
    save(tmp_path / "new" / "a", ["x"], [""], [1])
    prefixes = [str(tmp_path / "new" / "a")]
    run(raw.MergeV2Checkpoints(prefixes, str(tmp_path / "m"), delete_old_dirs=False))
    assert (tmp_path / "new").is_dir()


def test_a_name_is_merged_once_only(tmp_path: Path) -> None:
    for name in "ab":
        save(tmp_path / name, ["x"], [""], [1])
    prefixes = [str(tmp_path / name) for name in "ab"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Duplicate tensor keyed by x"):
        run(raw.MergeV2Checkpoints(prefixes, str(tmp_path / "m")))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8", "uint8", "complex128"])
def test_the_older_format(tmp_path: Path, dtype: str) -> None:
    value = (np.arange(6).reshape(3, 2) - 2).astype(dtype)
    text = np.array([b"a", b"\xff"], dtype=object)
    names, slices = ["v", "v", "text"], ["3 2 0,1:-", "3 2 1,2:0,2", ""]
    tensors = [tf.constant(t) for t in (value[:1], value[1:], text)]
    run(raw.SaveSlices(str(tmp_path / "m"), names, slices, tensors))
    found = restore(
        tmp_path / "m", ["v", "v", "text"], ["", "3 2 0,2:1,1", ""], [dtype, dtype, tf.string]
    )
    np.testing.assert_array_equal(found[0], value)
    np.testing.assert_array_equal(found[1], value[:2, 1:])
    assert found[2].tolist() == text.tolist()


def test_the_oldest_operations(tmp_path: Path) -> None:
    """They save whole tensors, and restore one tensor each."""
    path, value = str(tmp_path / "m"), np.arange(6.0).reshape(3, 2)
    run(raw.Save(path, ["v", "n"], [tf.constant(value), tf.constant(7)]))
    np.testing.assert_array_equal(run(raw.Restore(path, "v", dt=tf.float64)), value)
    part = raw.RestoreSlice(path, "v", "3 2 1,2:0,1", dt=tf.float64)
    assert part.get_shape().ndims is None
    np.testing.assert_array_equal(run(part), value[1:, :1])
    with pytest.raises(tf.errors.NotFoundError, match="Key w not found in checkpoint"):
        run(raw.Restore(path, "w", dt=tf.float64))
    with pytest.raises(tf.errors.InvalidArgumentError, match="type int32, got a tensor of type"):
        run(raw.Restore(path, "v", dt=tf.int32))
    with pytest.raises(ValueError, match="Shape must be rank 0 but is rank 1"):
        raw.Restore(path, ["v"], dt=tf.int32)
    with pytest.raises(ValueError, match="Dimension must be 1 but is 2"):
        raw.Save(path, ["v", "w"], [1])


def test_one_level_of_directories_is_made(tmp_path: Path) -> None:
    save(tmp_path / "a" / "m", ["x"], [""], [1])
    assert restore(tmp_path / "a" / "m", ["x"], [""], [tf.int32]) == [1]
    with pytest.raises(tf.errors.NotFoundError, match="b/c"):
        save(tmp_path / "b" / "c" / "m", ["x"], [""], [1])


# ---- when they run ----------------------------------------------------------------------


def test_they_are_neither_folded_nor_shared(tmp_path: Path) -> None:
    """All inputs are constants; each run writes and reads anew, each operation for itself."""
    path = str(tmp_path / "m")
    v = tf.Variable(1.0)
    saves = [raw.SaveV2(path, ["v"], [""], [v._ref()]) for _ in range(2)]
    reads = [raw.RestoreV2(path, ["v"], [""], dtypes=[tf.float32])[0] for _ in range(2)]
    with tf.Session() as session:
        for value in (1.0, 2.0):
            v.load(value, session)
            session.run(saves)
            assert session.run(reads) == [value, value]
            assert session.run(reads[0]) == value
        system = MemorySystem()
        for parent in [*reversed(tmp_path.parents), tmp_path][1:]:
            system.mkdir(str(parent))
        with using(Files(system)):
            session.run(saves)
        assert len([c for c in system.calls if c[0] == "replace" and c[1] == f"{path}.index"]) == 2


@pytest.mark.parametrize("after", [False, True])
def test_control_dependencies_decide_which_value_is_saved(tmp_path: Path, after: bool) -> None:
    v = tf.Variable(np.zeros(500_000), name="v")
    path = str(tmp_path / "m")
    if after:
        with tf.control_dependencies([tf.assign_add(v, np.ones(500_000))]):
            both = [raw.SaveV2(path, ["v"], [""], [v._ref()])]
    else:
        saved = raw.SaveV2(path, ["v"], [""], [v._ref()])
        with tf.control_dependencies([saved]):
            both = [tf.assign_add(v, np.ones(500_000)).op]
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(both)
        assert session.run(v).min() == 1.0
    assert restore(path, ["v"], [""], [tf.float64])[0].max() == after


def test_what_is_large_goes_straight_to_its_variable(tmp_path: Path) -> None:
    """Only there: anything else is given an array."""
    given_types = []

    class Spy(saver_ops._StoredPart):
        def read_into(self, target: Any) -> None:
            given_types.append(type(target))
            super().read_into(target)

    v = tf.Variable(np.ones(200_000), name="v")
    w = tf.Variable(np.zeros(200_000), name="w")
    saver = tf.train.Saver([v])
    read = tf.get_default_graph().get_tensor_by_name("save/RestoreV2:0")
    assert not isinstance(read, Stored)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = saver.save(session, str(tmp_path / "m"))
        original, saver_ops._StoredPart = saver_ops._StoredPart, Spy  # type: ignore[misc]
        try:
            saver.restore(session, path)
            assert len(given_types) == 1
            other = tf.assign(w, read * 2.0)
            with reading_together():
                session.run(other, {"save/Const:0": path})
            assert len(given_types) == 1
        finally:
            saver_ops._StoredPart = original  # type: ignore[misc]
        assert session.run(w).tolist() == [2.0] * 200_000


def test_a_file_that_changes_while_it_is_restored(tmp_path: Path) -> None:
    """Between looking at it and reading it: what is read is not taken for what was saved."""
    data = tmp_path / "m.data-00000-of-00001"

    class Spy(saver_ops._StoredPart):
        def verify(self) -> None:
            super().verify()
            with data.open("r+b") as file:
                file.write(b"damage")

    v = tf.Variable(np.ones(200_000), name="v")
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = saver.save(session, str(tmp_path / "m"))
        original, saver_ops._StoredPart = saver_ops._StoredPart, Spy  # type: ignore[misc]
        try:
            with pytest.raises(tf.errors.DataLossError, match="Checksum does not match"):
                saver.restore(session, path)
        finally:
            saver_ops._StoredPart = original  # type: ignore[misc]
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
            session.run(v)


def test_a_stored_value_is_an_array_to_others() -> None:
    class Two(Stored):
        def verify(self) -> None:
            raise AssertionError

        def read_into(self, target: Any) -> None:
            target[...] = 2

        def read(self) -> Any:
            return np.full(self.shape, 2, np.int32)

    assert np.asarray(Two((3,))).tolist() == [2, 2, 2]
    assert np.add(Two((2,)), 1).tolist() == [3, 3]
    assert np.asarray(Two((1,)), np.float64).dtype == np.float64


# ---- shapes and mistakes ----------------------------------------------------------------


RANKS = "Shape must be rank {} but is rank {}"
UNEQUAL = "Dimension 0 in both shapes must be equal, but are 2 and 1"
MISFITS = [
    ("SaveV2", ("p", ["a"], ["", ""], [1, 2]), "Dimension must be 2 but is 1"),
    ("SaveV2", ("p", ["a", "b"], ["", ""], [1]), "Dimension must be 1 but is 2"),
    ("SaveV2", ("p", ["a"], ["", ""], [1]), "Dimension must be 1 but is 2"),
    ("SaveV2", (["p"], ["a"], [""], [1]), RANKS.format(0, 1)),
    ("SaveV2", ("p", "a", [""], [1]), RANKS.format(1, 0)),
    ("SaveV2", ("p", ["a"], [[""]], [1]), RANKS.format(1, 2)),
    ("RestoreV2", ("p", ["a", "b"], [""]), UNEQUAL),
    ("RestoreV2", (["p"], ["a"], [""]), RANKS.format(0, 1)),
    ("RestoreV2", ("p", "a", [""]), RANKS.format(1, 0)),
    ("MergeV2Checkpoints", ("a", "b"), RANKS.format(1, 0)),
    ("MergeV2Checkpoints", (["a"], ["b"]), RANKS.format(0, 1)),
    ("ShardedFilename", (["a"], 1, 2), RANKS.format(0, 1)),
    ("ShardedFilename", ("a", [1], 2), RANKS.format(0, 1)),
    ("ShardedFilespec", ("a", [2]), RANKS.format(0, 1)),
    ("SaveSlices", ("p", ["a"], ["", ""], [1]), "Dimension must be 1 but is 2"),
]


@pytest.mark.parametrize(
    ("op", "args", "sentence"), MISFITS, ids=[f"{op}{args}" for op, args, _ in MISFITS]
)
def test_shapes_that_do_not_fit(op: str, args: Any, sentence: str) -> None:
    """TensorFlow 1.1.0's sentences."""
    attrs = {"dtypes": [tf.int32, tf.int32]} if op == "RestoreV2" else {}
    with pytest.raises(ValueError, match=sentence):
        getattr(raw, op)(*args, **attrs)


@pytest.mark.parametrize(
    ("prefix", "names", "slices", "sentence"),
    [
        (["p", "q"], ["a"], [""], "Input prefix should have a single element, got 2 instead."),
        (
            "p",
            "a",
            "",
            "Input tensor_names and shape_and_slices should be an 1-D tensors, got [] and [] instead.",
        ),
        (
            "p",
            ["a"],
            ["", ""],
            "tensor_names and shape_and_slices have different number of elements: 1 vs. 2",
        ),
    ],
)
@pytest.mark.parametrize("saving", [True, False])
def test_what_is_fed_and_does_not_fit(
    saving: bool, prefix: Any, names: Any, slices: Any, sentence: str
) -> None:
    fed = [tf.placeholder(tf.string) for _ in range(3)]
    if saving:
        op = raw.SaveV2(*fed, [tf.constant([1.0])])
    else:
        op = raw.RestoreV2(*fed, dtypes=[tf.float32])
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        run(op, dict(zip(fed, (prefix, names, slices), strict=True)))
    assert caught.value.message.partition("\n")[0] == sentence


@pytest.mark.parametrize(
    ("name", "text", "kind", "sentence"),
    [
        ("zz", "", "NotFound", "Key zz not found in checkpoint"),
        ("zz", "2 0,1", "NotFound", "Key zz not found in checkpoint"),
        (
            "a",
            "3 0,1",
            "InvalidArgument",
            "Shape in shape_and_slice spec [3] does not match the shape stored in checkpoint: [2]",
        ),
        (
            "a",
            "x",
            "InvalidArgument",
            "Need least two elements in shape_and_slice specification: x",
        ),
        (
            "a",
            "2 0,5",
            "Internal",
            "Extent in dimension 0 out of bounds: shape = [2], slice = 0,5",
        ),
        (
            "part",
            "",
            "InvalidArgument",
            "Does not have sufficient slices for partitioned tensor part",
        ),
    ],
)
def test_what_cannot_be_restored(
    tmp_path: Path, name: str, text: str, kind: str, sentence: str
) -> None:
    save(tmp_path / "m", ["a", "part"], ["", "4 2 0,2:0,2"], [np.ones(2, "f"), np.ones((2, 2))])
    with pytest.raises(getattr(tf.errors, f"{kind}Error")) as caught:
        restore(tmp_path / "m", [name], [text], [tf.float64 if name == "part" else tf.float32])
    assert caught.value.message.startswith(sentence)


def test_slices_that_do_not_fit_what_is_saved(tmp_path: Path) -> None:
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=r"does not match the shape of the tensor to  save: 4 0,3, tensor: \[2\]",
    ):
        save(tmp_path / "m", ["a"], ["4 0,3"], [np.ones(2)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Adding duplicate key: a"):
        save(tmp_path / "m", ["a", "a"], ["", ""], [1, 2])
    assert not list(tmp_path.iterdir())


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        restore(tmp_path / "no" / "m", ["a"], [""], [tf.int32])
    assert caught.value.message.startswith(
        "Unsuccessful TensorSliceReader constructor: Failed to get matching files on "
        f"{tmp_path}/no/m: Not found: {tmp_path}/no"
    )


def test_strings_to_join_that_do_not_fit() -> None:
    a, b = tf.placeholder(tf.string), tf.placeholder(tf.string)
    joined = raw.StringJoin([a, b])
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        run(joined, {a: ["a", "c"], b: [["x", "y"]]})
    assert caught.value.message.startswith("Input shapes do not match: [2] vs. [1,2]\n")
    with pytest.raises(ValueError, match="Shapes must be equal rank, but are 2 and 1"):
        raw.StringJoin([[["a", "b"]], "c", ["x"]])
    assert raw.StringJoin([a, "c"]).get_shape().ndims is None
    assert raw.StringJoin([a, ["c"]]).get_shape().as_list() == [1]


# ---- files that are written to meanwhile ------------------------------------------------


@pytest.mark.parametrize("age", [3600.0, 0.0, -3600.0])
@pytest.mark.parametrize("changed", ["not", "before", "while"])
def test_values_are_summed_again_if_anyone_may_have_written_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: float, changed: str
) -> None:
    value, prefix = np.arange(1000, dtype=np.int64), str(tmp_path / "m")
    write_bundle(prefix, [("v", value)])
    data = Path(f"{prefix}.data-00000-of-00001")
    then = time.time() - age
    os.utime(data, (then, then))
    checks: list[bool] = []
    read = BundleReader.read

    def change() -> None:
        with data.open("r+b") as file:
            file.write(b"\xff")
        os.utime(data, (then, then + 0.001))  # not much later

    def spy(self: Any, *args: Any, check: bool = True) -> Any:
        found = read(self, *args, check=check)
        if changed == "while" and not checks:
            change()
            if check:  # what was read before is what was saved
                found = read(self, *args, check=check)
        checks.append(check)
        return found

    monkeypatch.setattr(BundleReader, "read", spy)
    with BundleReader(prefix) as checkpoint:
        part = saver_ops._StoredPart(checkpoint, "v", None, (1000,), tf.int64)
        part.verify()
        if changed == "before":
            change()
        if changed == "not":
            np.testing.assert_array_equal(part.read(), value)
            assert checks == [age <= 0]
        else:
            with pytest.raises(tf.errors.DataLossError, match="Checksum"):
                part.read()
