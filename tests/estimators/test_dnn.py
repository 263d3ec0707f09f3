"""Networks of dense layers: their steps by hand, their layers, their embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import train_test_split

import skflow as tf
from skflow.estimators import DNNClassifier, DNNRegressor
from skflow.estimators.networks import ACTIVATIONS, embedding_sizes

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, size=(300, 3))
Y = np.sin(3 * X[:, 0]) * X[:, 1] + 0.5 * X[:, 2] + RNG.normal(0, 0.05, 300)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def model(**settings: Any) -> DNNRegressor:
    settings = {"hidden_units": (20,), "learning_rate": 0.01, "random_state": 0, **settings}
    return DNNRegressor(**settings)


def forward(fitted: Any, x: Any, activate: Any = lambda v: np.maximum(v, 0)) -> Any:
    """The outputs of a network, written by hand."""
    for weights, biases in zip(fitted.coefs_[:-1], fitted.intercepts_[:-1], strict=True):
        x = activate(x @ weights + biases)
    return x @ fitted.coefs_[-1] + fitted.intercepts_[-1]


def by_hand(start: DNNRegressor, batches: list[Any], rate: float, l2: float) -> list[Any]:
    """Gradient descent on a network with one layer of rectifiers, written by hand."""
    (first, last), (hidden, top) = start.coefs_, start.intercepts_
    for rows in batches:
        x, y = X[rows], Y[rows, None]
        sums = x @ first + hidden
        values = np.maximum(sums, 0)
        delta = (values @ last + top - y) / len(x)
        back = (delta @ last.T) * (sums > 0)
        last_new = last - rate * (values.T @ delta + l2 / len(X) * last)
        first = first - rate * (x.T @ back + l2 / len(X) * first)
        last, top = last_new, top - rate * delta.sum(0)
        hidden = hidden - rate * back.sum(0)
    return [first, last, hidden, top]


# ---- what it learns -----------------------------------------------------------------------------


def test_it_learns_what_is_not_linear() -> None:
    x, held_x, y, held_y = train_test_split(X, Y, random_state=0)
    fitted = model(hidden_units=(50, 50), max_iter=400).fit(x, y)
    assert fitted.score(held_x, held_y) > 0.93


def test_it_learns_classes_that_no_line_divides() -> None:
    y = X[:, 0] * X[:, 1] > 0
    x, held_x, y, held_y = train_test_split(X, y, random_state=0)
    fitted = DNNClassifier((30,), learning_rate=0.02, max_iter=300, random_state=0).fit(x, y)
    assert fitted.score(held_x, held_y) > 0.93


def test_a_step_is_gradient_descent_on_the_documented_objective() -> None:
    settings: dict[str, Any] = {
        "optimizer": "SGD",
        "learning_rate": 0.1,
        "batch_size": 100,
        "shuffle": False,
        "restore_best": False,
        "n_iter_no_change": np.inf,
        "l2_regularization_strength": 30.0,
    }
    start, end = (model(**settings, max_iter=epochs).fit(X, Y) for epochs in (1, 2))
    batches = [slice(0, 100), slice(100, 200), slice(200, 300)]
    expected = by_hand(start, batches, 0.1, 30.0)
    for found, wanted in zip([*end.coefs_, *end.intercepts_], expected, strict=True):
        assert_allclose(found, wanted, rtol=1e-10)


def test_the_loss_is_the_documented_objective() -> None:
    weight = RNG.uniform(0.5, 2.0, 300)
    settings: dict[str, Any] = {
        "optimizer": "SGD",
        "batch_size": 300,
        "l2_regularization_strength": 2.0,
        "l1_regularization_strength": 3.0,
        "restore_best": False,
    }
    before = model(**settings, max_iter=1).fit(X, Y, weight)
    after = model(**settings, max_iter=2).fit(X, Y, weight)
    residual = Y - forward(before, X)[:, 0]
    charge = sum(np.sum(w**2) + 3.0 * np.abs(w).sum() for w in before.coefs_)
    expected = (weight @ residual**2 / 2 + charge) / weight.sum()
    assert after.loss_curve_[1] == pytest.approx(expected, rel=1e-10)


def test_lbfgs_fits_all_rows_at_once() -> None:
    fitted = model(optimizer="L-BFGS", max_iter=500, activation_fn="tanh").fit(X, Y)
    assert fitted.score(X, Y) > 0.95
    assert (np.diff(fitted.loss_curve_) <= 0).all()


# ---- its layers ---------------------------------------------------------------------------------


def test_predictions_follow_from_the_public_weights() -> None:
    fitted = model(hidden_units=(7, 5), max_iter=3).fit(X, Y)
    assert [w.shape for w in fitted.coefs_] == [(3, 7), (7, 5), (5, 1)]
    assert [b.shape for b in fitted.intercepts_] == [(7,), (5,), (1,)]
    assert_allclose(fitted.predict(X), forward(fitted, X)[:, 0], rtol=1e-12)
    classes = DNNClassifier((7, 5), max_iter=3, random_state=0).fit(X, np.digitize(Y, [-0.3, 0.3]))
    assert_allclose(classes.decision_function(X), forward(classes, X), rtol=1e-10)


@pytest.mark.parametrize(
    "units", [4, (4,), [4], np.array([4]), np.int64(4), range(4, 5), (np.int32(4),)]
)
def test_the_sizes_of_layers_may_be_given_in_many_ways(units: Any) -> None:
    expected = model(hidden_units=(4,), max_iter=2).fit(X, Y)
    assert (model(hidden_units=units, max_iter=2).fit(X, Y).predict(X) == expected.predict(X)).all()


def test_without_hidden_layers_it_is_linear() -> None:
    settings: dict[str, Any] = {"optimizer": "L-BFGS", "l2_regularization_strength": 0, "tol": 1e-9}
    fitted = model(hidden_units=(), **settings).fit(X, Y)
    (weights,), (bias,) = fitted.coefs_, fitted.intercepts_
    design = np.column_stack([X, np.ones(300)])
    expected = np.linalg.lstsq(design, Y, rcond=None)[0]
    assert_allclose(np.append(weights, bias), expected, rtol=1e-5)


def test_the_first_weights_are_as_large_as_they_should_be() -> None:
    """Glorot's: uniform up to the square root of 6 by inputs and outputs."""
    start = model(hidden_units=(200, 100), learning_rate=1e-12, max_iter=1).fit(X, Y)
    for weights in start.coefs_:
        most = np.sqrt(6 / sum(weights.shape))
        assert 0.95 * most < np.abs(weights).max() <= most * (1 + 1e-6)
        assert abs(weights.mean()) < 0.1 * most
        assert weights.std() == pytest.approx(most / np.sqrt(3), rel=0.15)
    assert all(np.abs(b).max() < 1e-10 for b in start.intercepts_[:-1])
    assert start.intercepts_[-1][0] == pytest.approx(Y.mean(), rel=1e-9)


