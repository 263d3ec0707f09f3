"""Operations on variables, against loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from skflow import errors
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import as_dtype, bool_, float32, int32, int64, string
from skflow.graph.functions import state
from skflow.graph.functions.array import placeholder_with_default
from skflow.graph.nodes import Tensor
from skflow.graph.ops.state import NUMBERS
from skflow.graph.registry import raw
from skflow.runtime.session import Session
from tests.interpreter import Interpreter

TABLE = np.arange(6, dtype=np.float32).reshape(3, 2)


Engine: Any = Interpreter


@pytest.fixture(autouse=True, params=[Interpreter, Session], ids=["interpreted", "compiled"])
def engine(request: Any, monkeypatch: Any) -> Any:
    monkeypatch.setitem(globals(), "Engine", request.param)
    with Graph().as_default():
        yield


def refused(session: Any, fetch: Any) -> tuple[type, str]:
    """The class and the sentence of the error that a run ends with."""
    with pytest.raises(errors.OpError) as caught:
        session.run([fetch])
    return type(caught.value), caught.value.message.partition("\n")[0]


def declare(value: Any, shape: Any = ..., name: str = "v") -> tuple[Tensor, Tensor]:
    """A variable's reference, and the tensor that initializes it."""
    value = np.asarray(value)
    ref = raw.VariableV2(
        shape=value.shape if shape is ... else shape, dtype=as_dtype(value.dtype), name=name
    )
    return ref, raw.Assign(ref, constant(value), validate_shape=shape is ..., name=f"{name}_start")


def ran(start: Any, build: Callable[[Tensor], Any]) -> Any:
    """The variable's value after an operation on it; the operation returns the same."""
    ref, initial = declare(start)
    result = build(ref)
    session = Engine()
    session.run([initial])
    (returned,) = session.run([result])
    (value,) = session.run([ref])
    if result.dtype.is_ref_dtype:
        np.testing.assert_array_equal(returned, value)
    return value


def unknown(value: Any, dtype: Any = np.float32) -> Tensor:
    """A tensor whose shape nobody knows before the run."""
    return placeholder_with_default(constant(np.asarray(value, dtype)), None)


def loop(change: Callable[[Any, Any], Any], start: Any, indices: Any, updates: Any) -> Any:
    found = np.array(start)
    for i, update in zip(np.ravel(indices), updates, strict=True):
        found[i] = change(found[i], update)
    return found


SCATTERS = {
    "scatter_update": lambda _, update: update,
    "scatter_add": lambda old, update: old + update,
    "scatter_sub": lambda old, update: old - update,
    "scatter_mul": lambda old, update: old * update,
    "scatter_div": lambda old, update: old / update,
}


# ---- declaring and assigning --------------------------------------------------------------


def test_variable_keeps_its_value_in_a_session() -> None:
    ref, initial = declare([1.0, 2.0])
    one, other = Engine(), Engine()
    one.run([initial])
    np.testing.assert_array_equal(one.run([ref])[0], [1, 2])
    assert refused(other, ref) == (
        errors.FailedPreconditionError,
        "Attempting to use uninitialized value v",
    )


@pytest.mark.parametrize("op", ["VariableV2", "Variable"])
def test_variable_declares_shape_and_reference(op: str) -> None:
    ref = getattr(raw, op)(shape=(None, 3), dtype=float32)
    assert ref.dtype.name == "float32_ref"
    assert ref.get_shape().as_list() == [None, 3]
    assert ref.op.get_attr("shared_name") == ref.op.get_attr("container") == b""


def test_variables_of_one_shared_name_are_one() -> None:
    a = raw.VariableV2(shape=(), dtype=float32, shared_name="both")
    b = raw.VariableV2(shape=(), dtype=float32, shared_name="both")
    session = Engine()
    session.run([raw.Assign(a, 3.0)])
    assert session.run([b]) == [3.0]


def test_is_variable_initialized() -> None:
    ref, initial = declare(1.0)
    known = state.is_variable_initialized(ref)
    session = Engine()
    assert session.run([known])[0].item() is False
    session.run([initial])
    assert session.run([known])[0].item() is True
    assert (known.op.name, known.dtype, known.get_shape().as_list()) == (
        "IsVariableInitialized",
        bool_,
        [],
    )


