"""Values of neural network functions and of the losses made of logits, and their complaints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import special

from skflow.errors import InvalidArgumentError
from skflow.graph.conversion import constant, convert
from skflow.graph.core import Graph
from skflow.graph.dtypes import float16, float32, float64, int32
from skflow.graph.functions import array, losses, math, nn, random
from skflow.graph.gradients import gradients
from skflow.graph.nodes import Tensor
from tests.interpreter import Interpreter

rng = np.random.default_rng(3)


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    """Every test builds a graph of its own."""
    with Graph().as_default() as fresh:
        yield fresh


def run(tensor: Any, feeds: dict[Tensor, Any] | None = None) -> Any:
    (found,) = Interpreter().run([convert(tensor)], feeds)
    return found


def fed(value: Any, shape: Any = None) -> tuple[Tensor, dict[Tensor, Any]]:
    """A placeholder and what it stands for."""
    x = array.placeholder(np.asarray(value).dtype, shape)
    return x, {x: value}


# ---- activations and layers ---------------------------------------------------------------


def test_crelu_keeps_both_signs() -> None:
    np.testing.assert_array_equal(run(nn.crelu([[-1.0, 2.0]])), [[0, 2, 1, 0]])


def test_layers() -> None:
    x, w, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=2)
    np.testing.assert_allclose(run(nn.xw_plus_b(x, w, b)), x @ w + b)
    np.testing.assert_allclose(run(nn.relu_layer(x, w, b)), np.maximum(x @ w + b, 0))
    np.testing.assert_allclose(run(nn.bias_add_v1(x @ w, b)), x @ w + b)
    images = rng.normal(size=(2, 3, 4, 5))
    found = run(nn.bias_add(images, np.arange(3.0), data_format="NCHW"))
    np.testing.assert_allclose(found, images + np.arange(3.0)[:, None, None])


def test_bias_complains_of_formats() -> None:
    with pytest.raises(
        ValueError,
        match="^Attr 'data_format' of 'BiasAdd' Op passed string 'X' not in: \"NHWC\", \"NCHW\".$",
    ):
        nn.bias_add([[1.0]], [1.0], data_format="X")


def test_l2_normalize() -> None:
    x = rng.normal(size=(3, 4))
    found = run(nn.l2_normalize(x, 1))
    np.testing.assert_allclose((found**2).sum(axis=1), 1)
    np.testing.assert_allclose(run(nn.l2_normalize(x, [0, 1])), x / np.sqrt((x**2).sum()))
    np.testing.assert_array_equal(run(nn.l2_normalize([[0.0, 0.0]], 1)), [[0, 0]])


def test_top_k_names_its_parts() -> None:
    found = nn.top_k([[1.0, 3.0, 2.0]], k=2)
    np.testing.assert_array_equal(run(found.values), [[3, 2]])
    np.testing.assert_array_equal(run(found.indices), [[1, 2]])
    np.testing.assert_array_equal(run(nn.in_top_k([[0.1, 0.9]], [0], 1)), [False])


# ---- dropout ------------------------------------------------------------------------------


def test_dropout_draws_as_tensorflow_does() -> None:
    """Observed with TensorFlow 1.1.0."""
    random.set_random_seed(42)
    plain = nn.dropout(array.ones([2, 3]), 0.5)
    rows = nn.dropout(array.ones([3, 4]), 0.8, noise_shape=[3, 1], seed=5)
    wide = nn.dropout(array.ones([2, 3], float64), 0.25, seed=7)
    np.testing.assert_array_equal(run(plain), [[0, 0, 0], [2, 2, 0]])
    np.testing.assert_array_equal(run(rows), np.array([[0.0], [1.25], [1.25]]) * np.ones(4))
    np.testing.assert_array_equal(run(wide), [[4, 4, 4], [4, 4, 0]])


def test_dropout_keeps_the_mean_and_passes_gradients() -> None:
    x = constant(np.ones(100_000, np.float32))
    y = nn.dropout(x, array.placeholder(float32, []), seed=1)
    feeds = {y.graph.get_tensor_by_name("Placeholder:0"): 0.75}
    (slope,) = gradients(y, x)
    values, slopes = Interpreter().run([y, slope], feeds)
    assert abs(values.mean() - 1) < 0.01
    np.testing.assert_array_equal(values, slopes)
    np.testing.assert_allclose(np.unique(values), [0, 1 / 0.75], rtol=1e-6)


def test_dropout_of_nothing() -> None:
    x = constant([1.0, 2.0])
    assert nn.dropout(x, 1.0) is x


@pytest.mark.parametrize(
    ("keep_prob", "message"),
    [
        (0.0, r"keep_prob must be a scalar tensor or a float in the range \(0, 1\], got 0"),
        (1.5, r"keep_prob must be a scalar tensor or a float in the range \(0, 1\], got 1.5"),
        ([0.5, 0.5], r"Shapes \(2,\) and \(\) are incompatible"),
    ],
)
def test_dropout_complains(keep_prob: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nn.dropout([1.0], keep_prob)


# ---- softmax ------------------------------------------------------------------------------


@pytest.mark.parametrize("dim", [0, 1, 2, -1])
@pytest.mark.parametrize("shape", [(2, 3, 4), (None, 3, None), (None, None, None)])
def test_softmax_along_an_axis(dim: int, shape: Any) -> None:
    value = rng.normal(size=(2, 3, 4))
    x, feeds = fed(value, shape)
    found = nn.softmax(x, dim=dim)
    assert found.get_shape().as_list() == list(shape)
    np.testing.assert_allclose(run(found, feeds), special.softmax(value, axis=dim))
    np.testing.assert_allclose(
        run(nn.log_softmax(x, dim=dim), feeds), special.log_softmax(value, axis=dim)
    )


def test_softmax_of_any_rank() -> None:
    for value in (rng.normal(size=5), rng.normal(size=(2, 5)), rng.normal(size=(2, 1, 2, 5))):
        x, feeds = fed(value)
        np.testing.assert_allclose(run(nn.softmax(x), feeds), special.softmax(value, axis=-1))
        np.testing.assert_allclose(run(nn.softmax(value)), special.softmax(value, axis=-1))


# ---- one class of several -----------------------------------------------------------------


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("known", [True, False])
def test_softmax_cross_entropy(dim: int, known: bool) -> None:
    value = rng.normal(size=(2, 3, 4))
    labels = special.softmax(rng.normal(size=(2, 3, 4)), axis=dim)
    x, feeds = fed(value, value.shape if known else (None, None, None))
    y = losses.softmax_cross_entropy_with_logits(labels=labels, logits=x, dim=dim)
    expected = -(labels * special.log_softmax(value, axis=dim)).sum(axis=dim)
    np.testing.assert_allclose(run(y, feeds), expected)
    (slope,) = gradients(y, x)
    np.testing.assert_allclose(
        run(slope, feeds), special.softmax(value, axis=dim) - labels, atol=1e-12
    )


@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
@pytest.mark.parametrize("known", [True, False])
def test_sparse_softmax_cross_entropy(shape: Any, known: bool) -> None:
    value, classes = rng.normal(size=(*shape, 4)), rng.integers(0, 4, shape)
    x, feeds = fed(value, value.shape if known else None)
    y = losses.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=x)
    expected = -np.take_along_axis(special.log_softmax(value, axis=-1), classes[..., None], -1)
    np.testing.assert_allclose(run(y, feeds), expected[..., 0])
    assert y.get_shape().as_list() == list(shape)


def test_half_precision_gives_half_precision() -> None:
    logits = np.array([[1, 2]], np.float16)
    dense = losses.softmax_cross_entropy_with_logits(labels=[[0.0, 1.0]], logits=logits)
    sparse = losses.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=logits)
    assert dense.dtype is sparse.dtype is float16
    np.testing.assert_allclose([run(dense), run(sparse)], np.log(1 + np.exp(-1)), rtol=1e-3)


def test_second_derivatives_of_both_forms() -> None:
    """The Hessian is diag(p) - p p'; for the sparse form TensorFlow 1.1.0 refuses it."""
    value = rng.normal(size=(1, 4))
    p = special.softmax(value[0])
    for form in ("dense", "sparse"):
        x, feeds = fed(value, (1, 4))
        if form == "dense":
            y = losses.softmax_cross_entropy_with_logits(labels=np.eye(4)[[2]], logits=x)
        else:
            y = losses.sparse_softmax_cross_entropy_with_logits(labels=[2], logits=x)
        (first,) = gradients(y, x)
        rows = [run(gradients(first[0, i], x)[0], feeds)[0] for i in range(4)]
        np.testing.assert_allclose(rows, np.diag(p) - np.outer(p, p), atol=1e-12)


