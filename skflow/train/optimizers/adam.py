"""Adam and its relatives."""

from __future__ import annotations

from typing import Any, Final

from skflow.graph.conversion import convert_to_tensor
from skflow.graph.functions import (
    array as array_functions,
    math as math_functions,
    order as order_functions,
    state as state_functions,
)
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import colocate_with, control_dependencies
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variables import Variable
from skflow.train.optimizer import Optimizer, Update

_SCALARS: Final = ("learning_rate", "beta1", "beta2", "epsilon")


class AdamOptimizer(Optimizer):
    """Adam: running means of the gradient and of its square, both corrected for their start.

    A gradient of some rows still changes the whole variable, as the means of the other rows
    decay; `LazyAdamOptimizer` leaves those alone.

    Parameters
    ----------
    learning_rate : float or Tensor
        The length of a step.
    beta1, beta2 : float or Tensor
        How much of the running means of gradient and square is kept in a step.
    epsilon : float or Tensor
        Added to the root of the mean square ("epsilon hat" of the paper).
    use_locking : bool
        Recorded only: a run that changes variables has them for itself.
    name : str
        The name of the operations.

    References
    ----------
    D. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015,
    arXiv:1412.6980.
    """

    _nesterov: bool | None = None

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._powers: tuple[Variable, Variable] | None = None

    def _beta_powers(self) -> tuple[Variable, Variable]:
        if self._powers is None:
            raise RuntimeError("The slots have not been made yet")
        return self._powers

    def _create_slots(self, var_list: Any) -> None:
        if self._powers is None or self._powers[0].graph is not var_list[0].graph:
            with colocate_with(var_list[0]):
                self._powers = (
                    Variable(self._beta1, name="beta1_power", trainable=False),
                    Variable(self._beta2, name="beta2_power", trainable=False),
                )
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self) -> None:
        self._set_hyperparameters(
            learning_rate=self._lr, beta1=self._beta1, beta2=self._beta2, epsilon=self._epsilon
        )

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        powers = [math_functions.cast(p, var.dtype.base_dtype) for p in self._beta_powers()]
        return raw.ApplyAdam(  # type: ignore[no-any-return]
            var,
            self._slot(var, "m"),
            self._slot(var, "v"),
            *powers,
            *self._in_type_of(var, *_SCALARS),
            grad,
            use_locking=self._use_locking,
            use_nesterov=self._nesterov,
        )

    def _corrected_rate(self, var: Variable) -> Tensor:
        """The length of a step that makes up for means that start at zero."""
        power1, power2 = (math_functions.cast(p, var.dtype.base_dtype) for p in self._beta_powers())
        (rate,) = self._in_type_of(var, "learning_rate")
        return rate * math_functions.sqrt(1 - power2) / (1 - power1)

    def _decay_and_add(
        self, slot: Variable, beta: Tensor, grad: IndexedSlices, values: Tensor
    ) -> Tensor:
        """Update a running mean of which only some rows get something new."""
        decayed = state_functions.assign(slot, slot * beta, use_locking=self._use_locking)
        return state_functions.scatter_add(
            decayed, grad.indices, values, use_locking=self._use_locking
        )

    def _means(self, grad: IndexedSlices, var: Variable) -> tuple[Tensor, Tensor, Tensor]:
        """The new running means, and what the gradient adds to the first."""
        beta1, beta2 = self._in_type_of(var, "beta1", "beta2")
        added = grad.values * (1 - beta1)
        m = self._decay_and_add(self._slot(var, "m"), beta1, grad, added)
        squares = grad.values * grad.values * (1 - beta2)
        return m, self._decay_and_add(self._slot(var, "v"), beta2, grad, squares), added

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        rate = self._corrected_rate(var)
        (epsilon,) = self._in_type_of(var, "epsilon")
        m, v, _ = self._means(grad, var)
        step = rate * m / (math_functions.sqrt(v) + epsilon)
        moved = state_functions.assign_sub(var, step, use_locking=self._use_locking)
        return order_functions.group(moved, m, v)

    def _finish(self, update_ops: list[Update], name_scope: str) -> Operation:
        power1, power2 = self._beta_powers()
        with control_dependencies(update_ops), colocate_with(power1):
            next1 = power1.assign(
                power1 * self._hyperparameters["beta1"], use_locking=self._use_locking
            )
            next2 = power2.assign(
                power2 * self._hyperparameters["beta2"], use_locking=self._use_locking
            )
        return order_functions.group(*update_ops, next1, next2, name=name_scope)


