"""Sessions: what may be fetched and fed, what comes back, and what a run leaves behind."""

from __future__ import annotations

import collections
import copy
import gc
import pickle
import signal
import threading
from typing import Any, NamedTuple

import numpy as np
import pytest

import skflow as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    assert tf.get_default_session() is None, "a test left its session entered"
    tf.reset_default_graph()


@pytest.fixture
def session(_fresh_graph: Any) -> Any:
    with tf.Session() as entered:
        yield entered


class Pair(NamedTuple):
    first: Any
    second: Any


# ---- fetches ------------------------------------------------------------------------------


def test_single_fetches(session: Any) -> None:
    x = tf.constant([[1.0, 2.0]], name="x")
    two = tf.constant(2, name="two")
    assert session.run(x).tolist() == [[1.0, 2.0]]
    assert session.run(x).dtype == np.float32
    number = session.run(two)
    assert number == 2
    assert isinstance(number, np.int32)
    assert session.run(x.op) is None
    assert session.run("x:0").tolist() == [[1.0, 2.0]]
    assert session.run("x") is None
    assert session.run(tf.constant(b"text")) == b"text"
    assert session.run(tf.constant(True)) == np.True_
    assert session.run(tf.constant(["a", "b"])).tolist() == [b"a", b"b"]


def test_nested_fetches(session: Any) -> None:
    a, b = tf.constant(1), tf.constant(2.5, name="b")
    nothing = tf.no_op()
    ordered = collections.OrderedDict([("z", b), ("a", a)])
    found = session.run(
        {
            "list": [a, b],
            "tuple": (a, [b, {"deep": a}]),
            "pair": Pair(a, "b:0"),
            "op": nothing,
            "ordered": ordered,
            "twice": [a, a],
            "empty": [],
        }
    )
    assert found == {
        "list": [1, 2.5],
        "tuple": (1, [2.5, {"deep": 1}]),
        "pair": Pair(1, 2.5),
        "op": None,
        "ordered": {"z": 2.5, "a": 1},
        "twice": [1, 1],
        "empty": [],
    }
    assert type(found["pair"]) is Pair
    assert type(found["ordered"]) is collections.OrderedDict
    assert list(found["ordered"]) == ["z", "a"]
    assert session.run([]) == []
    assert session.run(()) == ()
    assert session.run({}) == {}


def test_variables_and_composites(session: Any) -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    session.run(v.initializer)
    assert session.run(v).tolist() == [1.0, 2.0]
    assert [x.tolist() for x in session.run([v, "v:0", v + 1])] == [[1, 2], [1, 2], [2, 3]]
    sparse = tf.SparseTensor([[0, 1]], [3.0], [2, 2])
    found = session.run(sparse)
    assert isinstance(found, tf.SparseTensorValue)
    assert found.indices.tolist() == [[0, 1]]
    assert found.values.tolist() == [3.0]
    assert found.dense_shape.tolist() == [2, 2]
    (slices,) = tf.gradients(tf.gather(v, [1, 1]), [v])
    assert isinstance(slices, tf.IndexedSlices)
    value = session.run(slices)
    assert value.values.tolist() == [1.0, 1.0]
    assert value.indices.tolist() == [1, 1]


@pytest.mark.parametrize("what", [None, 5, 2.5, object()])
def test_what_cannot_be_fetched(session: Any, what: Any) -> None:
    x = tf.constant(1.0)
    for fetch in (what, [x, what], {"k": (what,)}):
        with pytest.raises(TypeError, match="^Fetch argument .* has invalid type"):
            session.run(fetch)


def test_unfetchable_operations(session: Any) -> None:
    x = tf.constant(1.0, name="x")
    session.graph.prevent_fetching(x.op)
    with pytest.raises(ValueError, match="'x' has been marked as not fetchable"):
        session.run(x)


def test_eval_and_run_use_the_default_session() -> None:
    v = tf.Variable(3)
    outer, inner = tf.Session(), tf.Session()
    with outer.as_default():
        v.initializer.run()
        with inner.as_default():
            tf.assign(v, 5).op.run()
            assert v.eval() == 5
        assert v.eval() == 3
        assert v.eval(session=inner) == 5
        assert (v * 2).eval({v: 10}) == 20
    with pytest.raises(ValueError, match="No default session is registered"):
        v.eval()
    outer.close()
    inner.close()


# ---- feeds --------------------------------------------------------------------------------


