"""scikit-learn's callbacks on a fit and its epochs, where scikit-learn has them (from 1.9 on)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

from skflow.graph.lazy import LazyModule

# It imports all of rich, for the progress bar among the callbacks: 2 MB that few fits need.
_callback = LazyModule("sklearn.callback")

Attributes = Callable[[], Mapping[str, Any]]


class CallbackSupport:
    """Base of estimators that take callbacks; without scikit-learn 1.9 it adds nothing.

    It has the methods of scikit-learn's `CallbackSupportMixin`, by which scikit-learn knows such
    estimators, and asks that for them at first use.
    """

    if find_spec("sklearn.callback") is not None:

        def set_callbacks(self, *callbacks: Any) -> Self:
            """Set the callbacks that follow the estimator's fits.

            Parameters
            ----------
            *callbacks : object
                Those of scikit-learn, or others that follow its protocol; none to remove them.

            Returns
            -------
            self : object
                The estimator.

            Raises
            ------
            TypeError
                If one of them is no callback.
            """
            return _callback.CallbackSupportMixin.set_callbacks(self, *callbacks)  # type: ignore[no-any-return]

        def _init_callback_context(self, **options: Any) -> Any:
            """What is told of a fit; the callbacks are set up."""
            return _callback.CallbackSupportMixin._init_callback_context(self, **options)


def _nothing(estimator: CallbackSupport) -> None:
    """Leave it to the decorator to tear down what was set up."""


class EpochCallbacks:
    """Tells the callbacks of an estimator how its fit goes on.

    It is entered around a fit, so that callbacks are torn down however the fit ends. All that is
    done to the estimator must be undone outside, since tearing down needs it as it is.

    Parameters
    ----------
    estimator : CallbackSupport
        The estimator that is being fitted.
    max_subtasks : int or None
        The most epochs, or ``None`` if nobody knows.
    X, y : object
        The training data as the user gave them: callbacks score on them.
    metadata : dict, optional
        Keywords that a scorer takes beside them: ``{"sample_weight": ...}`` or nothing.
    task_name : str
        What one part of the fit is called.

    Notes
    -----
    Without callbacks nothing is called and nothing evaluated.

    A callback that looks at the model is given a copy of the estimator with other attributes.
    `attributes` functions give those; they are only called for such a callback.
    """

    def __init__(
        self,
        estimator: CallbackSupport,
        max_subtasks: int | None,
        X: Any,
        y: Any,
        metadata: Mapping[str, Any] | None = None,
        *,
        task_name: str = "epoch",
    ) -> None:
        self.active = bool(getattr(estimator, "_skl_callbacks", ()))
        self._estimator = estimator
        self._max_subtasks = max_subtasks
        self._given = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._task_name = task_name
        self._fit: Any = None
        self._epoch: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.active:
            _callback.with_callbacks(_nothing)(self._estimator)

    def begin(self) -> None:
        """The fit begins: callbacks are set up and told."""
        if self.active:
            self._fit = self._estimator._init_callback_context(max_subtasks=self._max_subtasks)
            self._fit.call_on_fit_task_begin(**self._given)

    def epoch_begin(self, attributes: Attributes | None = None) -> None:
        """An epoch begins; one that is still open goes on, as after a search that got nowhere.

        Parameters
        ----------
        attributes : callable, optional
            Gives the attributes with which the estimator predicts as if fit ended here.
        """
        if self.active and self._epoch is None:
            self._epoch = self._fit.subcontext(task_name=self._task_name)
            self._epoch.call_on_fit_task_begin(**self._given, reconstruction_attributes=attributes)

    def epoch_end(self, attributes: Attributes) -> bool:
        """The epoch ends.

        Parameters
        ----------
        attributes : callable
            Gives the attributes with which the estimator predicts as if fit ended here.

        Returns
        -------
        bool
            Whether a callback wants the fit to end.
        """
        if not self.active:
            return False
        epoch, self._epoch = self._epoch, None
        return bool(epoch.call_on_fit_task_end(**self._given, reconstruction_attributes=attributes))

    def end(self, attributes: Attributes = dict) -> None:
        """The fit ends.

        Parameters
        ----------
        attributes : callable
            As before; by default the estimator has all it needs by now.
        """
        if self.active:
            if self._epoch is not None:
                # A search may have begun an iteration that found nothing better.
                self._epoch.call_on_fit_task_end(estimator=self._estimator)
            self._fit.call_on_fit_task_end(**self._given, reconstruction_attributes=attributes)
