"""Damaged graphs and meta graphs are refused with documented errors, soon and in little memory."""

from __future__ import annotations

import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from skflow import proto
from skflow.graph.serialize import meta_graph
from tests.graph.serialize import test_bodies
from tests.graph.serialize.mutations import damaged_bytes, damaged_message
from tests.interop import test_exchange

ROOT = Path(__file__).parents[3]
PROGRAMS = test_exchange.exchange.programs.PROGRAMS
NAMES = ("by_hand", "kinds", "normal_equation", "conditionals", "momentum")
BODIES = {f.__name__: f for f in (test_bodies.drawing, test_bodies.looping, test_bodies.shaking)}


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


@cache
def seeds() -> dict[str, bytes]:
    """Small meta graphs: variables, optimizers, conditionals, loops, gradients of loops."""
    found = {}
    for name, build in ({n: PROGRAMS[n] for n in NAMES} | BODIES).items():
        with tf.Graph().as_default():
            build(tf) if name in NAMES else build()
            saver = tf.train.Saver() if tf.global_variables() else None
            message = meta_graph.create_meta_graph_def(
                saver_def=None if saver is None else saver.saver_def
            )
            message.meta_info_def.ClearField("stripped_op_list")
            found[name] = message.SerializeToString(deterministic=True)
    return found


def check(name: str, number: int) -> str:
    """Damage a meta graph and import it; returns what came of it."""
    watched = tracemalloc.is_tracing()
    rng = random.Random(f"{name} {number}")
    data = seeds()[name]
    if number % 2:
        data = damaged_bytes(data, rng)
        try:
            message = proto.MetaGraphDef.FromString(data)
        except proto.DecodeError:
            return "no message"
    else:
        message = damaged_message(proto.MetaGraphDef.FromString(data), rng)
        data = message.SerializePartialToString()
    if watched:
        tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    began = time.process_time()
    with tf.Graph().as_default() as graph:
        outcome = "imported"
        try:
            meta_graph.import_scoped_meta_graph(message)
        except (TypeError, ValueError, KeyError):
            outcome = "refused"
        # What has been imported can be written again.
        graph.as_graph_def(add_shapes=True)
    assert time.process_time() - began < 1.0, f"{name} {number} took too long"
    if watched:
        used = tracemalloc.get_traced_memory()[1] - before
        assert used <= 64 * len(data) + (16 << 20), f"{name} {number} took {used} bytes"
    return outcome


def campaign(first: int, last: int) -> dict[str, int]:
    outcomes: dict[str, int] = {}
    names = sorted(seeds())
    for number in range(first, last):
        outcome = check(names[number % len(names)], number // len(names))
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes


def traced(first: int, last: int) -> dict[str, int]:
    """The same, measuring memory, which takes its time."""
    tracemalloc.start()
    try:
        return campaign(first, last)
    finally:
        tracemalloc.stop()


def test_a_short_campaign() -> None:
    outcomes = campaign(0, 900)
    assert all(outcomes[kind] > 90 for kind in ("imported", "refused", "no message"))
    assert len(traced(900, 1000)) == 3


@pytest.mark.soak
def test_a_long_campaign() -> None:
    outcomes = campaign(1000, 90_000)
    assert all(outcomes[kind] > 9000 for kind in ("imported", "refused", "no message"))
    assert len(traced(90_000, 101_000)) == 3


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_truncation(name: str) -> None:
    """Of a graph, in steps of a prime: no message is half read."""
    data = seeds()[name]
    for end in range(0, len(data), max(1, len(data) // 61)):
        with tf.Graph().as_default():
            try:
                message = proto.MetaGraphDef.FromString(data[:end])
                meta_graph.import_scoped_meta_graph(message)
            except (proto.DecodeError, TypeError, ValueError, KeyError):
                continue


AUDIT = """
import sys
import skflow as tf
from skflow.graph.registry import REGISTRY
from tests.graph.serialize import test_damaged

for definition in REGISTRY.values():
    definition.result  # the named tuples of outputs are made when they are first needed
names = sorted(test_damaged.seeds())
for number in range(4):
    for name in names:
        test_damaged.check(name, number)
seen = []
HARMLESS = ("object.__getattr__", "object.__setattr__", "object.__delattr__", "sys._getframe")
sys.addaudithook(lambda event, args: event in HARMLESS or seen.append((event, args)))
for number in range(40):
    for name in names:
        test_damaged.check(name, number)
watched = list(seen)
exec("1 + 1")
assert len(seen) > len(watched), "the hook hears nothing"
sys.exit(repr(watched[:5]) if watched else 0)
"""


def test_nothing_is_run_imported_or_opened() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AUDIT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_nested_messages() -> None:
    """Functions as attributes of functions: deeper than anybody can recurse."""
    data = b""
    for _ in range(3000):
        inner = proto.NameAttrList(name="f")
        body = inner.SerializeToString()
        # NameAttrList { attr { key: "a" value { func { ... } } } }, around what is there.
        func = b"\x52" + _length(len(data)) + data if data else b"\x52\x00"
        entry = b"\x0a\x01a\x12" + _length(len(func)) + func
        data = body + b"\x12" + _length(len(entry)) + entry
    attr = b"\x52" + _length(len(data)) + data
    entry = b"\x0a\x02_f\x12" + _length(len(attr)) + attr
    node = b"\x0a\x01a\x12\x04NoOp\x2a" + _length(len(entry)) + entry
    graph = b"\x0a" + _length(len(node)) + node
    with pytest.raises(proto.DecodeError):
        tf.GraphDef.FromString(graph)


def _length(count: int) -> bytes:
    found = bytearray()
    while count > 127:
        found.append(count & 127 | 128)
        count >>= 7
    return bytes([*found, count])


def test_many_nodes_take_little_each() -> None:
    """The smallest nodes there are, and outputs by the thousand."""
    message: Any = tf.GraphDef()
    for i in range(20_000):
        message.node.add(name=f"{i:x}", op="NoOp")
    size = message.ByteSize()
    tracemalloc.start()
    try:
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(message, name="")
            assert len(graph.get_operations()) == 20_000
        used = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert used <= 64 * size + (16 << 20), f"{used} bytes for {size}"


def test_a_long_constant_as_a_shape_is_refused_before_it_is_read() -> None:
    """Campaign "drawing", number 12116: a million repeated numbers as the shape of a tensor."""
    assert check("drawing", 12116)
