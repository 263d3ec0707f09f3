"""What a training writes into its checkpoints, and how it goes on from one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skflow import errors
from skflow.estimators.runs import Facts, Run, Stored
from skflow.estimators.training import TrainingGraph, Values
from skflow.train.loop import History, Position

Array = NDArray[Any]
RandomState = np.random.RandomState

_BEST: Final = "best/"
_STREAMS: Final = "streams/"
_TOLD: Final = "told/"


class Checkpoints:
    """Lets a training on batches be broken off anywhere, and go on as if nothing had happened.

    Parameters
    ----------
    run : Run
        Where checkpoints are written; what it has stored is where training goes on.
    graph : TrainingGraph
        What is trained, begun as for a new training.
    rng : RandomState
        Where the order of the rows comes from.
    first : dict
        Its state when the fit began.
    interrupted : callable, optional
        Tells whether training is about to end before its time, so that a checkpoint is due.

    Attributes
    ----------
    position : Position, optional
        Where training goes on.

    Raises
    ------
    DataLossError
        If what is stored does not fit the graph.
    """

    def __init__(
        self,
        run: Run,
        graph: TrainingGraph,
        rng: RandomState,
        first: Facts,
        interrupted: Callable[[], bool] | None,
    ) -> None:
        self._run, self._graph, self._rng = run, graph, rng
        self._interrupted = interrupted
        self._first = first
        self._epoch: Facts = first
        self._written = -1
        self.position: Position | None = None
        if run.stored is not None:
            with _understood(run):
                self.position = self._restore(run.stored)

    def _restore(self, stored: Stored) -> Position:
        graph, facts = self._graph, stored.facts
        if stored.values.keys() != set(graph.all_names):
            raise ValueError
        graph.load(stored.values)
        graph.restore_streams(_part(stored.extras, _STREAMS))
        set_state(self._rng, facts["rng"])
        best = _part(stored.extras, _BEST)
        history = History(
            **facts["history"], best=[best[name] for name in graph.names] if best else None
        )
        return Position(
            history, facts["step"], 0.0, facts["total"], facts["seen"], facts["seconds"]
        )

    def before_epoch(self) -> None:
        """Take note of where the order of the rows comes from."""
        self._epoch = state_of(self._rng)

    def after_step(self, position: Position) -> None:
        """Write a checkpoint if one is due."""
        interrupted = self._interrupted is not None and self._interrupted()
        if interrupted or self._run.is_due(position.step):
            self._write(position, finished=False)

    def finish(self, history: History) -> None:
        """Write the last checkpoint."""
        interrupted = history.reason == "interrupted"
        if interrupted and self._written == history.steps:
            return
        self._epoch = state_of(self._rng)
        end = Position(history, history.steps, 0.0, 0.0, 0, history.seconds[-1])
        self._write(end, finished=not interrupted)

    def _write(self, position: Position, *, finished: bool) -> None:
        graph, history = self._graph, position.history
        extras = {_STREAMS + name: state for name, state in graph.streams().items()}
        if history.best is not None:
            extras |= {_BEST + n: v for n, v in zip(graph.names, history.best, strict=True)}
        course = {
            field.name: getattr(history, field.name)
            for field in dataclasses.fields(history)
            if field.name not in ("best", "reason")
        }
        facts = {
            "finished": finished,
            "first": self._first,
            "rng": self._epoch,
            "history": course,
            "total": position.total,
            "seen": position.seen,
            "seconds": position.seconds,
        }
        self._run.write(position.step, graph.everything(), extras, facts, graph.meta)
        self._written = position.step


class Evaluations:
    """Lets a search be broken off: begun again, it is told what it was told before.

    A search by L-BFGS hangs on nothing but the values and gradients that it asks for, so it comes
    to where it was, however it keeps account of them, without computing any of them again.

    Parameters
    ----------
    run : Run
        Where checkpoints are written.
    first : dict
        The state of the random numbers when the fit began.
    interrupted : callable, optional
        As for `Checkpoints`.

    Attributes
    ----------
    graph : TrainingGraph, optional
        What is searched with, if that may draw random numbers.

    Raises
    ------
    DataLossError
        If what is stored is something else.
    """

    def __init__(
        self,
        run: Run,
        first: Facts,
        interrupted: Callable[[], bool] | None,
    ) -> None:
        self._run, self._first, self._interrupted = run, first, interrupted
        self.graph: TrainingGraph | None = None
        self._told: list[list[Array]] = []
        self._place = 0
        if run.stored is not None:
            with _understood(run):
                columns = _part(run.stored.extras, _TOLD)
                parts = [columns[str(i)] for i in range(len(columns))]
                self._told = [list(values) for values in zip(*parts, strict=True)]

    def tell(self, evaluate: Callable[[], Sequence[Any]]) -> list[Any]:
        """Give the values that a search asks for next.

        Parameters
        ----------
        evaluate : callable
            Computes them.

        Returns
        -------
        list of ndarray
            Nobody else has them.
        """
        if self._place == len(self._told):
            self._told.append([np.array(value) for value in evaluate()])
        elif self._place == len(self._told) - 1:
            self._restore_streams()
        self._place += 1
        return [np.array(value)[()] for value in self._told[self._place - 1]]

    def _restore_streams(self) -> None:
        if self.graph is not None and self._run.stored is not None:
            self.graph.restore_streams(_part(self._run.stored.extras, _STREAMS))

    def after_iteration(self, values: Callable[[], Values]) -> None:
        """Write a checkpoint if one is due and the search knows more than is stored.

        Parameters
        ----------
        values : callable
            Gives the network's values by name.
        """
        interrupted = self._interrupted is not None and self._interrupted()
        if self._place == len(self._told) and (interrupted or self._run.is_due(self._place)):
            columns = [np.stack(part) for part in zip(*self._told, strict=True)]
            extras = {f"{_TOLD}{i}": column for i, column in enumerate(columns)}
            if self.graph is not None:
                extras |= {_STREAMS + n: state for n, state in self.graph.streams().items()}
            self._write(values(), extras, finished=False)

    def finish(self, values: Values, history: History) -> None:
        """Write the last checkpoint, from which there is nothing to go on."""
        if history.reason != "interrupted":
            self._write(values, {}, finished=True)

    def _write(self, values: Values, extras: Mapping[str, Array], *, finished: bool) -> None:
        facts = {"finished": finished, "first": self._first}
        self._run.write(self._place, values, extras, facts, None)


def begin(run: Run, rng: RandomState, *, private: bool) -> tuple[RandomState, Facts]:
    """The random numbers of a training, as they were when it began.

    Parameters
    ----------
    run : Run
        What it may have stored.
    rng : RandomState
        Where they come from now.
    private : bool
        Whether nobody else draws from it.

    Returns
    -------
    rng : RandomState
        Where they come from; `rng` itself if it is private.
    first : dict
        Its state.
    """
    if not private:
        rng = RandomState(rng.randint(np.iinfo(np.int32).max))
    if run.stored is not None:
        with _understood(run):
            set_state(rng, run.stored.facts["first"])
    return rng, state_of(rng)


def state_of(rng: RandomState) -> Facts:
    """Where random numbers are, in kinds that JSON knows."""
    return _plain(rng.get_state(legacy=False))


def set_state(rng: RandomState, state: Facts) -> None:
    """Let random numbers go on from where they were."""
    rng.set_state(state)


def _plain(state: Mapping[str, Any]) -> Facts:
    return {
        name: _plain(value)
        if isinstance(value, Mapping)
        else value.tolist()
        if isinstance(value, (np.ndarray, np.generic))
        else value
        for name, value in state.items()
    }


def _part(extras: Mapping[str, Array], beginning: str) -> dict[str, Array]:
    """Those whose names have a beginning, without it."""
    return {n.removeprefix(beginning): v for n, v in extras.items() if n.startswith(beginning)}


@contextmanager
def _understood(run: Run) -> Iterator[None]:
    """Say of which directory it is what makes no sense."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise errors.DataLossError(
            None,
            None,
            f"{run.directory}: its last checkpoint does not belong to this training; remove the "
            "directory",
        ) from error
