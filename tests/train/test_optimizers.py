"""Each optimizer's path: TensorFlow 1.1.0's for rows of a table, formulas for the later ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.dtypes import float32, int32, int64
from skflow.graph.functions import array, math
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variable_sets import global_variables_initializer
from skflow.graph.variables import Variable
from skflow.runtime.session import Session
from skflow.train.optimizers.adadelta import AdadeltaOptimizer
from skflow.train.optimizers.adagrad import AdagradDAOptimizer, AdagradOptimizer
from skflow.train.optimizers.adam import (
    AdamOptimizer,
    AdamWOptimizer,
    LazyAdamOptimizer,
    NadamOptimizer,
)
from skflow.train.optimizers.ftrl import FtrlOptimizer
from skflow.train.optimizers.gradient_descent import GradientDescentOptimizer
from skflow.train.optimizers.momentum import MomentumOptimizer
from skflow.train.optimizers.proximal import (
    ProximalAdagradOptimizer,
    ProximalGradientDescentOptimizer,
)
from skflow.train.optimizers.rmsprop import RMSPropOptimizer

GOLDEN = Path(__file__).parents[1] / "golden" / "sparse_trajectories.npz"
PENALTIES = {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02}
STRONG = {"l1_regularization_strength": 0.05, "l2_regularization_strength": 0.01}
MAKERS: dict[str, Callable[[Any], Any]] = {
    "GradientDescent": lambda _: GradientDescentOptimizer(0.1),
    "Momentum": lambda _: MomentumOptimizer(0.1, 0.9),
    "Nesterov": lambda _: MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "Adagrad": lambda _: AdagradOptimizer(0.1),
    "AdagradDA": lambda step: AdagradDAOptimizer(0.1, step, **PENALTIES),
    "Adadelta": lambda _: AdadeltaOptimizer(1.0),
    "RMSProp": lambda _: RMSPropOptimizer(0.01, momentum=0.9),
    "RMSPropCentered": lambda _: RMSPropOptimizer(0.01, momentum=0.5, centered=True),
    "Adam": lambda _: AdamOptimizer(0.05),
    "Ftrl": lambda _: FtrlOptimizer(0.1, **PENALTIES),
    "ProximalGradientDescent": lambda _: ProximalGradientDescentOptimizer(0.1, **STRONG),
    "ProximalAdagrad": lambda _: ProximalAdagradOptimizer(0.1, **STRONG),
}


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize("name", MAKERS)
def test_path_of_a_table_equals_tensorflows(name: str) -> None:
    """Eight steps on squares of a few rows of a table, some of them looked up twice."""
    rng = np.random.RandomState(0)
    table = Variable(rng.randn(6, 2).astype(np.float32))
    ids, target = array.placeholder(int32, [None]), array.placeholder(float32, [None, 2])
    loss = math.reduce_sum(math.square(array.gather(table, ids) - target))
    step = Variable(0, trainable=False, dtype=int64)
    train = MAKERS[name](step).minimize(loss, global_step=step)
    found = []
    with Session() as session:
        session.run(global_variables_initializer())
        for _ in range(8):
            n = rng.randint(1, 7)
            session.run(train, {ids: rng.randint(0, 6, n), target: rng.randn(n, 2)})
            found.append(session.run(table))
    np.testing.assert_allclose(found, np.load(GOLDEN)[name], rtol=0, atol=1e-6)


def test_every_path_is_compared() -> None:
    assert set(np.load(GOLDEN).files) == MAKERS.keys()


# ---- Adam's relatives -------------------------------------------------------------------------

RATE, BETA1, BETA2, EPSILON = 0.1, 0.8, 0.9, 1e-3
START = np.array([[1.0, -2.0], [3.0, 4.0], [0.5, 0.25]])
GRADIENTS = np.random.default_rng(5).standard_normal((4, 3, 2))


def ran(optimizer: Any, rows: Any = None) -> Any:
    """The variable after a step for each gradient, or for some rows of each."""
    v = Variable(START)
    given = array.placeholder(v.dtype.base_dtype, [None, 2])
    grad = given if rows is None else IndexedSlices(given, constant(rows))
    train = optimizer.apply_gradients([(grad, v)])
    with Session() as session:
        session.run(global_variables_initializer())
        for gradient in GRADIENTS:
            session.run(train, {given: gradient if rows is None else gradient[: len(rows)]})
        return session.run(v)


def adam_path(rows: Any, step: Callable[..., Any], lazy: bool = False, decay: float = 0.0) -> Any:
    """The same in NumPy; ``step(m, v, g)`` is what the rate multiplies."""
    x, m, v = START.copy(), np.zeros_like(START), np.zeros_like(START)
    for t, gradient in enumerate(GRADIENTS, 1):
        g = np.zeros_like(START)
        g[rows] = gradient[: len(rows)]
        touched = rows if lazy else slice(None)
        x[rows] -= decay * x[rows]
        m[touched] = BETA1 * m[touched] + (1 - BETA1) * g[touched]
        v[touched] = BETA2 * v[touched] + (1 - BETA2) * g[touched] ** 2
        rate = RATE * np.sqrt(1 - BETA2**t) / (1 - BETA1**t)
        moved = rows if lazy or step is look_ahead else slice(None)
        x[moved] -= rate * step(m, v, g)[moved]
    return x


def plain(m: Any, v: Any, g: Any) -> Any:
    del g
    return m / (np.sqrt(v) + EPSILON)


def look_ahead(m: Any, v: Any, g: Any) -> Any:
    return (BETA1 * m + (1 - BETA1) * g) / (np.sqrt(v) + EPSILON)


@pytest.mark.parametrize("rows", [None, [2, 0]], ids=["dense", "rows"])
@pytest.mark.parametrize(
    ("make", "settings"),
    [
        (AdamOptimizer, {"step": plain}),
        (LazyAdamOptimizer, {"step": plain, "lazy": True}),
        (NadamOptimizer, {"step": look_ahead}),
        (lambda *a: AdamWOptimizer(0.01, *a), {"step": plain, "decay": 0.01}),
    ],
    ids=["Adam", "LazyAdam", "Nadam", "AdamW"],
)
def test_adam_and_its_relatives(make: Any, settings: Any, rows: Any) -> None:
    found = ran(make(RATE, BETA1, BETA2, EPSILON), rows)
    expected = adam_path([0, 1, 2] if rows is None else rows, **settings)
    # Hyperparameters are float32 tensors, as in TensorFlow.
    np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_weights_that_do_not_decay() -> None:
    a, b = Variable([1.0, 2.0]), Variable([1.0, 2.0])
    loss = math.reduce_sum(a) + math.reduce_sum(b)
    session_steps = [
        AdamWOptimizer(0.5, 0.0).minimize(loss, decay_var_list=[a]),
        AdamWOptimizer(0.5, 0.0).minimize(loss),
    ]
    with Session() as session:
        session.run(global_variables_initializer())
        session.run(session_steps[0])
        assert [x.tolist() for x in session.run([a, b])] == [[0.5, 1.0], [1.0, 2.0]]
        session.run(session_steps[1])
        assert [x.tolist() for x in session.run([a, b])] == [[0.25, 0.5], [0.5, 1.0]]
    rows = IndexedSlices(constant([1.0]), constant([0]))
    train = AdamWOptimizer(0.5, 0.0).apply_gradients([(rows, a), (rows, b)], decay_var_list=[b])
    with Session() as session:
        session.run(global_variables_initializer())
        session.run(train)
        assert [x.tolist() for x in session.run([a, b])] == [[1.0, 2.0], [0.5, 2.0]]


# ---- mistakes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AdagradOptimizer(0.1, 0.0), "initial_accumulator_value must be positive: 0.0"),
        (
            lambda: AdagradDAOptimizer(0.1, None, -1.0),
            "initial_gradient_squared_accumulator_value must be positive: -1.0",
        ),
        (
            lambda: ProximalAdagradOptimizer(0.1, -2.0),
            "initial_accumulator_value must be positive: -2.0",
        ),
        (
            lambda: FtrlOptimizer(0.1, initial_accumulator_value=0.0),
            "initial_accumulator_value 0.000000 needs to be positive",
        ),
        (
            lambda: FtrlOptimizer(0.1, learning_rate_power=0.5),
            "learning_rate_power 0.500000 needs to be negative or zero",
        ),
        (
            lambda: FtrlOptimizer(0.1, l1_regularization_strength=-1.0),
            "l1_regularization_strength -1.000000 needs to be positive or zero",
        ),
        (
            lambda: FtrlOptimizer(0.1, l2_regularization_strength=-1.0),
            "l2_regularization_strength -1.000000 needs to be positive or zero",
        ),
        (
            lambda: FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=-1.0),
            "l2_shrinkage_regularization_strength -1.000000 needs to be positive or zero",
        ),
    ],
)
def test_mistakes(make: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message
