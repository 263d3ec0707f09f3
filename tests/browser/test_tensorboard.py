"""What a person sees of our logs in real TensorBoard: curves, their values, and graphs."""

from __future__ import annotations

import pytest

from tests.browser.curves import Curves
from tests.browser.graph_tab import GraphTab
from tests.browser.programs import RATES, SCOPES, SERIES, Losses

pytestmark = pytest.mark.browser

SLOW, FAST = RATES
UNIT = {"random_normal", "weights", "bias", "MatMul", "z"}


def test_both_curves_are_drawn(curves: Curves) -> None:
    """Each falls, from one side of the chart to the other, in the colour of its run."""
    curves.start()
    width = curves.chart().size["width"]
    drawn = {run: curves.curve(run) for run in RATES}
    for run in RATES:
        columns = sorted(drawn[run])
        assert columns[-1] - columns[0] > 0.75 * width
        assert len(columns) > 0.7 * width
        # Pixels count from the top.
        assert drawn[run][columns[0]] < drawn[run][columns[-1]] - 50
    early = sorted(set(drawn[SLOW]) & set(drawn[FAST]))[width // 20]
    assert drawn[SLOW][early] < drawn[FAST][early] - 20


def test_the_mouse_shows_values(curves: Curves, losses: dict[str, Losses]) -> None:
    """A box beside the mouse names the step and the loss that the program had there."""
    curves.start()
    steps = []
    for share in (0.2, 0.5, 0.8):
        curves.hover(share)
        curves.settle()
        shown = curves.tooltip()
        assert set(shown) == set(RATES)
        for run, row in shown.items():
            step = int(row["Step"].replace(",", ""))
            assert float(row["Value"]) == pytest.approx(losses[run][step], rel=1e-3)
            steps.append(step)
    assert steps == sorted(steps)
    assert steps[0] < 150
    assert steps[-1] > 350
    curves.hover(0.3)
    curves.save("tensorboard-curves")


def test_a_run_can_be_switched_off_and_on(curves: Curves) -> None:
    curves.start()
    assert curves.curve(FAST)
    assert curves.curve(SLOW)
    curves.switch(FAST)
    assert not curves.curve(FAST)
    assert curves.curve(SLOW)
    curves.hover(0.5)
    assert set(curves.tooltip()) == {SLOW}
    curves.save("tensorboard-one-run")
    curves.switch(FAST)
    assert curves.curve(FAST)


def test_the_loss_is_one_node_that_opens(graph_tab: GraphTab) -> None:
    """The name scope is drawn folded; a double click shows the operations in it."""
    graph_tab.start(SLOW)
    nodes = graph_tab.nodes()
    assert "meta" in nodes["loss"]
    assert "expanded" not in nodes["loss"]
    assert {"X", "y", "theta", "predictions", "gradients", "GradientDescent"} <= set(nodes)
    assert not any(name.startswith("loss/") for name in nodes)
    graph_tab.save("tensorboard-graph")
    graph_tab.unfold("loss")
    assert graph_tab.inside("loss") == {"loss/sub", "loss/Square", "loss/mse"}
    graph_tab.fit()
    graph_tab.save("tensorboard-loss")


def test_units_in_scopes_are_a_node_each(graph_tab: GraphTab) -> None:
    graph_tab.start(SCOPES)
    scopes = {"relu", *(f"relu_{i}" for i in range(1, 6))}
    nodes = graph_tab.nodes()
    assert set(nodes) == scopes | {"X", "output"}
    assert all("meta" in nodes[name] and "expanded" not in nodes[name] for name in scopes)
    graph_tab.unfold("relu_3")
    assert graph_tab.inside("relu_3") == {f"relu_3/{name}" for name in (*UNIT, "max")}
    graph_tab.fit()
    graph_tab.save("tensorboard-scopes")


def test_five_numbered_operations_are_grouped(graph_tab: GraphTab) -> None:
    """TensorBoard folds five operations that count on; the first has no number."""
    graph_tab.start(SERIES)
    nodes = graph_tab.nodes()
    assert "series" in nodes["relu_[1-5]"]
    assert "op" in nodes["relu"]
    assert not any(f"relu_{i}" in nodes for i in range(1, 6))
    graph_tab.save("tensorboard-series")
    graph_tab.unfold("relu_[1-5]")
    assert graph_tab.inside("relu_[1-5]") == {f"relu_{i}" for i in range(1, 6)}
    graph_tab.fit()
    graph_tab.save("tensorboard-series-open")


def test_a_group_is_taken_apart_and_put_together(graph_tab: GraphTab) -> None:
    graph_tab.start(SERIES)
    five = {f"relu_{i}" for i in range(1, 6)}
    graph_tab.press("relu_[1-5]", "Ungroup this series of nodes")
    graph_tab.until(lambda: five <= set(graph_tab.nodes()), "five nodes")
    assert "relu_[1-5]" not in graph_tab.nodes()
    graph_tab.press("relu_2", "Group this series of nodes")
    graph_tab.until(lambda: "relu_[1-5]" in graph_tab.nodes(), "one node for five")
    assert not five & set(graph_tab.nodes())
