"""`partial_fit` is an epoch of `fit` at a time, and takes classes whenever they come."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone

from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNRegressor,
    GraphClassifier,
    LinearClassifier,
    LinearRegressor,
    schedules,
)
from skflow.estimators.recipes import OPTIMIZERS
from tests.estimators.cases import (
    FRAME,
    LABELS,
    PAIR,
    SEVERAL,
    STEPPERS,
    THREE,
    TWO,
    WEIGHT,
    Case,
    X,
    Y,
    outputs,
)

stepping = pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# An epoch of `fit` ends early or is taken back under other settings.
EPOCHS: dict[str, Any] = {"restore_best": False, "n_iter_no_change": np.inf, "tol": 0.0}


def same(first: Any, second: Any) -> bool:
    """Whether two models have learnt the same, to the bit."""
    names = first.get_variable_names()
    return names == second.get_variable_names() and all(
        first.get_variable_value(n).tobytes() == second.get_variable_value(n).tobytes()
        for n in names
    )


def passes(model: Any, count: int, *args: Any, **kwargs: Any) -> Any:
    """A model after some calls on all rows, pickled after each."""
    for _ in range(count):
        model.partial_fit(*args, **kwargs)
        model = pickle.loads(pickle.dumps(model))
    return model


# ---- as many epochs of fit ----------------------------------------------------------------------


@stepping
@pytest.mark.parametrize("shuffle", [False, True])
def test_so_many_calls_are_so_many_epochs(case: Case, shuffle: bool) -> None:
    whole = case.make(**EPOCHS, shuffle=shuffle, max_iter=4).fit(X, case.y)
    parts = passes(clone(whole), 4, X, case.y)
    assert same(whole, parts)
    assert parts.loss_curve_ == whole.loss_curve_
    assert parts.n_iter_ == whole.n_iter_ == 4
    assert parts.best_iter_ == whole.best_iter_
    assert parts.history_.keys() == whole.history_.keys()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_keeps_its_state(optimizer: str) -> None:
    settings: dict[str, Any] = {**EPOCHS, "batch_size": 16, "max_iter": 3, "random_state": 0}
    deep = DNNRegressor((6,), optimizer=optimizer, learning_rate=0.01, dropout=0.3, **settings)
    both = DNNLinearCombinedClassifier(
        (6,), dnn_optimizer=optimizer, linear_optimizer=optimizer, dnn_dropout=0.3, **settings
    )
    for model, y in ((deep, Y), (both, THREE)):
        assert same(clone(model).fit(X, y), passes(clone(model), 3, X, y))
        with_weights = clone(model).fit(X, y, WEIGHT)
        assert same(with_weights, passes(clone(model), 3, X, y, sample_weight=WEIGHT))


def test_schedules_go_on() -> None:
    rate = schedules.ExponentialDecay(0.1, decay_steps=5, decay_rate=0.5)
    model = DNNRegressor(
        (6,), learning_rate=rate, batch_size=16, max_iter=3, random_state=0, **EPOCHS
    )
    whole = clone(model).fit(X, Y)
    parts = passes(model, 3, X, Y)
    assert same(whole, parts)
    assert parts.history_["learning_rate"] == whole.history_["learning_rate"]
    assert_allclose(whole.history_["learning_rate"], 0.1 * 0.5 ** (np.array([4, 8, 12]) / 5))


def test_other_optimizers_objects_and_clipping_as_well() -> None:
    model = DNNClassifier(
        (6,),
        optimizer=_momentum,
        learning_rate=0.1,
        gradient_clip_norm=0.05,
        l1_regularization_strength=0.1,
        max_iter=3,
        random_state=0,
        **EPOCHS,
    )
    assert same(clone(model).fit(X, TWO), passes(model, 3, X, TWO))


def _momentum(rate: Any) -> Any:
    import skflow as tf

    return tf.train.MomentumOptimizer(rate, 0.8)


@stepping
def test_rows_of_any_kind(case: Case) -> None:
    frame = case.make().partial_fit(FRAME, case.y)
    assert frame.partial_fit(FRAME[:7], case.y[:7]).n_features_in_ == 6
    rows = np.where(np.abs(X) > 0.5, X, 0.0)
    sparse = passes(case.make(), 2, csr_array(rows), case.y)
    dense = passes(case.make(), 2, rows, case.y)
    assert_allclose(outputs(sparse, rows), outputs(dense, rows), rtol=1e-6, atol=1e-12)
    mixed = case.make().partial_fit(rows, case.y).partial_fit(csr_array(rows), case.y)
    assert_allclose(outputs(mixed, rows), outputs(dense, rows), rtol=1e-6, atol=1e-12)


def test_streams_of_rows_are_learnt_from() -> None:
    rng = np.random.RandomState(0)
    model = DNNRegressor((20,), learning_rate=0.01, random_state=0)
    for _ in range(400):
        rows = rng.uniform(-1, 1, size=(50, 2))
        model.partial_fit(rows, np.sin(3 * rows[:, 0]) * rows[:, 1])
    rows = rng.uniform(-1, 1, size=(500, 2))
    assert model.score(rows, np.sin(3 * rows[:, 0]) * rows[:, 1]) > 0.95
    assert model.n_iter_ == 400


# ---- after fit, and before it -------------------------------------------------------------------


@stepping
def test_it_goes_on_where_fit_ended(case: Case) -> None:
    model = case.make(**EPOCHS).fit(X, case.y)
    before = model.loss_curve_
    again = copy.deepcopy(model).partial_fit(X, case.y)
    assert again.loss_curve_[:-1] == before
    assert again.n_iter_ == model.n_iter_ + 1
    seconds = again.history_["seconds"]
    assert seconds == sorted(seconds)
    assert pd.DataFrame(again.history_)["epoch"].tolist() == list(range(1, again.n_iter_ + 1))


@stepping
def test_fit_forgets_what_was_learnt(case: Case) -> None:
    model = case.make().partial_fit(X, case.y).partial_fit(X, case.y)
    assert same(model.fit(X, case.y), case.make().fit(X, case.y))
    assert model.n_iter_ == case.make().fit(X, case.y).n_iter_


@stepping
def test_warm_starts_go_on_where_it_ended(case: Case) -> None:
    parts = case.make(**EPOCHS, warm_start=True).partial_fit(X, case.y)
    before = parts.loss_
    parts.fit(X, case.y)
    assert parts.loss_curve_[0] < before * 1.2
    assert parts.n_iter_ == 5


def test_validation_is_no_part_of_it() -> None:
    model = DNNRegressor((5,), early_stopping=True, max_iter=3, random_state=0).fit(X, Y)
    assert model.validation_scores_ is not None
    model.partial_fit(X, Y)
    frame = pd.DataFrame(model.history_)
    assert frame["validation_score"].isna().tolist() == [False] * 3 + [True]
    assert model.validation_scores_ is None


# ---- parameters between calls -------------------------------------------------------------------


@stepping
def test_parameters_may_change_between_calls(case: Case) -> None:
    model = case.make().partial_fit(X, case.y)
    rates = [n for n in model.get_params() if n.endswith("learning_rate")]
    steady = copy.deepcopy(model).set_params(**dict.fromkeys(rates, 1e-12))
    steady.set_params(l2_regularization_strength=0.0).partial_fit(X, case.y)
    assert_allclose(outputs(steady, X), outputs(model, X), rtol=1e-6, atol=1e-9)
    model.set_params(batch_size=7, l2_regularization_strength=5.0, shuffle=False)
    for name in (n for n in model.get_params() if n.endswith("dropout")):
        model.set_params(**{name: 0.5})
    for name in (n for n in model.get_params() if n.endswith("optimizer")):
        model.set_params(**{name: "Momentum"})
    assert np.isfinite(outputs(model.partial_fit(X, case.y), X)).all()


@pytest.mark.parametrize("units", [(4,), (6, 6), ()])
def test_the_network_may_not_change(units: Any) -> None:
    for model, y in ((DNNRegressor((6,)), Y), (DNNClassifier((6,)), TWO)):
        model.partial_fit(X, y)
        before = dict(vars(model))
        model.set_params(hidden_units=units)
        for targets in (y, THREE.astype(str)) if y is TWO else (y,):
            with pytest.raises(ValueError, match=r"network must stay the same, but the shapes"):
                model.partial_fit(X, targets)
        assert {**vars(model), "hidden_units": (6,)} == before


def test_it_is_there_for_steps_on_batches_only() -> None:
    for model in (LinearRegressor(), DNNClassifier(optimizer="L-BFGS")):
        assert not hasattr(model, "partial_fit")
        with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as caught:
            model.partial_fit(X, Y)
        assert "not for 'L-BFGS'" in str(caught.value.__cause__)
    assert hasattr(LinearRegressor(optimizer="Ftrl"), "partial_fit")


# ---- targets ------------------------------------------------------------------------------------


@stepping
def test_several_targets(case: Case) -> None:
    y = SEVERAL if case.classifies else PAIR
    whole = case.make(**EPOCHS, max_iter=3).fit(X, y)
    parts = passes(clone(whole), 3, X, y)
    assert same(whole, parts)
    assert parts.predict(X).shape == y.shape
    with pytest.raises(ValueError, match=r"y has (the shape|1 outputs)"):
        parts.partial_fit(X, case.y)


def test_labels_that_are_there_or_not() -> None:
    model = DNNClassifier((6,), max_iter=3, batch_size=16, random_state=0, **EPOCHS)
    assert same(clone(model).fit(X, LABELS), passes(clone(model), 3, X, LABELS))
    model.partial_fit(X, LABELS)
    for rows in (slice(0, 1), slice(0, 5)):
        model.partial_fit(X[rows], np.ones_like(LABELS[rows]))
        model.partial_fit(X[rows], np.zeros_like(LABELS[rows]))
    assert model.predict_proba(X).shape == LABELS.shape
    with pytest.raises(ValueError, match=r"y contains previously unseen labels: \[2, 3\]"):
        model.partial_fit(X, LABELS + 2)
    with pytest.raises(ValueError, match=r"y has the shape \(60, 3\), but"):
        model.partial_fit(X, LABELS[:, [0, 1, 1]])


# ---- classes ------------------------------------------------------------------------------------


def relative(model: Any, classes: Any) -> Any:
    """The probabilities of some classes among these alone."""
    chances = model.predict_proba(X)[:, np.searchsorted(model.classes_, classes)]
    return chances / chances.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda **k: DNNClassifier((6,), dropout=0.2, **k),
        lambda **k: LinearClassifier(optimizer="Adam", **k),
        lambda **k: GraphClassifier(optimizer="Momentum", **k),
    ],
    ids=["deep", "linear", "graph"],
)
def test_classes_come_when_they_come(make: Any) -> None:
    names = np.array(["c", "a", "e", "b", "d"])
    model = make(learning_rate=0.05, random_state=0)
    for _ in range(30):
        model.partial_fit(X, names[(Y > 3).astype(int)])
    for count in (2, 3, 5):
        y = names[np.digitize(Y, np.quantile(Y, np.linspace(0, 1, count + 1)[1:-1]))]
        known = model.classes_
        steady = copy.deepcopy(model).set_params(learning_rate=1e-12)
        steady.set_params(l2_regularization_strength=0.0).partial_fit(X, y)
        assert_allclose(relative(steady, known), relative(model, known), rtol=1e-6)
        if isinstance(model, DNNClassifier):
            first, again = model.get_variable_value("dnn/hiddenlayer_0/weights"), steady
            kept = again.get_variable_value("dnn/hiddenlayer_0/weights")
            assert_allclose(kept, first, rtol=1e-9)
        for _ in range(150):
            model.partial_fit(X, y)
        assert_array_equal(model.classes_, np.sort(names[:count]))
        assert model.predict_proba(X).shape == (len(X), count)
        assert model.score(X, y) > 0.7


def test_classes_said_at_first_equal_classes_seen_at_first() -> None:
    model = DNNClassifier((6,), batch_size=16, random_state=0)
    said = clone(model).partial_fit(X[:20], TWO[:20], classes=["yes", "maybe", "no", "no"])
    assert_array_equal(said.classes_, ["maybe", "no", "yes"])
    assert said.predict_proba(X).shape == (60, 3)
    later = clone(said).partial_fit(X[:20], TWO[:20]).partial_fit(X, TWO, classes=["maybe"])
    assert_array_equal(later.classes_, ["maybe", "no", "yes"])
    alone = clone(model).partial_fit(X[:20], TWO[:1].repeat(20), classes=["no", "yes"])
    assert_array_equal(alone.classes_, ["no", "yes"])
    assert (alone.predict(X[:20]) == TWO[0]).mean() > 0.5


def test_classes_of_several_targets() -> None:
    model = DNNClassifier((6,), random_state=0)
    model.partial_fit(X, SEVERAL, classes=[[0, 1, 2, 9], [5, 6]])
    assert [c.tolist() for c in model.classes_] == [[0, 1, 2, 9], [5, 6]]
    # A single row could as well be labels that are there or not.
    model.partial_fit(X[:1], [[1, 1]])
    assert [c.tolist() for c in model.classes_] == [[0, 1, 2, 9], [1, 5, 6]]
    assert [p.shape for p in model.predict_proba(X)] == [(60, 4), (60, 3)]
    with pytest.raises(ValueError, match="classes has 1 entries, but y has 2 targets"):
        model.partial_fit(X, SEVERAL, classes=[[1, 2]])


def test_classes_of_another_kind_are_refused() -> None:
    model = DNNClassifier((6,), random_state=0).partial_fit(X, TWO)
    before = dict(vars(model))
    mixed = "Mix of label input types"
    with pytest.raises(ValueError, match=mixed):
        model.partial_fit(X, THREE)
    with pytest.raises(ValueError, match=mixed):
        model.partial_fit(X, TWO, classes=[1, 2])
    with pytest.raises(ValueError, match="y should be a 1d array"):
        model.partial_fit(X, TWO, classes=[["a", "b"]])
    with pytest.raises(ValueError, match="class_weight 'balanced' is not supported for"):
        clone(model).set_params(class_weight="balanced").partial_fit(X, TWO)
    with pytest.raises(ValueError, match="at least 2 classes"):
        clone(model).partial_fit(X, ["a"] * 60)
    assert vars(model) == before


def test_class_weights_are_weights_of_rows() -> None:
    counts = {"yes": 3.0, "no": 0.5}
    model = DNNClassifier((6,), batch_size=16, random_state=0)
    by_class = passes(clone(model).set_params(class_weight=counts), 3, X, TWO)
    weight = np.where(TWO == "yes", 3.0, 0.5)
    assert same(by_class, passes(model, 3, X, TWO, sample_weight=weight))
