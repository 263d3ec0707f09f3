"""Columns of any kind become the features that scikit-learn's own transformers make of them."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from hypothesis import given, settings, strategies as st
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.preprocessing import OneHotEncoder

from skflow.estimators.columns import Columns, _new_encoder, categorical_columns, encoder_of
from skflow.estimators.features import FeatureSpec

WORDS = ["a", "b", "c", "", "None"]
NUMERIC = ["float64", "float32", "int8", "bool", "Int64", "Float64", "boolean"]
CATEGORICAL = ["object", "category", "string"]

# What pandas 2.0 asks NumPy whenever columns of several types become one array.
pytestmark = pytest.mark.filterwarnings("ignore:np.find_common_type:DeprecationWarning")


class Probe(BaseEstimator):  # type: ignore[misc]
    """An estimator that keeps what it is told of its columns."""


def fit(X: Any, categorical_features: Any = "from_dtype", dtype: Any = None) -> Any:
    probe = Probe()
    return probe, *Columns.fit(probe, X, categorical_features, dtype)


# ---- frames, against ColumnTransformer -----------------------------------------------------


def word_column(draw: Any, n: int, kind: str, words: list[Any]) -> pd.Series:
    values = draw(st.lists(st.sampled_from(words), min_size=n, max_size=n))
    return pd.Series(values, dtype=object).astype(kind)


def number_column(rng: np.random.Generator, n: int, kind: str) -> pd.Series:
    return pd.Series(rng.integers(0, 2 if kind.startswith("bool") else 50, n)).astype(kind)


@st.composite
def frames(draw: Any) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Rows to learn from, others of the same columns, and the names of the categorical ones."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    kinds = draw(st.lists(st.sampled_from(NUMERIC + CATEGORICAL), min_size=1, max_size=5))
    kinds.insert(draw(st.integers(0, len(kinds))), draw(st.sampled_from(CATEGORICAL)))
    tables = []
    for known in (WORDS[draw(st.integers(0, 2)) :], [*WORDS, "z", "longer", np.nan, None]):
        n = draw(st.integers(1, 6))
        words = known + draw(st.sampled_from([[], [None], [np.nan, pd.NA]]))
        tables.append(
            pd.DataFrame(
                {
                    f"{kind} {place}": word_column(draw, n, kind, words)
                    if kind in CATEGORICAL
                    else number_column(rng, n, kind)
                    for place, kind in enumerate(kinds)
                }
            )
        )
    return *tables, [name for name in tables[0] if name.split()[0] in CATEGORICAL]


def plain(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The same frame, with no more than one way to be missing and no types but NumPy's."""
    return pd.DataFrame(
        {
            name: column.astype(object).where(column.notna(), np.nan)
            if name in names
            else column.astype("float64")
            for name, column in frame.items()
        }
    )


@given(frames())
@settings(deadline=None)
def test_frames_are_encoded_as_scikit_learn_does(given: Any) -> None:
    learnt, other, names = given
    numbers = [name for name in learnt if name not in names]
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    reference = ColumnTransformer(
        [("numbers", "passthrough", numbers), ("marks", encoder, names)],
        verbose_feature_names_out=False,
    ).fit(plain(learnt, names))
    probe, columns, features = fit(learnt)
    assert columns.spec == features.spec
    assert columns.spec.numeric == len(numbers)
    assert probe.feature_names_in_.tolist() == list(learnt)
    assert probe.n_features_in_ == learnt.shape[1]
    for frame, found in [
        (learnt, features),
        (learnt, columns.transform(probe, learnt)),
        (other, columns.transform(probe, other)),
    ]:
        expected = reference.transform(plain(frame, names))
        assert found.encoded().numeric.toarray().tolist() == expected.tolist()
        assert found.spec == columns.spec
    assert columns.names().tolist() == reference.get_feature_names_out().tolist()


