"""How a user's columns become features: which hold categories, and how those are numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse
from sklearn.utils import _safe_indexing
from sklearn.utils._missing import is_pandas_na, is_scalar_nan
from sklearn.utils.validation import check_array, validate_data

from skflow.estimators.features import Features, FeatureSpec
from skflow.estimators.inputs import accepted_dtypes
from skflow.graph.lazy import LazyModule

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

Array = NDArray[Any]

_preprocessing = LazyModule("sklearn.preprocessing")  # only where there are categories

# What the encoder writes for values it does not know and for missing ones.
_UNKNOWN, _MISSING = -1, -2

# Numbers up to which asking scikit-learn costs more than looking at them.
_FEW: Final = 1 << 20

# What polars calls its types of categories.
_POLARS_TYPES: Final = ("String", "Utf8", "Categorical", "Enum", "Object")

# What pandas calls columns of objects that are all numbers.
_NUMBERS: Final = ("integer", "floating", "mixed-integer-float", "decimal", "boolean")


@dataclass(frozen=True, eq=False)
class Columns:
    """A user's columns, as they were at the fit.

    Attributes
    ----------
    spec : FeatureSpec
        What the features look like that they become.
    numeric : ndarray of int, optional
        The positions of the columns that hold numbers; ``None`` if all do.
    categorical : ndarray of int, optional
        The positions of those that hold categories.
    encoder : OrdinalEncoder, optional
        Numbers the categories.
    inputs : ndarray of str, optional
        The names of the columns, if they have any.
    dtype : numpy.dtype
        The numbers' type.
    """

    spec: FeatureSpec
    numeric: Array | None
    categorical: Array | None
    encoder: Any
    inputs: Array | None
    dtype: np.dtype[Any]

    @classmethod
    def fit(
        cls, estimator: BaseEstimator, X: Any, categorical_features: Any, dtype: Any
    ) -> tuple[Columns, Features]:
        """Learn what the columns are.

        Parameters
        ----------
        estimator : BaseEstimator
            Gets the number and the names of the columns.
        X : array-like, sparse matrix or data frame, shape (n, n_features)
            The rows to learn from.
        categorical_features : "from_dtype", None or array-like
            As in `categorical_columns`.
        dtype : dtype, optional
            As in `accepted_dtypes`.

        Returns
        -------
        columns : Columns
            What was learnt.
        features : Features
            The rows. Dense numbers that are in the right form already are not copied.

        Raises
        ------
        ValueError, TypeError
            If anything is not as it must be, in scikit-learn's words.
        """
        kinds = accepted_dtypes(dtype)
        chosen = categorical_columns(X, categorical_features)
        if chosen is None:
            features = Features(_numbers(estimator, X, kinds, reset=True))
            numeric = categorical = encoder = None
        else:
            numeric, categorical = np.flatnonzero(~chosen), np.flatnonzero(chosen)
            X = _table(estimator, X, reset=True)
            values = _categories(X, categorical)
            encoder = _new_encoder().fit(values)
            features = _mixed(estimator, X, numeric, values, encoder, kinds)
        names = getattr(estimator, "feature_names_in_", None)
        kind = features.numeric.dtype
        return cls(features.spec, numeric, categorical, encoder, names, kind), features

    def transform(self, estimator: BaseEstimator, X: Any) -> Features:
        """Turn other rows of the same columns into features.

        Parameters
        ----------
        estimator : BaseEstimator
            The one they were fitted for.
        X : array-like, sparse matrix or data frame, shape (n, n_features)
            The rows. They may be sparse where those of the fit were dense and the other way
            round: the features are as the rows are.

        Returns
        -------
        Features
            In the type of the fit. A category that was not seen there has the code of unknown
            ones, and so has a missing one if none was missing there.

        Raises
        ------
        ValueError, TypeError
            If anything is not as it must be, in scikit-learn's words.
        """
        if self.encoder is None:
            if self._is_ready(X):
                return Features(X)
            return Features(_numbers(estimator, X, self.dtype, reset=False))
        X = _table(estimator, X, reset=False)
        values = _categories(X, self.categorical)
        return _mixed(estimator, X, self.numeric, values, self.encoder, self.dtype)

    def _is_ready(self, X: Any) -> bool:
        """Whether there are few numbers, in which scikit-learn would find nothing to change.

        Its own look at a single row takes longer than a small network.
        """
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and 0 < X.size <= _FEW
            and X.dtype == self.dtype
            and X.shape[1] == self.spec.numeric
            and self.inputs is None
            and X.flags.c_contiguous
            and bool(np.isfinite(X).all())
        )

    def places(
        self, chosen: Any, parameter: str = "chosen"
    ) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """Where some of the user's columns are among the features.

        Parameters
        ----------
        chosen : array-like, optional
            The columns: a mask of bool, their positions, or their names.
        parameter : str
            What to call them in messages.

        Returns
        -------
        numeric, categorical : tuple of int
            Positions among the features that are numbers, and among those that are categories.
            ``None`` stands for all features, as it does in `chosen`.

        Raises
        ------
        ValueError
            If there are no such columns.
        """
        if chosen is None:
            return None
        width = self.spec.numeric + len(self.spec.categories)
        wanted = np.flatnonzero(_by_choice(np.asarray(chosen), width, self.inputs, parameter))
        numeric = np.arange(width) if self.numeric is None else self.numeric
        categorical = np.array([], int) if self.categorical is None else self.categorical
        kinds = [np.flatnonzero(np.isin(kind, wanted)).tolist() for kind in (numeric, categorical)]
        return tuple(kinds[0]), tuple(kinds[1])

    def names(self) -> Array:
        """The names of the columns of `Features.encoded`, of shape (encoded_columns,).

        Columns of numbers keep their names, or are called ``x`` and their position; one of a
        category is named as by `OneHotEncoder.get_feature_names_out`.
        """
        inputs = self.inputs
        if inputs is None:
            count = self.spec.numeric + len(self.spec.categories)
            inputs = np.array([f"x{place}" for place in range(count)], dtype=object)
        if self.encoder is None:
            return inputs.copy()
        named = zip(inputs[self.categorical], self.encoder.categories_, strict=True)
        marks = [f"{name}_{category}" for name, known in named for category in known]
        return np.array([*inputs[self.numeric], *marks], dtype=object)


def categorical_columns(X: Any, categorical_features: Any) -> Array | None:
    """Which columns hold categories.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame, shape (n, n_features)
        The rows.
    categorical_features : "from_dtype", None or array-like
        Which columns: a mask of bool, their positions, or their names. ``None`` stands for no
        column. "from_dtype" stands for the columns of a data frame (of pandas or polars) whose
        type is made for categories or for strings, and those of objects that are not all
        numbers; in anything else than a data frame for none.

    Returns
    -------
    ndarray of bool, shape (n_features,), or None
        ``None`` if no column does.

    Raises
    ------
    ValueError
        If there are no such columns, in the words of `HistGradientBoostingClassifier`.
    """
    if categorical_features is None:
        return None
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        found = _by_dtype(X)
    else:
        names, wanted = getattr(X, "columns", None), np.asarray(categorical_features)
        found = _by_choice(wanted, _width(X), names, "categorical_features")
    return found if found.any() else None


def _is_frame(X: Any) -> bool:
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def _by_dtype(X: Any) -> Array:
    if not _is_frame(X):
        return np.zeros(0, dtype=bool)
    kinds = enumerate(X.dtypes)
    return np.array([_holds_categories(X, place, kind) for place, kind in kinds], dtype=bool)


def _holds_categories(X: Any, place: int, dtype: Any) -> bool:
    if not hasattr(dtype, "kind"):
        return str(dtype).split("(", maxsplit=1)[0] in _POLARS_TYPES
    if dtype != np.dtype(object):
        return dtype.kind in "OUS"
    import pandas as pd

    return pd.api.types.infer_dtype(X.iloc[:, place], skipna=True) not in _NUMBERS


def _by_choice(chosen: Array, columns: int, names: Any, parameter: str) -> Array:
    """The mask of the columns chosen; names and messages are scikit-learn's."""
    if chosen.size == 0:
        return np.zeros(0, dtype=bool)
    _check_kind(chosen, parameter)
    if chosen.dtype.kind == "b":
        if chosen.shape != (columns,):
            raise ValueError(
                f"{parameter} set as a boolean mask must have shape (n_features,), got: "
                f"{chosen.shape}"
            )
        return chosen
    if chosen.dtype.kind == "i":
        if np.max(chosen) >= columns or np.min(chosen) < 0:
            raise ValueError(f"{parameter} set as integer indices must be in [0, n_features - 1]")
        places: Any = chosen
    else:
        places = _places_of(chosen, names, parameter)
    found = np.zeros(columns, dtype=bool)
    found[places] = True
    return found


