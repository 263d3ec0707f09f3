"""Linear models fitted at once: L-BFGS in coordinates in which the objective is round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, Final

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

# How far kinks are rounded off, one after the other, in units of what the outputs spread.
_WIDTHS: Final = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
_NARROWEST: Final = {"float32": 1e-4, "float64": 1e-8}
_ROUNDED: Final = 200  # iterations with each of them but the last
_ACCURACY: Final = 1e-3  # of the search with a width of one, and less with less
_ENOUGH: Final = 1e-9  # of the loss: what a narrower one must gain

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
            ``max_time``, ``report``, ``before_iteration`` and ``interrupted`` as in `search`.

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
        price = _price(self._problem)
        graph = LinearGraph(self._problem, turned=np.isfinite(price))
        with closing(tf.Session(graph=graph.graph)) as session:
            descent = _Descent(self._problem, graph, session, start, after_iteration, options)
            if self._problem.kinked:
                descent.kinked(price, tol, max_iter)
            else:
                descent.smooth(price, tol, max_iter)
            return self._problem.original(*descent.place), descent.history


class _Descent:
    """A search that goes on in new coordinates now and then."""

    def __init__(
        self,
        problem: Problem,
        graph: LinearGraph,
        session: tf.Session,
        start: Sequence[Array] | None,
        after_iteration: AfterIteration | None,
        options: dict[str, Any],
    ) -> None:
        self._problem, self._graph, self._session = problem, graph, session
        self._after = after_iteration
        self._search = Search(
            session,
            graph.objective,
            shown=graph.loss,
            bounds=graph.bounds,
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

    def smooth(self, price: float, tol: float, max_iter: int) -> None:
        """Descend a smooth objective.

        Parameters
        ----------
        price : float
            As many iterations take as long as measuring along all pairs of columns.
        tol, max_iter
            As in `LinearSearch.run`.
        """
        while True:
            left = max_iter - self.history.steps
            turned = price <= max(_FIRST, self.history.steps)
            bends = self._measure(None, turned=turned)
            steps = left
            if bends if turned else np.isfinite(price):
                steps = min(left, max(_FIRST, self.history.steps, int(np.ceil(price))))
            self._go(None, tol, steps)
            if self.history.reason != "max_iter" or steps == left:
                return

    def kinked(self, price: float, tol: float, max_iter: int) -> None:
        """Descend an objective with kinks; the parameters are those of `smooth`."""
        narrowest, before = _NARROWEST[self._problem.dtype.name], np.inf
        for width in (w for w in _WIDTHS if w >= narrowest):
            self._measure(width, turned=price < _ROUNDED)
            left = max_iter - self.history.steps
            self._go(
                width,
                max(tol, _ACCURACY * np.sqrt(width)),
                min(left, _ROUNDED) if width > narrowest else left,
            )
            if self.history.reason not in ("converged", "max_iter"):
                return
            if self.history.steps >= max_iter:
                self.history.reason = "max_iter"
                return
            loss = self.history.losses[-1]
            if abs(before - loss) <= _ENOUGH * abs(loss):
                return
            before = loss

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
        )
        return curvature is not None

    def _go(self, smoothing: float | None, tol: float, max_iter: int) -> None:
        """Search in the coordinates chosen, and remember the place reached."""
        graph, metric = self._graph, self._metric
        graph.load(self._session, metric, *self.place)
        self._search.run(graph.feed(metric, smoothing), tol=tol, max_iter=max_iter)
        self.place = graph.values(self._session.run(graph.variables), metric)


def _price(problem: Problem) -> float:
    """As many iterations take as long as measuring an objective along all pairs of columns.

    It is infinite if that must not be done: where weights are split or the pairs outnumber the
    entries of a large matrix. Otherwise it is a rough estimate from a machine's nanoseconds.
    """
    (columns, outputs), rows = problem.shape, len(problem.labels)
    entries = problem.columns.nnz if issparse(problem.columns) else rows * columns
    if problem.penalty.l1 or columns**2 > min(max(entries, _FEW_PAIRS), _MOST_PAIRS):
        return np.inf
    measuring = rows * columns * (2 + columns / 10) + 1.5 * columns**3
    return measuring / (60_000 + entries * (2 + outputs / 4))