def test_assign() -> None:
    np.testing.assert_array_equal(ran(TABLE, lambda v: state.assign(v, TABLE + 1)), TABLE + 1)
    np.testing.assert_array_equal(ran(TABLE, lambda v: state.assign_add(v, TABLE)), 2 * TABLE)
    np.testing.assert_array_equal(ran(TABLE, lambda v: state.assign_sub(v, TABLE)), 0 * TABLE)


def test_assign_copies_its_value() -> None:
    start = np.array([1.0, 2.0], np.float32)
    ref, initial = declare(start)
    other, copied = declare(start, name="w")
    session = Engine()
    session.run([initial, copied])
    session.run([raw.Assign(other, raw.Assign(ref, constant([3.0, 4.0])))])
    session.run([state.assign_add(ref, constant([1.0, 1.0]))])
    np.testing.assert_array_equal(session.run([other])[0], [3, 4])


def test_assign_may_change_the_shape() -> None:
    ref, initial = declare(np.array([1, 2], np.float32), shape=None)
    longer = state.assign(ref, constant([1.0, 2.0, 3.0]), validate_shape=False)
    session = Engine()
    session.run([initial])
    session.run([longer])
    np.testing.assert_array_equal(session.run([ref])[0], [1, 2, 3])
    assert longer.get_shape().as_list() == [3]


@pytest.mark.parametrize("dtype", NUMBERS, ids=lambda d: d.name)
def test_assign_add_in_every_type(dtype: Any) -> None:
    start = np.array([1, 2, 3]).astype(dtype.np_dtype)
    added = ran(start, lambda v: state.assign_add(v, constant(start)))
    assert added.dtype == start.dtype
    np.testing.assert_array_equal(added, [2, 4, 6])


def test_assign_strings_and_truth_values() -> None:
    assert ran(np.array([b"a", b"b"], object), lambda v: state.assign(v, ["c", "d"])).tolist() == [
        b"c",
        b"d",
    ]
    assert ran([True], lambda v: state.assign(v, [False])).tolist() == [False]


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda v: state.assign(v, np.ones((3, 3), "f")),
            ValueError,
            (
                "Dimension 1 in both shapes must be equal, but are 2 and 3 for 'Assign' (op: 'Assign') "
                "with input shapes: [3,2], [3,3]."
            ),
        ),
        (
            lambda v: state.assign_add(v, np.ones(3, "f")),
            ValueError,
            (
                "Shapes must be equal rank, but are 2 and 1 for 'AssignAdd' (op: 'AssignAdd') with input "
                "shapes: [3,2], [3]."
            ),
        ),
        (
            lambda v: state.assign(v, constant([1, 2])),
            TypeError,
            (
                "Input 'value' of 'Assign' Op has type int32 that does not match type float32 of "
                "argument 'ref'."
            ),
        ),
        (
            lambda v: state.count_up_to(v, 3),
            TypeError,
            (
                "Value passed to parameter 'ref' has DataType float32 not in list of allowed values: "
                "int32, int64"
            ),
        ),
        (
            lambda v: state.scatter_add(v, [0, 1], np.ones((2, 3), "f")),
            ValueError,
            (
                "Dimension 1 in both shapes must be equal, but are 3 and 2 for 'ScatterAdd' (op: "
                "'ScatterAdd') with input shapes: [3,2], [2], [2,3]."
            ),
        ),
        (
            lambda v: state.scatter_nd_add(v, [[0], [1]], np.ones((2, 3), "f")),
            ValueError,
            (
                "The inner 1 dimensions of ref.shape=[3,2]must match the inner 1 dimensions of "
                "updates.shape=[2,3]: Dimension 0 in both shapes must be equal, but are 2 and 3 for "
                "'ScatterNdAdd' (op: 'ScatterNdAdd') with input shapes: [3,2], [2,1], [2,3]."
            ),
        ),
        (
            lambda v: state.scatter_nd_update(v, 0, np.ones(2, "f")),
            ValueError,
            (
                "Shape must be at least rank 1 but is rank 0 for 'ScatterNdUpdate' (op: "
                "'ScatterNdUpdate') with input shapes: [3,2], [], [2]."
            ),
        ),
    ],
)
def test_mistakes_while_building(build: Any, error: Any, message: str) -> None:
    with pytest.raises(error) as caught:
        build(declare(TABLE)[0])
    assert str(caught.value) == message


