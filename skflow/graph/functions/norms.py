"""The norms of vectors and matrices."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from skflow.graph.conversion import convert
from skflow.graph.functions.reduction import reduce_max, reduce_sum
from skflow.graph.functions.shapes import squeeze
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope
from skflow.graph.signature import later_keywords

_MATRIX_NORMS = ["euclidean", "fro", 1, np.inf]
_VECTOR_NORMS = ["euclidean", 1, 2, np.inf]


@later_keywords
def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keep_dims: bool = False,
    name: str | None = None,
    *,
    keepdims: bool | None = None,
) -> Tensor:
    """Compute the norms of vectors or matrices.

    Parameters
    ----------
    tensor : Tensor of a floating or complex type
        The vectors or matrices.
    ord : {'euclidean', 'fro', 1, 2, inf} or positive number
        The kind of norm. Matrices have 'euclidean' and 'fro' (the same), 1 and inf; vectors
        have 'euclidean' and p-norms.
    axis : int or pair of int, optional
        The axis of the vectors or the axes of the matrices; by default all elements make one
        vector.
    keep_dims : bool
        Keep the axes, with size 1.
    name : str, optional
        The name of the scope around the operations.
    keepdims : bool, optional
        The later name of `keep_dims`.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the norm or the axes are none of these.
    """
    keep = keep_dims if keepdims is None else keepdims
    axes, of_matrices = _norm_axes(ord, axis)
    with name_scope(name, "norm", [tensor]):
        x = convert(tensor)
        if ord in ("fro", "euclidean", 2):
            found = raw.Sqrt(reduce_sum(raw.Square(x), axes, keep_dims=True))
        else:
            found = _absolute_norm(_abs(x), ord, axes, of_matrices)
        return found if keep else squeeze(found, axes)


def _norm_axes(ord: Any, axis: Any) -> tuple[Any, bool]:
    """The axes as a tuple, and whether they are a matrix's."""
    wrong = "'axis' must be None, an integer, or a tuple of 2 unique integers"
    if isinstance(axis, (tuple, list)) and len(axis) == 2:
        if not all(isinstance(a, int) for a in axis) or axis[0] == axis[1]:
            raise ValueError(wrong)
        if ord not in _MATRIX_NORMS:
            raise ValueError(f"'ord' must be a supported matrix norm in {_MATRIX_NORMS}, got {ord}")
        return tuple(axis), True
    if not (axis is None or isinstance(axis, int)):
        raise ValueError(wrong)
    positive = isinstance(ord, numbers.Real) and float(ord) > 0
    if not positive and ord not in _VECTOR_NORMS:
        raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
    return (None if axis is None else (axis,)), False


def _abs(x: Tensor) -> Tensor:
    if x.dtype.is_complex:
        return raw.ComplexAbs(  # type: ignore[no-any-return]
            x, Tout=x.dtype.real_dtype, name="Abs"
        )
    return raw.Abs(x)  # type: ignore[no-any-return]


def _absolute_norm(sizes: Tensor, ord: Any, axes: Any, of_matrices: bool) -> Tensor:
    """A norm that absolute values determine: 1, infinity or p."""
    first = None if axes is None else axes[0]
    if ord == 1:
        found = reduce_sum(sizes, first, keep_dims=True)
        return reduce_max(found, axes[-1], keep_dims=True) if of_matrices else found
    if ord == math.inf:
        found = reduce_sum(sizes, axes[1], keep_dims=True) if of_matrices else sizes
        return reduce_max(found, first, keep_dims=True)
    total = reduce_sum(raw.Pow(sizes, ord), axes, keep_dims=True)
    return raw.Pow(total, 1.0 / ord)  # type: ignore[no-any-return]
