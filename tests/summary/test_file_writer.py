"""What `FileWriter` writes is what TensorFlow 1.1.0's does, event by event."""

from __future__ import annotations

import base64
import gc
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from skflow import proto
from skflow.summary import event_queue
from tests.golden import summary_programs
from tests.graph.serialize.test_graph_messages import differences
from tests.summary.test_ops import GOLDEN


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()
    tf.summary.FileWriterCache.clear()


def events_of(folder: Any) -> list[Any]:
    return [
        e for path in sorted(Path(folder).iterdir()) for e in tf.train.summary_iterator(str(path))
    ]


# ---- beside TensorFlow ------------------------------------------------------------------------


def compare_graphs(found: Any, wanted: Any) -> None:
    assert [n.name for n in found.node] == [n.name for n in wanted.node]
    assert found.versions == wanted.versions
    for mine, theirs in zip(found.node, wanted.node, strict=True):
        assert list(differences("", mine, theirs)) == []


def compare_events(found: list[Any], wanted: list[Any]) -> None:
    assert [e[:2] for e in found] == [e[:2] for e in wanted]
    for (kind, _, mine), (_, _, theirs) in zip(found, wanted, strict=True):
        ours, other = base64.b64decode(mine), base64.b64decode(theirs)
        if kind == "graph_def":
            compare_graphs(proto.GraphDef.FromString(ours), proto.GraphDef.FromString(other))
        elif kind == "meta_graph_def":
            a, b = proto.MetaGraphDef.FromString(ours), proto.MetaGraphDef.FromString(other)
            compare_graphs(a.graph_def, b.graph_def)
            assert a.collection_def == b.collection_def
            assert a.saver_def == b.saver_def
        else:
            assert ours == other, kind


@pytest.mark.parametrize("name", ["writer", "from_graph_def", "cache"])
def test_events_equal_tensorflows(name: str) -> None:
    """Kinds, steps and contents; graphs with shapes and devices; the sentences of mistakes."""
    _, found = summary_programs.run(tf, name)
    wanted = GOLDEN["results"][name]
    if name != "from_graph_def":
        (said, found), (other, wanted) = found, wanted
        assert len(said) == len(other)
        for mine, theirs in zip(said, other, strict=True):
            # Protobuf's own sentences, and names of its classes, are its version's.
            same = str(theirs).replace("tensorflow.core.framework.graph_pb2", "skflow.proto")
            if any(w in same for w in ("out of range", "parsing message")):
                same = same.partition(":")[0]
                mine = str(mine).partition(":")[0]  # noqa: PLW2901
            assert str(mine) == same
    compare_events(found, wanted)


# ---- the life of a writer ---------------------------------------------------------------------


def summary(value: float, tag: str = "a") -> Any:
    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value)])


def test_events_have_the_present_time(tmp_path: Path) -> None:
    before = time.time()
    with tf.summary.FileWriter(tmp_path / "deep" / "er", flush_secs=0.01) as writer:
        assert writer.get_logdir() == str(tmp_path / "deep" / "er")
        writer.add_summary(summary(1.0).SerializeToString(), 5)
    _, event = events_of(tmp_path / "deep" / "er")
    assert before <= event.wall_time <= time.time()
    assert event == tf.Event(wall_time=event.wall_time, step=5, summary=summary(1.0))


@pytest.mark.parametrize("step", [0, 1, 127, 128, 2**31, 2**63 - 1, -1, -(2**63)])
@pytest.mark.parametrize("size", [0, 1, 127, 128, 20_000])
def test_bytes_are_those_of_protobuf(tmp_path: Path, step: int, size: int) -> None:
    value = tf.Summary(value=[tf.Summary.Value(tag="t" * size)])
    writer = tf.summary.FileWriter(str(tmp_path))
    writer.add_summary(value, step)
    writer.close()
    (path,) = tmp_path.iterdir()
    _, event = tf.train.summary_iterator(str(path))
    assert path.read_bytes().count(event.SerializeToString()) == 1
    assert (event.step, event.summary) == (step, value)