def test_assign_needs_a_reference() -> None:
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'assign'"):
        state.assign(constant([1.0]), [2.0])


@pytest.mark.parametrize("dtype", [bool_, string])
def test_only_numbers_are_added(dtype: Any) -> None:
    ref = raw.VariableV2(shape=(1,), dtype=dtype)
    with pytest.raises(TypeError, match="not in list of allowed values: float32, float64, int64"):
        state.assign_add(ref, ref)


# ---- counting -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [int32, int64])
def test_count_up_to(dtype: Any) -> None:
    ref, initial = declare(np.array(3, dtype.np_dtype))
    count = state.count_up_to(ref, 5)
    session = Engine()
    session.run([initial])
    assert [session.run([count])[0].item() for _ in range(2)] == [3, 4]
    assert refused(session, count) == (errors.OutOfRangeError, "Reached limit of 5")
    assert session.run([ref])[0].item() == 5
    assert (count.dtype, count.get_shape().as_list()) == (dtype, [])


# ---- rows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCATTERS)
@pytest.mark.parametrize(
    "indices",
    [[0, 2], [2, 0], [0, 2, 0, 2, 2], [[1], [1]], 1, np.zeros(0, int)],
    ids=["sorted", "unsorted", "repeated", "matrix", "scalar", "none"],
)
@pytest.mark.parametrize("inner", [(2,), (), (2, 3)], ids=str)
def test_scatter_is_a_loop_over_rows(name: str, indices: Any, inner: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    start = rng.integers(1, 9, (3, *inner)).astype(np.float64)
    indices = np.asarray(indices, np.int32)
    updates = rng.integers(1, 5, (*indices.shape, *inner)).astype(np.float64)
    found = ran(start, lambda v: getattr(state, name)(v, constant(indices), constant(updates)))
    rows = updates.reshape(-1, *inner)
    np.testing.assert_allclose(found, loop(SCATTERS[name], start, indices, rows), rtol=1e-15)


@pytest.mark.parametrize("dtype", NUMBERS, ids=lambda d: d.name)
@pytest.mark.parametrize("name", SCATTERS)
def test_scatter_in_every_type(name: str, dtype: Any) -> None:
    start, updates = (np.array(x).astype(dtype.np_dtype) for x in ([8, 6, 4], [2, 3, 2]))
    found = ran(start, lambda v: getattr(state, name)(v, constant([0, 1, 0]), constant(updates)))
    assert found.dtype == start.dtype
    expected = loop(SCATTERS[name], [8.0, 6.0, 4.0], [0, 1, 0], [2.0, 3.0, 2.0])
    modulus = 2 ** (8 * start.itemsize) if dtype.is_unsigned else None
    np.testing.assert_array_equal(found, expected if modulus is None else expected % modulus)


def test_integers_are_divided_towards_zero() -> None:
    start = np.array([7, -7, 7], np.int32)
    found = ran(start, lambda v: state.scatter_div(v, [0, 1, 2], [-2, 2, 2]))
    assert found.tolist() == [-3, -3, 3]
    with pytest.raises(errors.InvalidArgumentError, match="^Integer division by zero"):
        ran(start, lambda v: state.scatter_div(v, [0], [0]))


def test_the_last_update_of_a_row_stays() -> None:
    found = ran(TABLE, lambda v: state.scatter_update(v, [1, 1], [[5.0, 5.0], [6.0, 6.0]]))
    np.testing.assert_array_equal(found[1], [6, 6])


def test_a_variable_may_update_itself() -> None:
    found = ran(TABLE, lambda v: state.scatter_update(v, [2, 1, 0], v))
    np.testing.assert_array_equal(found, TABLE[::-1])
    found = ran(TABLE, lambda v: state.scatter_sub(v, [0, 0, 1], v))
    np.testing.assert_array_equal(found, [[-2, -3], [-2, -2], [4, 5]])


@pytest.mark.parametrize(
    ("indices", "updates", "message"),
    [
        ([0, 3], np.ones((2, 2)), "indices[1] = 3 is not in [0, 3)"),
        ([[0], [-1]], np.ones((2, 1, 2)), "indices[1,0] = -1 is not in [0, 3)"),
        (5, np.ones(2), "indices = 5 is not in [0, 3)"),
        (
            [0, 1],
            np.ones((2, 3)),
            (
                "Must have updates.shape = indices.shape + params.shape[1:], got updates.shape [2,3], "
                "indices.shape [2], params.shape [3,2]"
            ),
        ),
    ],
)
@pytest.mark.parametrize("name", SCATTERS)
def test_mistakes_in_rows(name: str, indices: Any, updates: Any, message: str) -> None:
    ref, initial = declare(TABLE)
    bad = getattr(state, name)(ref, unknown(indices, np.int32), unknown(updates))
    session = Engine()
    session.run([initial])
    assert refused(session, bad) == (errors.InvalidArgumentError, message)
    np.testing.assert_array_equal(session.run([ref])[0], TABLE)


def test_rows_of_a_scalar() -> None:
    with pytest.raises(errors.InvalidArgumentError, match="^params must be at least 1-D, got"):
        ran(np.float32(1), lambda v: state.scatter_add(v, [0], [1.0]))


def test_uninitialized_rows() -> None:
    ref, _ = declare(TABLE)
    assert refused(Engine(), state.scatter_add(ref, [0], [[1.0, 1.0]])) == (
        errors.FailedPreconditionError,
        "Attempting to use uninitialized value v",
    )


# ---- slices -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("scatter_nd_update", lambda _, update: update),
        ("scatter_nd_add", lambda old, update: old + update),
        ("scatter_nd_sub", lambda old, update: old - update),
    ],
)
@pytest.mark.parametrize(
    "indices",
    [[[0], [2], [0]], [[0, 1], [2, 0], [0, 1]], [[[0]], [[1]]], [1], [[]], np.zeros((0, 1), int)],
    ids=["rows", "elements", "matrix", "one", "whole", "none"],
)
def test_scatter_nd_is_a_loop_over_slices(name: str, change: Any, indices: Any) -> None:
    indices = np.asarray(indices, np.int64)
    depth = indices.shape[-1]
    shape = indices.shape[:-1] + TABLE.shape[depth:]
    updates = np.random.default_rng(2).integers(1, 9, shape).astype(np.float32)
    found = ran(TABLE, lambda v: getattr(state, name)(v, constant(indices), constant(updates)))
    expected = TABLE.copy()
    for at, update in (
        zip(indices.reshape(-1, depth), updates.reshape(-1, *TABLE.shape[depth:]), strict=True)
        if depth
        else [((), updates[0])]
    ):
        expected[tuple(at)] = change(expected[tuple(at)], update)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("indices", "updates", "message"),
    [
        ([[0, 1], [2, 5]], np.ones(2), "Invalid indices: [0,1] = [2, 5] is not in [0, 3)"),
        ([[0], [-1]], np.ones((2, 2)), "Invalid indices: [1,0] = [-1] is not in [0, 3)"),
        (
            [[0], [1], [2]],
            np.ones((2, 2)),
            (
                "The outermost dimension of updates and indices must match. Got indices.shape [3,1], "
                "updates.shape [2,2]"
            ),
        ),
        (
            0,
            np.ones(2),
            (
                "The outermost dimension of updates and indices must match. Got indices.shape [], "
                "updates.shape [2]"
            ),
        ),
        (
            [[0], [1]],
            np.ones((2, 3)),
            (
                "Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got "
                "updates.shape: [2,3], indices.shape: [2,1], params_shape: [3,2], slice_dim: 1, and "
                "batch_dim: 1"
            ),
        ),
        (
            [[0, 0, 0]],
            np.ones(1),
            (
                "Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got "
                "updates.shape: [1], indices.shape: [1,3], params_shape: [3,2], slice_dim: 3, and "
                "batch_dim: 1"
            ),
        ),
    ],
)
def test_mistakes_in_slices(indices: Any, updates: Any, message: str) -> None:
    ref, initial = declare(TABLE)
    bad = state.scatter_nd_add(ref, unknown(indices, np.int32), unknown(updates))
    session = Engine()
    session.run([initial])
    assert refused(session, bad) == (errors.InvalidArgumentError, message)
