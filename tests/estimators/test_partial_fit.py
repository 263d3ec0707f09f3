"""Training in calls of `partial_fit`: the steps of one `fit`, classes that come later."""

from __future__ import annotations

import pickle
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

import skflow as tf
from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    GraphClassifier,
    LinearClassifier,
    LinearRegressor,
)
from skflow.estimators.recipes import OPTIMIZERS
from skflow.estimators.schedules import ExponentialDecay
from skflow.train.loop import NanLossDuringTrainingError
from tests.estimators.cases import (
    DEEP,
    FRAME,
    LABELS,
    PAIR,
    SEARCHES,
    SEVERAL,
    STEPPERS,
    THREE,
    TWO,
    WEIGHT,
    Case,
    X,
    Y,
    values,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

stepping = pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)

# So small that a step changes nothing that is seen.
TINY = 1e-12
ODDS = {"rtol": 0, "atol": 1e-8}

IN_ORDER: dict[str, Any] = {
    "batch_size": 16,
    "shuffle": False,
    "restore_best": False,
    "tol": 0,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}
CALLS = 3


def facts(model: Any) -> dict[str, Any]:
    """What a model is, but for where its parts lie in memory."""
    found = {name: value for name, value in vars(model).items() if name != "_model"}
    return {name: repr(value) for name, value in found.items()}


def check_calls_are_epochs(model: Any, rows: Any, y: Any, weight: Any = None) -> None:
    """Compare calls of `partial_fit` with one `fit`, to the bit."""
    whole = clone(model).set_params(max_iter=CALLS).fit(rows, y, weight)
    for _ in range(CALLS):
        model = pickle.loads(pickle.dumps(model)).partial_fit(rows, y, sample_weight=weight)
    assert values(model) == values(whole)
    assert model.loss_curve_ == whole.loss_curve_
    assert model.history_["learning_rate"] == whole.history_["learning_rate"]
    assert (model.n_iter_, model.best_iter_) == (whole.n_iter_, whole.best_iter_)
    assert model.loss_ == whole.loss_


# ---- the steps of one fit -----------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_calls_are_the_epochs_of_one_fit(optimizer: str) -> None:
    rate = {"optimizer": optimizer, "learning_rate": 0.02}
    check_calls_are_epochs(LinearRegressor(**IN_ORDER, **rate), X, Y)
    deep = DNNClassifier((6, 5), **IN_ORDER, **rate, dropout=0.4, l2_regularization_strength=0.1)
    check_calls_are_epochs(deep, X, THREE)
    both = DNNLinearCombinedRegressor(
        (6,), dnn_optimizer=optimizer, linear_optimizer="Ftrl", dnn_dropout=0.2, **IN_ORDER
    )
    check_calls_are_epochs(both, X, PAIR)


@stepping
def test_calls_with_weights_are_the_epochs_of_one_fit(case: Case) -> None:
    model = case.make(**IN_ORDER, l1_regularization_strength=0.2, gradient_clip_norm=1.0)
    check_calls_are_epochs(model, X, case.y, WEIGHT)


@stepping
def test_calls_on_sparse_rows_and_frames_are_the_epochs_of_one_fit(case: Case) -> None:
    for rows in (csr_array(np.where(X > 0, X, 0.0)), FRAME):
        check_calls_are_epochs(case.make(**IN_ORDER), rows, case.y)


def test_schedules_go_on() -> None:
    schedule = ExponentialDecay(0.1, decay_steps=4, decay_rate=0.5)
    rate: dict[str, Any] = {"learning_rate": schedule}
    for optimizer in ("Adam", "Ftrl", "Momentum"):
        check_calls_are_epochs(LinearRegressor(optimizer=optimizer, **rate, **IN_ORDER), X, Y)


@pytest.mark.parametrize("y", [LABELS, SEVERAL], ids=["labels", "several"])
def test_calls_with_several_targets_are_the_epochs_of_one_fit(y: Any) -> None:
    for kind in (LinearClassifier, partial(DNNClassifier, (6,))):
        check_calls_are_epochs(kind(optimizer="Adam", **IN_ORDER), X, y)


