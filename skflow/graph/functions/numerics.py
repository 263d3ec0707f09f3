"""Looking for what is not finite, not in order or not a number."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import constant, convert
from skflow.graph.core import get_default_graph
from skflow.graph.dtypes import FLOATS
from skflow.graph.functions._elementwise import unary
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import OpDef, raw
from skflow.graph.scopes import name_scope


def is_nan(x: Any, name: str | None = None) -> Tensor:
    """Tell which elements are NaN.

    Parameters
    ----------
    x : Tensor of a floating type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool, of the shape of `x`
    """
    return unary(raw.IsNan, x, name)


def is_inf(x: Any, name: str | None = None) -> Tensor:
    """Tell which elements are infinite.

    Parameters
    ----------
    x : Tensor of a floating type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool, of the shape of `x`
    """
    return unary(raw.IsInf, x, name)


def is_finite(x: Any, name: str | None = None) -> Tensor:
    """Tell which elements are neither infinite nor NaN.

    Parameters
    ----------
    x : Tensor of a floating type
        The numbers.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool, of the shape of `x`
    """
    return unary(raw.IsFinite, x, name)


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """Pass a tensor through if all of it is finite.

    Parameters
    ----------
    tensor : Tensor of a floating type
        The numbers.
    message : str
        How the error's message begins.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of the type and shape of `tensor`
        Its gradients are checked too.

    Raises
    ------
    InvalidArgumentError
        When run, if an element is infinite or NaN.
    """
    return raw.CheckNumerics(tensor, message=message, name=name)  # type: ignore[no-any-return]


def verify_tensor_all_finite(t: Any, msg: str, name: str | None = None) -> Tensor:
    """Pass a tensor through once all of it has been found to be finite.

    Parameters
    ----------
    t : Tensor of a floating type
        The numbers.
    msg : str
        How the error's message begins.
    name : str, optional
        The name scope of what is built.

    Returns
    -------
    Tensor of the type and shape of `t`

    Raises
    ------
    InvalidArgumentError
        When run, if an element is infinite or NaN.
    """
    with name_scope(name, "VerifyFinite", [t]):
        tensor = convert(t, name="t")
        graph = tensor.graph
        with graph.colocate_with(tensor):
            checked = raw.CheckNumerics(tensor, message=msg)
            with graph.control_dependencies([checked]):
                return unary(raw.Identity, tensor, "control_dependency")


def add_check_numerics_ops() -> Operation:
    """Add a check to every floating tensor of the default graph.

    Returns
    -------
    Operation
        Running it runs the checks in the order the tensors were made, so that the first error
        names the first tensor that is not finite: its message is the tensor's name.
    """
    graph = get_default_graph()
    last: list[Tensor] = []
    for op in graph.get_operations():
        for tensor in op.outputs:
            if tensor.dtype in FLOATS:
                with graph.control_dependencies(last):
                    last = [raw.CheckNumerics(tensor, message=tensor.name)]
    with graph.control_dependencies(last):
        return raw.NoOp(name="group_deps")  # type: ignore[no-any-return]


def is_numeric_tensor(tensor: Any) -> bool:
    """Tell whether something is a tensor of numbers.

    Parameters
    ----------
    tensor : object
        Anything.

    Returns
    -------
    bool
    """
    return isinstance(tensor, Tensor) and tensor.dtype.is_numeric


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Tell whether no element is smaller than the one before it, in row-major order.

    Parameters
    ----------
    x : Tensor of numbers
        The numbers; fewer than two are in order.
    name : str, optional
        The name scope of what is built.

    Returns
    -------
    Tensor of bool, shape ()

    Raises
    ------
    TypeError
        If `x` is not of a number type.
    """
    with name_scope(name, "is_non_decreasing", [x]):
        return _in_order(raw.LessEqual, x)


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Tell whether every element is larger than the one before it, in row-major order.

    Parameters
    ----------
    x : Tensor of numbers
        The numbers; fewer than two are in order.
    name : str, optional
        The name scope of what is built.

    Returns
    -------
    Tensor of bool, shape ()

    Raises
    ------
    TypeError
        If `x` is not of a number type.
    """
    with name_scope(name, "is_strictly_increasing", [x]):
        return _in_order(raw.Less, x)


def _in_order(before: OpDef, x: Any) -> Tensor:
    """Compare each element with the next; of fewer than two there is nothing to compare."""
    flat = raw.Reshape(x, [-1])
    if not is_numeric_tensor(flat):
        raise TypeError(f"Expected x to be numeric, instead found: {flat}")
    zero, one = constant([0]), constant([1])
    later = raw.StridedSlice(flat, one, zero, one, end_mask=1)
    earlier = raw.StridedSlice(flat, zero, constant([-1]), one)
    held = before(constant(0, flat.dtype), raw.Sub(later, earlier, name="sub"))
    return raw.All(held, constant([0]))  # type: ignore[no-any-return]
