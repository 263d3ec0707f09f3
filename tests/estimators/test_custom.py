"""Estimators whose graph a function of the user's builds."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import skflow as tf
from skflow.estimators import (
    EstimatorSpec,
    GraphClassifier,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
    ModeKeys,
)
from skflow.estimators.training import _waiting, predictor
from tests.estimators.cases import (
    FRAME,
    THREE,
    TWO,
    X,
    Y,
    outputs,
    values,
)
from tests.estimators.model_functions import (
    CLOSE,
    SHORT,
    hidden,
    plain,
    squares,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_without_a_function_it_is_a_linear_model() -> None:
    for graph, linear, y in [
        (GraphRegressor, LinearRegressor, Y),
        (GraphClassifier, LinearClassifier, THREE),
    ]:
        settings = {**SHORT, "optimizer": "Adam", "l2_regularization_strength": 1.0}
        expected = values(linear(**settings).fit(X, y))
        assert values(graph(**settings).fit(X, y)) == expected


# ---- features -----------------------------------------------------------------------------------


def test_sparse_features_are_sparse_tensors() -> None:
    rows = np.where(np.abs(X) > 0.7, X, 0.0)
    dense = GraphRegressor(model_fn=plain, **SHORT).fit(rows, Y)
    sparse = GraphRegressor(model_fn=plain, **SHORT).fit(csr_array(rows), Y)
    np.testing.assert_allclose(sparse.predict(csr_array(rows)), dense.predict(rows), **CLOSE)
    np.testing.assert_allclose(sparse.predict(rows), dense.predict(rows), **CLOSE)


def with_categories(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """A linear model with a weight for each category."""
    assert set(features) == {"numeric", "codes"}
    assert features["codes"].dtype == tf.int64
    assert features["codes"].get_shape().as_list() == [None, 2]
    dtype = features["numeric"].dtype
    spec = plain(features["numeric"], labels, mode, params)
    found = spec.predictions
    for j, count in enumerate(params["counts"]):
        shape = (count + 1, params["n_outputs"])
        table = tf.get_variable(f"table_{j}", shape, dtype, tf.zeros_initializer(dtype))
        found += tf.nn.embedding_lookup(table, features["codes"][:, j])
    return EstimatorSpec(mode, predictions=found)


def test_categories_come_as_numbers() -> None:
    settings = {**SHORT, "optimizer": "SGD", "learning_rate": 0.1}
    own = GraphRegressor(model_fn=with_categories, params={"counts": (3, 2)}, **settings)
    own.fit(FRAME, Y - Y.mean())
    linear = LinearRegressor(**settings).fit(FRAME, Y - Y.mean())
    np.testing.assert_allclose(own.predict(FRAME), linear.predict(FRAME), rtol=1e-8, atol=1e-10)
    strange = FRAME.assign(size="enormous", color=None)
    np.testing.assert_allclose(own.predict(strange), linear.predict(strange), rtol=1e-8)


def test_the_type_of_the_features_is_kept() -> None:
    model = GraphRegressor(model_fn=hidden, **SHORT).fit(X.astype(np.float32), Y)
    assert model.predict(X.astype(np.float32)).dtype == np.float32
    assert model.get_variable_value("first").dtype == np.float32


# ---- classes that come later --------------------------------------------------------------------


def test_new_classes_get_outputs_of_their_own() -> None:
    model = GraphClassifier(model_fn=hidden, learning_rate=0.05, batch_size=4, random_state=0)
    for _ in range(3):
        model.partial_fit(X[THREE < 2], THREE[THREE < 2])
    before = model.decision_function(X)
    model.set_params(learning_rate=1e-12).partial_fit(X, THREE)
    after = model.decision_function(X)
    np.testing.assert_allclose(after[:, 1] - after[:, 0], before, atol=1e-8)
    assert model.get_variable_value("last").shape == (5, 3)
    for _ in range(8):
        model.set_params(learning_rate=0.05).partial_fit(X, THREE)
    assert model.score(X, THREE) > 0.85


def test_variables_that_cannot_grow_are_told_of() -> None:
    def turned(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        del labels
        weights = tf.get_variable("turned", (params["n_outputs"], 4), features.dtype)
        return EstimatorSpec(mode, predictions=tf.matmul(features, weights, transpose_b=True))

    model = GraphClassifier(model_fn=turned, random_state=0).partial_fit(X, TWO)
    learnt = values(model)
    with pytest.raises(ValueError, match=r"'turned' cannot take new classes: its shape was \(1, 4"):
        model.partial_fit(X, ["maybe"] * 60)
    assert values(model) == learnt
    assert model.classes_.tolist() == ["no", "yes"]


# ---- parameters, copies, caches -----------------------------------------------------------------


def test_parameters_are_passed_on_and_never_changed() -> None:
    def greedy(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        assert params.pop("n_outputs") == 1
        params["list"].append(len(params["list"]))
        assert params["list"] == [7, 1]
        params["n_outputs"] = 1
        return plain(features, labels, mode, params)

    given = {"list": [7], "table": np.arange(3.0)}
    model = GraphRegressor(model_fn=greedy, params=given, **SHORT).fit(X, Y)
    given["list"].append(9)
    model.predict(X)
    assert clone(model).params["list"] == [7, 9]
    assert model.params is given


def test_parameters_are_tuned_by_a_search() -> None:
    model = GraphRegressor(model_fn=hidden, params={"units": 2}, **SHORT)
    choice = [{"units": 3}, {"units": 9}]
    search = GridSearchCV(model, {"params": choice}, cv=2).fit(X, Y)
    assert search.best_params_["params"] in choice
    assert search.best_estimator_.get_variable_value("first").shape[1] in (3, 9)


@pytest.mark.parametrize(
    "model",
    [
        GraphRegressor(model_fn=hidden, params={"units": 3, "table": np.ones(2)}, **SHORT),
        GraphRegressor(model_fn=partial(hidden), **SHORT),
        GraphClassifier(model_fn=hidden, params={"nested": {"deep": [1, 2]}}, **SHORT),
    ],
)
def test_copies_are_the_same(model: Any) -> None:
    y = TWO if isinstance(model, GraphClassifier) else Y
    model.fit(X, y)
    expected = outputs(model, X)
    text = pickle.dumps(model)
    for copied in (copy.deepcopy(model), pickle.loads(text), clone(model).fit(X, y)):
        assert (outputs(copied, X) == expected).all()
        assert values(copied.partial_fit(X, y)) == values(pickle.loads(text).partial_fit(X, y))


@dataclass
class Builder:
    """A function with a setting, which cannot be hashed."""

    power: int

    def __call__(self, features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        return plain(tf.pow(features, self.power), labels, mode, params)


def test_objects_that_can_be_called_will_do() -> None:
    for power in (1, 3):
        model = GraphRegressor(model_fn=Builder(power), **SHORT).fit(X, Y)
        expected = GraphRegressor(model_fn=plain, **SHORT).fit(X**power, Y)
        np.testing.assert_allclose(model.predict(X), expected.predict(X**power), **CLOSE)


def times(number: float) -> Callable[..., EstimatorSpec]:
    """A function that is only told from others of its kind by a number that it remembers."""

    def model_fn(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        factor = number * params.get("factor", 1.0) * np.sum(params.get("table", 1.0))
        return plain(features * factor, labels, mode, params)

    return model_fn


def test_functions_and_parameters_are_told_apart() -> None:
    """Of networks whose variables are alike none predicts for another."""
    function = times(1.0)
    kinds = [
        (function, {}),
        (times(2.0), {}),
        (function, {"factor": 3.0}),
        (function, {"factor": 3.0, "unused": 1}),
        (function, {"table": np.array([1.0, 3.0])}),
        (function, {"table": np.array([2.0, 3.0])}),
        (function, {"table": [np.array([2.0]), np.array([4.0])]}),
    ]
    factors = [1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 6.0]
    models = [GraphRegressor(model_fn=f, params=p, **SHORT).fit(X, Y) for f, p in kinds]
    for model, factor in zip(models, factors, strict=True):
        weights = model.get_variable_value("w")[:, 0], model.get_variable_value("b")[0]
        np.testing.assert_allclose(model.predict(X), factor * X @ weights[0] + weights[1], **CLOSE)
    assert len({id(model.graph_) for model in models}) == len(models)


def test_equal_parameters_share_a_predictor() -> None:
    function = times(1.0)
    models = [
        GraphRegressor(model_fn=function, params={"table": np.ones(2), "a": [1]}, **SHORT)
        for _ in range(2)
    ]
    graphs = [model.fit(X, Y).graph_ for model in models]
    assert graphs[0] is graphs[1]
    built = predictor.cache_info().misses
    for model in models:
        model.predict(X)
    assert predictor.cache_info().misses == built


def test_graphs_of_functions_do_not_wait_for_another_fit() -> None:
    waiting = list(_waiting)
    GraphRegressor(model_fn=plain, **SHORT).fit(X, Y).partial_fit(X, Y)
    GraphRegressor(loss=squares, **SHORT).fit(X, Y).partial_fit(X, Y)
    assert list(_waiting) == waiting
    GraphRegressor(loss="absolute", **SHORT).fit(X, Y)
    assert list(_waiting) != waiting


def test_functions_may_build_something_else_later() -> None:
    factor = 1.0

    def changing(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
        return plain(features * factor, labels, mode, params)

    def check(model: Any, factor: float) -> None:
        weights, bias = model.get_variable_value("w"), model.get_variable_value("b")
        np.testing.assert_allclose(model.predict(X), (factor * X @ weights + bias)[:, 0], **CLOSE)

    first = GraphRegressor(model_fn=changing, **SHORT).fit(X, Y)
    check(first, 1.0)
    factor = 2.0
    second = clone(first).fit(X, Y)
    check(second, 2.0)
    check(first, 1.0)
    factor = 1.0
    assert clone(first).fit(X, Y).graph_ is first.graph_
    with pytest.raises(ValueError, match="With warm_start=True the network must stay the same"):
        second.set_params(warm_start=True).fit(X, Y)


def calling(features: Any, labels: Any, mode: str, params: Any) -> EstimatorSpec:
    """A step of Python in the graph."""
    spec = plain(features, labels, mode, params)
    if mode == ModeKeys.TRAIN:
        return spec
    shown = tf.py_func(np.copy, [spec.predictions], features.dtype)
    return EstimatorSpec(mode, predictions=tf.reshape(shown, [-1, params["n_outputs"]]))


def test_a_step_of_python_in_the_graph_is_no_change() -> None:
    model = GraphRegressor(model_fn=calling, warm_start=True, **SHORT).fit(X, Y)
    graph = model.graph_
    assert (pickle.loads(pickle.dumps(model)).predict(X) == model.predict(X)).all()
    first = model.loss_
    assert model.fit(X, Y).loss_ < first
    assert model.graph_ is graph