@given(frames())
@settings(deadline=None, max_examples=30)
def test_the_chosen_columns_are_the_same_however_they_are_named(given: Any) -> None:
    learnt, other, names = given
    _, columns, _ = fit(learnt)
    mask = [name in names for name in learnt]
    expected = columns.transform(fit(learnt)[0], other)
    for choice in (names, mask, np.flatnonzero(mask).tolist(), np.array(names, dtype=object)):
        probe, chosen, _ = fit(learnt, choice)
        found = chosen.transform(probe, other)
        assert found.codes.tolist() == expected.codes.tolist()
        assert found.numeric.tolist() == expected.numeric.tolist()
    array = np.empty(learnt.shape, dtype=object)
    array[:] = plain(learnt, names).to_numpy(dtype=object)
    _, _, found = fit(array, mask)
    assert found.codes.tolist() == fit(learnt)[2].codes.tolist()


def test_missing_is_a_category_only_if_it_was_seen() -> None:
    whole = pd.DataFrame({"x": [1.0, 2.0], "word": ["b", "a"]})
    for missing in (None, np.nan, pd.NA):
        holed = pd.DataFrame({"x": [1.0, 2.0, 3.0], "word": pd.Series(["b", missing, "c"])})
        probe, columns, features = fit(whole)
        assert features.codes.tolist() == [[1], [0]]
        assert columns.transform(probe, holed).codes.tolist() == [[1], [2], [2]]
        probe, columns, features = fit(holed)
        assert columns.spec.categories == (3,)
        assert features.codes.tolist() == [[0], [2], [1]]
        assert columns.transform(probe, whole).codes.tolist() == [[0], [3]]
        # Where all are missing, pandas makes the column one of numbers.
        gone = whole.assign(word=np.nan)
        assert columns.transform(probe, gone).codes.tolist() == [[2], [2]]


def test_types_say_which_columns_hold_categories() -> None:
    frame = pd.DataFrame(
        {
            "category": pd.Categorical([3, 1]),
            "string": pd.Series(["p", "q"], dtype="string"),
            "words": ["p", "q"],
            "numbers": pd.Series([1, 2.5], dtype=object),
            "flags": [True, False],
            "maybe": pd.array([1, 2], dtype="Int64"),
        }
    )
    assert categorical_columns(frame, "from_dtype").tolist() == [True] * 3 + [False] * 3
    for X, choice in [
        (frame, None),
        (frame, []),
        (frame, [False] * 6),
        (frame.iloc[:, 3:], "from_dtype"),
        (frame.to_numpy(), "from_dtype"),
    ]:
        assert categorical_columns(X, choice) is None
    _, _, features = fit(frame)
    assert features.numeric.tolist() == [[1, 1, 1], [2.5, 0, 2]]
    assert features.codes.tolist() == [[1, 0, 0], [0, 1, 1]]


def test_columns_are_told_apart_by_their_positions() -> None:
    frame = pd.DataFrame([["p", 1.0, 2.0], ["q", 3.0, 4.0]], columns=[1, 0, 2])
    for choice in ("from_dtype", [0]):
        probe, columns, features = fit(frame, choice)
        for found in (features, columns.transform(probe, frame)):
            assert found.numeric.tolist() == [[1, 2], [3, 4]]
            assert found.codes.tolist() == [[0], [1]]


def test_polars_types_are_known_by_their_names() -> None:
    class Frame:
        columns = ("a", "b", "c", "d", "e")
        dtypes = ("Enum(categories=['x'])", "String", "Float64", "Categorical", "Boolean")

    assert categorical_columns(Frame(), "from_dtype").tolist() == [True, True, False, True, False]


def test_numbers_may_be_categories() -> None:
    X = np.array([[7.0, 0.5], [3.0, 1.5], [np.nan, 2.5]], dtype=np.float32)
    probe, columns, features = fit(X, [0])
    assert features.numeric.dtype == np.float32
    assert features.codes.tolist() == [[1], [0], [2]]
    found = columns.transform(probe, [[3, 1], [4, 1], [None, 1]])
    assert found.codes.tolist() == [[0], [3], [2]]
    assert columns.names().tolist() == ["x1", "x0_3.0", "x0_7.0", "x0_nan"]
    assert fit(X.tolist(), [True, False])[2].codes.tolist() == features.codes.tolist()


