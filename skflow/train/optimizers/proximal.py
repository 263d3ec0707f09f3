"""Optimizers that solve for the penalty in each step, so that weights are exactly zero."""

from __future__ import annotations

from typing import Any, Final

from skflow.graph.conversion import constant
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import colocate_with
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variables import Variable
from skflow.train.optimizer import Optimizer, Update

_SCALARS: Final = ("learning_rate", "l1_regularization_strength", "l2_regularization_strength")


class ProximalGradientDescentOptimizer(Optimizer):
    """Gradient descent, followed by the proximal map of an L1 and an L2 penalty.

    Parameters
    ----------
    learning_rate : float or Tensor
        The length of a step.
    l1_regularization_strength, l2_regularization_strength : float
        The weights of the penalties, at least 0.
    use_locking : bool
        Recorded only: a run that changes variables has them for itself.
    name : str
        The name of the operations.

    References
    ----------
    J. Duchi and Y. Singer, Efficient online and batch learning using forward backward
    splitting, JMLR 10, 2009.
    """

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _prepare(self) -> None:
        self._set_hyperparameters(
            learning_rate=self._learning_rate,
            l1_regularization_strength=self._l1_regularization_strength,
            l2_regularization_strength=self._l2_regularization_strength,
        )

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        return raw.ApplyProximalGradientDescent(  # type: ignore[no-any-return]
            var, *self._in_type_of(var, *_SCALARS), grad, use_locking=self._use_locking
        )

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        return raw.SparseApplyProximalGradientDescent(  # type: ignore[no-any-return]
            var,
            *self._in_type_of(var, *_SCALARS),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )


class ProximalAdagradOptimizer(Optimizer):
    """Adagrad, followed by the proximal map of an L1 and an L2 penalty.

    Parameters
    ----------
    learning_rate : float or Tensor
        The length of a first step.
    initial_accumulator_value : float
        Where the sums of squares start, above 0.
    l1_regularization_strength, l2_regularization_strength : float
        The weights of the penalties, at least 0.
    use_locking : bool
        Recorded only: a run that changes variables has them for itself.
    name : str
        The name of the operations.

    Raises
    ------
    ValueError
        If the sums of squares do not start above 0.

    References
    ----------
    J. Duchi, E. Hazan and Y. Singer, Adaptive subgradient methods for online learning and
    stochastic optimization, JMLR 12, 2011. Duchi and Singer, as above.
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value must be positive: {initial_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            with colocate_with(var):
                first = constant(
                    self._initial_accumulator_value,
                    shape=var.get_shape(),
                    dtype=var.dtype.base_dtype,
                )
            self._get_or_make_slot(var, first, "accumulator", self._name)

    def _prepare(self) -> None:
        self._set_hyperparameters(
            learning_rate=self._learning_rate,
            l1_regularization_strength=self._l1_regularization_strength,
            l2_regularization_strength=self._l2_regularization_strength,
        )

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        return raw.ApplyProximalAdagrad(  # type: ignore[no-any-return]
            var,
            self._slot(var, "accumulator"),
            *self._in_type_of(var, *_SCALARS),
            grad,
            use_locking=self._use_locking,
        )

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        return raw.SparseApplyProximalAdagrad(  # type: ignore[no-any-return]
            var,
            self._slot(var, "accumulator"),
            *self._in_type_of(var, *_SCALARS),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )
