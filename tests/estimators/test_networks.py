"""The networks of the families."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.sparse import csr_array
from scipy.special import expit

import skflow as tf
from skflow.estimators import DNNLinearCombinedRegressor, DNNRegressor, LinearRegressor
from skflow.estimators.features import Features, FeatureSpec, FeatureTensors
from skflow.estimators.networks import (
    ACTIVATIONS,
    FeedForward,
    Linear,
    Network,
    WideAndDeep,
    chosen,
    chosen_spec,
    embedding_sizes,
)
from skflow.estimators.training import predictor
from tests.estimators.cases import FRAME, WEIGHT, X, Y

RNG = np.random.RandomState(0)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}

NUMPY: dict[str, Any] = {
    "identity": lambda x: x,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "logistic": expit,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": expit,
    "softplus": lambda x: np.logaddexp(0, x),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "tanh": np.tanh,
}


def random_features(spec: FeatureSpec, rows: int = 7) -> Features:
    """Rows of such a look; categories that are not known are among theirs."""
    numeric: Any = RNG.normal(size=(rows, spec.numeric)) * RNG.randint(0, 2, (rows, spec.numeric))
    numeric = numeric.astype(spec.dtype)
    if not spec.categories:
        return Features(csr_array(numeric) if spec.sparse else numeric)
    codes = np.column_stack([RNG.randint(0, n + 1, rows) for n in spec.categories])
    return Features(csr_array(numeric) if spec.sparse else numeric, codes, spec.categories)


def random_values(network: Network) -> dict[str, Any]:
    """Values for all variables of a network."""
    graph = predictor(network).graph
    variables = graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
    shapes = {v.name.removesuffix(":0"): v.get_shape().as_list() for v in variables}
    return {n: RNG.normal(size=s).astype(network.spec.dtype) for n, s in shapes.items()}


def outputs_of(network: Network, features: Features, values: dict[str, Any]) -> Any:
    """The outputs of a network with some values."""
    found = predictor(network)
    return found.run(*features.arrays(), *[values[name] for name in found.names])


specs = st.builds(
    FeatureSpec,
    st.integers(0, 3),
    st.lists(st.integers(1, 4), max_size=3).map(tuple),
    st.booleans(),
    st.sampled_from(["float64", "float32"]),
).filter(lambda spec: spec.encoded_columns > 0)


# Rows with categories are never sparse.
fed = specs.filter(lambda spec: not (spec.sparse and spec.categories))


# ---- linear models ------------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(specs, st.integers(1, 3))
def test_tables_of_categories_hold_the_weights_of_their_columns(
    spec: FeatureSpec, count: int
) -> None:
    network = Linear(spec, count)
    weights = RNG.normal(size=(spec.encoded_columns, count)).astype(spec.dtype)
    biases = RNG.normal(size=count).astype(spec.dtype)
    values = network.values(weights, biases)
    assert (network.weights(values) == weights).all()
    assert list(values) == predictor(network).names
    shapes = {name: value.shape for name, value in random_values(network).items()}
    assert {name: value.shape for name, value in values.items()} == shapes
    assert {value.dtype.name for value in values.values()} == {spec.dtype}
    features = random_features(spec)
    expected = features.encoded().numeric @ weights + biases
    found = outputs_of(network, features, values)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_linear_models_begin_at_zero() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        Linear(FeatureSpec(2, (3, 1)), 2)(
            FeatureTensors.placeholders(FeatureSpec(2, (3, 1))), training=True
        )
        session.run(tf.global_variables_initializer())
        values = session.run(tf.global_variables())
    assert [value.shape for value in values] == [(2, 2), (6, 2), (2,)]
    assert not any(value.any() for value in values)


# ---- dense layers -------------------------------------------------------------------------------


def by_hand(network: FeedForward, features: Features, values: dict[str, Any]) -> Any:
    """The outputs, written with NumPy."""
    numeric = features.numeric.toarray() if features.sparse else features.numeric
    codes: Any = features.codes
    kinds = range(len(network.spec.categories))
    found = np.column_stack([numeric, *(values[f"dnn/embedding_{j}"][codes[:, j]] for j in kinds)])
    for i in range(len(network.hidden_units)):
        layer = f"dnn/hiddenlayer_{i}"
        found = found @ values[f"{layer}/weights"] + values[f"{layer}/biases"]
        found = NUMPY[network.activation](found)  # type: ignore[index]
    return found @ values["dnn/logits/weights"] + values["dnn/logits/biases"]


def test_all_activations_are_checked() -> None:
    assert NUMPY.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("spec", [FeatureSpec(3, (2, 4)), FeatureSpec(4, (), sparse=True)], ids=str)
def test_layers_are_as_written_by_hand(activation: str, spec: FeatureSpec) -> None:
    network = FeedForward(spec, 2, (5, 4), activation, 0.5)
    features, values = random_features(spec), random_values(network)
    values = {name: 3 * value for name, value in values.items()}
    expected = by_hand(network, features, values)
    np.testing.assert_allclose(outputs_of(network, features, values), expected, **CLOSE)


@settings(deadline=None, max_examples=15)
@given(fed, st.lists(st.integers(1, 4), max_size=3), st.integers(1, 3))
def test_layers_of_all_shapes(spec: FeatureSpec, units: list[int], count: int) -> None:
    network = FeedForward(spec, count, tuple(units))
    features, values = random_features(spec), random_values(network)
    expected = by_hand(network, features, values)
    found = outputs_of(network, features, values)
    assert found.dtype == spec.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    dense = outputs_of(
        replace(network, spec=replace(spec, sparse=False)), features.in_form(False), values
    )
    np.testing.assert_allclose(found, dense, rtol=1e-4, atol=1e-4)


def test_units_are_dropped_in_training_only() -> None:
    """Those left count more, so that the mean stays."""
    spec = FeatureSpec(1)
    network = FeedForward(spec, 1, (20_000,), "identity", 0.25)
    ones = np.ones((1, 1))
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        features = FeatureTensors.placeholders(spec)
        training = network(features, training=True)
        graph = tf.get_default_graph()
        (dropped,) = (
            op.outputs[0] for op in graph.get_operations() if op.name.endswith("dropout/mul")
        )
        before = graph.get_tensor_by_name("dnn/hiddenlayer_0/BiasAdd:0")
        session.run(tf.global_variables_initializer())
        left, all_units = session.run([dropped, before], {features.numeric: ones})
        kept = left != 0
        assert abs(kept.mean() - 0.75) < 0.02
        np.testing.assert_allclose(left[kept], all_units[kept] / 0.75, **CLOSE)
        again, _ = session.run([dropped, training], {features.numeric: ones})
        assert ((again != 0) != kept).any()
    types = {op.type for op in predictor(network).graph.get_operations()}
    assert not {"RandomUniform", "Floor"} & {
        op.type for op in predictor(network).graph.get_operations() if "dropout" in op.name
    }
    assert "MatMul" in types


def test_functions_must_return_tensors() -> None:
    for activation in (lambda *_: None, lambda values: [values]):
        with pytest.raises(TypeError, match="given as `activation_fn` must return a tensor, got"):
            DNNRegressor((3,), activation_fn=activation, steps=1).fit(X, Y)


# ---- embeddings ---------------------------------------------------------------------------------


def test_embeddings_of_the_unseen_begin_at_zero() -> None:
    spec = FeatureSpec(1, (1, 40, 2000))
    network = FeedForward(spec, 1, (3,))
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        network(FeatureTensors.placeholders(spec), training=True)
        session.run(tf.global_variables_initializer())
        for j, (count, size) in enumerate(zip(spec.categories, embedding_sizes(spec), strict=True)):
            table = session.run(f"dnn/embedding_{j}:0")
            assert table.shape == (count + 1, size)
            assert not table[-1].any()
            assert table[:-1].all()
            assert np.abs(table).max() <= 2 * size**-0.5  # truncated at two deviations
            if count > 1000:
                # Those of one category are about as long as a standardised number.
                assert np.square(table[:-1]).sum(axis=1).mean() == pytest.approx(0.774, abs=0.05)


@given(st.lists(st.integers(1, 10**6), min_size=1))
def test_sizes_of_embeddings(counts: list[int]) -> None:
    sizes = embedding_sizes(FeatureSpec(0, tuple(sorted(counts))))
    assert sizes == sorted(sizes)
    assert 1 <= min(sizes) <= max(sizes) <= 50
    assert all(size <= count + 1 for size, count in zip(sizes, sorted(counts), strict=True))


# ---- wide and deep ------------------------------------------------------------------------------


@st.composite
def choices(draw: Any) -> tuple[FeatureSpec, Any]:
    """Features and some columns of them."""
    spec = draw(specs)
    width, kinds = spec.numeric, range(len(spec.categories))
    numeric = draw(st.sets(st.sampled_from(range(width)))) if width else set()
    categorical = draw(st.sets(st.sampled_from(kinds))) if kinds else set()
    return spec, (tuple(sorted(numeric)), tuple(sorted(categorical)))


@settings(deadline=None, max_examples=25)
@given(choices())
def test_chosen_columns_are_those_of_the_arrays(given: Any) -> None:
    spec, columns = given
    features = random_features(spec)
    dense = features.in_form(False)
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = FeatureTensors.placeholders(spec)
        part = chosen(tensors, columns)
        assert part.spec == chosen_spec(spec, columns)
        feed = dict(zip(tensors.feeds(), features.arrays(), strict=True))
        if spec.numeric:
            numeric = part.numeric
            if isinstance(numeric, tf.SparseTensor):
                numeric = tf.sparse_tensor_to_dense(numeric)
            found = session.run(numeric, feed)
            assert found.tolist() == dense.numeric[:, columns[0]].tolist()
        if columns[1]:
            assert features.codes is not None
            assert session.run(part.codes, feed).tolist() == features.codes[:, columns[1]].tolist()
        else:
            assert part.codes is None
    assert chosen(tensors, None) is tensors
    assert chosen_spec(spec, None) is spec


def parts_of(spec: FeatureSpec, wide: Any, deep: Any) -> WideAndDeep:
    """Both parts on columns of their own."""
    return WideAndDeep(
        spec,
        2,
        Linear(chosen_spec(spec, wide), 2),
        FeedForward(chosen_spec(spec, deep), 2, (4,)),
        wide,
        deep,
    )


@pytest.mark.parametrize(
    ("spec", "wide", "deep"),
    [
        (FeatureSpec(3, (2, 4)), None, None),
        (FeatureSpec(3, (2, 4)), ((0, 2), ()), ((1,), (1,))),
        (FeatureSpec(3, (2, 4)), ((), (0,)), None),
        (FeatureSpec(3, (2, 4)), None, ((), (1,))),
        (FeatureSpec(4, (), sparse=True), None, None),
    ],
)
def test_wide_and_deep_is_the_sum(spec: FeatureSpec, wide: Any, deep: Any) -> None:
    network = parts_of(spec, wide, deep)
    features, values = random_features(spec), random_values(network)

    def seen(columns: Any) -> Features:
        if columns is None:
            return features
        numeric = features.in_form(False).numeric[:, columns[0]]
        codes = features.codes[:, columns[1]] if columns[1] else None  # type: ignore[index]
        return Features(numeric, codes, chosen_spec(spec, columns).categories)

    found = outputs_of(network, features, values)
    sides = ((network.wide, wide), (network.deep, deep))
    expected = sum(outputs_of(part, seen(columns), values) for part, columns in sides)
    np.testing.assert_allclose(found, expected, **CLOSE)


# ---- what all have in common --------------------------------------------------------------------

SPEC = FeatureSpec(3, (2, 4))
NETWORKS: list[Network] = [
    Linear(FeatureSpec(3), 2),
    Linear(SPEC, 2),
    Linear(replace(SPEC, sparse=True), 1),
    FeedForward(FeatureSpec(30), 2, (5, 40, 3)),
    FeedForward(SPEC, 20, ()),
    FeedForward(FeatureSpec(30, (50, 50)), 2, (5,)),
    parts_of(SPEC, None, None),
    parts_of(SPEC, ((0,), ()), ((1, 2), (0, 1))),
    parts_of(FeatureSpec(50, (3,)), (tuple(range(40)), ()), ((1,), (0,))),
]
networks = pytest.mark.parametrize("network", NETWORKS, ids=range(len(NETWORKS)))


@networks
def test_the_width_is_that_of_the_largest_value(network: Network) -> None:
    """Inputs and the like do not count, since they are there in any case."""
    widths = []
    for op in predictor(network).graph.get_operations():
        for value in op.outputs if op.type != "Placeholder" else []:
            shape = value.get_shape().as_list() if value.get_shape().ndims else [1]
            if None in shape and value.dtype.is_floating:
                widths.append(int(np.prod([size for size in shape if size is not None])))
    assert max(widths) == network.width


@networks
def test_equal_networks_build_equal_graphs(network: Network) -> None:
    twin = replace(network)
    assert twin == network
    assert hash(twin) == hash(network)
    other = replace(network, spec=replace(network.spec, dtype="float32"))
    assert other != network
    predictor.cache_clear()
    first = predictor(network).graph.as_graph_def()
    predictor.cache_clear()
    assert predictor(twin).graph.as_graph_def() == first


@networks
def test_penalties_charge_for_weights_alone(network: Network) -> None:
    collection = predictor(network).graph.get_collection(tf.GraphKeys.WEIGHTS)
    charged = {v.name.removesuffix(":0") for v in collection}
    expected = {name for name in predictor(network).names if name.endswith("weights")}
    assert charged == expected
    free = [name for name in predictor(network).names if name not in charged]
    assert all("biases" in name or "embedding" in name for name in free)
    assert network.output_biases in free


@pytest.mark.parametrize(
    "model",
    [
        DNNRegressor((6, 5), dropout=0.5),
        DNNLinearCombinedRegressor((6,)),
        LinearRegressor(optimizer="Adam"),
    ],
)
def test_what_is_drawn_does_not_hang_on_the_form_of_the_rows(model: Any) -> None:
    model.set_params(random_state=0, steps=3)
    dense = model.fit(X, Y).predict(X)
    for rows, weight in ((csr_array(X), None), (X, np.ones(len(X)))):
        np.testing.assert_allclose(model.fit(rows, Y, weight).predict(X), dense, rtol=1e-6)
    assert np.abs(model.fit(X, Y, WEIGHT).predict(X) - dense).max() > 1e-6
    mixed = model.fit(FRAME, Y).get_variable_names()
    assert any("categor" in name or "embedding" in name for name in mixed)
