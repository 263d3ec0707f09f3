"""Training graphs that wait for the next fit, and the predictors that models share."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone

import skflow as tf
from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    EstimatorSpec,
    GraphRegressor,
    LinearRegressor,
    training,
)
from skflow.estimators.features import FeatureSpec
from skflow.estimators.networks import FeedForward, Linear
from skflow.estimators.objectives import Penalty
from skflow.estimators.recipes import OPTIMIZERS, Recipe
from skflow.estimators.regression_head import RegressionHead
from skflow.estimators.schedules import ExponentialDecay
from skflow.estimators.training import Setting, TrainingGraph, is_plain, predictor, training_graph
from skflow.train.loop import NanLossDuringTrainingError
from tests.estimators.cases import DEEP, STEPPERS, THREE, TWO, WEIGHT, Case, X, Y, outputs, values

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

waiting = training._waiting

SMALL: dict[str, Any] = {"max_iter": 3, "batch_size": 16, "random_state": 0}


def learn(model: Any, y: Any, weight: Any = None) -> Any:
    """What a new model of the kind learns, and how."""
    fitted = clone(model).fit(X, y, weight)
    return values(fitted), fitted.loss_curve_


@pytest.fixture(autouse=True)
def empty() -> None:
    """Begin with no graph in waiting."""
    while waiting:
        waiting.popitem()[1].close()


# ---- graphs that wait ---------------------------------------------------------------------------


def check_waiting(model: Any, y: Any, weight: Any = None) -> None:
    """Compare a fit on a graph that others have used with one on a new graph."""
    found = learn(model, y, weight)
    ((setting, graph),) = waiting.items()
    for other in ({"random_state": 1}, {"max_iter": 1, "batch_size": 7}, {"steps": 2}):
        learn(clone(model).set_params(**other), y, weight)
    assert waiting[setting] is graph
    assert learn(model, y, weight) == found
    assert dict(waiting) == {setting: graph}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_graph_that_was_used_is_as_good_as_new(optimizer: str) -> None:
    settings: dict[str, Any] = {
        **DEEP,
        "dropout": 0.4,
        "early_stopping": True,
        "validation_fraction": 0.3,
        "gradient_clip_norm": 2.0,
        "optimizer": optimizer,
    }
    check_waiting(DNNClassifier(**settings), THREE, WEIGHT)


@pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)
def test_graphs_of_all_families_are_used_again(case: Case) -> None:
    check_waiting(case.make(), case.y)


def test_a_schedule_begins_anew() -> None:
    schedule = ExponentialDecay(0.1, decay_steps=3, decay_rate=0.5)
    check_waiting(LinearRegressor(optimizer="Momentum", learning_rate=schedule, **SMALL), Y)


def test_an_explosion_leaves_nothing_behind() -> None:
    model = LinearRegressor(optimizer="SGD", learning_rate=1e100, **SMALL)
    for fit in (model.fit, model.partial_fit):
        with np.errstate(all="ignore"), pytest.raises(NanLossDuringTrainingError):
            fit(X, Y)
        assert not waiting


def test_a_graph_that_was_interrupted_is_dropped() -> None:
    model = DNNRegressor(**DEEP).fit(X, Y)
    ((setting, graph),) = waiting.items()
    with pytest.raises(KeyboardInterrupt), training_graph(setting) as given:
        assert given is graph
        assert not waiting
        raise KeyboardInterrupt
    assert not waiting
    with pytest.raises(RuntimeError, match="closed"):
        graph.read()
    assert values(clone(model).fit(X, Y)) == values(model)


def test_few_wait_and_those_that_came_last() -> None:
    graphs = []
    for units in range(1, 12):
        DNNRegressor((units,), steps=1).fit(X, Y)
        graphs.append(next(reversed(waiting.values())))
    kept = [setting.network.hidden_units for setting in waiting]  # type: ignore[attr-defined]
    assert kept == [(units,) for units in range(4, 12)]
    for graph in graphs[:3]:
        with pytest.raises(RuntimeError, match="closed"):
            graph.read()
    DNNRegressor((4,), steps=1).fit(X, Y)
    assert next(iter(waiting)).network.hidden_units == (5,)  # type: ignore[attr-defined]


def test_large_ones_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    DNNRegressor((5,), steps=1).fit(X, Y)
    ((setting, graph),) = waiting.items()
    assert graph.size == sum(np.size(v) for v in graph.everything().values())
    monkeypatch.setattr(training, "_MOST_NUMBERS", 2 * graph.size)
    for units in (4, 5, 3):
        DNNRegressor((units,), steps=1).fit(X, Y)
    kept = [s.network.hidden_units for s in waiting]  # type: ignore[attr-defined]
    assert kept == [(5,), (3,)]
    monkeypatch.setattr(training, "_MOST_NUMBERS", graph.size - 1)
    DNNRegressor((5,), steps=1).fit(X, Y)
    assert setting not in waiting


def test_threads_do_not_share_a_graph() -> None:
    """All begin at the same moment with equal settings, and several of them at once."""
    model = DNNRegressor(**DEEP, dropout=0.3)
    expected = [learn(clone(model).set_params(random_state=seed), Y) for seed in range(6)]
    barrier, found = threading.Barrier(6), {}

    def work(seed: int) -> None:
        mine = clone(model).set_params(random_state=seed)
        for _ in range(3):
            barrier.wait(20)
            found[seed] = learn(mine, Y)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [found[seed] for seed in range(6)] == expected
    assert len(waiting) == 1


PROGRAM = """
import os
from tests.estimators.test_training import DEEP, DNNClassifier, THREE, X, learn, waiting
model = DNNClassifier(**DEEP, dropout=0.3)
expected = learn(model, THREE)
(graph,) = waiting.values()
likely = model.fit(X, THREE).predict_proba(X)
child = os.fork()
same = learn(model, THREE) == expected and list(waiting.values()) == [graph]
same = same and (model.predict_proba(X) == likely).all()
if not child:
    os._exit(0 if same else 3)