def test_any_tensor_can_be_fed(session: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    c = tf.constant([[1.0, 1.0]])
    v = tf.Variable([[1.0, 2.0]], name="v")
    s = x + c
    y = s * v
    assert session.run(s, {x: [[1, 2]]}).tolist() == [[2.0, 3.0]]
    assert session.run(s, {"x:0": [[1, 2]]}).tolist() == [[2.0, 3.0]]
    assert session.run(s, {x: [[1, 2]], c: [[5.0, 5.0]]}).tolist() == [[6.0, 7.0]]
    assert session.run(y, {s: [[1, 2]], v: [[3, 4]]}).tolist() == [[3.0, 8.0]]
    assert session.run(y, {y: [[7, 7]]}).tolist() == [[7.0, 7.0]]
    assert session.run([s, y], {s: [[0, 1]], v: [[3, 4]]})[1].tolist() == [[0.0, 4.0]]
    session.run(v.initializer)
    assert session.run(y, {x: [[1, 2]]}).tolist() == [[2.0, 6.0]]


def test_feeds_are_converted_and_checked(session: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    i = tf.placeholder(tf.int32)
    text = tf.placeholder(tf.string)
    double = np.array([[1.0, 2.0]])
    found = session.run(x * 1, {x: double})
    assert found.dtype == np.float32
    assert session.run(x * 1, {x: double.astype(">f8")[:, ::-1]}).tolist() == [[2.0, 1.0]]
    assert session.run(i + 1, {i: 3.0}) == 4
    assert session.run(i + 1, {i: True}) == 2
    assert session.run(tf.identity(text), {text: ["a", b"\xff"]}).tolist() == [b"a", b"\xff"]
    assert session.run(tf.identity(text), {text: "one"}) == b"one"
    with pytest.raises(ValueError, match=r"Cannot feed value of shape \(2,\) for Tensor"):
        session.run(x, {x: [1.0, 2.0]})
    with pytest.raises(TypeError, match="not compatible with Tensor type"):
        session.run(i, {i: 2.5})
    with pytest.raises(TypeError, match="not compatible with Tensor type"):
        session.run(i, {i: 2**40})
    with pytest.raises(TypeError, match="cannot be a tf.Tensor object"):
        session.run(x, {x: tf.constant([[1.0, 2.0]])})
    with pytest.raises(TypeError, match="Cannot interpret feed_dict key as Tensor"):
        session.run(x, {3: 1.0})
    with pytest.raises(TypeError, match="feed_dict"):
        session.run(x, [x])


def test_composites_can_be_fed(session: Any) -> None:
    sparse = tf.SparseTensor([[0, 1]], [3.0], [2, 2])
    value = tf.SparseTensorValue([[1, 1]], [4.0], [3, 3])
    found = session.run(sparse, {sparse: value})
    assert found.indices.tolist() == [[1, 1]]
    assert found.values.tolist() == [4.0]
    assert found.dense_shape.tolist() == [3, 3]


def test_unfeedable_tensors(session: Any) -> None:
    x = tf.constant(1.0)
    session.graph.prevent_feeding(x)
    with pytest.raises(ValueError, match="may not be fed"):
        session.run(x, {x: 2.0})


def test_fed_tensors_need_nothing_behind_them(session: Any) -> None:
    """What a fed tensor would be computed from is neither run nor asked for."""
    x = tf.placeholder(tf.float32)
    v = tf.Variable(1.0)
    with tf.control_dependencies([tf.assign(v, 9.0)]):
        middle = x / 0.0
    session.run(v.initializer)
    assert session.run(middle + 1, {middle: 2.0}) == 3.0
    assert session.run(v) == 1.0


@pytest.mark.parametrize("sizes", [[3, 1, 0, 5, 3, 1], [2] * 3])
def test_batches_of_any_size(session: Any, sizes: list[int]) -> None:
    x = tf.placeholder(tf.float64, [None, 2])
    y = tf.reduce_sum(tf.matmul(x, tf.constant([[1.0], [2.0]], tf.float64)) + 1, axis=0)
    for size in sizes:
        batch = np.arange(2.0 * size).reshape(size, 2)
        expected = (batch @ [[1.0], [2.0]] + 1).sum(axis=0)
        assert session.run(y, {x: batch}).tolist() == expected.tolist()


# ---- make_callable ------------------------------------------------------------------------


def test_make_callable(session: Any) -> None:
    x = tf.placeholder(tf.float32, name="x")
    v = tf.Variable(2.0)
    session.run(v.initializer)
    double = session.make_callable([x * v, {"v": v}], [x])
    assert double(3.0) == [6.0, {"v": 2.0}]
    assert double(4) == [8.0, {"v": 2.0}]
    by_name = session.make_callable("x:0", ["x:0"])
    assert by_name(1.5) == 1.5
    plain = session.make_callable(v)
    session.run(tf.assign(v, 5.0))
    assert plain() == 5.0
    assert session.make_callable(v.op)() is None
    with pytest.raises(TypeError):
        double()
    with pytest.raises(TypeError):
        double(1.0, 2.0)
    with pytest.raises(TypeError, match="feed_list"):
        session.make_callable(v, x)
    taking_options = session.make_callable(v, accept_options=True)
    assert taking_options(options=None, run_metadata=None) == 5.0


# ---- nothing is shared with the caller ----------------------------------------------------


def test_fetched_arrays_are_the_callers_own(session: Any) -> None:
    """Writing to what was fetched, or to what was fed, changes nothing that comes later."""
    x = tf.placeholder(tf.float32, [2, 3])
    c = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    v = tf.Variable(c)
    session.run(v.initializer)
    fed = np.ones((2, 3), np.float32)
    fetches = {
        "constant": c,
        "variable": v,
        "read": v.value(),
        "fed": x,
        "same fed": tf.identity(x),
        "reshaped": tf.reshape(v, [-1]),
        "transposed": tf.transpose(c),
        "sliced": x[:, 1:],
        "sum": x + c,
        "expanded": tf.expand_dims(x, 0),
        "stopped": tf.stop_gradient(v),
        "zeros": tf.zeros([2, 2]),
    }
    first = session.run(fetches, {x: fed})
    kept = {k: a.copy() for k, a in first.items()}
    for name, array in first.items():
        assert array.flags.writeable, name
        array[...] = -7.0
        for other, values in first.items():
            if other != name and values.size and not np.all(values == -7.0):
                assert np.array_equal(values, kept[other]), f"{name} and {other} share memory"
    assert np.array_equal(fed, np.ones((2, 3)))
    second = session.run(fetches, {x: fed})
    for name, array in second.items():
        np.testing.assert_array_equal(array, kept[name], err_msg=name)
    fed[...] = 5.0
    for name, array in second.items():
        np.testing.assert_array_equal(array, kept[name], err_msg=name)


def test_results_survive_later_runs(session: Any) -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.nn.relu(x * 2.0) + 1.0
    results = [session.run(y, {x: [float(k), -1.0]}) for k in range(5)]
    assert [r.tolist() for r in results] == [[2.0 * k + 1.0, 1.0] for k in range(5)]


def test_an_assigned_array_is_copied(session: Any) -> None:
    x = tf.placeholder(tf.float32, [2])
    v = tf.Variable([0.0, 0.0])
    assign = tf.assign(v, x)
    fed = np.array([1.0, 2.0], np.float32)
    returned = session.run(assign, {x: fed})
    fed[...] = 9.0
    returned[...] = 8.0
    assert session.run(v).tolist() == [1.0, 2.0]


# ---- variables ----------------------------------------------------------------------------


def test_sessions_are_independent() -> None:
    v = tf.Variable(1.0)
    step = tf.assign_add(v, 1.0)
    with tf.Session() as one, tf.Session() as other:
        one.run(v.initializer)
        assert one.run(step) == 2.0
        assert one.run(step) == 3.0
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value Varia"):
            other.run(v)
        other.run(v.initializer)
        assert other.run(v) == 1.0
        assert one.run(v) == 3.0


def test_reads_come_before_updates(session: Any) -> None:
    """Within a run every read sees the old value, however the fetches are ordered."""
    v = tf.Variable(1.0)
    session.run(v.initializer)
    double = v * 2.0
    update = tf.assign(v, 10.0)
    assert session.run([double, update.op]) == [2.0, None]
    session.run(v.initializer)
    assert session.run([update.op, double]) == [None, 2.0]
    assert session.run(double) == 20.0


def test_updates_in_place_see_their_own_result(session: Any) -> None:
    v = tf.Variable([1.0, 2.0])
    session.run(v.initializer)
    assert session.run(tf.assign_add(v, v)).tolist() == [2.0, 4.0]
    assert session.run(tf.assign_sub(v, [1.0, 1.0])).tolist() == [1.0, 3.0]
    assert session.run(tf.assign(v, v[::-1])).tolist() == [3.0, 1.0]
    assert session.run(v).tolist() == [3.0, 1.0]


def test_control_dependencies_order_reads_and_updates(session: Any) -> None:
    v = tf.Variable(1.0)
    session.run(v.initializer)
    before = v * 1.0
    with tf.control_dependencies([before]):
        first = tf.assign_add(v, 1.0)
    with tf.control_dependencies([first]):
        between = tf.identity(v) * 1.0
        second = tf.assign(v, between * 10.0)
    with tf.control_dependencies([second]):
        after = v + 0.0
        last = tf.group(tf.assign_add(v, 5.0))
    found = session.run([after, before, between, last])
    assert found == [20.0, 1.0, 2.0, None]
    assert session.run(v) == 25.0


def test_a_read_after_a_control_dependency(session: Any) -> None:
    v = tf.Variable([1.0, 1.0])
    session.run(v.initializer)
    with tf.control_dependencies([tf.assign_add(v, [1.0, 1.0])]):
        after = tf.identity(v)
    assert session.run(after).tolist() == [2.0, 2.0]
    assert session.run(after).tolist() == [3.0, 3.0]


@pytest.mark.parametrize("shape", [(), (2, 3)], ids=str)
@pytest.mark.parametrize("kind", ["assign", "assign_add", "assign_sub"])
def test_a_value_computed_before_an_update_keeps(session: Any, shape: Any, kind: str) -> None:
    """Also where the operation does nothing to the number: 1 * v is v as it was."""
    v = tf.Variable(np.full(shape, 2.0))
    update = getattr(tf, kind)(v, v * 10.0)
    with tf.control_dependencies([update]):
        after = v.read_value()
    session.run(v.initializer)
    new = session.run(after)
    for make in (
        lambda: v * 1.0,
        lambda: 1.0 * v,
        lambda: v / 1.0,
        lambda: v + 0.0,
        lambda: v - 0.0,
        lambda: tf.maximum(v, v),
    ):
        total = make() + after
        session.run(v.initializer)
        if total.op.inputs[0].op is v.value().op:
            continue  # made of the variable itself, which is read when it is needed
        np.testing.assert_array_equal(session.run(total), 2.0 + new)


def test_only_what_is_needed_runs(session: Any) -> None:
    v = tf.Variable(0)
    session.run(v.initializer)
    tf.assign_add(v, 1)
    counted = tf.assign_add(v, 10)
    session.run(tf.constant(1))
    session.run(counted.op)
    assert session.run(v) == 10
    assert session.run([counted, counted.op, counted]) == [20, None, 20]
    assert session.run(v) == 20


def test_a_failed_run_changes_nothing(session: Any) -> None:
    """What fails before an update leaves the variables as they were, and the session usable."""
    x = tf.placeholder(tf.float32, [None])
    v = tf.Variable([1.0, 2.0, 3.0])
    session.run(v.initializer)
    update = tf.assign_add(v, x + tf.constant([1.0, 1.0, 1.0]))
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        session.run(update, {x: [1.0, 2.0]})
    assert "Incompatible shapes: [2] vs. [3]" in caught.value.message
    assert session.run(v).tolist() == [1.0, 2.0, 3.0]
    assert session.run(update, {x: [1.0, 2.0, 3.0]}).tolist() == [3.0, 5.0, 7.0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value"):
        session.run(update)
    assert session.run(v).tolist() == [3.0, 5.0, 7.0]


def test_uninitialized_variables(session: Any) -> None:
    v = tf.Variable(1.0, name="v")
    session.run(tf.no_op())
    for fetch in (v, v + 1, tf.assign_add(v, 1.0)):
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
            session.run(fetch)
    assert session.run(tf.report_uninitialized_variables()).tolist() == [b"v"]
    session.run(tf.global_variables_initializer())
    assert session.run(tf.report_uninitialized_variables()).tolist() == []
    assert session.run(v + 1) == 2.0


def test_a_variable_may_change_its_shape(session: Any) -> None:
    v = tf.Variable([1.0, 2.0], validate_shape=False)
    total = tf.reduce_sum(v)
    session.run(v.initializer)
    assert session.run(total) == 3.0
    session.run(tf.assign(v, [1.0, 2.0, 3.0, 4.0], validate_shape=False))
    assert session.run(total) == 10.0
    assert session.run(v).tolist() == [1.0, 2.0, 3.0, 4.0]


def test_one_draw_a_run(session: Any) -> None:
    """All that depends on one random tensor sees the same numbers, new ones in each run."""
    draw = tf.random_uniform([3])
    once, twice = session.run([draw, draw * 2.0])
    np.testing.assert_array_equal(once * 2.0, twice)
    assert not np.array_equal(session.run(draw), once)


# ---- the life of a session ----------------------------------------------------------------


def test_the_graph_may_grow_between_runs(session: Any) -> None:
    x = tf.constant(1.0)
    assert session.run(x) == 1.0
    y = x + 1.0
    assert session.run(y) == 2.0
    session.graph.finalize()
    assert session.run([x, y]) == [1.0, 2.0]


def test_a_closed_session_raises() -> None:
    v = tf.Variable(1.0)
    session = tf.Session()
    session.run(v.initializer)
    read = session.make_callable(v)
    session.close()
    session.close()
    for call in (lambda: session.run(v), read, lambda: session.make_callable(v)):
        with pytest.raises(RuntimeError, match=r"Attempted to use a closed Session\."):
            call()
    with tf.Session() as inside:
        inside.run(v.initializer)
    with pytest.raises(RuntimeError, match="closed Session"):
        inside.run(v)


def test_an_exception_leaves_the_blocks() -> None:
    with pytest.raises(ZeroDivisionError), tf.Graph().as_default(), tf.Session():
        raise ZeroDivisionError
    assert tf.get_default_session() is None


def test_entering_twice() -> None:
    tf.constant(1.0)
    with tf.Session() as session:
        with pytest.raises(RuntimeError, match="not re-entrant"), session:
            pass
        with session.as_default(), session.as_default():
            assert tf.get_default_session() is session


def test_a_session_enters_its_graph() -> None:
    graph = tf.Graph()
    with tf.Session(graph=graph) as session:
        assert tf.get_default_graph() is graph
        assert session.graph is graph
        assert session.run(tf.constant(1)) == 1
        assert session.graph_def.node[0].op == "Const"
    assert tf.get_default_graph() is not graph


def test_interactive_session() -> None:
    session = tf.InteractiveSession()
    try:
        v = tf.Variable(2.0)
        v.initializer.run()
        assert (v + 1.0).eval() == 3.0
        assert tf.get_default_session() is session
    finally:
        session.close()
    assert tf.get_default_session() is None


def test_arguments_are_checked() -> None:
    with pytest.raises(TypeError, match="graph must be a tf.Graph"):
        tf.Session(graph="graph")
    with pytest.raises(TypeError, match="target must be a string"):
        tf.Session(3)
    with pytest.raises(RuntimeError, match="The Session graph is empty"), tf.Session() as session:
        session.run("x")


def test_errors_name_the_node_and_where_it_was_built(session: Any) -> None:
    bad = tf.check_numerics(tf.constant(np.nan), "why", name="checked")
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        session.run(bad)
    error = caught.value
    assert error.message.startswith("why : Tensor had NaN values")
    assert "[[Node: checked = CheckNumerics[T=DT_FLOAT" in error.message
    assert error.op is bad.op
    assert error.node_def.name == "checked"
    assert error.error_code == tf.errors.INVALID_ARGUMENT
    assert __file__ in str(error)
    assert "why" in str(error)


@pytest.mark.parametrize("take", [copy.copy, copy.deepcopy, pickle.dumps], ids=lambda f: f.__name__)
def test_sessions_cannot_be_copied(session: Any, take: Any) -> None:
    with pytest.raises(TypeError, match="A session cannot be copied or pickled"):
        take(session)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no timers")
def test_interrupts_leave_the_session_usable(session: Any) -> None:
    """Wherever an interrupt strikes, the lock is released and other threads can go on."""
    v = tf.Variable(np.zeros(3))
    update, read = tf.assign_add(v, np.ones(3)).op, v * 2.0
    session.run(v.initializer)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # an interrupt in one of its callbacks would be lost
    caught = 0
    try:
        for k in range(1500):
            try:
                signal.setitimer(signal.ITIMER_REAL, 5e-5 + 1e-6 * (k % 97))
                for _ in range(1000):
                    session.run(update)
                    session.run(read)
            except KeyboardInterrupt:
                caught += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()
    assert caught > 1000
    found: list[Any] = []
    other = threading.Thread(target=lambda: found.append(session.run([update, v])), daemon=True)
    other.start()
    other.join(10.0)
    assert len(found) == 1


def test_a_run_may_start_in_the_middle_of_another(session: Any) -> None:
    """As when the collector runs a finalizer: a thread never waits for itself."""
    v = tf.Variable(1.0)
    session.run(v.initializer)
    update = tf.assign_add(v, 1.0)
    with session._state.lock.reading:
        assert session.run(update) == 2.0
    with session._state.lock.writing:
        assert session.run([update, v * 1.0])[1] == 2.0
