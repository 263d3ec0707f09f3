"""Adagrad, and its dual averaging form for sparse weights."""

from __future__ import annotations

from typing import Any

from skflow.graph.conversion import constant
from skflow.graph.dtypes import int64
from skflow.graph.functions import array as array_functions, math as math_functions
from skflow.graph.initializers import constant_initializer
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import colocate_with
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variables import Variable
from skflow.train.optimizer import Optimizer, Update


class AdagradOptimizer(Optimizer):
    """Adagrad: every weight's step shrinks with the root of the squares of its gradients.

    Parameters
    ----------
    learning_rate : float or Tensor
        The length of a first step.
    initial_accumulator_value : float
        Where the sums of squares start, above 0.
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
    stochastic optimization, JMLR 12, 2011.
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value must be positive: {initial_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            initializer = constant_initializer(self._initial_accumulator_value, dtype=dtype)
            self._get_or_make_slot_with_initializer(
                var, initializer, var.get_shape(), dtype, "accumulator", self._name
            )

    def _prepare(self) -> None:
        self._set_hyperparameters(learning_rate=self._learning_rate)

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        (rate,) = self._in_type_of(var, "learning_rate")
        return raw.ApplyAdagrad(  # type: ignore[no-any-return]
            var, self._slot(var, "accumulator"), rate, grad, use_locking=self._use_locking
        )

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        (rate,) = self._in_type_of(var, "learning_rate")
        return raw.SparseApplyAdagrad(  # type: ignore[no-any-return]
            var,
            self._slot(var, "accumulator"),
            rate,
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )


class AdagradDAOptimizer(Optimizer):
    """Adagrad by dual averaging: for linear models with many weights that should be zero.

    A weight starts to move only once its gradients outweigh the L1 penalty, so that anything
    but a linear model may never start.

    Parameters
    ----------
    learning_rate : float or Tensor
        The length of a first step.
    global_step : Variable
        The counter of steps.
    initial_gradient_squared_accumulator_value : float
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
    As for `AdagradOptimizer`.
    """

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        if initial_gradient_squared_accumulator_value <= 0.0:
            raise ValueError(
                "initial_gradient_squared_accumulator_value must be positive: "
                f"{initial_gradient_squared_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._global_step = global_step
        self._initial_squares = initial_gradient_squared_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            shape, dtype = var.get_shape(), var.dtype.base_dtype
            with colocate_with(var):
                zeros = constant(0.0, shape=shape, dtype=dtype)
                squares = constant(self._initial_squares, shape=shape, dtype=dtype)
            self._get_or_make_slot(var, zeros, "gradient_accumulator", self._name)
            self._get_or_make_slot(var, squares, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        self._set_hyperparameters(learning_rate=self._learning_rate)

    def _arguments(self, var: Variable) -> tuple[list[Variable], list[Tensor]]:
        """The slots, and what follows the gradient."""
        step = array_functions.identity(self._global_step) + 1
        dtype = var.dtype.base_dtype
        slots = [
            self._slot(var, "gradient_accumulator"),
            self._slot(var, "gradient_squared_accumulator"),
        ]
        return slots, [
            *self._in_type_of(var, "learning_rate"),
            math_functions.cast(self._l1_regularization_strength, dtype),
            math_functions.cast(self._l2_regularization_strength, dtype),
            math_functions.cast(step, int64),
        ]

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        slots, rest = self._arguments(var)
        return raw.ApplyAdagradDA(  # type: ignore[no-any-return]
            var, *slots, grad, *rest, use_locking=self._use_locking
        )

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        slots, rest = self._arguments(var)
        return raw.SparseApplyAdagradDA(  # type: ignore[no-any-return]
            var, *slots, grad.values, grad.indices, *rest, use_locking=self._use_locking
        )
