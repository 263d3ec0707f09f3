"""What all optimizers share: gradients, slots, names, and mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow.graph.collections import GraphKeys, get_collection
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import float16, float32, float64, int32, int64
from skflow.graph.functions import array, math
from skflow.graph.scopes import name_scope
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variable_sets import global_variables, global_variables_initializer
from skflow.graph.variables import Variable
from skflow.runtime.session import Session
from skflow.train.optimizer import Optimizer
from skflow.train.optimizers.adam import AdamOptimizer
from skflow.train.optimizers.gradient_descent import GradientDescentOptimizer
from skflow.train.optimizers.momentum import MomentumOptimizer


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


def initialized() -> Session:
    session = Session()
    session.run(global_variables_initializer())
    return session


# ---- minimizing -----------------------------------------------------------------------------


@pytest.mark.parametrize("gate", [Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH])
def test_a_step(gate: int) -> None:
    v, w = Variable([1.0, 2.0]), Variable(3.0)
    step = Variable(0, trainable=False)
    loss = math.reduce_sum(v * v) * w
    train = GradientDescentOptimizer(0.1).minimize(loss, step, gate_gradients=gate)
    session = initialized()
    session.run(train)
    np.testing.assert_allclose(session.run(v), [1 - 0.1 * 6, 2 - 0.1 * 12], rtol=1e-6)
    np.testing.assert_allclose(session.run(w), 3 - 0.1 * 5, rtol=1e-6)
    assert session.run(step) == 1


@pytest.mark.parametrize("dtype", [float16, float32, float64])
def test_every_float_type(dtype: Any) -> None:
    v = Variable([1.0, 2.0], dtype=dtype)
    loss = math.reduce_sum(v * v)
    optimizers = [GradientDescentOptimizer(0.25), MomentumOptimizer(0.25, 0.5)]
    session_steps = [o.minimize(loss) for o in optimizers]
    session = initialized()
    for step in session_steps:
        session.run(v.initializer)
        session.run(step)
        found = session.run(v)
        assert found.dtype == dtype.as_numpy_dtype
        np.testing.assert_array_equal(found, [0.5, 1.0])


def test_only_the_listed_variables_change() -> None:
    v, w = Variable(1.0), Variable(1.0)
    train = GradientDescentOptimizer(0.1).minimize(v * w, var_list={"b": [w], "a": ()})
    session = initialized()
    session.run(train)
    assert session.run([v, w]) == [1.0, np.float32(0.9)]


def test_gradients_may_be_changed_on_the_way() -> None:
    v, w, alone = Variable(3.0), Variable(4.0), Variable(5.0)
    optimizer = GradientDescentOptimizer(1.0)
    pairs = optimizer.compute_gradients(v * 2.0 + w * 3.0)
    assert [(None if g is None else 1, x) for g, x in pairs] == [(1, v), (1, w), (None, alone)]
    train = optimizer.apply_gradients([(g if g is None else -g, x) for g, x in pairs])
    session = initialized()
    session.run(train)
    assert session.run([v, w, alone]) == [5.0, 7.0, 5.0]


def test_gradients_may_be_numbers() -> None:
    v = Variable([1.0, 2.0])
    train = GradientDescentOptimizer(0.5).apply_gradients([(np.float32([2, 4]), v)])
    session = initialized()
    session.run(train)
    assert session.run(v).tolist() == [0.0, 0.0]


def test_grad_loss() -> None:
    v = Variable([1.0, 2.0])
    train = GradientDescentOptimizer(1.0).minimize(v * 1.0, grad_loss=constant([1.0, 0.5]))
    session = initialized()
    session.run(train)
    assert session.run(v).tolist() == [0.0, 1.5]


def test_rates_may_change_from_step_to_step() -> None:
    rate = array.placeholder(float32, [])
    v = Variable(1.0, dtype=float64)
    train = GradientDescentOptimizer(rate).minimize(v * 1.0)
    session = initialized()
    session.run(train, {rate: 0.25})
    session.run(train, {rate: 0.5})
    assert session.run(v) == 0.25


# ---- rows -----------------------------------------------------------------------------------


def test_rows_of_a_gradient_add_up() -> None:
    v = Variable(np.ones((3, 2), np.float32))
    slices = IndexedSlices(constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), constant([2, 0, 2]))
    session_steps = [
        o.apply_gradients([(slices, v)])
        for o in (GradientDescentOptimizer(1.0), MomentumOptimizer(1.0, 0.9))
    ]
    session = initialized()
    for step in session_steps:
        session.run(v.initializer)
        session.run(step)
        np.testing.assert_array_equal(session.run(v), [[-2, -3], [1, 1], [-5, -7]])


def test_a_lookup_changes_the_rows_it_took() -> None:
    v = Variable(np.ones((1000, 2), np.float32))
    ids = array.placeholder(int32, [None])
    loss = math.reduce_sum(array.gather(v, ids))
    optimizer = MomentumOptimizer(1.0, 0.5)
    ((grad, _),) = optimizer.compute_gradients(loss)
    assert isinstance(grad, IndexedSlices)
    train = optimizer.apply_gradients([(grad, v)])
    session = initialized()
    session.run(train, {ids: [7, 9, 7]})
    session.run(train, {ids: [7]})
    found = session.run(v)
    assert found[7].tolist() == [1 - 2 - 2, -3]
    assert found[9].tolist() == [0, 0]
    assert (np.delete(found, [7, 9], axis=0) == 1).all()


# ---- slots and names ------------------------------------------------------------------------


def test_slots() -> None:
    v, w = Variable([1.0, 2.0], name="v"), Variable(1.0, name="w")
    optimizer = AdamOptimizer()
    assert optimizer.get_slot_names() == []
    assert optimizer.get_slot(v, "m") is None
    optimizer.minimize(math.reduce_sum(v), var_list=[v])
    assert optimizer.get_slot_names() == ["m", "v"]
    slot = optimizer.get_slot(v, "m")
    assert slot is not None
    assert (slot.name, slot.get_shape().as_list()) == ("v/Adam:0", [2])
    assert optimizer.get_slot(w, "m") is None
    before = len(global_variables())
    optimizer.minimize(math.reduce_sum(v) * 2.0, var_list=[v])
    assert len(global_variables()) == before
    assert optimizer.get_slot(v, "m") is slot
    assert [x.name for x in get_collection(GraphKeys.TRAINABLE_VARIABLES)] == ["v:0", "w:0"]


def test_one_optimizer_for_several_graphs() -> None:
    optimizer = AdamOptimizer(0.1)
    for _ in range(2):
        with Graph().as_default():
            v = Variable(1.0, name="v")
            train = optimizer.minimize(v * 1.0)
            session = initialized()
            session.run(train)
            assert session.run(v) == pytest.approx(0.9)


def test_names() -> None:
    v, step = Variable(1.0, name="v"), Variable(0, name="step", dtype=int64)
    with name_scope("outer"):
        plain = MomentumOptimizer(0.1, 0.9).minimize(v * v, var_list=[v])
    counted = MomentumOptimizer(0.1, 0.9, name="Own").minimize(v * v, step, [v], name="train")
    assert (plain.name, plain.type) == ("outer/Momentum", "NoOp")
    assert (counted.name, counted.type) == ("train", "AssignAdd")
    assert counted.inputs[0] is step.op.outputs[0]
    # The 1 that is added waits for the updates, as in TensorFlow.
    assert [op.name for op in counted.inputs[1].op.control_inputs] == ["train/update"]
    assert get_collection(GraphKeys.TRAIN_OP) == [plain, counted]
    assert MomentumOptimizer(0.1, 0.9, name="Own").get_name() == "Own"


def test_users_own_optimizer() -> None:
    class Signs(Optimizer):
        def __init__(self) -> None:
            super().__init__(False, "Signs")

        def _apply_dense(self, grad: Any, var: Any) -> Any:
            return var.assign_sub(math.sign(grad))

    v = Variable([5.0, -5.0])
    train = Signs().minimize(math.reduce_sum(v * v))
    session = initialized()
    session.run(train)
    assert session.run(v).tolist() == [4.0, -4.0]
    with pytest.raises(NotImplementedError):
        Optimizer(False, "nothing").minimize(math.reduce_sum(v))
    with pytest.raises(NotImplementedError):
        Signs().apply_gradients([(IndexedSlices(constant([1.0]), constant([0])), v)])


# ---- mistakes -------------------------------------------------------------------------------


def test_no_variables() -> None:
    with pytest.raises(ValueError, match=r"^No variables to optimize\.$"):
        GradientDescentOptimizer(0.1).minimize(array.placeholder(float32))
    with pytest.raises(ValueError, match=r"^No variables provided\.$"):
        GradientDescentOptimizer(0.1).apply_gradients([])


def test_no_gradients() -> None:
    v = Variable(1.0, name="v")
    with pytest.raises(ValueError) as caught:
        GradientDescentOptimizer(0.1).minimize(constant(2.0) * 2)
    assert str(caught.value) == (
        "No gradients provided for any variable, check your graph for ops that do not support "
        "gradients, between variables [\"<tf.Variable 'v:0' shape=() dtype=float32_ref>\"] and "
        'loss Tensor("mul:0", shape=(), dtype=float32).'
    )
    with pytest.raises(ValueError, match=r"^No gradients provided for any variable: \["):
        GradientDescentOptimizer(0.1).apply_gradients([(None, v)])


def test_types() -> None:
    v = Variable(1, name="v")
    with pytest.raises(ValueError) as caught:
        GradientDescentOptimizer(0.1).minimize(v * v)
    assert str(caught.value) == (
        "Invalid type tf.int32 for mul:0, expected: [tf.float32, tf.float64, tf.float16]."
    )
    with pytest.raises(NotImplementedError, match="Trying to optimize unsupported type"):
        GradientDescentOptimizer(0.1).minimize(constant(1.0) * 2.0, var_list=[constant(1.0)])
    with pytest.raises(TypeError, match="^Gradient must be convertible to a Tensor or IndexedSlic"):
        GradientDescentOptimizer(0.1).apply_gradients([(object(), v)])


def test_gates() -> None:
    with pytest.raises(ValueError, match="^gate_gradients must be one of: .* Not 7$"):
        GradientDescentOptimizer(0.1).compute_gradients(constant(1.0), gate_gradients=7)


def test_an_optimizer_has_a_name() -> None:
    with pytest.raises(ValueError, match="^Must specify the optimizer name$"):
        GradientDescentOptimizer(0.1, name="")
