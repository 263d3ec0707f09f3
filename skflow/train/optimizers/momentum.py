"""Gradient descent with momentum."""

from __future__ import annotations

from typing import Any

from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variables import Variable
from skflow.train.optimizer import Optimizer, Update


class MomentumOptimizer(Optimizer):
    """Momentum: ``accum = momentum * accum + grad``, ``var -= learning_rate * accum``.

    Parameters
    ----------
    learning_rate : float or Tensor
        The length of a step.
    momentum : float or Tensor
        How much of the last step's direction is kept, below 1.
    use_locking : bool
        Recorded only: a run that changes variables has them for itself.
    name : str
        The name of the operations.
    use_nesterov : bool
        Step by ``grad + momentum * accum`` instead.

    References
    ----------
    I. Sutskever, J. Martens, G. Dahl and G. Hinton, On the importance of initialization and
    momentum in deep learning, ICML 2013.
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._set_hyperparameters(learning_rate=self._learning_rate, momentum=self._momentum)

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        rate, momentum = self._in_type_of(var, "learning_rate", "momentum")
        return raw.ApplyMomentum(  # type: ignore[no-any-return]
            var,
            self._slot(var, "momentum"),
            rate,
            grad,
            momentum,
            use_locking=self._use_locking,
            use_nesterov=self._use_nesterov,
        )

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        rate, momentum = self._in_type_of(var, "learning_rate", "momentum")
        return raw.SparseApplyMomentum(  # type: ignore[no-any-return]
            var,
            self._slot(var, "momentum"),
            rate,
            grad.values,
            grad.indices,
            momentum,
            use_locking=self._use_locking,
            use_nesterov=self._use_nesterov,
        )
