"""Real TensorFlow and TensorBoard read every kind of our events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf

pytestmark = pytest.mark.interop

RATE = 8000.0


def picture() -> Any:
    return np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3) * 2


def build() -> tuple[Any, Any]:
    """A small graph with every kind of summary, and what to feed."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.name_scope("net"), tf.device("/cpu:0"):
        w = tf.Variable(np.ones((3, 2), np.float32), name="w")
        y = tf.matmul(x, w, name="y")
        positive = tf.cond(tf.reduce_sum(y) > 0.0, lambda: y * 2.0, lambda: -y)
    tf.summary.scalar("loss", tf.reduce_mean(positive))
    tf.summary.histogram("y", y)
    tf.summary.image("im", picture())
    tf.summary.image("grey", tf.reshape(y, [1, 3, 2, 1]), max_outputs=1)
    tf.summary.audio("tone", np.sin(np.arange(80, dtype=np.float32))[None], RATE, max_outputs=1)
    tf.summary.tensor_summary("whole", y)
    tf.summary.text("note", tf.constant([["*a*", "b"]]))
    return tf.summary.merge_all(), {x: np.eye(3, dtype=np.float32)}


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    with tf.Graph().as_default() as graph:
        merged, feeds = build()
        with tf.Session() as session, tf.summary.FileWriter(str(tmp_path), graph) as writer:
            session.run(tf.global_variables_initializer())
            writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 0)
            for step in range(3):
                writer.add_summary(session.run(merged, feeds), step)
            metadata = tf.RunMetadata()
            node = metadata.step_stats.dev_stats.add(device="/cpu:0").node_stats.add()
            node.node_name, node.all_end_rel_micros = "net/y", 7
            writer.add_run_metadata(metadata, "step 2", 2)
            log = tf.LogMessage(level=tf.LogMessage.INFO, message="hello")
            writer.add_event(tf.Event(wall_time=1.5, step=3, log_message=log))
    return tmp_path


def test_tensorflow_reads_our_events(theirs: Any, logdir: Path) -> None:
    """Event by event the same bytes, and the graphs are ones it imports."""
    (path,) = logdir.iterdir()
    found = list(theirs.train.summary_iterator(str(path)))
    ours = list(tf.train.summary_iterator(str(path)))
    assert len(found) == len(ours) == 9
    for mine, other in zip(ours, found, strict=True):
        assert type(mine).FromString(other.SerializeToString()) == mine
    kinds = {e.WhichOneof("what") for e in found}
    assert kinds == {
        "file_version",
        "graph_def",
        "meta_graph_def",
        "summary",
        "session_log",
        "tagged_run_metadata",
        "log_message",
    }
    message = theirs.GraphDef.FromString(found[1].graph_def)
    with theirs.Graph().as_default() as graph:
        theirs.import_graph_def(message, name="")
    assert graph.get_tensor_by_name("net/y:0").shape.as_list() == [None, 2]
    assert graph.get_operation_by_name("net/y").device == "/device:CPU:0"
    meta = theirs.MetaGraphDef.FromString(found[2].meta_graph_def)
    assert "summaries" in meta.collection_def


def test_tensorflow_computes_our_summaries(theirs: Any, logdir: Path) -> None:
    """The graph that was written gives the same summaries there."""
    (path,) = logdir.iterdir()
    events = list(tf.train.summary_iterator(str(path)))
    with theirs.Graph().as_default() as graph:
        theirs.train.import_meta_graph(theirs.MetaGraphDef.FromString(events[2].meta_graph_def))
        merged = graph.get_tensor_by_name("Merge/MergeSummary:0")
        with theirs.Session() as session:
            session.run("net/w/Assign")
            found = session.run(merged, {"x:0": np.eye(3, dtype=np.float32)})
    computed = {(v.tag, v.node_name): v for v in tf.Summary.FromString(found).value}
    written = {(v.tag, v.node_name): v for v in events[4].summary.value}
    assert computed.keys() == written.keys()
    for key, value in written.items():
        other = computed[key]
        if value.HasField("image"):
            decode = theirs.image.decode_png
            with theirs.Graph().as_default(), theirs.Session() as session:
                pixels = [session.run(decode(v.image.encoded_image_string)) for v in (value, other)]
            np.testing.assert_array_equal(*pixels)
        elif value.HasField("tensor"):
            assert value.tensor.dtype == other.tensor.dtype
            assert value.tensor.tensor_shape == other.tensor.tensor_shape
        else:
            assert value.WhichOneof("value") == other.WhichOneof("value")


def test_tensorboard_reads_our_events(logdir: Path) -> None:
    """Curves, histograms, pictures, sounds, texts, the graph and what a run reported."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    everything = dict.fromkeys(("scalars", "histograms", "images", "audio", "tensors"), 0)
    board = EventAccumulator(str(logdir), size_guidance=everything)
    board.Reload()
    tags = board.Tags()
    assert tags["graph"]
    assert tags["meta_graph"]
    assert tags["run_metadata"] == ["step 2"]
    assert set(tags["tensors"]) >= {"note"}
    seen = {
        t: [tensor_util.make_ndarray(e.tensor_proto) for e in board.Tensors(t)]
        for t in tags["tensors"]
    }
    loss = (
        [float(v) for v in seen["loss"]]
        if "loss" in seen
        else [e.value for e in board.Scalars("loss")]
    )
    assert loss == [2.0] * 3
    assert {"y", "im/image/0", "im/image/1", "grey/image", "tone/audio"} <= (
        {*tags["histograms"], *tags["images"], *tags["audio"], *tags["tensors"]}
    )
    assert board.SummaryMetadata("note").plugin_data.plugin_name == "text"
    assert seen["note"][0].tolist() == [[b"*a*", b"b"]]
    assert {n.name for n in board.Graph().node} >= {"x", "net/y", "loss"}
    assert board.RunMetadata("step 2").step_stats.dev_stats[0].node_stats[0].node_name == "net/y"


def test_what_tensorflow_writes_is_read(theirs: Any, tmp_path: Path) -> None:
    with theirs.Graph().as_default() as graph:
        merged = theirs.summary.merge(
            [
                theirs.summary.scalar("a", 1.5),
                theirs.summary.histogram("h", theirs.constant([1.0, 2.0])),
                theirs.summary.text("t", theirs.constant("text")),
            ]
        )
        with theirs.Session() as session:
            writer = theirs.summary.FileWriter(str(tmp_path), graph)
            writer.add_summary(session.run(merged), 7)
            writer.close()
    (path,) = tmp_path.iterdir()
    events = list(tf.train.summary_iterator(str(path)))
    kinds = [e.WhichOneof("what") for e in events]
    assert kinds == ["file_version", "graph_def", "meta_graph_def", "summary"]
    assert [v.tag for v in events[-1].summary.value] == ["a", "h", "t"]
    assert events[-1].step == 7
    assert tf.GraphDef.FromString(events[1].graph_def).node