def test_all_columns_may_hold_categories() -> None:
    for dtype, expected in [(None, "float64"), ("float32", "float32")]:
        probe, columns, features = fit(pd.DataFrame({"a": ["x", "y"]}), dtype=dtype)
        assert columns.spec == FeatureSpec(0, (2,), False, expected)
        assert features.numeric.shape == (2, 0)
        assert features.encoded().numeric.toarray().tolist() == [[1, 0], [0, 1]]
        found = columns.transform(probe, pd.DataFrame({"a": ["y"]}))
        assert found.spec == columns.spec


def test_the_users_output_settings_change_nothing() -> None:
    frame = pd.DataFrame({"a": ["x", "y"], "b": [1.0, 2.0]})
    with sklearn.config_context(transform_output="pandas"):
        probe, columns, features = fit(frame)
        assert type(features.codes) is np.ndarray
        assert type(columns.transform(probe, frame).codes) is np.ndarray


# ---- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "choice",
    [[0.5], [2], [-1], [True], ["missing"], [["a"], 1], [b"a"], [0, "a"], np.array([0, 1], "u1")],
    ids=str,
)
@pytest.mark.parametrize("named", [True, False])
def test_a_wrong_choice_is_refused_as_by_scikit_learn(choice: Any, named: bool) -> None:
    X: Any = np.array([[1.0, 2.0], [3.0, 4.0]])
    if named:
        X = pd.DataFrame(X, columns=["a", "b"])
    reference = HistGradientBoostingRegressor(categorical_features=choice)
    with pytest.raises(Exception) as expected:
        reference.fit(X, [1.0, 2.0])
    with pytest.raises(type(expected.value)) as found:
        fit(X, choice)
    # The oldest scikit-learn writes "a item".
    assert str(found.value) == str(expected.value).replace("has a item", "has an item")


def test_wrong_columns_are_refused_as_by_scikit_learn() -> None:
    frame = pd.DataFrame({"word": ["p", "q"], "x": [1.0, 2.0], "z": [3.0, 4.0]})
    numbers = frame.assign(word=[5.0, 6.0])
    reference = Ridge().fit(numbers, [1.0, 2.0])
    for learnt in (frame, numbers):
        probe, columns, _ = fit(learnt)
        for wrong in (["x", "word", "z"], ["word", "x"], ["word", "x", "z", "x"]):
            with pytest.raises(ValueError) as expected:
                reference.predict(numbers[wrong])
            with pytest.raises(ValueError) as found:
                columns.transform(probe, learnt[wrong])
            assert str(found.value) == str(expected.value).replace("Ridge", "Probe")
        with pytest.warns(UserWarning, match="X does not have valid feature names, but Probe"):
            unnamed = columns.transform(probe, np.ascontiguousarray(learnt))
        assert unnamed.numeric.tolist() == columns.transform(probe, learnt).numeric.tolist()
        probe, columns, _ = fit(learnt.to_numpy(), [0])
        with pytest.raises(ValueError, match="X has 2 features, but Probe is expecting 3"):
            columns.transform(probe, learnt.iloc[:, :2].to_numpy())


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_bad_values_are_refused_as_by_scikit_learn() -> None:
    frame = pd.DataFrame({"word": ["p", "q"], "x": [1.0, 2.0]})
    array = frame[["x"]].to_numpy()
    for learnt, bad, message in [
        (frame, frame.assign(x=[1.0, np.nan]), "Input X contains NaN"),
        (frame, frame.assign(x=pd.array([1, None], dtype="Int64")), "Input X contains NaN"),
        (frame, frame.assign(x=[1.0, np.inf]), "Input X contains infinity"),
        (frame, frame.assign(x=["p", "q"]), "could not convert string to float: 'p'"),
        (frame, frame.iloc[:0], "Found array with 0 sample"),
        (frame, ["p", "q"], "Expected 2D array, got 1D array instead"),
        (array, array * [[1], [np.nan]], "Input X contains NaN"),
        (array, array * [[1], [-np.inf]], "Input X contains infinity"),
        (array, array[:0], "Found array with 0 sample"),
        (array, array[0], "Expected 2D array, got 1D array instead"),
        (array, np.c_[array, array], "X has 2 features, but Probe is expecting 1"),
        (array, sp.csr_array(array * [[1], [np.nan]]), "Input X contains NaN"),
    ]:
        probe, columns, _ = fit(learnt)
        with pytest.raises(ValueError, match=message):
            columns.transform(probe, bad)
        if "expecting" not in message and learnt is not frame:
            with pytest.raises(ValueError, match=message):
                fit(bad)
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array instead"):
        fit([1.0, 2.0], [0])
    with pytest.raises(TypeError, match="Sparse data was passed for X, but dense data is required"):
        fit(sp.csr_array(array), [0])
    with pytest.raises(TypeError, match=r"Got \['int', 'str'\]"):
        fit(pd.DataFrame({"mixed": [1, "p"]}))
    with pytest.raises(ValueError, match="dtype must be None, float32 or float64, got 'int32'"):
        fit(array, dtype="int32")


