"""Follow the regularized leader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skflow.graph.conversion import constant
from skflow.graph.nodes import Tensor
from skflow.graph.registry import OpDef, raw
from skflow.graph.scopes import colocate_with
from skflow.graph.signature import later_keywords
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variables import Variable
from skflow.train.optimizer import Optimizer, Update


class FtrlOptimizer(Optimizer):
    """FTRL-Proximal: for linear models with many weights that should be zero.

    Parameters
    ----------
    learning_rate : float or Tensor
        The length of a first step.
    learning_rate_power : float
        How the steps shrink with the sums of squares: at most 0, -0.5 as in Adagrad.
    initial_accumulator_value : float
        Where the sums of squares start, above 0.
    l1_regularization_strength, l2_regularization_strength : float
        The weights of the penalties, at least 0. They hold the weights near zero from the
        start ("stabilizing").
    use_locking : bool
        Recorded only: a run that changes variables has them for itself.
    name : str
        The name of the operations.
    l2_shrinkage_regularization_strength : float
        Of later TensorFlow versions: the weight of an L2 penalty on the loss itself, at
        least 0.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    H. B. McMahan and others, Ad click prediction: a view from the trenches, KDD 2013.
    """

    @later_keywords
    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        *,
        l2_shrinkage_regularization_strength: float = 0.0,
    ) -> None:
        super().__init__(use_locking, name)
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value {initial_accumulator_value:f} needs to be positive"
            )
        if learning_rate_power > 0.0:
            raise ValueError(
                f"learning_rate_power {learning_rate_power:f} needs to be negative or zero"
            )
        for key, value in (
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
        ):
            if value < 0.0:
                raise ValueError(f"{key} {value:f} needs to be positive or zero")
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._l2_shrinkage = l2_shrinkage_regularization_strength

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            with colocate_with(var):
                first = constant(
                    self._initial_accumulator_value,
                    dtype=var.dtype.base_dtype,
                    shape=var.get_shape(),
                )
                self._get_or_make_slot(var, first, "accum", self._name)
                self._zeros_slot(var, "linear", self._name)

    def _prepare(self) -> None:
        values: dict[str, Any] = {
            "learning_rate": self._learning_rate,
            "l1_regularization_strength": self._l1_regularization_strength,
            "l2_regularization_strength": self._l2_regularization_strength,
        }
        if self._l2_shrinkage > 0.0:
            values["l2_shrinkage_regularization_strength"] = self._l2_shrinkage
        self._set_hyperparameters(**values, learning_rate_power=self._learning_rate_power)

    def _settled(self, var_list: Sequence[Variable]) -> list[Update]:
        """Set each ``linear`` slot to where the leader is the variable's value."""
        updates = []
        for var in var_list:
            rate, power, l2 = self._in_type_of(
                var, "learning_rate", "learning_rate_power", "l2_regularization_strength"
            )
            curvature = raw.Pow(self._slot(var, "accum"), -power) / rate + 2.0 * l2
            linear = -(var.value() * curvature)
            if self._l1_regularization_strength:
                (l1,) = self._in_type_of(var, "l1_regularization_strength")
                linear -= l1 * raw.Sign(var.value())
            updates.append(raw.Assign(self._slot(var, "linear"), linear))
        return updates

    def _apply(self, plain: OpDef, shrinking: OpDef, var: Variable, *grad: Tensor) -> Update:
        slots = self._slot(var, "accum"), self._slot(var, "linear")
        scalars = self._in_type_of(var, *self._hyperparameters)
        return (shrinking if self._l2_shrinkage > 0.0 else plain)(  # type: ignore[no-any-return]
            var, *slots, *grad, *scalars, use_locking=self._use_locking
        )

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        return self._apply(raw.ApplyFtrl, raw.ApplyFtrlV2, var, grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        return self._apply(
            raw.SparseApplyFtrl, raw.SparseApplyFtrlV2, var, grad.values, grad.indices
        )
