"""A program of some kind, run in a session and, beside it, by the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np

import skflow as tf
from tests.interpreter import Interpreter
from tests.plan_kinds import KINDS
from tests.tiers import Tier


class Case:
    """A program that runs in a session and, beside it, by the interpreter.

    Parameters
    ----------
    kind : str
        The program.
    tier : Tier
        How the session runs it.
    """

    def __init__(self, kind: str, tier: Tier) -> None:
        self.kind = kind
        self.tier = tier
        self.rng = np.random.default_rng(0)
        with tf.Graph().as_default() as graph:
            tf.set_random_seed(11)
            self.fetches, self.draws = KINDS[kind]()
            self.variables = tf.global_variables()
            self.initialize = tf.global_variables_initializer()
        self.graph = graph
        self.start()

    def start(self) -> None:
        """Begin anew, with a new session."""
        self.session = self.tier.session(self.graph)
        self.session.run(self.initialize)
        self.interpreter = Interpreter()
        self.interpreter.run([self.initialize])
        self.whole = True  # until the session and the interpreter disagree
        for _ in range(2):  # so that a plan of open shapes is made, too
            self.check(self.draw())
        self.tier.ready()

    def draw(self) -> dict[Any, np.ndarray]:
        """New values for all that is fed."""
        return {x: draw(self.rng) for x, draw in self.draws.items()}

    def check(self, feeds: dict[Any, Any], plain: dict[Any, Any] | None = None) -> list[Any]:
        """Run once; what comes back, and the variables, are what the interpreter gets.

        Parameters
        ----------
        feeds : dict
            What the session is fed.
        plain : dict, optional
            The same values for the interpreter, if they lie otherwise.
        """
        given = {x: np.array(a) for x, a in (plain or feeds).items()}
        self.whole = False
        found = self.session.run(self.fetches, feeds)
        expected = self.interpreter.run(self.fetches, given)
        for fetch, a, b in zip(self.fetches, found, expected, strict=True):
            assert_same(a, b, f"{self.kind}: {fetch.name}")
        self.check_variables()
        self.whole = True
        return found

    def check_variables(self) -> None:
        """The variables hold what the interpreter's hold."""
        for v, a in zip(self.variables, self.session.run(self.variables), strict=True):
            expected = self.interpreter.state.variable(v.op).read()
            assert_same(a, expected, f"{self.kind}: {v.name}")


def assert_same(found: Any, expected: Any, label: str) -> None:
    """Equal up to rounding, by far: what is stale or mixed up differs by more than that."""
    if expected is None:
        assert found is None, label
        return
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, label
    assert found.dtype == expected.dtype, label
    if expected.dtype.kind == "f":
        scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * scale, err_msg=label)
    else:
        np.testing.assert_array_equal(found, expected, err_msg=label)