def test_shuffled_calls_go_on_with_the_random_numbers() -> None:
    """Each call has an order of its own."""
    model = DNNRegressor(**DEEP)
    orders = [model.partial_fit(X, Y)._rng.randint(1 << 30) for _ in range(3)]
    assert len(set(orders)) == 3
    ordered = DNNRegressor(**DEEP, shuffle=False).partial_fit(X, Y)
    assert values(ordered) != values(DNNRegressor(**DEEP).partial_fit(X, Y))


def test_what_was_fitted_meanwhile_does_not_matter() -> None:
    """A graph that others have used draws what a new one would."""
    settings: dict[str, Any] = {
        **DEEP,
        "optimizer": "SGD",
        "dropout": 0.5,
        "l2_regularization_strength": 0.0,
    }
    found = []
    for others in (0, 3):
        model = DNNRegressor(**settings).fit(X, Y)
        DNNRegressor(**{**settings, "max_iter": 1 + others}).fit(X, Y)
        model.partial_fit(X, Y)
        model.set_params(dropout=0.3)
        DNNRegressor(**{**settings, "max_iter": 1 + others, "dropout": 0.3}).fit(X, Y)
        found.append(values(model.partial_fit(X, Y)))
    assert found[0] == found[1]


# ---- where another training goes on -------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("first", ["L-BFGS", "Ftrl"])
def test_it_goes_on_from_a_fit(first: str, optimizer: str) -> None:
    model = LinearRegressor(optimizer=first, learning_rate=0.5, max_iter=20, random_state=0)
    before = model.fit(X, Y).predict(X)
    passes = model.n_iter_
    model.set_params(optimizer=optimizer, learning_rate=TINY).partial_fit(X, Y)
    np.testing.assert_allclose(model.predict(X), before, **ODDS)
    assert model.n_iter_ == len(model.loss_curve_) == passes + 1
    model.set_params(learning_rate=1e-3).partial_fit(X, Y + 9)
    assert model.predict(X).mean() > before.mean() + 1e-7
    assert np.abs(model.predict(X) - before).max() < 1


@pytest.mark.parametrize("second", OPTIMIZERS)
def test_the_optimizer_may_change_between_calls(second: str) -> None:
    model = DNNClassifier((5,), learning_rate=0.1, random_state=0)
    for first in ("Adam", "Ftrl", "Momentum"):
        model.set_params(optimizer=first, learning_rate=0.1).partial_fit(X, THREE)
        before = model.decision_function(X)
        model.set_params(optimizer=second, learning_rate=TINY).partial_fit(X, THREE)
        np.testing.assert_allclose(model.decision_function(X), before, **ODDS)
    for _ in range(10):
        model.set_params(learning_rate=0.05).partial_fit(X, THREE)
    assert model.loss_ < model.loss_curve_[-10]


def test_the_penalty_and_the_learning_rate_may_change_between_calls() -> None:
    model = LinearRegressor(optimizer="Momentum", random_state=0).fit(X, Y)
    weights, errors = model.coef_, Y - model.predict(X)
    model.set_params(l2_regularization_strength=600.0, learning_rate=0.1).partial_fit(X, Y)
    expected = (errors @ errors / 2 + 600 * weights @ weights / 2) / len(X)
    assert model.loss_ == pytest.approx(expected, rel=1e-12)
    weights, errors = model.coef_, Y[:30] - model.predict(X[:30])
    model.set_params(l2_regularization_strength=3.0, learning_rate=0.2).partial_fit(X[:30], Y[:30])
    expected = (errors @ errors / 2 + 3 * weights @ weights / 2) / 30
    assert model.loss_ == pytest.approx(expected, rel=1e-12)
    assert model.history_["learning_rate"][-2:] == [0.1, 0.2]


def test_a_model_goes_on_with_rows_of_another_form() -> None:
    rows = np.where(X > 0, X, 0.0).astype(np.float32)
    dense = LinearClassifier(optimizer="Adam", **IN_ORDER).partial_fit(rows, THREE)
    mixed = pickle.loads(pickle.dumps(dense)).partial_fit(csr_array(rows), THREE)
    assert values(dense.partial_fit(rows.astype(np.float64), THREE)) == values(mixed)
    assert dense.coef_.dtype == np.float32


