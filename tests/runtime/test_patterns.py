"""Patterns are what shapes have in common, and nothing else fits them."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings, strategies as st

from skflow.runtime.patterns import fits, opened, with_primes


def test_patterns() -> None:
    known = [((2, 3), (2,)), ((4, 3), (4,))]
    assert opened([*known, ((5, 3), (5,))]) == ((-1, 3), (-1,))
    assert opened([*known, ((5, 3), (6,))]) == ((-1, 3), (-2,))
    assert opened([*known, ((1, 3), (6,))]) == ((1, 3), (-1,))
    assert opened([*known, ((5, 3), (5, 5))]) == ((-1, 3), None)
    assert fits(((-1, 3), (-1,)), ((7, 3), (7,)))
    assert not fits(((-1, 3), (-1,)), ((7, 3), (8,)))
    assert not fits(((-1, 3), (-1,)), ((7, 4), (7,)))
    assert not fits(((-1, 3), (-1,)), ((1, 3), (1,)))
    assert fits(((-1, 3), None), ((7, 3), (1, 2)))


SHAPES = st.tuples(
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(SHAPES, min_size=1, max_size=5))
def test_a_pattern_fits_what_it_was_made_for(known: Any) -> None:
    assert fits(opened(known), known[-1])


def test_primes_stand_for_open_dimensions() -> None:
    plain, primes = with_primes(((-1, 3), (-2, -1), None, (), (4,)))
    assert plain == [(None, 3), (None, None), None, (), (4,)]
    first, second = primes[1]  # type: ignore[misc]
    assert primes == [(second, 3), (first, second), None, None, (4,)]
    assert first != second


def test_too_many_open_dimensions_have_no_primes() -> None:
    plain, primes = with_primes((tuple(range(-1, -9, -1)), (-1,)))
    assert plain == [(None,) * 8, (None,)]
    assert primes[0] is None
    assert primes[1] is not None