# ---- numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [None, ["a", "b", "c"]])
def test_numbers_keep_their_names_or_get_some(names: Any) -> None:
    X: Any = np.ones((2, 3)) if names is None else pd.DataFrame(np.ones((2, 3)), columns=names)
    assert fit(X)[1].names().tolist() == (names or ["x0", "x1", "x2"])


@pytest.mark.parametrize(
    ("given", "asked", "expected"),
    [
        ("float32", None, "float32"),
        ("float64", None, "float64"),
        ("float16", None, "float64"),
        ("int64", None, "float64"),
        ("bool", None, "float64"),
        (">f8", None, "float64"),
        ("float32", "float64", "float64"),
        ("float64", np.float32, "float32"),
    ],
)
def test_types_of_numbers(given: str, asked: Any, expected: str) -> None:
    X = np.array([[1, 0], [0, 1], [1, 1]]).astype(given)
    for kind in (np.asarray, sp.csc_array, pd.DataFrame):
        if (kind, given) in {(sp.csc_array, "float16"), (sp.csc_array, ">f8")}:
            continue  # SciPy has no such matrices
        probe, columns, features = fit(kind(X), dtype=asked)
        assert features.numeric.dtype.name == columns.spec.dtype == expected
        # Prediction is in the type of the fit, whatever comes.
        for other in ("float32", "float64", "int32"):
            assert columns.transform(probe, kind(X.astype(other))).spec.dtype == expected


@pytest.mark.parametrize("size", [1, 10, 5000, 400_000])
def test_rows_that_are_ready_are_not_copied(size: int) -> None:
    X = np.random.default_rng(0).normal(size=(size, 3))
    probe, columns, features = fit(X)
    assert np.shares_memory(features.numeric, X)
    assert np.shares_memory(columns.transform(probe, X).numeric, X)
    assert columns.transform(probe, np.asfortranarray(X)).numeric.flags.c_contiguous


def test_numbers_whose_sum_overflows_are_finite() -> None:
    X = np.full((2, 2), 1e308)
    probe, columns, features = fit(X)
    assert features.numeric.tolist() == X.tolist()
    assert columns.transform(probe, X).numeric.tolist() == X.tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_file_of_numbers_is_neither_copied_nor_written_to(tmp_path: Any, dtype: str) -> None:
    X = np.random.default_rng(0).normal(size=(5000, 3)).astype(dtype)
    X.tofile(tmp_path / "X")
    mapped = np.memmap(tmp_path / "X", dtype=dtype, mode="r", shape=X.shape)
    probe, columns, features = fit(mapped)
    for found in (features, columns.transform(probe, mapped)):
        assert np.shares_memory(found.numeric, mapped)
        assert type(found.numeric) is np.ndarray
        assert not found.numeric.flags.writeable
    part = columns.transform(probe, mapped[10:12])
    assert part.numeric.tolist() == X[10:12].tolist()


def read_only(X: Any) -> Any:
    parts = [X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr]
    for part in parts:
        part.flags.writeable = False
    return X


def test_input_may_be_read_only() -> None:
    X = np.array([[1.0, 0.0], [0.0, 2.0]])
    tangled = sp.csr_array((np.ones(3), np.array([1, 0, 1]), np.array([0, 3, 3])), shape=(2, 2))
    for table, choice in [
        (X, None),
        (X, [1]),
        (X.astype(object), [0, 1]),
        (sp.csr_array(X), None),
        (tangled, None),
        (pd.DataFrame(read_only(X.copy())), None),
    ]:
        if not isinstance(table, pd.DataFrame):
            read_only(table)
        probe, columns, features = fit(table, choice)
        found = columns.transform(probe, table)
        assert found.encoded().in_form(False).numeric.tolist() == (
            features.encoded().in_form(False).numeric.tolist()
        )


