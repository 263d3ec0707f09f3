"""Random streams, optimizer trajectories and learning rates equal TensorFlow 1.1.0's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf

GOLDEN = Path(__file__).parent / "golden"
STREAMS = dict(np.load(GOLDEN / "random_streams.npz"))
TRAJECTORIES = dict(np.load(GOLDEN / "optimizer_trajectories.npz"))
SCHEDULES = dict(np.load(GOLDEN / "lr_schedules.npz"))


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


# ---- random streams -----------------------------------------------------------------------

# For each stream the graph's seed and what is drawn.
DRAWS: dict[str, tuple[int | None, Callable[[], list[Any]]]] = {
    "uniform_g42_s42": (42, lambda: [tf.random_uniform([9, 1], -1.0, 1.0, seed=42)]),
    "uniform_g42_none": (42, lambda: [tf.random_uniform(s) for s in ([5], [5], [3, 4])]),
    "uniform_gNone_s7": (None, lambda: [tf.random_uniform([6], seed=7)]),
    "uniform_f64": (42, lambda: [tf.random_uniform([7], seed=1, dtype=tf.float64)]),
    "uniform_int32": (42, lambda: [tf.random_uniform([9], 0, 100, dtype=tf.int32, seed=1)]),
    "uniform_int64": (
        42,
        lambda: [tf.random_uniform([9], -5, 10**12, dtype=tf.int64, seed=1)],
    ),
    "normal": (
        42,
        lambda: [
            tf.random_normal([7], seed=3),
            tf.random_normal([4, 3], mean=2.0, stddev=0.5, seed=4),
            tf.random_normal([5]),
        ],
    ),
    "normal_f64": (42, lambda: [tf.random_normal([7], seed=3, dtype=tf.float64)]),
    "truncated": (
        42,
        lambda: [tf.truncated_normal([50], seed=5), tf.truncated_normal([20], stddev=0.1)],
    ),
    "large": (
        1,
        lambda: [
            tf.reduce_sum(tf.random_uniform([1000003], seed=9)),
            tf.random_uniform([1000003], seed=9)[-5:],
            tf.random_normal([300001], seed=9)[-5:],
            tf.truncated_normal([200001], seed=9)[-5:],
        ],
    ),
    "shuffle": (42, lambda: [tf.random_shuffle(tf.range(20), seed=5)]),
    "multinomial": (
        42,
        lambda: [tf.multinomial([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]], 8, seed=6)],
    ),
    "dropout": (42, lambda: [tf.nn.dropout(tf.ones([4, 6]), keep_prob=0.5, seed=8)]),
}
# These pass through logarithms and sines, or sum a million numbers: equal to rounding.
ROUNDED = ("normal", "normal_f64", "truncated", "large")


def drawn(name: str) -> list[Any]:
    graph_seed, make = DRAWS[name]
    if graph_seed is not None:
        tf.set_random_seed(graph_seed)
    return make()


def recorded(name: str) -> dict[tuple[int, int], Any]:
    """What TensorFlow drew: from (run, tensor) to the values."""
    found = {}
    for key, values in STREAMS.items():
        stream, tensor, run = key.split("/")
        if stream == name and not run.endswith("_tf2"):
            found[int(run.removeprefix("run")), int(tensor)] = values
    return found


def test_every_recorded_stream_is_drawn() -> None:
    names = {k.partition("/")[0] for k in STREAMS if not k.endswith("_tf2")}
    assert names == DRAWS.keys()


@pytest.mark.parametrize("name", DRAWS)
def test_random_stream(name: str) -> None:
    tensors = drawn(name)
    wanted = recorded(name)
    assert wanted
    with tf.Session() as session:
        for run in range(1 + max(r for r, _ in wanted)):
            for i, values in enumerate(session.run(tensors)):
                expected = wanted[run, i]
                assert values.dtype == expected.dtype
                if name in ROUNDED:
                    # TensorFlow's sum of a million numbers is itself 3.1e-6 off the exact one.
                    rtol = 4e-6 if name == "large" and i == 0 else 1e-6
                    np.testing.assert_allclose(values, expected, rtol=rtol, atol=1e-6)
                else:
                    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("name", ["uniform_g42_none", "normal", "truncated", "shuffle"])
def test_a_stream_starts_anew_in_each_session(name: str) -> None:
    tensors = drawn(name)
    with tf.Session() as one, tf.Session() as other:
        first = one.run(tensors)
        second = one.run(tensors)
        again = other.run(tensors)
    for a, b, c in zip(first, second, again, strict=True):
        assert not np.array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_unseeded_streams_differ() -> None:
    draw = tf.random_uniform([4])
    with tf.Session() as one, tf.Session() as other:
        assert not np.array_equal(one.run(draw), other.run(draw))


# ---- optimizers ---------------------------------------------------------------------------

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "GradientDescent": lambda: tf.train.GradientDescentOptimizer(0.1),
    "Momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "Nesterov": lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "Adagrad": lambda: tf.train.AdagradOptimizer(0.1),
    "Adadelta": lambda: tf.train.AdadeltaOptimizer(1.0),
    "RMSProp": lambda: tf.train.RMSPropOptimizer(0.01),
    "RMSPropMomentum": lambda: tf.train.RMSPropOptimizer(0.01, momentum=0.9),
    "RMSPropCentered": lambda: tf.train.RMSPropOptimizer(0.01, momentum=0.5, centered=True),
    "Adam": lambda: tf.train.AdamOptimizer(0.05),
    "Ftrl": lambda: tf.train.FtrlOptimizer(
        0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02
    ),
    "FtrlShrink": lambda: tf.train.FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=0.1),
    "ProximalGD": lambda: tf.train.ProximalGradientDescentOptimizer(
        0.1, l1_regularization_strength=0.05, l2_regularization_strength=0.01
    ),
    "ProximalAdagrad": lambda: tf.train.ProximalAdagradOptimizer(
        0.1, l1_regularization_strength=0.05, l2_regularization_strength=0.01
    ),
}


def test_every_recorded_trajectory_is_followed() -> None:
    assert TRAJECTORIES.keys() - {"A", "B", "W0"} == OPTIMIZERS.keys()


def trajectory(name: str, dtype: Any) -> Any:
    """The first 20 iterates on the recorded least-squares problem."""
    A, B, W0 = (TRAJECTORIES[k].astype(dtype) for k in ("A", "B", "W0"))
    w = tf.Variable(W0)
    loss = tf.reduce_mean(tf.square(tf.matmul(A, w) - B))
    step = OPTIMIZERS[name]().minimize(loss)
    path = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(20):
            session.run(step)
            path.append(session.run(w))
    return np.array(path)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_trajectory(name: str) -> None:
    found = trajectory(name, np.float32)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, TRAJECTORIES[name], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_trajectory_in_double_precision(name: str) -> None:
    found = trajectory(name, np.float64)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, TRAJECTORIES[name], rtol=2e-5, atol=2e-5)


# ---- learning rates -----------------------------------------------------------------------

RATES: dict[str, Callable[[Any], Any]] = {
    "exponential": lambda g: tf.train.exponential_decay(0.1, g, 100, 0.96),
    "exponential_stair": lambda g: tf.train.exponential_decay(0.1, g, 100, 0.5, staircase=True),
    "inverse_time": lambda g: tf.train.inverse_time_decay(0.1, g, 100, 0.5),
    "natural_exp": lambda g: tf.train.natural_exp_decay(0.1, g, 100, 0.5),
    "polynomial": lambda g: tf.train.polynomial_decay(0.1, g, 500, 0.001, power=2.0),
    "polynomial_cycle": lambda g: tf.train.polynomial_decay(0.1, g, 300, 0.001, cycle=True),
    "piecewise": lambda g: tf.train.piecewise_constant(g, [100, 500], [0.1, 0.05, 0.01]),
    "cosine": lambda g: tf.train.cosine_decay(0.1, g, 500),
}


def test_every_recorded_schedule_is_followed() -> None:
    assert SCHEDULES.keys() - {"steps"} == RATES.keys()


@pytest.mark.parametrize("name", RATES)
def test_learning_rate(name: str) -> None:
    step = tf.placeholder(tf.int64, ())
    rate = RATES[name](step)
    with tf.Session() as session:
        found = np.array([session.run(rate, {step: k}) for k in SCHEDULES["steps"]])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, SCHEDULES[name], rtol=1e-6, atol=2e-8)


def test_a_long_sum_is_exact_to_a_few_roundings() -> None:
    few = 4 * np.finfo(np.float32).eps
    numbers = tf.random_uniform([1000003], seed=9)
    total = tf.reduce_sum(numbers)
    with tf.Session() as session:
        for _ in range(2):
            drawn_numbers, found = session.run([numbers, total])
            np.testing.assert_allclose(found, drawn_numbers.sum(dtype=np.float64), rtol=few)
