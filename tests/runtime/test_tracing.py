"""Traced runs: the steps of the untraced ones, bit for bit, and what is noted of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import skflow as tf
from tests.random_graphs import Author


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    with tf.Graph().as_default():
        yield


def full() -> Any:
    return tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)


def traced(session: Any, fetches: Any, feeds: Any = None) -> tuple[Any, list[Any]]:
    """What a traced run returns, and the statistics of its steps."""
    metadata = tf.RunMetadata()
    found = session.run(fetches, feeds, options=full(), run_metadata=metadata)
    return found, steps_of(metadata)


def steps_of(metadata: Any) -> list[Any]:
    (device,) = metadata.step_stats.dev_stats
    assert device.device == "/job:localhost/replica:0/task:0/cpu:0"
    return list(device.node_stats)


def names(steps: list[Any], results: bool = False) -> list[str]:
    return [s.node_name for s in steps if results or not s.node_name.startswith("_send_")]


def same_bits(found: Any, expected: Any) -> bool:
    found, expected = np.asarray(found), np.asarray(expected)
    equal = found.shape == expected.shape and found.dtype == expected.dtype
    return equal and found.tobytes() == expected.tobytes()


def train(features: int = 6) -> tuple[Any, Any, dict[Any, Any]]:
    """A small net with noise and two variables' updates in one step."""
    rng = np.random.default_rng(0)
    x = tf.placeholder(tf.float32, [None, features], name="x")
    w = tf.Variable(rng.standard_normal((features, 3)), dtype=tf.float32, name="w")
    b = tf.Variable(np.zeros(3), dtype=tf.float32, name="b")
    noisy = tf.nn.dropout(x, 0.5, seed=3)
    h = tf.nn.relu(tf.matmul(noisy, w, name="product") + b, name="h")
    loss = tf.reduce_mean(tf.square(h - 1.0), name="loss")
    step = tf.train.AdamOptimizer(0.1).minimize(loss, name="step")
    return loss, step, {x: rng.standard_normal((5, features)).astype(np.float32)}


def started() -> Any:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


# ---- the same results ---------------------------------------------------------------------


def compare(data: Any, steps: int) -> None:
    """A random program in two sessions, in one of which every second run is traced."""
    with tf.Graph().as_default() as graph:
        author = Author(data)
        author.start()
        for _ in range(data.draw(st.integers(1, steps), label="steps")):
            author.step()
        noise = tf.random_normal([2], seed=5)
        initialize = tf.global_variables_initializer()
    program = author.program
    fetches = [i.tensor for i in program.items if author.flag()] or [program.items[-1].tensor]
    fetches += [*program.updates, noise]
    rng = np.random.default_rng(author.number(0, 1000))
    with tf.Session(graph=graph) as plain, tf.Session(graph=graph) as watched:
        plain.run(initialize)
        traced(watched, initialize)
        for run in range(4):
            feeds = {t: rng.standard_normal(s) for t, s in program.feeds.items()}
            expected = plain.run(fetches, feeds)
            if run % 2:
                found = watched.run(fetches, feeds)
            else:
                found, steps_run = traced(watched, fetches, feeds)
                wanted = [s.name for s in watched.plan(fetches, feeds).steps]
                assert names(steps_run) == wanted
            for fetch, a, b in zip(fetches, found, expected, strict=True):
                assert (a is None) == (b is None)
                assert a is None or same_bits(a, b), f"{fetch.name} in run {run}"
            for variable, _ in program.variables:
                assert same_bits(watched.run(variable), plain.run(variable)), variable.name


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=QUIET,
    database=None,
    phases=[Phase.generate],
)
@given(data=st.data())
def test_random_graphs_do_the_same_when_traced(data: Any) -> None:
    compare(data, 10)


