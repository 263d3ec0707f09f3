"""What all estimators share: parameters, the course of `fit`, prediction, pickling."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from numbers import Integral, Real
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

import skflow as tf
from skflow.estimators.inputs import Rows, in_blocks, prediction_rows, training_rows
from skflow.estimators.networks import Network
from skflow.estimators.objectives import Penalty
from skflow.estimators.recipes import FULL_BATCH, OPTIMIZERS
from skflow.estimators.search import search
from skflow.estimators.training import Loss, TrainingGraph, all_finite, predictor
from skflow.train.batches import Batches
from skflow.train.loop import History, Patience, train

Array = NDArray[Any]
RandomState = np.random.RandomState

_AUTO_BATCH: Final = 200

_NOT_FINITE: Final = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


class NetworkEstimator(BaseEstimator, ABC):  # type: ignore[misc]
    """An estimator that trains a network in a graph and session of its own.

    A family says which network it fits (`_network`), by which loss, how its public attributes
    follow from the trained arrays (`_set_arrays`) and back (`_arrays`). The public attributes
    are all that a fitted estimator holds: neither graph nor session.
    """

    _parameter_constraints: ClassVar[Mapping[str, list[Any]]] = {
        "optimizer": [StrOptions({*OPTIMIZERS, FULL_BATCH}), tf.train.Optimizer, callable],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "l1_regularization_strength": [Interval(Real, 0, None, closed="left")],
        "l2_regularization_strength": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "restore_best": ["boolean"],
        "shuffle": ["boolean"],
        "warm_start": ["boolean"],
        "dtype": [None, StrOptions({"float32", "float64"}), type, np.dtype],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    # ---- what a family says ------------------------------------------------------------

    @abstractmethod
    def _network(self, inputs: int, outputs: int, dtype: str) -> Network:
        """The network for so many features and outputs."""

    @abstractmethod
    def _arrays(self) -> list[Array]:
        """The trained variables' values, in the order in which the network makes them."""

    @abstractmethod
    def _set_arrays(self, arrays: Sequence[Array]) -> None:
        """Keep the trained variables' values as public attributes."""

    @abstractmethod
    def _loss(self) -> Loss:
        """The mean loss of a row, as graph."""

    @abstractmethod
    def _validation_score(self, rows: Rows, outputs: Array) -> float:
        """How good outputs are, the higher the better."""

    # ---- fit ---------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The features; float32 is computed in as it is, all else as float64.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), optional
            How many times each row counts; by default once.

        Returns
        -------
        self : object
            The fitted estimator. If anything goes wrong, it is as it was before.

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data are not as they must be.
        NanLossDuringTrainingError
            If the loss becomes infinite or not a number; it names the step.
        """
        self._validate_params()
        with _unchanged_on_error(self):
            again = self.warm_start and self.__sklearn_is_fitted__()
            rows, ndim = training_rows(self, X, y, sample_weight, dtype=self.dtype, reset=not again)
            network = self._network(rows.X.shape[1], rows.y.shape[1], rows.X.dtype.name)
            start = self._start(network) if again else None
            if self.optimizer == FULL_BATCH:
                arrays = self._fit_at_once(network, rows, start)
            else:
                arrays = self._fit_in_batches(network, rows, start)
            if not all_finite(arrays):
                raise ValueError(_NOT_FINITE)
            self.n_outputs_ = network.outputs
            self._fitted_network = network
            self._target_ndim = ndim
            self._set_arrays(arrays)
        return self

    def _start(self, network: Network) -> list[Array]:
        """The fitted weights to go on from."""
        if network != self._fitted_network:
            raise ValueError(
                "With warm_start=True the network must stay the same, but since the last fit "
                f"it changed from {self._fitted_network} to {network}."
            )
        return self._arrays()

    def _penalty(self, rows: Rows) -> Penalty:
        return Penalty(self.l1_regularization_strength, self.l2_regularization_strength, rows.total)

    def _graph(self, network: Network, rows: Rows, rng: RandomState) -> TrainingGraph:
        return TrainingGraph(
            network,
            self._loss(),
            self._penalty(rows),
            weighted=rows.weight is not None,
            seed=rng.randint(np.iinfo(np.int32).max),
        )

    def _fit_in_batches(
        self, network: Network, rows: Rows, start: Sequence[Array] | None
    ) -> list[Array]:
        """Train by optimizer steps on batches."""
        rng = check_random_state(self.random_state)
        validation = None
        if self.early_stopping:
            rows, validation = rows.split(self.validation_fraction, rng)
        with closing(self._graph(network, rows, rng)) as graph:
            step = graph.stepper(self.optimizer, self.learning_rate)
            graph.initialise(start)

            def score() -> float:
                assert validation is not None
                outputs = _outputs(network, validation.X, graph.read())
                return self._validation_score(validation, outputs)

            history = train(
                step,
                Batches(rows.arrays(), self._batch_rows(rows), rng if self.shuffle else None),
                Patience(self.max_iter, self.tol, self.n_iter_no_change),
                score=None if validation is None else score,
                snapshot=graph.read if self.restore_best else None,
                report=print if self.verbose else None,
            )
            arrays = graph.read() if history.best is None else history.best
        self._keep(history)
        return arrays

    def _batch_rows(self, rows: Rows) -> int:
        if self.batch_size == "auto":
            return min(_AUTO_BATCH, len(rows))
        if self.batch_size > len(rows):
            warnings.warn(
                f"Got `batch_size` {self.batch_size}, larger than the sample size {len(rows)}. "
                "It is going to be clipped.",
                stacklevel=4,
            )
        return min(int(self.batch_size), len(rows))

    def _fit_at_once(
        self, network: Network, rows: Rows, start: Sequence[Array] | None
    ) -> list[Array]:
        """Train by L-BFGS on all rows together."""
        if self.l1_regularization_strength:
            raise ValueError(
                f"optimizer={FULL_BATCH!r} needs a smooth objective: set "
                "l1_regularization_strength=0 or choose another optimizer."
            )
        rng = check_random_state(self.random_state)
        with closing(self._graph(network, rows, rng)) as graph:
            graph.initialise(start)
            feed = dict(zip(graph.feeds.tensors(), rows.arrays(), strict=True))
            history = search(
                graph.session,
                graph.loss,
                feed,
                tol=self.tol,
                max_iter=self.max_iter,
                report=print if self.verbose else None,
            )
            arrays = graph.read()
        self._keep(history)
        return arrays

    def _keep(self, history: History) -> None:
        """Keep the course of a training as public attributes."""
        self.n_iter_ = history.n_iter
        self.loss_curve_ = history.losses
        self.loss_ = history.losses[-1]
        self.validation_scores_ = history.scores or None
        self.best_iter_ = history.best_iter
        if not history.converged:
            warnings.warn(
                f"Maximum iterations ({self.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                ConvergenceWarning,
                stacklevel=4,
            )

    # ---- what follows from a fit -------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is a model to predict with."""
        return hasattr(self, "_fitted_network")

    def _decide(self, X: Any) -> Array:
        """The network's outputs, of shape (n, n_outputs)."""
        check_is_fitted(self)
        network: Network = self._fitted_network
        return _outputs(network, prediction_rows(self, X, network.dtype), self._arrays())


def _outputs(network: Network, X: Array, arrays: Sequence[Array]) -> Array:
    run: Callable[..., Array] = predictor(network)
    return in_blocks(lambda block: run(block, *arrays), X, network.width)


@contextmanager
def _unchanged_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Let an estimator keep all its attributes if the block fails."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
