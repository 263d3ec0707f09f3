"""Reports of traced runs as TensorBoard wants them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import skflow as tf
from skflow import proto
from skflow.summary.file_writer import FileWriter
from skflow.summary.run_metadata import with_later_devices

# What TensorBoard 2 takes for a device with times to show; it passes over all others.
SHOWN = re.compile(r"/device:([^:]+:[0-9]+)$")


@pytest.mark.parametrize(
    ("device", "wanted"),
    [
        ("/job:localhost/replica:0/task:0/cpu:0", "/job:localhost/replica:0/task:0/device:CPU:0"),
        ("/job:localhost/replica:0/task:0/gpu:12", "/job:localhost/replica:0/task:0/device:GPU:12"),
        ("/task:0/device:CPU:0", "/task:0/device:CPU:0"),
        ("/gpu:0/stream:all", "/gpu:0/stream:all"),
        ("", ""),
    ],
)
def test_names_of_devices(device: str, wanted: str) -> None:
    metadata = proto.RunMetadata()
    metadata.step_stats.dev_stats.add(device=device).node_stats.add(node_name="a")
    before = metadata.SerializeToString()
    found = with_later_devices(metadata)
    assert found.step_stats.dev_stats[0].device == wanted
    assert found.step_stats.dev_stats[0].node_stats == metadata.step_stats.dev_stats[0].node_stats
    assert metadata.SerializeToString() == before
    assert (found is metadata) == (device == wanted)


def test_a_traced_run_is_shown(tmp_path: Path) -> None:
    metadata = tf.RunMetadata()
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [1])
        y = tf.exp(x, name="y")
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        session.run(y, {x: [1.0]}, options=options, run_metadata=metadata)
        with FileWriter(str(tmp_path), session.graph) as writer:
            writer.add_run_metadata(metadata, "step 1", 1)
    (file,) = tmp_path.iterdir()
    (event,) = [
        e for e in tf.train.summary_iterator(str(file)) if e.HasField("tagged_run_metadata")
    ]
    written = proto.RunMetadata.FromString(event.tagged_run_metadata.run_metadata)
    (device,) = written.step_stats.dev_stats
    assert SHOWN.search(device.device)
    assert [s.node_name for s in device.node_stats] == ["y"]
    assert not SHOWN.search(metadata.step_stats.dev_stats[0].device)
