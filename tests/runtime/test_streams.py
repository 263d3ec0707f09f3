"""A session's random streams: begun again from a seed, read, and written elsewhere."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow.graph.philox import PhiloxStream
from skflow.runtime.streams import (
    random_operations,
    read_streams,
    restart_streams,
    write_streams,
)

GRAPH_SEEDS = st.one_of(
    st.sampled_from([0, 1, 87654321, 2**31 - 2, 2**31 - 1, 2**31, 2**40, -1]),
    st.integers(0, 2**31),
)
OP_SEEDS = st.one_of(st.none(), st.sampled_from([0, 1, 2**31 - 1]), st.integers(0, 2**31))


def _loop(seed: int | None, start: Any) -> Any:
    def body(i: Any, x: Any) -> Any:
        drawn = tf.cond(
            i % 2 > 0,
            lambda: tf.random_uniform([2], seed=seed),
            lambda: tf.truncated_normal([2], seed=seed),
        )
        return i + 1, x * drawn

    return tf.while_loop(lambda i, _: i < 4, body, [0, start])[1]


def program(seed: int | None, op_seed: int | None = None) -> tuple[tf.Graph, list[Any]]:
    """A graph that draws in every way, and what to fetch of it."""
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(seed)
        rows = tf.random_shuffle(tf.range(20), seed=op_seed)
        weights = tf.truncated_normal([5, 3], dtype=tf.float64, seed=op_seed)
        start = tf.ones([2])
        end = _loop(op_seed, start)
        return graph, [
            rows,
            weights,
            tf.nn.dropout(tf.ones([40]), 0.5, seed=op_seed),
            tf.random_normal([3], seed=op_seed),
            tf.random_uniform([3], 0, 99, dtype=tf.int64, seed=op_seed),
            tf.multinomial(tf.zeros([2, 9]), 5, seed=op_seed),
            end,
            tf.gradients(end * tf.random_uniform([2], seed=op_seed), start)[0],
        ]


def assert_same(found: Any, wanted: Any) -> None:
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=25, deadline=None)
@given(built=GRAPH_SEEDS, seed=GRAPH_SEEDS, op_seed=OP_SEEDS, runs=st.integers(0, 2))
def test_restarting_is_building_with_another_seed(
    built: int, seed: int, op_seed: int | None, runs: int
) -> None:
    graph, fetches = program(built, op_seed)
    other, wanted = program(seed, op_seed)
    with tf.Session(graph=graph) as session, tf.Session(graph=other) as fresh:
        for _ in range(runs):
            session.run(fetches)
        restart_streams(session, seed)
        assert_same(session.run(fetches), fresh.run(wanted))
        assert_same(session.run(fetches[:3]), fresh.run(wanted[:3]))


def test_restarting_holds_for_what_was_not_drawn_from_yet() -> None:
    graph, fetches = program(1)
    other, wanted = program(2)
    with tf.Session(graph=graph) as session, tf.Session(graph=other) as fresh:
        session.run(fetches[0])
        restart_streams(session, 2)
        assert_same(session.run(fetches), fresh.run(wanted))
        with graph.as_default():
            late = tf.random_uniform([3])
        with other.as_default():
            wanted_late = tf.random_uniform([3])
        np.testing.assert_array_equal(session.run(late), fresh.run(wanted_late))
        with tf.Session(graph=graph) as third:
            assert not np.array_equal(third.run(fetches[1]), fresh.run(wanted[1]))


def test_the_last_restart_counts() -> None:
    graph, fetches = program(1)
    with tf.Session(graph=graph) as session:
        first = session.run(fetches)
        restart_streams(session, 3)
        middle = session.run(fetches)
        restart_streams(session, 1)
        assert_same(session.run(fetches), first)
        assert not np.array_equal(first[1], middle[1])


def test_restarting_leaves_unseeded_streams_alone() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        free, seeded = tf.random_uniform([3]), tf.random_uniform([3], seed=7)
        session.run([free, seeded])
        before = read_streams(session)
        restart_streams(session, 3)
        after = read_streams(session)
        np.testing.assert_array_equal(before[name_of(free)], after[name_of(free)])
        assert after[name_of(seeded)].tolist() == [3, 7, 0]


def name_of(drawn: Any) -> str:
    """The operation that draws behind ``tf.random_uniform``."""
    return f"{drawn.op.name}/RandomUniform"


@settings(max_examples=15, deadline=None)
@given(seed=st.one_of(st.none(), GRAPH_SEEDS), op_seed=OP_SEEDS, runs=st.integers(0, 2))
def test_what_is_read_goes_on_elsewhere(seed: int | None, op_seed: int | None, runs: int) -> None:
    graph, fetches = program(seed, op_seed)
    twin, same = program(seed, op_seed)
    with tf.Session(graph=graph) as session, tf.Session(graph=twin) as other:
        for _ in range(runs):
            session.run(fetches)
        other.run(same[:2])
        states = pickle.loads(pickle.dumps(read_streams(session)))
        assert all(type(s) is np.ndarray and s.dtype == np.int64 for s in states.values())
        write_streams(other, states)
        assert_same(other.run(same), session.run(fetches))
        assert_same(other.run(same), session.run(fetches))


def test_a_restarted_session_is_read_as_it_is() -> None:
    graph, fetches = program(1)
    with tf.Session(graph=graph) as session, tf.Session(graph=graph) as other:
        restart_streams(session, 9)
        session.run(fetches[:4])
        write_streams(other, read_streams(session))
        assert_same(other.run(fetches), session.run(fetches))


def test_all_random_operations_are_named_once() -> None:
    graph, fetches = program(1)
    with tf.Session(graph=graph) as session:
        session.run(fetches)
        assert set(session._state.streams._streams) <= set(random_operations(graph).values())
        names = list(read_streams(session))
    assert len(names) == 9
    assert sum(name.startswith("while") for name in names) == 2
    assert names == list(random_operations(program(1)[0]))


def test_bodies_with_equal_names() -> None:
    with tf.Graph().as_default() as graph:
        drawn = _loop(1, tf.ones([2]))
        bodies = [op for op in random_operations(graph).values() if op.graph is not graph]
        for op in bodies:
            op.name = "drawn"
        assert list(random_operations(graph)) == ["drawn", "drawn_1"]
        with tf.Session() as session, tf.Session() as other:
            session.run(drawn)
            write_streams(other, read_streams(session))
            np.testing.assert_array_equal(session.run(drawn), other.run(drawn))


def test_states_that_do_not_fit_change_nothing() -> None:
    graph, fetches = program(1)
    with tf.Session(graph=graph) as session, tf.Session(graph=graph) as other:
        session.run(fetches)
        states = read_streams(session)
        name = next(iter(states))
        for wrong, message in (
            ({"nothing": states[name]}, r"\['nothing'\], but the graph's random operations are"),
            ({name: np.zeros(2, np.int64)}, r"three integers.*shape \(2,\)"),
            ({name: np.zeros(3)}, "three integers, but it has type float64"),
        ):
            with pytest.raises(ValueError, match=message):
                write_streams(other, {**states, **wrong})
        assert all(state[2] == 0 for state in read_streams(other).values())


def test_full_words_survive() -> None:
    with tf.Graph().as_default(), tf.Session() as session, tf.Session() as other:
        drawn = tf.random_uniform([3])
        stream = PhiloxStream(2**64 - 1, 2**63 + 5, 2**63 + 7)
        (op,) = random_operations(session.graph).values()
        session._state.streams.replace({op: stream})
        write_streams(other, read_streams(session))
        restored = other._state.streams.of(op)
        assert (restored.seeds, restored.position) == (stream.seeds, stream.position)
        np.testing.assert_array_equal(other.run(drawn), session.run(drawn))


def test_a_closed_session_has_no_streams() -> None:
    graph, _ = program(1)
    session = tf.Session(graph=graph)
    session.close()
    for call in (
        lambda: restart_streams(session, 1),
        lambda: read_streams(session),
        lambda: write_streams(session, {}),
    ):
        with pytest.raises(RuntimeError, match="closed Session"):
            call()
