"""Device names are parsed, merged and recorded as TensorFlow records them."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, strategies as st

import skflow as tf
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("device"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "device", source)


PARTS = st.fixed_dictionaries(
    {},
    optional={
        "job": st.sampled_from(["ps", "worker"]),
        "replica": st.integers(0, 3),
        "task": st.integers(0, 3),
        "device_type": st.sampled_from(["CPU", "GPU"]),
    },
)


@given(PARTS, st.none() | st.integers(0, 3))
def test_names_come_back(parts: Any, index: Any) -> None:
    spec = tf.DeviceSpec(**parts, device_index=index if "device_type" in parts else None)
    again = tf.DeviceSpec.from_string(spec.to_string())
    assert vars(again) == vars(spec)


@given(st.lists(PARTS, max_size=3))
def test_inner_blocks_win(blocks: list[Any]) -> None:
    wanted: Any = {}
    with tf.Graph().as_default(), contextlib.ExitStack() as stack:
        for parts in blocks:
            wanted |= parts
            stack.enter_context(tf.device(tf.DeviceSpec(**parts)))
        assert tf.constant(1).device == tf.DeviceSpec(**wanted).to_string()


def test_a_device_function_must_answer() -> None:
    with tf.device(lambda _: None), pytest.raises(TypeError, match="None has type NoneType"):
        tf.constant(1)


def test_what_changes_a_variable_stays_with_it() -> None:
    with tf.device("/job:ps"):
        v = tf.Variable([1.0, 2.0])
    with tf.device("/gpu:3"):
        updated = tf.scatter_update(v, [0], [5.0])
        far = v * 2
    assert updated.device == "/job:ps"
    assert far.device == "/device:GPU:3"
