"""Loading a saved estimator: everything in the files is checked, and nothing of them is run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context

from skflow import compat, errors
from skflow.estimators.base import NetworkEstimator
from skflow.estimators.combined import DNNLinearCombinedClassifier, DNNLinearCombinedRegressor
from skflow.estimators.custom import GraphClassifier, GraphRegressor
from skflow.estimators.dnn import DNNClassifier, DNNRegressor
from skflow.estimators.json_reader import UNREADABLE, JsonReader, custom_names
from skflow.estimators.linear import LinearClassifier, LinearRegressor
from skflow.estimators.loaded_checks import check_facts, check_model
from skflow.estimators.model_function import GraphNetwork
from skflow.estimators.models import Model
from skflow.estimators.saving import (
    ARRAYS,
    CHECKSUM,
    FORMAT,
    JSON_ENDING,
    NO_FACTS,
    PLACED,
    STREAMS,
    derived_facts,
)
from skflow.estimators.training import State
from skflow.io import crc, files
from skflow.io.bundle_reader import BundleReader

Array = NDArray[Any]

_CLASSES: Final[Mapping[str, type[NetworkEstimator]]] = {
    kind.__name__: kind
    for kind in (
        DNNClassifier,
        DNNLinearCombinedClassifier,
        DNNLinearCombinedRegressor,
        DNNRegressor,
        GraphClassifier,
        GraphRegressor,
        LinearClassifier,
        LinearRegressor,
    )
}

# Larger texts are no saved estimators: larger arrays lie beside them.
_MOST_BYTES: Final = 1 << 28


def load(path: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Load an estimator that its method `save` has written.

    Parameters
    ----------
    path : str or path-like
        What `save` was given.
    custom_objects : dict of str to object, optional
        The functions and classes that were given as parameters, and the estimator's class if
        it is not one of `skflow.estimators`, by their names.

    Returns
    -------
    estimator
        As it was: parameters, attributes and predictions are equal, and `partial_fit` goes on.

    Raises
    ------
    ValueError
        If the files make no sense, need a later version, or refer to what is not in
        `custom_objects`; the message says what to pass.
    DataLossError
        If a file is damaged.
    NotFoundError
        If a file does not exist.
    OpError
        If a file cannot be read.

    Notes
    -----
    Nothing is imported, run or unpickled at the files' word, and no other files are opened. But a
    model may say wrong things on purpose: load what you trust.

    Examples
    --------
    >>> import os, tempfile
    >>> from skflow.estimators import LinearRegressor, load
    >>> model = LinearRegressor().fit([[0.0], [1.0]], [1.0, 3.0])
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = model.save(os.path.join(directory, "line"))
    ...     load(path).predict([[2.0]]).round(6)
    array([5.])
    """
    prefix = compat.as_str(os.fspath(path))
    with _damage_told(), BundleReader(prefix, [JSON_ENDING]) as bundle:
        return _Loading(prefix, bundle, custom_objects or {}).estimator()


@contextmanager
def _damage_told() -> Iterator[None]:
    """Say of everything that damage brings about that it is damage."""
    try:
        yield
    except (
        errors.InternalError,
        errors.InvalidArgumentError,
        errors.OutOfRangeError,
        errors.UnimplementedError,
    ) as error:
        raise errors.DataLossError(None, None, error.message) from error


