"""Programs that run beside themselves: by NumPy step by step, and by compiled kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

import skflow as tf
from skflow.runtime.jit.hot import compiling
from tests.tiers import TIERS

FIRST, SECOND = TIERS


def assert_bitwise(found: Any, expected: Any, label: str = "") -> None:
    """Equal bit by bit, but for the sign and payload of what is no number."""
    if expected is None or isinstance(expected, (bytes, str)):
        assert found == expected, label
        return
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype, label
    assert found.shape == expected.shape, label
    if found.dtype.kind == "O":
        assert found.tolist() == expected.tolist(), label
        return
    if found.dtype.kind in "fc":
        found, expected = (np.where(np.isnan(a), np.nan, a) for a in (found, expected))
    if np.ascontiguousarray(found).tobytes() != np.ascontiguousarray(expected).tobytes():
        np.testing.assert_array_equal(found, expected, err_msg=label)
        raise AssertionError(f"{label}: a zero has the wrong sign")


def compiled_types(session: Any) -> list[str]:
    """The types of the operations that a session's kernels compute, one for each."""
    found: list[str] = []
    for plan in list(session._state._plans):
        code = plan._running
        for node in getattr(code, "compiled", ()):
            found.extend(m.definition.type for m in node.members or [node])
    return found


class Beside:
    """Two sessions of one graph that are given the same and must give the same.

    Parameters
    ----------
    graph : tf.Graph
        The program; its variables are initialized.
    **settings : object
        Settings of both sessions' configurations.
    """

    def __init__(self, graph: Any, **settings: Any) -> None:
        with graph.as_default():
            self.variables = tf.global_variables()
            initialize = tf.global_variables_initializer()
        self.plain = FIRST.session(graph, **settings)
        self.compiled = SECOND.session(graph, **settings)
        for session in (self.plain, self.compiled):
            session.run(initialize)

    def run(self, fetches: Any, feeds: Any = None, label: str = "") -> list[Any]:
        """Run in both and compare what comes back; it is returned."""
        expected = self.plain.run(fetches, feeds)
        found = self.compiled.run(fetches, feeds)
        for fetch, a, b in zip(fetches, found, expected, strict=True):
            assert_bitwise(a, b, f"{label} {fetch.name}")
        return list(found)

    def train(self, fetches: Any, feeds: Sequence[Any], expect: bool = True) -> None:
        """Run on one feed after the other; after the first one kernels run."""
        for step, given in enumerate(feeds):
            self.run(fetches, given, f"step {step}:")
            if not step:
                self.settle(expect)
            self.compare_variables(f"step {step}:")

    def settle(self, expect: bool = True) -> None:
        """Wait for kernels; make sure that there are some, wherever there can be."""
        before = len(compiling.failures)
        tf.wait_until_compiled()
        assert list(compiling.failures)[before:] == []
        if compiling.available:
            assert bool(compiled_types(self.compiled)) == expect

    def compare_variables(self, label: str = "") -> None:
        """All variables hold the same."""
        if not self.variables:
            return
        values = [s.run(self.variables) for s in (self.plain, self.compiled)]
        for variable, a, b in zip(self.variables, *values, strict=True):
            assert_bitwise(b, a, f"{label} {variable.name}")

    def close(self) -> None:
        """End both sessions."""
        self.plain.close()
        self.compiled.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
