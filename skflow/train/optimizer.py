"""What all optimizers share: compute gradients, make slots, apply one update per variable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from skflow.graph.collections import GraphKeys, get_collection_ref
from skflow.graph.conversion import convert_to_tensor
from skflow.graph.core import get_default_graph
from skflow.graph.dtypes import DType, float16, float32, float64
from skflow.graph.functions import (
    array as array_functions,
    math as math_functions,
    order as order_functions,
    state as state_functions,
)
from skflow.graph.gradients import gradients
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.reads_first import note_gradients
from skflow.graph.scopes import colocate_with, control_dependencies, name_scope
from skflow.graph.shapes import TensorShape
from skflow.graph.sparse_types import IndexedSlices, convert_to_tensor_or_indexed_slices
from skflow.graph.variable_sets import trainable_variables
from skflow.graph.variables import Variable
from skflow.train.slots import create_slot, create_slot_with_initializer, create_zeros_slot

Gradient = Tensor | IndexedSlices
Update = Tensor | Operation


def _flattened(var_list: Any) -> list[Any]:
    if isinstance(var_list, dict):
        return [v for key in sorted(var_list) for v in _flattened(var_list[key])]
    if isinstance(var_list, (list, tuple)):
        return [v for item in var_list for v in _flattened(item)]
    return [var_list]


def _key(var: Any) -> tuple[Any, str]:
    return var.op.graph, var.op.name


def _tensors(grad: Gradient) -> list[Tensor]:
    return [grad] if isinstance(grad, Tensor) else [grad.values, grad.indices]


def _checked(var: Any) -> Variable:
    if not isinstance(var, Variable):
        raise NotImplementedError("Trying to optimize unsupported type ", var)
    return var


class Optimizer:
    """Base of the optimizers; a subclass says what one step does to one variable.

    It gives `_apply_dense` and `_apply_sparse`, and may give `_create_slots`, `_prepare` and
    `_finish`.

    Parameters
    ----------
    use_locking : bool
        Recorded only: a run that changes variables has them for itself.
    name : str
        The name of the operations.

    Raises
    ------
    ValueError
        If there is no name.
    """

    GATE_NONE: ClassVar[int] = 0
    GATE_OP: ClassVar[int] = 1
    GATE_GRAPH: ClassVar[int] = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[tuple[Any, str], Variable]] = {}
        self._hyperparameters: dict[str, Tensor] = {}

    def get_name(self) -> str:
        """Return the name."""
        return self._name

    # ---- what users call ----------------------------------------------------------------

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Operation:
        """Make an operation that takes one step towards a smaller loss.

        Parameters
        ----------
        loss : Tensor of a floating type
            What to make small.
        global_step : Variable, optional
            A counter to increase by 1.
        var_list : list of Variable, optional
            What to change; by default all trainable variables.
        gate_gradients : {GATE_NONE, GATE_OP, GATE_GRAPH}
            What must be computed before the first variable may change.
        aggregation_method : int, optional
            One of `AggregationMethod`.
        colocate_gradients_with_ops : bool
            Record that gradients share a device with what they are gradients of.
        name : str, optional
            The operation's name; by default the optimizer's.
        grad_loss : Tensor, optional
            The gradient with regard to `loss`; by default ones.

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            If there is nothing to change, or no gradient reaches it.
        """
        pairs = self.compute_gradients(
            loss,
            var_list=var_list,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            grad_loss=grad_loss,
        )
        if all(grad is None for grad, _ in pairs):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not "
                f"support gradients, between variables {[str(v) for _, v in pairs]} and loss "
                f"{loss}."
            )
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Any]]:
        """Make the gradients of a loss; the first half of `minimize`, which see.

        Parameters
        ----------
        loss, var_list, gate_gradients, aggregation_method, colocate_gradients_with_ops, grad_loss
            As in `minimize`.

        Returns
        -------
        list of (gradient, variable)
            The gradient is a Tensor, an IndexedSlices, or ``None`` where the loss does not
            depend on the variable.

        Raises
        ------
        ValueError
            If there are no variables, or something is not of a floating type.
        """
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, Optimizer.GATE_OP, "
                f"Optimizer.GATE_GRAPH.  Not {gate_gradients}"
            )
        self._assert_valid_dtypes([loss] if grad_loss is None else [loss, grad_loss])
        variables = trainable_variables() if var_list is None else _flattened(var_list)
        references = [_checked(v)._ref() for v in variables]
        if not variables:
            raise ValueError("No variables to optimize.")
        grads: Any = gradients(
            loss,
            references,
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            grads = order_functions.tuple(grads)
        pairs = list(zip(grads, variables, strict=True))
        self._assert_valid_dtypes([v for g, v in pairs if g is not None])
        return pairs

    def apply_gradients(
        self,
        grads_and_vars: Iterable[tuple[Any, Any]],
        global_step: Any = None,
        name: str | None = None,
    ) -> Operation:
        """Make an operation that takes one step; the second half of `minimize`, which see.

        Parameters
        ----------
        grads_and_vars : list of (gradient, variable)
            As `compute_gradients` returns, perhaps changed; ``None`` gradients are passed over.
        global_step : Variable, optional
            A counter to increase by 1.
        name : str, optional
            The operation's name; by default the optimizer's.

        Returns
        -------
        Operation

        Raises
        ------
        TypeError
            If a gradient cannot be one.
        ValueError
            If there are no gradients.
        """
        given = tuple(grads_and_vars)
        if not given:
            raise ValueError("No variables provided.")
        pairs = [(_as_gradient(g), _checked(v)) for g, v in given if g is not None]
        if not pairs:
            raise ValueError(
                f"No gradients provided for any variable: {[str(v) for _, v in given]}."
            )
        with control_dependencies(None):
            self._create_slots([v for _, v in pairs])
        with name_scope(name, self._name) as scope:
            self._prepare()
            first = len(get_default_graph()._operations)
            updates = [self._update(grad, var) for grad, var in pairs]
            note_gradients(
                get_default_graph()._operations[first:],
                [t.op for grad, _ in pairs for t in _tensors(grad)],
            )
            train_op = self._step(updates, global_step, scope)
        collected = get_collection_ref(GraphKeys.TRAIN_OP)
        if train_op not in collected:
            collected.append(train_op)
        return train_op

    def _update(self, grad: Gradient, var: Variable) -> Update:
        with name_scope(f"update_{var.op.name}"), colocate_with(var):
            if isinstance(grad, IndexedSlices):
                return self._apply_sparse_duplicate_indices(grad, var)
            return self._apply_dense(grad, var)

    def _step(self, updates: list[Update], global_step: Any, scope: str) -> Operation:
        if global_step is None:
            return self._finish(updates, scope)
        done = self._finish(updates, "update")
        with control_dependencies([done]), colocate_with(global_step):
            return state_functions.assign_add(global_step, 1, name=scope).op

    # ---- slots ----------------------------------------------------------------------------

    def get_slot(self, var: Variable, name: str) -> Variable | None:
        """Return a variable that the optimizer keeps beside one it trains.

        Parameters
        ----------
        var : Variable
            The variable trained.
        name : str
            One of `get_slot_names`.

        Returns
        -------
        Variable or None
            ``None`` if it has not been made.
        """
        return self._slots.get(name, {}).get(_key(var))

    def get_slot_names(self) -> list[str]:
        """Return the names of the slots made so far, in order."""
        return sorted(self._slots)

    def _slot(self, var: Variable, name: str) -> Variable:
        return self._slots[name][_key(var)]

    def _get_or_make_slot(
        self, var: Variable, val: Tensor, slot_name: str, op_name: str
    ) -> Variable:
        return self._remember(var, slot_name, lambda: create_slot(var, val, op_name))

    def _get_or_make_slot_with_initializer(
        self,
        var: Variable,
        initializer: Any,
        shape: TensorShape,
        dtype: DType,
        slot_name: str,
        op_name: str,
    ) -> Variable:
        return self._remember(
            var,
            slot_name,
            lambda: create_slot_with_initializer(var, initializer, shape, dtype, op_name),
        )

    def _zeros_slot(self, var: Variable, slot_name: str, op_name: str) -> Variable:
        return self._remember(var, slot_name, lambda: create_zeros_slot(var, op_name))

    def _remember(self, var: Variable, slot_name: str, make: Callable[[], Variable]) -> Variable:
        named = self._slots.setdefault(slot_name, {})
        if _key(var) not in named:
            named[_key(var)] = make()
        return named[_key(var)]

    # ---- hyperparameters --------------------------------------------------------------------

    def _set_hyperparameters(self, **values: Any) -> None:
        """Convert hyperparameters to tensors of these names."""
        self._hyperparameters = {
            name: convert_to_tensor(value, name=name) for name, value in values.items()
        }

    def _in_type_of(self, var: Variable, *names: str) -> list[Tensor]:
        """Hyperparameters in a variable's type."""
        dtype = var.dtype.base_dtype
        return [math_functions.cast(self._hyperparameters[name], dtype) for name in names]

    # ---- what subclasses give ---------------------------------------------------------------

    def _valid_dtypes(self) -> Sequence[DType]:
        return (float32, float64, float16)

    def _assert_valid_dtypes(self, tensors: Iterable[Any]) -> None:
        valid = self._valid_dtypes()
        for tensor in tensors:
            dtype = tensor.dtype.base_dtype
            if dtype not in valid:
                raise ValueError(
                    f"Invalid type {dtype!r} for {tensor.name}, expected: {list(valid)}."
                )

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        """Make the slots that variables need."""

    def _prepare(self) -> None:
        """Make what all updates share."""

    def _settled(self, var_list: Sequence[Variable]) -> list[Update]:
        """Make updates of the slots after which steps begin at values that were assigned.

        Most optimizers take a variable as they find it; those that compute it from their slots
        alone would lose the value with the first step.
        """
        del var_list
        return []

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        """Make the update of a variable by a gradient of its shape."""
        raise NotImplementedError

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        """Make the update of a variable by rows of a gradient, each row once."""
        raise NotImplementedError

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Variable) -> Update:
        """Make the update of a variable by rows of a gradient, repeated rows being summed."""
        rows, position = array_functions.unique(grad.indices)
        count = array_functions.shape(rows)[0]
        summed = math_functions.unsorted_segment_sum(grad.values, position, count)
        return self._apply_sparse(IndexedSlices(summed, rows, grad.dense_shape), var)

    def _finish(self, update_ops: list[Update], name_scope: str) -> Operation:
        """Make the operation that stands for all updates."""
        return order_functions.group(*update_ops, name=name_scope)


def _as_gradient(grad: Any) -> Gradient:
    try:
        found = convert_to_tensor_or_indexed_slices(grad)
    except TypeError:
        raise TypeError(
            f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {grad}"
        ) from None
    if not isinstance(found, (Tensor, IndexedSlices)):
        raise TypeError(f"Gradient must be a Tensor, IndexedSlices, or None: {grad}")
    return found
