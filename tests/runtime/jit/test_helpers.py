"""Threads that help with kernels: they come, and go where they are wanted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

import skflow as tf
from skflow.runtime.jit import source
from skflow.runtime.threads import pool

if TYPE_CHECKING:
    import pytest


def test_a_helper_leaves_when_it_is_called_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks out for the next run meanwhile, here for ever."""
    monkeypatch.setattr(source, "_LOOKS", 1 << 50)
    monkeypatch.setattr(source, "_PATIENCE", 1 << 50)
    monkeypatch.setattr(pool, "workers", 1)
    level = tf.OptimizerOptions(global_jit_level=tf.OptimizerOptions.ON_1)
    config = tf.ConfigProto(
        intra_op_parallelism_threads=2,
        graph_options=tf.GraphOptions(optimizer_options=level),
    )
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        x = tf.placeholder(tf.float32, [300, 300])
        y = tf.nn.relu(tf.matmul(x, tf.ones([300, 300]) * 0.5)) + 1.0
        ones = np.ones((300, 300), np.float32)
        for _ in range(3):
            session.run(y, {x: ones})
            assert tf.wait_until_compiled()
        for _ in range(5):
            assert session.run(y, {x: ones})[0, 0] == 151.0
            called = threading.Event()
            task = pool.begin(called.set)
            assert called.wait(30)
            task.finish()
