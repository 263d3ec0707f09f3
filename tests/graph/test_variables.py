"""Variables: what they build, how they read and change, and how they are written down."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import skflow.graph.serialize
from skflow import errors
from skflow.graph.collections import GraphKeys, get_collection
from skflow.graph.conversion import constant, convert_to_tensor
from skflow.graph.core import Graph, get_default_graph
from skflow.graph.dtypes import float32, float64, int32, int64
from skflow.graph.functions import array, control, linalg, math, state
from skflow.graph.scopes import control_dependencies, name_scope
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variable_sets import global_variables_initializer
from skflow.graph.variables import SliceInfo, Variable
from skflow.runtime.session import Session


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


def value_of(*fetches: Any, feeds: Any = None) -> Any:
    """What tensors are in a session whose variables have just been initialized."""
    with Session() as session:
        session.run(global_variables_initializer())
        found = session.run(list(fetches), feeds)
    return found[0] if len(found) == 1 else found


# ---- building -----------------------------------------------------------------------------


def test_operations_and_names(graph: Graph) -> None:
    v = Variable(3, name="x")
    assert [(op.name, op.type) for op in graph.get_operations()] == [
        ("x/initial_value", "Const"),
        ("x", "VariableV2"),
        ("x/Assign", "Assign"),
        ("x/read", "Identity"),
    ]
    assert (v.name, v.op.name, v.dtype.name) == ("x:0", "x", "int32_ref")
    assert v.initializer.name == "x/Assign"
    assert v.initial_value.name == "x/initial_value:0"
    assert v.value().name == "x/read:0"
    assert (v.graph, v.shape.as_list(), v.get_shape().as_list()) == (graph, [], [])
    assert repr(v) == str(v) == "<tf.Variable 'x:0' shape=() dtype=int32_ref>"


def test_default_names_and_scopes() -> None:
    with name_scope("inside"):
        names = [Variable(0).name, Variable(0).name]
    assert [*names, Variable(0).name] == ["inside/Variable:0", "inside/Variable_1:0", "Variable:0"]


def test_types_follow_the_first_value() -> None:
    assert Variable(1.5).dtype.base_dtype is float32
    assert Variable(np.zeros(2)).dtype.base_dtype is float64
    assert Variable(1, dtype=int64).dtype.base_dtype is int64
    assert Variable(lambda: 2.5, dtype=float64).dtype.base_dtype is float64


def test_collections() -> None:
    kept, mine = Variable(1.0), Variable(2.0, trainable=False, collections=("mine",))
    both = Variable(3.0, collections={"mine"})
    assert get_collection(GraphKeys.GLOBAL_VARIABLES) == [kept]
    assert get_collection("mine") == [mine, both]
    assert get_collection(GraphKeys.TRAINABLE_VARIABLES) == [kept, both]


def test_a_variable_joins_the_collections_of_its_own_graph(graph: Graph) -> None:
    other = Graph()
    with other.as_default():
        start = constant(1.0)
    v = Variable(start)
    assert v.graph is other
    assert other.get_collection(GraphKeys.GLOBAL_VARIABLES) == [v]
    assert graph.get_collection(GraphKeys.GLOBAL_VARIABLES) == []


def test_container_is_recorded(graph: Graph) -> None:
    with graph.container("box"):
        assert Variable(1.0).op.get_attr("container") == b"box"


def test_unknown_shapes(graph: Graph) -> None:
    p = array.placeholder(float32)
    with pytest.raises(ValueError) as caught:
        Variable(p)
    assert str(caught.value) == (
        'initial_value must have a shape specified: Tensor("Placeholder:0", dtype=float32)'
    )
    v = Variable(p, validate_shape=False)
    assert v.get_shape().ndims is None
    v.set_shape([2])
    assert v.get_shape().as_list() == v.value().get_shape().as_list() == [2]
    with Session(graph=graph) as session:
        session.run(v.initializer, {p: [1.0, 2.0]})
        np.testing.assert_array_equal(session.run(v), [1, 2])


@pytest.mark.parametrize("given", [{}, {"initial_value": None}])
def test_a_first_value_is_needed(given: Any) -> None:
    with pytest.raises(ValueError, match=r"^initial_value must be specified\.$"):
        Variable(**given)


def test_collections_must_be_several() -> None:
    with pytest.raises(ValueError, match="^collections argument to Variable constructor must be"):
        Variable(1, collections="mine")


def test_variables_of_a_body_live_outside(graph: Graph) -> None:
    made = []

    def branch() -> Any:
        made.append(Variable(constant(2.0), name="inner") if made else Variable(2.0, name="inner"))
        return made[-1] * 3.0

    p = array.placeholder_with_default(True, ())
    result = control.cond(p, branch, lambda: constant(1.0))
    assert made[0].graph is graph
    assert made[0].name == "cond/inner:0"
    assert value_of(result) == 6.0


# ---- reading ------------------------------------------------------------------------------


def test_uninitialized() -> None:
    v = Variable(3, name="x")
    for fetch in (v, v * 2, v.read_value()):
        with Session() as session, pytest.raises(errors.FailedPreconditionError) as caught:
            session.run(fetch)
        assert caught.value.message.partition("\n")[0] == (
            "Attempting to use uninitialized value x"
        )


def test_sessions_have_values_of_their_own() -> None:
    v = Variable(1.0)
    one, other = Session(), Session()
    for session in (one, other):
        session.run(v.initializer)
    one.run(v.assign_add(1.0))
    assert (one.run(v), other.run(v)) == (2.0, 1.0)
    assert (v.eval(session=one), v.eval(other)) == (2.0, 1.0)


def test_fetched_values_are_copies() -> None:
    v = Variable([1.0, 2.0])
    with Session() as session:
        session.run(v.initializer)
        before = session.run([v, v.value()])
        session.run(v.assign_add([1.0, 1.0]))
        for found in before:
            np.testing.assert_array_equal(found, [1, 2])


def test_a_variable_is_not_iterable() -> None:
    with pytest.raises(TypeError, match="^'Variable' object is not iterable.$"):
        iter(Variable([1, 2]))


def test_initialized_value() -> None:
    v = Variable(1.0)
    twice = Variable(v.initialized_value() * 2.0)
    with Session() as session:
        session.run(twice.initializer)
        assert session.run(twice) == 2.0
        session.run(v.initializer)
        session.run(v.assign(5.0))
        session.run(twice.initializer)
        assert session.run(twice) == 10.0


@pytest.mark.parametrize(
    "name",
    ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge"],
)
def test_binary_operators(name: str) -> None:
    function = getattr(operator, name)
    start = np.array([1.5, -2.0, 4.0], np.float32)
    v = Variable(start)
    found = value_of(function(v, 2.0), function(2.0, v), function(v, v))
    expected = function(start, 2.0), function(2.0, start), function(start, start)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_other_operators() -> None:
    v, m, b = Variable([1.0, -2.0]), Variable([[1.0, 2.0], [3.0, 4.0]]), Variable([True, False])
    found = value_of(-v, abs(v), v[1], m[:, 1], m @ m, ~b, b & b, b | b, b ^ b, True & b)
    expected = [
        [-1, 2],
        [1, 2],
        -2,
        [2, 4],
        [[7, 10], [15, 22]],
        [False, True],
        [True, False],
        [True, False],
        [False, False],
        [True, False],
    ]
    for a, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, wanted)


def test_numpy_leaves_operators_to_the_variable() -> None:
    v = Variable([1.0, 2.0])
    np.testing.assert_array_equal(value_of(np.array([3, 4], np.float32) * v), [3, 8])


def test_conversion() -> None:
    v = Variable([1.0, 2.0], name="v")
    assert convert_to_tensor(v) is v.value()
    assert math.reduce_sum(v).op.inputs[0] is v.value()
    assert linalg.matmul([v], [[1.0], [2.0]]).get_shape().as_list() == [1, 1]
    with pytest.raises(ValueError) as caught:
        convert_to_tensor(v, dtype=int32)
    assert str(caught.value) == (
        "Incompatible type conversion requested to type 'int32' for variable of type 'float32_ref'"
    )


def test_graph_elements(graph: Graph) -> None:
    v = Variable(1.0, name="v")
    assert graph.as_graph_element(v) is graph.get_tensor_by_name("v:0")
    with graph.control_dependencies([v]):
        assert constant(1).op.control_inputs == [v.op]


# ---- changing -----------------------------------------------------------------------------


def test_changes() -> None:
    v, n = Variable([1.0, 2.0, 3.0]), Variable(5)
    rows = IndexedSlices(constant([1.0, 2.0, 4.0]), constant([0, 2, 0]))
    with Session() as session:
        session.run(global_variables_initializer())
        for change, expected in (
            (v.assign([4.0, 5.0, 6.0]), [4, 5, 6]),
            (v.assign_add([1.0, 1.0, 1.0]), [5, 6, 7]),
            (v.assign_sub([5.0, 5.0, 5.0], use_locking=True), [0, 1, 2]),
            (v.scatter_sub(rows), [-5, 1, 0]),
            (v[1:].assign([8.0, 9.0]), [-5, 8, 9]),
        ):
            np.testing.assert_array_equal(session.run(change), expected)
            np.testing.assert_array_equal(session.run(v), expected)
        assert session.run(n.count_up_to(9)) == 5
        assert session.run(n) == 6


def test_scatter_sub_wants_slices() -> None:
    with pytest.raises(ValueError, match=r"^sparse_delta is not IndexedSlices: \[1\.0\]$"):
        Variable([1.0]).scatter_sub([1.0])


def test_changes_must_fit() -> None:
    v = Variable([1.0, 2.0])
    with pytest.raises(ValueError, match="Dimension 0 in both shapes must be equal, but are 2 and"):
        v.assign([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="Input 'value' of 'Assign' Op has type int32 that does"):
        v.assign(constant([1, 2]))


def test_load() -> None:
    v = Variable([1.0, 2.0])
    count = len(get_default_graph().get_operations())
    with pytest.raises(ValueError, match="^Either session argument should be provided or"):
        v.load([3.0, 4.0])
    with Session() as session:
        v.load([3.0, 4.0])
        np.testing.assert_array_equal(session.run(v), [3, 4])
    with Session() as session:
        v.load([5.0, 6.0], session)
        np.testing.assert_array_equal(v.eval(session), [5, 6])
    assert len(get_default_graph().get_operations()) == count


def test_waiting_for_a_value_waits_for_its_change() -> None:
    v = Variable(1.0)
    same = array.reshape(array.identity(state.assign(v, 5.0)), [])
    with control_dependencies([same]):
        after = v.read_value()
    with Session() as session:
        session.run(v.initializer)
        assert session.run(after) == 5.0


# ---- messages -----------------------------------------------------------------------------


def test_message_and_back() -> None:
    with name_scope("s"):
        v = Variable([1.0, 2.0], name="v")
    message = v.to_proto()
    assert skflow.graph.serialize.LATE["message"]("VariableDef").IsInitialized()
    assert (message.variable_name, message.initializer_name, message.snapshot_name) == (
        "s/v:0",
        "s/v/Assign",
        "s/v/read:0",
    )
    again = Variable.from_proto(message)
    assert (again.op, again.initializer, again.value()) == (v.op, v.initializer, v.value())
    assert again.initial_value is v.initial_value
    assert again not in get_collection(GraphKeys.GLOBAL_VARIABLES)


def test_message_with_scopes() -> None:
    with name_scope("s"):
        v = Variable([1.0, 2.0], name="v")
    v._set_save_slice_info(SliceInfo("s/whole", [4], [2], [2]))
    assert v.to_proto(export_scope="other") is None
    message = v.to_proto(export_scope="s")
    assert message.variable_name == "v:0"
    assert message.save_slice_info_def.full_name == "whole"
    again = Variable.from_proto(message, import_scope="s")
    assert again.op is v.op
    place = again._get_save_slice_info()
    assert place is not None
    assert (place.full_name, place.full_shape, place.var_offset, place.var_shape) == (
        "s/whole",
        [4],
        [2],
        [2],
    )
    assert place.spec == "4 2,2"
    assert place.to_proto("nowhere") is None


def test_a_message_and_a_value_exclude_each_other() -> None:
    message = Variable(1.0).to_proto()
    with pytest.raises(ValueError, match="^variable_def and initial_value are mutually exclusive"):
        Variable(2.0, variable_def=message)
