"""The course of a training as a plot."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from skflow.estimators import DNNRegressor, LinearRegressor, LossCurveDisplay
from tests.estimators.cases import CASES, Case, X, Y, quietly


@pytest.fixture(autouse=True)
def figures() -> Iterator[None]:
    mpl.use("Agg")
    yield
    plt.close("all")


def heights(line: Any) -> list[float]:
    return [float(y) for y in line.get_ydata()]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_estimator_is_drawn(case: Case) -> None:
    model = case.fitted()
    display = LossCurveDisplay.from_estimator(model)
    assert heights(display.line_) == model.loss_curve_
    assert list(display.line_.get_xdata()) == list(range(1, model.n_iter_ + 1))
    assert display.figure_ is display.ax_.figure
    assert display.line_.get_label() == f"{type(model).__name__}: training loss"
    assert list(display.best_line_.get_xdata()) == [model.best_iter_] * 2
    assert (display.score_ax_ is None) == (model.validation_scores_ is None)
    display.figure_.canvas.draw()


def net(**parameters: Any) -> DNNRegressor:
    model = DNNRegressor((4,), max_iter=6, n_iter_no_change=math.inf, random_state=0, **parameters)
    return quietly(model.fit, X, Y)


def test_scores_and_rates_have_axes_of_their_own() -> None:
    model = net(early_stopping=True)
    display = LossCurveDisplay.from_estimator(model, learning_rate=True)
    assert heights(display.score_line_) == model.validation_scores_
    assert heights(display.rate_line_) == model.history_["learning_rate"]
    axes = [display.ax_, display.score_ax_, display.rate_ax_]
    assert [a.get_ylabel() for a in axes] == [
        "Training loss",
        "Validation score",
        "Learning rate",
    ]
    assert len({id(a) for a in axes}) == 3
    for other in axes[1:]:
        assert other.get_shared_x_axes().joined(other, display.ax_)
    assert len(display.legend_.get_texts()) == 4


def test_what_there_is_not_is_not_drawn() -> None:
    display = LossCurveDisplay.from_estimator(
        LinearRegressor().fit(X, Y), learning_rate=True, mark_best=False
    )
    assert display.score_ax_ is display.score_line_ is display.best_line_ is None
    assert display.rate_ax_ is display.rate_line_ is None


def test_two_runs_in_one_axes() -> None:
    first = LossCurveDisplay.from_estimator(net(), name="slow")
    second = LossCurveDisplay.from_estimator(net(learning_rate=0.1), ax=first.ax_, name="fast")
    assert second.ax_ is first.ax_
    assert second.figure_ is first.figure_
    labels = [line.get_label() for line in first.ax_.get_lines()]
    assert [name for name in labels if "loss" in name] == [
        "slow: training loss",
        "fast: training loss",
    ]


def test_it_is_drawn_again_as_one_likes() -> None:
    display = LossCurveDisplay.from_estimator(net(early_stopping=True))
    before = display.ax_
    again = display.plot(name="", loss_kw={"c": "k"}, score_kw={"ls": ":"}, best_kw={"lw": 3})
    assert again is display
    assert display.ax_ is not before
    assert display.line_.get_color() == "k"
    assert display.line_.get_label() == "training loss"
    assert display.score_line_.get_linestyle() == ":"
    assert display.best_line_.get_linewidth() == 3
    with pytest.raises(AttributeError, match="no_such"):
        display.plot(loss_kw={"no_such": 1})


def test_a_single_epoch_is_a_point() -> None:
    display = LossCurveDisplay.from_estimator(DNNRegressor((4,)).partial_fit(X, Y))
    assert display.line_.get_marker() == "o"


def test_a_history_may_have_gaps() -> None:
    model = net(early_stopping=True).partial_fit(X, Y)
    display = LossCurveDisplay.from_estimator(model)
    assert np.isnan(heights(display.score_line_)[-1])
    display.figure_.canvas.draw()


def test_a_name_is_no_formula() -> None:
    display = LossCurveDisplay.from_estimator(net(), name=r"$\frac")
    display.figure_.canvas.draw()
