"""Slices by the plain interpreter: writing to one, bounds known late, and shapes cut up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow import errors
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, int32
from skflow.graph.functions import array
from skflow.graph.functions.slicing import slice_helper
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from tests.interpreter import Interpreter


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


def declare(value: Any) -> tuple[Tensor, Tensor]:
    """A variable's reference, and what sets it."""
    start = constant(value)
    ref = raw.VariableV2(shape=start.spec.shape, dtype=start.dtype)
    return ref, raw.Assign(ref, start)


def entries(tensor: Tensor) -> Any:
    return tensor.spec.partial or tensor.spec.value.reshape(-1).tolist()


def test_assign_to_a_slice() -> None:
    ref, start = declare([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    written = slice_helper(raw.Identity(ref), (slice(None, None, 2), 1), ref).assign([7.0, 8.0])
    assert written.dtype is float32.as_ref
    assert written.spec.shape == (3, 2)
    session = Interpreter()
    session.run([start])
    assert session.run([written])[0].tolist() == [[1, 7], [3, 4], [5, 8]]
    assert session.run([ref])[0].tolist() == [[1, 7], [3, 4], [5, 8]]


def test_assign_does_not_broadcast() -> None:
    ref, start = declare([[1.0, 2.0]])
    session = Interpreter()
    session.run([start])
    part = slice_helper(raw.Identity(ref), 0, ref)
    with pytest.raises(errors.UnimplementedError) as caught:
        session.run([part.assign(3.0)])
    assert caught.value.message == (
        "sliced l-value shape [2] does not match r-value shape []. "
        "Automatic broadcasting not yet implemented."
    )
    assert session.run([ref])[0].tolist() == [[1, 2]]


def test_only_slices_of_variables_can_be_assigned_to() -> None:
    part = slice_helper(constant([1.0]), 0)
    with pytest.raises(ValueError, match="Sliced assignment is only supported for variables"):
        part.assign(2.0)
    assert not hasattr(constant(1.0), "assign")


def test_pieces_of_shapes_are_known() -> None:
    x = array.placeholder(float32, [None, 3, 4])
    dims = array.shape(x)
    assert entries(slice_helper(dims, slice(1, None))) == [3, 4]
    assert entries(slice_helper(dims, slice(None, 2))) == (None, 3)
    assert entries(slice_helper(dims, slice(None, None, -1))) == (4, 3, None)
    assert entries(slice_helper(dims, -1)) == [4]
    assert entries(array.slice(dims, [1], [2])) == [3, 4]
    assert entries(array.slice(dims, [0], [-1])) == (None, 3, 4)
    assert slice_helper(dims, 0).spec.value is None


def test_a_slice_beyond_the_end_of_a_shape_is_left_to_the_run() -> None:
    dims = array.shape(array.placeholder(float32, [None, 3]))
    at = array.placeholder_with_default(constant(5), [])
    assert slice_helper(dims, at).spec.value is None
    with pytest.raises(ValueError, match="slice index 5 of dimension 0 out of bounds"):
        slice_helper(dims, 5)


def test_gradients_may_be_of_another_index_type() -> None:
    x = array.placeholder(float32, [None, 2])
    part = array.slice(x, constant(np.array([1, 0])), constant(np.array([1, 2])))
    (dx, _, _) = part.op.definition.grad(part.op, raw.Identity(part))
    found = Interpreter().run([dx], {x: [[1, 2], [3, 4], [5, 6]]})[0]
    assert found.tolist() == [[0, 0], [3, 4], [0, 0]]


@pytest.mark.parametrize("op", ["Slice", "StridedSlice"])
def test_what_was_cut_out_is_a_copy(op: str) -> None:
    value = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    x = array.placeholder(float32, [2, 3])
    bounds = ([0, 0], [2, 3]) if op == "Slice" else ([0, 0], [2, 3], [1, 1])
    found = Interpreter().run([getattr(raw, op)(x, *bounds)], {x: value})[0]
    assert not np.shares_memory(found, value)


def test_bounds_of_different_lengths_are_refused_in_the_run() -> None:
    x, begin = array.placeholder(float32, [2]), array.placeholder(int32)
    part = array.strided_slice(x, begin, begin, [1])
    with pytest.raises(errors.InvalidArgumentError) as caught:
        Interpreter().run([part], {x: [1, 2], begin: [0, 0]})
    assert caught.value.message == (
        "Expected begin, end, and strides to be 1D equal size tensors, "
        "but got shapes [2],[2],[1] instead."
    )
