"""Functions that draw random numbers, and the rules by which they are seeded."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.core import get_default_graph
from skflow.graph.dtypes import DType, as_dtype, float32, int32
from skflow.graph.nodes import Tensor
from skflow.graph.philox import seed_pair
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope


def set_random_seed(seed: Any) -> None:
    """Set the default graph's random seed.

    Parameters
    ----------
    seed : int or None
        With it the streams of all random operations made from now on are reproducible: an
        operation without a seed of its own takes the number of operations made so far.
    """
    get_default_graph().seed = seed


def get_seed(op_seed: Any) -> tuple[Any, Any]:
    """Return the two seeds that an operation made now would get.

    Parameters
    ----------
    op_seed : int or None
        The operation's own seed.

    Returns
    -------
    tuple
        ``(seed, seed2)``; ``(None, None)`` if neither the graph nor the operation has a seed,
        which stands for a stream that differs from session to session.
    """
    graph = get_default_graph()
    return seed_pair(graph.seed, op_seed, graph._last_id)


def _seeds(op_seed: Any) -> dict[str, Any]:
    """The seeds as attributes of an operation made now."""
    seed, seed2 = get_seed(op_seed)
    return {} if seed is None else {"seed": int(seed), "seed2": int(seed2)}


def _shape_tensor(shape: Any) -> Tensor:
    empty = isinstance(shape, (tuple, list)) and not shape
    return convert(shape, int32 if empty else None, "shape")


def _normal(
    op: Any, scope: str, shape: Any, mean: Any, stddev: Any, dtype: Any, seed: Any
) -> Tensor:
    """Draw, scale and shift, inside a scope that names the result."""
    kind = as_dtype(dtype)
    dims = _shape_tensor(shape)
    middle = convert(mean, kind, "mean")
    width = convert(stddev, kind, "stddev")
    drawn = op(dims, dtype=kind, **_seeds(seed))
    scaled = raw.Mul(drawn, width, name="mul")
    return raw.Add(scaled, middle, name=scope)  # type: ignore[no-any-return]


def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: DType = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw from a normal distribution.

    Parameters
    ----------
    shape : sequence of int or Tensor of integers, shape (rank,)
        The shape of what is drawn.
    mean : float or Tensor
        The distribution's mean; broadcast against what is drawn.
    stddev : float or Tensor
        Its standard deviation; broadcast likewise.
    dtype : DType
        float16, float32 or float64.
    seed : int, optional
        See `set_random_seed`.
    name : str, optional
        The result's name.

    Returns
    -------
    Tensor
        Of type `dtype`; new numbers in every run.

    Raises
    ------
    TypeError
        If `dtype` is not a real floating point type.

    Notes
    -----
    Box and Muller's transform of a Philox stream: TensorFlow's own numbers, up to the rounding
    of sine and cosine.
    """
    with name_scope(name, "random_normal", [shape, mean, stddev]) as scope:
        return _normal(raw.RandomStandardNormal, scope, shape, mean, stddev, dtype, seed)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: DType = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw from a normal distribution, again where a number is two deviations off or more.

    Parameters
    ----------
    shape : sequence of int or Tensor of integers, shape (rank,)
        The shape of what is drawn.
    mean : float or Tensor
        The mean before truncation; broadcast against what is drawn.
    stddev : float or Tensor
        The standard deviation before truncation; broadcast likewise.
    dtype : DType
        float16, float32 or float64.
    seed : int, optional
        See `set_random_seed`.
    name : str, optional
        The result's name.

    Returns
    -------
    Tensor
        Of type `dtype`; new numbers in every run.

    Raises
    ------
    TypeError
        If `dtype` is not a real floating point type.
    """
    with name_scope(name, "truncated_normal", [shape, mean, stddev]) as scope:
        return _normal(raw.TruncatedNormal, scope, shape, mean, stddev, dtype, seed)


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: DType = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Draw from a uniform distribution over ``[minval, maxval)``.

    Parameters
    ----------
    shape : sequence of int or Tensor of integers, shape (rank,)
        The shape of what is drawn.
    minval : number or Tensor
        The lower bound; a scalar for whole numbers, else broadcast against what is drawn.
    maxval : number or Tensor, optional
        The upper bound, never drawn; 1 by default for real numbers.
    dtype : DType
        float16, float32 or float64; int32 or int64 for whole numbers.
    seed : int, optional
        See `set_random_seed`.
    name : str, optional
        The result's name.

    Returns
    -------
    Tensor
        Of type `dtype`; new numbers in every run.

    Raises
    ------
    ValueError
        If `dtype` is an integer type and `maxval` is not given.
    TypeError
        If `dtype` is none of the above.

    Notes
    -----
    Whole numbers are remainders of random words, as in TensorFlow: minutely uneven unless the
    range is a power of two.
    """
    kind = as_dtype(dtype)
    if maxval is None:
        if kind.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {kind!r}")
        maxval = 1
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as scope:
        dims = _shape_tensor(shape)
        low = convert(minval, kind, "min")
        high = convert(maxval, kind, "max")
        seeds = _seeds(seed)
        if kind.is_integer:
            return raw.RandomUniformInt(  # type: ignore[no-any-return]
                dims, low, high, **seeds, name=scope
            )
        drawn = raw.RandomUniform(dims, dtype=kind, **seeds)
        scaled = raw.Mul(drawn, raw.Sub(high, low, name="sub"), name="mul")
        return raw.Add(scaled, low, name=scope)  # type: ignore[no-any-return]


def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """Put the rows of a tensor in a random order.

    Parameters
    ----------
    value : Tensor, shape (n, ...)
        What to shuffle along its first axis.
    seed : int, optional
        See `set_random_seed`.
    name : str, optional
        The result's name.

    Returns
    -------
    Tensor
        Of `value`'s type and shape; a new order in every run.
    """
    return raw.RandomShuffle(value, **_seeds(seed), name=name)  # type: ignore[no-any-return]


def multinomial(
    logits: Any, num_samples: Any, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Draw classes, row by row, with given unnormalised log-probabilities.

    Parameters
    ----------
    logits : Tensor, shape (n_rows, n_classes)
        The logarithms of the classes' probabilities, up to a constant for each row.
    num_samples : int or Tensor of int32, shape ()
        How many classes to draw for each row.
    seed : int, optional
        See `set_random_seed`.
    name : str, optional
        The name scope of the operations.

    Returns
    -------
    Tensor of int64, shape (n_rows, num_samples)
        The classes' numbers.

    Raises
    ------
    ValueError
        If the shapes are not as above.
    """
    with name_scope(name, "multinomial", [logits]):
        scores = convert(logits, name="logits")
        return raw.Multinomial(  # type: ignore[no-any-return]
            scores, num_samples, **_seeds(seed)
        )
