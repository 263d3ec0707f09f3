"""The course of one fit: training by steps on batches, or by a search over all rows at once."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from skflow.estimators.heads import Head
from skflow.estimators.inputs import Rows, in_blocks
from skflow.estimators.networks import Network
from skflow.estimators.starts import Start
from skflow.estimators.training import (
    Setting,
    State,
    TrainingGraph,
    Values,
    predictor,
    training_graph,
)
from skflow.graph.lazy import LazyModule
from skflow.train.batches import Batches
from skflow.train.loop import History, Limits, Position, Report, train

if TYPE_CHECKING:
    from skflow.estimators import checkpoints as saved, search
    from skflow.estimators.checkpoints import Checkpoints, Evaluations
    from skflow.estimators.runs import Facts, Run
    from skflow.estimators.summaries import Summaries
else:
    saved = LazyModule("skflow.estimators.checkpoints")
    search = LazyModule("skflow.estimators.search")

Array = NDArray[Any]
RandomState = np.random.RandomState

_AUTO_BATCH: Final = 200

# Predictions of more rows than this give their memory back, those of fewer keep it for the next.
_FEW_ROWS: Final = 32


@dataclass(frozen=True)
class Watch:
    """Who follows a training, and may end it.

    Attributes
    ----------
    report : callable, optional
        Called with the history at the end of each epoch.
    within : callable, optional
        Given the steps of an epoch, makes what is called with the position after each of them.
    before_epoch : callable, optional
        Called before each epoch.
    after_epoch : callable, optional
        Called after it with a function that gives the values reached; true ends the training.
    interrupted : callable, optional
        Asked after each step; true ends the training.
    """

    report: Report | None = None
    within: Callable[[int], Callable[[Position], object]] | None = None
    before_epoch: Callable[[], object] | None = None
    after_epoch: Callable[[Callable[[], Values]], bool] | None = None
    interrupted: Callable[[], bool] | None = None

    def steps(
        self, number: int, others: Callable[[Position], object] | None = None
    ) -> Callable[[Position], object] | None:
        """What is to be called after each of an epoch's steps, behind what others call there."""
        within = None if self.within is None else self.within(number)
        if within is None or others is None:
            return within or others

        def both(position: Position) -> None:
            others(position)
            within(position)

        return both

    def after(self, values: Callable[[], Values]) -> bool:
        """Tell of the end of an epoch."""
        return self.after_epoch is not None and self.after_epoch(values)


