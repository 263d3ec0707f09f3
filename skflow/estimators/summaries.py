"""What `fit` tells TensorBoard of a training."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from numpy.typing import NDArray

import skflow as tf
from skflow import errors
from skflow.estimators.training import TrainingGraph, Values
from skflow.summary.histograms import serialized_summaries
from skflow.train.loop import History

Array = NDArray[Any]

# Epochs may be much faster than the disk.
_QUEUE: Final = 1000


class Summaries:
    """Writes the course of a training into an event file; use it with ``with``.

    Parameters
    ----------
    directory : str
        Where the file is made.
    every : int
        From how many steps to how many the loss, the learning rates, the gradients' norms and the
        weights' histograms are written. Each epoch's loss and score are in any case.
    """

    def __init__(self, directory: str, every: int) -> None:
        self._writer = tf.summary.FileWriter(directory, max_queue=_QUEUE)
        self._every, self._step = every, 0

    def begin(self, graph: tf.Graph, step: int, *, resumed: bool) -> None:
        """Tell of a training that begins, or goes on.

        Parameters
        ----------
        graph : Graph
            What is trained.
        step : int
            How many steps were made.
        resumed : bool
            Whether it was broken off. What an earlier file says of later steps counts no more.
        """
        self._step = step
        if resumed:
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
            weights = _histograms(graph.live_values(), graph.threads)
            loss, _, halves = thorough(*batch)
            self._add(number, {"loss": loss, **_rates(graph), **_norms(halves)}, weights)
            return loss, None

        return step

    def after_epoch(self, history: History) -> None:
        """Write the last epoch's loss and score."""
        found = {"epoch/loss": history.losses[-1]}
        if history.scores:
            found["epoch/validation_score"] = history.scores[-1]
        self._add(history.steps, found)

    def after_iteration(self, history: History, values: Callable[[], Values]) -> None:
        """Write the loss that a search has come to, and now and then the weights."""
        weights = b"" if (history.n_iter - 1) % self._every else _histograms(values())
        self._add(history.n_iter, {"loss": history.losses[-1]}, weights)

    def _add(self, step: int, numbers: Mapping[str, Any], more: bytes = b"") -> None:
        if summary := _scalars(numbers) + more:
            self._writer.add_summary(summary, step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close(error)

    def _close(self, error: BaseException | None) -> None:
        """Write what waits; what goes wrong with that does not hide an error before it."""
        try:
            self._writer.close()
        except errors.OpError:
            if error is None:
                raise


def _rates(graph: TrainingGraph) -> dict[str, float]:
    """The optimizers' learning rates by what they change."""
    scopes = [f"learning_rate/{scope}".rstrip("/") for scope in graph.scopes]
    return dict(zip(scopes, graph.rates(), strict=True))


def _norms(halves: Mapping[str, Any]) -> dict[str, float]:
    """The gradients' norms, each and together, from half their squares."""
    squares = {name: 2.0 * float(half) for name, half in halves.items()}
    norms = {f"gradient_norm/{name}": math.sqrt(x) for name, x in squares.items()}
    return {**norms, "gradient_norm": math.sqrt(sum(squares.values()))} if norms else {}


def _scalars(numbers: Mapping[str, Any]) -> bytes:
    """A serialized summary of single numbers."""
    known = [(name, float(x)) for name, x in numbers.items() if not math.isnan(x)]
    values = [tf.Summary.Value(tag=name, simple_value=x) for name, x in known]
    return tf.Summary(value=values).SerializeToString()


def _histograms(values: Values, threads: int = 1) -> bytes:
    """A serialized summary of all that is finite: a diverging training is told of in other ways."""
    shown = {
        f"values/{name}": value
        for name, value in values.items()
        if value.dtype.kind == "f" and value.size
    }
    found = serialized_summaries(shown, threads).values()
    return b"".join([data for data in found if data is not None])
