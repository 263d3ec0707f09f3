"""What is asked of every estimator beside scikit-learn's checks: copies, graphs, memory."""

from __future__ import annotations

import copy
import io
import pickle
import pickletools
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import skflow as tf
from skflow.estimators import DNNClassifier, DNNRegressor, LinearRegressor
from skflow.estimators.training import predictor
from tests.estimators.cases import CASES, FRAME, PAIR, STEPPERS, WEIGHT, Case, X, Y, outputs

every = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
stepping = pytest.mark.parametrize("case", STEPPERS.values(), ids=STEPPERS)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def modules(text: bytes) -> set[str]:
    """The modules of all that a pickle names."""
    strings = [arg for _, arg, _ in pickletools.genops(text) if isinstance(arg, str)]
    return {s for s in strings if s.startswith(("skflow.", "sklearn.", "scipy."))}


def copies(model: Any, folder: Path) -> Iterator[Any]:
    """Copies of a model, made in all ways that there are."""
    yield copy.deepcopy(model)
    for protocol in (2, pickle.HIGHEST_PROTOCOL):
        yield pickle.loads(pickle.dumps(model, protocol))
    joblib.dump(model, folder / "model.joblib")
    yield joblib.load(folder / "model.joblib")


@every
def test_copies_predict_the_same(case: Case, tmp_path: Path) -> None:
    model = case.fitted()
    expected = outputs(model, X)
    for copied in copies(model, tmp_path):
        assert (outputs(copied, X) == expected).all()
        assert copied.get_variable_names() == model.get_variable_names()
        assert copied.history_ == model.history_
    assert (outputs(model, X) == expected).all()


@stepping
def test_copies_go_on_learning_the_same(case: Case, tmp_path: Path) -> None:
    model = case.make().partial_fit(X, case.y)
    expected = outputs(copy.deepcopy(model).partial_fit(X, case.y), X)
    for copied in copies(model, tmp_path):
        assert (outputs(copied.partial_fit(X, case.y), X) == expected).all()
    assert (outputs(model.partial_fit(X, case.y), X) == expected).all()


@every
def test_a_pickle_holds_arrays_and_parameters_only(case: Case) -> None:
    model = case.fitted()
    outputs(model, X)
    model.graph_.get_operations()
    text = pickle.dumps(model)
    found = modules(text)
    assert all(name.startswith("skflow.estimators.") for name in found if "skflow" in name)
    numbers = sum(model.get_variable_value(name).nbytes for name in model.get_variable_names())
    assert len(text) < 5_000 + 2 * numbers
    if model._recipes():
        text = pickle.dumps(case.make().partial_fit(X, case.y))
        named = modules(text)
        assert all(name.startswith("skflow.estimators.") for name in named if "skflow" in name)


@every
def test_a_large_model_is_pickled_once(case: Case) -> None:
    wide = np.hstack([X] * 500)
    model = case.make(max_iter=1).fit(wide, case.y)
    numbers = sum(model.get_variable_value(name).nbytes for name in model.get_variable_names())
    assert len(pickle.dumps(model)) < 5_000 + numbers


@every
def test_a_clone_is_unfitted_and_alike(case: Case) -> None:
    model = case.fitted()
    twin = clone(model)
    with pytest.raises(NotFittedError):
        twin.predict(X)
    assert twin.get_params() == model.get_params()
    assert (outputs(twin.fit(X, case.y), X) == outputs(model, X)).all()


@every
def test_parameters_changed_after_the_fit_change_nothing(case: Case) -> None:
    model = case.fitted()
    before = outputs(model, X)
    names = model.get_params()
    changed: dict[str, Any] = {"l2_regularization_strength": 9.0, "loss": len, "dtype": "float32"}
    for name in names:
        if name.endswith("hidden_units"):
            changed[name] = (3, 3, 3)
        if name.endswith("activation_fn"):
            changed[name] = "tanh"
    model.set_params(**changed)
    assert (outputs(model, X) == before).all()
    assert hasattr(model, "predict_proba") == case.classifies
    assert not hasattr(model, "predict_quantiles")


def test_an_optimizer_object_is_never_bound() -> None:
    optimizer = tf.train.MomentumOptimizer(0.01, 0.9)
    before = dict(vars(optimizer))
    model = DNNRegressor((8,), optimizer=optimizer, max_iter=5, random_state=0)
    first = clone(model).fit(X, Y).predict(X)
    assert (model.fit(X, Y).predict(X) == first).all()
    assert (model.fit(X, Y).partial_fit(X, Y).fit(X, Y).predict(X) == first).all()
    assert vars(optimizer) == before


