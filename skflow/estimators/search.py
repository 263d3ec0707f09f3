"""Full-batch training: L-BFGS over a graph's variables."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

import skflow as tf
from skflow.train.loop import History, Reason, Report, not_finite

Array = NDArray[Any]
Read = Callable[[], list[Array]]
AfterIteration = Callable[[History, Read], bool | None]
Evaluate = Callable[[Array], list[Any]]
Tell = Callable[[Callable[[], Sequence[Any]]], Sequence[Any]]

# Pairs of steps and gradient changes that are remembered: L-BFGS-B's own 10 make an
# ill-conditioned search about a third longer.
_MEMORY: Final = 20
_MANY: Final = 1_000_000  # numbers to search among, from which on it is 10 after all
_EVALUATIONS: Final = 20  # of the loss, for an iteration, at most

# What SciPy says of the end: at a limit, or where the loss would not fall any more.
_AT_A_LIMIT: Final = 1
_ENDED: Final = (0, 2)

_POLISHING: Final = 30  # steps along the gradient in the end, at most
_ASTRAY: Final = 100.0  # how much larger than the least the gradient may become among them


class _Course:
    """Follows a search: the loss of each evaluation, and of each iteration's end."""

    def __init__(
        self,
        variables: Sequence[tf.Variable],
        max_time: float | None,
        report: Report | None,
        before: Callable[[], object] | None,
        after: AfterIteration | None,
        interrupted: Callable[[], bool] | None,
    ) -> None:
        self.history = History()
        self.evaluations = 0
        self._variables = variables
        self._report, self._before, self._after = report, before, after
        self._interrupted = interrupted
        self._start = time.monotonic()
        self._end = math.inf if max_time is None else self._start + max_time
        self._last, self._begun, self._starting = math.inf, False, True

    def start(self) -> None:
        """Take note that a search begins, maybe not the first one."""
        self.history.reason = None
        self._begun, self._starting = False, True

    def evaluated(self, loss: Any) -> None:
        """Take the loss at a point that the search tries; the first one is where it starts."""
        self.evaluations += 1
        self._last = float(loss)
        if math.isnan(self._last):
            raise not_finite(self._last, self.evaluations)
        if not self._starting and not self._begun:
            self._begun = True
            if self._before is not None:
                self._before()
        self._starting = False

    def moved(self, vector: Array) -> None:
        """Take note that the search has moved to the point it tried last."""
        self._begun = False
        self.record(self._last)
        self.history.steps += 1
        if self._report is not None:
            self._report(self.history)
        self.history.reason = self._reason(vector)
        if self.history.reason is not None:
            raise StopIteration

    def record(self, loss: float) -> None:
        """Add a loss to the history, the best one so far since the search only goes down."""
        self.history.losses.append(loss)
        self.history.seconds.append(time.monotonic() - self._start)
        self.history.best_iter = self.history.n_iter

    def _reason(self, vector: Array) -> Reason | None:
        """Why the search ends here, if something from outside ends it."""
        told = self._after is not None and self._after(
            self.history, lambda: _parts(vector, self._variables)
        )
        if self._interrupted is not None and self._interrupted():
            return "interrupted"
        if time.monotonic() >= self._end:
            return "max_time"
        return "callback" if told else None


def _parts(vector: Array, variables: Sequence[tf.Variable]) -> list[Array]:
    """The variables' values, copied from a vector of all their numbers."""
    shapes = [tuple(size or 0 for size in v.get_shape().as_list()) for v in variables]
    ends = accumulate((math.prod(shape) for shape in shapes), initial=0)
    return [
        vector[start:end].reshape(shape).astype(v.dtype.as_numpy_dtype)
        for v, shape, (start, end) in zip(variables, shapes, pairwise(ends), strict=True)
    ]


