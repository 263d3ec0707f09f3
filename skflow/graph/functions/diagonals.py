"""Functions that read, write or keep the diagonals of matrices."""

from __future__ import annotations

from typing import Any

from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw


def diag(diagonal: Any, name: str | None = None) -> Tensor:
    """Make a tensor with given entries on its diagonal, and zeros beside them.

    Parameters
    ----------
    diagonal : Tensor of rank 1 to 3
        The entries.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (*diagonal.shape, *diagonal.shape)
        ``found[i..., i...] = diagonal[i...]``.
    """
    return raw.Diag(diagonal, name=name)  # type: ignore[no-any-return]


def diag_part(input: Any, name: str | None = None) -> Tensor:
    """Read the diagonal of a tensor: the inverse of `diag`.

    Parameters
    ----------
    input : Tensor of rank 2, 4 or 6
        A tensor whose shape is one shape twice.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of half the rank
    """
    return raw.DiagPart(input, name=name)  # type: ignore[no-any-return]


def matrix_diag(diagonal: Any, name: str | None = None) -> Tensor:
    """Make diagonal matrices.

    Parameters
    ----------
    diagonal : Tensor, shape (..., n)
        The diagonals.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n, n)
    """
    return raw.MatrixDiag(diagonal, name=name)  # type: ignore[no-any-return]


def matrix_diag_part(input: Any, name: str | None = None) -> Tensor:
    """Read the diagonals of matrices.

    Parameters
    ----------
    input : Tensor, shape (..., n, m)
        The matrices.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., min(n, m))
    """
    return raw.MatrixDiagPart(input, name=name)  # type: ignore[no-any-return]


def matrix_set_diag(input: Any, diagonal: Any, name: str | None = None) -> Tensor:
    """Replace the diagonals of matrices.

    Parameters
    ----------
    input : Tensor, shape (..., n, m)
        The matrices.
    diagonal : Tensor, shape (..., min(n, m))
        Their new diagonals.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n, m)
    """
    return raw.MatrixSetDiag(input, diagonal, name=name)  # type: ignore[no-any-return]


def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """Keep a band around the diagonal of matrices, and put zeros elsewhere.

    Parameters
    ----------
    input : Tensor, shape (..., n, m)
        The matrices.
    num_lower, num_upper : Tensor of int64, shape ()
        How many diagonals below and above the main one to keep; negative numbers keep all.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape (..., n, m)
    """
    return raw.MatrixBandPart(  # type: ignore[no-any-return]
        input, num_lower, num_upper, name=name
    )
