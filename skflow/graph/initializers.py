"""First values of variables: constants and random numbers of the right size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, Protocol

from skflow.graph.conversion import constant
from skflow.graph.dtypes import DType, as_dtype, bool_, float32
from skflow.graph.functions import (
    array as array_functions,
    linalg as linalg_functions,
    random as random_functions,
)
from skflow.graph.nodes import Tensor

# A normal variable cut off at two standard deviations has this standard deviation.
_TRUNCATED_STDDEV: Final = 0.87962566103423978


class PartitionInfo(Protocol):
    """The place of a slice in a variable that is kept in slices."""

    @property
    def full_shape(self) -> Sequence[int]:
        """The whole variable's shape."""

    @property
    def var_offset(self) -> Sequence[int]:
        """Where the slice begins."""


class Initializer:
    """Makes the first value of a variable: call it with a shape."""

    dtype: DType

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: PartitionInfo | None = None
    ) -> Tensor:
        """Make the value.

        Parameters
        ----------
        shape : sequence of int
            The variable's shape.
        dtype : DType, optional
            Its type; by default the initializer's own.
        partition_info : PartitionInfo, optional
            The whole of which `shape` is a slice.

        Returns
        -------
        Tensor
        """
        del partition_info
        return self._make(shape, self.dtype if dtype is None else as_dtype(dtype))

    def _make(self, shape: Any, dtype: DType) -> Tensor:
        raise NotImplementedError


def _floating(dtype: Any) -> DType:
    found = as_dtype(dtype)
    if not found.is_floating:
        raise ValueError(f"Expected floating point type, got {found}.")
    return found


class Zeros(Initializer):
    """Zeros, or ``False``.

    Parameters
    ----------
    dtype : DType
        The type if the call names none.
    """

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def _make(self, shape: Any, dtype: DType) -> Tensor:
        return constant(False if dtype is bool_ else 0, dtype=dtype, shape=shape)


class Ones(Initializer):
    """Ones.

    Parameters
    ----------
    dtype : DType
        The type if the call names none.
    """

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def _make(self, shape: Any, dtype: DType) -> Tensor:
        return constant(1, dtype=dtype, shape=shape)


class Constant(Initializer):
    """Given values.

    Parameters
    ----------
    value : scalar, list or numpy.ndarray
        The values; the last one fills what is missing.
    dtype : DType
        The type if the call names none.
    verify_shape : bool
        Raise TypeError if the value's own shape is not the variable's.
    """

    def __init__(self, value: Any = 0, dtype: Any = float32, verify_shape: bool = False) -> None:
        self.value = value
        self.dtype = as_dtype(dtype)
        self.verify_shape = verify_shape

    def _make(self, shape: Any, dtype: DType) -> Tensor:
        return constant(self.value, dtype=dtype, shape=shape, verify_shape=self.verify_shape)


class RandomUniform(Initializer):
    """Uniform random numbers.

    Parameters
    ----------
    minval, maxval : scalar or Tensor
        The range; `maxval` is 1 for floats unless given and is itself never drawn.
    seed : int, optional
        As in `random_uniform`.
    dtype : DType
        The type if the call names none.
    """

    def __init__(
        self, minval: Any = 0, maxval: Any = None, seed: int | None = None, dtype: Any = float32
    ) -> None:
        self.minval = minval
        self.maxval = maxval
        self.seed = seed
        self.dtype = as_dtype(dtype)

    def _make(self, shape: Any, dtype: DType) -> Tensor:
        return random_functions.random_uniform(
            shape, self.minval, self.maxval, dtype, seed=self.seed
        )


class RandomNormal(Initializer):
    """Normal random numbers.

    Parameters
    ----------
    mean, stddev : scalar or Tensor
        Mean and standard deviation.
    seed : int, optional
        As in `random_normal`.
    dtype : DType
        The type if the call names none; ValueError unless it is a floating one.
    """

    def __init__(
        self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = float32
    ) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _floating(dtype)

    def _make(self, shape: Any, dtype: DType) -> Tensor:
        return random_functions.random_normal(shape, self.mean, self.stddev, dtype, seed=self.seed)