class _Lbfgs(tf.contrib.opt.ExternalOptimizerInterface):
    """SciPy's L-BFGS-B, over one vector of all variables' numbers.

    It begins with a step of length one, whatever the gradient's length. With `unit_steps` it works
    in units in which the gradient has that length there, so that for a loss that bends by one in
    all directions this is Newton's step, and goes on by the gradient alone where losses differ by
    no more than rounding.

    Attributes
    ----------
    unit_steps : bool
        Whether to do so.
    spent : bool
        Whether the last search ended at a limit.
    tell : callable, optional
        Asked for the values at each place, with a function that computes them.
    """

    unit_steps = False
    spent = False
    tell: Tell | None = None

    def _evaluator(
        self, tensors: Any, session: Any, feeds: Any, fetches: Any, callback: Any
    ) -> Evaluate:
        told = session if self.tell is None else _Told(session, self.tell)
        return super()._evaluator(tensors, told, feeds, fetches, callback)

    def _minimize(
        self, initial_val: Array, loss_grad_func: Evaluate, *args: Any, **kw: Any
    ) -> Array:
        del args
        first = loss_grad_func(initial_val)
        unit = float(np.linalg.norm(first[1].astype(np.float64))) if self.unit_steps else 1.0
        if kw["packed_bounds"] is not None or not 0 < unit < math.inf:
            unit = 1.0
        known = [first]

        def in_units(x: Array) -> tuple[float, Array]:
            loss, gradient = known.pop() if known else loss_grad_func(x * unit)
            return float(loss) / unit**2, gradient.astype(np.float64) / unit

        options = dict(kw["optimizer_kwargs"])
        found = optimize.minimize(
            in_units,
            initial_val.astype(np.float64) / unit,
            method="L-BFGS-B",
            jac=True,
            bounds=kw["packed_bounds"],
            callback=lambda x: kw["step_callback"](x * unit),
            options={**options, "gtol": options["gtol"] / unit},
        )
        self.spent = found.status == _AT_A_LIMIT
        if self.unit_steps and kw["packed_bounds"] is None and found.status in _ENDED:
            return _polished(in_units, found.x, found.jac, options["gtol"] / unit) * unit
        return np.asarray(found.x * unit)


class _Told:
    """A session whose values somebody else may know already."""

    def __init__(self, session: tf.Session, tell: Tell) -> None:
        self._session, self._tell = session, tell

    def run(self, fetches: Any, feeds: Any) -> Sequence[Any]:
        """As `Session.run`."""
        return self._tell(lambda: self._session.run(fetches, feeds))


def _polished(
    evaluate: Callable[[Array], tuple[float, Array]], x: Array, gradient: Array, tol: float
) -> Array:
    """Go on to where no component of the gradient is larger, as near as one can.

    Two places whose losses agree to rounding may be the square root of that apart.

    References
    ----------
    J. Barzilai and J. M. Borwein, Two-point step size gradient methods, IMA Journal of Numerical
    Analysis 8 (1988), 141-148.
    """
    best, least, length = x, np.abs(gradient).max(initial=0.0), 1.0
    for _ in range(_POLISHING):
        if least <= tol:
            break
        step = -length * gradient
        after = evaluate(x + step)[1]
        size, change = np.abs(after).max(), step @ (after - gradient)
        if not (size < _ASTRAY * least and change > 0):
            break
        x, gradient, length = x + step, after, (step @ step) / change
        if size < least:
            best, least = x, size
    return best


