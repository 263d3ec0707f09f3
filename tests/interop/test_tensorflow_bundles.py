"""Tensors in files: byte for byte what TensorFlow 2.21 writes, and each reads the other's."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as ours
from tests.golden import checkpoint_programs

pytestmark = pytest.mark.interop

SEEDED = 3
NUMBERS = (
    *("float32", "float64", "float16", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "complex64", "complex128", "bool"),
)


def numbers(name: str, *shape: int) -> np.ndarray:
    rng = np.random.default_rng([SEEDED, NUMBERS.index(name)])
    found = rng.normal(scale=50, size=shape)
    return (np.abs(found) if name.startswith("u") else found).astype(name)


def everything() -> dict[str, np.ndarray]:
    """Tensors of every type, none, scalars, texts, and numbers that are none."""
    found = {name: numbers(name, 4, 3) for name in NUMBERS}
    found |= {f"empty/{name}": numbers(name, 0, 2) for name in NUMBERS}
    found |= {f"scalar/{name}": numbers(name) for name in NUMBERS}
    found["large"] = numbers("float32", 700, 300)
    found["special"] = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45], np.float32)
    found["text"] = np.array([[b"ab", b"", b"x" * 300], [b"\xff\x00", b"y" * 127, b"z"]], object)
    found["no_text"] = np.zeros([0, 2], object)
    found["one_text"] = np.array(b"one", object)
    return found


def saved(tf: Any, values: dict[str, np.ndarray], prefix: Path, **settings: Any) -> str:
    with tf.Graph().as_default(), tf.Session() as session:
        made = []
        for name, value in values.items():
            kind = tf.string if value.dtype == object else tf.as_dtype(value.dtype)
            made.append(tf.Variable(tf.constant(value, kind, value.shape), name=name))
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(**settings)
        return saver.save(session, str(prefix), write_meta_graph=False)


def assert_holds(tf: Any, prefix: str, values: dict[str, np.ndarray]) -> None:
    """A checkpoint lists and holds these tensors, to the bit."""
    listed = {name: tuple(shape) for name, shape in tf.train.list_variables(prefix)}
    assert listed == {name: value.shape for name, value in values.items()}
    reader = tf.train.load_checkpoint(prefix)
    types = reader.get_variable_to_dtype_map()
    for name, value in values.items():
        found = np.asarray(reader.get_tensor(name))
        assert found.shape == value.shape
        if value.dtype == object:
            assert types[name].name == "string"
            assert found.reshape(-1).tolist() == value.reshape(-1).tolist()
        else:
            assert types[name].name == value.dtype.name
            assert found.dtype == value.dtype
            assert found.tobytes() == value.tobytes()


# ---- bytes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", checkpoint_programs.PROGRAMS)
def test_files_are_the_same(name: str, theirs: Any, tmp_path: Path) -> None:
    """Indices, data, older files and the text that names them; and which files are kept."""
    program = checkpoint_programs.PROGRAMS[name]
    found = []
    for tf, place in ((ours, "ours"), (theirs, "theirs")):
        (tmp_path / place).mkdir()
        logging.disable(logging.WARNING)
        try:
            found.append(checkpoint_programs.run(tf, program, str(tmp_path / place)))
        finally:
            logging.disable(logging.NOTSET)
    mine, its = json.loads(json.dumps(found))
    assert mine == its
    assert mine["files"]


@pytest.mark.parametrize("sharded", [False, True])
def test_every_type_is_written_alike(sharded: bool, theirs: Any, tmp_path: Path) -> None:
    contents = []
    for tf, place in ((ours, "ours"), (theirs, "theirs")):
        (tmp_path / place).mkdir()
        saved(tf, everything(), tmp_path / place / "m", sharded=sharded)
        contents.append({p.name: p.read_bytes() for p in (tmp_path / place).iterdir()})
    assert contents[0].keys() == contents[1].keys()
    # The state names files by their paths, unless they lie where we are.
    contents[0]["checkpoint"] = contents[0]["checkpoint"].replace(b"/ours/", b"/theirs/")
    for name, data in contents[0].items():
        assert data == contents[1][name], name


# ---- readers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("ours_write", [True, False])
def test_each_reads_the_others(
    ours_write: bool, sharded: bool, theirs: Any, tmp_path: Path
) -> None:
    writer, reader = (ours, theirs) if ours_write else (theirs, ours)
    prefix = saved(writer, everything(), tmp_path / "m", sharded=sharded)
    assert_holds(reader, prefix, everything())


def parts(tf: Any, shape: tuple[int, ...], axis: int, count: int, name: str) -> list[Any]:
    """A partitioned variable of zeros."""
    partitioner = tf.fixed_size_partitioner(count, axis=axis)
    with tf.variable_scope("", partitioner=partitioner):
        return list(tf.get_variable(name, shape, initializer=tf.zeros_initializer()))


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("ours_write", [True, False])
def test_partitioned_variables(
    ours_write: bool, sharded: bool, theirs: Any, tmp_path: Path
) -> None:
    """They are cut in one way here and in another there, and read as a whole."""
    writer, reader = (ours, theirs) if ours_write else (theirs, ours)
    values = {"table": numbers("float32", 7, 2), "wide": numbers("float32", 3, 5)}
    with writer.Graph().as_default(), writer.Session() as session:
        made = {}
        for axis, (key, value) in enumerate(values.items()):
            made[key] = parts(writer, value.shape, axis, 3, key)
            sizes = [int(piece.get_shape()[axis]) for piece in made[key]]
            cut = np.split(value, np.cumsum(sizes)[:-1], axis)
            session.run([writer.assign(p, c) for p, c in zip(made[key], cut, strict=True)])
        prefix = writer.train.Saver(made, sharded=sharded).save(session, str(tmp_path / "m"))
    assert_holds(reader, prefix, values)
    with reader.Graph().as_default(), reader.Session() as session:
        made = {
            key: parts(reader, value.shape, 1 - axis, 2, key)
            for axis, (key, value) in enumerate(values.items())
        }
        reader.train.Saver(made).restore(session, prefix)
        for axis, (key, pieces) in enumerate(made.items()):
            found = np.concatenate(session.run(pieces), axis=1 - axis)
            np.testing.assert_array_equal(found, values[key])


def test_checkpoints_of_objects(theirs: Any, tmp_path: Path) -> None:
    """What ``tf.train.Checkpoint`` writes, the description of the objects included."""
    with theirs.Graph().as_default(), theirs.Session() as session:
        kernel = theirs.Variable(numbers("float32", 4, 3), use_resource=True)
        step = theirs.Variable(np.int64(7), use_resource=True)
        layer = theirs.train.Checkpoint(kernel=kernel)
        held = theirs.train.Checkpoint(layer=layer, step=step)
        session.run(theirs.global_variables_initializer())
        prefix = held.save(str(tmp_path / "objects"), session=session)
    listed = ours.train.list_variables(prefix)
    assert listed == [(name, list(shape)) for name, shape in theirs.train.list_variables(prefix)]
    assert len(listed) == 4
    mine, its = ours.train.load_checkpoint(prefix), theirs.train.load_checkpoint(prefix)
    for name, _ in listed:
        np.testing.assert_array_equal(mine.get_tensor(name), its.get_tensor(name))
    found = ours.train.load_variable(prefix, "layer/kernel/.ATTRIBUTES/VARIABLE_VALUE")
    np.testing.assert_array_equal(found, numbers("float32", 4, 3))
    assert ours.train.latest_checkpoint(str(tmp_path)) == prefix
