"""Functions that compute discrete Fourier transforms."""

from __future__ import annotations

from typing import Any

from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw


def fft(input: Any, name: str | None = None) -> Tensor:
    """Compute the discrete Fourier transform over the innermost axis.

    Parameters
    ----------
    input : Tensor of complex64, shape (..., n)
        The values.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of complex64, of the same shape
        The coefficients, not divided by the number of points.
    """
    return raw.FFT(input, name=name)  # type: ignore[no-any-return]


def ifft(input: Any, name: str | None = None) -> Tensor:
    """Compute the inverse discrete Fourier transform over the innermost axis.

    Parameters
    ----------
    input : Tensor of complex64, shape (..., n)
        The coefficients.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of complex64, of the same shape
        The values, divided by the number of points.
    """
    return raw.IFFT(input, name=name)  # type: ignore[no-any-return]


def fft2d(input: Any, name: str | None = None) -> Tensor:
    """Compute the discrete Fourier transform over the two innermost axes.

    Parameters
    ----------
    input : Tensor of complex64, shape (..., n, m)
        The values.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of complex64, of the same shape
        The coefficients, not divided by the number of points.
    """
    return raw.FFT2D(input, name=name)  # type: ignore[no-any-return]


def ifft2d(input: Any, name: str | None = None) -> Tensor:
    """Compute the inverse discrete Fourier transform over the two innermost axes.

    Parameters
    ----------
    input : Tensor of complex64, shape (..., n, m)
        The coefficients.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of complex64, of the same shape
        The values, divided by the number of points.
    """
    return raw.IFFT2D(input, name=name)  # type: ignore[no-any-return]


def fft3d(input: Any, name: str | None = None) -> Tensor:
    """Compute the discrete Fourier transform over the three innermost axes.

    Parameters
    ----------
    input : Tensor of complex64, shape (..., n, m, k)
        The values.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of complex64, of the same shape
        The coefficients, not divided by the number of points.
    """
    return raw.FFT3D(input, name=name)  # type: ignore[no-any-return]


def ifft3d(input: Any, name: str | None = None) -> Tensor:
    """Compute the inverse discrete Fourier transform over the three innermost axes.

    Parameters
    ----------
    input : Tensor of complex64, shape (..., n, m, k)
        The coefficients.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of complex64, of the same shape
        The values, divided by the number of points.
    """
    return raw.IFFT3D(input, name=name)  # type: ignore[no-any-return]