assert same
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""


def test_a_forked_process_goes_on_with_what_waits() -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    subprocess.run(command, check=True, timeout=100, cwd=root)


# ---- what may wait ------------------------------------------------------------------------------


def ones_own(*_: Any) -> Any:
    """A function."""


@dataclass(frozen=True)
class OnesOwn:
    """A record of somebody else's."""

    number: float = 0.5


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.builds(Recipe, inner, inner),
)
strange = st.sampled_from([ones_own, OnesOwn(), np.ones(2), [1], tf.train.AdamOptimizer(0.1)])


@settings(max_examples=30)
@given(plain, strange)
def test_what_is_plain(value: Any, other: Any) -> None:
    assert is_plain(value)
    assert not is_plain(other)
    assert not is_plain((value, other))
    assert not is_plain(Recipe(value, other))


SETTING = Setting(
    FeedForward(FeatureSpec(4), 1, (3,)),
    RegressionHead("squared", 1, ()),
    Penalty(0.0, 1.0),
    False,
    (Recipe("Adam", 0.1),),
)


def test_functions_of_the_users_are_called_at_each_fit() -> None:
    schedule = ExponentialDecay(0.1, decay_steps=3, decay_rate=0.5)
    network, head = SETTING.network, SETTING.head
    for recipe in (Recipe("Adam", 0.1), Recipe("Ftrl", schedule)):
        assert replace(SETTING, recipes=(recipe,)).reusable
    for setting in (
        replace(SETTING, recipes=()),
        replace(SETTING, recipes=(Recipe(tf.train.AdamOptimizer, 0.1),)),
        replace(SETTING, recipes=(Recipe("Adam", 0.1), Recipe("Adam", ones_own))),
        replace(SETTING, network=replace(network, activation=tf.tanh)),  # type: ignore[call-arg]
        replace(SETTING, head=replace(head, loss=ones_own)),
    ):
        assert not setting.reusable


@dataclass
class Falling:
    """A rate of somebody's own, which cannot be hashed."""

    start: float

    def __call__(self, step: Any) -> Any:
        return self.start / (1.0 + tf.cast(step, tf.float64))


def test_rates_of_ones_own_need_no_hash() -> None:
    model = LinearRegressor(optimizer="SGD", learning_rate=Falling(0.1), **SMALL).fit(X, Y)
    np.testing.assert_allclose(model.history_["learning_rate"], [0.1 / 5, 0.1 / 9, 0.1 / 13])
    assert not waiting


# ---- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_all_values_can_be_read_and_given_back(optimizer: str) -> None:
    setting = replace(SETTING, weighted=True, recipes=(Recipe(optimizer, 0.1),), clip_norm=1.0)
    first, second = TrainingGraph(setting), TrainingGraph(setting)
    first.start(3, 60.0, {})
    batch = X, Y[:, None], np.ones(60)
    for _ in range(3):
        first.step(*batch)
    second.start(4, 9.0, {})
    second.load(first.everything())
    assert list(second.everything()) == first.all_names
    for graph in (first, second):
        graph.step(*batch)
    same = second.everything()
    for name, value in first.everything().items():
        assert (same[name] == value).all()
    state = first.state()
    assert {**first.values(), **state.slots}.keys() == set(first.all_names)
    assert not first.values().keys() & state.slots.keys()
    assert first.shapes() == {name: v.shape for name, v in first.values().items()}
    first.close()
    second.close()


