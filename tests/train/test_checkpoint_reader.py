"""Checkpoints can be looked into without a graph, reading no more than what is asked for."""

from __future__ import annotations

import gc
import gzip
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.io.bundle_writer import BundleWriter
from skflow.io.commit import commit
from skflow.io.files import Files, using
from tests.io.memory_files import MemorySystem

GOLDEN = Path(__file__).parents[1] / "golden"
PROGRAMS: dict[str, Any] = json.loads(
    gzip.decompress((GOLDEN / "checkpoints.json.gz").read_bytes())
)
ADAM = str(GOLDEN / "tf_checkpoint" / "model.ckpt-5")


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def unpacked(name: str, directory: Path) -> str:
    """The files that TensorFlow 1.1.0 left, in a directory; the newest checkpoint's prefix."""
    for path, content in PROGRAMS[name]["files"].items():
        if content is not None:
            (directory / path).parent.mkdir(exist_ok=True)
            (directory / path).write_bytes(b64decode(content))
    latest = tf.train.latest_checkpoint(str(directory))
    assert latest is not None
    return latest


def test_what_tensorflow_says_of_its_own() -> None:
    """What its reader returned for the same files."""
    with tf.train.NewCheckpointReader(ADAM) as reader:
        assert reader.debug_string() == (
            b"beta1_power (DT_FLOAT) []\nbeta2_power (DT_FLOAT) []\nextra/big (DT_FLOAT) [300,40]\n"
            b"extra/bool (DT_BOOL) [2]\nextra/empty (DT_FLOAT) [0,4]\nextra/f64 (DT_DOUBLE) [5]\n"
            b"extra/i32 (DT_INT32) [2,3]\nextra/scalar (DT_INT64) []\nextra/str (DT_STRING) [3]\n"
            b"global_step (DT_INT64) []\ntheta (DT_FLOAT) [9,1]\ntheta/adam (DT_FLOAT) [9,1]\n"
            b"theta/adam_1 (DT_FLOAT) [9,1]\n"
        )
        shapes = reader.get_variable_to_shape_map()
        assert shapes["extra/big"] == [300, 40]
        assert shapes["global_step"] == []
        dtypes = reader.get_variable_to_dtype_map()
        assert dtypes["extra/str"] is tf.string
        assert dtypes["extra/f64"] is tf.float64
        assert shapes.keys() == dtypes.keys()
        assert type(reader.get_tensor("extra/scalar")) is np.int64
        assert reader.get_tensor("extra/str").tolist() == [b"ab", b"", b"\xff"]
        assert reader.get_tensor("extra/empty").shape == (0, 4)
        assert reader.get_tensor(b"extra/i32").tolist() == [[0, 1, 2], [3, 4, 5]]
        assert reader.has_tensor("theta")
        assert not reader.has_tensor("nope")
        assert not reader.has_tensor("")
        expected = np.load(GOLDEN / "tf_checkpoint" / "expected.npz")
        for key in ("theta", "theta__adam", "extra__big", "beta1_power"):
            np.testing.assert_array_equal(reader.get_tensor(key.replace("__", "/")), expected[key])


@pytest.mark.parametrize("name", sorted(PROGRAMS.keys() - {"empty"}))
def test_files_of_tensorflow_are_read(name: str, tmp_path: Path) -> None:
    """What is listed can be read, with the shape and the type that are said."""
    latest = unpacked(name, tmp_path)
    with tf.train.NewCheckpointReader(latest) as reader:
        dtypes = reader.get_variable_to_dtype_map()
        for variable, shape in tf.train.list_variables(latest):
            value = np.asarray(reader.get_tensor(variable))
            assert list(value.shape) == shape
            dtype = dtypes[variable]
            assert dtype is not None
            assert value.dtype == dtype.np_dtype or not shape
            np.testing.assert_array_equal(tf.train.load_variable(latest, f"{variable}:0"), value)


@pytest.mark.parametrize("name", ["partitioned", "sharded"])
def test_slices_come_as_one(name: str, tmp_path: Path) -> None:
    with tf.train.NewCheckpointReader(unpacked(name, tmp_path)) as reader:
        shape = [7, 2] if name == "partitioned" else [4, 2]
        assert reader.get_tensor("table").tolist() == np.ones(shape).tolist()
        if name == "partitioned":
            assert reader.get_tensor("w/i").tolist() == np.full((3, 5), 2.5).tolist()
        assert b"part" not in reader.debug_string()


