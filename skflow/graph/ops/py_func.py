"""Python functions as operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from skflow.errors import InternalError, InvalidArgumentError, UnimplementedError
from skflow.graph.context import OpContext
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import Array, DType, as_dtype, string
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.shapes import Shape
from skflow.graph.spec import Spec

_C_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


def _c_name(dtype: DType) -> str:
    """A type's name in TensorFlow's C++ code, whose messages show it."""
    return _C_NAMES.get(dtype.name, dtype.name)


def _unknown_shapes(_input: list[Spec], *, Tout: list[DType]) -> list[Shape]:
    return [None] * len(Tout)


def _call(context: OpContext, input: list[Array], *, token: str, Tout: list[DType]) -> list[Array]:
    function = context.op.attrs.get("function")
    if function is None:
        raise InternalError(
            None,
            None,
            f"Failed to run py callback {token}: a function is not saved with its graph.",
        )
    # Copies on both sides: the function may keep or change what it is given and what it gives.
    arguments = [np.array(a) for a in input]
    try:
        found = function(*arguments)
    except Exception as error:
        raise InternalError(
            None,
            None,
            f"Failed to run py callback {token}: see error log.\n{type(error).__name__}: {error}",
        ) from error
    values = [] if found is None else list(found) if isinstance(found, (list, tuple)) else [found]
    if len(values) != len(Tout):
        raise InvalidArgumentError(
            None,
            None,
            f"{token} returns {len(values)} values, but expects to see {len(Tout)} values.",
        )
    return [_checked(v, d, i, token) for i, (v, d) in enumerate(zip(values, Tout, strict=True))]


def _checked(value: Any, wanted: DType, index: int, token: str) -> Array:
    """A returned value as an array of the caller's own, of the type that was announced."""
    array = np.asarray(value)
    if array.dtype.kind in "SUO":
        array = _texts(value, array)
    try:
        dtype = as_dtype(array.dtype)
    except TypeError:
        raise UnimplementedError(None, None, f"Unsupported numpy type {array.dtype}") from None
    if dtype is not wanted:
        raise InvalidArgumentError(
            None,
            None,
            f"{index}-th value returned by {token} is {_c_name(dtype)}, but expects "
            f"{_c_name(wanted)}",
        )
    return np.array(array, dtype=wanted.np_dtype, order="C")


def _texts(value: Any, array: Array) -> Array:
    """Text as an object array of bytes; NumPy's own text types lose trailing zeros."""
    source = array if isinstance(value, np.ndarray) else np.asarray(value, dtype=object)
    out = np.empty(source.shape, dtype=string.np_dtype)
    flat = out.reshape(-1)
    for i, item in enumerate(source.reshape(-1).tolist()):
        if isinstance(item, str):
            flat[i] = item.encode()
        elif isinstance(item, bytes):
            flat[i] = item
        else:
            raise UnimplementedError(None, None, f"Unsupported object type {type(item).__name__}")
    return out


for _type in ("PyFunc", "PyFuncStateless"):
    # The function itself stands beside the declared attributes: it lives as long as the graph.
    define(
        _type,
        "input: Tin... -> output: Tout...",
        attrs={"token": Attr("string"), "Tout": Attr("list(type)")},
        infer=_unknown_shapes,
        kernel=_call,
        grad=NOT_DIFFERENTIABLE,
        stateful=_type == "PyFunc",
        context=True,
    )
