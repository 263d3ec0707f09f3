"""Compiled plans in words: steps, shapes, bytes, memory and the user's lines."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import skflow as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def by_name(plan: Any) -> dict[str, Any]:
    return {s.name: s for s in plan.steps}


def net() -> tuple[Any, Any, Any]:
    x = tf.placeholder(tf.float32, [None, 6], name="x")
    w = tf.Variable(tf.ones([6, 3]), name="w")
    b = tf.Variable(tf.zeros([3]), name="b")
    h = tf.nn.relu(tf.matmul(x, w, name="product") + b, name="h")
    loss = tf.reduce_mean(tf.square(h), name="loss")
    return x, loss, tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="step")


def test_a_plan_tells_its_steps() -> None:
    x, loss, step = net()
    with tf.Session() as session:
        plan = session.plan([loss, step], {x: np.zeros((5, 6))})
    found = by_name(plan)
    product = found["product"]
    assert product.op_type == "MatMul"
    assert product.label == "product = MatMul(_recv_x_0, w/read)"
    assert product.outputs == ("float32[5,3]",)
    assert product.nbytes == 60
    assert product.memory.startswith("buffer ")
    assert product.bodies == ()
    assert found["h"].memory == f"over {product.memory}"
    assert found["loss"].outputs == ("float32[]",)
    assert found["loss"].memory == "new"
    assert found["gradients/product_grad/MatMul_1"].memory == "gradients"
    update = found["step/update_b/ApplyGradientDescent"]
    assert update.memory == "variable"
    assert update.label.endswith(" with step/update_w/ApplyGradientDescent")
    assert plan.nbytes >= 60
    assert repr(plan) == f"<CompiledPlan of {len(plan.steps)} steps>"


def test_steps_name_the_users_lines() -> None:
    x = tf.placeholder(tf.float32, [2])
    y = tf.exp(x, name="marked")  # this very line
    with tf.Session() as session:
        source = by_name(session.plan(y, {x: [0.0, 0.0]}))["marked"].source
    file, line, rest = source.split(":", 2)
    assert file == "test_describe.py"
    assert int(line.split(" ")[0]) > 1
    assert line.endswith(" in test_steps_name_the_users_lines")
    assert rest == ' y = tf.exp(x, name="marked")  # this very line'


def test_describe_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    x, loss, step = net()
    with tf.Session() as session:
        plan = session.plan([loss, step], {x: np.zeros((5, 6))})
    plan.describe()
    shown = capsys.readouterr().out
    assert shown == f"{plan}\n"
    file = io.StringIO()
    plan.describe(file=file)
    assert file.getvalue() == shown
    first, head, *rows = shown.splitlines()
    assert first.startswith(f"plan: {len(plan.steps)} steps, ")
    assert first.endswith(" B of memory kept for a run")
    assert head.split("  ")[0] == "step"
    assert len(rows) == len(plan.steps)
    assert " float32[5,3] " in rows[0]
    assert all(len(row) < 220 for row in rows)
    assert not any(row.endswith(" ") for row in shown.splitlines())


def test_times_of_a_traced_run_are_shown_beside_the_steps() -> None:
    x = tf.placeholder(tf.float64, [4], name="x")
    _, y = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, tf.sin(a, name="turn")), [0, x])
    metadata = tf.RunMetadata()
    stats = metadata.step_stats.dev_stats.add().node_stats
    for micros in (1, 2, 1500):
        stats.add(node_name="while/turn", op_end_rel_micros=micros)
    stats.add(node_name="while/Less", op_end_rel_micros=1, op_end_rel_nanos=1234)
    file = io.StringIO()
    with tf.Session() as session:
        session.plan(y, {x: np.ones(4)}).describe(metadata, file)
    _, head, *rows = file.getvalue().splitlines()
    at = head.index(" us ") + 3
    (turn,) = [row for row in rows if "while/turn = Sin" in row]
    (less,) = [row for row in rows if "while/Less = Less" in row]
    (add,) = [row for row in rows if "while/add = Add" in row]
    assert turn[:at].endswith(" 1,503.0")
    assert less[:at].endswith(" 1.2")
    assert add[:at].endswith("   ")


def test_bodies_are_described_within() -> None:
    x = tf.placeholder(tf.float64, [4], name="x")
    _, y = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, tf.sin(a)), [0, x])
    z = tf.cond(y[0] > 0.0, lambda: tf.exp(y), lambda: tf.cos(y))
    with tf.Session() as session:
        plan = session.plan(z, {x: np.ones(4)})
    loop = next(s for s in plan.steps if "While" in s.op_type)
    branch = next(s for s in plan.steps if "If" in s.op_type)
    assert [[s.op_type for s in body.steps] for body in loop.bodies] == [["Less"], ["Add", "Sin"]]
    assert [[s.op_type for s in body.steps] for body in branch.bodies] == [["Exp"], ["Cos"]]
    number = plan.steps.index(loop)
    lines = str(plan).splitlines()
    assert any(line.startswith(f"{number}b.1 ") and " = Sin(" in line for line in lines)
    assert any(line.startswith(f"{number}a ") and "-- cond: 1 step, " in line for line in lines)


def test_bodies_of_unknown_shapes_are_described_once_they_have_run() -> None:
    x = tf.placeholder(tf.float64, [None], name="x")
    _, y = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, tf.sin(a)), [0, x])
    feeds = {x: np.ones(4)}
    with tf.Session() as session:
        assert [s.bodies for s in session.plan(y, feeds).steps] == [()]
        session.run(y, feeds)
        assert [len(s.bodies) for s in session.plan(y, feeds).steps] == [2]


def test_open_dimensions_are_marked() -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.exp(x, name="y")
    with tf.Session() as session:
        for n in (2, 3, 4):
            session.run(y, {x: np.zeros((n, 2))})
        plan = session.plan(y, {x: np.zeros((7, 2))})
    (step,) = plan.steps
    assert step.outputs == ("float32[?,2]",)
    assert step.nbytes is None
    assert step.memory == "new"
    assert "  ?  " in str(plan)


def test_nothing_is_run() -> None:
    v = tf.Variable(1.0, name="v")
    step = v.assign_add(1.0)
    noise = tf.random_normal([2], seed=1)
    with tf.Session() as session, tf.Session() as other:
        session.plan([v.initializer, step, noise]).describe(file=io.StringIO())
        with pytest.raises(tf.errors.FailedPreconditionError):
            session.run(v)
        assert session.run(noise).tolist() == other.run(noise).tolist()


def test_a_plan_of_no_steps() -> None:
    with tf.Session() as session:
        plan = session.plan(tf.constant(1.0))
    assert plan.steps == ()
    assert str(plan).splitlines()[0] == "plan: 0 steps, 0 B of memory kept for a run"


def test_mistakes_are_those_of_run() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    session = tf.Session()
    with pytest.raises(ValueError, match="Cannot feed value of shape"):
        session.plan(x * 2.0, {x: [1.0, 2.0, 3.0]})
    with pytest.raises(TypeError, match="feed_dict must be a dictionary"):
        session.plan(x, [1.0])
    with pytest.raises(TypeError, match="Fetch argument"):
        session.plan(None)
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        session.plan(x)
