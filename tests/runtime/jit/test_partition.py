"""Regions hold what can be compiled, in an order that keeps to all dependencies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.runtime import passes, products
from skflow.runtime.jit import partition
from skflow.runtime.jit.partition import Partition
from skflow.runtime.jit.regions import Region
from skflow.runtime.steps import Plan
from tests.planned import planned
from tests.runtime.jit.test_choice import WHOLE


def parted(fetches: Any, feeds: dict[Any, Any] | None = None) -> tuple[Plan, Partition]:
    """A plan and its regions; the plan is seen to be in a valid order."""
    plan = planned(fetches, feeds)
    everything = {n for n in plan.nodes if n.kind != "wait"}
    found = Partition(plan, WHOLE)
    seen: set[Any] = set()
    for position, node in enumerate(plan.nodes):
        assert node.position == position
        # An optimizer's step stands where its first part is made.
        before = () if node.kind == "update" else passes.predecessors(node)
        assert all(n in seen or n.kind == "wait" for n in before)
        seen.add(node)
    assert everything <= seen
    return plan, found


def phases(region: Region) -> list[list[str]]:
    """The statements of each phase."""
    return [[type(s).__name__ for s in phase] for phase in region.phases]


@pytest.fixture(autouse=True)
def _graph() -> Any:
    with tf.Graph().as_default():
        yield


def test_one_node_is_no_region() -> None:
    x = tf.placeholder(tf.float32, (4, 3))
    assert parted([tf.exp(x)], {x: (4, 3)})[1].regions == []
    (region,) = parted([tf.exp(x) + 1.0], {x: (4, 3)})[1].regions
    assert phases(region) == [["Mapped"], ["Loop"]]


def test_too_many_nodes_are_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_MOST", 10)
    y = x = tf.placeholder(tf.float32, ())
    for _ in range(10):
        y = tf.tanh(y)
    assert len(parted([y], {x: ()})[1].regions) == 1
    assert parted([tf.tanh(y)], {x: ()})[1].regions == []


def test_steps_in_numpy_are_put_aside() -> None:
    """What does not depend on them is gathered in one region, not in three."""
    x = tf.placeholder(tf.float32, (4, 3))
    fetches, y = [], x
    for _ in range(3):
        y = tf.exp(y) * 0.5
        fetches += [y, tf.cumsum(y)]
    _, found = parted(fetches, {x: (4, 3)})
    assert len(found.regions) == 1
    assert [n.op.type for n in found.items if not isinstance(n, Region)] == ["Cumsum"] * 3


def test_reads_come_before_their_region_unless_it_writes() -> None:
    v = tf.Variable(np.ones((4, 3), np.float32))
    first = tf.assign(v, v.read_value() * 2.0 + 1.0)
    with tf.control_dependencies([first]):
        late = tf.exp(v.read_value() * 3.0) + 1.0
    _, found = parted([late])
    kinds = ["region" if isinstance(i, Region) else i.kind for i in found.items]
    assert kinds == ["read", "region", "read", "region"]


# ---- statements -----------------------------------------------------------------------------


def test_elements_of_one_shape_share_a_loop() -> None:
    x, y = (tf.placeholder(tf.float32, s) for s in ((4, 3), (5,)))
    fetches = [tf.nn.relu(x * 2.0 + 1.0), tf.square(y) - y, x - 1.0]
    (region,) = parted(fetches, {x: (4, 3), y: (5,)})[1].regions
    assert phases(region) == [["Loop", "Loop"]]
    assert sorted(len(s.nodes) for s in region.statements) == [2, 4]


def test_a_loop_does_not_take_what_comes_later() -> None:
    """What waits for a product of the loop's own results cannot be computed in its pass."""
    x = tf.placeholder(tf.float32, (4, 4))
    y = x * 2.0
    (region,) = parted([tf.matmul(y, x) + y, y], {x: (4, 4)})[1].regions
    assert phases(region) == [["Loop"], ["Product"], ["Loop"]]


def test_loops_have_few_operands() -> None:
    given = [tf.placeholder(tf.float32, (5,)) for _ in range(30)]
    fetches = [a * b for a, b in zip(given[::2], given[1::2], strict=True)]
    (region,) = parted(fetches, dict.fromkeys(given, (5,)))[1].regions
    assert all(len(s.reads) + len(s.writes) <= 13 for s in region.statements)
    assert len(region.phases) == 1


