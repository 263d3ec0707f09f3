"""Special functions: error functions, gamma functions and their relatives."""

from __future__ import annotations

from typing import Any

from skflow.graph.functions._elementwise import binary, on_values, unary
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw


def lgamma(x: Any, name: str | None = None) -> Tensor:
    """Take the logarithm of the absolute value of the gamma function.

    Parameters
    ----------
    x : Tensor of a floating type
        The arguments.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Lgamma, x, name)


def digamma(x: Any, name: str | None = None) -> Tensor:
    """Take the logarithmic derivative of the gamma function.

    Parameters
    ----------
    x : Tensor of a floating type
        The arguments; the poles 0, -1, -2, ... give infinity.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Digamma, x, name)


def erf(x: Any, name: str | None = None) -> Tensor:
    """Compute the error function, element by element.

    Parameters
    ----------
    x : Tensor or SparseTensor of a floating type
        The arguments.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or SparseTensor of the type and shape of `x`
    """
    return on_values(raw.Erf, x, name)


def erfc(x: Any, name: str | None = None) -> Tensor:
    """Compute ``1 - erf(x)``, element by element, exactly also for large `x`.

    Parameters
    ----------
    x : Tensor of a floating type
        The arguments.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `x`
    """
    return unary(raw.Erfc, x, name)


def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Compute the Hurwitz zeta function, the sum of ``(q + n) ** -x`` over n >= 0.

    Parameters
    ----------
    x : Tensor of float32 or float64
        The exponents, above 1.
    q : Tensor of the type of `x`
        The offsets. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `x`
    """
    return binary(raw.Zeta, x, q, name)


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Take derivatives of the digamma function.

    Parameters
    ----------
    a : Tensor of float32 or float64
        The orders, whole numbers from 0 on; other numbers give NaN.
    x : Tensor of the type of `a`
        The arguments. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `a`
    """
    return binary(raw.Polygamma, a, x, name)


def igamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Compute the lower regularized incomplete gamma function P(a, x).

    Parameters
    ----------
    a : Tensor of float32 or float64
        The shapes of the distribution, above 0.
    x : Tensor of the type of `a`
        The upper limits of integration, from 0 on. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `a`
        NaN outside the domain. Differentiable by `x` only.
    """
    return binary(raw.Igamma, a, x, name)


def igammac(a: Any, x: Any, name: str | None = None) -> Tensor:
    """Compute the upper regularized incomplete gamma function, ``1 - igamma(a, x)``.

    Parameters
    ----------
    a : Tensor of float32 or float64
        The shapes of the distribution, above 0.
    x : Tensor of the type of `a`
        The lower limits of integration, from 0 on. The shapes broadcast.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `a`
        NaN outside the domain. Differentiable by `x` only.
    """
    return binary(raw.Igammac, a, x, name)


def betainc(a: Any, b: Any, x: Any, name: str | None = None) -> Tensor:
    """Compute the regularized incomplete beta function I_x(a, b), element by element.

    Parameters
    ----------
    a, b : Tensor of float32 or float64
        The parameters of the distribution, above 0.
    x : Tensor of the type of `a`
        The upper limits of integration, from 0 to 1. All shapes must be equal, except that
        scalars go with everything.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type of `a`
        NaN outside the domain. It has no gradient.
    """
    return raw.Betainc(a, b, x, name=name)  # type: ignore[no-any-return]
