"""What all estimators share: parameters, `fit` and `partial_fit`, the outputs for new rows."""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

import skflow as tf
from skflow.estimators.callbacks import CallbackSupport, EpochCallbacks
from skflow.estimators.columns import Columns
from skflow.estimators.fitting import Fitting, Watch, network_outputs
from skflow.estimators.heads import Head
from skflow.estimators.inputs import Rows, check_validation_data, check_weights
from skflow.estimators.interrupts import deferred_interrupts
from skflow.estimators.models import Model, Targets, unchanged_on_error
from skflow.estimators.networks import Network
from skflow.estimators.objectives import Penalty
from skflow.estimators.passes import PassSupport
from skflow.estimators.progress import Progress
from skflow.estimators.recipes import FULL_BATCH, OPTIMIZERS, Recipe
from skflow.estimators.saving_support import SavingSupport
from skflow.estimators.training import Setting, State, Values, all_finite, predictor
from skflow.estimators.validation import validated
from skflow.graph.lazy import LazyModule
from skflow.train.loop import History, Limits

if TYPE_CHECKING:
    from skflow.estimators import digests, runs, summaries
else:
    # What only trainings with a directory of their own need.
    digests = LazyModule("skflow.estimators.digests")
    runs = LazyModule("skflow.estimators.runs")
    summaries = LazyModule("skflow.estimators.summaries")

Array = NDArray[Any]
RandomState = np.random.RandomState

_NOT_FINITE: Final = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)

# Parameters that two trainings with the same result may differ in.
_WITHOUT_EFFECT: Final = (
    "model_dir",
    "save_checkpoints_secs",
    "save_checkpoints_steps",
    "keep_checkpoint_max",
    "summary_steps",
    "verbose",
)

# With more of them `early_stopping="auto"` sets some aside, as scikit-learn's histogram-based
# gradient boosting does.
_MANY_ROWS: Final = 10_000