def _width(X: Any) -> int:
    if len(getattr(X, "shape", ())) != 2:
        X = check_array(X, dtype=object, ensure_all_finite=False, input_name="X")
    return int(X.shape[1])


def _check_kind(chosen: Array, parameter: str) -> None:
    sentence = f"{parameter} must be an array-like of bool, int or str, got: "
    if chosen.dtype.kind not in "ibUO":
        raise ValueError(f"{sentence}{chosen.dtype.name}.")
    types = {type(c) for c in chosen.tolist()} if chosen.dtype.kind == "O" else {str}
    if types != {str}:
        raise ValueError(f"{sentence}{', '.join(sorted(t.__name__ for t in types))}.")


def _places_of(chosen: Array, names: Any, parameter: str) -> list[int]:
    if names is None:
        raise ValueError(
            f"{parameter} should be passed as an array of integers or as a boolean mask when "
            "the model is fitted on data without feature names."
        )
    names = list(names)
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise ValueError(
            f"{parameter} has an item value '{unknown[0]}' which is not a valid feature name of "
            f"the training data. Observed feature names: {names}"
        )
    return [names.index(name) for name in chosen]


def _numbers(estimator: BaseEstimator, X: Any, dtype: Any, *, reset: bool) -> Any:
    """Columns that all hold numbers: an ndarray, or a CSR matrix in canonical form."""
    # 64-bit indices are taken: the graph has no others.
    found = validate_data(estimator, X, reset=reset, dtype=dtype, order="C", accept_sparse="csr")
    if not issparse(found):
        return np.asarray(found)
    found = csr_array(found)
    if not found.has_canonical_format:
        # It may be the user's own.
        found = found.copy()
        found.sum_duplicates()
    return found


