"""Keywords of later TensorFlow versions are accepted; the signature shown is TensorFlow 1.1.0's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def later_keywords(function: Function) -> Function:
    """Hide a function's keyword-only parameters from `inspect.signature`.

    Parameters
    ----------
    function : callable
        A function whose keyword-only parameters came after TensorFlow 1.1.0.

    Returns
    -------
    callable
        The same function.
    """
    shown = inspect.signature(function)
    kept = [p for p in shown.parameters.values() if p.kind is not p.KEYWORD_ONLY]
    function.__signature__ = shown.replace(parameters=kept)  # type: ignore[attr-defined]
    return function
