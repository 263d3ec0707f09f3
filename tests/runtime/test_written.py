"""A function written in parts does what it does in one piece."""

from __future__ import annotations

import gc
import random
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow.runtime import written
from skflow.runtime.written import Written
from tests.test_random_graphs import QUIET, check


@pytest.fixture
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "_PART", 3)


def function(lines: list[str], results: list[str], bound: dict[str, Any], inputs: list[str]) -> Any:
    return Written(lines, results, list(bound), inputs, None).bind(list(bound.values()))


@given(st.integers(0, 2**32), st.integers(1, 60))
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_random_lines(seed: int, count: int) -> None:
    rng = random.Random(seed)
    bound = {f"b{i}": rng.randrange(1000) for i in range(5)} | {"k5": max}
    inputs = ["f0", "f1"]
    known = [*bound, *inputs]
    known.remove("k5")
    lines = []
    for i in range(count):
        a, b = rng.choice(known), rng.choice(known)
        name = f"v{rng.randrange(i + 1)}"
        lines.append(f"{name} = {a} * 3 - {b}" if rng.random() < 0.5 else f"{name} = k5({a}, {b})")
        known.append(name)
    results = [rng.choice(known) for _ in range(rng.randrange(8))]
    whole = function(lines, results, bound, inputs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written, "_PART", rng.randrange(1, 10))
        parts = function(lines, results, bound, inputs)
    assert parts(11, -7) == whole(11, -7)


@pytest.mark.usefixtures("short_parts")
def test_several_targets_and_none() -> None:
    lines = ["v1, v2, = k0(f0)", "v1, = v2,", "b1.append(v1)", "v1 = None", "b1.append(v1)"]
    seen: list[Any] = []
    run = function(lines, ["v2"], {"k0": lambda x: (x, x + 1), "b1": seen}, ["f0"])
    assert run(4) == (5,)
    assert seen == [5, None]


@pytest.mark.usefixtures("short_parts")
def test_what_is_let_go_of_is_free_at_once() -> None:
    """Nothing that passes between the parts keeps a value that the lines let go of."""

    class Thing:
        pass

    def see(reference: Any) -> None:
        seen.append(reference() is not None)

    seen: list[bool] = []
    lines = ["v1 = k0()", "v2 = k1(v1)", "v3 = 1", "v4 = 2", "k2(v2)", "v1 = None", "k2(v2)"]
    function(lines, [], {"k0": Thing, "k1": weakref.ref, "k2": see}, [])()
    gc.collect()
    assert seen == [True, False]


@pytest.mark.usefixtures("short_parts")
def test_lines_are_found() -> None:
    lines = [f"v{i} = f0 + {i}" for i in range(10)]
    found = Written(lines, [f"v{i}" for i in range(10)], [], ["f0"], None)
    text = found.text.splitlines()
    for number, line in enumerate(text, start=1):
        if line.strip() in lines:
            assert lines[found.index(number)] == line.strip()


@pytest.mark.usefixtures("short_parts")
def test_errors_name_the_operation() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = y = tf.placeholder(tf.float32, (None,))
        for _ in range(5):
            y = tf.sin(y)
        shifted = tf.add(y, tf.placeholder_with_default([1.0, 2.0], (None,)), name="shifted")
        z = tf.cos(shifted)
        assert session.run(z, {x: [0.0, 0.0]}).shape == (2,)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[3\] vs\. \[2\]") as error:
            session.run(z, {x: np.zeros(3)})
        assert error.value.op is shifted.op


@pytest.mark.usefixtures("short_parts")
def test_traced_runs() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        y = tf.placeholder(tf.float32, (2,), name="x")
        x = y
        for i in range(12):
            y = tf.sin(y, name=f"sine_{i}")
        report = tf.RunMetadata()
        options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        plain = session.run(y, {x: [1.0, 2.0]})
        np.testing.assert_array_equal(plain, session.run(y, {x: [1.0, 2.0]}, options, report))
        names = {s.node_name for d in report.step_stats.dev_stats for s in d.node_stats}
        assert {f"sine_{i}" for i in range(12)} <= names


@given(st.data())
@settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=QUIET
)
def test_random_graphs_in_parts(data: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written, "_PART", 2)
        check(data, 12)
