"""What `fit` tells TensorBoard."""

from __future__ import annotations

import errno
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import skflow as tf
from skflow import errors
from skflow.estimators import (
    DNNClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    GraphRegressor,
    LinearRegressor,
)
from skflow.estimators.summaries import Summaries, _histograms
from skflow.io import files
from tests.estimators.model_functions import own_step
from tests.estimators.unchanged import nothing_changes
from tests.io.memory_files import Fault, MemorySystem

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.RandomState(0)
X = RNG.randn(60, 4)
Y = X @ [1.0, -2.0, 0.5, 3.0] + 0.1 * RNG.randn(60)
RATE = 0.01


def net(**settings: Any) -> DNNRegressor:
    """A network trained for 6 epochs of 3 steps."""
    defaults = {"hidden_units": (5,), "batch_size": 20, "max_iter": 6, "random_state": 0}
    return DNNRegressor(**{**defaults, **settings})


def told(model_dir: Path) -> list[Any]:
    """All events of all runs, file by file in the order in which they were begun."""
    paths = sorted(model_dir.glob("*/events.out.tfevents.*"))
    return [event for path in paths for event in tf.train.summary_iterator(str(path))]


def scalars(events: list[Any]) -> dict[str, dict[int, float]]:
    """Each tag's numbers by step."""
    found: dict[str, dict[int, float]] = {}
    for event in events:
        for value in event.summary.value:
            if value.HasField("simple_value"):
                assert event.step not in found.setdefault(value.tag, {})
                found[value.tag][event.step] = value.simple_value
    return found


def histograms(events: list[Any]) -> dict[tuple[str, int], Any]:
    return {
        (value.tag, event.step): value.histo
        for event in events
        for value in event.summary.value
        if value.HasField("histo")
    }


def graphs(events: list[Any]) -> list[Any]:
    return [tf.GraphDef.FromString(e.graph_def) for e in events if e.HasField("graph_def")]


def test_numbers_and_when(tmp_path: Path) -> None:
    model = net(model_dir=tmp_path, summary_steps=4, early_stopping=True, batch_size=18)
    model.fit(X, Y)
    found = scalars(told(tmp_path))
    looks, ends = [1, 5, 9, 13, 17], [3, 6, 9, 12, 15, 18]
    assert model.n_iter_ == 6
    for tag in ("loss", "learning_rate", "gradient_norm"):
        assert list(found[tag]) == looks
    np.testing.assert_allclose(list(found["epoch/loss"].values()), model.loss_curve_, rtol=1e-6)
    assert list(found["epoch/loss"]) == list(found["epoch/validation_score"]) == ends
    scores = list(found["epoch/validation_score"].values())
    np.testing.assert_allclose(scores, model.validation_scores_, rtol=1e-6)


def test_gradients_are_those_of_the_step(tmp_path: Path) -> None:
    """Gradient descent moves the weights by them."""
    settings = {"optimizer": "SGD", "learning_rate": RATE, "restore_best": False, "batch_size": 60}
    values = [net(**settings, max_iter=n).fit(X, Y)._model.values for n in (3, 4)]
    net(**settings, max_iter=4, model_dir=tmp_path, summary_steps=1).fit(X, Y)
    found = scalars(told(tmp_path))
    steps = {name: (values[0][name] - values[1][name]) / RATE for name in values[0]}
    for name, step in steps.items():
        assert found[f"gradient_norm/{name}"][4] == pytest.approx(np.linalg.norm(step), rel=1e-5)
    whole = math.sqrt(sum(float((step**2).sum()) for step in steps.values()))
    assert found["gradient_norm"][4] == pytest.approx(whole, rel=1e-5)


def test_gradients_are_told_before_they_are_clipped(tmp_path: Path) -> None:
    net(model_dir=tmp_path, summary_steps=1, gradient_clip_norm=1e-3).fit(X, Y)
    assert min(scalars(told(tmp_path))["gradient_norm"].values()) > 1e-2


def test_histograms_are_of_the_weights_before_the_step(tmp_path: Path) -> None:
    settings = {"restore_best": False, "batch_size": 60}
    before = net(**settings, max_iter=2).fit(X, Y)._model.values
    net(**settings, max_iter=4, model_dir=tmp_path, summary_steps=2).fit(X, Y)
    found = histograms(told(tmp_path))
    assert {step for _, step in found} == {1, 3}
    for name, value in before.items():
        histogram = found[f"values/{name}", 3]
        assert histogram.num == value.size == sum(histogram.bucket)
        assert (histogram.min, histogram.max) == (value.min(), value.max())


def test_the_graph_is_there_once(tmp_path: Path) -> None:
    net(model_dir=tmp_path).fit(X, Y)
    (graph,) = graphs(told(tmp_path))
    types = {node.op for node in graph.node}
    assert {"Placeholder", "MatMul", "VariableV2"} <= types
    assert "_output_shapes" in graph.node[0].attr


