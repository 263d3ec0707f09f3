"""Nested lists and tuples are flattened, packed and compared."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow.graph.nest import assert_same_structure, flatten, is_sequence, pack_sequence_as


class Pair(NamedTuple):
    left: Any
    right: Any


STRUCTURES = st.recursive(
    st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.builds(Pair, inner, inner)
    ),
    max_leaves=10,
)


@given(STRUCTURES)
def test_packing_undoes_flattening(structure: Any) -> None:
    packed = pack_sequence_as(structure, flatten(structure))
    assert packed == structure
    assert type(packed) is type(structure)
    assert_same_structure(structure, packed)


def test_text_and_arrays_are_leaves() -> None:
    array = np.zeros(3)
    assert flatten(["ab", b"cd", [array]]) == ["ab", b"cd", array]
    assert not is_sequence("ab")
    assert is_sequence(Pair(1, 2))


def test_named_tuples_keep_their_type() -> None:
    assert pack_sequence_as([Pair(0, (1,)), 2], [4, 5, 6]) == [Pair(4, (5,)), 6]


@pytest.mark.parametrize(
    ("structure", "leaves", "error", "message"),
    [
        (1, [1, 2], ValueError, r"Structure is a scalar but len\(flat_sequence\) == 2 > 1"),
        ([1, 2], [1], ValueError, "Structure had 2 elements, but flat_sequence had 1 elements"),
        ([1, 2], 3, TypeError, "flat_sequence must be a sequence"),
    ],
)
def test_leaves_that_do_not_fit(structure: Any, leaves: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        pack_sequence_as(structure, leaves)


@pytest.mark.parametrize(
    ("one", "other", "error", "message"),
    [
        ([1, 2], [1], ValueError, "same number of elements"),
        ([1, [2]], [[1], 2], ValueError, "same nested structure"),
        ([1], (1,), TypeError, "same sequence type"),
        ([1, [2]], [1, (2,)], TypeError, "<class 'list'>, while second structure has type"),
    ],
)
def test_structures_that_differ(one: Any, other: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        assert_same_structure(one, other)