def test_single_numbers_have_phases_of_their_own() -> None:
    x = tf.placeholder(tf.float32, (4, 3))
    scale = tf.tanh(tf.reduce_sum(x)) + 1.0
    (region,) = parted([x * scale], {x: (4, 3)})[1].regions
    assert phases(region) == [["Reduction"], ["Scalar", "Scalar"], ["Loop"]]


# ---- optimizers -----------------------------------------------------------------------------


def trained(loss: Any, feeds: Any) -> Region:
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return parted([step], feeds)[1].regions[-1]


def test_a_gradient_that_is_a_view_is_copied_before_the_step() -> None:
    w = tf.Variable(np.ones((4, 3), np.float32))
    x = tf.placeholder(tf.float32, (12,))
    region = trained(tf.reduce_sum(tf.square(tf.reshape(w, [-1]) * x)), {x: (12,)})
    assert phases(region)[-2:] == [["Copy"], ["FlatStep"]]


def test_a_gradient_of_two_variables_is_copied() -> None:
    v, w = (tf.Variable(np.ones((4, 3), np.float32)) for _ in range(2))
    x = tf.placeholder(tf.float32, (4, 3))
    found = phases(trained(tf.reduce_sum(tf.square(v + w) * x), {x: (4, 3)}))
    assert sum(phase.count("Copy") for phase in found) == 2
    assert found[-1] == ["FlatStep"]
    assert all("FlatStep" not in phase for phase in found[:-1])


def test_steps_along_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient made in parts by rows is used part by part; others lie where they are read."""
    monkeypatch.setattr(products, "_WORTH_CUTTING", 1000)
    x = tf.placeholder(tf.float32, (20, 64))
    w, b = tf.Variable(np.ones((64, 9), np.float32)), tf.Variable(np.ones(9, np.float32))
    found = phases(trained(tf.reduce_sum(tf.tanh(tf.matmul(x, w) + b)), {x: (20, 64)}))
    assert sorted(found[-1]) == ["FlatStep", "ProductStep"]


def test_no_step_along_a_product_of_what_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_WORTH_CUTTING", 1000)
    w = tf.Variable(np.ones((64, 32), np.float32))
    v = tf.Variable(np.ones((32, 32), np.float32))
    found = phases(trained(tf.reduce_sum(tf.square(tf.matmul(w, v))), {}))
    assert all("ProductStep" not in phase for phase in found)
    assert found[-1] == ["FlatStep"]


def test_positions_of_a_phase_are_those_of_all_its_nodes() -> None:
    x, y = (tf.placeholder(tf.float32, s) for s in ((4, 3), (5,)))
    fetches = [tf.exp(x) * 2.0, tf.exp(y) * 3.0]
    _, found = parted(fetches, {x: (4, 3), y: (5,)})
    (region,) = found.regions
    for phase in region.phases:
        nodes = [n for s in phase for n in s.nodes]
        spans = {found.spans[n] for n in nodes}
        positions = [n.position for n in nodes]
        assert spans == {(min(positions), max(positions))}


def test_what_only_looks_on_splits_no_region() -> None:
    """Summaries of weights come before all that is compiled, those of results after it."""
    x = tf.placeholder(tf.float32, (50, 30))
    weights = tf.Variable(tf.zeros((30, 20)))
    hidden = tf.tanh(tf.matmul(x, weights))
    loss = tf.reduce_mean(tf.square(hidden))
    looks = [tf.summary.histogram("h", hidden), tf.summary.scalar("loss", loss)]
    looks.append(tf.summary.histogram("w", weights))
    looks.append(tf.summary.histogram("row", tf.reshape(weights, [-1])))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    fetches = [tf.summary.merge([*looks, tf.summary.scalar("twice", loss * 2.0)]), train]
    plan, found = parted(fetches, {x: (50, 30)})
    (region,) = found.regions
    assert any(n.kind == "update" for n in region.nodes)
    first, last = region.nodes[0].position, region.nodes[-1].position
    places = {n.op.name: n.position for n in plan.nodes}
    assert max(places["w"], places["row"]) < first
    assert not passes.protect_reads(plan)
    assert min(places[name] for name in ("h", "loss", "twice", "Merge/MergeSummary")) > last


def test_what_looks_at_a_variable_itself_does_so_before_it_changes() -> None:
    x = tf.placeholder(tf.float32, (50, 30))
    weights = tf.Variable(tf.zeros((30, 20)))
    loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(x, weights))))
    known = tf.is_variable_initialized(weights)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    plan, _ = parted([known, train], {x: (50, 30)})
    places = {n.op.type: n.position for n in plan.nodes}
    assert places["IsVariableInitialized"] < places["ApplyGradientDescent"]