REFERENCE: dict[str, Any] = {
    "identity": lambda v: v,
    "elu": lambda v: np.where(v > 0, v, np.expm1(v)),
    "logistic": lambda v: 1 / (1 + np.exp(-v)),
    "relu": lambda v: np.maximum(v, 0),
    "relu6": lambda v: np.clip(v, 0, 6),
    "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
    "softplus": lambda v: np.log1p(np.exp(v)),
    "softsign": lambda v: v / (1 + np.abs(v)),
    "tanh": np.tanh,
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation: str) -> None:
    fitted = model(activation_fn=activation, max_iter=60).fit(X, Y)
    assert fitted.score(X, Y) > 0.2
    expected = forward(fitted, X, REFERENCE[activation])[:, 0]
    assert_allclose(fitted.predict(X), expected, rtol=1e-10)


def test_an_activation_may_be_a_function() -> None:
    named = model(activation_fn="elu", max_iter=3).fit(X, Y)
    given = model(activation_fn=tf.nn.elu, max_iter=3).fit(X, Y)
    assert (named.predict(X) == given.predict(X)).all()
    squares = model(activation_fn=tf.square, max_iter=100).fit(X, Y)
    assert_allclose(squares.predict(X), forward(squares, X, np.square)[:, 0], rtol=1e-10)


# ---- dropout ------------------------------------------------------------------------------------