def test_categories_that_come_later_are_the_unseen_one() -> None:
    model = DNNRegressor(**DEEP).partial_fit(FRAME, Y)
    table = model.get_variable_value("dnn/embedding_1")
    assert not table[-1].any()
    model.partial_fit(FRAME.assign(size="enormous"), Y)
    later = model.get_variable_value("dnn/embedding_1")
    assert later.shape == table.shape
    assert later[-1].any()


# ---- new classes --------------------------------------------------------------------------------

KINDS: dict[str, Any] = {
    "linear": LinearClassifier,
    "deep": partial(DNNClassifier, (6,)),
    "graph": GraphClassifier,
}
growing = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def odds(model: Any, rows: Any = X) -> pd.DataFrame:
    """The log odds of each class against the first one that was known."""
    logs = pd.DataFrame(model.predict_log_proba(rows), columns=model.classes_)
    return logs.sub(logs[model.first], axis=0)


@pytest.mark.parametrize(
    ("kind", "optimizer"),
    [*((LinearClassifier, name) for name in OPTIMIZERS), (KINDS["deep"], "Ftrl")],
)
def test_odds_among_old_classes_are_kept_when_new_ones_come(kind: Any, optimizer: str) -> None:
    names = np.array(["m", "t", "a", "z", "p"])
    y = names[np.digitize(Y, [1.0, 2.0, 3.0, 4.0])]
    model = kind(optimizer=optimizer, random_state=0)
    model.first = "m"
    for known in (["m", "t"], ["m", "t", "a"], ["m", "t", "a", "z", "p"]):
        rows = np.isin(y, known)
        if model.__sklearn_is_fitted__():
            before = odds(model)
            model.set_params(learning_rate=TINY).partial_fit(X[rows], y[rows])
            np.testing.assert_allclose(odds(model)[before.columns], before, **ODDS)
        for _ in range(3):
            model.set_params(learning_rate=0.1).partial_fit(X[rows], y[rows])
        assert model.classes_.tolist() == sorted(known)
        assert model.predict_proba(X).shape == (len(X), len(known))
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
        assert set(model.predict(X)) <= set(known)


def test_new_classes_are_learnt() -> None:
    y = np.digitize(Y, [2.0, 4.0])
    for kind in KINDS.values():
        model = kind(optimizer="Adam", learning_rate=0.1, random_state=0, batch_size=20)
        for _ in range(10):
            model.partial_fit(X[y < 2], y[y < 2])
        for _ in range(40):
            model.partial_fit(X, y)
        assert model.score(X, y) > 0.9


@settings(deadline=None, max_examples=10)
@given(st.lists(st.lists(st.integers(-3, 9), min_size=2, max_size=6), min_size=1, max_size=4))
def test_classes_are_those_seen_so_far(batches: list[list[int]]) -> None:
    model = LinearClassifier(optimizer="SGD", learning_rate=TINY, random_state=0)
    seen: set[int] = set()
    for y in batches:
        seen |= set(y)
        rows = X[: len(y)]
        if len(seen) < 2:
            with pytest.raises(ValueError, match="samples of at least 2 classes"):
                model.partial_fit(rows, y)
            seen = set()
            continue
        before = odds(model, rows) if model.__sklearn_is_fitted__() else None
        model.partial_fit(rows, y)
        assert model.classes_.tolist() == sorted(seen)
        if before is None:
            model.first = min(seen)
        else:
            np.testing.assert_allclose(odds(model, rows)[before.columns], before, **ODDS)


@growing
def test_classes_may_be_said_beforehand(kind: Any) -> None:
    model = kind(optimizer="Adam", learning_rate=1.0, random_state=0)
    for _ in range(5):
        model.partial_fit(X[:9], ["b"] * 9, classes=["c", "a", "b"])
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert model.predict(X[:9]).tolist() == ["b"] * 9
    before = model.predict_proba(X[:9])
    model.set_params(learning_rate=TINY).partial_fit(X[:9], ["b"] * 9, classes=["b", "a"])
    assert model.classes_.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(model.predict_proba(X[:9]), before, **ODDS)
    # Unlike scikit-learn's models, which would raise here.
    model.partial_fit(X[:9], ["e"] * 9, classes=["d"])
    assert model.classes_.tolist() == ["a", "b", "c", "d", "e"]


