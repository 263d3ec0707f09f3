"""What several of the public functions need while they build their graphs."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import convert
from skflow.graph.dtypes import INDEX, DType, as_dtype
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope


def cast_if_needed(x: Any, dtype: DType) -> Tensor:
    """`x` as `dtype`; a name scope ``Cast`` is used up even if `x` is of that type already."""
    with name_scope(None, "Cast", [x]) as scope:
        tensor = convert(x, name="x")
        if tensor.dtype.base_dtype is dtype:
            return tensor
        return raw.Cast(tensor, DstT=dtype, name=scope)  # type: ignore[no-any-return]


def data_type(value: Any, parameter: str) -> DType:
    """Read a type argument; TypeError with TensorFlow's sentence if it is none."""
    try:
        return as_dtype(value).base_dtype
    except TypeError:
        raise TypeError(f"Expected DataType for argument '{parameter}' not {value!r}.") from None


def index_type(value: Any, parameter: str) -> DType:
    """Read a type argument that has to be an index type, int32 or int64."""
    dtype = data_type(value, parameter)
    if dtype not in INDEX:
        raise TypeError(
            f"Value passed to parameter '{parameter}' has DataType {dtype.name} not "
            "in list of allowed values: int32, int64"
        )
    return dtype
