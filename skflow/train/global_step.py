"""The counter of training steps that a graph has by convention."""

from __future__ import annotations

from typing import Any

from skflow import logging
from skflow.graph.collections import GraphKeys
from skflow.graph.core import Graph, get_default_graph
from skflow.graph.dtypes import int64
from skflow.graph.initializers import zeros_initializer
from skflow.graph.nodes import Tensor
from skflow.graph.variable_scope import get_variable
from skflow.graph.variables import Variable


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """Return the number of steps taken in a session.

    Parameters
    ----------
    sess : Session
        The session.
    global_step_tensor : Variable or Tensor
        The counter.

    Returns
    -------
    int
    """
    return int(sess.run(global_step_tensor))


def get_global_step(graph: Graph | None = None) -> Any:
    """Return the counter of a graph: what is in the collection for it, or called ``global_step``.

    Parameters
    ----------
    graph : Graph, optional
        By default the default graph.

    Returns
    -------
    Variable, Tensor or None
        ``None`` if there is none, or more than one.

    Raises
    ------
    TypeError
        If it is not a single integer.
    """
    graph = get_default_graph() if graph is None else graph
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(found) > 1:
        logging.error("Multiple tensors in global_step collection.")
        return None
    if found:
        counter = found[0]
    else:
        try:
            counter = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    assert_global_step(counter)
    return counter


def create_global_step(graph: Graph | None = None) -> Variable:
    """Make the counter of a graph.

    Parameters
    ----------
    graph : Graph, optional
        By default the default graph.

    Returns
    -------
    Variable of int64, shape ()

    Raises
    ------
    ValueError
        If there is one already.
    """
    graph = get_default_graph() if graph is None else graph
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(  # type: ignore[no-any-return]
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=int64,
            initializer=zeros_initializer(),
            trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


def get_or_create_global_step(graph: Graph | None = None) -> Any:
    """Return the counter of a graph, made if there is none.

    Parameters
    ----------
    graph : Graph, optional
        By default the default graph.

    Returns
    -------
    Variable or Tensor
    """
    graph = get_default_graph() if graph is None else graph
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def assert_global_step(global_step_tensor: Any) -> None:
    """Raise TypeError unless something can be the counter of steps.

    Parameters
    ----------
    global_step_tensor : object
        What should be a Variable or Tensor that holds one integer.
    """
    given = global_step_tensor
    if not isinstance(given, (Variable, Tensor)):
        raise TypeError(f'Existing "global_step" must be a Variable or Tensor: {given}.')
    if not given.dtype.base_dtype.is_integer:
        raise TypeError(f'Existing "global_step" does not have integer type: {given.dtype}')
    if given.get_shape().ndims != 0:
        raise TypeError(f'Existing "global_step" is not scalar: {given.get_shape()}')
