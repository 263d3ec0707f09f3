"""Functions of neural networks: activations, biases, dropout, norms and the largest entries."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.functions import array, math, random
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.shapes import TensorShape

# ---- activations --------------------------------------------------------------------------


def relu(features: Any, name: str | None = None) -> Tensor:
    """Compute ``max(features, 0)``.

    Parameters
    ----------
    features : Tensor of a real type
        Where to compute it, element by element.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape.
    """
    return raw.Relu(features, name=name)  # type: ignore[no-any-return]


def relu6(features: Any, name: str | None = None) -> Tensor:
    """Compute ``min(max(features, 0), 6)``.

    Parameters
    ----------
    features : Tensor of a real type
        Where to compute it, element by element.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape.

    References
    ----------
    Krizhevsky, A. (2010). Convolutional Deep Belief Networks on CIFAR-10.
    """
    with name_scope(name, "Relu6", [features]) as scope:
        features = convert(features, name="features")
        return raw.Relu6(features, name=scope)  # type: ignore[no-any-return]


def crelu(features: Any, name: str | None = None) -> Tensor:
    """Rectify the features and their negatives, side by side along the last axis.

    Parameters
    ----------
    features : Tensor of a real type, shape (..., n)
        Where to compute it.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor, shape (..., 2 n)

    References
    ----------
    Shang, W. et al. (2016). Understanding and Improving Convolutional Neural Networks via
    Concatenated Rectified Linear Units. arXiv:1603.05201.
    """
    with name_scope(name, "CRelu", [features]) as scope:
        features = convert(features, name="features")
        return relu(array.concat([features, -features], -1, name=scope))


def elu(features: Any, name: str | None = None) -> Tensor:
    """Compute ``exp(features) - 1`` below zero and the features themselves above.

    Parameters
    ----------
    features : Tensor of a floating point type
        Where to compute it, element by element.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape.

    References
    ----------
    Clevert, D. et al. (2015). Fast and Accurate Deep Network Learning by Exponential Linear
    Units. arXiv:1511.07289.
    """
    return raw.Elu(features, name=name)  # type: ignore[no-any-return]


def softplus(features: Any, name: str | None = None) -> Tensor:
    """Compute ``log(exp(features) + 1)``.

    Parameters
    ----------
    features : Tensor of a floating point type
        Where to compute it, element by element.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape.
    """
    return raw.Softplus(features, name=name)  # type: ignore[no-any-return]


def softsign(features: Any, name: str | None = None) -> Tensor:
    """Compute ``features / (abs(features) + 1)``.

    Parameters
    ----------
    features : Tensor of a floating point type
        Where to compute it, element by element.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape.
    """
    return raw.Softsign(features, name=name)  # type: ignore[no-any-return]


# ---- softmax ------------------------------------------------------------------------------


def flatten_outer_dims(logits: Tensor) -> Tensor:
    """Make a matrix of a tensor: one row for each row along its last axis."""
    rank = array.rank(logits)
    width = array.slice(array.shape(logits), [math.subtract(rank, 1)], [1])
    output = array.reshape(logits, array.concat([[-1], width], 0))
    shape = logits.spec.shape
    if shape is not None and None not in shape[:-1]:
        outer = 1
        for d in shape[:-1]:
            outer *= d or 0
        output.set_shape([outer, shape[-1]])
    return output


def _swap_axis(x: Tensor, axis: int, last: Tensor) -> Tensor:
    before, between = array.range(axis), array.range(axis + 1, last)
    found = array.transpose(x, array.concat([before, [last], between, [axis]], 0))
    if x.spec.rank is not None:
        # TensorFlow does not see through the subtraction in `last`: for the same graph as its
        # own, what follows has to read the shape at the run.
        found.spec.shape = (None,) * x.spec.rank
    return found


def _along_axis(compute: Callable[..., Tensor], logits: Any, dim: int, name: str | None) -> Tensor:
    """Apply an operation on the rows of a matrix along any axis of a tensor."""
    logits = convert(logits)
    shape: TensorShape = logits.get_shape()
    is_last = dim == -1 or (shape.ndims is not None and dim == shape.ndims - 1)
    if shape.ndims == 2 and is_last:
        return compute(logits, name=name)
    if is_last:
        dims = array.shape(logits)
        output = compute(flatten_outer_dims(logits), name=name)
        return array.reshape(output, dims)
    rank = array.rank(logits)
    swapped = _swap_axis(logits, dim, math.subtract(rank, 1))
    dims = array.shape(swapped)
    output = compute(flatten_outer_dims(swapped), name=name)
    output = array.reshape(output, dims)
    output = _swap_axis(output, dim, math.subtract(rank, 1))
    output.set_shape(shape)
    return output


def softmax(logits: Any, dim: int = -1, name: str | None = None) -> Tensor:
    """Compute ``exp(logits)`` divided by its sum along an axis.

    Parameters
    ----------
    logits : Tensor of a floating point type
        Logarithms of weights, up to a constant.
    dim : int
        The axis.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape; the sum along the axis is one.
    """
    return _along_axis(raw.Softmax, logits, dim, name)


def log_softmax(logits: Any, dim: int = -1, name: str | None = None) -> Tensor:
    """Compute the logarithm of `softmax` without losing digits.

    Parameters
    ----------
    logits : Tensor of a floating point type
        Logarithms of weights, up to a constant.
    dim : int
        The axis.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape.
    """
    return _along_axis(raw.LogSoftmax, logits, dim, name)


# ---- layers -------------------------------------------------------------------------------


def bias_add(
    value: Any, bias: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """Add a vector to every row of a tensor.

    Parameters
    ----------
    value : Tensor of numbers, shape (..., n)
        The rows.
    bias : Tensor, shape (n,)
        The vector, of the same type.
    data_format : {"NHWC", "NCHW"}, optional
        With "NCHW" the vector goes along the third axis from the end of images instead.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape as `value`.

    Raises
    ------
    ValueError
        If the sizes differ, or the format is another one.
    """
    with name_scope(name, "BiasAdd", [value, bias]) as scope:
        value = convert(value, name="input")
        bias = convert(bias, value.dtype.base_dtype, "bias")
        if data_format not in (None, "NHWC", "NCHW"):
            raise ValueError(
                f"Attr 'data_format' of 'BiasAdd' Op passed string '{data_format}' not in: "
                '"NHWC", "NCHW".'
            )
        return raw.BiasAdd(  # type: ignore[no-any-return]
            value, bias, data_format=data_format or "NHWC", name=scope
        )


def bias_add_v1(value: Any, bias: Any, name: str | None = None) -> Tensor:
    """Add a vector to every row of a tensor, by TensorFlow's older operation.

    Parameters
    ----------
    value : Tensor of numbers, shape (..., n)
        The rows.
    bias : Tensor, shape (n,)
        The vector, of the same type.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Of the same type and shape as `value`.
    """
    with name_scope(name, "BiasAddV1", [value, bias]) as scope:
        value = convert(value, name="input")
        bias = convert(bias, value.dtype.base_dtype, "bias")
        return raw.BiasAddV1(value, bias, name=scope)  # type: ignore[no-any-return]


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """Compute ``matmul(x, weights) + biases``.

    Parameters
    ----------
    x : Tensor, shape (n_rows, n_inputs)
        The rows.
    weights : Tensor, shape (n_inputs, n_outputs)
        The matrix.
    biases : Tensor, shape (n_outputs,)
        The vector added to every row.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor, shape (n_rows, n_outputs)
    """
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as scope:
        x = convert(x, name="x")
        weights = convert(weights, name="weights")
        biases = convert(biases, name="biases")
        return bias_add(math.matmul(x, weights), biases, name=scope)


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """Compute ``relu(matmul(x, weights) + biases)``.

    Parameters
    ----------
    x : Tensor, shape (n_rows, n_inputs)
        The rows.
    weights : Tensor, shape (n_inputs, n_outputs)
        The matrix.
    biases : Tensor, shape (n_outputs,)
        The vector added to every row.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor, shape (n_rows, n_outputs)
    """
    with name_scope(name, "relu_layer", [x, weights, biases]) as scope:
        x = convert(x, name="x")
        weights = convert(weights, name="weights")
        biases = convert(biases, name="biases")
        return relu(bias_add(math.matmul(x, weights), biases), name=scope)


def dropout(
    x: Any,
    keep_prob: Any,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Set entries to zero at random and scale up the others, so that the mean stays.

    Parameters
    ----------
    x : Tensor of a floating point type
        The entries.
    keep_prob : float or Tensor, shape ()
        The probability of keeping an entry, in (0, 1]; the kept ones are divided by it.
    noise_shape : Tensor of int32, optional
        The shape of the coins tossed, which must broadcast to that of `x`: where it has a 1,
        entries along that axis are kept or dropped together.
    seed : int, optional
        The seed of the coins.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor
        Of the same type and shape; `x` itself if `keep_prob` is known to be 1.

    Raises
    ------
    ValueError
        If `keep_prob` is a number outside (0, 1].

    References
    ----------
    Srivastava, N. et al. (2014). Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting. JMLR 15, 1929-1958.
    """
    with name_scope(name, "dropout", [x]):
        x = convert(x, name="x")
        if isinstance(keep_prob, numbers.Real) and not 0 < float(keep_prob) <= 1:
            raise ValueError(
                "keep_prob must be a scalar tensor or a float in the range (0, 1], "
                f"got {float(keep_prob):g}"
            )
        kept = convert(keep_prob, x.dtype.base_dtype, "keep_prob")
        kept.get_shape().assert_is_compatible_with(())
        if kept.spec.value is not None and kept.spec.value == 1:
            return x  # type: ignore[no-any-return]
        shape = array.shape(x) if noise_shape is None else noise_shape
        uniform = random.random_uniform(shape, seed=seed, dtype=x.dtype.base_dtype)
        coins = math.floor(kept + uniform)
        found: Tensor = math.div(x, kept) * coins
        found.set_shape(x.get_shape())
        return found


