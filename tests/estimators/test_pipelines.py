"""Estimators inside scikit-learn's pipelines, ensembles, selectors and inspections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.feature_selection import RFE, RFECV, SelectFromModel, SequentialFeatureSelector
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV, cross_validate
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNRegressor,
    GraphRegressor,
    LinearClassifier,
    LinearRegressor,
)
from tests.estimators.cases import (
    CASES,
    FRAME,
    LABELS,
    PAIR,
    THREE,
    TWO,
    WEIGHT,
    Case,
    X,
    Y,
    outputs,
)

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS: dict[str, Any] = {"max_iter": 60, "learning_rate": 0.03, "random_state": 0}
regressor = partial(DNNRegressor, (8,), **SETTINGS)
classifier = partial(DNNClassifier, (8,), **SETTINGS)


@pytest.fixture
def routing() -> Iterator[None]:
    """Metadata finds its way."""
    with sklearn.config_context(enable_metadata_routing=True):
        yield


# ---- pipelines ----------------------------------------------------------------------------------


@every
def test_a_pipeline_is_the_model_of_scaled_rows(case: Case) -> None:
    pipeline = make_pipeline(StandardScaler(), case.make()).fit(X, case.y)
    scaled = StandardScaler().fit_transform(X)
    alone = case.make().fit(scaled, case.y)
    assert (outputs(pipeline, X) == outputs(alone, scaled)).all()
    assert pipeline.score(X, case.y) == alone.score(scaled, case.y)


@every
def test_frames_come_through_column_transformers(case: Case) -> None:
    numbers = make_column_selector(dtype_include=float)
    encoded = ColumnTransformer(
        [("n", StandardScaler(), numbers), ("c", OneHotEncoder(), ["color", "size"])]
    )
    pipeline = make_pipeline(encoded, case.make()).fit(FRAME, case.y)
    assert np.isfinite(outputs(pipeline, FRAME)).all()
    kept = ColumnTransformer([("n", StandardScaler(), numbers)], remainder="passthrough")
    pipeline = make_pipeline(kept.set_output(transform="pandas"), case.make()).fit(FRAME, case.y)
    assert pipeline[-1].feature_names_in_.tolist()[-2:] == ["remainder__color", "remainder__size"]
    assert pipeline[-1]._model.columns.spec.categories == (3, 2)
    assert np.isfinite(outputs(pipeline, FRAME)).all()


def test_a_union_of_features() -> None:
    union = FeatureUnion([("all", StandardScaler()), ("axes", PCA(2))])
    model = make_pipeline(union, regressor()).fit(X, Y)
    assert model[-1].n_features_in_ == 6
    assert model.score(X, Y) > 0.9


def test_names_go_through_a_pipeline_that_gives_frames() -> None:
    names = [c for c in FRAME if c not in ("color", "size")]
    pipeline = make_pipeline(StandardScaler(), LinearRegressor()).set_output(transform="pandas")
    pipeline.fit(FRAME[names], Y)
    assert pipeline[-1].feature_names_in_.tolist() == names
    assert pipeline[-1].coef_names_.tolist() == names


@pytest.mark.usefixtures("routing")
def test_a_pipeline_transforms_validation_rows() -> None:
    model = regressor(early_stopping=True).set_fit_request(
        X_val=True, y_val=True, sample_weight=True, sample_weight_val=True
    )
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    pipeline = Pipeline([("scale", scaler), ("fit", model)], transform_input=["X_val"])
    learn, held = slice(0, 40), slice(40, 60)
    pipeline.fit(
        X[learn],
        Y[learn],
        sample_weight=WEIGHT[learn],
        X_val=X[held],
        y_val=Y[held],
        sample_weight_val=WEIGHT[held] + 1,
    )
    scale = StandardScaler().fit(X[learn]).transform
    alone = regressor(early_stopping=True).fit(
        scale(X[learn]), Y[learn], WEIGHT[learn], scale(X[held]), Y[held], WEIGHT[held] + 1
    )
    assert pipeline[-1].validation_scores_ == alone.validation_scores_
    assert (pipeline.predict(X) == alone.predict(scale(X))).all()
    best = max(alone.validation_scores_)
    assert alone.score(scale(X[held]), Y[held], WEIGHT[held] + 1) == pytest.approx(best, rel=1e-12)


@every
@pytest.mark.usefixtures("routing")
def test_weights_are_routed_when_asked_for(case: Case) -> None:
    model = case.make().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    found = cross_validate(model, X, case.y, cv=2, params={"sample_weight": WEIGHT})
    halves = [slice(30, 60), slice(0, 30)]
    if case.classifies:
        assert np.isfinite(found["test_score"]).all()
    else:
        scores = [
            case.make().fit(X[a], case.y[a], WEIGHT[a]).score(X[b], case.y[b], WEIGHT[b])
            for a, b in (halves, halves[::-1])
        ]
        assert found["test_score"].tolist() == scores
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        cross_validate(case.make(), X, case.y, cv=2, params={"sample_weight": WEIGHT})


def test_what_may_be_asked_for() -> None:
    for case in CASES.values():
        model = case.make()
        fit = model.get_metadata_routing().fit.requests
        assert set(fit) == {"sample_weight", "X_val", "y_val", "sample_weight_val"}
        partial_fit = model.get_metadata_routing().partial_fit.requests
        assert set(partial_fit) == {"sample_weight"} | ({"classes"} if case.classifies else set())
        assert set(model.get_metadata_routing().score.requests) == {"sample_weight"}


@every
def test_a_pipelines_drawing_links_to_the_documentation(case: Case) -> None:
    drawing = make_pipeline(StandardScaler(), case.make())._repr_html_()
    links = re.findall(r'href="([^"]*skflow[^"]*)"', drawing)
    assert f"#skflow.estimators.{type(case.make()).__name__}" in links[0]


# ---- ensembles and wrappers ---------------------------------------------------------------------


REGRESSORS: dict[str, Callable[[], Any]] = {
    "stack": lambda: StackingRegressor(
        [("deep", regressor()), ("wide", LinearRegressor())], LinearRegressor()
    ),
    "vote": lambda: VotingRegressor([("deep", regressor()), ("wide", LinearRegressor())]),
    "bag": lambda: BaggingRegressor(regressor(), 3, random_state=0),
    "bag of graphs": lambda: BaggingRegressor(GraphRegressor(max_iter=300), 3, random_state=0),
    "boost": lambda: AdaBoostRegressor(LinearRegressor(), n_estimators=3, random_state=0),
    "scaled": lambda: TransformedTargetRegressor(regressor(), transformer=StandardScaler()),
    "turned": lambda: TransformedTargetRegressor(
        LinearRegressor(), func=np.negative, inverse_func=np.negative
    ),
}

CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "calibrate": lambda: CalibratedClassifierCV(classifier(), cv=3),
    "isotonic": lambda: CalibratedClassifierCV(LinearClassifier(), method="isotonic", cv=3),
    "stack": lambda: StackingClassifier(
        [("deep", classifier()), ("wide", LinearClassifier())], LinearClassifier()
    ),
    "vote": lambda: VotingClassifier(
        [("deep", classifier()), ("wide", LinearClassifier())], voting="soft"
    ),
    "bag": lambda: BaggingClassifier(classifier(), 3, random_state=0),
    "one against the rest": lambda: OneVsRestClassifier(classifier()),
    "one against one": lambda: OneVsOneClassifier(LinearClassifier()),
    "calibrate after": lambda: CalibratedClassifierCV(classifier(), cv=3, ensemble=False),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_of_regressors(name: str) -> None:
    first, second = (_seeded(REGRESSORS[name]()).fit(X, Y) for _ in range(2))
    assert first.score(X, Y) > 0.8
    assert (first.predict(X) == second.predict(X)).all()


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_classifiers_of_classifiers(name: str, y: Any) -> None:
    model = _seeded(CLASSIFIERS[name]()).fit(X, y)
    assert model.score(X, y) > 0.75
    assert_array_equal(model.classes_, np.unique(y))
    if hasattr(model, "predict_proba"):
        chances = model.predict_proba(X)
        assert_allclose(chances.sum(axis=1), 1)
        assert_array_equal(model.classes_[chances.argmax(axis=1)], model.predict(X))


def test_rows_without_a_class_get_one() -> None:
    y = np.where(np.arange(len(X)) % 2, THREE, -1)
    model = SelfTrainingClassifier(LinearClassifier()).fit(X, y)
    assert model.score(X, THREE) > 0.75


def test_one_model_for_each_target() -> None:
    for wrapper in (MultiOutputRegressor, RegressorChain):
        model = wrapper(LinearRegressor()).fit(X, PAIR)
        assert_allclose(model.predict(X)[:, 0], LinearRegressor().fit(X, Y).predict(X), rtol=1e-6)
    targets = np.column_stack([TWO, THREE.astype(str)])
    model = MultiOutputClassifier(LinearClassifier()).fit(X, targets)
    assert (model.predict(X)[:, 0] == LinearClassifier().fit(X, TWO).predict(X)).all()
    chain = ClassifierChain(LinearClassifier()).fit(X, LABELS)
    assert chain.predict(X).shape == LABELS.shape


def test_one_against_the_rest_is_a_binary_model_for_each_class() -> None:
    model = OneVsRestClassifier(LinearClassifier()).fit(X, THREE)
    for code, part in enumerate(model.estimators_):
        alone = LinearClassifier().fit(X, code == THREE)
        assert_allclose(part.coef_, alone.coef_, rtol=1e-5)


def test_a_threshold_is_tuned() -> None:
    model = TunedThresholdClassifierCV(classifier(), cv=2, scoring="balanced_accuracy")
    assert model.fit(X, TWO == "yes").score(X, TWO == "yes") > 0.8


# ---- choosing features --------------------------------------------------------------------------


def test_features_are_chosen_as_by_scikit_learns_models() -> None:
    pairs: list[tuple[Any, Any, Any]] = [
        (LinearRegressor(), LinearRegression(), Y),
        (LinearClassifier(), LogisticRegression(), THREE),
    ]
    for ours, theirs, y in pairs:
        for select in (
            partial(RFE, n_features_to_select=2),
            partial(RFECV, cv=3),
            partial(SequentialFeatureSelector, n_features_to_select=2, cv=2),
            partial(SelectFromModel, threshold="mean"),
        ):
            found, wanted = (select(model).fit(X, y).get_support() for model in (ours, theirs))
            assert_array_equal(found, wanted)


def test_networks_choose_features_by_a_measure_of_ones_own() -> None:
    select = SelectFromModel(regressor(max_iter=200), importance_getter=_input_weights)
    assert select.fit(X, Y).get_support().tolist() == [True, True, False, False]
    assert SelectFromModel(regressor(), importance_getter=_input_weights).partial_fit(X, Y)
    names = list("abcd")
    sequential = SequentialFeatureSelector(regressor(), n_features_to_select=2, cv=2)
    chosen = sequential.fit(FRAME[names], Y).get_feature_names_out()
    assert set(chosen) == {"a", "b"}


# ---- inspections --------------------------------------------------------------------------------


def test_importances_by_permutation() -> None:
    model = regressor().fit(FRAME, Y)
    found = permutation_importance(model, FRAME, Y, n_repeats=3, random_state=0)
    assert found.importances_mean.argsort()[-2:].tolist() == [0, 1]


def test_partial_dependence() -> None:
    linear = LinearRegressor().fit(X, Y)
    found = partial_dependence(linear, X, [0], grid_resolution=5)
    slope = np.diff(found["average"][0]) / np.diff(found["grid_values"][0])
    assert_allclose(slope, linear.coef_[0], rtol=1e-6)
    model = DNNLinearCombinedClassifier((8,), random_state=0).fit(FRAME, THREE)
    found = partial_dependence(model, FRAME, ["color"], categorical_features=["color"])
    assert found["average"].shape == (3, 3)
    assert_allclose(found["average"].sum(axis=0), 1)


# ---- callbacks ----------------------------------------------------------------------------------


if find_spec("sklearn.callback") is not None:

    def test_callbacks_look_into_a_pipeline() -> None:
        monitor = import_module("sklearn.callback").ScoringMonitor(scoring="r2")
        model = regressor(max_iter=7).set_callbacks(monitor)
        make_pipeline(StandardScaler(), model).fit(X, Y)
        logs = monitor.get_logs().data_as_pandas
        assert logs["task_name"].tolist().count("epoch") == 7
        scaled = StandardScaler().fit_transform(X)
        scores = logs.loc[logs["task_name"] == "epoch", "r2"]
        expected = regressor(max_iter=7, restore_best=False).fit(scaled, Y).score(scaled, Y)
        assert scores.iloc[-1] == expected


def _seeded(model: Any) -> Any:
    """A model whose parts have a seed."""
    seeds = {name: 0 for name in model.get_params() if name.endswith("random_state")}
    return clone(model).set_params(**seeds)


def _input_weights(model: Any) -> Any:
    """How much each feature counts in the first layer."""
    return np.abs(model.coefs_[0]).sum(axis=1)


def test_a_function_may_come_first() -> None:
    squared = make_pipeline(FunctionTransformer(np.square), LinearRegressor()).fit(X, Y)
    assert (squared.predict(X) == LinearRegressor().fit(X**2, Y).predict(X**2)).all()
