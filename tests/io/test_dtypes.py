"""What TensorFlow's numbers of types mean to NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from skflow.io import dtypes
from skflow.proto import DataType
from tests.golden.bundles import make_bundles

ALL = make_bundles.COMMON_TYPES + make_bundles.QUANTIZED_TYPES + make_bundles.LATER_TYPES


@pytest.mark.parametrize(("name", "number", "kind"), ALL)
def test_stored_types_are_those_recorded(name: str, number: int, kind: str) -> None:
    assert dtypes.stored_dtype(number) == np.dtype(kind), name


def test_every_number_is_thought_of() -> None:
    """Types are either stored as elements or known not to be."""
    unstored = {"DT_INVALID", "DT_RESOURCE", "DT_VARIANT", "DT_FLOAT4_E2M1FN"}
    for name, number in DataType.items():
        found = dtypes.stored_dtype(number)
        assert (found is None) == (name in unstored or name.endswith("_REF")), name


@pytest.mark.parametrize(("name", "number", "kind"), make_bundles.COMMON_TYPES)
def test_arrays_are_saved_as_their_type(name: str, number: int, kind: str) -> None:
    for order in "<>":
        assert dtypes.number_of(np.dtype(kind).newbyteorder(order)) == number, name


def test_other_arrays() -> None:
    assert [dtypes.number_of(kind) for kind in ("S3", "U2", object)] == [7, 7, 7]
    assert [dtypes.number_of(kind) for kind in ("M8[s]", "f4,i4", np.longdouble)] == [None] * 3