def plain_adam(rate: Any) -> Any:
    return tf.train.AdamOptimizer(rate)


@pytest.mark.parametrize("optimizer", [tf.train.AdamOptimizer, plain_adam])
def test_an_optimizer_may_be_a_recipe(optimizer: Any) -> None:
    settings: dict[str, Any] = {"learning_rate": 0.01, "max_iter": 5, "random_state": 0}
    given = DNNRegressor((8,), optimizer=optimizer, **settings).fit(X, Y)
    named = DNNRegressor((8,), optimizer="Adam", **settings).fit(X, Y)
    assert (given.predict(X) == named.predict(X)).all()
    assert (pickle.loads(pickle.dumps(given)).fit(X, Y).predict(X) == named.predict(X)).all()


# ---- what goes in and what comes out ------------------------------------------------------------


@every
def test_float32_is_kept_and_all_else_is_float64(case: Case) -> None:
    for given, expected in [
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int64, np.float64),
        (np.float16, np.float64),
    ]:
        model = case.make().fit(X.astype(given), case.y)
        assert outputs(model, X.astype(given)).dtype == expected
        assert {model.get_variable_value(n).dtype for n in model.get_variable_names()} == {
            np.dtype(expected)
        }
    forced = case.make(dtype="float32").fit(X, case.y)
    assert outputs(forced, X).dtype == np.float32
    with pytest.raises(ValueError, match="dtype must be None, float32 or float64, got"):
        case.make(dtype=np.int32).fit(X, case.y)


@every
def test_how_rows_lie_in_memory_does_not_matter(case: Case, tmp_path: Path) -> None:
    expected = case.fitted()
    np.save(tmp_path / "rows.npy", X)
    gaps = np.repeat(X, 2, axis=0)[::2]
    for rows in [
        np.asfortranarray(X),
        gaps,
        X.tolist(),
        np.load(tmp_path / "rows.npy", mmap_mode="r"),
        X.astype(">f8"),
    ]:
        model = case.make().fit(rows, case.y)
        assert (outputs(model, rows) == outputs(expected, X)).all()


@every
def test_sparse_rows_give_what_dense_ones_give(case: Case) -> None:
    rows = np.where(np.abs(X) > 0.5, X, 0.0)
    dense = case.make().fit(rows, case.y)
    for sparse in (csr_array(rows), csr_array(rows).tocsc(), csr_array(rows).tocoo()):
        model = case.make().fit(sparse, case.y)
        np.testing.assert_allclose(outputs(model, sparse), outputs(dense, rows), rtol=1e-5)
        np.testing.assert_allclose(outputs(model, rows), outputs(model, sparse), rtol=1e-10)