class TruncatedNormal(Initializer):
    """Normal random numbers, drawn again if further than two standard deviations from the mean.

    Parameters
    ----------
    mean, stddev : scalar or Tensor
        Mean and standard deviation before the cut.
    seed : int, optional
        As in `truncated_normal`.
    dtype : DType
        The type if the call names none; ValueError unless it is a floating one.
    """

    def __init__(
        self, mean: Any = 0.0, stddev: Any = 1.0, seed: int | None = None, dtype: Any = float32
    ) -> None:
        self.mean = mean
        self.stddev = stddev
        self.seed = seed
        self.dtype = _floating(dtype)

    def _make(self, shape: Any, dtype: DType) -> Tensor:
        return random_functions.truncated_normal(
            shape, self.mean, self.stddev, dtype, seed=self.seed
        )


class UniformUnitScaling(Initializer):
    """Uniform numbers that keep the scale of what a layer is fed.

    They lie within ``factor * sqrt(3 / size)`` of 0, where ``size`` is the product of all
    dimensions but the last.

    Parameters
    ----------
    factor : float
        What to multiply by; layers that are not linear want more than 1.
    seed : int, optional
        As in `random_uniform`.
    dtype : DType
        The type if the call names none; ValueError unless it is a floating one.

    References
    ----------
    D. Sussillo and L. F. Abbott, Random walk initialization for training very deep feedforward
    networks, 2014, arXiv:1412.6558.
    """

    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: Any = float32) -> None:
        self.factor = factor
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: PartitionInfo | None = None
    ) -> Tensor:
        """Make the value; a slice gets the scale of the whole (see `Initializer`)."""
        whole = shape if partition_info is None else partition_info.full_shape
        limit = math.sqrt(3 / max(float(math.prod(whole[:-1])), 1.0)) * self.factor
        wanted = self.dtype if dtype is None else as_dtype(dtype)
        return random_functions.random_uniform(shape, -limit, limit, wanted, seed=self.seed)


class VarianceScaling(Initializer):
    """Random numbers whose variance is ``scale / n``.

    Parameters
    ----------
    scale : float
        A positive factor.
    mode : {"fan_in", "fan_out", "fan_avg"}
        Which ``n``: the number of inputs or of outputs of a unit, or the mean of both.
    distribution : {"normal", "uniform", "truncated_normal", "untruncated_normal"}
        ``"normal"`` is cut off at two standard deviations, by which it falls short of the
        variance, as in TensorFlow 1.1; ``"truncated_normal"`` makes up for that.
    seed : int, optional
        As in `random_uniform`.
    dtype : DType
        The type if the call names none; ValueError unless it is a floating one.

    Raises
    ------
    ValueError
        If an argument is not one of these.

    References
    ----------
    X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS 2010. K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers,
    ICCV 2015.
    """

    _MODES: Final = ("fan_in", "fan_out", "fan_avg")
    _DISTRIBUTIONS: Final = ("normal", "uniform", "truncated_normal", "untruncated_normal")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "normal",
        seed: int | None = None,
        dtype: Any = float32,
    ) -> None:
        if scale <= 0.0:
            raise ValueError("`scale` must be positive float.")
        if mode not in self._MODES:
            raise ValueError("Invalid `mode` argument:", mode)
        distribution = distribution.lower()
        if distribution not in self._DISTRIBUTIONS:
            raise ValueError("Invalid `distribution` argument:", distribution)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.seed = seed
        self.dtype = _floating(dtype)

    def __call__(
        self, shape: Any, dtype: Any = None, partition_info: PartitionInfo | None = None
    ) -> Tensor:
        """Make the value; a slice gets the scale of the whole (see `Initializer`)."""
        whole = shape if partition_info is None else partition_info.full_shape
        fan_in, fan_out = _fans(whole)
        fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}
        variance = self.scale / max(1.0, fans[self.mode])
        wanted = self.dtype if dtype is None else as_dtype(dtype)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random_functions.random_uniform(shape, -limit, limit, wanted, seed=self.seed)
        stddev = math.sqrt(variance)
        if self.distribution == "untruncated_normal":
            return random_functions.random_normal(shape, 0.0, stddev, wanted, seed=self.seed)
        if self.distribution == "truncated_normal":
            stddev /= _TRUNCATED_STDDEV
        return random_functions.truncated_normal(shape, 0.0, stddev, wanted, seed=self.seed)


