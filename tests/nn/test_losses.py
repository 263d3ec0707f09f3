"""Weighted means of losses: values, weights of every shape, collections and complaints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from skflow.errors import InvalidArgumentError
from skflow.graph.collections import GraphKeys, add_to_collection
from skflow.graph.conversion import constant, convert
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, float64, int32
from skflow.graph.functions.array import placeholder
from skflow.graph.gradients import gradients
from skflow.graph.nodes import Tensor
from skflow.nn import losses
from tests.interpreter import Interpreter


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    """Every test builds a graph of its own."""
    with Graph().as_default() as fresh:
        yield fresh


def run(tensor: Any, feeds: dict[Tensor, Any] | None = None) -> Any:
    (found,) = Interpreter().run([convert(tensor)], feeds)
    return found


OBSERVED = [
    ("mean_squared_error", ([[1.0, 2], [3, 4]], [[0.0, 0], [0, 0]], [[1.0], [0.0]]), {}, 2.5),
    ("mean_squared_error", ([[1.0, 2], [3, 4]], [[0.0, 0], [0, 0]], 0.0), {}, 0.0),
    ("absolute_difference", ([[1.0, 2], [3, 5]], [[0.0, 0], [0, 0]], 2.0), {}, 5.5),
    (
        "mean_pairwise_squared_error",
        ([[1.0, 2, 4], [3, 4, 4]], [[0.0, 1, 1], [0, 2, 0]]),
        {},
        3.111112,
    ),
    (
        "mean_pairwise_squared_error",
        ([[1.0, 2, 4], [3, 4, 4]], [[0.0, 1, 1], [0, 2, 0]], [[2.0], [1.0]]),
        {},
        4.8888903,
    ),
    ("cosine_distance", ([[1.0, 0]], [[0.6, 0.8]]), {"dim": 1}, 0.4),
    ("hinge_loss", ([[1.0, 0]], [[0.6, 0.8]]), {}, 1.1),
    ("log_loss", ([[1.0, 0]], [[0.6, 0.8]]), {}, 1.0601314),
    (
        "sparse_softmax_cross_entropy",
        ([[0], [1]], [[0.6, 0.8], [1.0, 0]], [[1.0], [3.0]]),
        {},
        2.368962,
    ),
    ("softmax_cross_entropy", ([[0, 1.0]], [[0.6, 0.8]]), {"label_smoothing": 0.2}, 0.61813897),
    ("sigmoid_cross_entropy", ([[0, 1.0]], [[0.6, 0.8]]), {"label_smoothing": 0.2}, 0.7142943),
]


@pytest.mark.parametrize(("name", "arguments", "options", "expected"), OBSERVED)
def test_values(name: str, arguments: Any, options: Any, expected: float) -> None:
    """Observed with TensorFlow 1.1.0."""
    found = getattr(losses, name)(*arguments, **options)
    assert losses.get_losses() == [found]
    np.testing.assert_allclose(run(found), expected, rtol=2e-6)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (3.0, 7.5),
        ([[1.0], [0.0]], 1.5),
        ([[0.0, 1.0]], 3.0),
        ([[0.0] * 2] * 2, 0.0),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_weights_that_fit(weights: Any, expected: float, known: bool) -> None:
    values = placeholder(float32, (2, 2) if known else None)
    w = placeholder(float32, np.shape(weights) if known else None)
    loss = losses.compute_weighted_loss(values, w)
    feeds = {values: [[1.0, 2.0], [3.0, 4.0]], w: weights}
    assert run(loss, feeds) == expected
    (slope,) = gradients(loss, values)
    assert np.isfinite(run(slope, feeds)).all()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 0.0], r"values.rank=2. weights.rank=1."),
        ([[1.0, 0.0, 2.0]], r"Mismatch at dim 1. values.shape=\[2 2\] weights.shape=\[1 3\]."),
    ],
)
def test_weights_that_do_not_fit(weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^weights can not be broadcast to values. {message}$"):
        losses.compute_weighted_loss([[1.0, 2], [3, 4]], weights)
    values, w = placeholder(float32), placeholder(float32)
    loss = losses.compute_weighted_loss(values, w)
    with pytest.raises(
        InvalidArgumentError,
        match=r"assertion failed: \[weights can not be "
        r"broadcast to values\.\]",
    ):
        run(loss, {values: [[1.0, 2], [3, 4]], w: weights})


def test_other_types_are_kept() -> None:
    assert losses.compute_weighted_loss(constant([1.0], float64)).dtype is float64
    assert losses.compute_weighted_loss(constant([1, 2], int32)).dtype is int32


def test_shapes_must_fit() -> None:
    for loss in (
        losses.mean_squared_error,
        losses.absolute_difference,
        losses.hinge_loss,
        losses.log_loss,
        losses.mean_pairwise_squared_error,
    ):
        with pytest.raises(ValueError, match=r"Shapes \(3,\) and \(2,\) are incompatible"):
            loss([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="^`dim` cannot be None.$"):
        losses.cosine_distance([1.0], [1.0])


@pytest.mark.parametrize("known", [True, False])
def test_labels_in_a_column(known: bool) -> None:
    """A last axis of size 1 is dropped, now or at the run."""
    labels = placeholder(int32, (2, 1) if known else None)
    logits = placeholder(float32, (2, 2) if known else None)
    weights = placeholder(float32, (2, 1) if known else None)
    loss = losses.sparse_softmax_cross_entropy(labels, logits, weights)
    feeds = {labels: [[0], [1]], logits: [[0.6, 0.8], [1.0, 0]], weights: [[1.0], [3.0]]}
    np.testing.assert_allclose(run(loss, feeds), 2.368962, rtol=2e-6)
    if not known:
        feeds |= {labels: [0, 1], weights: [1.0, 3.0]}
        np.testing.assert_allclose(run(loss, feeds), 2.368962, rtol=2e-6)


def test_collections() -> None:
    first = losses.mean_squared_error([1.0], [3.0], scope="a")
    second = losses.absolute_difference([1.0], [3.0], scope="b")
    losses.hinge_loss([1.0], [3.0], loss_collection=None)
    penalty = constant(0.5)
    add_to_collection(GraphKeys.REGULARIZATION_LOSSES, penalty)
    assert losses.get_losses() == [first, second]
    assert losses.get_losses("b") == [second]
    assert losses.get_regularization_losses() == [penalty]
    assert run(losses.get_regularization_loss()) == 0.5
    assert run(losses.get_total_loss()) == 6.5
    assert run(losses.get_total_loss(add_regularization_losses=False)) == 6


def test_empty_collections() -> None:
    assert run(losses.get_regularization_loss()) == 0
    with pytest.raises(ValueError, match="inputs must be a list of at least one Tensor"):
        losses.get_total_loss()
