"""Whether the parts of a loaded estimator fit together, so that it works as fitted ones do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import skflow as tf
from skflow.estimators.classes import Classes
from skflow.estimators.classification import NetworkClassifier
from skflow.estimators.classification_heads import ClassificationHead
from skflow.estimators.columns import Columns
from skflow.estimators.combined import DNNLinearCombined
from skflow.estimators.custom import GraphModel
from skflow.estimators.dnn import DNN
from skflow.estimators.json_records import conforms
from skflow.estimators.linear import LinearModel
from skflow.estimators.losses import REGRESSION
from skflow.estimators.model_function import GraphNetwork
from skflow.estimators.networks import (
    ACTIVATIONS,
    FeedForward,
    Linear,
    Network,
    WideAndDeep,
    chosen_spec,
)
from skflow.estimators.regression import NetworkRegressor
from skflow.estimators.regression_head import RegressionHead
from skflow.estimators.training import predictor

Array = NDArray[Any]

# The networks that each family fits.
_NETWORKS: Final[Mapping[type, tuple[type[Network], ...]]] = {
    DNN: (FeedForward,),
    DNNLinearCombined: (WideAndDeep,),
    GraphModel: (GraphNetwork, Linear),
    LinearModel: (Linear,),
}

# The attributes that all fitted estimators have, and what they are.
_FACTS: Final[Mapping[str, Any]] = {
    "best_iter_": int,
    "history_": dict[str, list[float]],
    "loss_": float,
    "loss_curve_": list[float],
    "n_features_in_": int,
    "n_iter_": int,
    "n_outputs_": int,
    "validation_scores_": list[float] | None,
}
_OF_CLASSIFIERS: Final[Mapping[str, Any]] = {"_classes": Classes, "classes_": Any}
_OF_REGRESSORS: Final[Mapping[str, Any]] = {"_target_ndim": int}
_COURSE: Final = {"epoch", "loss", "seconds"}

_CLASS_LOSSES: Final = ("log", "hinge", "focal")


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(what)


def check_model(model: Any, estimator: Any) -> None:
    """Raise unless a model's parts are those of one model, and of the estimator's family.

    Parameters
    ----------
    model : Model
        The model.
    estimator : NetworkEstimator
        The estimator.

    Raises
    ------
    ValueError
        If they are not.
    """
    network, head, columns = model.network, model.head, model.columns
    kinds = [kinds for family, kinds in _NETWORKS.items() if isinstance(estimator, family)]
    _check(isinstance(network, kinds[0] if kinds else Network), "the network is of another family")
    if isinstance(estimator, NetworkClassifier):
        _check(isinstance(head, ClassificationHead), "the head is not one of classes")
        _check(callable(head.loss) or head.loss in _CLASS_LOSSES, "there is no such loss")
    else:
        _check(isinstance(head, RegressionHead), "the head is not one of quantities")
        _check_regression(head)
    _check(0 < head.outputs == network.outputs, "head and network have other numbers of outputs")
    _check_columns(columns)
    _check(network.spec == columns.spec, "columns and network do not fit together")
    _check_network(network, head, len(model.values))
    check_values(network, model.values)


def _check_regression(head: RegressionHead) -> None:
    known = callable(head.loss) or head.loss in REGRESSION or head.loss == "quantile"
    _check(known, "there is no such loss")
    _check(head.columns > 0, "there are no targets")
    _check(bool(head.quantiles) == (head.loss == "quantile"), "the quantiles have another loss")
    _check(all(0 < q < 1 for q in head.quantiles), "a quantile is not between 0 and 1")


def _check_columns(columns: Columns) -> None:
    spec, inputs = columns.spec, columns.inputs
    _check(conforms(columns.dtype, np.dtype), "the features' type is missing")
    _check(
        columns.dtype.name == spec.dtype and spec.dtype in ("float32", "float64"),
        "the features have another type",
    )
    _check(spec.numeric >= 0, "there are fewer than no numbers")
    width = spec.numeric + len(spec.categories)
    if inputs is not None:
        _check(
            inputs.shape == (width,) and inputs.dtype == object,
            "the features have other names",
        )
        _check(all(isinstance(name, str) for name in inputs), "a feature's name is no text")
    if columns.encoder is None:
        none = columns.numeric is None and columns.categorical is None and not spec.categories
        _check(none, "there are no categories")
        return
    _check(not spec.sparse, "categories beside a sparse matrix")
    known = tuple(len(known) for known in columns.encoder.categories_)
    _check(spec.categories == known, "the categories are not as many")
    for places, count in ((columns.numeric, spec.numeric), (columns.categorical, len(known))):
        _check(
            isinstance(places, np.ndarray)
            and places.shape == (count,)
            and places.dtype.kind == "i",
            "the columns have no places",
        )
    places = np.concatenate([columns.numeric, columns.categorical])
    _check(bool((np.sort(places) == np.arange(width)).all()), "two columns have one place")


def _check_network(network: Any, head: Any, variables: int) -> None:
    if isinstance(network, FeedForward):
        # Before its graph is built, which takes as long as there are layers.
        wanted = 2 * len(network.hidden_units) + len(network.spec.categories)
        _check(wanted < variables, "the network has other variables")
        _check(all(units > 0 for units in network.hidden_units), "a layer has no units")
        chosen = network.activation
        _check(chosen is None or callable(chosen) or chosen in ACTIVATIONS, "an unknown activation")
        _check(0 <= network.dropout < 1, "dropout is not between 0 and 1")
    if isinstance(network, WideAndDeep):
        parts = ((network.wide, network.wide_columns), (network.deep, network.deep_columns))
        for part, columns in parts:
            _check_places(network, columns)
            _check(part.spec == chosen_spec(network.spec, columns), "a part sees other columns")
            _check(part.outputs == network.outputs, "the parts have other numbers of outputs")
            _check_network(part, head, variables)
    if isinstance(network, GraphNetwork):
        _check(network.head == head, "the network has another head")


def _check_places(network: WideAndDeep, columns: Any) -> None:
    if columns is None:
        return
    counts = (network.spec.numeric, len(network.spec.categories))
    for places, count in zip(columns, counts, strict=True):
        _check(list(places) == sorted({*places}), "columns that are chosen twice")
        _check(all(0 <= place < count for place in places), "columns that are not there")
    _check(any(columns), "a part without columns")


def check_values(network: Network, values: Mapping[str, Array]) -> None:
    """Raise unless values are those of a network's variables.

    Parameters
    ----------
    network : Network
        Its graph is built, unless there is one already.
    values : dict of str to ndarray
        The values by the variables' names.

    Raises
    ------
    ValueError
        If a value is missing, not known, or of another shape or type.
    """
    graph = predictor(network).graph
    variables = {
        v.name.removesuffix(":0"): v for v in graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
    }
    if variables.keys() != values.keys():
        raise ValueError(f"the network has the variables {list(variables)}, not {list(values)}")
    for name, variable in variables.items():
        kind, shape = np.dtype(variable.dtype.base_dtype.as_numpy_dtype), variable.get_shape()
        found = np.asarray(values[name])
        if found.dtype != kind or not shape.is_compatible_with(found.shape):
            raise ValueError(
                f"the variable {name!r} is {kind} of shape {shape}, its value {found.dtype} of "
                f"shape {found.shape}"
            )


def check_facts(estimator: Any) -> None:
    """Raise unless the attributes that fits leave are there and fit to the model.

    Parameters
    ----------
    estimator : NetworkEstimator
        It has a model that fits together.

    Raises
    ------
    ValueError
        If they do not.
    """
    classifies = isinstance(estimator, NetworkClassifier)
    kinds = {**_FACTS, **(_OF_CLASSIFIERS if classifies else {})}
    if isinstance(estimator, NetworkRegressor):
        kinds.update(_OF_REGRESSORS)
    for name, kind in kinds.items():
        holds = hasattr(estimator, name) and conforms(getattr(estimator, name), kind)
        _check(holds, f"the attribute {name!r} is missing or of another kind")
    model, spec = estimator._model, estimator._model.columns.spec
    width = spec.numeric + len(spec.categories)
    _check(estimator.n_features_in_ == width, "there is another number of features")
    course = estimator.history_
    _check(course.keys() >= _COURSE, "the history has other columns")
    _check(len({len(column) for column in course.values()}) == 1, "the history is torn")
    if classifies:
        _check_classes(estimator._classes, model.head)
        _check(estimator.n_outputs_ == estimator._classes.targets, "another number of targets")
    elif isinstance(estimator, NetworkRegressor):
        _check(estimator.n_outputs_ == model.head.columns, "another number of targets")
        _check(estimator._target_ndim in (1, 2), "targets of other dimensions")
        _check(estimator._target_ndim == 2 or model.head.columns == 1, "targets in no vector")


def _check_classes(classes: Classes, head: ClassificationHead) -> None:
    known = classes.known
    _check(all(k.ndim == 1 and len(k) for k in known) and len(known) > 0, "there are no classes")
    _check(not (classes.single or classes.multilabel) or len(known) == 1, "too many targets")
    _check(classes.head(head.loss) == head, "the head is of other classes")