def test_labels_out_of_range() -> None:
    y = losses.sparse_softmax_cross_entropy_with_logits(labels=[3], logits=[[0.1, 0.9]])
    with pytest.raises(
        InvalidArgumentError,
        match=r"Received a label value of 3 which is outside "
        r"the valid range of \[0, 2\).  Label values: 3",
    ):
        run(y)


ALL_THREE = [
    losses.softmax_cross_entropy_with_logits,
    losses.sigmoid_cross_entropy_with_logits,
    losses.sparse_softmax_cross_entropy_with_logits,
]


@pytest.mark.parametrize("loss", ALL_THREE)
def test_arguments_go_by_name(loss: Any) -> None:
    with pytest.raises(
        ValueError,
        match=rf"^Only call `{loss.__name__}` with named arguments "
        r"\(labels=..., logits=..., ...\)$",
    ):
        loss([[0.1, 0.9]], [1])
    with pytest.raises(ValueError, match=r"^Both labels and logits must be provided\.$"):
        loss(labels=[1.0])


def test_ranks_must_fit() -> None:
    loss = losses.sparse_softmax_cross_entropy_with_logits
    with pytest.raises(
        ValueError,
        match=r"^Rank mismatch: Rank of labels \(received 2\) should "
        r"equal rank of logits minus 1 \(received 2\)\.$",
    ):
        loss(labels=[[1]], logits=[[0.1, 0.9]])
    with pytest.raises(ValueError, match=r"^Logits cannot be scalars - received shape \(\)\.$"):
        loss(labels=0, logits=1.0)