@dataclass(frozen=True)
class Fitting:
    """How one training goes.

    Attributes
    ----------
    setting : Setting
        What is trained.
    limits : Limits
        When it ends.
    batch_size : int or "auto"
        The rows of a step.
    shuffle : bool
        Whether each epoch takes the rows in a new order.
    restore_best : bool
        Whether the best epoch's values are the result.
    rng : numpy.random.RandomState
        Chooses first values and the order of the rows.
    watch : Watch
        Who follows it.
    run : Run, optional
        Where its checkpoints go, and where it may go on.
    first : dict
        What `rng` was like when the fit began, if there is a run.
    evaluations : Evaluations, optional
        Those of a search, if there is a run.
    summaries : Summaries, optional
        What is told to TensorBoard, if there is a run.
    """

    setting: Setting
    limits: Limits
    batch_size: int | str
    shuffle: bool
    restore_best: bool
    rng: RandomState
    watch: Watch
    run: Run | None = None
    first: Facts | None = None
    evaluations: Evaluations | None = None
    summaries: Summaries | None = None

    def saved_in(self, run: Run, summaries: Summaries | None, *, private: bool) -> Fitting:
        """The same training with checkpoints, going on where it was broken off if it was.

        Parameters
        ----------
        run : Run
            Where they go.
        summaries : Summaries, optional
            Whom else to tell.
        private : bool
            Whether nobody else draws from `rng`.

        Returns
        -------
        Fitting
        """
        rng, first = saved.begin(run, self.rng, private=private)
        network, asked = self.setting.network, self.watch.interrupted
        known = None if self.setting.recipes else saved.Evaluations(run, first, network, asked)
        if known is not None and summaries is not None:
            # What it is told again it tells again.
            summaries.begin(predictor(network).graph, 0, resumed=run.stored is not None)
        return replace(self, run=run, rng=rng, first=first, evaluations=known, summaries=summaries)

    def split(self, rows: Rows, fraction: float) -> tuple[Rows, Rows]:
        """Set rows aside to validate on, of all classes alike where there are enough of each.

        Parameters
        ----------
        rows : Rows
            All rows.
        fraction : float
            The part to set aside.

        Returns
        -------
        training, validation : Rows
        """
        strata = self.setting.head.strata(rows.labels)
        if strata is not None:
            _, counts = np.unique(strata, return_counts=True)
            if counts.min() < 2 or math.ceil(fraction * len(rows)) < len(counts):
                strata = None
        return rows.split(fraction, self.rng, strata)

    def in_batches(
        self, rows: Rows, held: Rows | None, start: Mapping[str, Array]
    ) -> tuple[Values, History]:
        """Train by an optimizer's steps.

        Parameters
        ----------
        rows : Rows
            The training rows.
        held : Rows, optional
            Rows to validate on.
        start : dict
            The values of variables that shall not begin at random.

        Returns
        -------
        values : dict
            The trained values by name.
        history : History
            The course.
        """
        network, head = self.setting.network, self.setting.head
        with training_graph(self.setting) as graph:
            graph.start(seed_from(self.rng), rows.total, self._first(rows, start))
            size = batch_rows(self.batch_size, len(rows))
            batches = Batches(rows.columns(), size, self.rng if self.shuffle else None)
            checkpoints = self._checkpoints(graph, len(batches), scored=held is not None)
            position = None if checkpoints is None else checkpoints.position
            history = train(
                self._step(graph, position),
                batches,
                self.limits,
                score=None
                if held is None
                else lambda: validate(network, head, held, graph.live_values()),
                snapshot=graph.read if self.restore_best else None,
                report=self.watch.report,
                rate=graph.rate,
                before_epoch=self._before_epoch(checkpoints),
                after_epoch=lambda history: self._after_epoch(history, graph),
                interrupted=_latched(checkpoints, self.watch),
                after_step=self.watch.steps(
                    len(batches), None if checkpoints is None else checkpoints.after_step
                ),
                position=position,
            )
            if checkpoints is not None:
                checkpoints.finish(history)
            if history.best is not None:
                return graph.named(history.best), history
            graph.release()  # a copy of the values need not lie beside what steps worked in
            return graph.values(), history

    def _checkpoints(self, graph: TrainingGraph, steps: int, *, scored: bool) -> Checkpoints | None:
        """What writes checkpoints, if there is a run."""
        if self.run is None:
            return None
        assert self.first is not None
        asked = self.watch.interrupted
        return saved.Checkpoints(self.run, graph, self.rng, self.first, steps, scored, asked)

    def _step(
        self, graph: TrainingGraph, position: Position | None
    ) -> Callable[..., Sequence[Any]]:
        """What makes a step."""
        if self.summaries is None:
            return graph.step
        step = 0 if position is None else position.step
        self.summaries.begin(graph.graph, step, resumed=position is not None)
        return self.summaries.watched(graph)

    def _after_epoch(self, history: History, graph: TrainingGraph) -> bool:
        """Tell of an epoch; true ends the training."""
        if self.summaries is not None:
            self.summaries.after_epoch(history)
        return self.watch.after(graph.values)

    def _before_epoch(self, checkpoints: Checkpoints | None) -> Callable[[], object] | None:
        """What is to be done before each epoch."""
        others = self.watch.before_epoch
        if checkpoints is None:
            return others

        def before() -> None:
            checkpoints.before_epoch()
            if others is not None:
                others()

        return before

    def at_once(self, rows: Rows, start: Mapping[str, Array]) -> tuple[Values, History]:
        """Train by L-BFGS on all rows together.

        Parameters
        ----------
        rows, start
            As in `in_batches`.

        Returns
        -------
        values, history
            As in `in_batches`.
        """
        if self.setting.penalty.l1:
            raise ValueError(
                "optimizer='L-BFGS' needs a smooth objective: set l1_regularization_strength=0 or "
                "choose another optimizer."
            )
        with training_graph(self.setting) as graph:
            graph.start(seed_from(self.rng), rows.total, self._first(rows, start))
            if self.evaluations is not None:
                self.evaluations.graph = graph
            history = search.search(
                graph.session,
                graph.loss,
                dict(zip(graph.feeds, rows.arrays(), strict=True)),
                **self.search_options(graph.trained),
            )
            return graph.values(), history

    def search_options(self, named: Callable[[Any], Values]) -> dict[str, Any]:
        """What a search over all rows goes by.

        Parameters
        ----------
        named : callable
            From what the search reads to the network's values by name.

        Returns
        -------
        dict
            Keywords of `search.search`.
        """
        evaluations, summaries = self.evaluations, self.summaries

        def after(history: History, read: Callable[[], list[Array]]) -> bool:
            if evaluations is not None:
                evaluations.after_iteration(lambda: named(read()))
            if summaries is not None:
                summaries.after_iteration(history, lambda: named(read()))
            return self.watch.after(lambda: named(read()))

        return {
            "tol": self.limits.tol,
            "max_iter": self.limits.steps or self.limits.max_iter,
            "max_time": self.limits.max_time,
            "report": self.watch.report,
            "before_iteration": self.watch.before_epoch,
            "after_iteration": after,
            "tell": None if evaluations is None else evaluations.tell,
            "interrupted": _latched(evaluations, self.watch),
        }

    def one_pass(self, rows: Rows, before: Start | None) -> tuple[Values, State, History]:
        """Make one step on each batch of some rows.

        Parameters
        ----------
        rows : Rows
            The rows.
        before : Start, optional
            Where to go on.

        Returns
        -------
        values : dict
            The values reached, by name.
        state : State
            What the next pass needs beside them.
        history : History
            The course.
        """
        with training_graph(self.setting) as graph:
            if before is None:
                graph.start(seed_from(self.rng), rows.total, self._first(rows, {}))
            else:
                # A pass of `fit` but the first draws an order and nothing else.
                rng = self.rng if before.state is None else copy.deepcopy(self.rng)
                before.load(graph, seed_from(rng), rows.total)
            size = batch_rows(self.batch_size, len(rows))
            batches = Batches(rows.columns(), size, self.rng if self.shuffle else None)
            history = train(
                graph.step,
                batches,
                Limits(max_iter=1),
                rate=graph.rate,
                interrupted=self.watch.interrupted,
                after_step=self.watch.steps(len(batches)),
            )
            history.reason = None
            graph.release()
            return graph.values(), graph.state(), history

    def _first(self, rows: Rows, start: Mapping[str, Array]) -> Mapping[str, Array]:
        """Values to begin with: the outputs' biases at the best constant outputs."""
        network, head = self.setting.network, self.setting.head
        first = None if start else head.first_outputs(rows.labels, rows.weight)
        if first is None or network.output_biases is None:
            return start
        return {network.output_biases: first.astype(network.spec.dtype)}