def test_several_targets_get_classes_of_their_own() -> None:
    for kind in (LinearClassifier, partial(DNNClassifier, (5,))):
        model = kind(optimizer="Adam", learning_rate=0.05, random_state=0)
        model.partial_fit(X, SEVERAL, classes=[[0, 9], [7]])
        assert [c.tolist() for c in model.classes_] == [[0, 1, 2, 9], [5, 6, 7]]
        before = [np.log(p) for p in model.predict_proba(X)]
        later = SEVERAL.copy()
        later[:5, 0] = -4
        model.set_params(learning_rate=TINY).partial_fit(X, later)
        assert [c.tolist() for c in model.classes_] == [[-4, 0, 1, 2, 9], [5, 6, 7]]
        after = [np.log(p) for p in model.predict_proba(X)]
        old = after[0][:, 1:]
        np.testing.assert_allclose(old - old[:, :1], before[0] - before[0][:, :1], **ODDS)
        np.testing.assert_allclose(after[1], before[1], **ODDS)
        with pytest.raises(ValueError, match="classes has 1 entries, but y has 2 targets"):
            model.partial_fit(X, later, classes=[[1]])


def test_labels_stay_as_many() -> None:
    model = DNNClassifier(**DEEP).partial_fit(X, LABELS)
    assert model.classes_.tolist() == [0, 1]
    assert model.predict_proba(X).shape == (len(X), 2)
    three = np.column_stack([LABELS, LABELS[:, 0]])
    with pytest.raises(ValueError, match=r"y has the shape \(60, 3\), but .* with 2 targets"):
        model.partial_fit(X, three)
    with pytest.raises(ValueError, match="previously unseen labels"):
        model.partial_fit(X, LABELS * 2)
    assert model.n_iter_ == 1


def test_a_fitted_classifier_takes_new_classes_too() -> None:
    model = LinearClassifier().fit(X, TWO)
    before = model.decision_function(X)
    later = np.where(Y > 5, "maybe", TWO)
    model.set_params(optimizer="Ftrl", learning_rate=TINY).partial_fit(X, later)
    assert model.classes_.tolist() == ["maybe", "no", "yes"]
    scores = model.decision_function(X)
    np.testing.assert_allclose(scores[:, 2] - scores[:, 1], before, rtol=1e-7)


# ---- what is refused, and what it leaves --------------------------------------------------------


def test_balanced_weights_are_refused_in_scikit_learns_words() -> None:
    with pytest.raises(ValueError, match="class_weight 'balanced' is not supported") as theirs:
        SGDClassifier(class_weight="balanced").partial_fit(X, TWO, classes=["no", "yes"])
    for model in (
        LinearClassifier(optimizer="Adam", class_weight="balanced"),
        DNNClassifier(class_weight="balanced"),
    ):
        with pytest.raises(ValueError, match="class_weight 'balanced'") as ours:
            model.partial_fit(X, TWO)
        assert " ".join(str(ours.value).split()) == " ".join(str(theirs.value).split())
        assert not model.__sklearn_is_fitted__()


def test_weights_of_classes_multiply() -> None:
    counts = {"no": 3.0, "yes": 0.5}
    model = DNNClassifier(**DEEP)
    by_class = clone(model).set_params(class_weight=counts).partial_fit(X, TWO)
    by_row = model.partial_fit(X, TWO, sample_weight=[counts[c] for c in TWO])
    assert values(by_class) == values(by_row)


WRONG: dict[str, tuple[Any, ...]] = {
    "columns": (X[:, :3], THREE, "X has 3 features, but"),
    "rows": (X[:-1], THREE, "inconsistent numbers of samples"),
    "missing": (np.where(X > 1, np.nan, X), THREE, "Input X contains NaN"),
    "strings": (X, TWO, "Mix of label input types"),
    "quantities": (X, Y, "Unknown label type: continuous"),
    "shape": (X, SEVERAL, r"y has the shape \(60, 2\), but the classifier was fitted with 1"),
    "none": (X, None, "requires y to be passed"),
}