def _fans(shape: Sequence[int]) -> tuple[float, float]:
    """How many inputs and outputs a unit has whose weights are of this shape."""
    if not len(shape):
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


class Orthogonal(Initializer):
    """A matrix with orthogonal columns, or rows if it is wider than high.

    More than two dimensions are flattened into a matrix with the last one's columns.

    Parameters
    ----------
    gain : float
        What to multiply by.
    dtype : DType
        The type if the call names none; ValueError unless it is a floating one.
    seed : int, optional
        As in `random_uniform`.

    References
    ----------
    A. Saxe, J. McClelland and S. Ganguli, Exact solutions to the nonlinear dynamics of learning
    in deep linear neural networks, ICLR 2014.
    """

    def __init__(self, gain: float = 1.0, dtype: Any = float32, seed: int | None = None) -> None:
        self.gain = gain
        self.dtype = _floating(dtype)
        self.seed = seed

    def _make(self, shape: Any, dtype: DType) -> Tensor:
        if len(shape) < 2:
            raise ValueError("The tensor to initialize must be at least two-dimensional")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        noise = random_functions.random_uniform((rows, columns), dtype=dtype, seed=self.seed)
        _, u, v = linalg_functions.svd(noise, full_matrices=False)
        basis = u if rows > columns else array_functions.transpose(v)
        return self.gain * array_functions.reshape(basis, shape)


zeros_initializer = Zeros
ones_initializer = Ones
constant_initializer = Constant
random_uniform_initializer = RandomUniform
random_normal_initializer = RandomNormal
truncated_normal_initializer = TruncatedNormal
uniform_unit_scaling_initializer = UniformUnitScaling
variance_scaling_initializer = VarianceScaling
orthogonal_initializer = Orthogonal


def glorot_uniform_initializer(seed: int | None = None, dtype: Any = float32) -> VarianceScaling:
    """Uniform numbers within ``sqrt(6 / (inputs + outputs))``: what `get_variable` uses.

    Parameters
    ----------
    seed : int, optional
        As in `random_uniform`.
    dtype : DType
        The type if the call names none.

    Returns
    -------
    VarianceScaling
    """
    return VarianceScaling(1.0, "fan_avg", "uniform", seed, dtype)


def glorot_normal_initializer(seed: int | None = None, dtype: Any = float32) -> VarianceScaling:
    """Truncated normal numbers of standard deviation ``sqrt(2 / (inputs + outputs))``.

    Parameters
    ----------
    seed : int, optional
        As in `truncated_normal`.
    dtype : DType
        The type if the call names none.

    Returns
    -------
    VarianceScaling
    """
    return VarianceScaling(1.0, "fan_avg", "normal", seed, dtype)


def he_uniform_initializer(seed: int | None = None, dtype: Any = float32) -> VarianceScaling:
    """Uniform numbers within ``sqrt(6 / inputs)``, for layers of rectifiers.

    Parameters
    ----------
    seed : int, optional
        As in `random_uniform`.
    dtype : DType
        The type if the call names none.

    Returns
    -------
    VarianceScaling
    """
    return VarianceScaling(2.0, "fan_in", "uniform", seed, dtype)


def he_normal_initializer(seed: int | None = None, dtype: Any = float32) -> VarianceScaling:
    """Truncated normal numbers of standard deviation ``sqrt(2 / inputs)``, for rectifiers.

    Parameters
    ----------
    seed : int, optional
        As in `truncated_normal`.
    dtype : DType
        The type if the call names none.

    Returns
    -------
    VarianceScaling
    """
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed, dtype)
