"""A `unittest` test case that knows tensors, sessions and messages."""

# ruff: noqa: PT009  # the assertions of unittest are what its users expect

from __future__ import annotations

import random
import re
import threading
import unittest
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Final

import numpy as np

from skflow import proto
from skflow.errors import OpError
from skflow.graph.core import Graph, get_default_graph, reset_default_graph
from skflow.graph.device import to_device_string
from skflow.graph.dtypes import Array
from skflow.graph.nodes import Tensor
from skflow.proto.text import parse_text, to_text
from skflow.runtime.session import Session
from skflow.versions import GRAPH_DEF_VERSION, GRAPH_DEF_VERSION_MIN_CONSUMER

_SEED: Final = 87654321


class CheckedThread:
    """A thread whose failure is the test's: made by `TestCase.checkedThread`.

    Parameters
    ----------
    test : TestCase
        The test that fails if the thread does.
    target : callable
        What the thread calls.
    args : sequence
        Positional arguments.
    kwargs : mapping
        Keyword arguments.
    """

    def __init__(
        self,
        test: TestCase,
        target: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> None:
        self._test = test
        self._work = partial(target, *args, **kwargs)
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001  # it is raised by join
            self._error = error

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread; the test fails if it raised an exception."""
        self._thread.join()
        if self._error is not None:
            self._test.fail(f"Error in checkedThread: {self._error}")

    def is_alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()


class TestCase(unittest.TestCase):
    """A test case with a graph of its own, seeded, and comparisons of arrays.

    Parameters
    ----------
    methodName : str
        The test method to run.
    """

    # Not a test of ours, however pytest comes by it.
    __test__ = True

    def __init__(self, methodName: str = "runTest") -> None:
        super().__init__(methodName)
        self._threads: list[CheckedThread] = []
        self._temp_dir: str | None = None
        self._cached_session: Session | None = None

    def setUp(self) -> None:
        """Start with an empty default graph and known seeds, Python's and NumPy's too."""
        self._close_session()
        random.seed(_SEED)
        np.random.seed(_SEED)  # noqa: NPY002  # for tests that draw from the global state
        reset_default_graph()
        get_default_graph().seed = _SEED

    def tearDown(self) -> None:
        """Close the session; fail if a checked thread is still running."""
        for thread in self._threads:
            self.assertFalse(thread.is_alive(), "A checkedThread did not terminate")
        self._close_session()

    def _close_session(self) -> None:
        session, self._cached_session = self._cached_session, None
        if session is not None:
            session.close()

    def get_temp_dir(self) -> str:
        """Return a directory of this test's own, which is removed when the test ends."""
        # Seldom needed, and a good part of what importing this module would cost.
        import shutil
        import tempfile

        if self._temp_dir is None:
            self._temp_dir = tempfile.mkdtemp()
            self.addCleanup(shutil.rmtree, self._temp_dir, ignore_errors=True)
        return self._temp_dir

    def test_session(
        self,
        graph: Graph | None = None,
        config: Any = None,
        use_gpu: bool = False,
        force_gpu: bool = False,
    ) -> AbstractContextManager[Session]:
        """Return a block in a session: the test's own, unless a graph is given.

        Parameters
        ----------
        graph : Graph, optional
            The graph of a new session, which is closed at the end of the block.
        config : ConfigProto, optional
            Passed to the session.
        use_gpu, force_gpu : bool
            Record no device, or that of a GPU, for what is built in the block; by default
            that of the CPU. Everything runs on the CPU.

        Returns
        -------
        context manager
            It enters the session and gives it back.
        """
        if self.id().endswith(".test_session"):
            self.skipTest("Not a test.")  # its name makes every test runner take it for one
        return self._in_session(graph, config, use_gpu, force_gpu)

    @contextmanager
    def _in_session(
        self, graph: Graph | None, config: Any, use_gpu: bool, force_gpu: bool
    ) -> Iterator[Session]:
        if graph is not None:
            with (
                Session(graph=graph, config=config) as session,
                self._placed(session, use_gpu, force_gpu),
            ):
                yield session
            return
        if self._cached_session is None:
            self._cached_session = Session(config=config)
        session = self._cached_session
        with (
            session.graph.as_default(),
            session.as_default(),
            self._placed(session, use_gpu, force_gpu),
        ):
            yield session

    @staticmethod
    @contextmanager
    def _placed(session: Session, use_gpu: bool, force_gpu: bool) -> Iterator[None]:
        if use_gpu and not force_gpu:
            yield
            return
        with session.graph.device("/gpu:0" if force_gpu else "/cpu:0"):
            yield

    def checkedThread(
        self,
        target: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> CheckedThread:
        """Return a thread that fails the test, at `join`, if it raises an exception.

        Parameters
        ----------
        target : callable
            What the thread calls.
        args : sequence, optional
            Positional arguments.
        kwargs : mapping, optional
            Keyword arguments.
        """
        thread = CheckedThread(self, target, args or (), kwargs or {})
        self._threads.append(thread)
        return thread

    # ---- numbers and arrays -----------------------------------------------------------

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Fail if two numbers are more than `err` apart."""
        note = "" if msg is None else f" ({msg})"
        self.assertTrue(abs(f1 - f2) <= err, f"{f1:f} != {f2:f} +/- {err:f}{note}")

    def assertArrayNear(self, farray1: Sequence[Any], farray2: Sequence[Any], err: float) -> None:
        """Fail if two sequences differ in length, or two of their numbers by more than `err`."""
        self.assertEqual(len(farray1), len(farray2))
        for f1, f2 in zip(farray1, farray2, strict=True):
            self.assertNear(float(f1), float(f2), err)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float) -> None:
        """Fail unless the norm of the difference of two arrays is below `err`."""
        self.assertLess(np.linalg.norm(np.asarray(ndarray1) - np.asarray(ndarray2)), err)

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6) -> None:
        """Fail if arrays differ in shape, or an element by more than ``atol + rtol * abs(b)``."""
        first, second = self._of_one_shape(a, b)
        if not np.allclose(first, second, rtol=rtol, atol=atol):
            np.testing.assert_allclose(first, second, rtol=rtol, atol=atol)

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
    ) -> None:
        """As `assertAllClose`, with tolerances for the less exact of the arrays' types."""
        kinds = {np.asarray(a).dtype.name, np.asarray(b).dtype.name}
        if kinds & {"float32", "complex64"}:
            rtol, atol = max(rtol, float_rtol), max(atol, float_atol)
        if "float16" in kinds:
            rtol, atol = max(rtol, half_rtol), max(atol, half_atol)
        self.assertAllClose(a, b, rtol=rtol, atol=atol)

    def assertAllEqual(self, a: Any, b: Any) -> None:
        """Fail if arrays differ in shape or in an element; NaN equals NaN."""
        np.testing.assert_array_equal(*self._of_one_shape(a, b))

    def _of_one_shape(self, a: Any, b: Any) -> tuple[Array, Array]:
        first, second = np.asarray(a), np.asarray(b)
        self.assertEqual(
            first.shape,
            second.shape,
            f"Shape mismatch: expected {first.shape}, got {second.shape}.",
        )
        return first, second

    def assertShapeEqual(self, np_array: Any, tf_tensor: Tensor) -> None:
        """Fail unless a tensor is known to have an array's shape.

        Raises
        ------
        TypeError
            If the arguments are not an array and a tensor.
        """
        if not isinstance(np_array, (np.ndarray, np.generic)):
            raise TypeError("np_array must be a Numpy ndarray or Numpy scalar")
        if not isinstance(tf_tensor, Tensor):
            raise TypeError("tf_tensor must be a Tensor")
        self.assertAllEqual(np_array.shape, tf_tensor.get_shape().as_list())

    # ---- texts, devices and messages --------------------------------------------------

    def assertStartsWith(self, actual: str, expected_start: str, msg: Any = None) -> None:
        """Fail if a text begins otherwise."""
        if not actual.startswith(expected_start):
            note = f" : {msg!r}" if msg else ""
            self.fail(f"{actual!r} does not start with {expected_start!r}{note}")

    def assertDeviceEqual(self, device1: Any, device2: Any) -> None:
        """Fail if two devices, names or `DeviceSpec`, are not the same."""
        first, second = to_device_string(device1), to_device_string(device2)
        self.assertEqual(first, second, f"Devices {first} and {second} are not equal")

    def assertProtoEquals(self, expected_message_maybe_ascii: Any, message: Any) -> None:
        """Fail if a message differs from another one of its class or from one given as text."""
        expected = expected_message_maybe_ascii
        if isinstance(expected, str):
            expected = parse_text(expected, type(message))
        if not isinstance(expected, type(message)):
            self.fail(f"Can't compare protos of type {type(expected)} and {type(message)}")
        self.assertMultiLineEqual(to_text(expected), to_text(message))

    def assertProtoEqualsVersion(
        self,
        expected: str,
        actual: proto.GraphDef,
        producer: int = GRAPH_DEF_VERSION,
        min_consumer: int = GRAPH_DEF_VERSION_MIN_CONSUMER,
    ) -> None:
        """As `assertProtoEquals` for a graph, with its versions put before the text."""
        self.assertProtoEquals(
            f"versions {{ producer: {producer} min_consumer: {min_consumer} }};\n{expected}",
            actual,
        )

    # ---- errors -----------------------------------------------------------------------

    @contextmanager
    def assertRaisesWithPredicateMatch(
        self, exception_type: Any, expected_err_re_or_predicate: Any
    ) -> Iterator[None]:
        """Fail unless the block raises an error that fits.

        Parameters
        ----------
        exception_type : type
            The class of the error.
        expected_err_re_or_predicate : str or callable
            What its message is searched for, the names of the operations that caused it
            included; or a function that says of the error whether it is the right one.
        """
        expected = expected_err_re_or_predicate
        try:
            yield
        except Exception as error:
            fits = expected(error) if callable(expected) else re.search(expected, _text(error))
            if not isinstance(error, exception_type) or not fits:
                raise AssertionError(f"Exception of type {type(error)}: {error}") from error
        else:
            self.fail(f"{exception_type.__name__} not raised")

    def assertRaisesOpError(
        self, expected_err_re_or_predicate: Any
    ) -> AbstractContextManager[None]:
        """As `assertRaisesWithPredicateMatch` for an `OpError`."""
        return self.assertRaisesWithPredicateMatch(OpError, expected_err_re_or_predicate)

    # Python 2's names, which tests written for TensorFlow 1 use.
    assertRaisesRegexp = unittest.TestCase.assertRaisesRegex
    assertItemsEqual = unittest.TestCase.assertCountEqual


def _text(error: Exception) -> str:
    """An error's message and, below, the operations that it came from."""
    if not isinstance(error, OpError):
        return str(error)
    lines, op = [error.message], error.op
    while op is not None:
        lines.append(f"Caused by: {op.name}")
        op = op._original_op
    return "\n".join(lines)