@every
def test_names_of_columns_are_kept(case: Case) -> None:
    model = case.make().fit(FRAME, case.y)
    assert model.feature_names_in_.tolist() == list(FRAME.columns)
    assert model.n_features_in_ == 6
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(FRAME[["b", "a", "c", "d", "size", "color"]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(FRAME.astype(object).to_numpy())


@every
def test_categories_not_seen_are_predicted_for(case: Case) -> None:
    model = case.make().fit(FRAME, case.y)
    known = outputs(model, FRAME)
    strange = FRAME.assign(size="enormous", color=[None] * len(FRAME))
    found = outputs(model, strange)
    assert np.isfinite(found).all()
    assert found.shape == known.shape
    assert (found != known).any()


def test_targets_keep_their_shape() -> None:
    for case in CASES.values():
        if case.classifies:
            continue
        for y in (Y, Y[:, None], PAIR):
            model = case.make().fit(X, y)
            assert model.predict(X).shape == y.shape
            assert model.n_outputs_ == (1 if y.ndim == 1 else y.shape[1])


@every
def test_large_inputs_are_predicted_in_blocks(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    model = case.fitted()
    whole = outputs(model, X)
    monkeypatch.setattr("skflow.estimators.inputs._BLOCK", 100)
    np.testing.assert_allclose(outputs(model, X), whole, rtol=1e-12)


def test_predictions_take_little_memory() -> None:
    model = DNNClassifier((1000,), max_iter=1).fit(X, Y > 3)
    rows = np.repeat(X, 500, axis=0)  # whose hidden units would take 240 MB
    model.predict(X)
    tracemalloc.start()
    model.predict_proba(rows)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20e6


# ---- graphs and sessions ------------------------------------------------------------------------


@every
def test_the_users_graph_and_session_are_left_alone(case: Case) -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        variable = tf.Variable(1.0, name="linear/weights")
        session.run(tf.global_variables_initializer())
        before = graph.as_graph_def().SerializeToString()
        model = case.make().fit(X, case.y, WEIGHT, X_val=X, y_val=case.y)
        outputs(model, X)
        model.score(X, case.y)
        assert model.graph_ is not graph
        if model._recipes():
            model.partial_fit(X, case.y)
        assert graph.as_graph_def().SerializeToString() == before
        assert tf.get_default_session() is session
        assert tf.get_default_graph() is graph
        assert session.run(variable) == 1.0


@every
def test_repeated_predictions_build_nothing(case: Case) -> None:
    model = case.fitted()
    outputs(model, X)
    built = predictor.cache_info().misses
    operations = len(model.graph_.get_operations())
    for rows in (X, X[:1], X[:7], X):
        outputs(model, rows)
    other = case.fitted(random_state=1)
    outputs(other, X)
    assert other.graph_ is model.graph_
    assert predictor.cache_info().misses == built
    assert len(model.graph_.get_operations()) == operations


@every
def test_variables_are_shown_by_name(case: Case) -> None:
    model = case.fitted()
    names = model.get_variable_names()
    assert len(names) > 0
    graph_names = [v.name for v in model.graph_.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)]
    assert [f"{name}:0" for name in names] == graph_names
    before = outputs(model, X)
    for name in names:
        value = model.get_variable_value(name)
        assert value.shape == tuple(model.graph_.get_tensor_by_name(f"{name}:0").get_shape())
        value[...] = 0
    assert (outputs(model, X) == before).all()
    with pytest.raises(ValueError, match=r"There is no variable 'W'. There are: "):
        model.get_variable_value("W")


def test_the_graph_predicts_what_the_model_does() -> None:
    model = DNNRegressor((5,), max_iter=3, random_state=0).fit(X, Y)
    with tf.Session(graph=model.graph_) as session:
        feed = {f"{n}/read:0": model.get_variable_value(n) for n in model.get_variable_names()}
        found = session.run("dnn/logits/BiasAdd:0", {**feed, "features:0": X})
    np.testing.assert_allclose(found[:, 0], model.predict(X), rtol=1e-12)


# ---- how it is told -----------------------------------------------------------------------------


def test_verbose_prints_the_loss(capsys: pytest.CaptureFixture[str]) -> None:
    for model in (DNNRegressor((4,), max_iter=3, verbose=2), LinearRegressor(verbose=2)):
        model.fit(X, Y)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == model.n_iter_
        assert lines[-1] == f"Iteration {model.n_iter_}, loss = {model.loss_:.8f}"


def test_too_few_epochs_are_warned_of() -> None:
    short = DNNRegressor((4,), max_iter=2)
    for model in (short, clone(short).set_params(optimizer="L-BFGS"), LinearRegressor(max_iter=1)):
        limit = model.max_iter
        with pytest.warns(ConvergenceWarning, match=rf"Maximum iterations \({limit}\) reached and"):
            model.fit(np.square(X), np.exp(Y))
    with pytest.warns(ConvergenceWarning, match=r"Maximum time \(1e-09 s\) reached and"):
        short.set_params(max_time=1e-9, max_iter=100).fit(X, Y)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("error")
def test_so_many_steps_are_no_surprise(case: Case) -> None:
    case.make(steps=2).fit(X, case.y)


@every
def test_the_drawing_links_to_the_documentation(case: Case) -> None:
    model = case.make()
    name = type(model).__name__
    link = f"skflow.readthedocs.io/en/stable/api/estimators.html#skflow.estimators.{name}"
    assert link in model._repr_html_()
    assert "Not fitted" in model._repr_html_()
    assert "Not fitted" not in case.fitted()._repr_html_()


@every
def test_the_text_shows_what_was_chosen(case: Case) -> None:
    model = case.make(tol=0.25)
    assert repr(model).startswith(type(model).__name__ + "(")
    assert "tol=0.25" in repr(model)
    assert "warm_start" not in repr(model)
    buffer = io.StringIO()
    print(model, file=buffer)
    assert buffer.getvalue().strip() == str(model)
