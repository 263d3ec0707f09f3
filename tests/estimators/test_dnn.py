"""Networks: what they learn, when they stop, what they keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor

import skflow as tf
from skflow.estimators import DNNRegressor

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, size=(300, 3))
Y = np.sin(3 * X[:, 0]) * X[:, 1] + 0.5 * X[:, 2] + RNG.normal(0, 0.05, 300)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def model(**settings: Any) -> DNNRegressor:
    settings = {"hidden_units": (20,), "learning_rate": 0.01, "random_state": 0, **settings}
    return DNNRegressor(**settings)


def forward(fitted: DNNRegressor, x: Any) -> Any:
    """The prediction of a network of rectifiers, written by hand."""
    for weights, biases in zip(fitted.coefs_[:-1], fitted.intercepts_[:-1], strict=True):
        x = np.maximum(x @ weights + biases, 0)
    return (x @ fitted.coefs_[-1] + fitted.intercepts_[-1])[:, 0]


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
    return [first, hidden, last, top]


def test_it_learns_what_is_not_linear() -> None:
    x, held_x, y, held_y = train_test_split(X, Y, random_state=0)
    fitted = model(hidden_units=(50, 50), max_iter=400).fit(x, y)
    assert fitted.score(held_x, held_y) > 0.93


def test_it_is_as_good_as_scikit_learns() -> None:
    x, held_x, y, held_y = train_test_split(X, Y, random_state=0)
    ours = model(batch_size=50)
    theirs = MLPRegressor(hidden_layer_sizes=(20,), learning_rate_init=0.01, batch_size=50)
    scores = [
        [kind.set_params(random_state=seed).fit(x, y).score(held_x, held_y) for seed in range(3)]
        for kind in (ours, theirs)
    ]
    assert np.mean(scores[0]) > np.mean(scores[1]) - 0.02


def test_predictions_follow_from_the_public_weights() -> None:
    fitted = model(hidden_units=(7, 5), max_iter=3).fit(X, Y)
    assert [w.shape for w in fitted.coefs_] == [(3, 7), (7, 5), (5, 1)]
    assert [b.shape for b in fitted.intercepts_] == [(7,), (5,), (1,)]
    np.testing.assert_allclose(fitted.predict(X), forward(fitted, X), rtol=1e-12)


def test_a_step_is_gradient_descent_on_the_documented_objective() -> None:
    settings = {
        "optimizer": "SGD",
        "learning_rate": 0.1,
        "batch_size": 100,
        "shuffle": False,
        "restore_best": False,
        "l2_regularization_strength": 30.0,
    }
    start = model(**settings, max_iter=1, n_iter_no_change=np.inf).fit(X, Y)
    end = model(**settings, max_iter=2, n_iter_no_change=np.inf).fit(X, Y)
    batches = [slice(0, 100), slice(100, 200), slice(200, 300)]
    expected = by_hand(start, batches, 0.1, 30.0)
    for found, wanted in zip(end._arrays(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_the_loss_is_the_documented_objective() -> None:
    weight = RNG.uniform(0.5, 2.0, 300)
    settings = {
        "optimizer": "SGD",
        "batch_size": 300,
        "l2_regularization_strength": 2.0,
        "l1_regularization_strength": 3.0,
        "restore_best": False,
    }
    before = model(**settings, max_iter=1).fit(X, Y, weight)
    after = model(**settings, max_iter=2).fit(X, Y, weight)
    residual = Y - forward(before, X)
    charge = sum(np.sum(w**2) + 3.0 * np.abs(w).sum() for w in before.coefs_)
    expected = (weight @ residual**2 / 2 + charge) / weight.sum()
    assert after.loss_curve_[1] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    "activation",
    ["identity", "elu", "logistic", "relu", "relu6", "sigmoid", "softplus", "softsign", "tanh"],
)
def test_activations(activation: str) -> None:
    fitted = model(activation_fn=activation, max_iter=60).fit(X, Y)
    assert fitted.score(X, Y) > 0.2


def test_an_activation_may_be_a_function() -> None:
    named = model(activation_fn="elu", max_iter=3).fit(X, Y)
    given = model(activation_fn=tf.nn.elu, max_iter=3).fit(X, Y)
    assert (named.predict(X) == given.predict(X)).all()


def test_lbfgs_fits_all_rows_at_once() -> None:
    fitted = model(optimizer="L-BFGS", max_iter=500, activation_fn="tanh").fit(X, Y)
    assert fitted.score(X, Y) > 0.95
    assert (np.diff(fitted.loss_curve_) <= 0).all()


def test_early_stopping_keeps_the_best_epoch() -> None:
    settings = {"early_stopping": True, "learning_rate": 0.03, "batch_size": 50}
    fitted = model(**settings).fit(X, Y)
    scores = fitted.validation_scores_
    assert scores is not None
    assert len(scores) == fitted.n_iter_ < 200
    assert fitted.best_iter_ == np.argmax(scores) + 1
    rng = np.random.RandomState(0)
    _, held_x, _, held_y = train_test_split(X, Y, test_size=0.1, random_state=rng)
    assert r2_score(held_y, fitted.predict(held_x)) == pytest.approx(max(scores), rel=1e-12)
    last = model(**settings, restore_best=False).fit(X, Y)
    assert r2_score(held_y, last.predict(held_x)) == pytest.approx(scores[-1], rel=1e-12)


def test_without_early_stopping_the_training_loss_decides() -> None:
    fitted = model(learning_rate=0.05, batch_size=50, max_iter=60).fit(X, Y)
    assert fitted.validation_scores_ is None
    assert fitted.best_iter_ == np.argmin(fitted.loss_curve_) + 1
    shorter = model(learning_rate=0.05, batch_size=50, max_iter=fitted.best_iter_).fit(X, Y)
    assert (fitted.predict(X) == shorter.predict(X)).all()


def test_it_stops_when_the_loss_does() -> None:
    fitted = model(tol=0.002, n_iter_no_change=3, batch_size=50).fit(X, Y)
    losses = fitted.loss_curve_
    assert fitted.n_iter_ == len(losses) < 200
    progress = [losses[i] <= min(losses[:i]) - 0.002 for i in range(1, len(losses))]
    assert not any(progress[-4:])
    assert progress[-5]
    assert fitted.loss_ == losses[-1]


def test_warm_start_goes_on() -> None:
    cold = model(max_iter=20).fit(X, Y)
    warm = model(max_iter=20, warm_start=True).fit(X, Y)
    assert (warm.predict(X) == cold.predict(X)).all()
    warm.fit(X, Y)
    assert warm.loss_curve_[0] < cold.loss_curve_[0] / 2
    with pytest.raises(ValueError, match="network must stay the same"):
        warm.set_params(hidden_units=(5,)).fit(X, Y)
    with pytest.raises(ValueError, match="X has 2 features"):
        warm.fit(X[:, :2], Y)
    warm.set_params(warm_start=False).fit(X[:, :2], Y)
    assert warm.coefs_[0].shape == (2, 5)


def test_full_batches_with_weights_equal_repeated_rows() -> None:
    times = RNG.randint(0, 4, 300)
    settings = {"max_iter": 30, "l2_regularization_strength": 1.0}
    repeated = model(**settings, batch_size=int(times.sum())).fit(
        X.repeat(times, axis=0), Y.repeat(times)
    )
    weighted = model(**settings, batch_size=int((times > 0).sum())).fit(X, Y, times)
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-6, atol=1e-9)


def test_parameters_changed_after_the_fit_do_not_change_predictions() -> None:
    fitted = model(max_iter=3).fit(X, Y)
    before = fitted.predict(X)
    fitted.set_params(hidden_units=(3, 3), activation_fn="tanh")
    assert (fitted.predict(X) == before).all()
