"""The records that saved estimators may hold, and whether their fields are of the right kinds."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from numbers import Integral, Real
from typing import Any, ClassVar, Final, Union, get_args, get_origin, get_type_hints

import numpy as np

from skflow.estimators import schedules
from skflow.estimators.classes import Classes
from skflow.estimators.classification_heads import (
    BinaryHead,
    MulticlassHead,
    MultilabelHead,
    MultioutputHead,
)
from skflow.estimators.features import FeatureSpec
from skflow.estimators.model_function import GraphNetwork
from skflow.estimators.networks import FeedForward, Linear, WideAndDeep
from skflow.estimators.regression_head import RegressionHead

RECORDS: Final[Mapping[str, type]] = {
    kind.__name__: kind
    for kind in (
        BinaryHead,
        Classes,
        FeatureSpec,
        FeedForward,
        GraphNetwork,
        Linear,
        MulticlassHead,
        MultilabelHead,
        MultioutputHead,
        RegressionHead,
        WideAndDeep,
        schedules.CosineDecay,
        schedules.ExponentialDecay,
        schedules.InverseTimeDecay,
        schedules.NaturalExpDecay,
        schedules.PiecewiseConstantDecay,
        schedules.PolynomialDecay,
    )
}


def fields_of(record: Any) -> dict[str, Any]:
    """The fields of a record by name."""
    return {f.name: getattr(record, f.name) for f in dataclasses.fields(record)}


def make_record(name: str, fields: Mapping[str, Any]) -> Any:
    """Make a record of fields that are of the kinds that it says.

    Parameters
    ----------
    name : str
        Its class, in `RECORDS`.
    fields : dict of str to object
        All fields without a default, and no others than it has.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If there is no such record.
    TypeError
        If a field is missing, not known, or of another kind.
    """
    if name not in RECORDS:
        raise ValueError(f"there is no record called {name!r}")
    made = RECORDS[name](**fields)
    for field, hint in _hints(name).items():
        value = getattr(made, field)
        if not conforms(value, hint):
            raise TypeError(f"{field} of {name} is {value!r:.100}")
    return made


@lru_cache(maxsize=len(RECORDS))
def _hints(name: str) -> dict[str, Any]:
    hints = get_type_hints(RECORDS[name])
    return {k: h for k, h in hints.items() if get_origin(h) is not ClassVar}


def conforms(value: Any, hint: Any) -> bool:
    """Whether a value is of the kind that a type hint says.

    Parameters
    ----------
    value : object
        The value.
    hint : type
        Of classes, unions, and the generic types that are used in `RECORDS`. Whole numbers are
        also numbers, and NumPy's scalars are what Python's are.

    Returns
    -------
    bool
    """
    if hint is Any:
        return True
    if hint is None:
        return value is None
    origin, arguments = get_origin(hint), get_args(hint)
    if hasattr(origin, "__value__"):  # a named type, such as NumPy's for arrays from Python 3.12 on
        return conforms(value, origin.__value__)
    if origin in (Union, types.UnionType):
        return any(conforms(value, a) for a in arguments)
    if origin is not None:
        return _conforms_to_generic(value, origin, arguments)
    if hint is bool:
        return isinstance(value, (bool, np.bool_))
    if hint in (int, float):
        kind = Integral if hint is int else Real
        return isinstance(value, kind) and not isinstance(value, (bool, np.bool_))
    return isinstance(value, hint)


def _conforms_to_generic(value: Any, origin: Any, arguments: tuple[Any, ...]) -> bool:
    if origin is Callable:
        return callable(value)
    if origin is np.ndarray:
        return isinstance(value, np.ndarray)
    if issubclass(origin, Mapping):
        key, item = arguments
        return isinstance(value, Mapping) and all(
            conforms(k, key) and conforms(v, item) for k, v in value.items()
        )
    if not isinstance(value, origin) or isinstance(value, str):
        return False
    if origin is tuple and arguments[-1] is not Ellipsis:
        return len(value) == len(arguments) and all(map(conforms, value, arguments))
    assert issubclass(origin, Sequence)
    return all(conforms(v, arguments[0]) for v in value)