# ---- several classes at once, and counts --------------------------------------------------


def test_sigmoid_cross_entropy_far_out() -> None:
    x, feeds = fed(np.array([-1e4, -2.0, 0.0, 3.0, 1e4]), [5])
    labels = np.array([1.0, 0.25, 0.5, 1.0, 1.0])
    y = losses.sigmoid_cross_entropy_with_logits(labels=labels, logits=x)
    values = feeds[x]
    np.testing.assert_allclose(run(y, feeds), np.logaddexp(0, values) - values * labels)
    (slope,) = gradients(y, x)
    np.testing.assert_allclose(run(slope, feeds), special.expit(values) - labels, atol=1e-12)


def test_weighted_cross_entropy() -> None:
    x, z = rng.normal(size=6) * 3, rng.random(6)
    found = run(losses.weighted_cross_entropy_with_logits(z, x, 2.5))
    expected = -2.5 * z * special.log_expit(x) - (1 - z) * special.log_expit(-x)
    np.testing.assert_allclose(found, expected)


def test_log_poisson_loss() -> None:
    """The last four figures were observed with TensorFlow 1.1.0."""
    z, c = np.array([0.0, 0.5, 1, 3]), np.array([0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(run(losses.log_poisson_loss(z, c)), np.exp(c) - z * c)
    full = run(losses.log_poisson_loss(z, c, compute_full_loss=True))
    np.testing.assert_allclose(full, [1.105171, 1.1214027, 1.0498588, 2.0559063], rtol=1e-6)


def test_shapes_must_fit() -> None:
    with pytest.raises(
        ValueError,
        match=r"^log_input and targets must have the same shape "
        r"\(\(1,\) vs \(4,\)\)$",
    ):
        losses.log_poisson_loss([0.0, 0.5, 1, 3], [0.1])
    with pytest.raises(ValueError, match="^logits and targets must have the same shape"):
        losses.weighted_cross_entropy_with_logits([0.0, 0.5], [0.1], 1.0)
    with pytest.raises(ValueError, match="^logits and labels must have the same shape"):
        losses.sigmoid_cross_entropy_with_logits(labels=[0.0, 0.5], logits=[0.1])


def test_a_batch_of_none() -> None:
    x, feeds = fed(np.zeros((0, 3), np.float32), [None, 3])
    y = losses.sparse_softmax_cross_entropy_with_logits(labels=array.zeros([0], int32), logits=x)
    assert run(y, feeds).shape == (0,)
    assert run(math.reduce_sum(nn.softmax(x)), feeds) == 0
