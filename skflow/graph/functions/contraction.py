"""Sums of products over named or numbered axes: tensordot and einsum."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Sequence
from typing import Any

from skflow import logging
from skflow.graph.conversion import convert
from skflow.graph.dtypes import int32
from skflow.graph.functions._common import cast_if_needed
from skflow.graph.functions.filling import range as range_of
from skflow.graph.functions.joining import concat, stack
from skflow.graph.functions.linalg import matmul
from skflow.graph.functions.reduction import reduce_prod, reduce_sum
from skflow.graph.functions.shapes import expand_dims, rank, reshape, shape, transpose
from skflow.graph.functions.slicing import slice_helper
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope

# ---- tensordot --------------------------------------------------------------------------


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """Sum the products of two tensors over pairs of axes.

    Parameters
    ----------
    a, b : Tensor of numbers
        The factors, of one type.
    axes : int, pair of lists of int, or Tensor of int32 of shape (2, k)
        The number of axes: the last ones of `a` and the first ones of `b`; or the axes of `a`
        and the axes of `b`.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        Its axes are the remaining ones of `a`, then those of `b`.

    Raises
    ------
    ValueError
        If the axes do not fit together.
    IndexError
        If an axis is out of range.
    """
    with name_scope(name, "Tensordot", [a, b, axes]) as scope:
        left, right = convert(a, name="a"), convert(b, name="b")
        left_axes, right_axes = _paired_axes(left, axes)
        left_matrix, left_free, left_static = _as_matrix(left, left_axes, flipped=False)
        right_matrix, right_free, right_static = _as_matrix(right, right_axes, flipped=True)
        found = matmul(left_matrix, right_matrix)
        if isinstance(left_free, list) and isinstance(right_free, list):
            return reshape(found, left_free + right_free, name=scope)
        dims = [convert(d, int32) for d in (left_free, right_free)]
        whole = reshape(found, concat(dims, 0), name=scope)
        if left_static is not None and right_static is not None:
            whole.set_shape(left_static + right_static)
        return whole


def _paired_axes(a: Tensor, axes: Any) -> tuple[Any, Any]:
    """The axes of the first factor and of the second."""
    if isinstance(axes, numbers.Integral):
        count = int(axes)
        if count < 1:
            raise ValueError("'axes' must be at least 1.")
        known = a.spec.rank
        if known is not None:
            return range_of(known - count, known), range_of(count)
        found = rank(a)
        start = raw.Sub(found, count, name="sub")
        return range_of(start, found, dtype=int32), range_of(count, dtype=int32)
    if not isinstance(axes, (list, tuple)):
        both = convert(axes, int32, "axes")
        return slice_helper(both, 0), slice_helper(both, 1)
    if len(axes) != 2:
        raise ValueError("'axes' must be an integer or have length 2.")
    if len(axes[0]) != len(axes[1]):
        raise ValueError(
            f"Different number of contraction axes 'a' and 'b', {len(axes[0])} != {len(axes[1])}."
        )
    return axes[0], axes[1]


def _as_matrix(x: Tensor, axes: Any, flipped: bool) -> tuple[Tensor, Any, list[int | None] | None]:
    """The factor as a matrix that has `axes` as its columns (rows if `flipped`).

    Returns
    -------
    matrix : Tensor
    free : list of int, or Tensor
        The sizes of the axes left.
    static : list of int, or None
        What the graph knows of them.
    """
    static = None
    if x.spec.shape is not None and isinstance(axes, (list, tuple)):
        dims = list(x.spec.shape)
        axes = [a if a >= 0 else a + len(dims) for a in axes]
        left = [i for i in range(len(dims)) if i not in axes]
        static = [dims[i] for i in left]
        known = [d for d in dims if d is not None]
        if len(known) == len(dims):
            free, summed = [known[i] for i in left], [known[i] for i in axes]
            order = _flip(left, axes, flipped)
            moved = transpose(x, [*order[0], *order[1]])
            sizes = _flip(math.prod(free), math.prod(summed), flipped)
            return reshape(moved, list(sizes)), free, static
    return (*_as_matrix_at_run_time(x, axes, flipped), static)


def _flip(free: Any, summed: Any, flipped: bool) -> tuple[Any, Any]:
    return (summed, free) if flipped else (free, summed)


def _as_matrix_at_run_time(x: Tensor, axes: Any, flipped: bool) -> tuple[Tensor, Tensor]:
    dims, order = shape(x), rank(x)
    axes = convert(axes, int32, "axes")
    positive = cast_if_needed(raw.GreaterEqual(axes, 0), int32)
    from_front = raw.Mul(positive, axes, name="mul")
    negative = cast_if_needed(raw.Less(axes, 0), int32)
    from_back = raw.Mul(negative, raw.Add(axes, order, name="add"), name="mul")
    axes = raw.Add(from_front, from_back, name="add")
    free, _ = raw.ListDiff(range_of(order), axes)
    free_dims, summed_dims = raw.Gather(dims, free), raw.Gather(dims, axes)
    free_size, summed_size = reduce_prod(free_dims), reduce_prod(summed_dims)
    # TensorFlow joins the sizes too and uses the result nowhere; later names count on it.
    concat([summed_dims, free_dims], 0)
    permutation = concat(list(_flip(free, axes, flipped)), 0)
    sizes = stack(list(_flip(free_size, summed_size, flipped)))
    return reshape(transpose(x, permutation), sizes), free_dims


# ---- einsum -----------------------------------------------------------------------------


def einsum(equation: str, *inputs: Any) -> Tensor:
    """Sum products of tensors' elements over axes named by letters.

    Parameters
    ----------
    equation : str
        As of `numpy.einsum`, such as ``"ij,jk->ik"``; without ellipses, and no letter may stand
        twice with one input.
    *inputs : Tensor
        The factors, of one type.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the equation is malformed or does not fit the inputs.
    """
    tensors = list(inputs)
    labels, output = _parsed(equation, len(tensors))
    for letter in sorted(set("".join(labels))):
        if sum(letter in label for label in labels) > 2 and letter not in output:
            logging.warn(
                "Falling back to exponential-space implementation of einsum() because index "
                '"%s" is summed over more than two inputs.',
                letter,
            )
            return _einsum_by_broadcasting(labels, output, tensors)
    found, have = tensors[0], labels[0]
    for tensor, label in zip(tensors[1:], labels[1:], strict=True):
        found, have = _einsum_pair(found, have, tensor, label, output)
    summed = [i for i, letter in enumerate(have) if letter not in output]
    if summed:
        found = reduce_sum(found, reduction_indices=summed)
        have = "".join(letter for letter in have if letter in output)
    if sorted(have) != sorted(output):
        raise ValueError(f"Invalid equation: {equation}")
    return transpose(found, [have.index(letter) for letter in output])


def _parsed(equation: str, count: int) -> tuple[list[str], str]:
    """The letters of each input and of the output."""
    if "..." in equation:
        raise ValueError("Subscripts with ellipses are not yet supported.")
    match = re.match("([a-z,]+)(->[a-z]*)?", equation)
    if match is None:
        raise ValueError(f"Indices have incorrect format: {equation}")
    labels = match.group(1).split(",")
    if len(labels) != count:
        raise ValueError(
            f'Got {count} arguments for equation "{equation}", expecting {len(labels)}'
        )
    if match.group(2):
        return labels, match.group(2)[2:]
    letters = "".join(labels)
    return labels, "".join(sorted(s for s in set(letters) if letters.count(s) == 1))


def _einsum_pair(a: Any, a_label: str, b: Any, b_label: str, output: str) -> tuple[Tensor, str]:
    """The product of two factors, summed over what they share and the output lacks."""
    for tensor, label in ((a, a_label), (b, b_label)):
        if len(label) != len(tensor.get_shape()):
            raise ValueError(
                f"The subscript '{label}' has {len(label)} letters, but its input has the shape "
                f"{tensor.get_shape()}"
            )
    common = set(a_label) & set(b_label)
    summed = sorted(common - set(output))
    shared = sorted(common & set(output))
    a_own, b_own = (sorted(set(label) - common) for label in (a_label, b_label))
    a = transpose(a, [a_label.find(s) for s in _ordered(a_label, shared, a_own, summed)])
    b = transpose(b, [b_label.find(s) for s in _ordered(b_label, shared, summed, b_own)])
    if not summed:
        for _ in b_own:
            a = expand_dims(a, -1)
        for _ in a_own:
            b = expand_dims(b, len(shared))
        return raw.Mul(a, b), "".join(shared + a_own + b_own)
    a_dims = _dims(a)
    batch, kept = a_dims[: len(shared)], a_dims[len(shared) : -len(summed)]
    kept_size, inner = _size(kept), _size(a_dims[-len(summed) :])
    a = _reshaped(a, [*batch, kept_size, inner])
    b_dims = _dims(b)
    added = b_dims[len(shared) + len(summed) :]
    b = _reshaped(b, [*b_dims[: len(shared)], inner, _size(added)])
    found = _reshaped(matmul(a, b), [*batch, *kept, *added])
    return found, "".join(shared + a_own + b_own)


def _ordered(label: str, *groups: Sequence[str]) -> list[str]:
    """The letters of one input, group after group, in the alphabet's order within each."""
    return [letter for group in groups for letter in sorted(label) if letter in group]