class Search:
    """Moves a graph's trainable variables to a minimum of a smooth loss, maybe several times.

    Parameters
    ----------
    session, loss, max_time, shown, bounds, report, before_iteration, after_iteration, \
        interrupted, tell
        As in `search`; the time counts from here.
    round : bool
        Whether the loss bends by about one in all directions, as a metric makes it do.

    Attributes
    ----------
    history : History
        The course of all runs.
    """

    def __init__(
        self,
        session: tf.Session,
        loss: tf.Tensor,
        *,
        max_time: float | None = None,
        shown: tf.Tensor | None = None,
        bounds: Mapping[tf.Variable, tuple[float, float]] | None = None,
        report: Report | None = None,
        before_iteration: Callable[[], object] | None = None,
        after_iteration: AfterIteration | None = None,
        interrupted: Callable[[], bool] | None = None,
        tell: Tell | None = None,
        round: bool = False,
    ) -> None:
        self._session, self._loss = session, loss
        self._shown = loss if shown is None else shown
        with session.graph.as_default():
            variables = tf.trainable_variables()
            size = sum(v.get_shape().num_elements() or 0 for v in variables)
            self._memory = _MEMORY if size < _MANY else 10
            self._interface = _Lbfgs(loss, variables, var_to_bounds=bounds)
            self._interface.unit_steps, self._interface.tell = round, tell
        self._course = _Course(
            variables, max_time, report, before_iteration, after_iteration, interrupted
        )
        self.history = self._course.history

    def run(self, feed: Mapping[tf.Tensor, Any], *, tol: float, max_iter: int) -> Reason:
        """Search from where the variables are.

        Parameters
        ----------
        feed, tol, max_iter
            As in `search`.

        Returns
        -------
        str
            Why it ended, which `history` says too.

        Raises
        ------
        NanLossDuringTrainingError
            If the loss is not a number.
        """
        course, history, feed = self._course, self.history, dict(feed)
        course.start()
        self._interface.optimizer_kwargs = self._options(tol, max_iter)
        self._interface.minimize(
            self._session,
            feed_dict=feed,
            fetches=[self._shown],
            loss_callback=course.evaluated,
            step_callback=course.moved,
        )
        if not history.losses:
            course.record(float(self._session.run(self._shown, feed_dict=feed)))
        if history.reason is None:
            history.reason = "max_iter" if self._interface.spent else "converged"
        return history.reason

    def _options(self, tol: float, max_iter: int) -> dict[str, Any]:
        dtype = self._loss.dtype
        smallest = 10 * float(np.finfo(dtype.as_numpy_dtype).eps)
        return {
            "maxiter": max_iter,
            "maxfun": _EVALUATIONS * max_iter,
            "maxcor": self._memory,
            "gtol": tol if dtype == tf.float64 else max(tol, smallest),
            "ftol": 0.0,
        }


def search(
    session: tf.Session,
    loss: tf.Tensor,
    feed: Mapping[tf.Tensor, Any],
    *,
    tol: float,
    max_iter: int,
    max_time: float | None = None,
    shown: tf.Tensor | None = None,
    bounds: Mapping[tf.Variable, tuple[float, float]] | None = None,
    report: Report | None = None,
    before_iteration: Callable[[], object] | None = None,
    after_iteration: AfterIteration | None = None,
    interrupted: Callable[[], bool] | None = None,
    tell: Tell | None = None,
) -> History:
    """Move a graph's trainable variables to a minimum of a smooth loss.

    Parameters
    ----------
    session : Session
        Holds the variables, initialised.
    loss : Tensor of shape ()
        What to minimise.
    feed : dict
        All training rows.
    tol : float
        The search ends when no component of the gradient is larger. Below what the loss's type
        can resolve it ends as soon as the loss does not fall any more.
    max_iter : int
        The most iterations.
    max_time : float, optional
        After how many seconds no further iteration is begun; one is made in any case.
    shown : Tensor of shape (), optional
        What to record as the loss instead.
    bounds : dict, optional
        The range ``(low, high)`` that a variable's numbers must stay in.
    report : callable, optional
        Called with the history at the end of each iteration.
    before_iteration : callable, optional
        Called before each iteration. The last one begun may find nothing better and not end.
    after_iteration : callable, optional
        Called after each iteration with the history and a function that gives the trainable
        variables' values there, in the graph's order; the search ends if it returns true.
    interrupted : callable, optional
        Asked after each iteration; the search ends there if it returns true.
    tell : callable, optional
        Asked for the values of loss, gradient and what is shown at each place that the search
        tries, with a function that computes them: it may know them from a search that was broken
        off.

    Returns
    -------
    History
        An iteration counts as an epoch of one step. If there was nothing to improve, the loss
        stands there as that of one iteration, without a step.

    Raises
    ------
    NanLossDuringTrainingError
        If the loss is not a number.

    References
    ----------
    C. Zhu, R. H. Byrd, P. Lu and J. Nocedal, Algorithm 778: L-BFGS-B, ACM Transactions on
    Mathematical Software 23 (1997), 550-560.
    """
    found = Search(
        session,
        loss,
        max_time=max_time,
        shown=shown,
        bounds=bounds,
        report=report,
        before_iteration=before_iteration,
        after_iteration=after_iteration,
        interrupted=interrupted,
        tell=tell,
    )
    found.run(feed, tol=tol, max_iter=max_iter)
    return found.history