def test_a_closed_writer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is added is dropped, which the log tells; opened again it begins a new file."""
    writer = tf.summary.FileWriter(str(tmp_path))
    writer.add_summary(summary(1.0), 1)
    writer.close()
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        writer.add_summary(summary(2.0), 2)
    assert "is closed: an event is dropped" in caplog.text
    writer.flush()
    writer.close()
    writer.reopen()
    writer.reopen()
    writer.add_summary(summary(3.0), 3)
    writer.close()
    assert [e.step for e in events_of(tmp_path)] == [0, 1, 0, 3]
    assert len(list(tmp_path.iterdir())) == 2


def test_an_exception_closes_the_writer(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), tf.summary.FileWriter(str(tmp_path)) as writer:
        writer.add_summary(summary(1.0), 1)
        _ = 1 / 0
    assert [e.step for e in events_of(tmp_path)] == [0, 1]


def test_a_writer_that_nobody_has(tmp_path: Path) -> None:
    """Its events are written, and its thread ends."""
    threads = threading.active_count()
    tf.summary.FileWriter(str(tmp_path)).add_summary(summary(1.0), 1)
    gc.collect()
    limit = time.monotonic() + 20
    while threading.active_count() > threads or event_queue._live:
        assert time.monotonic() < limit
        time.sleep(0.002)
    assert [e.step for e in events_of(tmp_path)] == [0, 1]


def test_directories_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(tf.errors.OpError, match="file"):
        tf.summary.FileWriter(str(tmp_path / "file" / "log"))


def test_damaged_summaries_are_refused_at_once(tmp_path: Path) -> None:
    with tf.summary.FileWriter(str(tmp_path)) as writer:
        with pytest.raises(proto.DecodeError):
            writer.add_summary(b"\xff\xff")
        with pytest.raises(TypeError):
            writer.add_summary("text")
        with pytest.raises(ValueError, match="range"):
            writer.add_summary(summary(1.0), 2**63)
        writer.add_summary(b"")
    assert len(events_of(tmp_path)) == 2


def test_run_metadata(tmp_path: Path) -> None:
    metadata = tf.RunMetadata()
    node = metadata.step_stats.dev_stats.add(device="/device:CPU:0").node_stats.add(node_name="a")
    node.all_end_rel_micros = 7
    with tf.summary.FileWriter(str(tmp_path)) as writer:
        writer.add_run_metadata(metadata, "step 1", 1)
        with pytest.raises(TypeError):
            writer.add_run_metadata(metadata, 5)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="already used"):
            writer.add_run_metadata(metadata, "step 1", 2)
        writer.add_run_metadata(metadata, "step 2", 2)
    _, one, two = events_of(tmp_path)
    assert (one.tagged_run_metadata.tag, two.tagged_run_metadata.tag) == ("step 1", "step 2")
    assert tf.RunMetadata.FromString(one.tagged_run_metadata.run_metadata) == metadata


def test_graphs_of_conditionals_and_loops(tmp_path: Path) -> None:
    """They go as they are, functions included."""
    x = tf.placeholder(tf.float32, [], name="x")
    tf.cond(x > 0.0, lambda: tf.exp(x), lambda: x * x)
    tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)])
    with tf.summary.FileWriter(str(tmp_path), x.graph):
        pass
    _, graph, meta = events_of(tmp_path)
    wanted = x.graph.as_graph_def(add_shapes=True)
    assert tf.GraphDef.FromString(graph.graph_def) == wanted
    assert proto.MetaGraphDef.FromString(meta.meta_graph_def).graph_def == wanted


def test_the_cache(tmp_path: Path) -> None:
    get = tf.summary.FileWriterCache.get
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(get(str(tmp_path)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(w) for w in found}) == 1
    tf.summary.FileWriterCache.clear()
    assert get(str(tmp_path)) is not found[0]


def test_messages_are_where_tensorflow_has_them() -> None:
    for name in ("Event", "SessionLog", "Summary", "SummaryDescription", "TaggedRunMetadata"):
        assert getattr(tf.summary, name) is getattr(proto, name)
        assert name in dir(tf.summary)
    for name in ("Event", "HistogramProto", "LogMessage", "SessionLog", "Summary"):
        assert getattr(tf, name) is getattr(proto, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tf.summary.nothing  # noqa: B018