OPTIMIZER: Any = [StrOptions({*OPTIMIZERS, FULL_BATCH}), tf.train.Optimizer, callable]
LEARNING_RATE: Any = [Interval(Real, 0, None, closed="neither"), callable]


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkEstimator(PassSupport, SavingSupport, CallbackSupport, BaseEstimator, ABC):  # type: ignore[misc]
    """An estimator that trains a network in a graph and session of its own.

    The fields are the constructor's parameters. A family adds its own, says which network it
    fits (`_network`) and which attributes show the trained values; regressors and classifiers say
    what targets mean (`_targets`). A fitted estimator holds a `Model` and public attributes.
    """

    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0001
    gradient_clip_norm: float | None = None
    batch_size: int | str = "auto"
    max_iter: int = 200
    steps: int | None = None
    max_time: float | None = None
    tol: float = 1e-4
    n_iter_no_change: float = 10
    early_stopping: bool | str = False
    validation_fraction: float = 0.1
    restore_best: bool = True
    shuffle: bool = True
    warm_start: bool = False
    categorical_features: Any = "from_dtype"
    dtype: Any = None
    random_state: Any = None
    model_dir: Any = None
    save_checkpoints_secs: float | None = 600.0
    save_checkpoints_steps: int | None = None
    keep_checkpoint_max: int = 5
    summary_steps: int | None = 100
    verbose: int = 0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "l1_regularization_strength": [Interval(Real, 0, None, closed="left")],
        "l2_regularization_strength": [Interval(Real, 0, None, closed="left")],
        "gradient_clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "steps": [Interval(Integral, 1, None, closed="left"), None],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "early_stopping": ["boolean", StrOptions({"auto"})],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "restore_best": ["boolean"],
        "shuffle": ["boolean"],
        "warm_start": ["boolean"],
        "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
        "dtype": [None, StrOptions({"float32", "float64"}), type, np.dtype],
        "random_state": ["random_state"],
        "model_dir": [str, os.PathLike, None],
        "save_checkpoints_secs": [Interval(Real, 0, None, closed="neither"), None],
        "save_checkpoints_steps": [Interval(Integral, 1, None, closed="left"), None],
        "keep_checkpoint_max": [Interval(Integral, 1, None, closed="left")],
        "summary_steps": [Interval(Integral, 1, None, closed="left"), None],
        "verbose": ["verbose"],
    }

    # Where scikit-learn's drawing of an estimator links to.
    _doc_link_module: ClassVar[str] = "skflow"
    _doc_link_template: ClassVar[str] = (
        "https://skflow.readthedocs.io/en/stable/api/estimators.html"
        "#skflow.estimators.{estimator_name}"
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # A family only says what its own parameters may be.
        own = [vars(base).get("_parameter_constraints", {}) for base in reversed(cls.__mro__)]
        cls._parameter_constraints = {name: kinds for part in own for name, kinds in part.items()}

    # ---- what a family says ------------------------------------------------------------

    @abstractmethod
    def _network(self, columns: Columns, head: Head) -> Network:
        """The network for such features and so many outputs."""

    @abstractmethod
    def _targets(self, y: Any, dtype: Any, known: Head | None) -> Targets:
        """Validate targets; if `known` is given, they must be such as it was made for."""

    @abstractmethod
    def _labels(self, y: Any, dtype: Any, targets: Targets) -> Array:
        """Further targets of the kind of others, as they are fed."""

    def _row_weights(self, y: Any, weight: Array | None, dtype: Any) -> Array | None:
        """What each row counts, after the parameters have had their say."""
        del y, dtype
        return weight

    @abstractmethod
    def _recipes(self) -> tuple[Recipe, ...]:
        """The optimizers of a step; none for a search over all rows at once."""

    # ---- fit ---------------------------------------------------------------------------

    @validated
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features; float32 is computed in as it is, all else as float64.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), optional
            How many times each row counts; by default once.
        X_val, y_val : as `X` and `y`, optional
            Rows to validate on after each epoch, instead of a part of `X`. A `Pipeline` made with
            ``transform_input=["X_val"]`` transforms them like `X`. L-BFGS does not look at them.
        sample_weight_val : array-like of shape (n_val,), optional
            How many times each of these counts.

        Returns
        -------
        self : object
            The fitted estimator. If anything goes wrong, it is as it was before. Ctrl-C ends
            the training after the step in progress, with a warning, and leaves a fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data are not as they must be.
        NanLossDuringTrainingError
            If the loss becomes infinite or not a number; it names the step.
        """
        limits = self._limits()
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        with (
            unchanged_on_error(self),
            deferred_interrupts() as interrupts,
            EpochCallbacks(self, limits.max_iter, X, y, metadata) as callbacks,
            Progress(self.verbose, limits, self._unit()) as progress,
        ):
            callbacks.begin()
            before = self._model if self.warm_start and self.__sklearn_is_fitted__() else None
            known = None if before is None else before.head
            columns, targets, rows = self._rows(
                X, y, sample_weight, before, lambda dtype: self._targets(y, dtype, known)
            )
            held = self._held(columns, targets, X_val, y_val, sample_weight_val)
            network = self._network(columns, targets.head)
            _check_same(network, before)
            limits = replace(limits, stop_on_score=self._stops_early(rows))

            def model(values: Values) -> Model:
                return Model(network, targets.head, columns, values)

            watch = Watch(
                report=progress.report,
                within=progress.within,
                before_epoch=callbacks.epoch_begin,
                after_epoch=lambda read: callbacks.epoch_end(
                    lambda: {"_model": model(read()), **targets.facts}
                ),
                interrupted=lambda: interrupts.requested,
            )
            fitting = self._fitting(network, targets.head, rows, limits, watch)
            start = {} if before is None else before.values
            values, history = self._train(fitting, rows, held, start)
            progress.finish(history)
            self._keep(model(values), targets.facts, history)
            callbacks.end()
        if interrupts.requested:
            warnings.warn("Training interrupted by user.", stacklevel=3)
        return self

    def _unit(self) -> str:
        """What a training is counted in."""
        return "Epoch" if self._recipes() else "Iteration"

    def _limits(self) -> Limits:
        return Limits(
            max_iter=None if self.steps else self.max_iter,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            steps=self.steps,
            max_time=self.max_time,
        )

    def _stops_early(self, rows: Rows) -> bool:
        """Whether the validation score tells when to stop."""
        if self.early_stopping == "auto":
            return len(rows) > _MANY_ROWS
        return bool(self.early_stopping)

    def _rows(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        known: Model | None,
        targets_in: Callable[[Any], Targets],
    ) -> tuple[Columns, Targets, Rows]:
        """The data to learn from, validated."""
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None."
            )
        if known is None:
            columns, features = Columns.fit(self, X, self.categorical_features, self.dtype)
        else:
            columns = known.columns
            features = columns.transform(self, X).in_form(columns.spec.sparse)
        targets = targets_in(columns.dtype)
        check_consistent_length(features.numeric, targets.labels)
        weight = check_weights(sample_weight, len(features), columns.dtype)
        weight = self._row_weights(y, weight, columns.dtype)
        return columns, targets, Rows.of(features, targets.labels, weight)

    def _held(
        self, columns: Columns, targets: Targets, X: Any, y: Any, sample_weight: Any
    ) -> Rows | None:
        """The rows that the user wants to validate on, if any."""
        if not check_validation_data(X, y, sample_weight):
            return None
        features = columns.transform(self, X).in_form(columns.spec.sparse)
        labels = self._labels(y, columns.dtype, targets)
        check_consistent_length(features.numeric, labels)
        weight = check_weights(sample_weight, len(features), columns.dtype)
        return Rows.of(features, labels, weight)

    def _fitting(
        self, network: Network, head: Head, rows: Rows, limits: Limits, watch: Watch
    ) -> Fitting:
        penalty = Penalty(
            float(self.l1_regularization_strength), float(self.l2_regularization_strength)
        )
        weighted = rows.weight is not None
        clip_norm = self.gradient_clip_norm
        setting = Setting(network, head, penalty, weighted, self._recipes(), clip_norm)
        rng = check_random_state(self.random_state)
        batch = self.batch_size
        return Fitting(setting, limits, batch, self.shuffle, self.restore_best, rng, watch)

    def _train(
        self, fitting: Fitting, rows: Rows, held: Rows | None, start: Values
    ) -> tuple[Values, History]:
        """The values reached, and how."""
        with self._with_checkpoints(fitting, rows, held, start) as training:
            if not training.setting.recipes:
                values, history = self._search(training, rows, start)
                if training.evaluations is not None:
                    training.evaluations.finish(values, history)
                if self.steps and history.reason == "max_iter":
                    history.reason = "steps"
                return values, history
            if held is None and training.limits.stop_on_score:
                rows, held = training.split(rows, self.validation_fraction)
            return training.in_batches(rows, held, start)

    @contextmanager
    def _with_checkpoints(
        self, fitting: Fitting, rows: Rows, held: Rows | None, start: Values
    ) -> Iterator[Fitting]:
        """The same training; in a run of its own if there is a directory for that."""
        if self.model_dir is None:
            yield fitting
            return
        policy = runs.Policy(
            self.save_checkpoints_secs, self.save_checkpoints_steps, self.keep_checkpoint_max
        )
        name = self._run_name(fitting.setting, rows, held, start)
        private, every = self.random_state is not None, self.summary_steps
        with runs.Run(os.fspath(self.model_dir), name, policy) as run:
            if every is None:
                yield fitting.saved_in(run, None, private=private)
                return
            with summaries.Summaries(run.directory, every) as told:
                yield fitting.saved_in(run, told, private=private)

    def _run_name(self, setting: Setting, rows: Rows, held: Rows | None, start: Values) -> str:
        """What trainings with the same result are called."""
        kind, parameters = type(self), self.get_params(deep=False)
        for name in _WITHOUT_EFFECT:
            del parameters[name]
        data = [[part.features.arrays(), part.labels, part.weight] for part in (rows, held) if part]
        spec, head = setting.network.spec, setting.head
        found = digests.digest(runs.FORMAT, kind, parameters, spec, head, data, start)
        return f"{kind.__name__}-{found}"

    def _search(self, fitting: Fitting, rows: Rows, start: Values) -> tuple[Values, History]:
        """The values that L-BFGS finds."""
        return fitting.at_once(rows, start)

    def _keep(self, model: Model, facts: Mapping[str, Any], history: History) -> None:
        """Become what was fitted."""
        if not all_finite(list(model.values.values())):
            raise ValueError(_NOT_FINITE)
        self.__dict__.update(facts)
        self._model = model
        self._rng: RandomState | None = None
        self._state: State | None = None
        self.n_iter_ = history.n_iter
        self.loss_ = history.losses[-1]
        self.loss_curve_ = history.losses
        self.validation_scores_ = history.scores or None
        self.best_iter_ = history.best_iter
        self.history_ = history.table()
        if history.reason in ("max_iter", "max_time"):
            limit = "iterations" if history.reason == "max_iter" else "time"
            most = self.max_iter if history.reason == "max_iter" else f"{self.max_time} s"
            warnings.warn(
                f"Maximum {limit} ({most}) reached and the optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=4,
            )

    # ---- what follows from a fit -------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is a model to predict with."""
        return hasattr(self, "_model")

    def _fitted(self) -> Model:
        """The model, or the error that there is none."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)
        return self._model

    def _for_attribute(self, name: str) -> Model:
        """The model that an attribute shows, which there is only after `fit`."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}: it is not fitted yet."
            )
        return self._model

    def _outputs(self, X: Any) -> Array:
        """The network's outputs, of shape (n, outputs)."""
        model = self._fitted()
        features = model.columns.transform(self, X)
        return network_outputs(model.network, features, model.values)

    def get_variable_names(self) -> list[str]:
        """The names of the network's variables.

        Returns
        -------
        list of str
        """
        return list(self._fitted().values)

    def get_variable_value(self, name: str) -> Array:
        """The trained value of a variable.

        Parameters
        ----------
        name : str
            One of `get_variable_names`.

        Returns
        -------
        ndarray
            A copy.

        Raises
        ------
        ValueError
            If there is no such variable.
        """
        values = self._fitted().values
        if name not in values:
            raise ValueError(f"There is no variable {name!r}. There are: {', '.join(values)}.")
        return values[name].copy()

    @property
    def graph_(self) -> tf.Graph:
        """The graph that predicts; all models of one architecture share it."""
        return predictor(self._for_attribute("graph_").network).graph

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


@dataclass(kw_only=True, eq=False, repr=False)
class OneOptimizer(NetworkEstimator):
    """An estimator all of whose variables are trained by one optimizer."""

    optimizer: Any = "Adam"
    learning_rate: Any = 0.001

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "optimizer": OPTIMIZER,
        "learning_rate": LEARNING_RATE,
    }

    def _recipes(self) -> tuple[Recipe, ...]:
        if isinstance(self.optimizer, str) and self.optimizer == FULL_BATCH:
            return ()
        return (Recipe(self.optimizer, self.learning_rate),)


def _check_same(network: Network, before: Model | None) -> None:
    """Raise unless a training can go on where another one ended."""
    if before is not None and network != before.network:
        raise ValueError(
            "With warm_start=True the network must stay the same, but since the last fit it "
            f"changed from {before.network} to {network}."
        )