@pytest.mark.parametrize(("rows", "y", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_changes_nothing(rows: Any, y: Any, message: str) -> None:
    model = DNNClassifier(**DEEP).partial_fit(X, THREE)
    before, learnt, expected = facts(model), values(model), pickle.dumps(model._state.slots)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(rows, y)
    assert facts(model) == before
    assert values(model) == learnt
    assert pickle.dumps(model._state.slots) == expected
    twin = DNNClassifier(**DEEP).partial_fit(X, THREE).partial_fit(X, THREE)
    assert values(model.partial_fit(X, THREE)) == values(twin)


def test_a_loss_that_explodes_changes_nothing() -> None:
    model = LinearRegressor(optimizer="SGD", learning_rate=0.01, random_state=0)
    learnt = values(model.partial_fit(X, Y))
    before = facts(model)
    with np.errstate(all="ignore"), pytest.raises(NanLossDuringTrainingError, match="at step"):
        model.set_params(learning_rate=1e30, batch_size=1).partial_fit(X, Y)
    model.set_params(learning_rate=0.01, batch_size="auto")
    assert facts(model) == before
    assert values(model) == learnt


@pytest.mark.parametrize("changed", [{"hidden_units": (7,)}, {"hidden_units": (6, 6)}])
def test_another_network_cannot_go_on(changed: Any) -> None:
    model = DNNRegressor(**DEEP).partial_fit(X, Y)
    learnt = values(model)
    with pytest.raises(ValueError, match="network must stay the same, but the shapes"):
        model.set_params(**changed).partial_fit(X, Y)
    assert values(model) == learnt


def test_another_number_of_targets_is_refused() -> None:
    model = DNNRegressor(**DEEP).partial_fit(X, Y)
    with pytest.raises(ValueError, match="y has 2 outputs, but DNNRegressor was fitted with 1"):
        model.partial_fit(X, PAIR)


@pytest.mark.parametrize("case", SEARCHES.values(), ids=SEARCHES)
def test_a_search_has_no_calls(case: Case) -> None:
    model = case.make()
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as error:
        model.partial_fit(X, case.y)
    assert "only available for optimizers that make steps on batches, not for 'L-BFGS'" in str(
        error.value.__cause__
    )


def test_optimizers_that_do_not_go_together_have_no_calls() -> None:
    model = DNNLinearCombinedClassifier(linear_optimizer="L-BFGS")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'") as error:
        model.partial_fit(X, TWO)
    assert "give it as linear_optimizer and as dnn_optimizer" in str(error.value.__cause__)


def test_wrong_parameters_are_refused_as_by_fit() -> None:
    model = DNNRegressor(**{**DEEP, "batch_size": 0})
    with pytest.raises(ValueError, match="The 'batch_size' parameter of DNNRegressor must be"):
        model.partial_fit(X, Y)


# ---- what is told -------------------------------------------------------------------------------


@stepping
def test_the_history_goes_on(case: Case) -> None:
    model = case.make(early_stopping=True, validation_fraction=0.3).fit(X, case.y)
    scores, passes = model.validation_scores_, model.n_iter_
    for call in (1, 2):
        model.partial_fit(X, case.y)
        table = pd.DataFrame(model.history_)
        assert model.n_iter_ == len(model.loss_curve_) == len(table) == passes + call
        assert table["epoch"].tolist() == list(range(1, passes + call + 1))
        assert table["seconds"].is_monotonic_increasing
        assert table["validation_score"].tolist()[:passes] == scores
        assert table["validation_score"].isna().sum() == call
        assert table["loss"].tolist() == model.loss_curve_
        assert model.loss_ == model.loss_curve_[-1]
        assert model.best_iter_ == np.argmin(model.loss_curve_) + 1
    model.fit(X, case.y)
    assert (model.n_iter_, model.validation_scores_) == (passes, scores)


def test_each_call_prints_its_loss(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in (partial(DNNClassifier, **DEEP), MLPClassifier):
        model = kind(verbose=2).partial_fit(X, TWO, classes=["no", "yes"])
        assert capsys.readouterr().out == f"Iteration 1, loss = {model.loss_:.8f}\n"
    model = DNNClassifier(**DEEP, verbose=2).partial_fit(X, TWO).partial_fit(X, TWO)
    assert capsys.readouterr().out.endswith(f"\nIteration 2, loss = {model.loss_:.8f}\n")
    model.set_params(verbose=0).partial_fit(X, TWO)
    assert not capsys.readouterr().out


def test_a_function_as_the_optimizer_keeps_its_state() -> None:
    check_calls_are_epochs(
        DNNRegressor((6,), optimizer=tf.train.AdagradOptimizer(0.1), **IN_ORDER), X, Y
    )
