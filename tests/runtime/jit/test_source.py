"""Texts are modules of Python that hang on nothing but what a region does."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import skflow as tf
from skflow.runtime.jit import source
from skflow.runtime.jit.partition import Partition
from skflow.runtime.jit.source import Source
from skflow.runtime.jit.table import FIRST, Table
from tests.planned import planned
from tests.runtime.jit.test_choice import WHOLE

if TYPE_CHECKING:
    import pytest


def training() -> tuple[list[Any], dict[Any, Any]]:
    """A network of all kinds of statements."""
    x = tf.placeholder(tf.float32, (40, 20))
    labels = tf.constant(np.arange(40) % 7, tf.int32)
    h = x
    for width in (30, 9):
        shape = [h.shape[1].value, width]
        w = tf.Variable(np.linspace(-1, 1, shape[0] * width, dtype=np.float32).reshape(shape))
        h = tf.tanh(tf.matmul(h, w) + tf.Variable(np.zeros(width, np.float32)))
    logits = tf.concat([h, h], 1)
    loss = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits * 2.0)
    )
    rate = tf.Variable(0.1, trainable=False)
    step = tf.train.AdamOptimizer(rate * 0.5 + 0.01).minimize(loss + tf.nn.l2_loss(logits))
    return [loss, step], {x: (40, 20)}


def texts(seed: int = 0) -> Iterator[tuple[str, Table]]:
    """The texts of the regions of a training, in a graph whose other contents vary."""
    with tf.Graph().as_default():
        for _ in range(seed):
            tf.Variable(np.ones(seed))
        fetches, feeds = training()
        plan = planned(fetches, feeds)
    for region in Partition(plan, WHOLE).regions:
        table = Table(wide=True)
        given = [v for n in region.nodes for v in n.inputs if v.feed is not None]
        yield Source(region, table, lambda _: True, given[:1]).text, table


def digest() -> str:
    return hashlib.sha256("\n".join(text for text, _ in texts()).encode()).hexdigest()


def test_they_are_modules_of_python() -> None:
    for text, _ in texts():
        module = ast.parse(text)
        names = [f.name for f in module.body if isinstance(f, ast.FunctionDef)]
        assert len(names) == len(module.body)
        assert len(set(names)) == len(names)
        assert "run" in names


def test_tables_have_an_entry_for_each_address() -> None:
    """What is mentioned, and nothing else; no entry stands twice."""
    for text, table in texts():
        mentioned = {
            n.slice.value
            for n in ast.walk(ast.parse(text))
            if isinstance(n, ast.Subscript)
            and isinstance(n.value, ast.Name)
            and n.value.id == "t"
            and isinstance(n.slice, ast.Constant)
        }
        entries = set(range(FIRST, FIRST + len(table.entries)))
        assert {m for m in mentioned if m >= FIRST} == entries
        assert len(set(table.entries)) == len(table.entries)


def test_equal_regions_have_equal_texts() -> None:
    first, second = ([text for text, _ in texts(seed)] for seed in (0, 5))
    assert first == second


def test_another_process_writes_the_same() -> None:
    """Whatever the order of its sets and the places of its objects."""
    program = "from tests.runtime.jit.test_source import digest; print(digest())"
    root = str(Path(__file__).parents[3])
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": root}
    found = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == digest()


def test_small_phases_are_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_SHARED", 1e9)
    assert all("def help" not in text and "take(" not in text for text, _ in texts())
    monkeypatch.setattr(source, "_SHARED", 0.0)
    assert any("def help" in text and "take(" in text for text, _ in texts())


def test_no_more_phases_than_tickets_can_tell_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_SHARED", 0.0)
    monkeypatch.setattr(source, "_MOST_PHASES", 2)
    shared = [text.count("def phase") for text, _ in texts()]
    assert max(shared) == 2
