"""Whether a model is what it was."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.estimators.cases import X, outputs


def picture(model: Any) -> dict[str, Any]:
    """All attributes of a model but its parameters, arrays as bytes."""
    parameters = model.get_params(deep=False)
    shown = {k: copy.deepcopy(v) for k, v in vars(model).items() if k not in parameters}
    fitted = shown.pop("_model", None)
    if fitted is not None:
        names = model.get_variable_names()
        shown["_model"] = {n: model.get_variable_value(n).tobytes() for n in names}
        shown["_model's looks"] = (fitted.network, fitted.head)
    shown["_rng"] = repr(shown.get("_rng") and shown["_rng"].get_state())
    shown["_state"] = repr(shown.get("_state"))
    classes = shown.pop("_classes", None)
    shown["_classes"] = classes and [known.tolist() for known in classes.known]
    return {k: repr(v) for k, v in shown.items()}


@contextmanager
def nothing_changes(model: Any) -> Iterator[None]:
    """Neither attributes, which stay the same objects, nor predictions change in a block."""
    parameters = set(model.get_params(deep=False))
    attributes = {k: v for k, v in vars(model).items() if k not in parameters}
    before, seen = picture(model), outputs(model, X)
    yield
    assert {k: v for k, v in vars(model).items() if k not in parameters}.keys() == attributes.keys()
    assert all(getattr(model, k) is v for k, v in attributes.items())
    assert picture(model) == before
    assert (outputs(model, X) == seen).all()
