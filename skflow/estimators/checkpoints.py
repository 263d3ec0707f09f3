"""What a training writes into its checkpoints, and how it goes on from one."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from skflow import errors
from skflow.estimators.networks import Network
from skflow.estimators.runs import Facts, Run, Stored
from skflow.estimators.saving import prediction_graph
from skflow.estimators.training import TrainingGraph, Values
from skflow.train.loop import History, Position

Array = NDArray[Any]
RandomState = np.random.RandomState

_BEST: Final = "best/"
_STREAMS: Final = "streams/"
_TOLD: Final = "told/"

# What a history has for each epoch, and what it counts.
_COLUMNS: Final = ("losses", "scores", "rates", "seconds")
_COUNTS: Final = ("steps", "best_iter")

# How many numbers bit generators make at a time.
_MERSENNE: Final = 624
_PHILOX: Final = 4


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
    steps : int
        How many of them are an epoch.
    scored : bool
        Whether each epoch has a validation score.
    interrupted : callable, optional
        Tells whether training is to end before its time.

    Attributes
    ----------
    position : Position, optional
        Where training goes on.
    ending : bool
        Whether training is to end before its time; there is a checkpoint then.

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
        steps: int,
        scored: bool,
        interrupted: Callable[[], bool] | None,
    ) -> None:
        self._run, self._graph, self._rng, self._first = run, graph, rng, first
        self._steps, self._scored, self._interrupted = steps, scored, interrupted
        self._epoch: Facts = first
        self.position: Position | None = None
        self.ending = False
        if run.stored is not None:
            with _understood(run):
                self.position = self._restore(run.stored)

    def _restore(self, stored: Stored) -> Position:
        graph, facts = self._graph, stored.facts
        best, streams = _part(stored.extras, _BEST), _part(stored.extras, _STREAMS)
        _check_like(stored.values, graph.everything())
        _check_like(streams, graph.streams())
        if best:
            _check_like(best, graph.values())
        history = _history(facts["history"], self._steps, scored=self._scored)
        history.best = [best[name] for name in graph.names] if best else None
        if not 0 < facts["step"] - history.steps <= self._steps:
            raise ValueError
        total, seconds = _number(facts["total"]), _number(facts["seconds"])
        set_state(self._rng, facts["rng"])
        graph.load(stored.values)
        graph.restore_streams(streams)
        return Position(history, facts["step"], math.nan, total, seconds)

    def before_epoch(self) -> None:
        """Take note of where the order of the rows comes from."""
        self._epoch = state_of(self._rng)

    def after_step(self, position: Position) -> None:
        """Write a checkpoint if one is due."""
        self.ending = self._interrupted is not None and self._interrupted()
        if self.ending or self._run.is_due(position.step):
            self._write(position, finished=False)

    def finish(self, history: History) -> None:
        """Write the last checkpoint, unless there is a training to go on with."""
        if history.reason != "interrupted":
            self._epoch = state_of(self._rng)
            end = Position(history, history.steps, math.nan, 0.0, history.seconds[-1])
            self._write(end, finished=True)

    def _write(self, position: Position, *, finished: bool) -> None:
        graph, history = self._graph, position.history
        extras = {_STREAMS + name: state for name, state in graph.streams().items()}
        if history.best is not None:
            extras |= {_BEST + n: v for n, v in zip(graph.names, history.best, strict=True)}
        facts = {
            "finished": finished,
            "first": self._first,
            "rng": self._epoch,
            "history": {name: getattr(history, name) for name in (*_COLUMNS, *_COUNTS)},
            "total": position.total,
            "seconds": position.seconds,
        }
        self._run.write(position.step, graph.everything(), extras, facts, graph.meta)


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
    network : Network
        What is fitted.
    interrupted : callable, optional
        As for `Checkpoints`.

    Attributes
    ----------
    graph : TrainingGraph, optional
        What is searched with, if that may draw random numbers.
    ending : bool
        As of `Checkpoints`.

    Raises
    ------
    DataLossError
        If what is stored is something else.
    """

    def __init__(
        self,
        run: Run,
        first: Facts,
        network: Network,
        interrupted: Callable[[], bool] | None,
    ) -> None:
        self._run, self._first, self._interrupted = run, first, interrupted
        self._network = network
        self.graph: TrainingGraph | None = None
        self.ending = False
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
        if self._place == 0 and self._told:
            self._check(evaluate())
        if self._place == len(self._told):
            self._told.append([np.array(value) for value in evaluate()])
        elif self._place == len(self._told) - 1:
            self._restore_streams()
        self._place += 1
        return [np.array(value)[()] for value in self._told[self._place - 1]]

    def _check(self, values: Sequence[Any]) -> None:
        """Raise unless what is stored looks like values that were just computed."""
        with _understood(self._run):
            stored, now = self._told[0], map(np.asarray, values)
            _check_like(dict(enumerate(stored)), dict(enumerate(now)))

    def _restore_streams(self) -> None:
        if self.graph is not None and self._run.stored is not None:
            with _understood(self._run):
                streams = _part(self._run.stored.extras, _STREAMS)
                _check_like(streams, self.graph.streams())
                self.graph.restore_streams(streams)

    def after_iteration(self, values: Callable[[], Values]) -> None:
        """Write a checkpoint if one is due and the search knows more than is stored.

        Parameters
        ----------
        values : callable
            Gives the network's values by name.
        """
        self.ending = self._interrupted is not None and self._interrupted()
        if self._place == len(self._told) and (self.ending or self._run.is_due(self._place)):
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
        meta = prediction_graph(self._network).SerializeToString(deterministic=True)
        self._run.write(self._place, values, extras, facts, meta)


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
    """Let random numbers go on from where they were.

    Parameters
    ----------
    rng : RandomState
        Where they come from; it is unchanged if anything is raised.
    state : dict
        What `state_of` gave.

    Raises
    ------
    ValueError, TypeError, LookupError, ArithmeticError
        If it is something else.
    """
    # NumPy believes whatever it is told of where in a block of numbers to go on.
    place, end = state["state"].get("pos", 0), state.get("buffer_pos", 0)
    if not (0 <= place <= _MERSENNE and 0 <= end <= _PHILOX):
        raise ValueError
    with warnings.catch_warnings():
        # Before NumPy 2, integers that are out of range became others with a warning.
        warnings.simplefilter("error", DeprecationWarning)
        try:
            copy.deepcopy(rng).set_state(state)
        except DeprecationWarning as warning:
            raise ValueError from warning
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


