"""Shapes know what TensorFlow's know, and complain in its words."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import skflow as tf
from skflow.graph import shapes
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("shapes"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "shapes", source)


SIZES = st.one_of(st.none(), st.integers(0, 4))
SHAPES = st.one_of(st.none(), st.lists(SIZES, max_size=3).map(tuple))


def fits(full: tuple[int, ...], partial: Any) -> bool:
    return partial is None or (
        len(full) == len(partial)
        and all(p in (None, f) for f, p in zip(full, partial, strict=True))
    )


@given(SHAPES, SHAPES)
def test_merging_keeps_the_full_shapes_that_fit_both(a: Any, b: Any) -> None:
    one, other = tf.TensorShape(a), tf.TensorShape(b)
    ranks = [len(s) for s in (a, b) if s is not None] or [1]
    both = [
        full
        for rank in set(ranks)
        for full in itertools.product(range(5), repeat=rank)
        if fits(full, a) and fits(full, b)
    ]
    assert one.is_compatible_with(other) == other.is_compatible_with(one) == bool(both)
    if not both:
        with pytest.raises(ValueError, match="are not compatible"):
            one.merge_with(other)
        return
    merged = one.merge_with(other)
    known = None if merged.dims is None else tuple(merged.as_list())
    assert all(fits(full, known) for full in both)
    assert merged == other.merge_with(one)


@given(SHAPES)
def test_shapes_come_back(dims: Any) -> None:
    shape = tf.TensorShape(dims)
    for copied in (tf.TensorShape(shape.as_proto()), pickle.loads(pickle.dumps(shape))):
        assert copied == shape
        assert hash(copied) == hash(shape)
        assert str(copied) == str(shape)


@given(SHAPES, SHAPES)
def test_broadcast_is_numpys(a: Any, b: Any) -> None:
    try:
        found = shapes.broadcast(a, b)
    except ValueError:
        found = False
    if a is None or b is None:
        assert found is None
        return
    try:
        # An unknown size stands for 1 in turn for 3: what holds for both is all that is known.
        wanted = {np.broadcast_shapes(*(fill(s, n) for s in (a, b))) for n in (1, 3)}
    except ValueError:
        wanted = set()
    if None not in (*a, *b):
        assert (set() if found is False else {found}) == wanted
    elif found is not False:
        assert all(fits(w, found) for w in wanted)


def fill(shape: Any, size: int) -> tuple[int, ...]:
    return tuple(size if d is None else d for d in shape)


def test_unknown_dimensions_are_equal_here() -> None:
    """TensorFlow 1.1.0 says no, except for the very same object; later versions say yes."""
    x = tf.placeholder(tf.float32, [None, 3])
    assert x.shape == [None, 3]
    assert tf.TensorShape([None]) == tf.TensorShape([None])