# ---- sparse matrices -----------------------------------------------------------------------

SPARSE = [
    getattr(sp, f"{kind}_{what}") for kind in ("csr", "csc", "coo") for what in ("matrix", "array")
]


@st.composite
def entries(draw: Any) -> tuple[Any, tuple[int, int]]:
    """The entries of a small matrix in any order, some given in parts, some zero."""
    shape = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    n = draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    places = tuple(rng.integers(0, size, n) for size in shape)
    return (rng.integers(-2, 3, n).astype(draw(st.sampled_from(["f4", "f8", "i8"]))), places), shape


@given(entries(), st.sampled_from(SPARSE))
def test_sparse_numbers_are_those_of_the_dense_matrix(given: Any, kind: Any) -> None:
    X = kind(sp.coo_matrix(given[0], shape=given[1]))
    expected = X.toarray()
    probe, columns, features = fit(X)
    assert columns.spec.sparse
    for found in (features, columns.transform(probe, X)):
        assert found.numeric.has_canonical_format
        assert found.in_form(False).numeric.tolist() == expected.tolist()
        assert found.spec == columns.spec
    # Whichever came at the fit, the other may come later.
    ready = columns.transform(probe, expected)
    assert ready.in_form(True).spec == columns.spec
    assert ready.numeric.tolist() == expected.tolist()
    probe, columns, _ = fit(expected)
    assert columns.transform(probe, X).in_form(False).spec == columns.spec
    assert probe.n_features_in_ == expected.shape[1]


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_a_sparse_matrix_is_left_as_it_is(index: Any) -> None:
    parts = np.array([1.0, 2.0, 3.0]), np.array([1, 0, 1]), np.array([0, 3, 3])
    X = sp.csr_matrix((2, 2))
    X.data, X.indices, X.indptr = parts[0], parts[1].astype(index), parts[2].astype(index)
    features = fit(X)[2]
    assert features.numeric.toarray().tolist() == [[2, 4], [0, 0]]
    assert (X.data.tolist(), X.indices.tolist()) == ([1, 2, 3], [1, 0, 1])
    sorted_already = sp.csr_array(np.eye(3))
    assert np.shares_memory(fit(sorted_already)[2].numeric.data, sorted_already.data)


# ---- pickles -------------------------------------------------------------------------------


def test_a_pickle_is_small_and_works() -> None:
    frame = pd.DataFrame({"word": ["p", "q"] * 5000, "x": np.arange(10000.0)})
    for X in (frame, frame[["x"]], frame[["x"]].to_numpy()):
        probe, columns, _ = fit(X)
        text = pickle.dumps(columns)
        assert len(text) < 2_000
        again = pickle.loads(text)
        found, expected = again.transform(probe, X), columns.transform(probe, X)
        assert found.numeric.tolist() == expected.numeric.tolist()
        assert found.encoded().spec == expected.encoded().spec
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            again.transform(probe, X[:1])


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.lists(st.one_of(st.text(max_size=3), st.just(np.nan)), min_size=1, max_size=6),
            st.lists(st.integers(-3, 3), min_size=1, max_size=6),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_encoders_are_made_of_their_categories(columns: list[list[Any]]) -> None:
    table = np.empty((6, len(columns)), dtype=object)
    for place, values in enumerate(columns):
        table[:, place] = (values * 6)[:6]
    fitted = _new_encoder().fit(table)
    made = encoder_of(fitted.categories_)
    assert vars(made).keys() == vars(fitted).keys()
    assert made.get_params() == fitted.get_params()
    strange = np.vstack([table, ["never seen"] * len(columns), [np.nan] * len(columns)])
    assert (made.transform(strange) == fitted.transform(strange)).all()


@pytest.mark.parametrize(
    "categories",
    [[[]], [["a", "b", "a"]], [["a", 1]], [[np.nan, "a"]]],
    ids=["none", "twice", "mixed", "missing first"],
)
def test_categories_that_no_column_has_make_no_encoder(categories: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        encoder_of([np.array(known, dtype=object) for known in categories])
