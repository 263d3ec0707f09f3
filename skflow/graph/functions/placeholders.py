"""Functions for what is fed, and for tensors that are passed on."""

from __future__ import annotations

from typing import Any

from skflow.graph.functions._common import data_type
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.shapes import is_full, to_shape


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """Make a tensor whose value is fed to each run.

    Parameters
    ----------
    dtype : DType
        The type of the elements.
    shape : sequence of int and None, optional
        The shape of the values, as far as it is fixed; by default any shape may be fed.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor

    Raises
    ------
    InvalidArgumentError
        At run time, if it is needed and not fed.
    """
    dims = to_shape(shape)
    found: Tensor = raw.Placeholder(
        dtype=data_type(dtype, "dtype"), shape=dims if is_full(dims) else (), name=name
    )
    found.set_shape(dims)
    return found


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """Make a tensor whose value may be fed.

    Parameters
    ----------
    input : Tensor
        Its value when nothing is fed.
    shape : sequence of int and None, or None
        The shape of the values that may be fed.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        If the default's shape is another.
    """
    return raw.PlaceholderWithDefault(  # type: ignore[no-any-return]
        input, shape=to_shape(shape), name=name
    )


def identity(input: Any, name: str | None = None) -> Tensor:
    """Pass a tensor on under another name.

    Parameters
    ----------
    input : Tensor
        The tensor.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
    """
    return raw.Identity(input, name=name)  # type: ignore[no-any-return]


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """Pass a tensor on as a constant: no gradient flows back through it.

    Parameters
    ----------
    input : Tensor
        The tensor.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
    """
    return raw.StopGradient(input, name=name)  # type: ignore[no-any-return]
