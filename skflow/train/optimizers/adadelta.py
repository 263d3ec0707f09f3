"""Adadelta."""

from __future__ import annotations

from typing import Any, Final

from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variables import Variable
from skflow.train.optimizer import Optimizer, Update

_SCALARS: Final = ("lr", "rho", "epsilon")


class AdadeltaOptimizer(Optimizer):
    """Adadelta: steps in proportion to the size of former steps.

    As in TensorFlow 1.1, the variable moves by the step recomputed with the mean square of
    steps that already includes the present one; the paper takes it without.

    Parameters
    ----------
    learning_rate : float or Tensor
        What the steps are multiplied by; the paper has 1.
    rho : float or Tensor
        How much of the running means is kept in a step.
    epsilon : float or Tensor
        Keeps the first steps from being zero.
    use_locking : bool
        Recorded only: a run that changes variables has them for itself.
    name : str
        The name of the operations.

    References
    ----------
    M. Zeiler, ADADELTA: an adaptive learning rate method, 2012, arXiv:1212.5701.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            self._zeros_slot(var, "accum", self._name)
            self._zeros_slot(var, "accum_update", self._name)

    def _prepare(self) -> None:
        self._set_hyperparameters(lr=self._lr, rho=self._rho, epsilon=self._epsilon)

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        return raw.ApplyAdadelta(  # type: ignore[no-any-return]
            var,
            self._slot(var, "accum"),
            self._slot(var, "accum_update"),
            *self._in_type_of(var, *_SCALARS),
            grad,
            use_locking=self._use_locking,
        )

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        return raw.SparseApplyAdadelta(  # type: ignore[no-any-return]
            var,
            self._slot(var, "accum"),
            self._slot(var, "accum_update"),
            *self._in_type_of(var, *_SCALARS),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )
