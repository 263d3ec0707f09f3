"""SciPy's optimizers over the variables of a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, float64
from skflow.graph.functions import array, math
from skflow.graph.variable_sets import global_variables_initializer
from skflow.graph.variables import Variable
from skflow.runtime.session import Session
from skflow.train.scipy_optimizer import ExternalOptimizerInterface, ScipyOptimizerInterface


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


@pytest.fixture
def problem() -> Any:
    """Two variables whose best values are known."""
    x = Variable(np.zeros((2, 3)), name="x")
    y = Variable(np.float64(1), name="y")
    target = np.arange(6.0).reshape(2, 3)
    loss = math.reduce_sum(math.square(x - target)) + math.square(y * y - 4.0)
    return x, y, target, loss


def initialized() -> Session:
    session = Session()
    session.run(global_variables_initializer())
    return session


def test_minimum(problem: Any) -> None:
    x, y, target, loss = problem
    optimizer = ScipyOptimizerInterface(loss, options={"maxiter": 100, "gtol": 1e-10})
    session = initialized()
    optimizer.minimize(session)
    np.testing.assert_allclose(session.run(x), target, atol=1e-6)
    assert session.run(y) == pytest.approx(2.0, abs=1e-6)


@pytest.mark.parametrize("method", ["L-BFGS-B", "CG", "BFGS", "SLSQP"])
def test_methods(problem: Any, method: str) -> None:
    x, _, target, loss = problem
    with initialized() as session:
        ScipyOptimizerInterface(loss, method=method).minimize()
        np.testing.assert_allclose(session.run(x), target, atol=1e-3)


def test_only_the_listed_variables_change(problem: Any) -> None:
    x, y, target, loss = problem
    session = initialized()
    ScipyOptimizerInterface(loss, var_list=[x]).minimize(session)
    np.testing.assert_allclose(session.run(x), target, atol=1e-4)
    assert session.run(y) == 1.0


def test_single_precision_and_unused_variables() -> None:
    v, unused = Variable([5.0, -3.0]), Variable([1.0])
    session = initialized()
    ScipyOptimizerInterface(math.reduce_sum(v * v)).minimize(session)
    found = session.run([v, unused])
    assert found[0].dtype == np.float32
    np.testing.assert_allclose(found[0], [0, 0], atol=1e-3)
    assert found[1].tolist() == [1.0]


def test_rows_of_a_table() -> None:
    table = Variable(np.zeros((4, 2)))
    rows = array.gather(table, [1, 3, 1])
    loss = math.reduce_sum(
        math.square(rows - constant([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]], dtype=float64))
    )
    session = initialized()
    ScipyOptimizerInterface(loss).minimize(session)
    np.testing.assert_allclose(session.run(table), [[0, 0], [1, 2], [0, 0], [3, 4]], atol=1e-4)


def test_constraints() -> None:
    v = Variable([7.0, 7.0], dtype=float64)
    loss = math.reduce_sum(math.square(v))
    optimizer = ScipyOptimizerInterface(
        loss, equalities=[v[1] - 1.0], inequalities=[v[0] - 2.0], method="SLSQP"
    )
    session = initialized()
    optimizer.minimize(session)
    np.testing.assert_allclose(session.run(v), [2, 1], atol=1e-6)


def test_bounds(problem: Any) -> None:
    x, y, target, loss = problem
    low = np.array([1.0, 0.0, 0.0])
    optimizer = ScipyOptimizerInterface(loss, var_to_bounds={x: (low, 3.5)})
    session = initialized()
    optimizer.minimize(session)
    np.testing.assert_allclose(session.run(x), np.clip(target, low, 3.5), atol=1e-4)
    assert session.run(y) == pytest.approx(2.0, abs=1e-3)


def test_callbacks_and_feeds() -> None:
    goal = array.placeholder(float32, [])
    v = Variable(1.0)
    loss = math.square(v - goal)
    seen, steps = [], []
    session = initialized()
    ScipyOptimizerInterface(loss).minimize(
        session,
        feed_dict={goal: 3.0},
        fetches=[loss, v],
        step_callback=steps.append,
        loss_callback=lambda *values: seen.append(values),
    )
    assert seen[0] == (4.0, 1.0)
    assert seen[-1][0] == pytest.approx(0.0, abs=1e-6)
    assert steps[-1] == pytest.approx([3.0])
    assert session.run(v) == pytest.approx(3.0)


def test_nothing_changes_before_the_end() -> None:
    v = Variable(1.0)
    loss = math.square(v - 3.0)
    session = initialized()
    during = []
    ScipyOptimizerInterface(loss).minimize(
        session, step_callback=lambda _: during.append(float(session.run(v)))
    )
    assert set(during) == {1.0}
    assert session.run(v) == pytest.approx(3.0)


def test_any_optimizer_from_outside() -> None:
    class Halfway(ExternalOptimizerInterface):
        def _minimize(self, initial_val: Any, loss_grad_func: Any, **rest: Any) -> Any:
            loss, gradient = loss_grad_func(initial_val)
            assert rest["optimizer_kwargs"] == {"rate": 0.25}
            assert loss == np.square(initial_val).sum()
            return initial_val - rest["optimizer_kwargs"]["rate"] * gradient

    v = Variable([4.0, 2.0])
    session = initialized()
    optimizer = Halfway(math.reduce_sum(v * v), rate=0.25)
    optimizer.minimize(session)
    optimizer.minimize(session)
    assert session.run(v).tolist() == [1.0, 0.5]
    with pytest.raises(NotImplementedError, match="^To use ExternalOptimizerInterface, subclass"):
        ExternalOptimizerInterface(math.reduce_sum(v)).minimize(session)