def _table(estimator: BaseEstimator, X: Any, *, reset: bool) -> Any:
    """Columns of which some hold categories: a data frame, or an ndarray of two dimensions."""
    if not _is_frame(X):
        kind = None if hasattr(X, "dtype") else object
        X = check_array(X, dtype=kind, ensure_all_finite=False, estimator=estimator, input_name="X")
    return validate_data(estimator, X, reset=reset, skip_check_array=True)


def _categories(X: Any, places: Any) -> Array:
    """Some columns of a table as objects, in which NaN stands for all that is missing."""
    columns = [np.asarray(_safe_indexing(X, int(p), axis=1), dtype=object) for p in places]
    found = np.column_stack(columns)
    for column in found.T:
        column[[type(v) is not str and _is_missing(v) for v in column]] = np.nan
    return found


def _is_missing(value: Any) -> bool:
    return value is None or is_pandas_na(value) or is_scalar_nan(value)


def _new_encoder() -> Any:
    encoder = _preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=_UNKNOWN,
        encoded_missing_value=_MISSING,
        dtype=np.int64,
    )
    return encoder.set_output(transform="default")


def encoder_of(categories: Sequence[Array]) -> Any:
    """An encoder that numbers known categories in the order in which they are given.

    Parameters
    ----------
    categories : sequence of ndarray of object
        The categories of each column, a missing one (NaN) last.

    Returns
    -------
    OrdinalEncoder
        As if it had been fitted to columns with these categories.

    Raises
    ------
    ValueError
        If a column has none, or one twice.
    TypeError
        If they cannot be put in order.
    """
    if not all(known.dtype == object and known.ndim == 1 and known.size for known in categories):
        raise ValueError("categories must be arrays of objects, one for each column")
    row = np.empty((1, len(categories)), dtype=object)
    row[0] = [known[0] for known in categories]
    encoder = _new_encoder().set_params(categories=list(categories))
    return encoder.fit(row).set_params(categories="auto")


def _mixed(
    estimator: BaseEstimator, X: Any, numeric: Any, values: Array, encoder: Any, dtype: Any
) -> Features:
    """Features of the numbers and the categories in a table."""
    codes = encoder.transform(values)
    counts = tuple(len(known) for known in encoder.categories_)
    # NaN is the last of the categories.
    np.copyto(codes, np.array(counts) - 1, where=codes == _MISSING)
    np.copyto(codes, counts, where=codes == _UNKNOWN)
    if len(numeric):
        part = _safe_indexing(X, numeric, axis=1)
        numbers = check_array(part, dtype=dtype, order="C", estimator=estimator, input_name="X")
    else:
        kind = dtype[0] if isinstance(dtype, list) else dtype
        numbers = np.empty((len(codes), 0), kind)
    return Features(np.asarray(numbers), codes, counts)
