"""Scikit-learn's own checks, and what it does not check: pickles, searches, failed fits."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import skflow as tf
from skflow.estimators import DNNRegressor, LinearRegressor
from skflow.train.loop import NanLossDuringTrainingError

RNG = np.random.RandomState(0)
X = RNG.normal(size=(60, 4))
Y = X @ [1.0, -2.0, 0.5, 0.0] + np.sin(X[:, 0]) + 3.0


def small(**settings: Any) -> DNNRegressor:
    """A network that is fitted in a moment."""
    settings = {"hidden_units": (8,), "max_iter": 5, "random_state": 0, **settings}
    return DNNRegressor(**settings)


def linear() -> LinearRegressor:
    return LinearRegressor()


def minibatch_linear() -> LinearRegressor:
    return LinearRegressor(optimizer="Adam", batch_size=16, max_iter=5, random_state=0)


MODELS = [linear, minibatch_linear, small]
EXPECTED: Any = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
pytestmark = EXPECTED


def title(check: Any) -> str:
    """What to call one of scikit-learn's checks."""
    settings = [f"{key}={value}" for key, value in check.keywords.items()]
    return "-".join([*check.args, check.func.__name__, *settings])


# What `parametrize_with_checks` gives, but as a list, which pytest wants, and each check once:
# it is a generator before scikit-learn 1.8, and has one check twice.
CHECKS = {
    title(check): (estimator, check)
    for model in (LinearRegressor(), DNNRegressor())
    for estimator, check in estimator_checks_generator(model)
}


@pytest.mark.parametrize(("estimator", "check"), CHECKS.values(), ids=CHECKS.keys())
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("make", MODELS)
def test_copies_predict_the_same(make: Any) -> None:
    model = make().fit(X, Y)
    expected = model.predict(X)
    again = [pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    assert all((copied.predict(X) == expected).all() for copied in again)
    assert (model.predict(X) == expected).all()


@pytest.mark.parametrize("make", MODELS)
def test_a_pickle_holds_arrays_and_parameters_only(make: Any, tmp_path: Any) -> None:
    model = make().fit(X, Y)
    model.predict(X)
    text = pickle.dumps(model)
    assert b"Session" not in text
    assert b"skflow.graph" not in text
    assert len(text) < 6_000
    joblib.dump(model, tmp_path / "model.joblib")
    assert (joblib.load(tmp_path / "model.joblib").predict(X) == model.predict(X)).all()


@pytest.mark.parametrize("make", MODELS)
def test_a_clone_is_unfitted_and_alike(make: Any) -> None:
    model = make().fit(X, Y)
    twin = clone(model)
    with pytest.raises(NotFittedError):
        twin.predict(X)
    assert twin.get_params() == model.get_params()
    assert (twin.fit(X, Y).predict(X) == model.predict(X)).all()


def test_an_optimizer_object_is_never_bound() -> None:
    optimizer = tf.train.MomentumOptimizer(0.01, 0.9)
    before = dict(vars(optimizer))
    model = small(optimizer=optimizer)
    first = clone(model).fit(X, Y).predict(X)
    assert (model.fit(X, Y).predict(X) == first).all()
    assert (model.fit(X, Y).predict(X) == first).all()
    assert vars(optimizer) == before


def plain_adam(rate: float) -> Any:
    return tf.train.AdamOptimizer(rate)


@pytest.mark.parametrize("optimizer", [tf.train.AdamOptimizer, plain_adam])
def test_an_optimizer_may_be_a_recipe(optimizer: Any) -> None:
    given = small(optimizer=optimizer, learning_rate=0.01).fit(X, Y)
    named = small(optimizer="Adam", learning_rate=0.01).fit(X, Y)
    assert (given.predict(X) == named.predict(X)).all()
    with pytest.raises(TypeError, match="must return an Optimizer, got"):
        small(optimizer=lambda rate: rate, learning_rate=0.5).fit(X, Y)


@pytest.mark.parametrize("make", [minibatch_linear, small])
def test_a_seed_gives_bitwise_the_same_model(make: Any) -> None:
    first, second = make().fit(X, Y), make().fit(X, Y)
    assert (first.predict(X) == second.predict(X)).all()
    assert first.loss_curve_ == second.loss_curve_
    other = make().set_params(random_state=1).fit(X, Y)
    assert (first.predict(X) != other.predict(X)).any()


def test_a_worker_fits_bitwise_the_same_model() -> None:
    jobs = [joblib.delayed(small(early_stopping=True).fit)(X, Y) for _ in range(2)]
    fitted = joblib.Parallel(n_jobs=2)(jobs)
    expected = small(early_stopping=True).fit(X, Y).predict(X)
    assert all((model.predict(X) == expected).all() for model in fitted)


def test_grid_search_in_processes() -> None:
    model = make_pipeline(StandardScaler(), small(max_iter=30))
    grid = {"dnnregressor__hidden_units": [(4,), (8, 4)], "dnnregressor__learning_rate": [0.1]}
    search = GridSearchCV(model, grid, cv=2, n_jobs=2, error_score="raise").fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = clone(search.best_estimator_).fit(X, Y)
    assert (search.predict(X) == best.predict(X)).all()


def test_targets_keep_their_shape() -> None:
    for make in MODELS:
        for y in (Y, Y[:, None], np.column_stack([Y, -Y])):
            model = make().fit(X, y)
            assert model.predict(X).shape == y.shape
            assert model.n_outputs_ == (1 if y.ndim == 1 else y.shape[1])
    wrapped = TransformedTargetRegressor(small(), transformer=StandardScaler()).fit(X, Y)
    assert wrapped.predict(X).shape == Y.shape


@pytest.mark.parametrize("make", MODELS)
def test_float32_is_kept_and_all_else_is_float64(make: Any) -> None:
    for dtype, expected in [
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int64, np.float64),
        (np.float16, np.float64),
    ]:
        found = make().fit(X.astype(dtype), Y).predict(X.astype(dtype))
        assert found.dtype == expected
    forced = make().set_params(dtype="float32").fit(X, Y)
    assert forced.predict(X).dtype == np.float32
    with pytest.raises(ValueError, match="dtype must be"):
        make().set_params(dtype=np.int32).fit(X, Y)