def _latched(
    checkpoints: Checkpoints | Evaluations | None, watch: Watch
) -> Callable[[], bool] | None:
    """Whether training is to end; with checkpoints only where there is one."""
    return watch.interrupted if checkpoints is None else lambda: checkpoints.ending


def network_outputs(network: Network, features: Any, values: Values) -> Array:
    """The outputs of a network for any number of rows.

    Parameters
    ----------
    network : Network
        The architecture.
    features : Features
        The rows.
    values : dict
        The variables' values by name.

    Returns
    -------
    ndarray of shape (n, outputs)
    """
    compiled = predictor(network)
    run, arrays = compiled.run, [values[name] for name in compiled.names]
    sparse = network.spec.sparse
    found = in_blocks(
        lambda block: run(*block.arrays(), *arrays), features, network.width, sparse=sparse
    )
    if len(features) > _FEW_ROWS:
        compiled.release()
    return found


def validate(network: Network, head: Head, rows: Rows, values: Values) -> float:
    """How well a network does on rows.

    Parameters
    ----------
    network, head : Network, Head
        What predicts, and how it is judged.
    rows : Rows
        The rows.
    values : dict
        The variables' values by name.

    Returns
    -------
    float
        The higher the better.
    """
    outputs = network_outputs(network, rows.features, values)
    return head.score(rows.labels, outputs, rows.weight)


def batch_rows(batch_size: int | str, rows: int) -> int:
    """How many rows a step takes.

    Parameters
    ----------
    batch_size : int or "auto"
        What the user asks for; ``"auto"`` is ``min(200, rows)``.
    rows : int
        How many there are.

    Returns
    -------
    int
    """
    if isinstance(batch_size, str):
        return min(_AUTO_BATCH, rows)
    if batch_size > rows:
        warnings.warn(
            f"Got `batch_size` {batch_size}, larger than the sample size {rows}. It is going to "
            "be clipped.",
            stacklevel=6,
        )
    return min(int(batch_size), rows)


def seed_from(rng: RandomState) -> int:
    """A seed for a graph."""
    return int(rng.randint(np.iinfo(np.int32).max))
