"""Default graphs and sessions are a thread's innermost ones."""

from __future__ import annotations

import threading

import pytest

from skflow.graph.stacks import GraphStack, Stack


def test_the_innermost_is_on_top() -> None:
    stack = Stack()
    with stack.entered("a"), stack.entered("b"), stack.entered("a"):
        assert stack.items == ["a", "b", "a"]
    assert stack.items == []


def test_blocks_may_be_left_out_of_order() -> None:
    stack = Stack()
    first, second = stack.entered("a"), stack.entered("b")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert stack.items == ["b"]
    second.__exit__(None, None, None)
    assert stack.items == []


def test_a_block_ends_when_it_raises() -> None:
    stack = Stack()
    with pytest.raises(KeyError), stack.entered("a"):
        raise KeyError
    assert stack.items == []


def test_each_thread_has_its_own() -> None:
    stack = GraphStack()
    found = []

    def look() -> None:
        found.append((list(stack.items), stack.top()))

    with stack.entered("mine"):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    ((items, top),) = found
    assert items == []
    assert top is not stack.top()


def test_reset_makes_a_new_bottom() -> None:
    stack = GraphStack()
    bottom = stack.top()
    assert stack.top() is bottom
    with stack.entered("a"), pytest.raises(AssertionError, match="clear nested graphs"):
        stack.reset()
    assert stack.top() is bottom
    stack.reset()
    assert stack.top() is not bottom