@pytest.mark.soak
@settings(max_examples=2000, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_random_graphs_do_the_same_when_traced_at_length(data: Any) -> None:
    compare(data, 30)


def test_training_goes_on_as_if_it_were_not_traced() -> None:
    loss, step, feeds = train()
    plain, watched = started(), started()
    for i in range(6):
        expected = plain.run([loss, step], feeds)[0]
        if i % 2:
            found = watched.run([loss, step], feeds)[0]
        else:
            (found, _), _ = traced(watched, [loss, step], feeds)
        assert same_bits(found, expected)
    variables = tf.global_variables()
    for a, b in zip(watched.run(variables), plain.run(variables), strict=True):
        assert same_bits(a, b)


def test_open_plans_and_moved_variables_are_traced() -> None:
    x = tf.placeholder(tf.float64, [None, 2])
    v = tf.Variable(np.ones(2), validate_shape=False)
    y = tf.reduce_sum(x * v, 1)
    grown = tf.assign(v, tf.constant([5.0], tf.float64), validate_shape=False)
    with started() as session:
        for n in (3, 4, 5, 1, 6):
            assert traced(session, y, {x: np.ones((n, 2))})[0].tolist() == [2.0] * n
        traced(session, grown)
        assert traced(session, y, {x: np.ones((2, 2))})[0].tolist() == [10.0] * 2


def test_a_run_without_a_trace_never_looks_at_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    loss, step, feeds = train()
    session = started()
    traced(session, loss, feeds)

    def no_clock() -> int:
        raise AssertionError("a plain run took the time")

    monkeypatch.setattr(time, "perf_counter_ns", no_clock)
    assert session.run(loss, feeds) is not None
    session.run(step, feeds)
    plans = [p for q in session._programs.values() for p in q._plans.values()]
    assert all("_now" not in plan.code.text for plan in plans)
    with pytest.raises(AssertionError, match="took the time"):
        traced(session, loss, feeds)


# ---- what is noted ------------------------------------------------------------------------


def test_a_step_tells_when_it_ran_and_what_it_made() -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    product = tf.matmul(x, tf.ones([3, 4], name="ones"), name="product")
    y = tf.exp(product, name="y")
    total = tf.reduce_sum(y, name="total")
    with tf.Session() as session:
        before = time.time_ns()
        _, steps = traced(session, total, {x: np.zeros((5, 3))})
        after = time.time_ns()
    assert names(steps, results=True)[:3] == ["product", "y", "total"]
    labels = [s.timeline_label for s in steps]
    assert labels[0] == "product = MatMul(_recv_x_0, ones)"
    assert labels[1] == "y = Exp(product)"
    at = before
    for step in steps:
        assert step.scheduled_nanos <= step.all_start_nanos
        assert at <= step.all_start_nanos
        at = step.all_start_nanos + step.all_end_rel_nanos
        assert step.all_start_micros == step.all_start_nanos // 1000
        assert step.scheduled_micros == step.scheduled_nanos // 1000
        assert step.all_start_micros + step.all_end_rel_micros == at // 1000
        assert step.op_start_rel_micros == 0
        assert step.op_end_rel_micros == step.all_end_rel_micros
        assert step.thread_id == threading.get_native_id()
        (memory,) = step.memory
        assert memory.allocator_name == "cpu"
    assert at <= after
    made = steps[0].output[0].tensor_description
    assert [d.size for d in made.shape.dim] == [5, 4]
    assert made.dtype == tf.float32.as_datatype_enum
    assert made.allocation_description.requested_bytes == 80
    assert made.allocation_description.ptr > 0
    # The exponential is written over the product.
    over = steps[1].output[0].tensor_description.allocation_description
    assert over.ptr == made.allocation_description.ptr
    assert [s.memory[0].total_bytes for s in steps[:3]] == [80, 0, 4]


def test_what_is_folded_or_never_runs_does_not_appear() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    folded = tf.add(tf.constant(1.0), 2.0, name="folded")
    passed = tf.identity(x, name="passed")
    tf.exp(x, name="unused")
    y = tf.multiply(passed, folded, name="y")
    with tf.Session() as session:
        _, steps = traced(session, y, {x: [1.0, 2.0]})
    assert names(steps, results=True) == ["y"]


def test_a_result_that_is_copied_is_a_step() -> None:
    v = tf.Variable(np.zeros(1000), name="v")
    with started() as session:
        found, steps = traced(session, [v, v.op])
    assert found[0].shape == (1000,)
    assert [(s.node_name, s.timeline_label) for s in steps] == [
        ("_send_v_0", "_send_v_0 = _Send(v)")
    ]
    assert steps[0].memory[0].total_bytes == 8000


def test_a_result_that_is_fed_is_copied_too() -> None:
    x = tf.placeholder(tf.float64, [3], name="x")
    given = np.ones(3)
    with tf.Session() as session:
        found, steps = traced(session, x, {x: given})
    assert found is not given
    assert [s.timeline_label for s in steps] == ["_send_x_0 = _Send(_recv_x_0)"]


def test_updates_of_one_optimizer_are_one_step() -> None:
    _, step, feeds = train()
    with started() as session:
        _, steps = traced(session, step, feeds)
    (update,) = [s for s in steps if " = ApplyAdam(" in s.timeline_label]
    assert update.node_name == "step/update_b/ApplyAdam"
    label = update.timeline_label
    assert label.startswith("step/update_b/ApplyAdam = ApplyAdam(b, b/Adam, b/Adam_1, ")
    assert label.endswith(") with step/update_w/ApplyAdam")
    assert [d.size for d in update.output[0].tensor_description.shape.dim] == [3]
    assert len(update.output) == 1


def test_equal_operations_are_one_step() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.exp(x, name="first") * tf.exp(x, name="second")
    with tf.Session() as session:
        _, steps = traced(session, y, {x: [0.0, 1.0]})
    assert steps[0].timeline_label == "first = Exp(_recv_x_0) with second"


def test_loops_and_branches_show_the_steps_of_their_bodies() -> None:
    x = tf.placeholder(tf.float64, [2], name="x")
    _, turned = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, tf.sin(a)), [0, x])
    y = tf.cond(tf.reduce_sum(x) > 0.0, lambda: tf.exp(turned), lambda: tf.cos(turned))
    with tf.Session() as session:
        for value, taken in ((1.0, "Exp"), (-1.0, "Cos")):
            found, steps = traced(session, y, {x: [value] * 2})
            inner = np.sin(np.sin(np.sin(value)))
            expected = np.exp(inner) if taken == "Exp" else np.cos(inner)
            assert found == pytest.approx([expected] * 2)
            types = [s.timeline_label.split(" = ")[1].split("(")[0] for s in steps]
            assert types.count("Sin") == 3
            assert types.count("Less") == 4
            assert [t for t in types if t in ("Exp", "Cos")] == [taken]
            loop = next(s for s in steps if "While(" in s.timeline_label)
            for sine in (s for s in steps if " = Sin(" in s.timeline_label):
                assert within(sine, loop)
            # It begins before its steps, and stands before them.
            assert steps.index(loop) < types.index("Sin")


