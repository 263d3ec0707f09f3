"""What neural network operations say of wrong inputs, and their delicate numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow.graph.ops.activations
import skflow.graph.ops.bias
import skflow.graph.ops.losses
import skflow.graph.ops.top_k  # noqa: F401  (declares the operations)
from skflow.errors import InvalidArgumentError
from skflow.graph.conversion import constant
from skflow.graph.core import Graph
from skflow.graph.registry import REGISTRY, raw

inf, nan = np.inf, np.nan


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    """Every test builds a graph of its own."""
    with Graph().as_default() as fresh:
        yield fresh


def f32(value: Any) -> np.ndarray:
    return np.array(value, dtype=np.float32)


def i32(value: Any) -> np.ndarray:
    return np.array(value, dtype=np.int32)


def run(op: str, *arrays: Any, **attrs: Any) -> Any:
    """The kernel on its own."""
    with np.errstate(all="ignore"):
        return REGISTRY[op].kernel(*arrays, **attrs)


RUN_TIME = [
    ("Softmax", (f32([1, 2]),), {}, "logits must be 2-dimensional"),
    ("LogSoftmax", (f32([[[1, 2]]]),), {}, "logits must be 2-dimensional"),
    (
        "SoftmaxCrossEntropyWithLogits",
        (f32([[1, 2]]), f32([[1, 2, 3]])),
        {},
        "logits and labels must be same size: logits_size=[1,2] labels_size=[1,3]",
    ),
    (
        "SoftmaxCrossEntropyWithLogits",
        (f32([1, 2]), f32([1, 2])),
        {},
        "logits must be 2-dimensional",
    ),
    (
        "SparseSoftmaxCrossEntropyWithLogits",
        (f32([[0.1, 0.9]]), i32([3])),
        {},
        "Received a label value of 3 which is outside the valid range of [0, 2).  Label values: 3",
    ),
    (
        "SparseSoftmaxCrossEntropyWithLogits",
        (f32([[1, 2]] * 3), i32([0, 7, -2])),
        {},
        (
            "Received a label value of -2 which is outside the valid range of [0, 2).  "
            "Label values: 0 7 -2"
        ),
    ),
    (
        "SparseSoftmaxCrossEntropyWithLogits",
        (f32([[1, 2]] * 3), i32([0, 1])),
        {},
        (
            "logits and labels must have the same first dimension, got logits shape [3,2] and labels "
            "shape [2]"
        ),
    ),
    (
        "SparseSoftmaxCrossEntropyWithLogits",
        (f32([1, 2]), i32([0])),
        {},
        "logits must be 2-D, but got shape [2]",
    ),
    (
        "SparseSoftmaxCrossEntropyWithLogits",
        (f32([[1, 2]]), i32([[0]])),
        {},
        "labels must be 1-D, but got shape [1,1]",
    ),
    (
        "SparseSoftmaxCrossEntropyWithLogits",
        (np.zeros((2, 0)), i32([0, 1])),
        {},
        "Must have at least one class, but got logits shape [2,0]",
    ),
    (
        "BiasAdd",
        (f32([[1, 2]]), f32([1, 2, 3])),
        {"data_format": "NHWC"},
        "Must provide as many biases as the last dimension of the input tensor: [3] vs. [1,2]",
    ),
    (
        "BiasAdd",
        (f32([[1, 2]]), f32([1])),
        {"data_format": "NHWC"},
        "Must provide as many biases as the last dimension of the input tensor: [1] vs. [1,2]",
    ),
    (
        "BiasAdd",
        (f32([1, 2]), f32([1, 2])),
        {"data_format": "NHWC"},
        "Input tensor must be at least 2D: [2]",
    ),
    ("BiasAddV1", (f32([[1, 2]]), f32([[1, 2]])), {}, "Biases must be 1D: [1,2]"),
    (
        "BiasAddGrad",
        (f32([1, 2]),),
        {"data_format": "NHWC"},
        "Input tensor must be at least 2D: [2]",
    ),
    ("TopKV2", (f32([[1, 3]]), i32(3)), {}, "input must have at least k columns"),
    ("TopKV2", (f32([[1, 3]]), i32(-1)), {}, "Need k >= 0, got -1"),
    ("TopKV2", (f32(1), i32(1)), {}, "input must be >= 1-D, got shape []"),
    ("TopKV2", (f32([1]), i32([1])), {}, "k must be scalar, got shape [1]"),
    ("InTopK", (f32([[0.1, 0.9]]), i32([3])), {"k": 1}, "targets[0] is out of range"),
    ("InTopK", (f32([[0.1, 0.9]] * 2), i32([1, -1])), {"k": 1}, "targets[1] is out of range"),
    (
        "InTopK",
        (f32([[0.1, 0.9]] * 2), i32([1])),
        {"k": 1},
        "First dimension of predictions 2 must match length of targets 1",
    ),
    ("InTopK", (f32([0.1, 0.9]), i32([1])), {"k": 1}, "predictions must be 2-dimensional"),
    ("InTopK", (f32([[0.1, 0.9]]), i32([[1]])), {"k": 1}, "targets must be 1-dimensional"),
]


@pytest.mark.parametrize(("op", "arrays", "attrs", "message"), RUN_TIME)
def test_complaints_at_the_run(op: str, arrays: Any, attrs: Any, message: str) -> None:
    """The sentences of TensorFlow 1.1.0."""
    with pytest.raises(InvalidArgumentError) as caught:
        run(op, *arrays, **attrs)
    assert caught.value.message == message


BUILD_TIME = [
    (
        "Softmax",
        (1.0,),
        {},
        (
            "Shape must be at least rank 1 but is rank 0 for 'Softmax' (op: "
            "'Softmax') with input shapes: []."
        ),
    ),
    (
        "SoftmaxCrossEntropyWithLogits",
        ([[1.0, 2]], [[1.0, 2, 3]]),
        {},
        (
            "Dimension 1 in both shapes must be equal, but are 2 and 3 for "
            "'SoftmaxCrossEntropyWithLogits' (op: 'SoftmaxCrossEntropyWithLogits') with input shapes: "
            "[1,2], [1,3]."
        ),
    ),
    (
        "SoftmaxCrossEntropyWithLogits",
        ([1.0, 2], [[1.0, 2]]),
        {},
        (
            "Shape must be rank 2 but is rank 1 for 'SoftmaxCrossEntropyWithLogits' (op: "
            "'SoftmaxCrossEntropyWithLogits') with input shapes: [2], [1,2]."
        ),
    ),
    (
        "SparseSoftmaxCrossEntropyWithLogits",
        ([[1.0, 2]] * 3, [0, 1]),
        {},
        (
            "Dimensions must be equal, but are 3 and 2 for 'SparseSoftmaxCrossEntropyWithLogits' (op: "
            "'SparseSoftmaxCrossEntropyWithLogits') with input shapes: [3,2], [2]."
        ),
    ),
    (
        "BiasAdd",
        ([[1.0, 2]], [1.0, 2, 3]),
        {},
        (
            "Dimensions must be equal, but are 2 and 3 for 'BiasAdd' (op: 'BiasAdd') with input shapes: "
            "[1,2], [3]."
        ),
    ),
    (
        "BiasAdd",
        ([1.0, 2], [1.0, 2]),
        {},
        (
            "Shape must be at least rank 2 but is rank 1 for 'BiasAdd' (op: 'BiasAdd') with input "
            "shapes: [2], [2]."
        ),
    ),
    (
        "BiasAdd",
        ([[1.0, 2]], [[1.0, 2]]),
        {},
        (
            "Shape must be rank 1 but is rank 2 for 'BiasAdd' (op: 'BiasAdd') with input shapes: [1,2], "
            "[1,2]."
        ),
    ),
    (
        "BiasAdd",
        (np.zeros((1, 2, 1, 1)), np.zeros(3)),
        {"data_format": "NCHW"},
        (
            "Dimensions must be equal, but are 2 and 3 for 'BiasAdd' (op: 'BiasAdd') with input shapes: "
            "[1,2,1,1], [3]."
        ),
    ),
    (
        "BiasAddGrad",
        ([1.0, 2],),
        {},
        (
            "Shape must be at least rank 2 but is rank 1 for 'BiasAddGrad' (op: 'BiasAddGrad') with "
            "input shapes: [2]."
        ),
    ),
    (
        "InTopK",
        ([[0.1, 0.9]] * 2, [1]),
        {"k": 1},
        (
            "Dimensions must be equal, but are 2 and 1 for 'InTopK' (op: 'InTopK') with input shapes: "
            "[2,2], [1]."
        ),
    ),
    (
        "ReluGrad",
        ([1.0, 2], [1.0, 2, 3]),
        {},
        (
            "Dimension 0 in both shapes must be equal, but are 2 and 3 for 'ReluGrad' (op: 'ReluGrad') "
            "with input shapes: [2], [3]."
        ),
    ),
]


@pytest.mark.parametrize(("op", "inputs", "attrs", "message"), BUILD_TIME)
def test_complaints_while_building(op: str, inputs: Any, attrs: Any, message: str) -> None:
    """The sentences of TensorFlow 1.1.0."""
    tensors = [constant(v) for v in inputs]
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(raw, op)(*tensors, **attrs)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            ([[1.0, 3]], 3),
            (
                "input must have last dimension >= k = 3 but is 2 for 'TopKV2' (op: 'TopKV2') with input "
                "shapes: [1,2], [] and with computed input tensors: input[1] = <3>."
            ),
        ),
        (
            ([[1.0, 3]], -1),
            (
                "Dimension size, given by scalar input 1, must be non-negative but is -1 for 'TopKV2' (op: "
                "'TopKV2') with input shapes: [1,2], [] and with computed input tensors: input[1] = <-1>."
            ),
        ),
        (
            (1.0, 1),
            (
                "Shape must be at least rank 1 but is rank 0 for 'TopKV2' (op: 'TopKV2') with "
                "input shapes: [], []."
            ),
        ),
        (
            ([1.0], [1]),
            (
                "Input must be scalar but has rank 1 for 'TopKV2' (op: 'TopKV2') with input "
                "shapes: [1], [1] and with computed input tensors: input[1] = <1>."
            ),
        ),
    ],
)
def test_top_k_while_building(inputs: Any, message: str) -> None:
    """The sentences of TensorFlow 1.1.0."""
    with pytest.raises(ValueError, match=re.escape(message)):
        raw.TopKV2(*map(constant, inputs))


def test_types_in_words() -> None:
    with pytest.raises(
        TypeError,
        match="'logits' has DataType int32 not in list of allowed "
        "values: float16, float32, float64",
    ):
        raw.Softmax(constant([[1, 2]]))
    with pytest.raises(
        TypeError, match="'labels' has DataType float32 not in list of allowed values: int32, int64"
    ):
        raw.SparseSoftmaxCrossEntropyWithLogits(constant([[1.0, 2]]), constant([0.0]))
    with pytest.raises(
        TypeError,
        match="'features' has DataType bool not in list of allowed "
        "values: float32, float64, int32, int64, uint8, int16, int8, uint16, "
        "float16",
    ):
        raw.Relu(constant([True]))


# ---- numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 60])
def test_far_apart_logits(classes: int) -> None:
    """Logits of +-1e4 neither overflow nor lose the loss."""
    logits = np.full((2, classes), -1e4, np.float32)
    logits[:, 0] = 1e4
    labels = np.zeros((2, classes), np.float32)
    labels[0, 0] = labels[1, 1] = 1
    loss, backprop = run("SoftmaxCrossEntropyWithLogits", logits, labels)
    np.testing.assert_array_equal(loss, f32([0, 2e4]))
    np.testing.assert_array_equal(backprop[1, :2], [1, -1])
    sparse_loss, sparse_backprop = run("SparseSoftmaxCrossEntropyWithLogits", logits, i32([0, 1]))
    np.testing.assert_array_equal(sparse_loss, loss)
    np.testing.assert_array_equal(sparse_backprop, backprop)


@pytest.mark.parametrize("classes", [2, 60])
def test_classes_that_cannot_be(classes: int) -> None:
    """A logit of minus infinity is a probability of zero; a row of them is not a number."""
    x = np.zeros((2, classes), np.float32)
    x[0, 0] = -inf
    x[1] = -inf
    found = run("Softmax", x)
    np.testing.assert_allclose(found[0, 1:], 1 / (classes - 1), rtol=1e-6)
    assert found[0, 0] == 0
    assert np.isnan(found[1]).all()
    assert run("LogSoftmax", x)[0, 0] == -inf
    loss, _ = run("SparseSoftmaxCrossEntropyWithLogits", x[:1], i32([1]))
    np.testing.assert_allclose(loss, np.log(classes - 1), rtol=1e-6, atol=1e-7)


def test_half_precision_is_computed_in_single() -> None:
    x = np.array([[10.0, 0.0, -10.0]], np.float16)
    exact = np.exp(x.astype(np.float64)) / np.exp(x.astype(np.float64)).sum()
    np.testing.assert_array_equal(run("Softmax", x), exact.astype(np.float16))


def test_the_sum_over_a_batch_keeps_its_digits() -> None:
    found = run("BiasAddGrad", np.full((300_000, 2), 0.1, np.float32), data_format="NHWC")
    np.testing.assert_allclose(found, 300_000 * float(np.float32(0.1)), rtol=1e-6)
    half = run("L2Loss", np.full(3_000_000, 0.1, np.float32))
    np.testing.assert_allclose(half, 1_500_000 * float(np.float32(0.1)) ** 2, rtol=1e-6)


def test_no_gradient_passes_where_the_slope_is_zero() -> None:
    """As in TensorFlow, a feature that is not a number stops the gradient."""
    features = f32([nan, -1, 0, 1, inf])
    np.testing.assert_array_equal(run("ReluGrad", f32([1] * 5), features), [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(run("Relu", features), [nan, 0, 0, 1, inf])
    np.testing.assert_array_equal(run("Relu6Grad", f32([1] * 5), features), [0, 0, 0, 1, 0])


def test_small_inputs_keep_their_digits() -> None:
    """TensorFlow computes exp(x) - 1, which is zero here."""
    np.testing.assert_array_equal(run("Elu", f32([-1e-8])), f32([-1e-8]))
    np.testing.assert_allclose(run("Softplus", f32([-80.0])), np.exp(-80.0), rtol=1e-6)


def test_ties_and_what_is_not_a_number() -> None:
    values, where = run("TopKV2", f32([[1, 3, 2, 3], [nan, 1, 2, 0]]), i32(2))
    np.testing.assert_array_equal(values, [[3, 3], [nan, 2]])
    np.testing.assert_array_equal(where, [[1, 3], [0, 2]])
    long = np.zeros((1, 200), np.float32)
    long[0, [5, 190]] = nan
    _, where = run("TopKV2", long, i32(3))
    assert set(where[0, :2]) == {5, 190}
    predictions = f32([[0.1, 0.9, 0.9], [nan, 1, 2], [1, 1, 1], [inf, 0, 0], [1, 2, 3]])
    found = run("InTopK", predictions, i32([2, 1, 0, 0, 0]), k=1)
    np.testing.assert_array_equal(found, [True, False, True, False, False])