def test_only_what_is_asked_for_is_read() -> None:
    system = MemorySystem()
    with using(Files(system)), tf.Graph().as_default(), tf.Session() as session:
        for i in range(4):
            tf.Variable(np.full((300, 1000), i, "f"), name=f"v{i}")
        session.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(session, "m", write_meta_graph=False)
        data = "m.data-00000-of-00001"

        def data_reads() -> int:
            return sum(call == ("read_into", data) for call in system.calls)

        with tf.train.NewCheckpointReader(path) as reader:
            reader.get_variable_to_shape_map()
            reader.debug_string()
            assert reader.has_tensor("v1")
            assert data_reads() == 0
            assert reader.get_tensor("v1").max() == 1.0
            one = data_reads()
            for name in ("v0", "v2", "v3"):
                reader.get_tensor(name)
            assert data_reads() == 4 * one > 0
        assert system.open_paths == []


def test_the_files_stay_those_that_were_opened(tmp_path: Path) -> None:
    v = tf.Variable(1.0, name="v")
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(v.initializer)
        path = saver.save(session, str(tmp_path / "m"))
        with tf.train.NewCheckpointReader(path) as old:
            v.load(2.0, session)
            saver.save(session, path)
            with tf.train.NewCheckpointReader(path) as new:
                assert [old.get_tensor("v"), new.get_tensor("v")] == [1.0, 2.0]
            for file in tmp_path.iterdir():
                file.unlink()
            assert old.get_tensor("v") == 1.0


def test_a_forgotten_reader_closes_its_files() -> None:
    system = MemorySystem()
    with using(Files(system)), tf.Session() as session:
        v = tf.Variable(1.0)
        session.run(v.initializer)
        path = tf.train.Saver().save(session, "m")
        reader = tf.train.NewCheckpointReader(path)
        assert len(system.open_paths) == 2
        del reader
        gc.collect()
        assert system.open_paths == []


def test_mistakes(tmp_path: Path) -> None:
    """TensorFlow 1.1.0's classes and sentences."""
    with pytest.raises(tf.errors.InvalidArgumentError) as no_directory:
        tf.train.NewCheckpointReader("/nope/x")
    assert no_directory.value.message == (
        "Unsuccessful TensorSliceReader constructor: Failed to get matching files on /nope/x: "
        "Not found: /nope"
    )
    with pytest.raises(tf.errors.NotFoundError, match="any matching files for"):
        tf.train.NewCheckpointReader(str(tmp_path / "none"))
    with pytest.raises(tf.errors.NotFoundError, match="Key nope not found in checkpoint"):
        tf.train.load_variable(ADAM, "nope")
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
        tf.train.NewCheckpointReader(3)  # type: ignore[arg-type]
    with tf.train.NewCheckpointReader(ADAM) as reader, pytest.raises(TypeError, match="got 3"):
        reader.has_tensor(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file or checkpoints in"):
        tf.train.load_checkpoint(str(tmp_path))


def test_a_directory_stands_for_its_latest_checkpoint() -> None:
    directory = str(GOLDEN / "tf_checkpoint_net")
    listed = tf.train.list_variables(directory)
    assert listed[0] == ("embed/table", [20, 3])
    assert listed == tf.contrib.framework.list_variables(directory)
    assert tf.train.load_variable(directory, "global_step") == 7
    assert tf.contrib.framework.load_variable(directory, "global_step:0") == 7
    with tf.contrib.framework.load_checkpoint(directory) as reader:
        assert reader.has_tensor("out/v")


def test_types_of_later_versions(tmp_path: Path) -> None:
    """They have no name here, but their bits can be read."""
    path = str(tmp_path / "m")
    with commit(path) as transaction:
        bundle = BundleWriter(transaction)
        bundle.add("b", np.array([0x3F80], np.uint16), dtype=14)
        bundle.finish()
    with tf.train.NewCheckpointReader(path) as reader:
        assert reader.get_variable_to_dtype_map() == {"b": None}
        assert reader.get_tensor("b").tolist() == [0x3F80]
        assert reader.debug_string() == b"b (DT_BFLOAT16) [1]\n"
