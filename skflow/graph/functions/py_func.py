"""Python functions inside a graph."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Final

from skflow.graph.registry import REGISTRY

_numbers: Final = itertools.count()


def py_func(
    func: Callable[..., Any],
    inp: Sequence[Any],
    Tout: Any,
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """Make an operation that calls a Python function.

    Parameters
    ----------
    func : callable
        Takes an array for each of `inp` and returns an array, or a list or tuple of arrays. It
        may keep and change what it is given.
    inp : list of Tensor
        The arguments.
    Tout : DType, or list or tuple of DType
        The types of what it returns.
    stateful : bool
        Whether calls with the same arguments may return something else or have side effects.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor or list of Tensor
        What the function returns, of unknown shape: a list if `Tout` is one; the operation if
        it is empty.

    Raises
    ------
    TypeError
        If `inp` is not a list.

    Notes
    -----
    No gradient flows through it, and a saved graph does not hold the function. If the function
    raises, the run fails with InternalError, whose cause is the exception.
    """
    several = isinstance(Tout, (list, tuple))
    types = list(Tout) if several else [Tout]
    definition = REGISTRY["PyFunc" if stateful else "PyFuncStateless"]
    attrs = {"token": f"pyfunc_{next(_numbers)}", "Tout": types, "function": func}
    op = definition.build((inp,), attrs, name)
    if not types:
        return op
    return list(op.outputs) if several else op.outputs[0]
