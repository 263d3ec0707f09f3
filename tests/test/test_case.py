"""The test case passes what is right and fails what is wrong."""

from __future__ import annotations

import random
import threading
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf


def run(body: Callable[[Any], None]) -> unittest.TestResult:
    """The outcome of a test whose method is `body`."""
    kind = type("Example", (tf.test.TestCase,), {"runTest": body})
    result = unittest.TestResult()
    kind().run(result)
    return result


def passes(body: Callable[[Any], None]) -> None:
    result = run(body)
    assert result.wasSuccessful(), result.failures + result.errors
    assert result.testsRun == 1


def fails(body: Callable[[Any], Any]) -> str:
    result = run(body)
    assert len(result.failures) == 1, result.errors
    return result.failures[0][1]


def test_each_test_has_a_seeded_graph_of_its_own() -> None:
    seen: list[tuple[Any, ...]] = []

    def body(case: Any) -> None:
        assert tf.get_default_graph().get_operations() == []
        with case.test_session() as session:
            draw = session.run(tf.random_uniform([3]))
        seen.append((tuple(draw), random.random(), np.random.random_sample()))  # noqa: NPY002

    passes(body)
    passes(body)
    assert seen[0] == seen[1]


def test_the_session_is_kept_within_a_test() -> None:
    def body(case: Any) -> None:
        with case.test_session() as first:
            v = tf.Variable(1.0)
            v.initializer.run()
            assert v.op.device == "/device:CPU:0"
        with case.test_session(use_gpu=True) as second:
            assert second is first
            assert v.eval() == 1.0
            assert tf.constant(1.0).op.device == ""
        graph = tf.Graph()
        with case.test_session(graph=graph, force_gpu=True) as third:
            assert third is not first
            assert third.graph is graph
            assert tf.constant(2.0).op.device == "/device:GPU:0"
        case.session = first

    kept: list[Any] = []
    passes(lambda case: (body(case), kept.append(case.session))[1])
    with pytest.raises(RuntimeError, match="closed"):
        kept[0].run([])


def test_the_session_helper_is_no_test() -> None:
    result = unittest.TestResult()
    tf.test.TestCase("test_session").run(result)
    assert result.wasSuccessful()
    assert len(result.skipped) == 1


def test_comparisons() -> None:
    nan = float("nan")

    def right(case: Any) -> None:
        case.assertNear(1.0, 1.1, 0.2)
        case.assertArrayNear([1.0, 2.0], [1.1, 1.9], 0.2)
        case.assertNDArrayNear(np.ones(2), np.ones(2) + 1e-3, 1e-2)
        case.assertAllClose([[1.0]], [[1.0 + 1e-7]])
        case.assertAllCloseAccordingToType(np.float16([1.0]), np.float16([1.001]))
        case.assertAllEqual([1.0, nan], np.array([1.0, nan]))
        case.assertAllEqual([b"a"], [b"a"])
        case.assertShapeEqual(np.zeros((2, 3)), tf.zeros([2, 3]))
        case.assertStartsWith("text", "te")
        case.assertDeviceEqual("/cpu:0", tf.DeviceSpec(device_type="CPU", device_index=0))
        case.assertItemsEqual([1, 2], [2, 1])
        with case.assertRaisesRegexp(ValueError, "because"):  # noqa: PT027
            raise ValueError("just because")

    passes(right)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda case: case.assertNear(1.0, 1.3, 0.2),
        lambda case: case.assertArrayNear([1.0], [1.0, 2.0], 0.2),
        lambda case: case.assertArrayNear([1.0], [1.5], 0.2),
        lambda case: case.assertNDArrayNear(np.ones(2), np.zeros(2), 0.1),
        lambda case: case.assertAllClose([1.0], [1.001]),
        lambda case: case.assertAllClose([1.0], [[1.0]]),
        lambda case: case.assertAllCloseAccordingToType(np.float32([1.0]), np.float32([1.001])),
        lambda case: case.assertAllEqual([1, 2], [1, 3]),
        lambda case: case.assertShapeEqual(np.zeros((2, 3)), tf.zeros([3, 2])),
        lambda case: case.assertStartsWith("text", "ex", "why"),
        lambda case: case.assertDeviceEqual("/cpu:0", "/gpu:0"),
    ],
    ids=[
        "number",
        "length",
        "element",
        "norm",
        "close",
        "rank",
        "type",
        "equal",
        "shape",
        "start",
        "device",
    ],
)
def test_failed_comparisons(wrong: Callable[[Any], Any]) -> None:
    assert "AssertionError" in fails(wrong)


def test_messages() -> None:
    def body(case: Any) -> None:
        tf.constant(1.0, name="c")
        message = tf.get_default_graph().get_operation_by_name("c").node_def
        case.assertProtoEquals(message, message)
        case.assertProtoEquals(str(tf.get_default_graph().get_operation_by_name("c")), message)
        case.assertProtoEqualsVersion("", tf.Graph().as_graph_def())
        with pytest.raises(AssertionError):
            case.assertProtoEquals('name: "d"', message)
        with pytest.raises(AssertionError):
            case.assertProtoEquals(3, message)

    passes(body)


def test_expected_errors() -> None:
    def failing(message: str) -> None:
        raise tf.errors.InvalidArgumentError(None, tf.constant(1.0, name="culprit").op, message)

    def body(case: Any) -> None:
        with case.assertRaisesOpError("bad"):
            failing("a bad value")
        with case.assertRaisesOpError("culprit"):
            failing("a bad value")
        with case.assertRaisesWithPredicateMatch(ValueError, lambda e: "x" in str(e)):
            raise ValueError("x")
        with pytest.raises(AssertionError, match="Exception of type"):
            with case.assertRaisesOpError("good"):
                failing("a bad value")
        with pytest.raises(AssertionError, match="Exception of type"):
            with case.assertRaisesOpError("bad"):
                raise ValueError("bad")
        with pytest.raises(AssertionError, match="OpError not raised"):
            with case.assertRaisesOpError("bad"):
                pass

    passes(body)


def test_checked_threads() -> None:
    release = threading.Event()

    def failing() -> None:
        raise ValueError("inside")

    def right(case: Any) -> None:
        found: list[Any] = []
        thread = case.checkedThread(target=found.append, args=(3,))
        thread.start()
        thread.join()
        case.assertAllEqual(found, [3])

    def wrong(case: Any) -> None:
        thread = case.checkedThread(failing)
        thread.start()
        thread.join()

    def left_behind(case: Any) -> None:
        case.checkedThread(release.wait, kwargs={"timeout": 30}).start()

    passes(right)
    assert "inside" in fails(wrong)
    assert "did not terminate" in fails(left_behind)
    release.set()


def test_temporary_directory() -> None:
    found: list[Path] = []

    def body(case: Any) -> None:
        path = Path(case.get_temp_dir())
        assert path.is_dir()
        assert case.get_temp_dir() == str(path)
        (path / "file").write_text("text", encoding="utf-8")
        found.append(path)

    passes(body)
    assert not found[0].exists()


def test_main_runs_the_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as done:
        tf.test.main(["program", "-q"])
    assert done.value.code in (0, 5)  # nothing to run is a status of its own since Python 3.12
    monkeypatch.setattr("sys.argv", ["program", "no.such.module", "-q"])
    with pytest.raises(SystemExit) as done:
        tf.test.main()
    assert done.value.code == 1
