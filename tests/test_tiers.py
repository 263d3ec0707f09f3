"""Random networks train the same interpreted, as plans, and as compiled plans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import skflow as tf
from tests.interpreter import Interpreter
from tests.random_nets import OPTIMIZERS, Designer, Shaken, bound_of
from tests.tiers import TIERS, Tier

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
FIRST, SECOND = TIERS


def assert_bitwise(found: Any, expected: Any, label: str) -> None:
    """Equal bit by bit, but for the sign and payload of what is no number."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype, label
    assert found.shape == expected.shape, label
    if found.dtype.kind == "f":
        found, expected = (np.where(np.isnan(a), np.nan, a) for a in (found, expected))
    if np.ascontiguousarray(found).tobytes() != np.ascontiguousarray(expected).tobytes():
        np.testing.assert_array_equal(found, expected, err_msg=label)
        raise AssertionError(f"{label}: a zero has the wrong sign")


def assert_within(found: Any, expected: Any, shaken: list[Any], label: str) -> None:
    """Of the same type and shape, and as near as rounding lets them be.

    Not bit by bit: sums and products of matrices add in an order that hangs on how arrays lie.
    """
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, label
    assert found.dtype == expected.dtype, label
    if expected.dtype.kind != "f":
        assert np.array_equal(found, expected), label
        return
    bound = bound_of(expected, [np.asarray(s) for s in shaken])
    assert np.isfinite(expected).all(), label
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound, err_msg=label)


def check(data: Any, tiers: tuple[Tier, ...], optimizer: str | None = None) -> None:
    """Design a network, then train it by all of them on the same batches."""
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(3)
        designer = Designer(data, optimizer)
        fetches = designer.design()
        initialize = tf.global_variables_initializer()
        variables = tf.global_variables()
    plain, shaken = Interpreter(), [Shaken(seed) for seed in range(3)]
    for interpreter in (plain, *shaken):
        interpreter.run([initialize])
    sessions = [tier.session(graph) for tier in tiers]
    for session in sessions:
        session.run(initialize)
    for number, rows in enumerate(designer.sizes):
        feeds = designer.feeds(rows)
        expected = plain.run(fetches, feeds)[:-1]
        others = list(zip(*[s.run(fetches, feeds)[:-1] for s in shaken], strict=True))
        for tier, session in zip(tiers, sessions, strict=True):
            found = session.run(fetches, feeds)[:-1]
            for fetch, a, b, c in zip(fetches, found, expected, others, strict=False):
                assert_within(a, b, list(c), f"{tier}: {fetch.name} in step {number}")
            for v, a in zip(variables, session.run(variables), strict=True):
                b, *c = [i.state.variable(v.op).read() for i in (plain, *shaken)]
                assert_within(a, b, c, f"{tier}: {v.name} after step {number}")
            tier.ready()
    for session in sessions:
        session.close()


# The same examples each time; the long campaign looks for new ones, and for small ones.
def quick(examples: int) -> Any:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=QUIET,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@quick(4)
@given(data=st.data())
def test_networks_as_plans(optimizer: str, data: Any) -> None:
    check(data, (FIRST,), optimizer)


@quick(3)
@given(data=st.data())
def test_networks_as_compiled_plans(data: Any) -> None:
    check(data, (SECOND,))


