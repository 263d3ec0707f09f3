"""Updates of variables by a gradient, whole or some rows: one operation for each optimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from skflow.errors import InvalidArgumentError
from skflow.graph import dtypes
from skflow.graph.context import Reference
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import Array, DType
from skflow.graph.ops._rows import rounds
from skflow.graph.ops._updates import UPDATE_RULES, Rule
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.shapes import Shape, equal_dims, merged, shape_brackets
from skflow.graph.spec import Spec

__all__ = ["UPDATE_RULES", "Rule"]

# What follows the variable and its slots, in TensorFlow's order.
_DENSE: Final = {
    "ApplyGradientDescent": "alpha delta",
    "ApplyMomentum": "lr grad momentum",
    "ApplyAdagrad": "lr grad",
    "ApplyAdadelta": "lr rho epsilon grad",
    "ApplyRMSProp": "lr rho momentum epsilon grad",
    "ApplyCenteredRMSProp": "lr rho momentum epsilon grad",
    "ApplyAdam": "beta1_power beta2_power lr beta1 beta2 epsilon grad",
    "ApplyFtrl": "grad lr l1 l2 lr_power",
    "ApplyFtrlV2": "grad lr l1 l2 l2_shrinkage lr_power",
    "ApplyProximalGradientDescent": "alpha l1 l2 delta",
    "ApplyProximalAdagrad": "lr l1 l2 grad",
    "ApplyAdagradDA": "grad lr l1 l2 global_step",
}
_SPARSE: Final = {
    "ApplyMomentum": "lr grad indices momentum",
    "ApplyAdagrad": "lr grad indices",
    "ApplyAdadelta": "lr rho epsilon grad indices",
    "ApplyRMSProp": "lr rho momentum epsilon grad indices",
    "ApplyCenteredRMSProp": "lr rho momentum epsilon grad indices",
    "ApplyFtrl": "grad indices lr l1 l2 lr_power",
    "ApplyFtrlV2": "grad indices lr l1 l2 l2_shrinkage lr_power",
    "ApplyProximalGradientDescent": "alpha l1 l2 grad indices",
    "ApplyProximalAdagrad": "lr l1 l2 grad indices",
    "ApplyAdagradDA": "grad indices lr l1 l2 global_step",
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where an operation's inputs stand: variables first, then the others."""

    names: tuple[str, ...]
    variables: int
    gradient: int
    scalars: tuple[int, ...]
    indices: int | None

    def signature(self) -> str:
        """The operation's signature for `define`."""
        kinds = {"indices": "Tindices", "global_step": "int64"}
        inputs = [f"{n}: Ref(T)" for n in self.names[: self.variables]]
        inputs += [f"{n}: {kinds.get(n, 'T')}" for n in self.names[self.variables :]]
        return f"{', '.join(inputs)} -> out: Ref(T)"


def _layout(rule: Rule, rest: str) -> _Layout:
    names = ("var", *rule.slots, *rest.split())
    gradient = rule.gradient if rule.gradient in names else "grad"
    return _Layout(
        names,
        1 + len(rule.slots),
        names.index(gradient),
        tuple(names.index(s) for s in rule.scalars),
        names.index("indices") if "indices" in names else None,
    )


# ---- shapes -----------------------------------------------------------------------------


def _infer(layout: _Layout) -> Callable[..., Shape]:
    def infer(*inputs: Spec) -> Shape:
        shape = inputs[0].shape
        for spec in inputs[1 : layout.variables]:
            shape = merged(shape, spec.shape)
        for i in layout.scalars:
            inputs[i].require_rank(0)
        grad = inputs[layout.gradient].shape
        if layout.indices is None:
            return merged(shape, grad)
        places = inputs[layout.indices].require_rank(1)
        if grad is not None and places is not None:
            equal_dims(places[0], grad[0] if grad else None)
            merged(shape, (None, *grad[1:]))
        return shape

    return infer


def _refuse(message: str) -> None:
    raise InvalidArgumentError(None, None, message)


def _check(layout: _Layout, storages: Sequence[Array], inputs: Sequence[Any]) -> None:
    """Raise InvalidArgumentError, with TensorFlow's sentences, unless the shapes fit."""
    var = storages[0]
    for name, slot in zip(layout.names[1:], storages[1:], strict=False):
        _check_same(var, slot, name)
    for i in layout.scalars:
        if inputs[i].ndim:
            _refuse(f"{layout.names[i]} is not a scalar: {shape_brackets(inputs[i].shape)}")
    grad = inputs[layout.gradient]
    if layout.indices is None:
        _check_same(var, grad, layout.names[layout.gradient])
    else:
        _check_sparse(var, grad, inputs[layout.indices])


