"""The collections that losses are kept in until training asks for their sum."""

from __future__ import annotations

from typing import Any

from skflow.graph.collections import GraphKeys, add_to_collection, get_collection
from skflow.graph.conversion import constant
from skflow.graph.functions import math
from skflow.graph.nodes import Tensor


def add_loss(loss: Tensor, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """Put a loss into the collection that training minimises.

    Parameters
    ----------
    loss : Tensor, shape ()
        The loss.
    loss_collection : str, optional
        The collection's name; without one nothing happens.
    """
    if loss_collection:
        add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Any]:
    """Return the losses in a collection.

    Parameters
    ----------
    scope : str, optional
        Only those whose name begins with it (a regular expression).
    loss_collection : str
        The collection's name.

    Returns
    -------
    list of Tensor
    """
    return get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """Return the losses that regularizers made.

    Parameters
    ----------
    scope : str, optional
        Only those whose name begins with it (a regular expression).

    Returns
    -------
    list of Tensor
    """
    return get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(
    scope: str | None = None, name: str = "total_regularization_loss"
) -> Tensor:
    """Return the sum of the losses that regularizers made.

    Parameters
    ----------
    scope : str, optional
        Only those whose name begins with it (a regular expression).
    name : str
        The sum's name.

    Returns
    -------
    Tensor, shape ()
        Zero if there are none.
    """
    losses = get_regularization_losses(scope)
    return math.add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss") -> Tensor:
    """Return the sum of all losses.

    Parameters
    ----------
    add_regularization_losses : bool
        Count those of regularizers too.
    name : str
        The sum's name.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        If there are none.
    """
    losses = get_losses()
    if add_regularization_losses:
        losses += get_regularization_losses()
    return math.add_n(losses, name=name)