def _history(facts: Facts, steps: int, *, scored: bool) -> History:
    """Complete epochs of so many steps each."""
    columns = {name: [_number(v) for v in facts[name]] for name in _COLUMNS}
    counts = {name: _number(facts[name], int) for name in _COUNTS}
    epochs = len(columns["losses"])
    if [len(column) for column in columns.values()] != [epochs, epochs * scored, epochs, epochs]:
        raise ValueError
    if counts["steps"] != epochs * steps or not 0 <= counts["best_iter"] <= epochs:
        raise ValueError
    return History(**columns, **counts)  # type: ignore[arg-type]


def _number(value: Any, kind: type = float) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _check_like(stored: Mapping[Any, Array], now: Mapping[Any, Array]) -> None:
    """Raise unless there are arrays of the same names, types and shapes."""
    if _looks(stored) != _looks(now):
        raise ValueError


def _looks(arrays: Mapping[Any, Array]) -> dict[Any, Any]:
    return {name: (array.dtype, array.shape) for name, array in arrays.items()}


@contextmanager
def _understood(run: Run) -> Iterator[None]:
    """Say of which directory it is what makes no sense."""
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise errors.DataLossError(
            None,
            None,
            f"{run.directory}: its last checkpoint does not belong to this training; remove the "
            "directory",
        ) from error
