"""Rows for activations, biases, softmax and its cross-entropies, and the largest entries."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from tests.op_cases.case import Case, Elsewhere, apart, integers, real

inf, nan = np.inf, np.nan


def softmax(x: np.ndarray) -> np.ndarray:
    """Rows of weights that sum to one."""
    return special.softmax(x, axis=1)


def xent(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cross-entropy of rows, and softmax less labels."""
    return -(labels * special.log_softmax(x, axis=1)).sum(axis=1), softmax(x) - labels


def sparse_xent(x: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same with numbers of classes."""
    return xent(x, np.eye(x.shape[1])[labels])


def probabilities(rows: int, classes: int) -> np.ndarray:
    """Rows of probabilities."""
    return softmax(real(rows, classes))


def top_k(x: np.ndarray, k: int, **_: Any) -> tuple[np.ndarray, np.ndarray]:
    """By sorting pairs of value and position."""
    rows = np.asarray(x).reshape(-1, x.shape[-1])
    where = np.array(
        [
            sorted(range(len(row)), key=lambda i, row=row: (-row[i].astype(object), i))[:k]
            for row in rows
        ],
        dtype=int,
    ).reshape(*x.shape[:-1], k)
    return np.take_along_axis(x, where, axis=-1), where


def in_top_k(predictions: np.ndarray, targets: np.ndarray, k: int) -> np.ndarray:
    """Row by row."""
    return np.array(
        [
            bool(np.isfinite(row).all()) and sum(p > row[t] for p in row) < k
            for row, t in zip(predictions, targets, strict=True)
        ]
    )


def biased(value: np.ndarray, bias: np.ndarray, data_format: str = "NHWC") -> np.ndarray:
    """Channels last, or third from the end."""
    return value + (bias if data_format == "NHWC" else bias[:, None, None])


def bias_sums(dy: np.ndarray, data_format: str = "NHWC") -> np.ndarray:
    """Sums over all axes but the channels'."""
    axes = range(dy.ndim - 1) if data_format == "NHWC" else (0, 2, 3)
    return dy.sum(axis=tuple(axes))


def split(x: np.ndarray) -> Any:
    """A slope of one above zero, of exp(x) below."""
    return np.where(x > 0, 1.0, np.exp(np.minimum(x, 0)))


LARGE = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, 1e4]])
ODD = np.array([-1e4, -50.0, -1e-6, 0.0, 1e-6, 50.0, 1e4, inf, -inf, nan])

ACTIVATIONS: list[Case | Elsewhere] = [
    Case("Relu", [apart(3, 4)], lambda x: np.maximum(x, 0), special=[(ODD,)]),
    Case(
        "ReluGrad",
        [real(3, 4), apart(3, 4)],
        lambda g, x: g * (x > 0),
        special=[(np.ones(10), ODD)],
    ),
    Case("Relu6", [apart(6, 8, gap=0.15)], lambda x: np.clip(x, 0, 6), special=[(ODD,)]),
    Case(
        "Relu6Grad",
        [real(6, 8), apart(6, 8, gap=0.15)],
        lambda g, x: g * ((x > 0) & (x < 6)),
        special=[(np.ones(10), ODD)],
    ),
    Case("Elu", [apart(3, 4)], lambda x: np.where(x > 0, x, np.expm1(x)), special=[(ODD,)]),
    Case(
        "EluGrad", [real(3, 4), apart(3, 4, gap=0.03)], lambda g, y: g * np.where(y > 0, 1, y + 1)
    ),
    Case("Softplus", [real(3, 4, scale=3)], lambda x: np.logaddexp(x, 0), special=[(ODD,)]),
    Case(
        "SoftplusGrad",
        [real(3, 4), real(3, 4, scale=3)],
        lambda g, x: g * special.expit(x),
        special=[(np.ones(10), ODD)],
    ),
    Case("Softsign", [apart(3, 4)], lambda x: x / (1 + np.abs(x)), special=[(ODD[:-3],)]),
    Case(
        "SoftsignGrad",
        [real(3, 4), apart(3, 4)],
        lambda g, x: g / (1 + np.abs(x)) ** 2,
        special=[(np.ones(7), ODD[:-3])],
    ),
]

LOSSES: list[Case | Elsewhere] = [
    Case(
        "Softmax",
        [real(3, 5)],
        softmax,
        special=[(LARGE,), (real(4, 60),), (np.zeros((0, 3)),), (real(2, 1),)],
    ),
    Case(
        "LogSoftmax",
        [real(3, 5)],
        lambda x: special.log_softmax(x, axis=1),
        special=[(LARGE,), (real(4, 60),), (np.zeros((0, 3)),), (real(2, 1),)],
    ),
    Case(
        "SoftmaxCrossEntropyWithLogits",
        [real(3, 5), probabilities(3, 5)],
        xent,
        grad=(0,),
        special=[
            (LARGE, np.eye(3)[[1, 2]]),
            (real(4, 60), probabilities(4, 60)),
            (np.zeros((0, 3)), np.zeros((0, 3))),
        ],
        why="as in TensorFlow 1.1.0 no gradient flows into the labels",
    ),
    Case(
        "SparseSoftmaxCrossEntropyWithLogits",
        [real(4, 5), integers(0, 5, 4)],
        sparse_xent,
        special=[
            (LARGE, np.array([1, 2])),
            (real(4, 60), integers(0, 60, 4)),
            (np.zeros((0, 3)), np.zeros(0, int)),
        ],
    ),
    Case(
        "L2Loss",
        [real(3, 4)],
        lambda t: (t**2).sum() / 2,
        special=[(np.zeros((0, 2)),), (real(100, 101),), (real(),)],
    ),
]

BIASES: list[Case | Elsewhere] = [
    Case("BiasAdd", [real(2, 3, 4), real(4)], biased, attrs={"data_format": "NHWC"}),
    Case("BiasAdd", [real(2, 3, 4, 5), real(3)], biased, attrs={"data_format": "NCHW"}),
    Case("BiasAddV1", [real(2, 3, 4), real(4)], biased),
    Case(
        "BiasAddGrad",
        [real(2, 3, 4)],
        bias_sums,
        attrs={"data_format": "NHWC"},
        special=[(real(1000, 3),), (np.zeros((0, 3)),), (np.zeros((2, 0, 3)),)],
    ),
    Case("BiasAddGrad", [real(2, 3, 4, 5)], bias_sums, attrs={"data_format": "NCHW"}),
]

RANKS: list[Case | Elsewhere] = [
    Case(
        "TopKV2",
        [apart(3, 5), np.array(2)],
        top_k,
        special=[
            (np.array([[1.0, 3, 3, 2], [0, 0, 0, 0]]), np.array(3)),
            (apart(2, 100), np.array(7)),
            (np.repeat(integers(0, 5, 3, 50), 2, axis=1).astype(float), np.array(9)),
            (real(2, 3), np.array(0)),
            (real(2, 3), np.array(3)),
            (real(5), np.array(2)),
        ],
    ),
    Case(
        "InTopK",
        [real(6, 5), integers(0, 5, 6)],
        in_top_k,
        attrs={"k": 2},
        special=[
            (
                np.array([[0.1, 0.9, 0.9], [1, 1, 1], [nan, 1, 2], [inf, 0, 0]]),
                np.array([2, 0, 1, 0]),
            )
        ],
    ),
]

CASES: list[Case | Elsewhere] = [*ACTIVATIONS, *LOSSES, *BIASES, *RANKS]
