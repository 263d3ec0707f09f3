"""Operations check what they are given, and say what is wrong in TensorFlow's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import FLOATS
from skflow.graph.registry import REGISTRY, define, raw
from tests.golden import core_snippets


@pytest.fixture(autouse=True)
def _fresh_graph() -> Any:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@pytest.mark.parametrize("source", core_snippets.recorded("errors"))
def test_answers_are_tensorflows(source: str) -> None:
    core_snippets.check(tf, "errors", source)


@pytest.fixture
def own_operations() -> Any:
    """Operations declared by a test are forgotten after it."""
    known = dict(REGISTRY)
    yield
    for name in REGISTRY.keys() - known.keys():
        del REGISTRY[name]
        vars(raw).pop(name, None)


@pytest.mark.usefixtures("own_operations")
def test_an_operation_of_ones_own() -> None:
    def scaled(x: Any, ys: Any, *, factor: float) -> Any:
        return factor * x * sum(ys), np.asarray(len(ys))

    def grad(op: Any, dy: Any, _: Any) -> Any:
        factor, (x, *ys) = op.attrs["factor"], op.inputs
        return [factor * dy * tf.add_n(ys), *[factor * dy * x for _ in ys]]

    define(
        "ScaledSum",
        "x: T, ys: N * T -> z: T, n: int32",
        types={"T": FLOATS},
        attrs={"factor": 2.0, "note": Attr("string", "")},
        infer=lambda x, _: [x.shape, ()],
        kernel=scaled,
        grad=grad,
    )
    x = tf.constant([1.0, 2.0], tf.float64)
    found = raw.ScaledSum(x, [x, [3.0, 4.0]], factor=3)
    assert found._fields == ("z", "n")
    assert [t.name for t in found] == ["ScaledSum:0", "ScaledSum:1"]
    assert [t.dtype for t in found] == [tf.float64, tf.int32]
    assert found.z.shape == [2]
    assert found.z.op.attrs == {"T": tf.float64, "N": 2, "factor": 3.0, "note": ""}
    with tf.Session() as session:
        z, n, dx = session.run([*found, tf.gradients(found.z, x)[0]])
    np.testing.assert_array_equal(z, [12, 36])
    np.testing.assert_array_equal(dx, [3 * (4 + 1), 3 * (6 + 2)])
    assert n == 2
    again = raw.ScaledSum(x=x, ys=[x], name="mine")
    assert again.z.name == "mine:0"
    assert tf.get_default_graph().create_op("ScaledSum", [x, x], []).get_attr("N") == 1


@pytest.mark.usefixtures("own_operations")
def test_mistakes_with_an_operation_of_ones_own() -> None:
    def infer(x: Any, *, k: int) -> Any:
        if x.require_rank(1)[0] not in (None, k):
            raise ValueError(f"x must have {k} elements")
        return x.shape

    own = define(
        "OwnOp",
        "x: T -> y: T",
        attrs={"k": Attr("int")},
        types={"T": FLOATS},
        infer=infer,
        kernel=lambda x: x,
    )
    x = tf.constant([1.0, 2.0])
    assert own(x, k=2).shape == [2]
    mistakes: Any = [
        (TypeError, "requires the attribute 'k'", lambda: own(x)),
        (TypeError, r"takes 1 inputs \(x\), got 2", lambda: own(x, x, k=2)),
        (TypeError, "DataType int32 not in list of allowed values: float16, float32, float64",
         lambda: own(tf.constant([1, 2]), k=2)),
        (ValueError, r"^x must have 3 elements for 'n' \(op: 'OwnOp'\) with input shapes: \[2\].$",
         lambda: own(x, k=3, name="n")),
        (ValueError, "^Shape must be rank 1 but is rank 0 for", lambda: own(1.0, k=3)),
        (LookupError, "No gradient defined for operation 'OwnOp' ",
         lambda: tf.gradients(own(x, k=2, name="OwnOp/"), x)),
        (ValueError, "The operation 'OwnOp' is defined already",
         lambda: define("OwnOp", "-> x: T", kernel=len)),
        (AttributeError, "There is no operation 'NoSuch'", lambda: raw.NoSuch),
        (TypeError, "Op type not registered 'NoSuch'",
         lambda: tf.get_default_graph().create_op("NoSuch", [x], [tf.float32])),
    ]  # fmt: skip
    with tf.Graph().as_default():
        x = tf.constant([1.0, 2.0])
        for kind, sentence, call in mistakes:
            with pytest.raises(kind, match=sentence):
                call()


def test_create_op_checks_the_announced_types() -> None:
    x = tf.constant([1.0, 2.0])
    with pytest.raises(TypeError, match="Neg computes"):
        tf.get_default_graph().create_op("Neg", [x], [tf.int32])
    found = tf.get_default_graph().create_op("Neg", [x], ["float32"])
    assert found.outputs[0].shape == [2]
