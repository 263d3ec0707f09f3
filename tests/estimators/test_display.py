"""What the displays ask of estimators, in scikit-learn's words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skflow.estimators import GraphDisplay, LinearRegressor, LossCurveDisplay
from skflow.estimators.display import style
from tests.estimators.cases import X, Y

DISPLAYS = [LossCurveDisplay, GraphDisplay]


@pytest.fixture(autouse=True)
def no_windows() -> Iterator[None]:
    mpl.use("Agg")
    yield
    plt.close("all")


@pytest.mark.parametrize("display", DISPLAYS)
def test_unfitted_estimators_are_refused(display: Any) -> None:
    with pytest.raises(NotFittedError, match="This LinearRegressor instance is not fitted yet"):
        display.from_estimator(LinearRegressor())


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Ridge(), "Expected 'estimator' to be an estimator of skflow. Got Ridge instead"),
        (make_pipeline(LinearRegressor()), r"Got Pipeline instead.*pipeline\[-1\]"),
        (None, "Got NoneType instead"),
        (LinearRegressor, "LinearRegressor'> is a class, not an instance"),
    ],
)
def test_other_things_are_refused(display: Any, other: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        display.from_estimator(other)


@pytest.mark.parametrize("display", DISPLAYS)
def test_matplotlib_is_asked_for_in_scikit_learns_words(
    display: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = LinearRegressor().fit(X, Y)
    shown = display.from_estimator(model)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    name = display.__name__
    with pytest.raises(ImportError, match=rf"{name}.from_estimator requires matplotlib"):
        display.from_estimator(model)
    with pytest.raises(ImportError, match=rf"{name}.plot requires matplotlib"):
        shown.plot()


def test_a_style_goes_by_any_of_its_names() -> None:
    assert style({"color": "r", "linestyle": "-"}, {"c": "k"}) == {"color": "k", "linestyle": "-"}
    assert style({"color": "r"}, None) == {"color": "r"}
    with pytest.raises(TypeError, match="aliases"):
        style({}, {"c": "k", "color": "r"})
