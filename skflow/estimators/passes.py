"""`partial_fit`: one pass over some rows, and another one later."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from skflow.estimators.fitting import Watch
from skflow.estimators.interrupts import deferred_interrupts
from skflow.estimators.models import Model, Targets, unchanged_on_error
from skflow.estimators.progress import Progress
from skflow.estimators.recipes import FULL_BATCH
from skflow.estimators.starts import Start
from skflow.train.loop import History, Limits


class PassSupport:
    """Base of `NetworkEstimator`, which has all else that is used here."""

    def _steps_on_batches(self: Any) -> bool:
        """Whether `partial_fit` is there."""
        if not self._recipes():
            raise AttributeError(
                "partial_fit is only available for optimizers that make steps on batches, not for "
                f"{FULL_BATCH!r}."
            )
        return True

    def _partial_fit(
        self: Any, X: Any, y: Any, sample_weight: Any, targets_in: Callable[[Any], Targets]
    ) -> Any:
        """Make one pass over some rows."""
        model = self._model if self.__sklearn_is_fitted__() else None
        if model is not None:
            self._validate_params()  # scikit-learn itself checks them in the first call only
        with (
            unchanged_on_error(self),
            deferred_interrupts() as interrupts,
            Progress(self.verbose, Limits(max_iter=1), passing=True) as progress,
        ):
            columns, targets, rows = self._rows(X, y, sample_weight, model, targets_in)
            network = self._network(columns, targets.head)
            watch = Watch(within=progress.within, interrupted=lambda: interrupts.requested)
            fitting = self._fitting(network, targets.head, rows, self._limits(), watch)
            before = None
            if model is not None:
                before = Start(model.values, self._state, targets.places)
                rng = fitting.rng if self._rng is None else copy.deepcopy(self._rng)
                fitting = replace(fitting, rng=rng)
            values, state, history = fitting.one_pass(rows, before)
            self._go_on(Model(network, targets.head, columns, values), targets.facts, history)
            self._rng, self._state = fitting.rng, state
            progress.passed(History(losses=self.loss_curve_))
        if interrupts.requested:
            warnings.warn("Training interrupted by user.", stacklevel=4)
        return self

    def _go_on(self: Any, model: Model, facts: Mapping[str, Any], history: History) -> None:
        """Become what one more pass has made of it."""
        before = dict(self.history_) if self.__sklearn_is_fitted__() else {}
        passes = len(before.get("epoch", ()))
        self._keep(model, facts, history)
        self.history_ = continued(before, self.history_)
        self.loss_curve_ = self.history_["loss"]
        self.n_iter_ = passes + 1
        self.best_iter_ = int(np.argmin(self.loss_curve_)) + 1


def continued(before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]) -> dict[str, Any]:
    """One history behind another; what only one of them has is not a number in the other.

    Parameters
    ----------
    before, after : dict of str to list
        Columns of equal length each, as `History.table` gives.

    Returns
    -------
    dict of str to list
    """
    passed = len(before.get("epoch", ()))
    added = len(after["epoch"])
    joined = {
        name: before.get(name, [math.nan] * passed) + after.get(name, [math.nan] * added)
        for name in {**before, **after}
    }
    joined["epoch"] = list(range(1, passed + added + 1))
    if passed:
        joined["seconds"][passed:] = [before["seconds"][-1] + s for s in after["seconds"]]
    return joined