class LazyAdamOptimizer(AdamOptimizer):
    """Adam that leaves the rows alone for which there is no gradient.

    A step costs the rows it touches; the results differ from Adam's in that the running means
    of the other rows do not decay.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon, use_locking, name
        As in `AdamOptimizer`.
    """

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        rate = self._corrected_rate(var)
        beta1, beta2, epsilon = self._in_type_of(var, "beta1", "beta2", "epsilon")
        m = self._mixed_rows(self._slot(var, "m"), beta1, grad, grad.values)
        v = self._mixed_rows(self._slot(var, "v"), beta2, grad, math_functions.square(grad.values))
        m_rows = array_functions.gather(m, grad.indices)
        v_rows = array_functions.gather(v, grad.indices)
        step = rate * m_rows / (math_functions.sqrt(v_rows) + epsilon)
        moved = state_functions.scatter_sub(var, grad.indices, step, use_locking=self._use_locking)
        return order_functions.group(moved, m, v)

    def _mixed_rows(
        self, slot: Variable, beta: Tensor, grad: IndexedSlices, values: Tensor
    ) -> Tensor:
        """Update the rows of a running mean that get something new."""
        old = array_functions.gather(slot, grad.indices)
        return state_functions.scatter_update(
            slot, grad.indices, beta * old + (1 - beta) * values, use_locking=self._use_locking
        )


class NadamOptimizer(AdamOptimizer):
    """Adam with Nesterov's momentum: the step looks ahead by the present gradient.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon, use_locking, name
        As in `AdamOptimizer`.

    References
    ----------
    T. Dozat, Incorporating Nesterov momentum into Adam, ICLR workshop 2016.
    """

    _nesterov = True

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        rate = self._corrected_rate(var)
        beta1, epsilon = self._in_type_of(var, "beta1", "epsilon")
        m, v, added = self._means(grad, var)
        ahead = added + beta1 * array_functions.gather(m, grad.indices)
        roots = math_functions.sqrt(array_functions.gather(v, grad.indices))
        moved = state_functions.scatter_sub(
            var, grad.indices, rate * ahead / (roots + epsilon), use_locking=self._use_locking
        )
        return order_functions.group(moved, m, v)


class AdamWOptimizer(AdamOptimizer):
    """Adam with weight decay: besides Adam's step, ``var -= weight_decay * var``.

    Parameters
    ----------
    weight_decay : float or Tensor
        The part of a weight that is taken off in a step; the learning rate has no say in it.
    learning_rate, beta1, beta2, epsilon, use_locking, name
        As in `AdamOptimizer`.

    References
    ----------
    I. Loshchilov and F. Hutter, Decoupled weight decay regularization, ICLR 2019,
    arXiv:1711.05101.
    """

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "AdamW",
    ) -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)
        self._weight_decay = weight_decay
        self._decayed: list[Variable] | None = None

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = Optimizer.GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
        decay_var_list: Any = None,
    ) -> Operation:
        """Make an operation that takes one step (see `Optimizer.minimize`).

        Parameters
        ----------
        decay_var_list : list of Variable, optional
            The variables that decay; by default all that change.
        loss, global_step, var_list, gate_gradients, aggregation_method, \
colocate_gradients_with_ops, name, grad_loss
            As in `Optimizer.minimize`.

        Returns
        -------
        Operation
        """
        self._decayed = decay_var_list
        return super().minimize(
            loss,
            global_step,
            var_list,
            gate_gradients,
            aggregation_method,
            colocate_gradients_with_ops,
            name,
            grad_loss,
        )

    def apply_gradients(
        self,
        grads_and_vars: Any,
        global_step: Any = None,
        name: str | None = None,
        decay_var_list: Any = None,
    ) -> Operation:
        """Make an operation that takes one step (see `Optimizer.apply_gradients`).

        Parameters
        ----------
        decay_var_list : list of Variable, optional
            The variables that decay; by default those of `minimize`, else all that change.
        grads_and_vars, global_step, name
            As in `Optimizer.apply_gradients`.

        Returns
        -------
        Operation
        """
        if decay_var_list is not None:
            self._decayed = decay_var_list
        return super().apply_gradients(grads_and_vars, global_step, name)

    def _prepare(self) -> None:
        super()._prepare()
        weight_decay = convert_to_tensor(self._weight_decay, name="weight_decay")
        self._hyperparameters["weight_decay"] = weight_decay

    def _decays(self, var: Variable) -> bool:
        return self._decayed is None or any(v is var for v in self._decayed)

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        if not self._decays(var):
            return super()._apply_dense(grad, var)
        (decay,) = self._in_type_of(var, "weight_decay")
        shrunk = var.assign_sub(decay * var, self._use_locking)
        with control_dependencies([shrunk]):
            return super()._apply_dense(grad, var)

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        if not self._decays(var):
            return super()._apply_sparse(grad, var)
        (decay,) = self._in_type_of(var, "weight_decay")
        rows = decay * array_functions.gather(var, grad.indices)
        shrunk = state_functions.scatter_sub(var, grad.indices, rows, use_locking=self._use_locking)
        with control_dependencies([shrunk]):
            return super()._apply_sparse(grad, var)