@pytest.mark.parametrize("summary_steps", [1, 3, None])
def test_nothing_else_changes(tmp_path: Path, summary_steps: int | None) -> None:
    expected = net(dropout=0.3).fit(X, Y)
    found = net(dropout=0.3, model_dir=tmp_path, summary_steps=summary_steps).fit(X, Y)
    assert found.loss_curve_ == expected.loss_curve_
    np.testing.assert_array_equal(found.predict(X), expected.predict(X))
    assert bool(told(tmp_path)) == (summary_steps is not None)


def test_several_optimizers_have_a_rate_each(tmp_path: Path) -> None:
    model = DNNLinearCombinedRegressor(
        dnn_hidden_units=(4,), max_iter=2, model_dir=tmp_path, dnn_learning_rate=0.003
    )
    model.fit(X, Y)
    found = scalars(told(tmp_path))
    assert found["learning_rate/dnn"][1] == pytest.approx(0.003)
    assert "learning_rate/linear" in found


def test_a_step_of_ones_own_has_no_rate(tmp_path: Path) -> None:
    model = GraphRegressor(
        model_fn=own_step, params={"rate": 0.1}, max_iter=2, l2_regularization_strength=0.0
    )
    model.set_params(model_dir=tmp_path).fit(X, Y)
    events = told(tmp_path)
    assert {"loss", "epoch/loss"} == scalars(events).keys()
    assert {name for name, _ in histograms(events)} == {"values/w", "values/b"}


@pytest.mark.parametrize("make", [LinearRegressor, DNNRegressor])
def test_searches_tell_each_iteration(tmp_path: Path, make: Any) -> None:
    model = make(optimizer="L-BFGS", model_dir=tmp_path, summary_steps=2, max_iter=7, tol=1e-12)
    model.fit(X, np.exp(Y / 5))
    events = told(tmp_path)
    found = scalars(events)
    np.testing.assert_allclose(list(found["loss"].values()), model.loss_curve_, rtol=1e-6)
    assert list(found["loss"]) == list(range(1, model.n_iter_ + 1))
    assert {s for _, s in histograms(events)} == set(range(1, model.n_iter_ + 1, 2))
    assert len(graphs(events)) == 1


class Halt(Exception):
    """Breaks a training off."""


@pytest.mark.parametrize("optimizer", ["Adam", "L-BFGS"])
def test_a_resumed_training_takes_back_what_comes_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str
) -> None:
    settings = {"model_dir": tmp_path, "summary_steps": 1, "save_checkpoints_steps": 4}
    whole = net(optimizer=optimizer).fit(X, Y)
    after = Summaries.after_epoch if optimizer == "Adam" else Summaries.after_iteration

    def halt(self: Summaries, history: Any, *rest: Any) -> None:
        after(self, history, *rest)
        if history.n_iter == 5:
            raise Halt

    with monkeypatch.context() as patch:
        patch.setattr(Summaries, after.__name__, halt)
        with pytest.raises(Halt):
            net(**settings, optimizer=optimizer).fit(X, Y)
    first = told(tmp_path)
    model = net(**settings, optimizer=optimizer).fit(X, Y)
    assert model.loss_curve_ == whole.loss_curve_
    events = told(tmp_path)[len(first) :]
    (start,) = [e for e in events if e.HasField("session_log")]
    assert start.session_log.status == tf.SessionLog.START
    # As TensorBoard reads them: what an earlier file says of later steps is taken back.
    steps = [e.step for e in first if e.summary.value and e.step < start.step]
    steps += [e.step for e in events if e.summary.value]
    expected = range(1, 18 + 1) if optimizer == "Adam" else range(1, whole.n_iter_ + 1)
    assert sorted(set(steps)) == list(expected)
    assert len(graphs([*first, *events])) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_is_an_error(code: int) -> None:
    system = MemorySystem()
    model = net().fit(X, Y)
    model.set_params(model_dir="/runs", summary_steps=1, max_iter=400, tol=0.0)
    with files.using(files.Files(system)):
        model.fit(X, Y)
    system = MemorySystem()
    system.fault = Fault(60, code, "all")
    with (
        nothing_changes(model),
        files.using(files.Files(system)),
        pytest.raises(errors.OpError, match="/runs"),
    ):
        model.fit(X, Y)


def test_weights_that_are_not_finite_have_no_histogram(tmp_path: Path) -> None:
    with Summaries(str(tmp_path / "run"), 1) as summaries:
        weights = _histograms({"w": np.array([1.0, np.inf])})
        summaries._add(1, {"loss": math.nan, "rate": 0.5}, weights)
        values = {"w": np.array([1.0, 2.0]), "steps": np.array(3), "e": np.empty(0)}
        summaries._add(2, {}, _histograms(values))
    events = told(tmp_path)
    assert scalars(events) == {"rate": {1: 0.5}}
    assert histograms(events).keys() == {("values/w", 2)}


def test_an_error_is_not_hidden_by_the_disks() -> None:
    system = MemorySystem()
    with files.using(files.Files(system)), pytest.raises(Halt), Summaries("/runs", 1) as summaries:
        system.fault = Fault(len(system.calls), errno.EIO, "all")
        summaries._add(1, {"loss": 1.0})
        raise Halt


def test_classifiers_too(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        DNNClassifier((3,), max_iter=2, model_dir=tmp_path).fit(X, Y > 0)
    assert "gradient_norm" in scalars(told(tmp_path))
