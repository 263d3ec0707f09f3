"""Complex numbers: putting them together and taking them apart."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.dtypes import DType, complex64, complex128, float32, float64
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """Put complex numbers together.

    Parameters
    ----------
    real : Tensor of float32 or float64
        The real parts.
    imag : Tensor of the type of `real`
        The imaginary parts. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of complex64 or complex128

    Raises
    ------
    TypeError
        If the types differ or are others.
    """
    parts = convert(real, name="real"), convert(imag, name="imag")
    with name_scope(name, "Complex", list(parts)) as scope:
        kinds = {p.dtype.base_dtype for p in parts}
        if kinds not in ({float32}, {float64}):
            raise TypeError(
                f"real and imag have incorrect types: {parts[0].dtype.name} {parts[1].dtype.name}"
            )
        wide = complex64 if kinds == {float32} else complex128
        return raw.Complex(*parts, Tout=wide, name=scope)  # type: ignore[no-any-return]


def _typed(value: Any) -> Any:
    """What has a type of its own, which a variable has as well as a tensor."""
    has_type = isinstance(getattr(value, "dtype", None), DType)
    return value if has_type else convert(value, name="input")


def real(input: Any, name: str | None = None) -> Tensor:
    """Take the real parts.

    Parameters
    ----------
    input : Tensor of numbers
        The numbers; a real tensor is returned as it is.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of float32 or float64, of the shape of `input`
    """
    with name_scope(name, "Real", [input]) as scope:
        given = _typed(input)
        wanted = given.dtype.real_dtype
        if given.dtype.base_dtype == wanted:
            return given  # type: ignore[no-any-return]
        return raw.Real(given, Tout=wanted, name=scope)  # type: ignore[no-any-return]


def imag(input: Any, name: str | None = None) -> Tensor:
    """Take the imaginary parts.

    Parameters
    ----------
    input : Tensor of complex numbers
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of float32 or float64, of the shape of `input`
    """
    with name_scope(name, "Imag", [input]) as scope:
        given = _typed(input)
        return raw.Imag(  # type: ignore[no-any-return]
            given, Tout=given.dtype.real_dtype, name=scope
        )


def conj(x: Any, name: str | None = None) -> Tensor:
    """Take complex conjugates.

    Parameters
    ----------
    x : Tensor of numbers
        The numbers; a real tensor is returned as it is.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`

    Raises
    ------
    TypeError
        If `x` is not of a number type.
    """
    with name_scope(name, "Conj", [x]) as scope:
        tensor = convert(x, name="x")
        if tensor.dtype.is_complex:
            return raw.Conj(tensor, name=scope)  # type: ignore[no-any-return]
        if tensor.dtype.is_numeric:
            return tensor
        raise TypeError(f"Expected numeric tensor, got dtype {tensor.dtype!r}")
