"""Graphs and meta graphs go to files, as bytes or as text, and come back."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import proto
from skflow.proto.text import parse_text, to_text
from skflow.train.meta_graph import read_meta_graph_file
from tests.graph.serialize.mutations import damaged_bytes


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def small() -> Any:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable([[1.5], [2.5]], name="w")
    tf.matmul(x, w, name="y")
    return x


# ---- graphs -----------------------------------------------------------------------------------


def test_write_graph(tmp_path: Path) -> None:
    """A graph or its message, text by default, in a directory that is made."""
    small()
    graph = tf.get_default_graph()
    path = tf.train.write_graph(graph, str(tmp_path / "a" / "b"), "graph.pbtxt")
    assert path == str(tmp_path / "a" / "b" / "graph.pbtxt")
    text = Path(path).read_text(encoding="utf-8")
    assert text == to_text(graph.as_graph_def())
    assert parse_text(text, tf.GraphDef) == graph.as_graph_def()
    path = tf.train.write_graph(graph.as_graph_def(), tmp_path, "graph.pb", as_text=False)
    assert tf.GraphDef.FromString(Path(path).read_bytes()) == graph.as_graph_def()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "graph.pb"]


def test_write_graph_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert tf.train.write_graph(tf.GraphDef(), "", "empty.pb", as_text=False) == "empty.pb"
    assert (tmp_path / "empty.pb").read_bytes() == b""


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(tf.errors.OpError, match="file"):
        tf.train.write_graph(tf.GraphDef(), tmp_path / "file", "graph.pb")


# ---- meta graphs ------------------------------------------------------------------------------


@pytest.mark.parametrize("as_text", [False, True])
def test_a_file_of_either_kind(tmp_path: Path, as_text: bool) -> None:
    x = small()
    tf.add_to_collection("mine", x)
    path = tmp_path / "graph.meta"
    saver = tf.train.Saver()
    message = tf.train.export_meta_graph(path, saver_def=saver.saver_def, as_text=as_text)
    assert read_meta_graph_file(path) == message
    assert (path.read_bytes()[:1] == b"m") == as_text  # the text begins with meta_info_def
    with tf.Graph().as_default():
        found = tf.train.import_meta_graph(str(path), import_scope="s")
        assert isinstance(found, tf.train.Saver)
        assert found.saver_def.restore_op_name == "s/save/restore_all"
        assert [t.name for t in tf.get_collection("mine")] == ["s/x:0"]
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            out = session.run("s/y:0", {"s/x:0": [[1.0, 2.0]]})
    np.testing.assert_array_equal(out, [[6.5]])


def test_no_file() -> None:
    message = tf.train.export_meta_graph()
    assert isinstance(message, proto.MetaGraphDef)
    assert message.meta_info_def.tensorflow_version == "1.1.0"


def test_savers(caplog: pytest.LogCaptureFixture) -> None:
    """The one that is stored; one of all variables; none if there are none."""
    caplog.set_level(logging.INFO, logger="tensorflow")
    small()
    message = tf.train.export_meta_graph()
    with tf.Graph().as_default() as graph:
        found = tf.train.import_meta_graph(message)
        assert isinstance(found, tf.train.Saver)
        assert "save/restore_all" in [op.name for op in graph.get_operations()]
    with tf.Graph().as_default() as graph:
        pass
    assert tf.train.import_meta_graph(message, graph=graph) is not None
    assert "save/restore_all" in [op.name for op in graph.get_operations()]
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(proto.MetaGraphDef()) is None
    assert "Saver not created because there are no variables in the graph" in caplog.text


def test_savers_in_their_collection() -> None:
    small()
    tf.add_to_collection(tf.GraphKeys.SAVERS, tf.train.Saver())
    message = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        tf.train.import_meta_graph(message, import_scope="s")
        (found,) = tf.get_collection(tf.GraphKeys.SAVERS)
        assert found.saver_def.filename_tensor_name == "s/save/Const:0"


# ---- files that are none ----------------------------------------------------------------------


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File .*nothing.meta does not exist."):
        tf.train.import_meta_graph(str(tmp_path / "nothing.meta"))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe no text",
        b"no message",
        b"graph_def { node { name: 3 } }",
        b"graph_def { " * 5000,
        b"meta_info_def { any_info { [type.googleapis.com/os.System] { } } }",
    ],
    ids=["bytes", "text", "type", "deep", "any"],
)
def test_a_file_that_holds_something_else(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.meta"
    path.write_bytes(data)
    with pytest.raises(OSError, match="Cannot parse file .*broken.meta: "):
        tf.train.import_meta_graph(path)


def check(data: bytes, path: Path, rng: random.Random) -> None:
    path.write_bytes(damaged_bytes(data, rng))
    with tf.Graph().as_default():
        try:
            tf.train.import_meta_graph(str(path))
        except (OSError, TypeError, ValueError, KeyError):
            return


@pytest.mark.parametrize("as_text", [False, True])
def test_damaged_files(tmp_path: Path, as_text: bool) -> None:
    """Text too: what cannot be read raises OSError, what is no graph ValueError and the like."""
    campaign(tmp_path, as_text, 100)


@pytest.mark.soak
@pytest.mark.parametrize("as_text", [False, True])
def test_many_damaged_files(tmp_path: Path, as_text: bool) -> None:
    campaign(tmp_path, as_text, 10_000)


def campaign(folder: Path, as_text: bool, count: int) -> None:
    small()
    path = folder / "graph.meta"
    saver = tf.train.Saver()
    tf.train.export_meta_graph(path, saver_def=saver.saver_def, as_text=as_text)
    data = path.read_bytes()
    rng = random.Random(20170215)
    for _ in range(count):
        check(data, path, rng)
