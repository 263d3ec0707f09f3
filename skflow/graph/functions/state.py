"""Functions that change variables: assign, count, and update some rows."""

from __future__ import annotations

from typing import Any

from skflow.graph.dtypes import DType
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.shapes import Shape


def _given(**attrs: Any) -> dict[str, Any]:
    """The attributes that are not left to their defaults."""
    return {k: v for k, v in attrs.items() if v is not None}


def variable_op_v2(
    shape: Shape, dtype: DType, name: str = "Variable", container: str = "", shared_name: str = ""
) -> Tensor:
    """Declare a variable as a bare operation.

    Parameters
    ----------
    shape : tuple or None
        The shape, which may be partly unknown.
    dtype : DType
        The type of the elements.
    name : str
        The operation's name.
    container, shared_name : str
        Recorded; variables of one `shared_name` are one in a session.

    Returns
    -------
    Tensor
        The reference to it.
    """
    return raw.VariableV2(  # type: ignore[no-any-return]
        shape=shape, dtype=dtype, name=name, container=container, shared_name=shared_name
    )


def is_variable_initialized(ref: Any, name: str | None = None) -> Tensor:
    """Tell whether a variable holds a value.

    Parameters
    ----------
    ref : Variable or Tensor
        The variable or its reference.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of bool, shape ()
    """
    return raw.IsVariableInitialized(ref, name=name)  # type: ignore[no-any-return]


def assign(
    ref: Any,
    value: Any,
    validate_shape: bool | None = None,
    use_locking: bool | None = None,
    name: str | None = None,
) -> Tensor:
    """Give a variable a new value.

    Parameters
    ----------
    ref : Variable or Tensor
        The variable or its reference; it need not hold a value yet.
    value : Tensor
        The new value, of the same type.
    validate_shape : bool, optional
        Insist that the shapes agree (the default), or let the variable change its shape.
    use_locking : bool, optional
        Recorded only: a run that changes variables has them for itself.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.

    Raises
    ------
    ValueError
        If the known shapes disagree; InvalidArgumentError if they turn out to in the run.
    TypeError
        If the types differ.
    """
    if not ref.dtype.is_ref_dtype:
        return ref.assign(value, name=name)  # type: ignore[no-any-return]
    attrs = _given(validate_shape=validate_shape, use_locking=use_locking)
    return raw.Assign(ref, value, name=name, **attrs)  # type: ignore[no-any-return]


