"""What classifiers share: classes, losses, probabilities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, compute_sample_weight
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_non_negative

from skflow.estimators.base import NetworkEstimator
from skflow.estimators.heads import Head
from skflow.estimators.models import Targets
from skflow.estimators.validation import validated
from skflow.graph.lazy import LazyModule

if TYPE_CHECKING:
    from skflow.estimators import classes as labelling
    from skflow.estimators.classes import Classes
else:
    labelling = LazyModule("skflow.estimators.classes")

Array = NDArray[Any]

_NO_BALANCE: Final = (
    "class_weight 'balanced' is not supported for partial_fit. In order to use 'balanced' "
    "weights, use compute_class_weight('balanced', classes=classes, y=y). In place of y you can "
    "use a large enough sample of the full training set target to properly estimate the class "
    "frequency distributions. Pass the resulting weights as the class_weight parameter."
)


def _has_probabilities(estimator: Any) -> bool:
    loss = estimator._model.head.loss if estimator.__sklearn_is_fitted__() else estimator.loss
    if isinstance(loss, str) and loss == "hinge":
        raise AttributeError("probability estimates are not available for loss='hinge'")
    return True


def _steps_on_batches(estimator: Any) -> bool:
    return bool(estimator._steps_on_batches())


@dataclass(kw_only=True, eq=False, repr=False)
class NetworkClassifier(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]
    """An estimator of classes."""

    loss: Any = "log"
    class_weight: Any = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [StrOptions({"log", "hinge", "focal"}), callable],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    # ---- predictions -------------------------------------------------------------------

    def predict(self, X: Any) -> Array:
        """Predict the likeliest classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        outputs = self._outputs(X)
        classes: Classes = self._classes
        return classes.decoded(self._model.head.codes(outputs))

    def decision_function(self, X: Any) -> Any:
        """The network's outputs, which are log odds.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes), or list of these
            For two classes those of the second against the first; a list for several targets.
        """
        outputs = self._outputs(X)
        return self._model.head.decision(outputs)

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Any:
        """The probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of these
            In the order of `classes_`; a list for several targets of many classes.
        """
        outputs = self._outputs(X)
        return self._model.head.probabilities(outputs)

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> Any:
        """The logarithms of the probabilities, which are right where these underflow.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of these
        """
        outputs = self._outputs(X)
        return self._model.head.log_probabilities(outputs)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The accuracy; with several targets all of a row's must be right.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The true classes.
        sample_weight : array-like of shape (n_samples,), optional
            How many times each row counts.

        Returns
        -------
        float
        """
        predicted = self.predict(X)
        if predicted.ndim == 2 and not self._classes.multilabel:
            right = (predicted == np.asarray(y)).all(axis=1)
            return float(np.average(right, weights=sample_weight))
        return float(super().score(X, y, sample_weight))

    # ---- fit ---------------------------------------------------------------------------

    @available_if(_steps_on_batches)  # type: ignore[untyped-decorator]
    @validated
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """Make one pass over some rows, going on where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The classes.
        classes : array-like, optional
            Classes to expect beside those in `y`; a list of them for several targets. New ones
            may also come in later calls: they get outputs of their own then.
        sample_weight : array-like of shape (n_samples,), optional
            How many times each row counts; by default once.

        Returns
        -------
        self : object
            The estimator, which keeps the optimizer's state for the next call.
        """
        if self.class_weight == "balanced":
            raise ValueError(_NO_BALANCE)
        return self._partial_fit(
            X, y, sample_weight, lambda dtype: self._more_targets(y, dtype, classes)
        )

    def _targets(self, y: Any, dtype: Any, known: Head | None) -> Targets:
        y = labelling.checked(self, y)
        classes = labelling.Classes.of(y)
        if known is not None:
            before = self._classes
            if not _alike(before, classes):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the "
                    f"previous call to fit. Previously got {before.attribute()}, `y` has "
                    f"{classes.attribute()}"
                )
        return self._encoded(y, dtype, classes)

    def _more_targets(self, y: Any, dtype: Any, expected: Any) -> Targets:
        """Targets that may have classes not seen before."""
        y = labelling.checked(self, y)
        before = self._classes if self.__sklearn_is_fitted__() else None
        classes = labelling.Classes.of(y) if before is None else before.with_those_of(y)
        if expected is not None:
            classes = classes.expecting(expected)
        targets = self._encoded(y, dtype, classes)
        return replace(targets, places=None if before is None else before.places(classes))

    def _encoded(self, y: Array, dtype: Any, classes: Classes) -> Targets:
        facts = {
            "_classes": classes,
            "classes_": classes.attribute(),
            "n_outputs_": classes.targets,
        }
        return Targets(classes.head(self.loss), classes.codes(y, dtype), facts)

    def _labels(self, y: Any, dtype: Any, targets: Targets) -> Array:
        classes: Classes = targets.facts["_classes"]
        return classes.codes(labelling.checked(self, y), dtype)

    def _row_weights(self, y: Any, weight: Array | None, dtype: Any) -> Array | None:
        if self.class_weight is None:
            return weight
        y = labelling.checked(self, y)
        if isinstance(self.class_weight, str) and y.ndim == 1:
            found = _balanced(y, weight)
        else:
            found = _weights_of_classes(self.class_weight, y)
        found = found if weight is None else found * weight
        return np.asarray(found.astype(dtype))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.classifier_tags.multi_label = True
        return tags


def _alike(a: Classes, b: Classes) -> bool:
    return a.sizes == b.sizes and all(
        np.array_equal(x, y) for x, y in zip(a.known, b.known, strict=True)
    )


def _weights_of_classes(class_weight: Any, y: Array) -> Array:
    """For each row what its class counts, or the product over its classes."""
    if isinstance(class_weight, list) and y.ndim == 1:
        raise ValueError(
            "For a single target class_weight should be a dict or the string 'balanced', got "
            f"{class_weight!r}."
        )
    found = np.asarray(compute_sample_weight(class_weight, y))
    assert_all_finite(found, input_name="class_weight")
    check_non_negative(found, "`class_weight`")
    return found


def _balanced(y: Array, weight: Array | None) -> Array:
    """For each row, the weight that makes all classes count alike."""
    classes, codes = np.unique(y, return_inverse=True)
    totals = np.bincount(codes, weights=weight, minlength=len(classes)).astype(np.float64)
    present = totals > 0
    factors = np.zeros(len(classes))
    factors[present] = totals.sum() / (len(classes) * totals[present])
    return factors[codes]