@pytest.mark.soak
@settings(max_examples=1000, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_networks_as_plans_at_length(data: Any) -> None:
    check(data, (FIRST,))


@pytest.mark.soak
@settings(max_examples=300, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_networks_as_compiled_plans_at_length(data: Any) -> None:
    check(data, TIERS)


def test_networks_vary() -> None:
    """The examples reach every layer and loss: none is dead."""
    seen: set[str] = set()

    @quick(60)
    @given(data=st.data())
    def collect(data: Any) -> None:
        with tf.Graph().as_default() as graph:
            Designer(data).design()
            seen.update(op.type for op in graph.get_operations())

    collect()
    wanted = (
        "Relu Tanh Sigmoid Elu Softplus Softmax Softsign Log Exp Gather ConcatV2 Select Cast "
        "Transpose RandomUniform Max Mean BiasAdd OneHot Pow L2Loss "
        "SparseSoftmaxCrossEntropyWithLogits SoftmaxCrossEntropyWithLogits"
    )
    assert set(wanted.split()) <= seen


# ---- where the order of operations is kept --------------------------------------------------

EXACT_UNARY = (
    tf.negative,
    tf.abs,
    tf.square,
    tf.nn.relu,
    tf.sqrt,
    tf.sign,
    tf.floor,
    tf.reciprocal,
    lambda t: t * 0.1 - 3.0,
    lambda t: 1.0 / (2.0 + tf.square(t)),
    lambda t: tf.clip_by_value(t, -0.7, 1.3),
    lambda t: tf.where(tf.is_nan(t), tf.zeros_like(t), t),
    lambda t: tf.cast(tf.cast(t, tf.float64) * 1.1, t.dtype),
    lambda t: tf.cast(t > 0.25, t.dtype) - 0.5,
)
EXACT_BINARY = (
    tf.add,
    tf.subtract,
    tf.multiply,
    tf.divide,
    tf.maximum,
    tf.minimum,
    tf.squared_difference,
    lambda a, b: a * b + a,
    lambda a, b: tf.where(a + b > 0.0, a * tf.ones_like(b), b * tf.ones_like(a)),
)
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 3e38, -1.0)


def check_exact(data: Any, tiers: tuple[Tier, ...]) -> None:
    """Elementwise operations that are rounded correctly, one after the other, on any numbers."""
    with tf.Graph().as_default() as graph:
        dtype = data.draw(st.sampled_from([tf.float32, tf.float64]))
        shapes = [(4, 5), (5,), (4, 1), ()]
        feeds = [tf.placeholder(dtype, shape) for shape in shapes]
        made = list(feeds)
        for _ in range(data.draw(st.integers(1, 12))):
            x, y = data.draw(st.sampled_from(made)), data.draw(st.sampled_from(made))
            if data.draw(st.booleans()):
                made.append(data.draw(st.sampled_from(EXACT_UNARY))(x))
            else:
                made.append(data.draw(st.sampled_from(EXACT_BINARY))(x, y))
        wanted = data.draw(st.lists(st.sampled_from(made), min_size=1, max_size=3))
        fetches = [*wanted, made[-1]]
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 16)))
    sessions = [tier.session(graph) for tier in tiers]
    for _ in range(3):
        given = {x: normal_and_special(rng, x) for x in feeds}
        with np.errstate(all="ignore"):
            expected = Interpreter().run(fetches, given)
        for tier, session in zip(tiers, sessions, strict=True):
            for fetch, a, b in zip(fetches, session.run(fetches, given), expected, strict=True):
                assert_bitwise(a, b, f"{tier}: {fetch.name}")
            tier.ready()
    for session in sessions:
        session.close()


def normal_and_special(rng: np.random.Generator, x: Any) -> np.ndarray:
    """Mostly normal numbers, and some of those at which rules have exceptions."""
    values = np.asarray(rng.standard_normal(x.shape.as_list()))
    special = rng.choice(SPECIAL, values.shape)
    found = np.where(rng.random(values.shape) < 0.2, special, values)
    return np.asarray(found, x.dtype.as_numpy_dtype)


@quick(80)
@given(data=st.data())
def test_exact_operations_as_plans(data: Any) -> None:
    check_exact(data, (FIRST,))


@quick(5)
@given(data=st.data())
def test_exact_operations_as_compiled_plans(data: Any) -> None:
    check_exact(data, (SECOND,))


@pytest.mark.soak
@settings(max_examples=500, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_exact_operations_at_length(data: Any) -> None:
    check_exact(data, TIERS)