class _Loading:
    """The parts of one saved estimator."""

    def __init__(self, prefix: str, bundle: BundleReader, custom: Mapping[str, Any]) -> None:
        self._prefix, self._bundle, self._custom = prefix, bundle, custom
        self._where = prefix + JSON_ENDING
        self._reader = JsonReader(custom, self._where, self._stored)

    def _wrong(self, what: str) -> NoReturn:
        raise self._reader.wrong(what)

    def estimator(self) -> NetworkEstimator:
        """The estimator."""
        document = self._document()
        missing = sorted(custom_names(document) - set(self._custom))
        if missing:
            wanted = ", ".join(f"{name!r}: {name}" for name in missing)
            raise ValueError(
                f"{self._where} refers to functions or classes that are not part of it. Pass "
                f"them: load({self._prefix!r}, custom_objects={{{wanted}}})."
            )
        try:
            return self._made(document)
        except UNREADABLE as error:
            if str(error).startswith(self._where):
                raise
            raise ValueError(f"{self._where}: {error}") from error

    def _document(self) -> dict[str, Any]:
        """The text, its checksum compared."""
        text = files.content(self._bundle.companions[JSON_ENDING], _MOST_BYTES)
        checksum = self._tensor(CHECKSUM)
        if checksum.shape != () or checksum != crc.masked(text):
            message = f"{self._where}; it is damaged, or belongs to another save"
            raise errors.DataLossError(None, None, message)
        try:
            found = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_not_a_number)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{self._where} holds no JSON of an estimator: {error}") from error
        version = found.get("format") if isinstance(found, dict) else None
        if type(version) is not int or version < 1:
            self._wrong("no number of its format")
        if version > FORMAT:
            raise ValueError(
                f"{self._where} has the format {version}, which a later version of skflow reads; "
                f"this one reads formats up to {FORMAT}."
            )
        return self._keys(found, "format", *_PARTS)

    def _keys(self, found: Any, *names: str) -> dict[str, Any]:
        if not isinstance(found, dict) or found.keys() != set(names):
            self._wrong(f"something else where {', '.join(names)} should be")
        return found

    def _made(self, document: dict[str, Any]) -> NetworkEstimator:
        estimator = self._class(document["class"])(**self._mapping(document["parameters"]))
        estimator._validate_params()
        self._ask(estimator, self._mapping(document["requests"]))
        estimator._model = self._model(document["model"])
        check_model(estimator._model, estimator)
        facts = self._mapping(document["facts"])
        self._check_names(estimator, facts)
        estimator._rng, estimator._state = self._training(document["training"])
        estimator.__dict__.update(facts)
        for name, value in derived_facts(estimator).items():
            estimator.__dict__.setdefault(name, value)
        check_facts(estimator)
        return estimator

    def _mapping(self, found: Any) -> dict[str, Any]:
        if not isinstance(found, dict):
            self._wrong("a list where names should be")
        return {name: self._reader.read(value) for name, value in found.items()}

    def _class(self, found: Any) -> type[NetworkEstimator]:
        if isinstance(found, str):
            if found not in _CLASSES:
                self._wrong(f"an estimator of the unknown class {found!r}")
            return _CLASSES[found]
        kind = self._reader.read(found)
        if not (isinstance(kind, type) and issubclass(kind, NetworkEstimator)):
            self._wrong(f"{kind!r} as the estimator's class, which must be a NetworkEstimator")
        return kind

    def _ask(self, estimator: NetworkEstimator, requests: dict[str, Any]) -> None:
        """Ask again of metadata routing what the user had asked of it."""
        with config_context(enable_metadata_routing=True):
            for method, asked in requests.items():
                if method not in _ROUTED:
                    self._wrong(f"a request for {method!r}")
                getattr(estimator, f"set_{method}_request")(**asked)

    def _check_names(self, estimator: NetworkEstimator, facts: Mapping[str, Any]) -> None:
        """Only what a fit may leave: nothing that stands in the way of the class's own."""
        for name in facts:
            taken = name in PLACED or name in vars(estimator) or hasattr(type(estimator), name)
            if taken or name.startswith(NO_FACTS) or not name.isidentifier():
                self._wrong(f"the attribute {name!r}")

    def _model(self, found: Any) -> Model:
        parts = self._keys(found, "network", "head", "columns", "variables")
        network, head = self._reader.read(parts["network"]), self._reader.read(parts["head"])
        columns = self._reader.columns(parts["columns"])
        if isinstance(network, GraphNetwork):
            # Today's graph of the function, which the user has passed.
            network = GraphNetwork.of(network.spec, network.head, network.model_fn, network.params)
        values = self._tensors(parts["variables"])
        return Model(network, head, columns, values)

    def _training(self, found: Any) -> tuple[np.random.RandomState | None, State | None]:
        parts = self._keys(found, "random_state", "state")
        rng = self._reader.read(parts["random_state"])
        if not (rng is None or isinstance(rng, np.random.RandomState)):
            self._wrong("another random state than RandomState")
        if parts["state"] is None:
            return rng, None
        state = self._keys(parts["state"], "slots", "streams", "rates")
        streams = self._tensors(state["streams"], STREAMS)
        if not all(s.shape == (3,) and s.dtype == np.int64 for s in streams.values()):
            self._wrong("a random stream that is not three whole numbers")
        rates = self._reader.read(state["rates"])
        if not isinstance(rates, list) or not all(type(rate) is float for rate in rates):
            self._wrong("learning rates that are no numbers")
        return rng, State(self._tensors(state["slots"]), streams, rates)

    # ---- the checkpoint ----------------------------------------------------------------

    def _tensors(self, names: Any, start: str = "") -> dict[str, Array]:
        """Some of the checkpoint's tensors by their names, which begin alike."""
        known = isinstance(names, list) and all(isinstance(name, str) for name in names)
        if not known or len(set(names)) != len(names):
            self._wrong("no list of names")
        found = {name: self._tensor(start + name) for name in names}
        # As a session gives them: a single number is no array.
        return {n: v[()] if v.dtype != object else v for n, v in found.items()}

    def _tensor(self, name: str) -> Array:
        if name not in self._bundle:
            message = f"{self._prefix} has no tensor {name!r}: it is not of a saved estimator"
            raise errors.DataLossError(None, None, message)
        found: Array = self._bundle.read(name)
        return found

    def _stored(self, number: Any) -> Array:
        """The bytes of an array that lies beside the text."""
        if type(number) is not int:
            self._wrong(f"{number!r} as the number of an array")
        found = self._tensor(f"{ARRAYS}{number}")
        if found.dtype != np.uint8 or found.ndim != 1:
            self._wrong(f"the array {number}, which is not one of bytes")
        return found


_PARTS: Final = ("class", "parameters", "facts", "requests", "model", "training")

# The methods that take metadata.
_ROUTED: Final = ("fit", "partial_fit", "score")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a key stands twice in {sorted(name for name, _ in pairs)[:10]}")
    return found


def _not_a_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
