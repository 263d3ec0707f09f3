"""Variables kept in slices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow.graph.conversion import constant, convert_to_tensor
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, float64, int32, string
from skflow.graph.functions import math
from skflow.graph.initializers import (
    constant_initializer,
    ones_initializer,
    uniform_unit_scaling_initializer,
)
from skflow.graph.partitioned import (
    PartitionedVariable,
    PartitionInfo,
    fixed_size_partitioner,
    min_max_variable_partitioner,
    slices_of,
    variable_axis_size_partitioner,
)
from skflow.graph.shapes import TensorShape
from skflow.graph.variable_scope import get_variable, variable_scope
from skflow.graph.variable_sets import global_variables, global_variables_initializer
from skflow.graph.variable_store import AUTO_REUSE
from skflow.graph.variables import SliceInfo, Variable
from skflow.runtime.session import Session


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


def value_of(fetch: Any) -> Any:
    with Session() as session:
        session.run(global_variables_initializer())
        return session.run(fetch)


def test_a_variable_in_slices() -> None:
    start = np.arange(14, dtype=np.float32).reshape(7, 2)
    v = get_variable("v", initializer=constant(start), partitioner=fixed_size_partitioner(3))
    assert [x.name for x in v] == ["v/part_0:0", "v/part_1:0", "v/part_2:0"]
    assert [x.get_shape().as_list() for x in v] == [[3, 2], [2, 2], [2, 2]]
    assert [x._get_save_slice_info().spec for x in v] == [
        "7 2 0,3:0,2",
        "7 2 3,2:0,2",
        "7 2 5,2:0,2",
    ]
    assert (len(v), v.name, v.dtype, v.shape.as_list(), v.get_shape().as_list()) == (
        3,
        "v",
        float32,
        [7, 2],
        [7, 2],
    )
    np.testing.assert_array_equal(value_of(convert_to_tensor(v)), start)
    np.testing.assert_array_equal(value_of(math.reduce_sum(v, 0)), start.sum(0))
    assert global_variables() == list(v)


def test_every_kind_of_first_value() -> None:
    three = fixed_size_partitioner(3)
    made = [
        get_variable("list", [4], initializer=[1.0, 2.0, 3.0, 4.0], partitioner=three),
        get_variable("ones", [4], initializer=ones_initializer(), partitioner=three),
        get_variable("int", [4], dtype=int32, partitioner=three),
        get_variable(
            "unit", [100], initializer=uniform_unit_scaling_initializer(), partitioner=three
        ),
        get_variable(
            "whole",
            [4, 2],
            initializer=constant_initializer(5),
            partitioner=fixed_size_partitioner(1),
        ),
    ]
    found = [value_of(v.as_tensor()) for v in made]
    np.testing.assert_array_equal(found[0], [1, 2, 3, 4])
    np.testing.assert_array_equal(found[1], np.ones(4))
    np.testing.assert_array_equal(found[2], np.zeros(4, np.int32))
    assert np.abs(found[3]).max() > 1
    np.testing.assert_array_equal(found[4], np.full((4, 2), 5))
    assert len(made[4]) == 1


def test_slices_are_scaled_like_the_whole() -> None:
    first = get_variable("v", [10_000, 2], partitioner=fixed_size_partitioner(10))
    found = value_of(first.as_tensor())
    assert np.abs(found).max() < np.sqrt(6 / 10_002)


def test_scalars_are_never_in_slices() -> None:
    with variable_scope("a", partitioner=fixed_size_partitioner(2)):
        assert isinstance(get_variable("v", []), Variable)


def test_sharing() -> None:
    two = fixed_size_partitioner(2)
    with variable_scope("a", partitioner=two):
        v = get_variable("v", [4])
        with pytest.raises(ValueError, match="^Partitioned variable with name a/v already exists"):
            get_variable("v", [4])
    with variable_scope("a", reuse=True):
        assert get_variable("v") is v
        assert get_variable("v", [4], partitioner=two) is v
        for given, message in (
            ({"shape": [5]}, "specified shape (5,) and found shape (4,)."),
            ({"dtype": float64}, "specified dtype float64 and found dtype float32."),
            (
                {"shape": [4], "partitioner": fixed_size_partitioner(3)},
                "specified partitions [3] and found partitions [2].",
            ),
        ):
            with pytest.raises(ValueError) as caught:
                get_variable("v", **given)
            assert str(caught.value) == f"Trying to reuse partitioned variable a/v, but {message}"
        with pytest.raises(ValueError, match="^PartitionedVariable a/w does not exist, or was not"):
            get_variable("w", [4], partitioner=two)
    with variable_scope("a", reuse=AUTO_REUSE, partitioner=two):
        assert get_variable("v", [4]) is v
        assert get_variable("u", [4]) is get_variable("u", [4])


def test_whole_and_sliced_variables_of_one_name() -> None:
    two = fixed_size_partitioner(2)
    get_variable("v", [4], partitioner=two)
    get_variable("w", [4])
    with pytest.raises(ValueError, match="^No partitioner was provided, but a partitioned version"):
        get_variable("v", [4])
    with pytest.raises(ValueError, match="^A partitioner was provided, but an unpartitioned versi"):
        get_variable("w", [4], partitioner=two)


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (lambda **_: 3, "Partitioner must return a sequence, but saw: 3"),
        (
            lambda **_: [2],
            "Partitioner returned a partition list that does not match the Variable's rank",
        ),
        (lambda **_: [0, 1], "Partitioner returned zero partitions for some axes: [0, 1]"),
        (
            lambda **_: [2, 2],
            ("Can only slice a variable along one dimension: shape: [4, 3], slicing: [2, 2]"),
        ),
        (lambda **_: [5, 1], "Cannot create 5 slices for size 4. shape: [4, 3], slicing: [5, 1]"),
    ],
)
def test_mistakes_of_partitioners(cut: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        get_variable("v", [4, 3], partitioner=cut)
    assert str(caught.value).startswith(message)


def test_shapes_must_be_known() -> None:
    with pytest.raises(ValueError, match=r"must be fully defined, but instead was \(\?, 2\)\.$"):
        get_variable("v", [None, 2], partitioner=fixed_size_partitioner(2))


def test_no_reference() -> None:
    v = get_variable("v", [4], partitioner=fixed_size_partitioner(2))
    with pytest.raises(NotImplementedError, match="^assign\\(\\) has not been implemented"):
        v.assign([1.0])
    with pytest.raises(ValueError, match="^Incompatible type conversion requested to type 'int32'"):
        convert_to_tensor(v, dtype=int32)


def test_two_axes() -> None:
    parts = [Variable(np.full((1, 1), i)) for i in range(4)]
    for i, part in enumerate(parts):
        part._set_save_slice_info(SliceInfo("w", [2, 2], [i // 2, i % 2], [1, 1]))
    v = PartitionedVariable("w", TensorShape([2, 2]), float64, parts[::-1], [2, 2])
    assert all(x is y for x, y in zip(v, parts, strict=True))
    with pytest.raises(ValueError, match="^Cannot get a length for 2 > 1 partition axes$"):
        len(v)
    with pytest.raises(NotImplementedError, match="^Cannot concatenate along more than one dimen"):
        v.as_tensor()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"variable_list": 3}, TypeError, "variable_list is not a list or tuple: 3"),
        ({"partitions": 3}, TypeError, "partitions is not a list or tuple: 3"),
        ({"partitions": [0]}, ValueError, "partition values must be positive: [0]"),
        ({"variable_list": []}, ValueError, "variable_list may not be empty"),
        ({"partitions": [1, 1]}, ValueError, "len(shape) != len(partitions): (2,) vs. [1, 1]"),
        ({"shape": TensorShape([3])}, ValueError, "All variables' full shapes must match shape"),
    ],
)
def test_mistakes_in_the_constructor(change: Any, error: Any, message: str) -> None:
    part = Variable([1.0, 2.0])
    part._set_save_slice_info(SliceInfo("w", [2], [0], [2]))
    given = {
        "name": "w",
        "shape": TensorShape([2]),
        "dtype": float32,
        "variable_list": [part],
        "partitions": [1],
    }
    with pytest.raises(error) as caught:
        PartitionedVariable(**(given | change))
    assert str(caught.value).startswith(message)


def test_slices_need_their_place() -> None:
    with pytest.raises(ValueError, match="^All variables must have a save_slice_info available"):
        PartitionedVariable("w", TensorShape([2]), float32, [Variable([1.0, 2.0])], [1])


def test_slices_of() -> None:
    assert slices_of([7, 2], [3, 1]) == [([0, 0], [3, 2]), ([3, 0], [2, 2]), ([5, 0], [2, 2])]
    assert slices_of([2, 4], [1, 2]) == [([0, 0], [2, 2]), ([0, 2], [2, 2])]
    assert slices_of([2], [1]) == [([0], [2])]


def test_partitioners() -> None:
    shape = TensorShape([100, 4])
    assert fixed_size_partitioner(200)(shape=shape, dtype=float32) == [100, 1]
    assert variable_axis_size_partitioner(160)(shape=shape, dtype=float32) == [10, 1]
    assert variable_axis_size_partitioner(160)(shape=shape, dtype=string) == [50, 1]
    assert variable_axis_size_partitioner(160, max_shards=3)(shape=shape, dtype=float64) == [3, 1]
    assert variable_axis_size_partitioner(1, axis=1)(shape=shape, dtype=float32) == [1, 4]
    assert min_max_variable_partitioner(8, min_slice_size=400)(shape=shape, dtype=float32) == [4, 1]
    assert min_max_variable_partitioner(2, min_slice_size=400)(shape=shape, dtype=float32) == [2, 1]
    assert min_max_variable_partitioner()(shape=shape, dtype=string) == [1, 1]
    with pytest.raises(ValueError, match="^Both max_shard_bytes and bytes_per_string_element"):
        variable_axis_size_partitioner(0)
    with pytest.raises(ValueError, match="^max_shards must be positive"):
        variable_axis_size_partitioner(1, max_shards=-1)
    with pytest.raises(ValueError, match="^Can not partition variable along axis 2"):
        min_max_variable_partitioner(axis=2)(shape=shape, dtype=float32)
    with pytest.raises(ValueError, match="^shape is not fully defined"):
        fixed_size_partitioner(2)(shape=TensorShape([None, 2]), dtype=float32)


def test_partition_info() -> None:
    info = PartitionInfo([4, 6], [0, 3])
    assert info.single_slice_dim([4, 2]) == 1
    assert info.single_offset([4, 2]) == 3
    assert PartitionInfo([4, 6], [0, 0]).single_offset([4, 6]) == 0
    with pytest.raises(ValueError, match="slice dim could be either dimension 1 or 0"):
        info.single_slice_dim([2, 2])
    with pytest.raises(ValueError, match="would exceed self.full_shape"):
        info.single_slice_dim([4, 4])
    with pytest.raises(ValueError, match="^Expected equal length"):
        info.single_slice_dim([4])
