"""Linear models fitted at once: L-BFGS in coordinates in which the objective is round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

import skflow as tf
from skflow.estimators.features import FeatureSpec
from skflow.estimators.heads import Head
from skflow.estimators.inputs import Rows
from skflow.estimators.linear_graph import LinearGraph, Problem
from skflow.estimators.metric import Metric
from skflow.estimators.objectives import Penalty
from skflow.estimators.search import AfterIteration, Search
from skflow.train.loop import History

Array = NDArray[Any]

# Iterations before a metric is measured anew, at least; then as many as there were before.
_FIRST: Final = 20

# What a search with bounds must gain, of the loss, to be begun once more.
_STUCK: Final = 1e-10

# How far kinks are rounded off, one after the other, in units of what the outputs spread.
_WIDTHS: Final = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
_NARROWEST: Final = {"float32": 1e-4, "float64": 1e-8}
_ROUNDED: Final = 300  # iterations with each of them, at most
_ACCURACY: Final = 1e-2  # of the search with a width of one, and less with less
_ENOUGH: Final = {True: 1e-6, False: 1e-5}  # of the loss: what a narrower one must gain

# So many pairs of columns are always few, and so many are too many.
_FEW_PAIRS: Final = 10_000
_MOST_PAIRS: Final = 1 << 22


class LinearSearch:
    """Finds the weights of a linear model.

    Parameters
    ----------
    spec : FeatureSpec
        What the features look like.
    head : Head
        What outputs stand for, and by which loss they are judged.
    rows : Rows
        The training rows.
    penalty : Penalty
        The charge for large weights, in the original units.

    Raises
    ------
    ValueError
        If the rows' features do not look like that.

    Notes
    -----
    The search goes in coordinates in which the objective bends alike in all directions, as far as
    the mean over outputs of the Hessian goes; with many columns only along each of them. They are
    measured anew now and then. Kinks of a loss are rounded off, ever less: with a parabola of
    some width in their place the loss found is too large by about that, times the part of the
    rows that lie there.

    References
    ----------
    D. C. Liu and J. Nocedal, On the limited memory BFGS method for large scale optimization,
    Mathematical Programming 45 (1989), 503-528.

    Y. Nesterov, Smooth minimization of non-smooth functions, Mathematical Programming 103
    (2005), 127-152.
    """

    def __init__(self, spec: FeatureSpec, head: Head, rows: Rows, penalty: Penalty) -> None:
        if rows.features.spec != spec:
            raise ValueError(f"The features look like {rows.features.spec}, not like {spec}.")
        self._problem = Problem.of(head, rows, penalty)

    def run(
        self,
        start: Sequence[Array] | None = None,
        *,
        tol: float,
        max_iter: int,
        after_iteration: AfterIteration | None = None,
        **options: Any,
    ) -> tuple[list[Array], History]:
        """Search for the minimum.

        Parameters
        ----------
        start : [weights, biases], optional
            Where to begin, of shapes (spec.encoded_columns, outputs) and (outputs,) and in the
            original units; by default at the best constant.
        tol : float
            The search ends when no component of the gradient is larger, in units in which one
            step along it is as good as the best.
        max_iter : int
            The most iterations.
        after_iteration : callable, optional
            As in `search`; it reads weights and biases in the original units.
        **options
            ``max_time``, ``report``, ``before_iteration``, ``interrupted`` and ``tell`` as in
            `search`.

        Returns
        -------
        [weights, biases] : list of ndarray
            In the original units.
        history : History
            The course, with losses in the original units.

        Raises
        ------
        NanLossDuringTrainingError
            If the loss is not a number.
        """
        problem = self._problem
        coordinates = _coordinates(problem)
        graph = LinearGraph(problem, turned=coordinates.turned, metrics=coordinates.metrics)
        with closing(tf.Session(graph=graph.graph)) as session:
            descent = _Descent(
                problem, coordinates, graph, session, start, after_iteration, options
            )
            (descent.kinked if problem.kinked else descent.smooth)(tol, max_iter)
            return problem.original(*descent.place), descent.history


class _Descent:
    """A search that goes on in new coordinates now and then."""

    def __init__(
        self,
        problem: Problem,
        coordinates: _Coordinates,
        graph: LinearGraph,
        session: tf.Session,
        start: Sequence[Array] | None,
        after_iteration: AfterIteration | None,
        options: dict[str, Any],
    ) -> None:
        self._problem, self._coordinates = problem, coordinates
        self._graph, self._session = graph, session
        self._after = after_iteration
        self._search = Search(
            session,
            graph.objective,
            shown=graph.loss,
            bounds=graph.bounds,
            round=True,
            after_iteration=None if after_iteration is None else self._tell,
            **options,
        )
        self.history = self._search.history
        self.place = problem.first(start)

    def _tell(self, history: History, read: Callable[[], list[Array]]) -> bool | None:
        def original() -> list[Array]:
            return self._problem.original(*self._graph.values(read(), self._metric))

        assert self._after is not None
        return self._after(history, original)

    def smooth(self, tol: float, max_iter: int) -> None:
        """Descend a smooth objective.

        Parameters
        ----------
        tol, max_iter
            As in `LinearSearch.run`.
        """
        price, before = self._coordinates.price, np.inf
        while True:
            left = max_iter - self.history.steps
            turned = price <= max(_FIRST, self.history.steps)
            bends = self._measure(None, turned=turned)
            steps = left
            if bends if turned else np.isfinite(price):
                steps = min(left, max(_FIRST, self.history.steps, int(np.ceil(price))))
            self._go(None, tol, steps)
            gained, before = before - self.history.losses[-1], self.history.losses[-1]
            if self._ended(gained) or self.history.steps >= max_iter:
                return

    def _ended(self, gained: float) -> bool:
        """Whether it was not only the coordinates that ended a search.

        Where weights are at their bounds, L-BFGS-B may take a step that gains nothing for the end.
        """
        if self.history.reason == "converged" and self._problem.penalty.l1:
            return gained <= _STUCK * abs(self.history.losses[-1])
        return self.history.reason != "max_iter"

    def kinked(self, tol: float, max_iter: int) -> None:
        """Descend an objective with kinks; the parameters are those of `smooth`."""
        turned = self._coordinates.price < _ROUNDED
        narrowest, enough = _NARROWEST[self._problem.dtype.name], _ENOUGH[turned]
        before = np.inf
        for width in (w for w in _WIDTHS if w >= narrowest):
            self._round(width, turned, tol, max_iter)
            if self.history.reason not in ("converged", "max_iter"):
                return
            if self.history.steps >= max_iter:
                self.history.reason = "max_iter"
                return
            loss = self.history.losses[-1]
            if abs(before - loss) <= enough * abs(loss):
                break
            before = loss
        self.history.reason = "converged"

    def _round(self, width: float, turned: bool, tol: float, max_iter: int) -> None:
        """Descend an objective whose kinks are rounded off."""
        first = self.history.steps
        while True:
            self._measure(width, turned=turned)
            made = self.history.steps - first
            left = min(max_iter - self.history.steps, _ROUNDED - made)
            accuracy = _ACCURACY * np.sqrt(width * self._relative_loss())
            steps = min(left, max(_FIRST, made)) if turned else left
            self._go(width, max(tol, accuracy), steps)
            if self.history.reason != "max_iter" or steps == left:
                return

    def _relative_loss(self) -> float:
        """The loss in units, at most one."""
        if not self.history.losses:
            return 1.0
        return min(1.0, self.history.losses[-1] / float(self._problem.scales.cost.sum()))

    def _measure(self, smoothing: float | None, *, turned: bool) -> bool:
        """Choose coordinates, and say whether others will be better elsewhere."""
        problem = self._problem
        curvature = problem.curvature(*self.place, smoothing)
        self._metric = Metric.of(
            problem.columns,
            problem.middle,
            problem.weight,
            np.ones((len(problem.labels), problem.shape[1])) if curvature is None else curvature,
            problem.ridge,
            turned=turned,
            shared=self._coordinates.metrics == 1,
        )
        return curvature is not None

    def _go(self, smoothing: float | None, tol: float, max_iter: int) -> None:
        """Search in the coordinates chosen, and remember the place reached."""
        graph, metric = self._graph, self._metric
        graph.load(self._session, metric, *self.place)
        self._search.run(graph.feed(metric, smoothing), tol=tol, max_iter=max_iter)
        self.place = graph.values(self._session.run(graph.variables), metric)


class _Coordinates(NamedTuple):
    """What coordinates a search may use.

    Attributes
    ----------
    turned : bool
        Whether they may be mixtures of columns at all.
    metrics : int
        The number of outputs if each has its own, else one.
    price : float
        As many iterations take as long as measuring the objective along all pairs of columns: a
        rough estimate from a machine's nanoseconds, infinite if that must not be done.
    """

    turned: bool
    metrics: int
    price: float


def _coordinates(problem: Problem) -> _Coordinates:
    (columns, outputs), rows = problem.shape, len(problem.labels)
    entries = problem.columns.nnz if issparse(problem.columns) else rows * columns
    most = min(max(entries, _FEW_PAIRS), _MOST_PAIRS)
    # A weight that is split into two at bounds has a coordinate of its own.
    turned = not problem.penalty.l1 and columns**2 <= most
    apart = problem.head.separate and problem.head.loss != "squared"
    if turned and outputs * columns**2 > most:
        apart = False
    metrics = outputs if apart else 1
    measuring = metrics * (rows * columns * (2 + columns / 10) + 1.5 * columns**3)
    iteration = 60_000 + entries * (2 + outputs / 4)
    return _Coordinates(turned, metrics, measuring / iteration if turned else np.inf)
