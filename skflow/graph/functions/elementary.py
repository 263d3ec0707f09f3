"""Powers, exponentials, logarithms, circular functions and rounding, element by element."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.functions._elementwise import binary, on_values, unary
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope


def sqrt(x: Any, name: str | None = None) -> Tensor:
    """Take square roots, element by element.

    Parameters
    ----------
    x : Tensor or SparseTensor of a floating or complex type
        The radicands; the root of a negative real number is NaN.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of the type and shape of `x`
    """
    return on_values(raw.Sqrt, x, name)


def rsqrt(x: Any, name: str | None = None) -> Tensor:
    """Take reciprocals of square roots, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The radicands; 0 gives infinity.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Rsqrt, x, name)


def reciprocal(x: Any, name: str | None = None) -> Tensor:
    """Take reciprocals, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The numbers; 0 gives infinity.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Reciprocal, x, name)


def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Raise to powers, element by element.

    Parameters
    ----------
    x : Tensor of a signed number type
        The bases.
    y : Tensor of the type of `x`
        The exponents. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`

    Raises
    ------
    InvalidArgumentError
        When run, if an integer is raised to a negative power.
    """
    return binary(raw.Pow, x, y, name)


def exp(x: Any, name: str | None = None) -> Tensor:
    """Compute e to the power of each element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The exponents.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Exp, x, name)


def expm1(x: Any, name: str | None = None) -> Tensor:
    """Compute ``exp(x) - 1``, element by element, exactly also near 0.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The exponents.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Expm1, x, name)


def log(x: Any, name: str | None = None) -> Tensor:
    """Take natural logarithms, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The numbers; 0 gives minus infinity, a negative real number NaN.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Log, x, name)


def log1p(x: Any, name: str | None = None) -> Tensor:
    """Compute ``log(1 + x)``, element by element, exactly also near 0.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Log1p, x, name)


def sin(x: Any, name: str | None = None) -> Tensor:
    """Take sines, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The angles in radians.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Sin, x, name)


def cos(x: Any, name: str | None = None) -> Tensor:
    """Take cosines, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The angles in radians.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Cos, x, name)


def tan(x: Any, name: str | None = None) -> Tensor:
    """Take tangents, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The angles in radians.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Tan, x, name)


def asin(x: Any, name: str | None = None) -> Tensor:
    """Find the angles with given sines, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The sines; real ones outside -1 to 1 give NaN.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`, in radians, -pi / 2 to pi / 2
    """
    return unary(raw.Asin, x, name)


def acos(x: Any, name: str | None = None) -> Tensor:
    """Find the angles with given cosines, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The cosines; real ones outside -1 to 1 give NaN.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`, in radians, 0 to pi
    """
    return unary(raw.Acos, x, name)


def atan(x: Any, name: str | None = None) -> Tensor:
    """Find the angles with given tangents, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The tangents.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`, in radians, -pi / 2 to pi / 2
    """
    return unary(raw.Atan, x, name)


def tanh(x: Any, name: str | None = None) -> Tensor:
    """Take hyperbolic tangents, element by element.

    Parameters
    ----------
    x : Tensor or SparseTensor of a floating or complex type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of the type and shape of `x`
    """
    return on_values(raw.Tanh, x, name)


def sigmoid(x: Any, name: str | None = None) -> Tensor:
    """Compute the logistic function ``1 / (1 + exp(-x))``, element by element.

    Parameters
    ----------
    x : Tensor of a floating or complex type
        The numbers, of any size.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Sigmoid, x, name)


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """Compute ``log(sigmoid(x))``, element by element, without overflow.

    Parameters
    ----------
    x : Tensor of a floating type
        The numbers, of any size.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
        Computed as ``-softplus(-x)``. (Not in TensorFlow 1.1.0, but in 1.2.)
    """
    with name_scope(name, "LogSigmoid", [x]) as scope:
        tensor = convert(x, name="x")
        return raw.Neg(raw.Softplus(raw.Neg(tensor)), name=scope)  # type: ignore[no-any-return]


def floor(x: Any, name: str | None = None) -> Tensor:
    """Round down to integers, element by element.

    Parameters
    ----------
    x : Tensor of a floating type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Floor, x, name)


def ceil(x: Any, name: str | None = None) -> Tensor:
    """Round up to integers, element by element.

    Parameters
    ----------
    x : Tensor of a floating type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Ceil, x, name)


def rint(x: Any, name: str | None = None) -> Tensor:
    """Round to the nearest integers, halves to even ones, element by element.

    Parameters
    ----------
    x : Tensor of float32 or float64
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Rint, x, name)


def round(x: Any, name: str | None = None) -> Tensor:
    """Round to the nearest integers, halves to even ones, element by element.

    Parameters
    ----------
    x : Tensor of a number type
        The numbers; a tensor of integers is returned as it is.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    tensor = convert(x, name="x")
    if tensor.dtype.is_integer:
        return tensor
    return unary(raw.Round, tensor, name)
