"""Reports of runs, against those that TensorFlow 1.1.0 gave of the same programs."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import proto
from tests.golden import trace_programs

FILE = Path(__file__).parent.parent / "golden" / "traces.json.gz"
GOLDEN: dict[str, Any] = json.loads(gzip.decompress(FILE.read_bytes()))
OF_OUR_OWN = {"thread_id", "scheduled_nanos", "all_start_nanos"}
OF_OUR_OWN |= {"op_end_rel_nanos", "all_end_rel_nanos"}
# A time of zero is not written.
MAY_BE_ZERO = {"op_start_rel_micros", "op_end_rel_micros", "all_end_rel_micros"}
PROGRAMS = pytest.mark.parametrize("name", trace_programs.PROGRAMS)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def reports(name: str) -> tuple[Any, Any]:
    """TensorFlow's report of a program, and ours."""
    data = base64.b64decode(GOLDEN[name]["run_metadata"])
    theirs = proto.RunMetadata.FromString(data)
    return theirs, trace_programs.metadata(tf, trace_programs.PROGRAMS[name])


def by_name(metadata: Any) -> dict[str, Any]:
    (device,) = metadata.step_stats.dev_stats
    return {s.node_name: s for s in device.node_stats}


def fields(message: Any) -> set[str]:
    return {field.name for field, _ in message.ListFields()}


# ---- step statistics ----------------------------------------------------------------------


@PROGRAMS
def test_steps_are_described_as_tensorflow_does(name: str) -> None:
    theirs, ours = map(by_name, reports(name))
    forward = [n for n in ours if "gradients" not in n and not n.startswith("_send_")]
    assert len(forward) >= 4
    assert set(forward) <= set(theirs)
    for step in forward:
        a, b = theirs[step], ours[step]
        assert b.timeline_label.split(" with ")[0] == a.timeline_label
        assert fields(b) - MAY_BE_ZERO - OF_OUR_OWN == fields(a) - MAY_BE_ZERO
        assert len(b.output) == len(a.output)
        for x, y in zip(a.output, b.output, strict=True):
            p, q = x.tensor_description, y.tensor_description
            assert (x.slot, p.dtype, p.shape) == (y.slot, q.dtype, q.shape)
            assert fields(p) == fields(q)
            m, n = p.allocation_description, q.allocation_description
            assert fields(m) == fields(n)
            assert (m.requested_bytes, m.allocator_name) == (n.requested_bytes, n.allocator_name)
        assert [fields(m) - {"total_bytes"} for m in b.memory] == [{"allocator_name"}]


@PROGRAMS
def test_the_report_has_tensorflows_form(name: str) -> None:
    theirs, ours = reports(name)
    assert fields(ours) == fields(theirs) == {"step_stats", "partition_graphs"}
    assert [d.device for d in ours.step_stats.dev_stats] == [
        d.device for d in theirs.step_stats.dev_stats
    ]
    read = proto.RunMetadata.FromString(ours.SerializeToString())
    assert read == ours


# ---- the graph that was run -----------------------------------------------------------------


@PROGRAMS
def test_the_graph_is_what_the_fetches_need(name: str) -> None:
    reported = [r.partition_graphs[0] for r in reports(name)]
    theirs, ours = [
        {n.name: n for n in graph.node if "gradients" not in n.name} for graph in reported
    ]
    assert set(theirs) <= set(ours)
    # What TensorFlow counts as one, equal constants, is two here.
    assert {ours[n].op for n in set(ours) - set(theirs)} <= {"Const"}
    for node, wanted in theirs.items():
        found = ours[node]
        assert (found.op, found.device) == (wanted.op, wanted.device)
        assert len(found.input) >= len(wanted.input)
        if wanted.op in ("_Recv", "_Send"):
            wanted.attr["send_device_incarnation"].i = 1
            assert found == wanted
    known = {n.name for n in reported[1].node}
    for node in reported[1].node:
        assert {i.lstrip("^").split(":")[0] for i in node.input} <= known


def test_functions_and_fed_tensors_in_the_graph() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    middle = tf.exp(x, name="middle")
    y = tf.cond(tf.reduce_sum(middle) > 0.0, lambda: middle + 1.0, lambda: middle - 1.0)
    tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], name="unused")
    metadata = tf.RunMetadata()
    options = tf.RunOptions(output_partition_graphs=True)
    with tf.Session() as session:
        session.run(y, {middle: [1.0, 2.0]}, options=options, run_metadata=metadata)
    assert not metadata.HasField("step_stats")
    (graph,) = metadata.partition_graphs
    found = {n.name: n for n in graph.node}
    assert "_recv_middle_0" in found
    assert not {"x", "middle", "unused"} & set(found)
    assert len(graph.library.function) == 2


# ---- options and messages ---------------------------------------------------------------------


def test_nothing_is_reported_unless_asked_for() -> None:
    y = tf.exp(tf.placeholder_with_default([1.0], [1]))
    metadata = tf.RunMetadata()
    full = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    with tf.Session() as session:
        for options in (None, tf.RunOptions(), tf.RunOptions(timeout_in_ms=1000)):
            session.run(y, options=full, run_metadata=metadata)
            assert metadata.HasField("step_stats")
            session.run(y, options=options, run_metadata=metadata)
            assert metadata == tf.RunMetadata()
        assert session.run(y, options=full) == pytest.approx(np.exp([1.0]))


@pytest.mark.parametrize("level", ["SOFTWARE_TRACE", "HARDWARE_TRACE", "FULL_TRACE"])
def test_every_level_above_none_is_the_full_one(level: str) -> None:
    options = tf.RunOptions(trace_level=getattr(tf.RunOptions, level))
    metadata = tf.RunMetadata()
    x = tf.placeholder(tf.float32, [1])
    y = tf.exp(x, name="y")
    with tf.Session() as session:
        session.run(y, {x: [1.0]}, options=options, run_metadata=metadata)
        count = len(metadata.step_stats.dev_stats[0].node_stats)
        session.run(y, {x: [1.0]}, options=options, run_metadata=metadata)
    assert len(metadata.step_stats.dev_stats[0].node_stats) == count == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"options": 3}, "'int' object has no attribute 'SerializeToString'"),
        ({"run_metadata": 3}, "'int' object has no attribute 'ParseFromString'"),
    ],
)
def test_what_is_no_message_is_refused_before_anything_runs(given: Any, message: str) -> None:
    v = tf.Variable(0.0)
    step = v.assign_add(1.0)
    with tf.Session() as session:
        session.run(v.initializer)
        with pytest.raises(AttributeError, match=message):
            session.run(step, **given)
        assert session.run(v) == 0.0


def test_callables_take_options() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    metadata = tf.RunMetadata()
    with tf.Session() as session:
        call = session.make_callable(tf.exp(x, name="y"), [x], accept_options=True)
        assert call([0.0, 0.0]).tolist() == [1.0, 1.0]
        found = call([0.0, 0.0], options=options, run_metadata=metadata)
        assert found.tolist() == [1.0, 1.0]
        assert list(by_name(metadata)) == ["y"]
        with pytest.raises(TypeError, match="1 values are fed, 0 were given"):
            call(options=options, run_metadata=metadata)
        with pytest.raises(TypeError, match="options"):
            session.make_callable(x, [x])([0.0, 0.0], options=options)
    with pytest.raises(RuntimeError, match="closed"):
        call([0.0, 0.0], options=options, run_metadata=metadata)