def within(inner: Any, outer: Any) -> bool:
    ends = [s.all_start_nanos + s.all_end_rel_nanos for s in (inner, outer)]
    return bool(outer.all_start_nanos <= inner.all_start_nanos and ends[0] <= ends[1])


def test_gradients_of_loops_are_traced() -> None:
    x = tf.placeholder(tf.float64, [], name="x")
    _, y = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * a), [0, x])
    with tf.Session() as session:
        (found,), steps = traced(session, tf.gradients(y, [x]), {x: 1.5})
    assert found == pytest.approx(8 * 1.5**7)
    assert len(steps) > 12


def test_sparse_steps() -> None:
    """A wide part: what several products prepare together counts where it is first needed."""
    x = tf.sparse_placeholder(tf.float32, [None, 5], name="x")
    w = tf.Variable(tf.ones([5, 2]), name="w")
    z = tf.Variable(tf.ones([5, 3]), name="z")
    out = tf.sparse_tensor_dense_matmul(x, w, name="left")
    other = tf.sparse_tensor_dense_matmul(x, z, name="right")
    loss = tf.reduce_sum(out) + tf.reduce_sum(other)
    step = tf.train.FtrlOptimizer(0.1).minimize(loss)
    value = tf.SparseTensorValue([[0, 1], [2, 4]], [1.0, 2.0], [3, 5])
    plain, watched = started(), started()
    for _ in range(2):
        expected = plain.run([loss, step], {x: value})[0]
        (found, _), steps = traced(watched, [loss, step], {x: value})
        assert same_bits(found, expected)
        products = [s for s in steps if " = SparseTensorDenseMatMul(_recv_x/" in s.timeline_label]
        assert [s.node_name.split("/")[0] for s in products[:2]] == ["left", "right"]
    assert same_bits(watched.run(w), plain.run(w))


def test_several_outputs_and_texts() -> None:
    x = tf.placeholder(tf.float32, [6], name="x")
    parts = tf.split(x, 3, name="parts")
    text = tf.py_func(lambda a: np.array([b"ab"] * len(a), object), [x], tf.string, name="text")
    with tf.Session() as session:
        _, steps = traced(session, [*parts, text], {x: np.zeros(6)})
    by_name = {s.node_name: s for s in steps}
    outputs = by_name["parts"].output
    assert [o.slot for o in outputs] == [0, 1, 2]
    assert by_name["text"].output[0].tensor_description.dtype == tf.string.as_datatype_enum