def assign_add(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Add to a variable.

    Parameters
    ----------
    ref : Variable or Tensor
        The variable or its reference.
    value : Tensor
        What to add, of the variable's type and shape.
    use_locking : bool, optional
        Recorded only: a run that changes variables has them for itself.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.

    Raises
    ------
    ValueError
        If the known shapes disagree; InvalidArgumentError if they turn out to in the run.
    TypeError
        If the types differ.
    """
    if not ref.dtype.is_ref_dtype:
        return ref.assign_add(value, name=name)  # type: ignore[no-any-return]
    attrs = _given(use_locking=use_locking)
    return raw.AssignAdd(ref, value, name=name, **attrs)  # type: ignore[no-any-return]


def assign_sub(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Subtract from a variable.

    Parameters
    ----------
    ref : Variable or Tensor
        The variable or its reference.
    value : Tensor
        What to subtract, of the variable's type and shape.
    use_locking : bool, optional
        Recorded only: a run that changes variables has them for itself.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.

    Raises
    ------
    ValueError
        If the known shapes disagree; InvalidArgumentError if they turn out to in the run.
    TypeError
        If the types differ.
    """
    if not ref.dtype.is_ref_dtype:
        return ref.assign_sub(value, name=name)  # type: ignore[no-any-return]
    attrs = _given(use_locking=use_locking)
    return raw.AssignSub(ref, value, name=name, **attrs)  # type: ignore[no-any-return]


def count_up_to(ref: Any, limit: int, name: str | None = None) -> Tensor:
    """Return a variable's value and then add 1 to it.

    Parameters
    ----------
    ref : Variable or Tensor of int32 or int64, shape ()
        The counter.
    limit : int
        The run fails with OutOfRangeError once the counter has reached it.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor, shape ()
        The value before.
    """
    return raw.CountUpTo(ref, limit=limit, name=name)  # type: ignore[no-any-return]


def scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Replace some rows of a variable: ``ref[indices[i]] = updates[i]``.

    Parameters
    ----------
    ref : Variable or Tensor, shape (D0, D1, ..., Dn)
        The variable.
    indices : Tensor of int32 or int64, any shape
        The rows; of several updates of one row the last stays.
    updates : Tensor, shape ``indices.shape + (D1, ..., Dn)``
        The new rows.
    use_locking : bool, optional
        Recorded only: a run that changes variables has them for itself.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.

    Raises
    ------
    ValueError
        If the known shapes do not fit; InvalidArgumentError if they turn out not to in the run,
        or an index is out of range.
    """
    attrs = _given(use_locking=use_locking)
    return raw.ScatterUpdate(  # type: ignore[no-any-return]
        ref, indices, updates, name=name, **attrs
    )


def scatter_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Add to some rows of a variable: ``ref[indices[i]] += updates[i]`` for every ``i``.

    Parameters
    ----------
    ref, indices, updates, use_locking, name
        As in `scatter_update`; repeated rows add up.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.
    """
    attrs = _given(use_locking=use_locking)
    return raw.ScatterAdd(ref, indices, updates, name=name, **attrs)  # type: ignore[no-any-return]


def scatter_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Subtract from some rows of a variable: ``ref[indices[i]] -= updates[i]`` for every ``i``.

    Parameters
    ----------
    ref, indices, updates, use_locking, name
        As in `scatter_update`; repeated rows add up.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.
    """
    attrs = _given(use_locking=use_locking)
    return raw.ScatterSub(ref, indices, updates, name=name, **attrs)  # type: ignore[no-any-return]


def scatter_mul(
    ref: Any, indices: Any, updates: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Multiply some rows of a variable: ``ref[indices[i]] *= updates[i]`` for every ``i``.

    Parameters
    ----------
    ref, indices, updates, use_locking, name
        As in `scatter_update`; repeated rows multiply.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.
    """
    attrs = _given(use_locking=use_locking)
    return raw.ScatterMul(ref, indices, updates, name=name, **attrs)  # type: ignore[no-any-return]


def scatter_div(
    ref: Any, indices: Any, updates: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Divide some rows of a variable: ``ref[indices[i]] /= updates[i]`` for every ``i``.

    Parameters
    ----------
    ref, indices, updates, use_locking, name
        As in `scatter_update`; repeated rows are divided repeatedly.
        Integers are rounded towards zero.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.
    """
    attrs = _given(use_locking=use_locking)
    return raw.ScatterDiv(ref, indices, updates, name=name, **attrs)  # type: ignore[no-any-return]


def scatter_nd_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Replace some slices of a variable: ``ref[indices[i, j]] = updates[i, j]``.

    Parameters
    ----------
    ref : Variable or Tensor, shape (D0, ..., Dn)
        The variable.
    indices : Tensor of int32 or int64, shape (..., K)
        The first K indices of each slice; of several updates of one slice the last stays.
    updates : Tensor, shape ``indices.shape[:-1] + ref.shape[K:]``
        The new slices.
    use_locking : bool, optional
        Recorded only: a run that changes variables has them for itself.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.

    Raises
    ------
    ValueError
        If the known shapes do not fit; InvalidArgumentError if they turn out not to in the run,
        or an index is out of range.
    """
    attrs = _given(use_locking=use_locking)
    return raw.ScatterNdUpdate(  # type: ignore[no-any-return]
        ref, indices, updates, name=name, **attrs
    )


def scatter_nd_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Add to some slices of a variable.

    Parameters
    ----------
    ref, indices, updates, use_locking, name
        As in `scatter_nd_update`; repeated slices add up.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.
    """
    attrs = _given(use_locking=use_locking)
    return raw.ScatterNdAdd(  # type: ignore[no-any-return]
        ref, indices, updates, name=name, **attrs
    )


def scatter_nd_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool | None = None, name: str | None = None
) -> Tensor:
    """Subtract from some slices of a variable.

    Parameters
    ----------
    ref, indices, updates, use_locking, name
        As in `scatter_nd_update`; repeated slices add up.

    Returns
    -------
    Tensor
        The reference, to be used where the new value is wanted.
    """
    attrs = _given(use_locking=use_locking)
    return raw.ScatterNdSub(  # type: ignore[no-any-return]
        ref, indices, updates, name=name, **attrs
    )
