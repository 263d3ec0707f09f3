"""Graphs: names, lookups, control dependencies and who may still change them."""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from typing import Any

import pytest
from hypothesis import given, strategies as st

import skflow as tf
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("core"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "core", source)


@pytest.mark.parametrize("source", core_snippets.recorded("control"))
def test_control_dependencies_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "control", source)


class Names:
    """What unique names are: the first that is free of ``x``, ``x_1``, ``x_2`` and so on.

    The count for a name goes on from where the last search ended, which only matters for speed.
    """

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def unique(self, scope: str, name: str) -> str:
        full = base = f"{scope}/{name}" if scope else name
        i = 0
        while full in self.taken:
            i += 1
            full = f"{base}_{i}"
        self.taken.add(full)
        return full


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["op", "enter", "leave"]), st.sampled_from(["a", "a_1", "b", "a_1_1", "A"])
    ),
    max_size=40,
)


@given(STEPS)
def test_names_follow_a_simple_model(steps: Any) -> None:
    model, scopes = Names(), [""]
    with tf.Graph().as_default() as graph, contextlib.ExitStack() as outer:
        blocks = [outer]
        for kind, name in steps:
            if kind == "op":
                assert tf.constant(1, name=name).op.name == model.unique(scopes[-1], name)
            elif kind == "enter":
                scopes.append(model.unique(scopes[-1], name))
                blocks.append(outer.enter_context(contextlib.ExitStack()))
                assert blocks[-1].enter_context(tf.name_scope(name)) == f"{scopes[-1]}/"
            elif len(blocks) > 1:
                blocks.pop().close()
                scopes.pop()
        operations = graph.get_operations()
        assert len({op.name for op in operations}) == len(operations)
        assert [graph.get_operation_by_name(op.name) for op in operations] == operations


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.lists(st.integers(0, 5))), max_size=12
    )
)
def test_control_dependencies_reach_everything_built_inside(program: Any) -> None:
    """Pruned as they are, whoever is built in a block waits for the block's operations."""
    with tf.Graph().as_default():
        made = [tf.constant(i) for i in range(6)]
        with contextlib.ExitStack() as stack:
            waiting: set[tf.Operation] = set()
            for i, j, control in program:
                if control:
                    after = [made[k] for k in control]
                    stack.enter_context(tf.control_dependencies(after))
                    waiting |= {t.op for t in after}
                made.append(made[i] + made[-1 - j])
                assert waiting - {made[-1].op} <= ancestors(made[-1].op)


def ancestors(op: tf.Operation) -> set[tf.Operation]:
    found: set[tf.Operation] = set()
    todo = [op]
    while todo:
        op = todo.pop()
        before = {*op.control_inputs, *(t.op for t in op.inputs)} - found
        found |= before
        todo.extend(before)
    return found


def test_threads_build_graphs_of_their_own() -> None:
    """Each thread starts with an empty default graph; what it enters stays in it."""
    found: dict[int, Any] = {}
    start = threading.Barrier(4)

    def build(i: int) -> None:
        start.wait()
        mine = tf.get_default_graph()
        with tf.Graph().as_default() as graph:
            for _ in range(200):
                with tf.name_scope(f"s{i}"), tf.control_dependencies([tf.constant(i)]):
                    tf.no_op()
        last = graph.get_operations()[-1]
        found[i] = (mine, graph, last.name, len(graph.get_operations()), tf.get_default_graph())

    threads = [threading.Thread(target=build, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, (mine, _, name, count, after) in found.items():
        assert (name, count) == (f"s{i}_199/NoOp", 400)
        assert after is mine
    assert len({id(g) for mine, graph, *_ in found.values() for g in (mine, graph)}) == 8
    assert tf.get_default_graph() not in [f[0] for f in found.values()]
    assert tf.get_default_graph().version == 0


def test_dropped_graphs_are_collected() -> None:
    alive = []
    for i in range(2000):
        with tf.Graph().as_default() as graph:
            x = tf.constant(1.0)
            with tf.control_dependencies([x]):
                y = tf.gradients(x * i, x)
        alive.append(weakref.ref(graph))
    del graph, x, y
    gc.collect()
    assert not [ref for ref in alive if ref() is not None]


def test_a_nested_graph_cannot_be_reset_away() -> None:
    with tf.Graph().as_default(), pytest.raises(AssertionError, match="nested graphs"):
        tf.reset_default_graph()


def test_a_name_is_given_once() -> None:
    tf.constant(1, name="a/")
    with pytest.raises(ValueError, match="cannot add op with name a as that name is already used"):
        tf.constant(2, name="a/")
    assert [op.name for op in tf.get_default_graph().get_operations()] == ["a"]
