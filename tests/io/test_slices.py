"""Parts of tensors: texts, messages and ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from skflow import errors
from skflow.io.slices import (
    TensorSlice,
    common,
    count,
    parse_shape_and_slice,
    relative,
)
from skflow.proto import TensorSliceProto
from tests.io.examples import steady

EXTENT = st.just((0, -1)) | st.tuples(st.integers(0, 2**40), st.integers(1, 2**40))
SLICES = st.lists(EXTENT, max_size=5).map(lambda extents: TensorSlice(tuple(extents)))
RANGES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda pair: slice(*sorted(pair))),
    min_size=2,
    max_size=2,
)


@steady
@given(SLICES)
def test_text_round_trip(part: TensorSlice) -> None:
    assert TensorSlice.parse(str(part)) == part


@steady
@given(SLICES)
def test_message_round_trip(part: TensorSlice) -> None:
    message = TensorSliceProto()
    part.write_to(message)
    assert TensorSlice.from_proto(TensorSliceProto.FromString(message.SerializeToString())) == part


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1", "Expected a pair of numbers or '-' but got '1': string = 1"),
        ("-:x,2", "Expected a pair of numbers or '-' but got 'x,2': string = -:x,2"),
        ("1,2,3", "Expected a pair"),
        ("-1,2", "Expected non-negative start and positive length but got start = -1, length = 2"),
        ("1,0", "start = 1, length = 0: string = 1,0"),
        ("9223372036854775807,1", "exceeds the maximum possible size"),
    ],
)
def test_bad_texts(text: str, problem: str) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=problem):
        TensorSlice.parse(text)


@pytest.mark.parametrize("extent", [{"start": -1, "length": 1}, {"length": 0}, {"start": 1}])
def test_bad_messages(extent: dict[str, int]) -> None:
    message = TensorSliceProto(extent=[extent])
    with pytest.raises(errors.InvalidArgumentError):
        TensorSlice.from_proto(message)


def test_shape_and_slice() -> None:
    part = TensorSlice(((0, 5), (0, -1)))
    assert parse_shape_and_slice("10 20 0,5:-") == ((10, 20), part, (5, 20))


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("0,5:-", errors.InvalidArgumentError, "Need least two elements"),
        ("10 a 0,5:-", errors.InvalidArgumentError, "Non numerical dimension"),
        ("10 -2 0,5:-", errors.InvalidArgumentError, "Negative dimension"),
        ("10 0,5:-", errors.InternalError, "Mismatching ranks: shape = .10., slice = 0,5:-"),
        ("10 8,5", errors.InternalError, "Extent in dimension 0 out of bounds: shape = .10."),
    ],
)
def test_bad_shapes_and_slices(text: str, kind: type[Exception], problem: str) -> None:
    with pytest.raises(kind, match=problem):
        parse_shape_and_slice(text)


@steady
@given(RANGES, RANGES)
def test_common_ranges_are_the_common_elements(first: list[slice], second: list[slice]) -> None:
    whole = np.zeros((6, 6), int)
    whole[tuple(first)] += 1
    whole[tuple(second)] += 1
    shared = common(first, second)
    assert (0 if shared is None else count(shared)) == np.count_nonzero(whole == 2)
    if shared is not None:
        assert (whole[tuple(first)][relative(shared, first)] == 2).all()
