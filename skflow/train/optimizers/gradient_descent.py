"""Gradient descent, plain and with a penalty that keeps weights at zero."""

from __future__ import annotations

from typing import Any

from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variables import Variable
from skflow.train.optimizer import Optimizer, Update


class GradientDescentOptimizer(Optimizer):
    """Gradient descent: ``var -= learning_rate * grad``.

    Parameters
    ----------
    learning_rate : float or Tensor
        The length of a step.
    use_locking : bool
        Recorded only: a run that changes variables has them for itself.
    name : str
        The name of the operations.
    """

    def __init__(
        self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _prepare(self) -> None:
        self._set_hyperparameters(learning_rate=self._learning_rate)

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        (rate,) = self._in_type_of(var, "learning_rate")
        return raw.ApplyGradientDescent(  # type: ignore[no-any-return]
            var, rate, grad, use_locking=self._use_locking
        )

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Variable) -> Update:
        (rate,) = self._in_type_of(var, "learning_rate")
        delta = IndexedSlices(grad.values * rate, grad.indices, grad.dense_shape)
        return var.scatter_sub(delta, use_locking=self._use_locking)
