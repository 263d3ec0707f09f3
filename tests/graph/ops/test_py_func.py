"""Python functions inside a graph: what they are given, what they may return, how they fail."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import errors


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def run(fetches: Any, feed_dict: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feed_dict)


def call(function: Any, *arguments: Any, returns: Any = tf.float32, **options: Any) -> Any:
    return run(tf.py_func(function, list(arguments), returns, **options))


@pytest.mark.parametrize("stateful", [True, False])
def test_values(stateful: bool) -> None:
    found = call(
        lambda x, y: (x * np.float32(2), y),
        [1.0, 2.0],
        3,
        returns=[tf.float32, tf.int32],
        stateful=stateful,
    )
    np.testing.assert_array_equal(found[0], [2, 4])
    assert found[1] == 3


def test_types_of_operations() -> None:
    assert tf.py_func(np.sin, [1.0], tf.float32).op.type == "PyFunc"
    assert tf.py_func(np.sin, [1.0], tf.float32, stateful=False).op.type == "PyFuncStateless"


@pytest.mark.parametrize(
    "dtype",
    ["float16", "float32", "float64", "int8", "int64", "uint16", "bool", "complex64", "uint64"],
)
def test_every_type_comes_and_goes(dtype: str) -> None:
    value = np.array([[0, 1], [1, 0]], dtype)
    found = call(lambda x: x, value, returns=getattr(tf, dtype))
    assert found.dtype == value.dtype
    np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize(
    "returned",
    [
        b"ab\0",
        "ab\0",
        np.array([b"a\0", b"c"], object),
        np.array(["a", "bc"]),
        np.array([b"a", b"bc"]),
        "\u00e9",
    ],
    ids=["bytes", "str", "objects", "strs", "several bytes", "accent"],
)
def test_text(returned: Any) -> None:
    found = call(lambda: returned, returns=tf.string)
    wanted = np.array(returned, object).reshape(-1) if np.ndim(returned) else [returned]
    expected = [s.encode() if isinstance(s, str) else s for s in wanted]
    assert np.array(found, object).reshape(-1).tolist() == expected


def test_text_is_given_as_bytes() -> None:
    assert call(lambda x: x + b"z", "a", returns=tf.string) == b"az"


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0).reshape(2, 6)[::-1, ::2],
        np.arange(6.0).reshape(2, 3).astype(">f8"),
    ],
)
def test_layouts(array: Any) -> None:
    found = call(lambda: array, returns=tf.float64)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == np.float64


def test_what_is_given_and_returned_is_nobodys_else() -> None:
    kept: list[Any] = []

    def function(x: Any) -> Any:
        x += 1
        kept.append(x)
        return x

    v = tf.Variable([1.0, 2.0])
    y = tf.py_func(function, [v], tf.float32)
    with tf.Session() as session:
        session.run(v.initializer)
        found = session.run(y)
        kept[0][:] = 9
        np.testing.assert_array_equal(found, [2, 3])
        np.testing.assert_array_equal(session.run(v), [1, 2])


@pytest.mark.parametrize(
    ("function", "returns", "sentence"),
    [
        (lambda: 2.5, tf.float32, "0-th value returned by pyfunc_N is double, but expects float"),
        (
            lambda: np.int64(2),
            tf.int32,
            "0-th value returned by pyfunc_N is int64, but expects int32",
        ),
        (
            lambda: (np.float32(1), 2.0),
            [tf.float32] * 2,
            "1-th value returned by pyfunc_N is double, but expects float",
        ),
        (
            lambda: np.float32(3),
            tf.string,
            "0-th value returned by pyfunc_N is float, but expects string",
        ),
        (lambda: "s", tf.float32, "0-th value returned by pyfunc_N is string, but expects float"),
        (lambda: (1, 2), tf.int64, "pyfunc_N returns 2 values, but expects to see 1 values."),
        (lambda: 1, [tf.int64] * 2, "pyfunc_N returns 1 values, but expects to see 2 values."),
        (lambda: None, tf.int64, "pyfunc_N returns 0 values, but expects to see 1 values."),
    ],
)
def test_what_was_not_announced_is_refused(function: Any, returns: Any, sentence: str) -> None:
    tensor = tf.py_func(function, [], returns)
    op = tensor[0].op if isinstance(tensor, list) else tensor.op
    with pytest.raises(errors.InvalidArgumentError) as caught:
        run(tensor)
    token = op.get_attr("token").decode()
    assert caught.value.message.split("\n")[0] == sentence.replace("pyfunc_N", token)


def test_objects_are_refused() -> None:
    with pytest.raises(errors.UnimplementedError, match="Unsupported object type object"):
        call(object, returns=tf.float32)
    with pytest.raises(errors.UnimplementedError, match="Unsupported numpy type datetime64"):
        call(lambda: np.datetime64("2017-04-22"), returns=tf.float32)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("boo"),
        KeyError("k"),
        errors.NotFoundError(None, None, "nf"),
        StopIteration(),
        AssertionError("a"),
    ],
)
def test_an_exception_is_the_cause_of_the_error(error: Exception) -> None:
    def function() -> None:
        raise error

    with pytest.raises(errors.InternalError, match="Failed to run py callback pyfunc_") as caught:
        call(function)
    causes = []
    cause: BaseException | None = caught.value
    while cause is not None:
        causes.append(cause)
        cause = cause.__cause__
    assert error in causes


def test_nothing_to_return() -> None:
    calls: list[int] = []
    op = tf.py_func(lambda: calls.append(1), [], [])
    assert isinstance(op, tf.Operation)
    assert run(op) is None
    assert calls == [1]


def test_each_run_calls_once() -> None:
    calls: list[int] = []

    def function() -> Any:
        calls.append(1)
        return np.float32(len(calls))

    a, b = (tf.py_func(function, [], tf.float32) for _ in range(2))
    with tf.Session() as session:
        assert sorted(session.run([a, b])) == [1, 2]
        assert session.run(a + a) == 6


def test_no_gradient() -> None:
    x = tf.constant(1.0)
    assert tf.gradients(tf.py_func(np.sin, [x], tf.float32), x) == [None]


def test_a_function_lives_as_long_as_its_graph() -> None:
    class Function:
        def __call__(self, x: Any) -> Any:
            return x

    def build() -> Any:
        function = Function()
        with tf.Graph().as_default():
            tensor = tf.py_func(function, [1.0], tf.float32)
            assert run(tensor) == 1
        return weakref.ref(function), tensor

    reference, tensor = build()
    gc.collect()
    assert reference() is not None
    del tensor
    gc.collect()
    assert reference() is None


def test_a_saved_graph_has_no_function() -> None:
    tensor = tf.py_func(np.sin, [1.0], tf.float32)
    node = tensor.op.node_def
    assert set(node.attr) == {"token", "Tin", "Tout"}
    del tensor.op.attrs["function"]
    with pytest.raises(errors.InternalError, match="a function is not saved with its graph"):
        run(tensor)