def _dims(x: Tensor) -> list[Any]:
    """The dimensions: numbers where they are known, else tensors."""
    dims: list[Any] = list(x.spec.shape or ())
    if None in dims:
        at_run_time = shape(x)
        dims = [slice_helper(at_run_time, i) if d is None else d for i, d in enumerate(dims)]
    return dims


def _size(dims: Sequence[Any]) -> Any:
    """The product of dimensions, a number or a tensor."""
    found: Any = 1
    for d in dims:
        found = found * d
    return found


def _reshaped(x: Tensor, dims: Sequence[Any]) -> Tensor:
    """`x` in another shape; itself if it is known to have that shape."""
    return x if list(dims) == list(x.spec.shape or ()) else reshape(x, tuple(dims))


def _einsum_by_broadcasting(labels: list[str], output: str, inputs: Sequence[Any]) -> Tensor:
    """The sum over the product of all inputs, each in the shape of all letters."""
    letters = sorted(set("".join(labels)))
    unknown = set(output) - set(letters)
    if unknown:
        raise ValueError(f"Unknown ouput axes: {unknown}")
    order = [s for s in letters if s not in output] + list(output)
    moved = [
        _in_order(i, x, label, order)
        for i, (x, label) in enumerate(zip(inputs, labels, strict=True))
    ]
    shapes = [_spread(x, label, order) for x, label in zip(moved, labels, strict=True)]
    for j, letter in enumerate(order):
        sizes = {s[j] for s in shapes if s[j] > 1}
        if len(sizes) > 1:
            raise ValueError(f"Dimension mismatch on axis: {letter}")
    product: Any = 1
    for x in [reshape(x, s) for x, s in zip(moved, shapes, strict=True)]:
        product = product * x
    return reduce_sum(product, [j for j, s in enumerate(order) if s not in output])


def _in_order(i: int, x: Tensor, label: str, order: list[str]) -> Tensor:
    """An input with its axes in the order of the letters."""
    if x.spec.rank != len(label):
        raise ValueError(
            f"Input {i} with axes {label} has incorrect number of dimensions (expected "
            f"{len(label)}, got {x.spec.rank})"
        )
    if len(set(label)) != len(label):
        raise ValueError(f"Subscript not supported: an axis appears more than once: {label}")
    wanted = sorted(label, key=order.index)
    if list(label) == wanted:
        return x
    return transpose(x, [label.index(s) for s in wanted])


def _spread(x: Tensor, label: str, order: list[str]) -> list[int]:
    """The shape of an input with an axis for each letter; -1 where it is unknown."""
    dims = iter(x.spec.shape or ())
    return [(next(dims) or -1) if s in label else 1 for s in order]