def test_units_are_dropped_in_training_only() -> None:
    still: dict[str, Any] = {"learning_rate": 1e-12, "max_iter": 200, "n_iter_no_change": np.inf}
    plain, dropping = (model(**still, tol=0, dropout=part).fit(X, Y) for part in (0.0, 0.5))
    assert_allclose(plain.loss_curve_, plain.loss_curve_[0], rtol=1e-6)
    assert len(set(dropping.loss_curve_)) == 200
    first = dropping.predict(X)
    assert (dropping.predict(X) == first).all()
    assert_allclose(first, forward(dropping, X)[:, 0], rtol=1e-12)
    assert_allclose(first, plain.predict(X), rtol=1e-6, atol=1e-7)


def test_what_is_left_of_the_units_is_scaled_up() -> None:
    """The mean output stays, so of squared errors the loss grows by the outputs' variance."""
    still: dict[str, Any] = {"learning_rate": 1e-12, "max_iter": 400, "n_iter_no_change": np.inf}
    network = model(**still, tol=0, dropout=0.25, restore_best=False).fit(X, Y)
    hidden = np.maximum(X @ network.coefs_[0] + network.intercepts_[0], 0)
    variance = np.square(hidden * network.coefs_[1][:, 0]).sum(axis=1) * 0.25 / 0.75
    charge = 0.5 * 0.0001 * sum(np.square(w).sum() for w in network.coefs_) / 300
    expected = 0.5 * np.mean((Y - network.predict(X)) ** 2 + variance) + charge
    assert np.mean(network.loss_curve_) == pytest.approx(expected, rel=0.01)


def test_dropout_keeps_a_network_from_learning_by_heart() -> None:
    noise = RNG.normal(size=300)
    learnt = [
        model(hidden_units=(200,), dropout=part, max_iter=300).fit(X, noise).score(X, noise)
        for part in (0.0, 0.8)
    ]
    assert learnt[1] < 0.7 * learnt[0]


# ---- categories ---------------------------------------------------------------------------------

FRAME = pd.DataFrame(X, columns=list("abc")).assign(
    kind=RNG.choice(["u", "v", "w"], 300), place=pd.Categorical(RNG.choice(list("pqrstxyz"), 300))
)
SIGNS = FRAME["kind"].map({"u": -2.0, "v": 0.0, "w": 2.0}).to_numpy()


def test_categories_are_embedded() -> None:
    fitted = model(max_iter=300, batch_size=50).fit(FRAME, Y + SIGNS)
    assert fitted.score(FRAME, Y + SIGNS) > 0.95
    spec = fitted._model.columns.spec
    assert spec.categories == (3, 8)
    sizes = embedding_sizes(spec)
    tables = [fitted.get_variable_value(f"dnn/embedding_{j}") for j in (0, 1)]
    assert [t.shape for t in tables] == [(4, sizes[0]), (9, sizes[1])]
    assert fitted.coefs_[0].shape == (3 + sum(sizes), 20)
    codes = [FRAME["kind"].map({"u": 0, "v": 1, "w": 2}), FRAME["place"].cat.codes]
    rows = np.hstack([X, *(t[c] for t, c in zip(tables, codes, strict=True))])
    assert_allclose(fitted.predict(FRAME), forward(fitted, rows)[:, 0], rtol=1e-10)


def test_what_was_not_seen_has_an_embedding_of_zeros() -> None:
    fitted = model(max_iter=5).fit(FRAME, Y + SIGNS)
    tables = [fitted.get_variable_value(f"dnn/embedding_{j}") for j in (0, 1)]
    assert all((t[-1] == 0).all() and (t[:-1] != 0).all() for t in tables)
    rows = np.hstack([X, np.zeros((300, sum(t.shape[1] for t in tables)))])
    strange = FRAME.assign(kind="?", place=None)
    assert_allclose(fitted.predict(strange), forward(fitted, rows)[:, 0], rtol=1e-10)


def test_categories_alone() -> None:
    fitted = model(max_iter=300).fit(FRAME[["kind"]], SIGNS)
    assert fitted.score(FRAME[["kind"]], SIGNS) > 0.99
    numbers = np.column_stack([FRAME["kind"].map({"u": 0, "v": 1, "w": 2}), X])
    chosen = model(max_iter=300, categorical_features=[0]).fit(numbers, SIGNS)
    assert chosen.score(numbers, SIGNS) > 0.99