def test_user_code_may_run_the_session_in_the_middle() -> None:
    a = tf.constant([1.0, 2.0])
    with tf.Session() as session:
        inner = tf.random_normal([2], seed=1, name="inner")
        outer = tf.py_func(lambda v: v + session.run(inner), [a], tf.float32, name="outer")
        _, steps = traced(session, outer)
    assert names(steps) == ["outer"]


# ---- runs that fail -----------------------------------------------------------------------


def failing_shapes(x: Any) -> Any:
    return x + tf.placeholder_with_default([1.0, 2.0, 3.0, 4.0], None)


def failing_check(x: Any) -> Any:
    return tf.check_numerics(tf.log(x), "no number", name="check")


def failing_code(x: Any) -> Any:
    def function(_: Any) -> Any:
        raise RuntimeError("of the user's own")

    return tf.py_func(function, [x], tf.float32, name="call")


def failing_variable(x: Any) -> Any:
    return tf.Variable(tf.ones([3]), name="empty") * x


def failing_body(x: Any) -> Any:
    body = lambda i, a: (i + 1, tf.check_numerics(a * 1e30, "too large", name="inside"))  # noqa: E731
    return tf.while_loop(lambda i, _: i < 5, body, [0, x])[1]


@pytest.mark.parametrize(
    "build", [failing_shapes, failing_check, failing_code, failing_variable, failing_body]
)
def test_a_failure_is_the_usual_one_and_what_ran_is_reported(build: Callable[[Any], Any]) -> None:
    x = tf.placeholder(tf.float32, None, name="x")
    y = tf.identity(build(tf.negative(x, name="before")), name="after")
    with tf.Session() as session:
        with pytest.raises(tf.OpError) as plain:
            session.run(y, {x: [1.0, 2.0, 3.0]})
        metadata = tf.RunMetadata()
        with pytest.raises(tf.OpError) as watched:
            session.run(y, {x: [1.0, 2.0, 3.0]}, options=full(), run_metadata=metadata)
        # The session goes on.
        assert session.run(tf.negative(x), {x: 1.0}) == -1.0
    assert str(watched.value) == str(plain.value)
    assert type(watched.value) is type(plain.value)
    assert watched.value.op is plain.value.op
    ran = names(steps_of(metadata))
    assert "after" not in ran
    if build is not failing_variable:
        assert ran[0] == "before"
    if build is failing_body:
        assert [n for n in ran if "mul" in n]


def test_an_interrupted_run_reports_what_it_did() -> None:
    def stop(_: Any) -> Any:
        raise KeyboardInterrupt

    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.py_func(stop, [tf.exp(x, name="before")], tf.float32)
    metadata = tf.RunMetadata()
    with tf.Session() as session, pytest.raises(KeyboardInterrupt):
        session.run(y, {x: [0.0, 1.0]}, options=full(), run_metadata=metadata)
    assert names(steps_of(metadata)) == ["before"]


# ---- runs at the same time ------------------------------------------------------------------


def test_runs_at_the_same_time_are_reported_apart() -> None:
    barrier = threading.Barrier(3, timeout=60)
    x = tf.placeholder(tf.float32, [None], name="x")

    def meet(value: Any) -> Any:
        barrier.wait()
        return value

    y = tf.py_func(meet, [tf.exp(x, name="e")], tf.float32, name="met")
    y.set_shape([None])
    _, looped = tf.while_loop(lambda i, _: i < 2, lambda i, a: (i + 1, tf.tanh(a)), [0, y])
    found: dict[int, Any] = {}
    with tf.Session() as session:

        def work(size: int) -> None:
            found[size] = (threading.get_native_id(), *traced(session, looped, {x: [0.5] * size}))

        threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for size, (thread_id, value, steps) in found.items():
        assert value.shape == (size,)
        assert {s.thread_id for s in steps} == {thread_id}
        assert sum(" = Tanh(" in s.timeline_label for s in steps) == 2
        made = [s.output[0].tensor_description for s in steps if s.node_name == "e"]
        assert [[d.size for d in t.shape.dim] for t in made] == [[size]]
