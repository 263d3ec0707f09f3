"""Wide and deep estimators: which columns and which optimizer go with which part."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import Ridge

from skflow.estimators import DNNLinearCombinedClassifier, DNNLinearCombinedRegressor
from skflow.estimators.recipes import OPTIMIZERS
from skflow.estimators.schedules import ExponentialDecay
from tests.estimators.cases import FRAME, PAIR, THREE, TWO, WEIGHT, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHORT: dict[str, Any] = {
    "dnn_hidden_units": (6, 3),
    "dnn_learning_rate": 0.01,
    "batch_size": 16,
    "max_iter": 3,
    "random_state": 0,
}
CLOSE = {"rtol": 1e-10, "atol": 1e-12}

Regressor = partial(DNNLinearCombinedRegressor, **SHORT)
Classifier = partial(DNNLinearCombinedClassifier, **SHORT)


def values(model: Any, start: str = "") -> dict[str, bytes]:
    """What was learnt in a part, to the bit."""
    names = [name for name in model.get_variable_names() if name.startswith(start)]
    assert names
    return {name: model.get_variable_value(name).tobytes() for name in names}


def by_hand(model: Any, wide: Any, deep: Any) -> Any:
    """The outputs for what the parts see, of shape (n, outputs)."""
    for weights, biases in zip(model.dnn_coefs_[:-1], model.dnn_intercepts_[:-1], strict=True):
        deep = np.maximum(deep @ weights + biases, 0)
    deep = deep @ model.dnn_coefs_[-1] + model.dnn_intercepts_[-1]
    return wide @ model.linear_coef_.T + model.linear_intercept_ + deep


# ---- columns ------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", [Y, PAIR], ids=["one", "two"])
def test_outputs_are_the_sum_of_the_parts(y: Any) -> None:
    model = Regressor().fit(X, y)
    np.testing.assert_allclose(model.predict(X), by_hand(model, X, X).reshape(y.shape), **CLOSE)


CHOICES: list[tuple[Any, Any]] = [
    ([0], [1, 2, 3]),
    ([3, 1], None),
    (None, [False, True, False, True]),
    (np.array([True, False, False, True]), np.array([2])),
]


@pytest.mark.parametrize(("wide", "deep"), CHOICES)
@pytest.mark.parametrize("form", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_each_part_sees_the_columns_chosen_for_it(wide: Any, deep: Any, form: Any) -> None:
    rows = np.where(np.abs(X) > 0.5, X, 0.0)
    model = Regressor(linear_feature_columns=wide, dnn_feature_columns=deep)
    model.fit(form(rows), Y)
    seen = [rows if c is None else rows[:, np.sort(np.arange(4)[c])] for c in (wide, deep)]
    np.testing.assert_allclose(model.predict(form(rows)), by_hand(model, *seen)[:, 0], **CLOSE)
    dense = Regressor(linear_feature_columns=wide, dnn_feature_columns=deep).fit(rows, Y)
    np.testing.assert_allclose(model.predict(rows), dense.predict(rows), rtol=1e-7)


def test_columns_may_be_named_in_any_way() -> None:
    names, places = ["size", "a", "color"], [0, 4, 5]
    mask = np.isin(np.arange(6), places)
    expected = None
    for choice in (names, names[::-1], places, mask, mask.tolist(), np.array(names, object)):
        model = Classifier(linear_feature_columns=choice, dnn_feature_columns=["b", "size"])
        found = values(model.fit(FRAME, THREE))
        assert expected in (None, found)
        expected = found
    assert model.linear_coef_.shape == (3, 1 + 3 + 2)
    assert model.dnn_coefs_[0].shape == (1 + 2, 6)


def test_what_no_part_sees_does_not_matter() -> None:
    model = Regressor(linear_feature_columns=["a", "size"], dnn_feature_columns=["b", "size"])
    before = model.fit(FRAME, Y).predict(FRAME)
    assert (model.predict(FRAME.assign(c=9.0, d=-9.0, color="red")) == before).all()
    for changed in ({"a": 9.0}, {"b": 9.0}, {"size": "large"}):
        assert (model.predict(FRAME.assign(**changed)) != before).any()


def test_a_part_may_see_categories_alone() -> None:
    model = Regressor(linear_feature_columns=["color"], dnn_feature_columns=["color", "size"])
    model.fit(FRAME, Y)
    names = ["linear/category_weights", "linear/biases", "dnn/embedding_0", "dnn/embedding_1"]
    assert model.get_variable_names()[:4] == names
    assert model.linear_coef_.shape == (1, 3)
    assert len(np.unique(model.predict(FRAME))) == 6
    numbers = Regressor(linear_feature_columns=["color"], dnn_feature_columns=["d"])
    assert numbers.fit(FRAME, Y).dnn_coefs_[0].shape == (1, 6)


WRONG: list[tuple[Any, Any, str]] = [
    ([], X, r"must choose one column at least, got \[\]"),
    ([4], X, r"set as integer indices must be in \[0, n_features - 1\]"),
    ([-1], X, r"set as integer indices must be in \[0, n_features - 1\]"),
    ([True], X, r"set as a boolean mask must have shape \(n_features,\), got: \(1,\)"),
    ([1.5], X, "must be an array-like of bool, int or str, got: float64"),
    (["a"], X, "should be passed as an array of integers or as a boolean mask when the model"),
    (["zzz"], FRAME, "has an item value 'zzz' which is not a valid feature name"),
]


@pytest.mark.parametrize("parameter", ["linear_feature_columns", "dnn_feature_columns"])
@pytest.mark.parametrize(("choice", "rows", "message"), WRONG)
def test_wrong_columns_are_told_of_by_name(
    choice: Any, rows: Any, message: str, parameter: str
) -> None:
    with pytest.raises(ValueError, match=f"{parameter} {message}"):
        Regressor(**{parameter: choice}).fit(rows, Y)
    with pytest.raises(ValueError, match=f"The '{parameter}' parameter of DNNLinearCombined.* mu"):
        Regressor(**{parameter: "a"}).fit(rows, Y)


# ---- optimizers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_optimizer_moves_its_own_part(optimizer: str) -> None:
    """The other one stays where it began when its steps are next to nothing."""
    settings = {"linear_optimizer": optimizer, "dnn_optimizer": optimizer}
    rates = {"linear_learning_rate": 1e-300, "dnn_learning_rate": 1e-300}
    start = Regressor(**settings, **rates, steps=1).fit(X, Y)
    for part, other in (("linear", "dnn"), ("dnn", "linear")):
        chosen = {**rates, f"{part}_learning_rate": 0.05}
        model = Regressor(**settings, **chosen).fit(X, Y)
        found, expected = model, start
        for name in values(start, f"{other}/"):
            np.testing.assert_allclose(
                found.get_variable_value(name), expected.get_variable_value(name), **CLOSE
            )
        assert all(
            (found.get_variable_value(name) != expected.get_variable_value(name)).any()
            for name in values(start, f"{part}/")
        )


def test_rates_are_those_of_the_parts() -> None:
    """A step of gradient descent is as long as the rate of its part, not of the other."""
    settings = {"linear_optimizer": "SGD", "dnn_optimizer": "SGD", "batch_size": 60, "steps": 1}

    def moved(linear: float, dnn: float) -> list[Any]:
        model = Regressor(linear_learning_rate=linear, dnn_learning_rate=dnn, **settings)
        model.fit(X, Y)
        return [model.linear_coef_, model.dnn_coefs_[0]]

    still = moved(1e-300, 1e-300)
    first, second = moved(0.01, 0.02), moved(0.03, 0.02)
    np.testing.assert_allclose(second[0] - still[0], 3 * (first[0] - still[0]), **CLOSE)
    assert (second[1] == first[1]).all()
    third = moved(0.01, 0.04)
    np.testing.assert_allclose(third[1] - still[1], 2 * (first[1] - still[1]), **CLOSE)
    assert (third[0] == first[0]).all()


def test_rates_may_be_schedules() -> None:
    schedule = ExponentialDecay(0.1, decay_steps=4, decay_rate=0.5)
    model = Regressor(dnn_learning_rate=schedule).fit(X, Y)
    np.testing.assert_allclose(model.history_["learning_rate"], [0.05, 0.025, 0.0125])
    other = Regressor(linear_learning_rate=schedule).fit(X, Y)
    assert other.history_["learning_rate"] == [0.01] * 3
    assert values(other, "linear/") != values(Regressor().fit(X, Y), "linear/")


def test_both_parts_are_searched_together() -> None:
    """Layers without activations can do nothing that the linear part could not."""
    model = DNNLinearCombinedRegressor(
        (3,),
        dnn_activation_fn="identity",
        linear_optimizer="L-BFGS",
        dnn_optimizer="L-BFGS",
        l2_regularization_strength=0.0,
        max_iter=500,
        tol=1e-8,
        random_state=0,
    ).fit(X, Y, WEIGHT)
    best = Ridge(alpha=0.0).fit(X, Y, WEIGHT)
    np.testing.assert_allclose(model.predict(X), best.predict(X), rtol=1e-5, atol=1e-6)
    assert (np.diff(model.loss_curve_) <= 0).all()
    assert "learning_rate" not in model.history_


@pytest.mark.parametrize("searching", ["linear", "dnn"])
def test_a_search_for_one_part_alone_is_refused(searching: str) -> None:
    for kind, y in ((Regressor, Y), (Classifier, TWO)):
        chosen = {"linear_optimizer": "Ftrl", "dnn_optimizer": "SGD"}
        chosen[f"{searching}_optimizer"] = "L-BFGS"
        linear, dnn = chosen.values()
        message = f"give it as linear_optimizer and as dnn_optimizer, got {linear!r} and {dnn!r}"
        with pytest.raises(ValueError, match=message):
            kind(**chosen).fit(X, y)


def test_a_search_wants_a_smooth_penalty() -> None:
    both = {"linear_optimizer": "L-BFGS", "dnn_optimizer": "L-BFGS"}
    with pytest.raises(ValueError, match="needs a smooth objective: set l1_regularization"):
        Regressor(**both, l1_regularization_strength=1.0).fit(X, Y)


# ---- what is shown ------------------------------------------------------------------------------


def test_penalties_charge_for_both_parts() -> None:
    settings: dict[str, Any] = {
        "l1_regularization_strength": 2.0,
        "l2_regularization_strength": 3.0,
        "batch_size": "auto",
    }
    before = Regressor(**settings, steps=2, restore_best=False).fit(X, Y, WEIGHT)
    after = Regressor(**settings, steps=3).fit(X, Y, WEIGHT)
    charged = [before.linear_coef_, *before.dnn_coefs_]
    charge = sum(3.0 * np.sum(w**2) / 2 + 2.0 * np.abs(w).sum() for w in charged)
    loss = (WEIGHT @ np.square(Y - before.predict(X)) / 2 + charge) / WEIGHT.sum()
    assert after.loss_ == pytest.approx(loss, rel=1e-10)


@pytest.mark.parametrize(
    ("kind", "y", "count"),
    [(Regressor, Y, 1), (Regressor, PAIR, 2), (Classifier, TWO, 1), (Classifier, THREE, 3)],
)
def test_weights_have_scikit_learns_shapes(kind: Any, y: Any, count: int) -> None:
    model = kind()
    for name in ("linear_coef_", "linear_intercept_", "dnn_coefs_", "dnn_intercepts_"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}': it is not fitted"):
            getattr(model, name)
    model.fit(X, y)
    assert model.linear_coef_.shape == (count, 4)
    assert model.linear_intercept_.shape == (count,)
    assert [w.shape for w in model.dnn_coefs_] == [(4, 6), (6, 3), (3, count)]
    assert [b.shape for b in model.dnn_intercepts_] == [(6,), (3,), (count,)]
    mixed = kind().fit(FRAME, y)
    assert mixed.linear_coef_.shape == (count, 4 + 3 + 2)
    assert mixed.dnn_coefs_[0].shape == (4 + 3 + 2, 6)


@pytest.mark.parametrize(("rows", "held"), [(10_000, False), (10_001, True)])
def test_many_rows_are_watched_for_overfitting(rows: int, held: bool) -> None:
    X = np.zeros((rows, 1))
    X[: rows // 2] = 1
    model = Regressor(dnn_hidden_units=(1,), max_iter=1, batch_size=1000).fit(X, X[:, 0])
    assert (model.validation_scores_ is not None) == held
