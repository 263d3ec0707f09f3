"""What `fit` tells TensorBoard of a training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import skflow as tf
from skflow.estimators.training import TrainingGraph, Values
from skflow.summary.buckets import histogram
from skflow.train.loop import History

Array = NDArray[Any]

# Histograms of the weights wait for the disk; training does not wait for them.
_QUEUE: Final = 1000


class Summaries:
    """Writes the course of a training into an event file; use it with ``contextlib.closing``.

    Parameters
    ----------
    directory : str
        Where the file is made.
    graph : Graph
        What is trained.
    every : int
        From how many steps to how many the loss, the learning rates, the gradients' norms and the
        weights' histograms are written. Each epoch's loss and score are in any case.
    step : int
        After how many steps a training goes on that was broken off. What an earlier file says of
        the steps after that counts no more.
    """

    def __init__(self, directory: str, graph: tf.Graph, every: int, step: int) -> None:
        self._writer = tf.summary.FileWriter(directory, max_queue=_QUEUE)
        self._every, self._step = every, step
        if step:
            started = tf.SessionLog(status=tf.SessionLog.START)
            self._writer.add_session_log(started, step + 1)
        else:
            self._writer.add_graph(graph)

    def watched(self, graph: TrainingGraph) -> Callable[..., Sequence[Any]]:
        """The graph's step, with a look at it now and then.

        Parameters
        ----------
        graph : TrainingGraph
            Whose step.

        Returns
        -------
        callable
            As `TrainingGraph.step`.
        """
        plain, thorough, every = graph.step, graph.watched_step(), self._every

        def step(*batch: Array) -> Sequence[Any]:
            number = self._step = self._step + 1
            if (number - 1) % every:
                return plain(*batch)
            loss, _, norms, values = thorough(*batch)
            self._add(number, _scalars({"loss": loss, **_rates(graph.rates()), **norms}))
            self._add(number, _histograms(graph.named(values)))
            return loss, None

        return step

    def after_epoch(self, history: History) -> None:
        """Write the last epoch's loss and score."""
        found = {"epoch/loss": history.losses[-1]}
        if history.scores:
            found["epoch/validation_score"] = history.scores[-1]
        self._add(history.steps, _scalars(found))

    def after_iteration(self, history: History, values: Callable[[], Values]) -> None:
        """Write the loss that a search has come to, and now and then the weights."""
        self._add(history.n_iter, _scalars({"loss": history.losses[-1]}))
        if (history.n_iter - 1) % self._every == 0:
            self._add(history.n_iter, _histograms(values()))

    def _add(self, step: int, values: Iterator[Any]) -> None:
        self._writer.add_summary(tf.Summary(value=values), step)

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._writer.close()


def _rates(rates: Sequence[float]) -> dict[str, float]:
    """The learning rates by name, those of several optimizers with numbers."""
    if len(rates) == 1:
        return {"learning_rate": rates[0]}
    return {f"learning_rate/{number}": rate for number, rate in enumerate(rates, 1)}


def _scalars(numbers: Mapping[str, Any]) -> Iterator[Any]:
    for name, number in numbers.items():
        if not math.isnan(number):
            yield tf.Summary.Value(tag=name, simple_value=float(number))


def _histograms(values: Values) -> Iterator[Any]:
    """Of all that is finite: a diverging training is told of in other ways."""
    for name, value in values.items():
        finite = value.dtype.kind == "f" and bool(np.isfinite(value).all())
        if finite and value.size:
            yield tf.Summary.Value(tag=f"values/{name}", histo=histogram(value))
