"""Layers: functions that make their variables and apply them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from skflow.graph.collections import GraphKeys
from skflow.graph.functions import math, nn
from skflow.graph.initializers import Initializer, Zeros
from skflow.graph.lazy import LazyModule
from skflow.graph.nodes import Tensor
from skflow.graph.sparse_types import SparseTensor
from skflow.graph.variable_scope import get_variable, variable_scope

if TYPE_CHECKING:
    from skflow.graph.functions import sparse
else:
    sparse = LazyModule("skflow.graph.functions.sparse")

Activation = Callable[[Tensor], Tensor]


def dense(
    inputs: Tensor | SparseTensor,
    units: int,
    activation: Activation | None = None,
    *,
    name: str,
    initializer: Initializer | None = None,
) -> Tensor:
    """A layer in which every unit sees every input.

    Parameters
    ----------
    inputs : Tensor or SparseTensor of shape (n, inputs)
        The rows; their number of columns must be known.
    units : int
        The number of outputs of a row.
    activation : callable, optional
        Applied to the weighted sums.
    name : str
        The variable scope of ``weights`` and ``biases``.
    initializer : Initializer, optional
        Of the weights; by default Glorot's. The biases start at zero.

    Returns
    -------
    Tensor of shape (n, units)

    Notes
    -----
    The weights, not the biases, join the collection ``GraphKeys.WEIGHTS``, which penalties
    are summed over.
    """
    columns = inputs.get_shape()[-1].value
    with variable_scope(name):
        weights = get_variable(
            "weights",
            (columns, units),
            inputs.dtype,
            initializer,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.WEIGHTS],
        )
        biases = get_variable("biases", (units,), inputs.dtype, Zeros(inputs.dtype))
        if isinstance(inputs, SparseTensor):
            products = sparse.sparse_tensor_dense_matmul(inputs, weights)
        else:
            products = math.matmul(inputs, weights)
        sums = nn.bias_add(products, biases)
        return sums if activation is None else activation(sums)
