"""Cross-entropies and the log Poisson loss, example by example."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.graph.conversion import constant, convert
from skflow.graph.dtypes import float16, float32
from skflow.graph.functions import array, math
from skflow.graph.functions.nn import flatten_outer_dims, relu
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope


def _check_named(name: str, sentinel: Any, labels: Any, logits: Any) -> None:
    if sentinel is not None:
        raise ValueError(f"Only call `{name}` with named arguments (labels=..., logits=..., ...)")
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")


def _check_shapes(names: str, logits: Tensor, targets: Tensor) -> None:
    try:
        targets.get_shape().merge_with(logits.get_shape())
    except ValueError:
        raise ValueError(
            f"{names} must have the same shape ({logits.get_shape()} vs {targets.get_shape()})"
        ) from None


def _precise(logits: Tensor) -> Tensor:
    """The logits in float32, if they are float16."""
    return math.cast(logits, float32) if logits.dtype.base_dtype == float16 else logits


# ---- one class of several -----------------------------------------------------------------


def _axis_to_end(x: Tensor, axis: int, rank: Tensor) -> Tensor:
    order = array.concat([array.range(axis), array.range(axis + 1, rank), [axis]], 0)
    return array.transpose(x, order)


def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: int = -1,
    name: str | None = None,
) -> Tensor:
    """Compute the cross-entropy of a softmax and given probabilities of the classes.

    Parameters
    ----------
    _sentinel : None
        Keeps the other arguments from being given by position.
    labels : Tensor, shape (..., n_classes)
        Probabilities; they should sum to one. No gradient flows into them.
    logits : Tensor of a floating point type, shape (..., n_classes)
        Logarithms of weights, up to a constant.
    dim : int
        The axis of the classes.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        ``-sum(labels * log_softmax(logits))`` along the axis; of the type of `logits`.

    Raises
    ------
    ValueError
        If an argument is missing or given by position, or the shapes differ.
    """
    _check_named("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    logits = convert(logits)
    labels = convert(labels)
    rows = _precise(logits)
    labels = math.cast(labels, rows.dtype)
    rank = array.rank(rows)
    if dim != -1:
        rows = _axis_to_end(rows, dim, rank)
        labels = _axis_to_end(labels, dim, rank)
    dims = array.shape(rows)
    flat_rows = flatten_outer_dims(rows)
    flat_labels = flatten_outer_dims(labels)
    cost, _ = raw.SoftmaxCrossEntropyWithLogits(flat_rows, flat_labels, name=name)
    outer = array.slice(dims, [0], [math.subtract(rank, 1)])
    cost = array.reshape(cost, outer)
    shape = logits.spec.shape
    if shape is not None:
        kept = list(shape)
        del kept[dim]
        cost.set_shape(kept)
    return math.cast(cost, float16) if logits.dtype.base_dtype == float16 else cost


def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """Compute the cross-entropy of a softmax and the number of the true class.

    Parameters
    ----------
    _sentinel : None
        Keeps the other arguments from being given by position.
    labels : Tensor of int32 or int64, shape (...)
        The classes, from 0 to ``n_classes - 1``; others raise InvalidArgumentError at the run.
    logits : Tensor of a floating point type, shape (..., n_classes)
        Logarithms of weights, up to a constant.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor
        ``-log_softmax(logits)[labels]``, of the shape of `labels` and the type of `logits`.

    Raises
    ------
    ValueError
        If an argument is missing or given by position, or the ranks do not fit.
    """
    _check_named("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "SparseSoftmaxCrossEntropyWithLogits", [labels, logits]):
        labels = convert(labels)
        logits = convert(logits)
        rows = _precise(logits)
        static = labels.get_shape()
        dims = array.shape(labels)
        rank = logits.spec.rank
        _check_ranks(labels, logits)
        if rank == 2:
            cost, _ = raw.SparseSoftmaxCrossEntropyWithLogits(rows, labels, name=name)
        else:
            classes = array.shape(logits)[array.rank(logits) - 1]
            rows = array.reshape(rows, [-1, classes])
            labels = array.reshape(labels, [-1])
            cost, _ = raw.SparseSoftmaxCrossEntropyWithLogits(rows, labels, name=name)
            cost = array.reshape(cost, dims)
            cost.set_shape(static)
        return math.cast(cost, float16) if logits.dtype.base_dtype == float16 else cost


def _check_ranks(labels: Tensor, logits: Tensor) -> None:
    given, rank = labels.spec.rank, logits.spec.rank
    if rank == 0:
        raise ValueError(f"Logits cannot be scalars - received shape {logits.get_shape()}.")
    if rank is not None and given is not None and given != rank - 1:
        raise ValueError(
            f"Rank mismatch: Rank of labels (received {given}) should equal rank of logits minus "
            f"1 (received {rank})."
        )


# ---- several classes at once --------------------------------------------------------------


def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """Compute the cross-entropy of a logistic function and given probabilities.

    Parameters
    ----------
    _sentinel : None
        Keeps the other arguments from being given by position.
    labels : Tensor
        Probabilities, of the type and shape of `logits`.
    logits : Tensor of a floating point type
        Logarithms of odds.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor
        ``max(x, 0) - x * z + log(1 + exp(-abs(x)))`` for logits x and labels z, element by
        element.

    Raises
    ------
    ValueError
        If an argument is missing or given by position, or the shapes differ.
    """
    _check_named("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits = convert(logits, name="logits")
        labels = convert(labels, name="labels")
        _check_shapes("logits and labels", logits, labels)
        # By the sign, not by maximum and abs, which have no slope of their own at zero.
        zeros = array.zeros_like(logits, dtype=logits.dtype)
        positive = logits >= zeros
        above = array.where(positive, logits, zeros)
        minus_abs = array.where(positive, -logits, logits)
        linear = above - logits * labels
        return math.add(linear, math.log1p(math.exp(minus_abs)), name=scope)


def weighted_cross_entropy_with_logits(
    targets: Any, logits: Any, pos_weight: Any, name: str | None = None
) -> Tensor:
    """Compute `sigmoid_cross_entropy_with_logits` with a weight on the positive class.

    Parameters
    ----------
    targets : Tensor
        Probabilities, of the type and shape of `logits`.
    logits : Tensor of a floating point type
        Logarithms of odds.
    pos_weight : float or Tensor
        The factor on the positive class's part.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor
        ``(1 - z) * x + (1 + (q - 1) * z) * log(1 + exp(-x))`` for logits x, targets z and weight
        q, element by element.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    with name_scope(name, "logistic_loss", [logits, targets]) as scope:
        logits = convert(logits, name="logits")
        targets = convert(targets, name="targets")
        _check_shapes("logits and targets", logits, targets)
        weight = 1 + (pos_weight - 1) * targets
        linear = (1 - targets) * logits
        tail = math.log1p(math.exp(-math.abs(logits))) + relu(-logits)
        return math.add(linear, weight * tail, name=scope)


