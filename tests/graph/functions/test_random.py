"""The rules by which random operations are seeded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import skflow as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize(
    ("graph_seed", "op_seed", "expected"),
    [
        (None, None, (None, None)),
        (None, 0, (87654321, 0)),
        (None, -5, (87654321, 2147483642)),
        (3, None, (3, 0)),
        (0, 0, (0, 2147483647)),
        (2**31 - 1, 2**31 - 1, (0, 2147483647)),
        (2**40, 7, (2**40 % (2**31 - 1), 7)),
    ],
)
def test_get_seed(graph_seed: Any, op_seed: Any, expected: tuple[Any, Any]) -> None:
    tf.set_random_seed(graph_seed)
    assert tf.get_seed(op_seed) == expected


def test_the_number_of_operations_stands_in_for_a_seed() -> None:
    tf.set_random_seed(1)
    tf.no_op()
    tf.random_uniform([2])
    op = tf.get_default_graph().get_operation_by_name("random_uniform/RandomUniform")
    assert (op.get_attr("seed"), op.get_attr("seed2")) == (1, 4)


def test_a_text_is_no_seed() -> None:
    with pytest.raises(TypeError):
        tf.random_uniform([2], seed="a")  # type: ignore[arg-type]


def test_a_partly_known_shape_is_no_shape() -> None:
    with pytest.raises(ValueError, match=r"partially known TensorShape to a Tensor: \(\?, 3\)"):
        tf.random_uniform(tf.TensorShape([None, 3]))
