"""Losses averaged over a batch, weighted, and kept in a collection for training."""

from __future__ import annotations

from typing import Any

from skflow.graph.collections import GraphKeys
from skflow.graph.conversion import convert
from skflow.graph.functions import array, control, losses as entropies, math, nn as activations
from skflow.graph.nodes import Tensor
from skflow.graph.scopes import control_dependencies, name_scope
from skflow.nn.loss_collection import (
    add_loss,
    get_losses,
    get_regularization_loss,
    get_regularization_losses,
    get_total_loss,
)
from skflow.nn.weights import assert_broadcastable, broadcast_weights

__all__ = [
    "absolute_difference",
    "add_loss",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_loss",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]

# ---- weighted means -----------------------------------------------------------------------


def _safe_div(numerator: Tensor, denominator: Tensor) -> Tensor:
    """A quotient that is zero, and so are its gradients, where the denominator is."""
    positive = math.greater(denominator, 0)
    divisor = array.where(math.equal(denominator, 0), array.ones_like(denominator), denominator)
    quotient = math.div(numerator, divisor)
    return array.where(positive, quotient, array.zeros_like(numerator), name="value")


def _num_present(losses: Tensor, weights: Any, per_batch: bool = False) -> Tensor:
    """The number of losses whose weight is not zero."""
    with name_scope(None, "num_present", [losses, weights]) as scope:
        weights = math.to_float(weights)
        missing = math.equal(weights, 0.0)
        present = array.where(missing, array.zeros_like(weights), array.ones_like(weights))
        present = broadcast_weights(present, losses)
        if not per_batch:
            return math.reduce_sum(present, name=scope)
        axes = array.range(1, array.rank(present))
        return math.reduce_sum(present, axis=axes, keep_dims=True, name=scope)


def _scaled(losses: Tensor, weights: Tensor) -> Tensor:
    return math.reduce_sum(math.multiply(losses, weights))


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average losses, weighted, over those whose weight is not zero.

    Parameters
    ----------
    losses : Tensor
        A loss for each element.
    weights : float or Tensor
        A scalar, or a tensor of the rank of `losses` with each size 1 or that of `losses`.
    scope : str, optional
        The name scope.
    loss_collection : str, optional
        The collection the result is added to.

    Returns
    -------
    Tensor, shape ()
        ``sum(losses * weights)`` divided by the number of weights that are not zero; of the
        type of `losses`, computed in float32 as TensorFlow does. Zero if there are none.

    Raises
    ------
    ValueError
        If the shape of `weights` does not fit.
    """
    with (
        name_scope(scope, "weighted_loss", [losses, weights]),
        control_dependencies([assert_broadcastable(weights, losses)]),
    ):
        losses = convert(losses)
        dtype = losses.dtype
        losses = math.to_float(losses)
        weights = math.to_float(weights)
        total = _scaled(losses, weights)
        present = _num_present(losses, weights)
        mean = _safe_div(math.reduce_sum(total), present)
        mean = math.cast(mean, dtype)
        add_loss(mean, loss_collection)
        return mean


def _floats(predictions: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Both as float32, their static shapes compared."""
    predictions = math.to_float(predictions)
    labels = math.to_float(labels)
    predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    return predictions, labels


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average the absolute differences of predictions and labels.

    Parameters
    ----------
    labels, predictions : Tensor
        The truth and the predictions, of one shape.
    weights, scope, loss_collection : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor of float32, shape ()

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as inner:
        predictions, labels = _floats(predictions, labels)
        losses = math.abs(math.subtract(predictions, labels))
        return compute_weighted_loss(losses, weights, inner, loss_collection)


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average the squared differences of predictions and labels.

    Parameters
    ----------
    labels, predictions : Tensor
        The truth and the predictions, of one shape.
    weights, scope, loss_collection : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor of float32, shape ()

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as inner:
        predictions, labels = _floats(predictions, labels)
        losses = math.square(math.subtract(predictions, labels))
        return compute_weighted_loss(losses, weights, inner, loss_collection)


def cosine_distance(
    labels: Any,
    predictions: Any,
    dim: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average one minus the cosine of the angle between predictions and labels.

    Parameters
    ----------
    labels, predictions : Tensor
        Vectors of norm one along the axis `dim`, of one shape.
    dim : int
        The axis of the vectors.
    weights, scope, loss_collection : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor of float32, shape ()

    Raises
    ------
    ValueError
        If there is no `dim`, or the shapes do not fit.
    """
    if dim is None:
        raise ValueError("`dim` cannot be None.")
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as inner:
        predictions, labels = _floats(predictions, labels)
        products = math.multiply(predictions, labels)
        losses = 1 - math.reduce_sum(products, axis=(dim,), keep_dims=True)
        return compute_weighted_loss(losses, weights, inner, loss_collection)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average how far logits fall short of the margin on the side of their labels.

    Parameters
    ----------
    labels : Tensor
        Zeros and ones.
    logits : Tensor
        Of the same shape.
    weights, scope, loss_collection : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor of float32, shape ()
        The mean of ``max(0, 1 - (2 * labels - 1) * logits)``.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    with name_scope(scope, "hinge_loss", [logits, labels]) as inner:
        logits, labels = _floats(logits, labels)
        ones = array.ones_like(labels)
        signs = math.subtract(2 * labels, ones)
        losses = activations.relu(math.subtract(ones, math.multiply(signs, logits)))
        return compute_weighted_loss(losses, weights, inner, loss_collection)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average the cross-entropies of predicted probabilities and labels.

    Parameters
    ----------
    labels, predictions : Tensor
        Probabilities, the true and the predicted ones, of one shape.
    weights : object
        See `compute_weighted_loss`.
    epsilon : float
        Added to probabilities before their logarithm is taken.
    scope, loss_collection : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor of float32, shape ()

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as inner:
        predictions, labels = _floats(predictions, labels)
        positive = -math.multiply(labels, math.log(predictions + epsilon))
        negative = math.multiply(1 - labels, math.log(1 - predictions + epsilon))
        return compute_weighted_loss(positive - negative, weights, inner, loss_collection)


def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average, over pairs of elements of an example, the squared errors of their differences.

    Parameters
    ----------
    labels, predictions : Tensor, shape (n_examples, ...)
        The truth and the predictions.
    weights : float or Tensor
        A scalar, or a tensor of the rank of `labels` with each size 1 or that of `labels`.
    scope, loss_collection : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor of float32, shape ()

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Eigen, D. et al. (2014). Depth Map Prediction from a Single Image using a Multi-Scale Deep
    Network. arXiv:1406.2283.
    """
    with name_scope(scope, "mean_pairwise_squared_error", [predictions, labels, weights]):
        weights = math.to_float(weights)
        labels = math.to_float(labels)
        with control_dependencies([assert_broadcastable(weights, labels)]):
            predictions = math.to_float(predictions)
            predictions.get_shape().assert_is_compatible_with(labels.get_shape())
            loss, present = _pairwise(math.subtract(predictions, labels), weights)
            any_present = math.reduce_sum(present) > 0
            mean = array.where(any_present, loss, array.zeros_like(loss), name="value")
            add_loss(mean, loss_collection)
            return mean


def _pairwise(diffs: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """The weighted sum over examples, and how many elements of each count."""
    axes = array.range(1, array.rank(diffs))
    squares = math.reduce_sum(math.square(diffs), reduction_indices=axes, keep_dims=True)
    present = _num_present(diffs, weights, per_batch=True)
    mean_square = 2.0 * _safe_div(squares, present)
    total = math.reduce_sum(diffs, reduction_indices=axes, keep_dims=True)
    square_mean = 2.0 * _safe_div(math.square(total), math.square(present))
    return _scaled(mean_square - square_mean, weights), present


# ---- cross-entropies of logits ------------------------------------------------------------


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average the cross-entropies of logistic functions.

    Parameters
    ----------
    multi_class_labels : Tensor
        Zeros and ones.
    logits : Tensor of a floating point type
        Logarithms of odds, of the same shape.
    weights : object
        See `compute_weighted_loss`.
    label_smoothing : float
        How far labels are moved towards one half, from 0 to 1.
    scope, loss_collection : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    values = [logits, multi_class_labels, weights]
    with name_scope(scope, "sigmoid_cross_entropy_loss", values) as inner:
        logits = convert(logits)
        labels = math.cast(multi_class_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = entropies.sigmoid_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, inner, loss_collection)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average the cross-entropies of softmaxes and given probabilities.

    Parameters
    ----------
    onehot_labels : Tensor, shape (n_examples, n_classes)
        Probabilities of the classes.
    logits : Tensor of a floating point type, shape (n_examples, n_classes)
        Logarithms of weights, up to a constant.
    weights : object
        See `compute_weighted_loss`.
    label_smoothing : float
        How far labels are moved towards ``1 / n_classes``, from 0 to 1.
    scope, loss_collection : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    values = [logits, onehot_labels, weights]
    with name_scope(scope, "softmax_cross_entropy_loss", values) as inner:
        logits = convert(logits)
        labels = math.cast(onehot_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            classes = math.cast(array.shape(labels)[1], logits.dtype)
            share = label_smoothing / classes
            labels = labels * (1.0 - label_smoothing) + share
        losses = entropies.softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, inner, loss_collection)


def _squeezed_if(condition: Any, x: Tensor) -> Tensor:
    found: Tensor = control.cond(condition, lambda: array.squeeze(x, [-1]), lambda: x)
    return found


def _may_be_one(x: Tensor) -> bool:
    shape = x.spec.shape
    return shape is None or (len(shape) > 0 and shape[-1] in (None, 1))


def remove_squeezable_dimensions(
    labels: Any, predictions: Any, expected_rank_diff: int = 0, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Drop a last axis of size 1 from labels or predictions, if that makes their ranks fit.

    Parameters
    ----------
    labels, predictions : Tensor
        The two.
    expected_rank_diff : int
        How many axes more predictions should have.
    name : str, optional
        The name scope.

    Returns
    -------
    labels, predictions : Tensor
    """
    with name_scope(name, "remove_squeezable_dimensions", [labels, predictions]):
        predictions = convert(predictions)
        labels = convert(labels)
        ranks = predictions.spec.rank, labels.spec.rank
        if ranks[0] is not None and ranks[1] is not None:
            surplus = ranks[0] - ranks[1] - expected_rank_diff
            if surplus == 1:
                predictions = array.squeeze(predictions, [-1])
            elif surplus == -1:
                labels = array.squeeze(labels, [-1])
            return labels, predictions
        difference = array.rank(predictions) - array.rank(labels)
        if _may_be_one(predictions):
            predictions = _squeezed_if(math.equal(expected_rank_diff + 1, difference), predictions)
        if _may_be_one(labels):
            labels = _squeezed_if(math.equal(expected_rank_diff - 1, difference), labels)
        return labels, predictions


def _squeezed_weights(weights: Any, labels: Tensor) -> Tensor:
    given = convert(weights)
    ranks = given.spec.rank, labels.spec.rank
    if ranks[0] is not None and ranks[1] is not None:
        return array.squeeze(given, [-1]) if ranks[0] - ranks[1] == 1 else given
    difference = array.rank(given) - array.rank(labels)
    return _squeezed_if(math.equal(1, difference), given) if _may_be_one(given) else given


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """Average the cross-entropies of softmaxes and the numbers of the true classes.

    Parameters
    ----------
    labels : Tensor of int32 or int64, shape (...) or (..., 1)
        The classes.
    logits : Tensor of a floating point type, shape (..., n_classes)
        Logarithms of weights, up to a constant.
    weights, scope, loss_collection : object
        See `compute_weighted_loss`.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    values = [logits, labels, weights]
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", values) as inner:
        labels, logits = remove_squeezable_dimensions(labels, logits, expected_rank_diff=1)
        weights = _squeezed_weights(weights, labels)
        losses = entropies.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, inner, loss_collection)