# ---- norms --------------------------------------------------------------------------------


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Compute half the sum of the squares of all entries.

    Parameters
    ----------
    t : Tensor of a floating point type
        The entries.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape ()
    """
    return raw.L2Loss(t, name=name)  # type: ignore[no-any-return]


def l2_normalize(x: Any, dim: Any, epsilon: float = 1e-12, name: str | None = None) -> Tensor:
    """Divide by the Euclidean norm along some axes.

    Parameters
    ----------
    x : Tensor of a floating point type
        The vectors.
    dim : int or sequence of int
        The axes along which a vector extends.
    epsilon : float
        The least square of a norm to divide by.
    name : str, optional
        The name scope.

    Returns
    -------
    Tensor
        Of the same type and shape.
    """
    with name_scope(name, "l2_normalize", [x]) as scope:
        x = convert(x, name="x")
        squares = math.reduce_sum(math.square(x), dim, keep_dims=True)
        inverse = math.rsqrt(math.maximum(squares, epsilon))
        return math.multiply(x, inverse, name=scope)


# ---- the largest entries ------------------------------------------------------------------


def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> Any:
    """Find the largest entries of each row, in descending order.

    Parameters
    ----------
    input : Tensor of a real type, shape (..., n)
        The rows.
    k : int or Tensor of int32, shape ()
        How many.
    sorted : bool
        Recorded: they are always in order.
    name : str, optional
        The operation's name.

    Returns
    -------
    values : Tensor, shape (..., k)
        The entries.
    indices : Tensor of int32, shape (..., k)
        Their positions in the row; of equal entries the first comes first.
    """
    return raw.TopKV2(input, k, sorted=sorted, name=name)


def in_top_k(predictions: Any, targets: Any, k: int, name: str | None = None) -> Tensor:
    """Tell whether a class is among those with the `k` largest predictions.

    Parameters
    ----------
    predictions : Tensor of float32, shape (n_rows, n_classes)
        The predictions. A row with an entry that is not finite gives ``False``.
    targets : Tensor of int32 or int64, shape (n_rows,)
        The classes asked about. All classes that tie for the last place are in.
    k : int
        How many.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool, shape (n_rows,)
    """
    return raw.InTopK(predictions, targets, k=k, name=name)  # type: ignore[no-any-return]
