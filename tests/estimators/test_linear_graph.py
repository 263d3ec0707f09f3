"""The objective as graph, and its units, against NumPy in the original ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import skflow as tf
from skflow.estimators.classification_heads import BinaryHead, MulticlassHead, MultioutputHead
from skflow.estimators.features import Features
from skflow.estimators.heads import KINKED, Head
from skflow.estimators.inputs import Rows
from skflow.estimators.linear_graph import LinearGraph, Problem
from skflow.estimators.metric import Metric
from skflow.estimators.objectives import Penalty
from skflow.estimators.regression_head import RegressionHead

RNG = np.random.RandomState(0)
ROWS, COLUMNS = 40, 4
X = RNG.normal(size=(ROWS, COLUMNS)) * [1, 100, 1e-3, 0] + [0, 1e3, 5, 7]
WEIGHT = RNG.gamma(1.0, size=ROWS)
CODES = RNG.randint(0, 3, ROWS).astype(np.int32)
HEADS: dict[str, tuple[Head, Any]] = {
    "squared": (RegressionHead("squared", 2), RNG.normal(size=(ROWS, 2)) * [1, 50] + 9),
    "huber": (RegressionHead("huber", 2), RNG.normal(size=(ROWS, 2)) * [1, 50] + 9),
    "poisson": (RegressionHead("poisson", 2), RNG.poisson([1, 30], (ROWS, 2)).astype(float)),
    "gamma": (RegressionHead("gamma", 2), RNG.gamma(1.0, size=(ROWS, 2)) * [1, 30]),
    "absolute": (RegressionHead("absolute", 2), RNG.normal(size=(ROWS, 2)) * [1, 50] + 9),
    "quantile": (RegressionHead("quantile", 2, (0.2, 0.7)), RNG.normal(size=(ROWS, 2))),
    "log": (BinaryHead("log"), (CODES[:, np.newaxis] > 0).astype(float)),
    "softmax": (MulticlassHead("log", 3), CODES),
    "hinge": (MulticlassHead("hinge", 3), CODES),
    "several": (MultioutputHead("log", (3, 2)), np.stack([CODES, CODES % 2], axis=1)),
    "function": (
        RegressionHead(lambda labels, outputs: tf.square(labels - outputs), 2),
        RNG.normal(size=(ROWS, 2)),
    ),
}
PENALTIES = [Penalty(), Penalty(l2=3.0), Penalty(l1=2.0), Penalty(l1=2.0, l2=3.0)]
FORMS = pytest.mark.parametrize("form", [np.asarray, csr_array], ids=["dense", "sparse"])


def problem(
    name: str, penalty: Penalty = PENALTIES[0], form: Any = np.asarray, weight: Any = WEIGHT
) -> Problem:
    head, labels = HEADS[name]
    return Problem.of(head, Rows(Features(form(X)), labels, weight), penalty)


def objective(name: str, weights: Any, biases: Any, penalty: Penalty, weight: Any) -> float:
    """In the original units."""
    head, labels = HEADS[name]
    with tf.Graph().as_default(), tf.Session() as session:
        fed = head.placeholder(tf.float64)
        losses = session.run(head.losses(fed, tf.constant(X @ weights + biases)), {fed: labels})
    weight = np.ones(ROWS) if weight is None else weight
    charge = penalty.l2 / 2 * np.sum(weights**2) + penalty.l1 * np.abs(weights).sum()
    total = weight @ losses.reshape(ROWS, -1).sum(axis=1) + charge
    return float(total / weight.sum())


def anywhere(name: str, size: float = 1.0) -> list[Any]:
    """Weights and biases somewhere; the column that never changes has no weight."""
    head, _ = HEADS[name]
    weights = size * RNG.normal(size=(COLUMNS, head.outputs)) / [[1], [100], [1e-3], [1]]
    weights[3] = 0
    return [weights, RNG.normal(size=head.outputs) - X.mean(axis=0) @ weights]


def measured(found: Problem, place: tuple[Any, Any], *, turned: bool, shared: bool) -> Metric:
    curvature = found.curvature(*place, 0.5)
    if curvature is None:
        curvature = np.ones((ROWS, found.shape[1]))
    return Metric.of(
        found.columns,
        found.middle,
        found.weight,
        curvature,
        found.ridge,
        turned=turned,
        shared=shared,
    )


@FORMS
@pytest.mark.parametrize("name", HEADS)
def test_units_and_back(form: Any, name: str) -> None:
    found = problem(name, form=form)
    weights, biases = anywhere(name)
    again = found.original(*found.first([weights, biases]))
    np.testing.assert_allclose(again[0], weights, rtol=1e-12)
    head, _ = HEADS[name]
    np.testing.assert_allclose(again[1], head.balanced(biases), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", HEADS)
def test_it_begins_at_the_best_constant(name: str) -> None:
    found = problem(name)
    weights, biases = found.original(*found.first(None))
    assert not weights.any()
    if name == "function":
        assert not biases.any()
        return
    if name == "hinge":
        return
    least = objective(name, weights, biases, Penalty(), WEIGHT)
    for moved in 0.01 * RNG.normal(size=(10, len(biases))):
        there = objective(name, weights, biases + moved, Penalty(), WEIGHT)
        assert there >= least - 1e-9 * abs(least)


@FORMS
@pytest.mark.parametrize("penalty", PENALTIES, ids=["free", "l2", "l1", "both"])
@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(("turned", "shared"), [(True, True), (True, False), (False, False)])
def test_the_loss_is_the_objective_in_the_original_units(
    form: Any, penalty: Penalty, name: str, turned: bool, shared: bool
) -> None:
    weight = WEIGHT if turned else None
    turned = turned and not penalty.l1
    found = problem(name, penalty, form, weight)
    start = anywhere(name, 0.1)
    place = found.first(start)
    metric = measured(found, place, turned=turned, shared=shared)
    graph = LinearGraph(found, turned=turned, metrics=1 if shared else found.shape[1])
    with tf.Session(graph=graph.graph) as session:
        graph.load(session, metric, *place)
        feed = graph.feed(metric, 1e-9)
        loss, scaled = session.run([graph.loss, graph.objective], feed)
        read = graph.values(session.run(graph.variables), metric)
    for value, wanted in zip(read, place, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-7, atol=1e-8)
    wanted = objective(name, *start, penalty, weight)
    assert loss == pytest.approx(wanted, rel=1e-7)
    cost = found.scales.cost
    if np.ptp(cost) == 0:
        assert scaled * cost[0] == pytest.approx(wanted, rel=1e-7)
    assert (graph.bounds is None) == (not penalty.l1)


@pytest.mark.parametrize("name", ["squared", "log", "softmax", "poisson", "several"])
@pytest.mark.parametrize("l2", [0.0, 3.0])
def test_in_its_coordinates_the_objective_bends_by_one_at_the_start(name: str, l2: float) -> None:
    found = problem(name, Penalty(l2=l2))
    place = found.first(None)
    metric = measured(found, place, turned=True, shared=False)
    graph = LinearGraph(found, turned=True, metrics=found.shape[1])
    with graph.graph.as_default(), tf.Session() as session:
        gradient = tf.gradients(graph.objective, graph.variables)
        graph.load(session, metric, *place)
        feed = graph.feed(metric, None)
        here = session.run(gradient, feed)
        first = session.run(graph.variables)
        step = 1e-5
        for column in range(3):
            for output in range(found.shape[1]):
                moved = first[0].copy()
                moved[column, output] += step
                there = session.run(gradient, {**feed, graph.variables[0]: moved})
                bend = (there[0] - here[0])[:, output] / step
                # The column that never changes has a coordinate too, along which nothing bends.
                flat = np.abs(metric.forward[output][:3, column]).max() == 0
                wanted = 0.0 if flat else 1.0
                assert bend[column] == pytest.approx(wanted, abs=1e-3)
                bend[column] = 0
                np.testing.assert_allclose(bend, 0, atol=1e-3)


@pytest.mark.parametrize("name", KINKED)
def test_kinks_are_rounded_off_for_the_search_alone(name: str) -> None:
    found = problem(name)
    place = found.first(anywhere(name, 0.1))
    metric = measured(found, place, turned=True, shared=True)
    graph = LinearGraph(found, turned=True, metrics=1)
    with tf.Session(graph=graph.graph) as session:
        graph.load(session, metric, *place)
        wide, narrow = (
            session.run([graph.objective, graph.loss], graph.feed(metric, w)) for w in (1.0, 1e-6)
        )
    assert wide[0] > narrow[0]
    assert wide[1] == narrow[1]


def test_curvatures_have_a_floor() -> None:
    found = problem("log")
    bent = found.curvature(np.zeros((COLUMNS, 1)), np.array([1e3]), None)
    assert (bent == 1e-12).all()
    bent = found.curvature(np.array([[30.0], [0], [0], [0]]), np.zeros(1), None)
    assert bent.min() == pytest.approx(1e-3 * bent.mean(), rel=0.1)


@FORMS
def test_data_are_not_written_to(form: Any) -> None:
    features, labels = Features(form(X.copy())), HEADS["squared"][1].copy()
    found = Problem.of(HEADS["squared"][0], Rows(features, labels, WEIGHT), Penalty(l2=1.0))
    assert found.columns is not features.numeric
    after = features.numeric if form is np.asarray else features.numeric.toarray()
    np.testing.assert_array_equal(after, X)
    np.testing.assert_array_equal(labels, HEADS["squared"][1])
