"""Optimizers from outside, SciPy's among them, over the variables of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from skflow import logging
from skflow.graph.dtypes import Array
from skflow.graph.functions import array as array_functions
from skflow.graph.gradients import gradients
from skflow.graph.lazy import LazyModule
from skflow.graph.nodes import Tensor
from skflow.graph.stacks import get_default_session
from skflow.graph.variable_sets import trainable_variables
from skflow.graph.variables import Variable

_optimize: Final = LazyModule("scipy.optimize")

Evaluate = Callable[[Array], list[Any]]


def _gradients(target: Tensor, variables: Sequence[Variable]) -> list[Any]:
    found = gradients(target, list(variables))
    return [
        array_functions.zeros_like(v) if g is None else g
        for v, g in zip(variables, found, strict=True)
    ]


def _shape(variable: Variable) -> tuple[int, ...]:
    return tuple(d or 0 for d in variable.get_shape().as_list())


def _packed(tensors: Sequence[Any]) -> Any:
    """All elements of several tensors as one vector."""
    flat = [array_functions.reshape(t, [-1]) for t in tensors]
    return flat[0] if len(flat) == 1 else array_functions.concat(flat, 0)


class ExternalOptimizerInterface:
    """Base of optimizers that work on one vector of numbers outside the graph.

    A subclass gives `_minimize`. The variables change once, when the minimum has been found;
    until then the values to try are fed.

    Parameters
    ----------
    loss : Tensor, shape ()
        What to make small.
    var_list : list of Variable, optional
        What to change; by default all trainable variables.
    equalities : list of Tensor, shape (), optional
        What must be 0 at the minimum.
    inequalities : list of Tensor, shape (), optional
        What must be at least 0 at the minimum.
    **optimizer_kwargs : object
        For the optimizer; of these, ``var_to_bounds`` is a dict from a variable to its bounds
        ``(low, high)``, each a number or an array that broadcasts to the variable's shape.
    """

    def __init__(
        self,
        loss: Any,
        var_list: Any = None,
        equalities: Any = None,
        inequalities: Any = None,
        **optimizer_kwargs: Any,
    ) -> None:
        self._loss = loss
        self._equalities = list(equalities or ())
        self._inequalities = list(inequalities or ())
        self._vars = trainable_variables() if var_list is None else list(var_list)
        bounds = optimizer_kwargs.pop("var_to_bounds", None)
        self.optimizer_kwargs = optimizer_kwargs
        self._update_placeholders = [
            array_functions.placeholder(v.dtype.base_dtype) for v in self._vars
        ]
        self._var_updates = [
            v.assign(array_functions.reshape(p, _shape(v)))
            for v, p in zip(self._vars, self._update_placeholders, strict=True)
        ]
        loss_grads = _gradients(loss, self._vars)
        equality_grads = [_gradients(c, self._vars) for c in self._equalities]
        inequality_grads = [_gradients(c, self._vars) for c in self._inequalities]
        self._packed_var = _packed(self._vars)
        self._packed_loss_grad = _packed(loss_grads)
        self._packed_equality_grads = [_packed(grads) for grads in equality_grads]
        self._packed_inequality_grads = [_packed(grads) for grads in inequality_grads]
        ends = np.cumsum([0, *(int(np.prod(_shape(v))) for v in self._vars)]).tolist()
        self._packing_slices = [slice(start, end) for start, end in pairwise(ends)]
        self._packed_bounds = None if bounds is None else self._pack_bounds(bounds)

    def _pack_bounds(self, bounds: dict[Any, tuple[Any, Any]]) -> list[tuple[float, float]]:
        """The bounds of each element of the vector."""
        packed: list[tuple[float, float]] = []
        for variable in self._vars:
            shape = _shape(variable)
            low, high = bounds.get(variable, (-np.inf, np.inf))
            lows = np.broadcast_to(low, shape).reshape(-1).tolist()
            highs = np.broadcast_to(high, shape).reshape(-1).tolist()
            packed.extend(zip(lows, highs, strict=True))
        return packed

    def minimize(
        self,
        session: Any = None,
        feed_dict: Any = None,
        fetches: Any = None,
        step_callback: Callable[..., Any] | None = None,
        loss_callback: Callable[..., Any] | None = None,
    ) -> None:
        """Find the minimum and give the variables its values.

        Parameters
        ----------
        session : Session, optional
            The session; by default the innermost one entered.
        feed_dict : dict, optional
            Values for tensors, as in `Session.run`.
        fetches : list, optional
            What to fetch whenever the loss is computed.
        step_callback : callable, optional
            Called after each step with the vector reached.
        loss_callback : callable, optional
            Called whenever the loss is computed with the values of `fetches`.
        """
        session = get_default_session() if session is None else session
        feeds, wanted = dict(feed_dict or {}), list(fetches or ())
        evaluate = self._evaluator(
            [self._loss, self._packed_loss_grad], session, feeds, wanted, loss_callback
        )

        def each(tensors: Sequence[Any]) -> list[Evaluate]:
            return [self._evaluator([t], session, feeds, [], None) for t in tensors]

        found = self._minimize(
            initial_val=session.run(self._packed_var),
            loss_grad_func=evaluate,
            equality_funcs=each(self._equalities),
            equality_grad_funcs=each(self._packed_equality_grads),
            inequality_funcs=each(self._inequalities),
            inequality_grad_funcs=each(self._packed_inequality_grads),
            packed_bounds=self._packed_bounds,
            step_callback=step_callback,
            optimizer_kwargs=dict(self.optimizer_kwargs),
        )
        values = [found[part] for part in self._packing_slices]
        session.run(self._var_updates, dict(zip(self._update_placeholders, values, strict=True)))

    def _evaluator(
        self,
        tensors: list[Any],
        session: Any,
        feeds: dict[Any, Any],
        fetches: list[Any],
        callback: Callable[..., Any] | None,
    ) -> Evaluate:
        """A function from the vector of all variables to the values of some tensors."""
        shapes = [_shape(v) for v in self._vars]
        parts = list(zip(self._vars, self._packing_slices, shapes, strict=True))

        def evaluate(x: Array) -> list[Any]:
            tried = {v: x[part].reshape(shape) for v, part, shape in parts}
            values = session.run([*tensors, *fetches], {**tried, **feeds})
            if callback is not None:
                callback(*values[len(tensors) :])
            return values[: len(tensors)]  # type: ignore[no-any-return]

        return evaluate

    def _minimize(
        self,
        initial_val: Array,
        loss_grad_func: Evaluate,
        equality_funcs: list[Evaluate],
        equality_grad_funcs: list[Evaluate],
        inequality_funcs: list[Evaluate],
        inequality_grad_funcs: list[Evaluate],
        packed_bounds: list[tuple[float, float]] | None,
        step_callback: Callable[..., Any] | None,
        optimizer_kwargs: dict[str, Any],
    ) -> Array:
        """Find the minimum.

        Parameters
        ----------
        initial_val : numpy.ndarray, shape (n,)
            Where to start.
        loss_grad_func : callable
            From a vector to ``[loss, gradient]``.
        equality_funcs, equality_grad_funcs, inequality_funcs, inequality_grad_funcs : list
            From a vector to ``[value]`` and ``[gradient]`` of each constraint.
        packed_bounds : list of (low, high) or None
            The bounds of each number.
        step_callback : callable or None
            To be called after each step with the vector reached.
        optimizer_kwargs : dict
            The other keywords of the constructor.

        Returns
        -------
        numpy.ndarray, shape (n,)
        """
        raise NotImplementedError(
            "To use ExternalOptimizerInterface, subclass from it and implement the _minimize() "
            "method."
        )


class ScipyOptimizerInterface(ExternalOptimizerInterface):
    """`scipy.optimize.minimize` over the variables of a graph.

    The method is L-BFGS-B unless ``method=`` says otherwise; constraints want ``"SLSQP"`` or
    ``"trust-constr"``. Parameters are those of `ExternalOptimizerInterface`; its keywords go to
    `scipy.optimize.minimize`.

    References
    ----------
    C. Zhu, R. Byrd and J. Nocedal, L-BFGS-B: algorithm 778, ACM Transactions on Mathematical
    Software 23, 1997.
    """

    _DEFAULT_METHOD: Final = "L-BFGS-B"

    def _minimize(
        self,
        initial_val: Array,
        loss_grad_func: Evaluate,
        equality_funcs: list[Evaluate],
        equality_grad_funcs: list[Evaluate],
        inequality_funcs: list[Evaluate],
        inequality_grad_funcs: list[Evaluate],
        packed_bounds: list[tuple[float, float]] | None,
        step_callback: Callable[..., Any] | None,
        optimizer_kwargs: dict[str, Any],
    ) -> Array:
        def in_double(x: Array) -> tuple[float, Array]:
            loss, gradient = loss_grad_func(x)
            return float(loss), gradient.astype(np.float64)

        settings: dict[str, Any] = {"method": self._DEFAULT_METHOD, "callback": step_callback}
        constraints = [
            *_constraints("eq", equality_funcs, equality_grad_funcs),
            *_constraints("ineq", inequality_funcs, inequality_grad_funcs),
        ]
        if constraints:
            settings["constraints"] = constraints
        if packed_bounds is not None:
            settings["bounds"] = packed_bounds
        settings.update(optimizer_kwargs)
        result = _optimize.minimize(in_double, initial_val.astype(np.float64), jac=True, **settings)
        logging.info(
            "Optimization terminated with:\n  Message: %s\n  Objective function value: %f\n"
            "  Number of iterations: %d\n  Number of functions evaluations: %d",
            result.message,
            result.fun,
            result.nit,
            result.nfev,
        )
        return np.asarray(result.x)


def _constraints(
    kind: str, funcs: list[Evaluate], grad_funcs: list[Evaluate]
) -> list[dict[str, Any]]:
    def in_double(evaluate: Evaluate) -> Callable[[Array], Array]:
        return lambda x: np.asarray(evaluate(x)[0], dtype=np.float64)

    return [
        {"type": kind, "fun": in_double(f), "jac": in_double(g)}
        for f, g in zip(funcs, grad_funcs, strict=True)
    ]