# ---- counts -------------------------------------------------------------------------------


def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Tensor:
    """Compute the negative log-likelihood of counts whose logarithmic rate is given.

    Parameters
    ----------
    targets : Tensor
        The counts, of the type and shape of `log_input`.
    log_input : Tensor of a floating point type
        Logarithms of the rates.
    compute_full_loss : bool
        Add Stirling's approximation of ``log(targets!)``, which does not depend on the rates.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor
        ``exp(c) - z * c`` for logarithmic rates c and counts z, element by element.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    with name_scope(name, "log_poisson_loss", [log_input, targets]):
        log_input = convert(log_input, name="log_input")
        targets = convert(targets, name="targets")
        _check_shapes("log_input and targets", log_input, targets)
        result = math.exp(log_input) - log_input * targets
        if not compute_full_loss:
            return result  # type: ignore[no-any-return]
        half = constant(0.5, dtype=targets.dtype)
        two_pi = constant(2 * np.pi, dtype=targets.dtype)
        stirling = targets * math.log(targets) - targets + half * math.log(two_pi * targets)
        zeros = array.zeros_like(targets, dtype=targets.dtype)
        ones = array.ones_like(targets, dtype=targets.dtype)
        small = math.logical_and(targets >= zeros, targets <= ones)
        return result + array.where(small, zeros, stirling)  # type: ignore[no-any-return]
