"""First values: their numbers, their scale and their types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow.graph import initializers
from skflow.graph.core import Graph
from skflow.graph.dtypes import bool_, float16, float32, float64, int32, string
from skflow.graph.partitioned import PartitionInfo
from skflow.runtime.session import Session

LARGE = (400, 250)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as graph:
        yield graph


def drawn(initializer: Any, shape: Any = LARGE, **given: Any) -> Any:
    return Session().run(initializer(shape, **given))


# ---- constants ------------------------------------------------------------------------------


def test_constants() -> None:
    assert drawn(initializers.zeros_initializer(), (2,)).tolist() == [0, 0]
    assert drawn(initializers.zeros_initializer(), (2,), dtype=bool_).tolist() == [False, False]
    assert drawn(initializers.ones_initializer(), (2,), dtype=int32).tolist() == [1, 1]
    assert drawn(initializers.constant_initializer(3), (2,)).tolist() == [3, 3]
    assert drawn(initializers.constant_initializer([1, 2]), (3,)).tolist() == [1, 2, 2]
    assert drawn(initializers.constant_initializer("a", dtype=string), ()) == b"a"


def test_types_of_constants() -> None:
    for make in (initializers.Zeros, initializers.Ones, initializers.Constant):
        assert make().dtype is float32
        assert make(dtype=float64)([2]).dtype is float64
        assert make(dtype=float64)([2], dtype=float16).dtype is float16


def test_verify_shape() -> None:
    checked = initializers.constant_initializer([1.0, 2.0], verify_shape=True)
    assert checked([2]).get_shape().as_list() == [2]
    with pytest.raises(TypeError, match=r"^Expected Tensor's shape: \(3,\), got \(2,\)\.$"):
        checked([3])


# ---- random numbers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "mean", "deviation", "limit"),
    [
        (lambda: initializers.random_uniform_initializer(-1, 3), 1, 4 / np.sqrt(12), 3),
        (initializers.random_uniform_initializer, 0.5, 1 / np.sqrt(12), 1),
        (lambda: initializers.random_normal_initializer(2.0, 0.5), 2, 0.5, np.inf),
        (lambda: initializers.truncated_normal_initializer(stddev=2.0), 0, 2 * 0.8796, 4),
        (
            lambda: initializers.uniform_unit_scaling_initializer(2.0),
            0,
            2 / np.sqrt(400),
            2 * np.sqrt(3 / 400),
        ),
        (initializers.glorot_uniform_initializer, 0, np.sqrt(2 / 650), np.sqrt(6 / 650)),
        (
            initializers.glorot_normal_initializer,
            0,
            0.8796 * np.sqrt(2 / 650),
            2 * np.sqrt(2 / 650),
        ),
        (initializers.he_uniform_initializer, 0, np.sqrt(2 / 400), np.sqrt(6 / 400)),
        (initializers.he_normal_initializer, 0, np.sqrt(2 / 400), np.inf),
        (
            lambda: initializers.variance_scaling_initializer(3.0, "fan_out", "untruncated_normal"),
            0,
            np.sqrt(3 / 250),
            np.inf,
        ),
        (
            lambda: initializers.variance_scaling_initializer(3.0, "fan_out", "truncated_normal"),
            0,
            np.sqrt(3 / 250),
            2 * np.sqrt(3 / 250) / 0.8796,
        ),
        (
            initializers.variance_scaling_initializer,
            0,
            0.8796 * np.sqrt(1 / 400),
            2 * np.sqrt(1 / 400),
        ),
    ],
)
@pytest.mark.parametrize("dtype", [float32, float64])
def test_random_numbers(make: Any, mean: float, deviation: float, limit: float, dtype: Any) -> None:
    initializer = make()
    initializer.seed = 3
    found = drawn(initializer, dtype=dtype)
    assert found.dtype == dtype.as_numpy_dtype
    assert found.shape == LARGE
    assert abs(found.mean() - mean) < 5 * deviation / np.sqrt(found.size)
    assert found.std() == pytest.approx(deviation, rel=0.01)
    assert np.abs(found).max() <= limit * (1 + 1e-6)


def test_seeds() -> None:
    def twice(seed: Any) -> bool:
        make = initializers.random_normal_initializer
        return bool((drawn(make(seed=seed), (5,)) == drawn(make(seed=seed), (5,))).all())

    assert twice(3)
    assert not twice(None)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [((), (1, 1)), ((5,), (5, 5)), ((2, 3), (2, 3)), ((4, 5, 2, 3), (40, 60))],
)
def test_fans(shape: Any, fans: Any) -> None:
    assert initializers._fans(shape) == fans


def test_slices_get_the_scale_of_the_whole() -> None:
    whole = PartitionInfo([100, 10], [0, 0])
    for make, limit in (
        (initializers.uniform_unit_scaling_initializer, np.sqrt(3 / 100)),
        (initializers.glorot_uniform_initializer, np.sqrt(6 / 110)),
    ):
        assert np.abs(drawn(make(), (3, 10), partition_info=whole)).max() <= limit


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (3, 2, 4), (2, 3, 8)])
def test_orthogonal(shape: Any) -> None:
    found = drawn(initializers.orthogonal_initializer(gain=2.0), shape, dtype=float64)
    matrix = found.reshape(-1, shape[-1])
    product = matrix @ matrix.T if matrix.shape[0] < matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)
    assert found.shape == shape


# ---- mistakes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.variance_scaling_initializer(0.0), "`scale` must be positive float."),
        (lambda: initializers.variance_scaling_initializer(mode="fan"), "Invalid `mode` argument:"),
        (
            lambda: initializers.variance_scaling_initializer(distribution="log"),
            "Invalid `distribution` argument:",
        ),
        (
            lambda: initializers.orthogonal_initializer()((3,)),
            "The tensor to initialize must be at least two-dimensional",
        ),
    ],
)
def test_mistakes(make: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        make()
    assert caught.value.args[0] == message


@pytest.mark.parametrize(
    "name",
    [
        "random_normal",
        "truncated_normal",
        "uniform_unit_scaling",
        "variance_scaling",
        "orthogonal",
        "glorot_uniform",
        "glorot_normal",
        "he_uniform",
        "he_normal",
    ],
)
def test_only_floats_are_scaled(name: str) -> None:
    make = getattr(initializers, f"{name}_initializer")
    with pytest.raises(ValueError, match="^Expected floating point type, got <dtype: 'int32'>.$"):
        make(dtype=int32)
