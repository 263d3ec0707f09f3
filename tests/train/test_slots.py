"""Slots: variables beside variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow.graph.collections import GraphKeys, get_collection
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, float64
from skflow.graph.functions import array
from skflow.graph.initializers import constant_initializer
from skflow.graph.partitioned import fixed_size_partitioner
from skflow.graph.variable_scope import get_variable, get_variable_scope, variable_scope
from skflow.graph.variables import Variable
from skflow.runtime.session import Session
from skflow.train.slots import create_slot, create_slot_with_initializer, create_zeros_slot


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


def test_from_a_tensor() -> None:
    v = Variable([1.0, 2.0], name="v")
    slot = create_slot(v, constant([3.0, 4.0]), "slot")
    assert (slot.name, slot.get_shape().as_list()) == ("v/slot:0", [2])
    assert slot.op.colocation_groups() == [b"loc:@v"]
    assert get_collection(GraphKeys.TRAINABLE_VARIABLES) == [v]
    apart = create_slot(v, constant([3.0, 4.0]), "slot", colocate_with_primary=False)
    assert (apart.name, apart.op.colocation_groups()) == ("v/slot_1:0", [b"loc:@v/slot_1"])


def test_from_an_initializer() -> None:
    v = Variable([1.0, 2.0], name="v")
    slot = create_slot_with_initializer(v, constant_initializer(7), v.get_shape(), float64, "slot")
    with Session() as session:
        session.run(slot.initializer)
        found = session.run(slot)
    assert (found.dtype, found.tolist()) == (np.float64, [7, 7])


def test_zeros() -> None:
    v = Variable([1.0, 2.0], name="v")
    assert create_zeros_slot(v, "a").dtype.base_dtype is float32
    assert create_zeros_slot(v, "b", dtype=float64).dtype.base_dtype is float64
    with variable_scope("scope"):
        assert create_zeros_slot(v, "c").name == "scope/v/c:0"


def test_zeros_of_an_unknown_shape() -> None:
    start = array.placeholder(float32)
    v = Variable(start, validate_shape=False, name="v")
    slot = create_zeros_slot(v, "slot")
    with Session() as session:
        session.run(v.initializer, {start: np.ones((2, 3))})
        # As in TensorFlow, the first value is computed though it is not the one taken.
        session.run(slot.initializer, {start: np.ones(5)})
        np.testing.assert_array_equal(session.run(slot), np.zeros((2, 3)))


def test_slots_of_slices() -> None:
    with variable_scope("a", partitioner=fixed_size_partitioner(2)):
        whole = get_variable("v", [4, 2])
        slots = [create_zeros_slot(part, "slot") for part in whole]
        assert get_variable_scope().partitioner is not None
    assert [s.name for s in slots] == ["a/a/v/part_0/slot:0", "a/a/v/part_1/slot:0"]
    places = [s._get_save_slice_info() for s in slots]
    assert [p.var_offset for p in places if p is not None] == [[0, 0], [2, 0]]
    assert all(p is not None and p.full_shape == [4, 2] for p in places)
