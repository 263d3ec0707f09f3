"""Parameters are checked before a fit, and not again by the functions that the fit calls."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from sklearn import config_context, get_config

Method = TypeVar("Method", bound=Callable[..., Any])
_SKIP = "skip_parameter_validation"


def validated(method: Method) -> Method:
    """Let `fit` or `partial_fit` check the estimator's parameters before anything else.

    Parameters
    ----------
    method : callable
        The method; of ``partial_fit`` only the first call checks.

    Returns
    -------
    callable
        The method that checks.

    Notes
    -----
    scikit-learn's own decorator, which is not public, does the same and tears callbacks down,
    which is left to `EpochCallbacks` here: it imports all callbacks at each fit, and with them a
    library for progress bars.
    """

    @functools.wraps(method)
    def checked(estimator: Any, *args: Any, **kwargs: Any) -> Any:
        again = method.__name__ == "partial_fit" and estimator.__sklearn_is_fitted__()
        if not again and not get_config()[_SKIP]:
            estimator._validate_params()
        with config_context(**{_SKIP: True}):
            return method(estimator, *args, **kwargs)

    return checked  # type: ignore[return-value]
