"""Chrome traces, byte by byte those that TensorFlow 1.1.0's timeline makes of the same statistics."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from skflow import proto, timeline

GOLDEN: dict[str, Any] = json.loads(
    gzip.decompress((Path(__file__).parent / "golden" / "traces.json.gz").read_bytes())
)
KINDS = {"X": "Op", "N": "Tensor", "O": "Tensor", "D": "Tensor", "C": "Memory"}


def metadata_of(name: str) -> proto.RunMetadata:
    return proto.RunMetadata.FromString(base64.b64decode(GOLDEN[name]["run_metadata"]))


@pytest.mark.parametrize("name", GOLDEN)
def test_traces_are_tensorflows(name: str) -> None:
    metadata = metadata_of(name)
    before = metadata.SerializeToString(deterministic=True)
    made = timeline.Timeline(metadata.step_stats)
    for wanted in GOLDEN[name]["traces"]:
        show = (wanted["flow"], wanted["memory"])
        assert made.generate_chrome_trace_format(*show) == wanted["text"]
        most = made.analyze_step_stats(*show).allocator_maximums
        assert {
            k: [m.timestamp, m.num_bytes, sorted(m.tensors)] for k, m in most.items()
        } == wanted["most"]
    assert metadata.SerializeToString(deterministic=True) == before


def test_the_golden_traces_hold_every_kind_of_event() -> None:
    kinds = {
        e["ph"]
        for entry in GOLDEN.values()
        for trace in entry["traces"]
        for e in json.loads(trace["text"])["traceEvents"]
    }
    assert kinds == {"M", "s", "t", *KINDS}


def test_a_trace_of_our_own() -> None:
    x = tf.placeholder(tf.float32, [None, 8], name="x")
    h = tf.tanh(tf.matmul(x, tf.ones([8, 4]), name="product"), name="h")
    loss = tf.while_loop(
        lambda i, _: i < 3, lambda i, a: (i + 1, tf.sin(a)), [0, tf.reduce_sum(h)]
    )[1]
    metadata = tf.RunMetadata()
    with tf.Session() as session:
        session.run(
            loss,
            {x: [[1.0] * 8] * 3},
            options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE),
            run_metadata=metadata,
        )
    made = timeline.Timeline(metadata.step_stats, graph=tf.get_default_graph())
    found = made.analyze_step_stats()
    events = json.loads(found.chrome_trace.format_to_string())["traceEvents"]
    assert [e["args"]["name"] for e in events if e["ph"] == "M"] == [
        "Allocators",
        "/job:localhost/replica:0/task:0/cpu:0 Compute",
        "/job:localhost/replica:0/task:0/cpu:0 Tensors",
    ]
    shown = [e for e in events if e["ph"] == "X"]
    assert len(shown) == len(metadata.step_stats.dev_stats[0].node_stats)
    by_name = {e["args"]["name"]: e for e in shown}
    assert by_name["product"]["args"] == {
        "name": "product",
        "op": "MatMul",
        "input0": "_recv_x_0",
        "input1": "ones",
    }
    assert sum(e["name"] == "Sin" for e in shown) == 3
    # A loop lies in another lane than what it consists of.
    assert {e["tid"] for e in shown if e["name"] == "Sin"}.isdisjoint(
        {e["tid"] for e in shown if "While" in e["name"]}
    )
    assert {e["ph"]: e["cat"] for e in events if e["ph"] in KINDS} == KINDS
    assert found.allocator_maximums["cpu"].num_bytes >= 3 * 4 * 4
    assert "product" in found.allocator_maximums["cpu"].tensors


def test_nothing_makes_a_trace_of_nothing() -> None:
    made = timeline.Timeline(tf.RunMetadata().step_stats)
    assert [e["ph"] for e in json.loads(made.generate_chrome_trace_format())["traceEvents"]] == [
        "M"
    ]
    assert made.analyze_step_stats().allocator_maximums == {}
