"""Training with Adam takes the memory of variables, slots and gradients, and little beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import skflow as tf
from skflow.runtime import executable

STATUS = Path("/proc/self/status")
SCRIPT = Path(__file__).with_name("training_memory.py")
NEEDED = 4  # variables, two slots and gradients
MOST = 4.5


def peak(kind: str) -> float:
    """What a process that does nothing else takes, in sizes of the parameters."""
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), kind]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


if STATUS.exists():

    @pytest.mark.parametrize("kind", ["loss first", '{"restore_best": false}'])
    def test_the_peak_of_training(kind: str) -> None:
        assert NEEDED - 0.1 < peak(kind) < MOST

    @pytest.mark.soak
    @pytest.mark.parametrize(
        ("kind", "more"),
        [
            ("session", 0),
            ('{"restore_best": false, "early_stopping": true}', 0),
            ('{"restore_best": false, "gradient_clip_norm": 1.0}', 0),
            ('{"restore_best": false, "l1_regularization_strength": 1.0}', 1),  # magnitudes, to sum
            ('{"early_stopping": true}', 1),  # the best values
        ],
    )
    def test_the_peak_of_other_trainings(kind: str, more: int) -> None:
        assert NEEDED - 0.1 < peak(kind) - more < MOST


def test_the_memory_of_initial_values_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executable, "_LARGE_RUN", 1 << 18)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.Variable(tf.truncated_normal((500, 1000), stddev=0.5))
        initialize = tf.global_variables_initializer()
        session.plan(initialize)
        tracemalloc.start()
        try:
            session.run(initialize)
            now, most = tracemalloc.get_traced_memory()
            assert most > 2_000_000
            assert now < 200_000
            session.run(initialize)  # what runs again may keep its memory
            session.run(initialize)
            assert tracemalloc.get_traced_memory()[0] > 2_000_000
        finally:
            tracemalloc.stop()


def test_where_variables_lay_before_is_not_kept() -> None:
    """By the memory of a plan that was compiled for them and has not run since."""
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.Variable(tf.zeros((500, 1000)))
        loss = tf.nn.l2_loss(v)
        step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
        tracemalloc.start()
        try:
            session.run(v.initializer)
            session.run(loss)
            session.run(step)
            now = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert now < 4_500_000  # the variable and its gradient
        np.testing.assert_array_equal(session.run(v), np.zeros((500, 1000)))