def test_some_values_may_be_given_at_the_start() -> None:
    graph = TrainingGraph(SETTING)
    graph.start(0, 1.0, {})
    before = graph.values()
    chosen = {"dnn/logits/biases": np.array([7.0])}
    graph.start(0, 1.0, chosen)
    after = graph.values()
    assert after.pop("dnn/logits/biases") == 7
    assert {n: v.tobytes() for n, v in after.items()} == {n: before[n].tobytes() for n in after}
    graph.start(1, 1.0, {})
    weights = "dnn/logits/weights"
    assert (graph.values()[weights] != before[weights]).any()
    graph.close()


def test_variables_that_begin_as_one_another_get_values_of_their_own() -> None:
    def twins(features: Any, labels: Any, mode: str, params: Any) -> Any:
        del labels, params
        first = tf.zeros((4, 1), features.dtype)
        a, b = tf.Variable(first, name="a"), tf.Variable(first, name="b")
        return EstimatorSpec(mode, predictions=tf.matmul(features, a - 2.0 * b))

    model = GraphRegressor(model_fn=twins, learning_rate=0.1, random_state=0)
    whole = clone(model).set_params(max_iter=3, shuffle=False, restore_best=False).fit(X, Y)
    for _ in range(3):
        model.partial_fit(X, Y)
    assert values(model) == values(whole)
    assert (model.get_variable_value("a") != model.get_variable_value("b")).any()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    "kind",
    [partial(DNNLinearCombinedRegressor, (5,)), LinearRegressor, partial(DNNRegressor, (5,))],
    ids=["both", "linear", "deep"],
)
def test_a_warm_start_begins_where_the_last_fit_ended(kind: Any, optimizer: str) -> None:
    """Ftrl computes values from its slots alone; so these must agree."""
    names = [n for n in kind().get_params() if n.endswith("optimizer")]
    model = kind(warm_start=True, restore_best=False, random_state=0, max_iter=30)
    model.set_params(**dict.fromkeys(names, optimizer))
    rates = [name.replace("optimizer", "learning_rate") for name in names]
    model.set_params(**dict.fromkeys(rates, 0.05)).fit(X, Y)
    before = model.predict(X)
    loss = np.mean(np.square(before - Y)) / 2
    model.set_params(l2_regularization_strength=0.0, max_iter=1).fit(X, Y)
    assert model.loss_ == pytest.approx(loss, rel=1e-12)


def test_first_weights_survive_ftrls_first_step() -> None:
    """Also where nothing tells the best constant outputs."""

    def squares(labels: Any, found: Any) -> Any:
        return tf.square(labels - found)

    settings = {"learning_rate": 1e-12, "steps": 1, "random_state": 0}
    for loss in (squares, "squared"):
        still = DNNRegressor((5,), optimizer="Ftrl", loss=loss, **settings).fit(X, Y)
        expected = DNNRegressor((5,), optimizer="SGD", loss=loss, **settings).fit(X, Y)
        for found, wanted in zip(still.coefs_, expected.coefs_, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-9)


# ---- predictors ---------------------------------------------------------------------------------


def test_models_of_one_architecture_share_a_predictor() -> None:
    kinds = (
        (DNNRegressor(**DEEP), Y),
        (DNNRegressor(**{**DEEP, "optimizer": "L-BFGS"}), Y),
        (DNNClassifier(**DEEP), TWO),  # one number a row as well
    )
    models = [model.fit(X, y) for model, y in kinds]
    expected = [outputs(model, X) for model in models]
    assert len({id(model.graph_) for model in models}) == 1
    for model, before in zip(models, expected, strict=True):
        assert (outputs(model, X) == before).all()
    other = DNNClassifier(**DEEP).fit(X, THREE)
    assert other.graph_ is not models[0].graph_


def test_predictors_are_few_and_built_again_when_needed() -> None:
    def predicted(width: int) -> Any:
        found = predictor(Linear(FeatureSpec(width), 2))
        return found.run(np.ones((3, width)), np.full((width, 2), 0.5), np.arange(2.0))

    for _ in range(2):
        for width in range(1, 36):
            assert predicted(width).tolist() == [[width / 2, width / 2 + 1]] * 3
            assert predictor.cache_info().currsize <= training._MOST_PREDICTORS


def test_predictors_take_values_by_name() -> None:
    network = Linear(FeatureSpec(4, (2,)), 3)
    found = predictor(network)
    assert found.names == ["linear/weights", "linear/category_weights", "linear/biases"]
    assert predictor(replace(network)) is found
    codes = np.zeros((60, 1), np.int64)
    weights, table, biases = np.ones((4, 3)), np.full((3, 3), 5.0), np.arange(3.0)
    result = found.run(X, codes, weights, table, biases)
    np.testing.assert_allclose(result, X.sum(axis=1, keepdims=True) + 5 + biases)
    before = result.copy()
    found.run(X + 1, codes, weights, table, biases)
    assert (result == before).all()
