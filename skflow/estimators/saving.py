"""Saving a fitted estimator: a checkpoint, the graph that predicts, and what else it is as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

import skflow as tf
from skflow import compat, proto
from skflow.estimators.features import FeatureTensors
from skflow.estimators.json_writer import JsonWriter
from skflow.estimators.networks import Network
from skflow.io import crc, files
from skflow.io.bundle_writer import BundleWriter
from skflow.io.commit import commit

Array = NDArray[Any]

FORMAT: Final = 1
JSON_ENDING: Final = ".json"
GRAPH_ENDING: Final = ".meta"

# Names in the checkpoint that no operation of a graph can have.
CHECKSUM: Final = "_fit/json_crc32c"
ARRAYS: Final = "_fit/arrays/"
STREAMS: Final = "_fit/streams/"

# Attributes that have a place of their own in the file, and the starts of those of scikit-learn's
# that are no result of a fit.
PLACED: Final = ("_model", "_rng", "_state")
NO_FACTS: Final = ("__", "_sk", "_metadata_request", "_callback", "_parent_callback")

# Collections of the graph that predicts.
FEATURES: Final = "features"
OUTPUTS: Final = "outputs"


def save(estimator: Any, path: str | os.PathLike[str]) -> str:
    """Save a fitted estimator (see `SavingSupport.save`)."""
    check_is_fitted(estimator)
    estimator._validate_params()
    prefix = _checked_prefix(path)
    text, tensors = _contents(estimator)
    graph = prediction_graph(estimator._model.network)
    with commit(prefix) as transaction:
        bundle = BundleWriter(transaction)
        for name, value in tensors:
            bundle.add(name, value)
        bundle.add(CHECKSUM, np.int64(crc.masked(text)))
        bundle.finish()
        transaction.create(GRAPH_ENDING).write(graph.SerializeToString(deterministic=True))
        transaction.create(JSON_ENDING).write(text)
    return prefix


def _checked_prefix(path: str | os.PathLike[str]) -> str:
    prefix = compat.as_str(os.fspath(path))
    directory, name = os.path.split(prefix)
    if not name:
        raise ValueError(f"The path must end with a name for the files, got {prefix!r}.")
    if not files.current().is_directory(directory):
        raise ValueError(f"Parent directory of {prefix} doesn't exist, can't save.")
    return prefix


def _contents(estimator: Any) -> tuple[bytes, Iterator[tuple[str, Array]]]:
    """The text, and the tensors of the checkpoint by name."""
    writer = JsonWriter()
    model, state = estimator._model, estimator._state
    document = {
        "format": FORMAT,
        "class": _class(type(estimator), writer),
        "parameters": {
            name: writer.write(value, f"the parameter {name!r}")
            for name, value in estimator.get_params(deep=False).items()
        },
        "facts": {
            name: writer.write(value, f"the attribute {name!r}")
            for name, value in facts(estimator).items()
        },
        "requests": {
            method: writer.write(asked, "a metadata request")
            for method, asked in _requests(estimator).items()
        },
        "model": {
            "network": writer.write(model.network, "the fitted network"),
            "head": writer.write(model.head, "the fitted model"),
            "columns": writer.columns(model.columns, "the fitted model"),
            "variables": list(model.values),
        },
        "training": {
            "random_state": writer.write(estimator._rng, "the random state"),
            "state": None
            if state is None
            else {
                "slots": list(state.slots),
                "streams": list(state.streams),
                "rates": writer.write(list(state.rates), "the learning rates"),
            },
        },
    }
    text = json.dumps(document, allow_nan=False).encode() + b"\n"
    return text, _tensors(model.values, state, writer.arrays)


def _class(kind: type, writer: JsonWriter) -> Any:
    """One of this package by its name, another one as something that whoever loads must have."""
    ours = kind.__module__.startswith("skflow.")
    return kind.__name__ if ours else writer.write(kind, "the estimator's class")


def _tensors(
    values: Mapping[str, Array], state: Any, arrays: list[Array]
) -> Iterator[tuple[str, Array]]:
    yield from values.items()
    if state is not None:
        yield from state.slots.items()
        for name, stream in state.streams.items():
            yield STREAMS + name, stream
    for number, array in enumerate(arrays):
        yield f"{ARRAYS}{number}", np.frombuffer(array.tobytes(), np.uint8)


def facts(estimator: Any) -> dict[str, Any]:
    """What a fit has left in an estimator's attributes, but for what follows from the rest.

    Parameters
    ----------
    estimator : NetworkEstimator
        It is fitted.

    Returns
    -------
    dict of str to object
    """
    parameters = estimator.get_params(deep=False)
    derived = derived_facts(estimator)
    return {
        name: value
        for name, value in vars(estimator).items()
        if not (name in parameters or name in PLACED or name.startswith(NO_FACTS))
        and not (name in derived and value is derived[name])
    }


def derived_facts(estimator: Any) -> dict[str, Any]:
    """The attributes that follow from the others.

    Parameters
    ----------
    estimator : NetworkEstimator
        It has a model, and classes if it is a classifier.

    Returns
    -------
    dict of str to object
    """
    found = {}
    classes = getattr(estimator, "_classes", None)
    if classes is not None:
        found["classes_"] = classes.attribute()
    if estimator._model.columns.inputs is not None:
        found["feature_names_in_"] = estimator._model.columns.inputs
    return found


def _requests(estimator: Any) -> dict[str, dict[str, Any]]:
    """What the user has asked of scikit-learn's metadata routing, by method."""
    if "_metadata_request" not in vars(estimator):
        return {}
    methods = vars(estimator.get_metadata_routing()).items()
    asked = {name: dict(getattr(request, "requests", {})) for name, request in methods}
    return {name: requests for name, requests in asked.items() if requests}


def prediction_graph(network: Network) -> proto.MetaGraphDef:
    """The graph that computes a network's outputs, with what restores its variables.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    MetaGraphDef
        In its collections ``"features"`` are the placeholders, in the order of
        `Features.arrays`, and in ``"outputs"`` is the tensor of the outputs, (n, outputs).

    Raises
    ------
    ValueError
        If there are operations in it that no file can hold.
    """
    with tf.Graph().as_default() as graph:
        features = FeatureTensors.placeholders(network.spec)
        outputs = tf.identity(network(features, training=False), OUTPUTS)
        graph.get_collection_ref(FEATURES)[:] = features.feeds()
        graph.get_collection_ref(OUTPUTS)[:] = [outputs]
        saver = tf.train.Saver(allow_empty=True)
        return tf.train.export_meta_graph(
            saver_def=saver.as_saver_def(),
            collection_list=[
                tf.GraphKeys.GLOBAL_VARIABLES,
                tf.GraphKeys.TRAINABLE_VARIABLES,
                FEATURES,
                OUTPUTS,
            ],
        )
