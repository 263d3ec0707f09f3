"""All variables of a kind: lists of them, and operations that initialize or check a whole list."""

from __future__ import annotations

from typing import Any, Final

from skflow import logging
from skflow.graph.collections import GraphKeys, get_collection
from skflow.graph.conversion import constant
from skflow.graph.core import get_default_graph
from skflow.graph.dtypes import string
from skflow.graph.functions import (
    array as array_functions,
    math as math_functions,
    order as order_functions,
    state as state_functions,
)
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import colocate_with, control_dependencies, name_scope

_VARIABLE_OPS: Final = ("Variable", "VariableV2", "AutoReloadVariable")


def global_variables() -> list[Any]:
    """Return the variables that are shared and saved: all but the local ones.

    Returns
    -------
    list of Variable
    """
    return get_collection(GraphKeys.GLOBAL_VARIABLES)


def local_variables() -> list[Any]:
    """Return the variables that serve a passing purpose and are not saved.

    Returns
    -------
    list of Variable
    """
    return get_collection(GraphKeys.LOCAL_VARIABLES)


def model_variables() -> list[Any]:
    """Return the variables that a trained model needs to predict.

    Returns
    -------
    list of Variable
    """
    return get_collection(GraphKeys.MODEL_VARIABLES)


def trainable_variables() -> list[Any]:
    """Return the variables that optimizers change unless told otherwise.

    Returns
    -------
    list of Variable
    """
    return get_collection(GraphKeys.TRAINABLE_VARIABLES)


def moving_average_variables() -> list[Any]:
    """Return the variables whose moving averages are kept.

    Returns
    -------
    list of Variable
    """
    return get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES)


def _deprecated(name: str, instead: str) -> None:
    logging.warning("%s is deprecated: use %s instead.", name, instead)


def all_variables() -> list[Any]:
    """Return `global_variables`, which is the name to use."""
    _deprecated("all_variables", "tf.global_variables")
    return global_variables()


# ---- initialization ---------------------------------------------------------------------


def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """Make an operation that gives variables their first values.

    Parameters
    ----------
    var_list : list of Variable
        The variables.
    name : str
        The operation's name.

    Returns
    -------
    Operation
    """
    if var_list:
        return order_functions.group(*[v.initializer for v in var_list], name=name)
    return order_functions.no_op(name=name)


def initialize_variables(var_list: Any, name: str = "init") -> Operation:
    """Return `variables_initializer`, which is the name to use."""
    _deprecated("initialize_variables", "tf.variables_initializer")
    return variables_initializer(var_list, name=name)


def global_variables_initializer() -> Operation:
    """Make an operation that gives all global variables their first values.

    Returns
    -------
    Operation
    """
    return variables_initializer(global_variables())


def initialize_all_variables() -> Operation:
    """Return `global_variables_initializer`, which is the name to use."""
    _deprecated("initialize_all_variables", "tf.global_variables_initializer")
    return global_variables_initializer()


def local_variables_initializer() -> Operation:
    """Make an operation that gives all local variables their first values.

    Returns
    -------
    Operation
    """
    return variables_initializer(local_variables())


def initialize_local_variables() -> Operation:
    """Return `local_variables_initializer`, which is the name to use."""
    _deprecated("initialize_local_variables", "tf.local_variables_initializer")
    return local_variables_initializer()


def is_variable_initialized(variable: Any) -> Tensor:
    """Tell whether a variable holds a value.

    Parameters
    ----------
    variable : Variable
        The variable.

    Returns
    -------
    Tensor of bool, shape ()
    """
    return state_functions.is_variable_initialized(variable)


def _variables_to_check(var_list: Any) -> list[Any]:
    if var_list is not None:
        return list(var_list)
    found = global_variables() + local_variables()
    operations = get_default_graph().get_operations()
    return found or [op.outputs[0] for op in operations if op.type in _VARIABLE_OPS]


def assert_variables_initialized(var_list: Any = None) -> Tensor | None:
    """Make a tensor that cannot be computed while a variable holds no value.

    Parameters
    ----------
    var_list : list of Variable, optional
        The variables; by default all global and local ones.

    Returns
    -------
    Tensor or None
        Of no use but to be run; ``None`` if there are no variables.
    """
    ranks = []
    references = [getattr(v, "_variable", v) for v in _variables_to_check(var_list)]
    for reference in references:
        with colocate_with(reference.op):
            ranks.append(raw.Rank(reference))
    if not ranks:
        return None
    # A rank that is known needs no value: what is returned has to wait for the values themselves.
    with control_dependencies([array_functions.identity(r) for r in references]):
        return array_functions.stack(ranks)


def report_uninitialized_variables(
    var_list: Any = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """Make a tensor of the names of the variables that hold no value.

    Parameters
    ----------
    var_list : list of Variable, optional
        The variables; by default all global and local ones.
    name : str
        The name scope of the operations.

    Returns
    -------
    Tensor of string, shape (n,)
    """
    variables = _variables_to_check(var_list)
    with name_scope(name):
        if not variables:
            return constant([], dtype=string)
        known = [state_functions.is_variable_initialized(v) for v in variables]
        missing = math_functions.logical_not(array_functions.stack(known))
        names = constant([v.op.name for v in variables])
        return array_functions.boolean_mask(names, missing)
