"""RMSProp, plain and centred."""

from __future__ import annotations

from typing import Any, Final

from skflow.graph.conversion import constant
from skflow.graph.nodes import Tensor
from skflow.graph.registry import OpDef, raw
from skflow.graph.sparse_types import IndexedSlices
from skflow.graph.variables import Variable
from skflow.train.optimizer import Optimizer, Update

_SCALARS: Final = ("learning_rate", "decay", "momentum", "epsilon")


class RMSPropOptimizer(Optimizer):
    """RMSProp: the gradient over the root of a running mean of its squares, with momentum.

    Parameters
    ----------
    learning_rate : float or Tensor
        The length of a step.
    decay : float or Tensor
        How much of the running means is kept in a step.
    momentum : float or Tensor
        How much of the last step is kept.
    epsilon : float or Tensor
        Added to the mean of the squares.
    use_locking : bool
        Recorded only: a run that changes variables has them for itself.
    centered : bool
        Divide by the root of the gradient's variance instead.
    name : str
        The name of the operations.

    References
    ----------
    T. Tieleman and G. Hinton, Neural Networks for Machine Learning, lecture 6.5, 2012.
    A. Graves, Generating sequences with recurrent neural networks, 2013, arXiv:1308.0850 (the
    centred form).
    """

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            shape, dtype = var.get_shape(), var.dtype.base_dtype
            ones = constant(1.0, dtype=dtype, shape=shape)
            self._get_or_make_slot(var, ones, "rms", self._name)
            if self._centered:
                zeros = constant(0.0, dtype=dtype, shape=shape)
                self._get_or_make_slot(var, zeros, "mg", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._set_hyperparameters(
            learning_rate=self._learning_rate,
            decay=self._decay,
            momentum=self._momentum,
            epsilon=self._epsilon,
        )

    def _apply(self, plain: OpDef, centered: OpDef, var: Variable, *grad: Tensor) -> Update:
        names = ("mg", "rms", "momentum") if self._centered else ("rms", "momentum")
        slots = [self._slot(var, name) for name in names]
        return (centered if self._centered else plain)(  # type: ignore[no-any-return]
            var, *slots, *self._in_type_of(var, *_SCALARS), *grad, use_locking=self._use_locking
        )

    def _apply_dense(self, grad: Tensor, var: Variable) -> Update:
        return self._apply(raw.ApplyRMSProp, raw.ApplyCenteredRMSProp, var, grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Variable) -> Update:
        return self._apply(
            raw.SparseApplyRMSProp, raw.SparseApplyCenteredRMSProp, var, grad.values, grad.indices
        )
