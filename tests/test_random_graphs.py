"""Random graphs compute the same compiled and interpreted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import skflow as tf
from tests.interpreter import Interpreter
from tests.random_graphs import Author

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def assert_close(found: Any, expected: Any, label: str) -> None:
    """Equal to what a few roundings, amplified by the size of the values, leave."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, label
    assert found.dtype == expected.dtype, label
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(finite.max()) if finite.size else 1.0
    if scale > 1e6:  # products of products: what their differences are is left to chance
        return
    np.testing.assert_allclose(
        found, expected, rtol=1e-6, atol=1e-6 * max(1.0, scale), err_msg=label
    )


def check(data: Any, steps: int) -> None:
    """Build a program, then run it both ways, several times, with feeds of all sorts."""
    with tf.Graph().as_default() as graph:
        author = Author(data)
        author.start()
        for _ in range(data.draw(st.integers(1, steps), label="steps")):
            author.step()
        program = author.program
        initialize = tf.global_variables_initializer()
    fetches = [i.tensor for i in program.items if author.flag()] or [program.items[-1].tensor]
    fetches += program.updates
    cut = [i for i in program.items[len(program.sources) :] if author.number(0, 5) == 0]
    rng = np.random.default_rng(author.number(0, 1000))
    interpreter = Interpreter()
    interpreter.run([initialize])
    with tf.Session(graph=graph) as session:
        session.run(initialize)
        for run in range(3):
            feeds = {t: rng.standard_normal(s) for t, s in program.feeds.items()}
            if run == 2:
                feeds |= {i.tensor: rng.standard_normal(i.shape) for i in cut}
            expected = interpreter.run(fetches, feeds)
            found = session.run(fetches, feeds)
            for fetch, a, b in zip(fetches, found, expected, strict=True):
                if b is None:
                    assert a is None
                else:
                    assert_close(a, b, f"{fetch.name} in run {run}")
            variables = [v for v, _ in program.variables]
            for v, a in zip(variables, session.run(variables), strict=True):
                assert_close(a, interpreter.state.variable(v.op).read(), v.name)


# The same examples each time; the long campaign looks for new ones, and for small ones.
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=QUIET,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
@given(data=st.data())
def test_random_graphs(data: Any) -> None:
    check(data, 12)


@pytest.mark.soak
@settings(max_examples=5000, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_random_graphs_at_length(data: Any) -> None:
    check(data, 40)


def test_random_graphs_vary() -> None:
    """The examples reach every rule: none is dead."""
    seen: set[str] = set()

    @settings(
        max_examples=60, deadline=None, derandomize=True, suppress_health_check=QUIET, database=None
    )
    @given(data=st.data())
    def collect(data: Any) -> None:
        with tf.Graph().as_default() as graph:
            author = Author(data)
            author.start()
            for _ in range(12):
                author.step()
            seen.update(op.type for op in graph.get_operations())

    collect()
    wanted = {
        "MatMul",
        "Sum",
        "Max",
        "Assign",
        "AssignAdd",
        "ConcatV2",
        "Pack",
        "Select",
        "Gather",
        "Softmax",
        "Cast",
        "Cumsum",
        "Reshape",
        "StridedSlice",
        "Mul",
        "Tanh",
    }
    assert wanted <= seen
