"""Types have TensorFlow's names, numbers, limits and equalities."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph.dtypes import ALL, REAL
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("dtypes"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "dtypes", source)


def test_there_is_one_object_of_each_type() -> None:
    for dtype in ALL:
        for kind in (dtype, dtype.as_ref):
            assert tf.DType(kind.as_datatype_enum) is kind
            assert pickle.loads(pickle.dumps(kind)) is kind
            assert copy.deepcopy(kind) is kind
            assert tf.as_dtype(kind.name) is kind
            assert kind.base_dtype is dtype


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (float, "float64"),
        (int, "int64"),
        (complex, "complex128"),
        (str, "string"),
        (bytes, "string"),
        ("f4", "float32"),
        (np.dtype(">i4"), "int32"),
        (np.bool_, "bool"),
        (np.uint32, "uint32"),
        ("uint64", "uint64"),
        (np.object_, "string"),
    ],
    ids=str,
)
def test_more_is_taken_for_a_type_than_in_tensorflow(given: Any, wanted: str) -> None:
    assert tf.as_dtype(given).name == wanted


@pytest.mark.parametrize("given", [0, -1, 50, "nothing", "", (), [], 2 + 1j, len], ids=str)
def test_what_is_no_type(given: Any) -> None:
    with pytest.raises(TypeError, match="Cannot convert value .* to a TensorFlow DType"):
        tf.as_dtype(given)
    assert tf.float32 != given


@pytest.mark.parametrize("dtype", REAL, ids=lambda d: d.name)
def test_limits_are_numpys(dtype: tf.DType) -> None:
    kind = dtype.as_numpy_dtype
    info = np.finfo(kind) if dtype.is_floating else np.iinfo(kind)
    assert (dtype.min, dtype.max) == (info.min, info.max)
    assert (type(dtype.min), dtype.size) == (kind, np.dtype(kind).itemsize)
    assert dtype.limits == (0, 1 if dtype.is_floating else info.max)
