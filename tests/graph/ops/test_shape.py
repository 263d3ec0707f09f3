"""Shapes that are partly known, and quick kernels that leave mistakes to the plain ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow import errors
from skflow.graph.conversion import constant, convert
from skflow.graph.core import Graph
from skflow.graph.dtypes import DType, float32, int32, int64
from skflow.graph.functions import array
from skflow.graph.nodes import Tensor
from skflow.graph.registry import REGISTRY, raw
from skflow.graph.shapes import TensorShape
from skflow.graph.spec import Spec
from tests.interpreter import Interpreter


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


def some(*shape: int | None) -> Tensor:
    return array.placeholder(float32, shape)


def test_what_shapes_say_of_values() -> None:
    x = some(None, 3)
    assert raw.Shape(x).spec.partial == (None, 3)
    assert raw.Shape(some(2, 3)).spec.value.tolist() == [2, 3]
    assert raw.Size(some(2, 3)).spec.value == 6
    assert raw.Size(x).spec.value is None
    assert raw.Rank(x).spec.value == 2
    assert raw.Rank(array.placeholder(float32)).spec.value is None


def test_shapes_are_put_together_from_parts() -> None:
    n = array.placeholder(int32, [])
    x = some(None, 3)
    assert raw.Pack([n, constant(4)]).spec.partial == (None, 4)
    assert raw.Pack([array.placeholder(int32), constant(4)]).spec.partial == (None, 4)
    assert raw.ConcatV2([raw.Shape(x), constant([5])], 0).spec.partial == (None, 3, 5)
    assert raw.BroadcastArgs(raw.Shape(x), constant([7, 1])).spec.as_shape() == (7, 3)
    assert raw.BroadcastArgs(raw.Shape(x), constant([7, 4])).spec.as_shape() == (None, None)
    assert raw.Pack([constant(1.0)]).spec.partial is None


def test_minus_one_is_no_size() -> None:
    parts = raw.Pack([constant(-1), raw.Size(some(2, 3))])
    assert parts.spec.value.tolist() == [-1, 6]
    assert parts.spec.as_shape() == (None, 6)


@pytest.mark.parametrize(
    ("shape", "target", "expected"),
    [
        ([None, 3], [-1, 3], (None, 3)),
        ([4, 3], [2, -1], (2, 6)),
        ([None, 3], [5, 2], (5, 2)),
        ([0, 3], [0, -1], (0, None)),
        (None, [2, -1], (2, None)),
        ([4], [-1, -1], (None, None)),
    ],
)
def test_reshape_works_out_what_it_can(shape: Any, target: Any, expected: Any) -> None:
    x = array.placeholder(float32, shape)
    assert array.reshape(x, target).spec.shape == expected


@pytest.mark.parametrize(
    ("op", "specs", "attrs"),
    [
        ("Reshape", [Spec(float32, (3,)), Spec(int32, (2,), np.array([2, 2]))], {}),
        ("Transpose", [Spec(float32, (3, 2)), Spec(int32, (2,), np.array([1, 1]))], {}),
        ("ExpandDims", [Spec(float32, (3,)), Spec(int32, (), np.array(5))], {}),
        ("Fill", [Spec(int32, (1,), np.array([-1])), Spec(float32, ())], {}),
        ("Tile", [Spec(float32, (3,)), Spec(int32, (2,), np.array([1, 2]))], {}),
        ("Pad", [Spec(float32, (3,)), Spec(int32, (1, 2), np.array([[1, -1]]))], {}),
        ("ReverseV2", [Spec(float32, (3,)), Spec(int32, (1,), np.array([4]))], {}),
        (
            "Slice",
            [
                Spec(float32, (3,)),
                Spec(int32, (1,), np.array([2])),
                Spec(int32, (1,), np.array([2])),
            ],
            {},
        ),
        (
            "StridedSlice",
            [Spec(float32, (3,)), *[Spec(int32, (1,), np.array([5]))] * 3],
            {
                "begin_mask": 0,
                "end_mask": 0,
                "ellipsis_mask": 0,
                "new_axis_mask": 0,
                "shrink_axis_mask": 1,
            },
        ),
        (
            "StridedSliceGrad",
            [
                Spec(int32, (1,), np.array([3])),
                *[Spec(int32, (1,), np.array([0]))] * 3,
                Spec(float32, (3,)),
            ],
            {
                "begin_mask": 0,
                "end_mask": 0,
                "ellipsis_mask": 0,
                "new_axis_mask": 0,
                "shrink_axis_mask": 0,
            },
        ),
    ],
)
def test_no_quick_kernel_for_a_mistake(op: str, specs: list[Spec], attrs: Any) -> None:
    assert REGISTRY[op].specialize(specs, attrs) is None


def test_views_are_views() -> None:
    value = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    x = some(2, 3)
    outputs = [
        array.reshape(x, [3, 2]),
        array.expand_dims(x, 0),
        array.transpose(x, [1, 0]),
        array.squeeze(array.expand_dims(x, 1)),
        array.identity(x),
    ]
    for found in Interpreter().run(outputs, {x: value}):
        assert np.shares_memory(found, value)


@pytest.mark.parametrize("dtype", [int32, int64])
def test_shapes_convert_to_tensors(dtype: DType) -> None:
    found = convert(TensorShape([2, 3]), dtype)
    assert found.op.name == "shape_as_tensor"
    assert found.dtype is dtype
    assert found.spec.value.tolist() == [2, 3]
    assert convert(TensorShape([2, 3])[1], dtype).spec.value == 3


def test_unknown_shapes_do_not_convert() -> None:
    with pytest.raises(ValueError, match="Cannot convert a partially known TensorShape to a Tens"):
        convert(TensorShape([None]))
    with pytest.raises(ValueError, match="Cannot convert an unknown Dimension to a Tensor"):
        convert(TensorShape([None])[0])
    with pytest.raises(TypeError, match="Cannot convert a TensorShape to dtype"):
        convert(TensorShape([2]), float32)


def test_concat_offset_wants_a_scalar() -> None:
    axis = array.placeholder(int32)
    offsets = raw.ConcatOffset(axis, [[2, 1], [2, 1]])
    with pytest.raises(errors.InvalidArgumentError, match="Concat dim tensor should be a scalar"):
        Interpreter().run(offsets, {axis: [1]})


def test_permutations_are_checked_before_anything_is_moved() -> None:
    perm = array.placeholder(int32, [None])
    inverse = array.invert_permutation(perm)
    for value, sentence in (
        ([0, 2], "2 is not between 0 and 2"),
        ([-1, 0], "-1 is not between 0 and 2"),
        ([1, 1, 0], "1 is duplicated in the input."),
    ):
        with pytest.raises(errors.InvalidArgumentError) as caught:
            Interpreter().run([inverse], {perm: value})
        assert caught.value.message == sentence