@pytest.mark.parametrize("make", MODELS)
def test_large_inputs_are_predicted_in_blocks(make: Any, monkeypatch: Any) -> None:
    model = make().fit(X, Y)
    whole = model.predict(X)
    monkeypatch.setattr("skflow.estimators.inputs._BLOCK", 100)
    np.testing.assert_allclose(model.predict(X), whole, rtol=1e-13)


@pytest.mark.parametrize("make", MODELS)
def test_the_users_graph_is_left_alone(make: Any) -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.constant(1.0)
        before = graph.as_graph_def().SerializeToString()
        make().fit(X, Y).predict(X)
        assert graph.as_graph_def().SerializeToString() == before
        assert tf.get_default_session() is session


def test_a_loss_that_overflows_names_the_step_and_changes_nothing() -> None:
    model = small().fit(X, Y)
    before = model.predict(X)
    attributes = dict(vars(model))
    model.set_params(optimizer="SGD", learning_rate=1e200)
    with pytest.raises(NanLossDuringTrainingError, match=r"The loss is (nan|inf) at step \d+"):
        model.fit(10 * X[:, :3], Y)
    parameters = set(model.get_params())
    for name, value in vars(model).items():
        assert name in parameters or value is attributes[name]
    assert (model.predict(X) == before).all()


def test_weights_that_overflow_at_the_last_step() -> None:
    model = small(optimizer="SGD", learning_rate=1e308, max_iter=1, restore_best=False)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        model.fit(1e3 * X, 1e3 * Y)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "Newton"}, "The 'optimizer' parameter of DNNRegressor must be a str among"),
        ({"learning_rate": 0.0}, "'learning_rate' parameter of DNNRegressor must be a float"),
        ({"hidden_units": 0}, "'hidden_units' parameter of DNNRegressor must be"),
        ({"hidden_units": (3, 0)}, "hidden_units must be integers greater than 0"),
        ({"hidden_units": (2.5,)}, "hidden_units must be integers greater than 0"),
        ({"activation_fn": "step"}, "'activation_fn' parameter of DNNRegressor must be"),
        ({"batch_size": 0}, "'batch_size' parameter of DNNRegressor must be"),
        ({"max_iter": 0}, "'max_iter' parameter of DNNRegressor must be an int"),
        ({"validation_fraction": 1.0}, "'validation_fraction' parameter of DNNRegressor"),
        ({"early_stopping": "yes"}, "'early_stopping' parameter of DNNRegressor must be"),
        ({"optimizer": "L-BFGS", "l1_regularization_strength": 1.0}, "needs a smooth objective"),
        ({"early_stopping": True, "validation_fraction": 0.01}, "validation set is too small"),
    ],
)
def test_wrong_parameters_are_refused_at_fit(settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**settings).fit(X, Y)


@pytest.mark.parametrize("make", MODELS)
def test_wrong_data_are_refused_and_change_nothing(make: Any) -> None:
    model = make().fit(X, Y)
    before = dict(vars(model))
    hole = X.copy()
    hole[3, 1] = np.nan
    for args, message in [
        ((hole, Y), "Input X contains NaN"),
        ((X, np.where(Y > 3, np.inf, Y)), "Input y contains infinity"),
        ((X[:, :2], Y[:-1]), "inconsistent numbers of samples"),
        ((X[:0], Y[:0]), "0 sample"),
        ((X, Y, np.ones(3)), "sample_weight.shape"),
        ((X, Y, np.zeros(60)), "at least one non-zero"),
        ((X, Y, -np.ones(60)), "Negative values in data passed to `sample_weight`"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.fit(*args)
        assert vars(model) == before
    with pytest.raises(ValueError, match="X has 3 features, but"):
        model.predict(X[:, :3])


def test_a_batch_larger_than_the_sample_is_clipped() -> None:
    with pytest.warns(UserWarning, match="larger than the sample size 60"):
        clipped = small(batch_size=100).fit(X, Y)
    assert (clipped.predict(X) == small(batch_size=60).fit(X, Y).predict(X)).all()


def test_too_few_epochs_are_warned_of() -> None:
    for model in (small(), LinearRegressor(max_iter=1), small(optimizer="L-BFGS", max_iter=2)):
        with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(\d\) reached"):
            model.fit(X, Y)


def test_names_of_columns_are_kept() -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    for make in MODELS:
        model = make().fit(frame, Y)
        assert model.feature_names_in_.tolist() == list("abcd")
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(frame[["b", "a", "c", "d"]])


def test_verbose_prints_the_loss(capsys: Any) -> None:
    for model in (small(verbose=1), LinearRegressor(verbose=True)):
        model.fit(X, Y)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == model.n_iter_
        assert lines[-1] == f"Iteration {model.n_iter_}, loss = {model.loss_:.8f}"