def _check_same(var: Array, other: Array, name: str) -> None:
    if var.shape != other.shape:
        _refuse(
            f"var and {name} do not have the same shape{shape_brackets(var.shape)} "
            f"{shape_brackets(other.shape)}"
        )


def _check_sparse(var: Array, grad: Array, indices: Array) -> None:
    if not var.ndim:
        _refuse("var must be at least 1 dimensional")
    if indices.ndim != 1:
        _refuse("indices must be one-dimensional")
    for d in range(1, var.ndim):
        if grad.ndim != var.ndim or var.shape[d] != grad.shape[d]:
            _refuse(f"var and grad must match in dimension {d}")
    if grad.ndim != var.ndim or grad.shape[0] != indices.shape[0]:
        _refuse("grad must be the same size as indices in the first dimension.")
    wrong = (indices < 0) | (indices >= var.shape[0])
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        _refuse(f"Index {indices[at]} at offset {at} in indices is out of range")


# ---- kernels ----------------------------------------------------------------------------


def _run(rule: Rule, layout: _Layout, inputs: Sequence[Any], **flags: Any) -> Reference:
    variable: Reference = inputs[0]
    storages = [ref.read() for ref in inputs[: layout.variables]]
    _check(layout, storages, inputs)
    scalars = [inputs[i] for i in layout.scalars]
    grad = inputs[layout.gradient]
    if layout.indices is None:
        rule.apply(storages[0], storages[1:], grad, scalars, **flags)
    else:
        _run_rows(rule, storages, grad, inputs[layout.indices], scalars, flags)
    return variable


def _run_rows(
    rule: Rule,
    storages: Sequence[Array],
    grad: Array,
    indices: Array,
    scalars: Sequence[Any],
    flags: dict[str, Any],
) -> None:
    """Update the rows that `indices` names; a row named twice is updated twice, in order."""
    for turn in rounds(indices):
        at = indices[turn]
        rows = [storage[at] for storage in storages]
        rule.apply(rows[0], rows[1:], np.asarray(grad[turn]), scalars, **flags)
        for storage, changed in zip(storages, rows, strict=True):
            storage[at] = changed


def _kernel(rule: Rule, layout: _Layout) -> Callable[..., Reference]:
    def kernel(*inputs: Any) -> Reference:
        return _run(rule, layout, inputs)

    return kernel


def _nesterov_kernel(rule: Rule, layout: _Layout) -> Callable[..., Reference]:
    def kernel(*inputs: Any, use_nesterov: bool | None) -> Reference:
        return _run(rule, layout, inputs, use_nesterov=bool(use_nesterov))

    return kernel


def _adadelta_kernel(rule: Rule, layout: _Layout) -> Callable[..., Reference]:
    def kernel(*inputs: Any, _step_first: bool | None) -> Reference:
        return _run(rule, layout, inputs, _step_first=_step_first)

    return kernel


_KERNELS: Final = {"use_nesterov": _nesterov_kernel, "_step_first": _adadelta_kernel}


def _define(name: str, rule: Rule, rest: str) -> None:
    layout = _layout(rule, rest)
    attrs: dict[str, Any] = {"use_locking": False}
    types: dict[str, tuple[DType, ...]] = {"T": dtypes.FLOATS}
    if "use_nesterov" in rule.flags:
        # TensorFlow 1.1's ApplyAdam lacks the attribute: one that is None stays out of files.
        attrs["use_nesterov"] = Attr("bool", None) if "Adam" in name else False
    elif rule.flags:
        attrs.update({flag: Attr("bool", None) for flag in rule.flags})
    if layout.indices is not None:
        types["Tindices"] = dtypes.INDEX
    make = _KERNELS[rule.flags[0]] if rule.flags else _kernel
    define(
        name,
        layout.signature(),
        attrs=attrs,
        types=types,
        infer=_infer(layout),
        kernel=make(rule, layout),
        grad=NOT_DIFFERENTIABLE,
        stateful=True,
    )


for _name, _rest in _DENSE.items():
    _define(_name, UPDATE_RULES[_name], _rest)
for _name, _rest in _SPARSE.items():
    _define(f"Sparse{_name}", UPDATE_RULES[_name], _rest)
