"""Damaged files are refused as documented, soon and in little memory, or read as what they say."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import proto
from skflow.io.files import Files, using
from skflow.proto.text import to_text
from tests.graph.serialize.mutations import damaged_bytes, damaged_message
from tests.io.bundle_mutators import REPAIRING, Bundle, blind
from tests.io.memory_files import MemorySystem

SECOND = 1.0
# What tracemalloc does not see, protobuf's own memory, is measured in `test_large_for_their_size`.
SLACK = 16 << 20
TIMES = 64
REFUSED = (TypeError, ValueError, KeyError)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def measured(work: Callable[[], str], size: int, number: int) -> str:
    """What becomes of a file; the memory of every tenth is measured, which takes its time."""
    traced = number % 10 == 0
    if traced:
        tracemalloc.start()
    began = time.thread_time()
    try:
        outcome = work()
        used = tracemalloc.get_traced_memory()[1] if traced else 0
    finally:
        tracemalloc.stop()
    assert time.thread_time() - began < SECOND * (3 if traced else 1)
    assert used <= TIMES * size + SLACK
    return outcome


# ---- the file that says what was saved last -----------------------------------------------------

RELATIVE = """model_checkpoint_path: "m-2"
all_model_checkpoint_paths: "m-1"
all_model_checkpoint_paths: "m-2"
"""
ABSOLUTE = """model_checkpoint_path: "/nowhere/m"
all_model_checkpoint_paths: "/nowhere/m"
"""
LATER = """model_checkpoint_path: "m-2"
all_model_checkpoint_paths: "m-2"
all_model_checkpoint_timestamps: 1700000000.5
last_preserved_timestamp: 1.7e9
"""
STATES = (RELATIVE, ABSOLUTE, LATER)
TOKENS = (
    *("model_checkpoint_path", "all_model_checkpoint_paths", "last_preserved_timestamp", "x"),
    *(":", "{", "}", "<", ">", "[", "]", ",", ";", "#", "\n", '"', "'", "\\", "\\000", "\\377"),
    *("\\x", "\\u00e9", "1e400", "-inf", "nan", "0x", "../", "?", "*", "\ufeff", "\0", "m-1"),
)


def damaged_state(rng: random.Random) -> bytes:
    text = rng.choice(STATES)
    how = rng.randrange(3)
    if how == 0:
        return damaged_bytes(text.encode(), rng)
    if how == 1:
        message = damaged_message(proto.CheckpointState(**_fields(text)), rng)
        return to_text(message).encode()
    for _ in range(rng.choice((1, 2, 5))):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(TOKENS) * rng.choice((1, 1, 1, 300)) + text[at:]
    return text.encode()


def _fields(text: str) -> dict[str, Any]:
    paths = [line.split('"')[1] for line in text.splitlines() if '"' in line]
    return {"model_checkpoint_path": paths[0], "all_model_checkpoint_paths": paths[1:]}


def read_state(folder: Path) -> str:
    """Text has no checksum: a damaged name is another name, which must be looked for as such."""
    try:
        state = tf.train.get_checkpoint_state(str(folder))
    except ValueError as error:
        assert str(error).startswith("Invalid checkpoint state")  # noqa: PT017
        return "says nothing"
    found = tf.train.latest_checkpoint(str(folder))
    if state is None:
        assert found is None
        return "no state"
    if found is None:
        return "not there"
    assert found == state.model_checkpoint_path
    assert tf.train.checkpoint_exists(found)
    return "found"


@pytest.mark.parametrize("count", [600, pytest.param(20_000, marks=pytest.mark.soak)])
def test_states(count: int, tmp_path: Path) -> None:
    for name in ("m-1.index", "m-2.index"):
        (tmp_path / name).touch()
    outcomes: Counter[str] = Counter()
    for number in range(count):
        data = damaged_state(random.Random(number))
        (tmp_path / "checkpoint").write_bytes(data)
        outcomes[measured(lambda: read_state(tmp_path), len(data), number)] += 1
    assert len(outcomes) == 4
    assert min(outcomes.values()) > count // 100


# ---- graphs -------------------------------------------------------------------------------------


def build() -> None:
    with tf.variable_scope("layer", partitioner=tf.fixed_size_partitioner(2)):
        parts = tf.get_variable("parts", initializer=tf.constant([1.0, 2.0, 3.0]))
    count = tf.Variable(np.int64(3), name="count", trainable=False)
    loss = tf.reduce_sum(tf.square(parts)) * tf.cond(count > 0, lambda: 1.0, lambda: 2.0)
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, global_step=count)


@cache
def meta_graph() -> proto.MetaGraphDef:
    with tf.Graph().as_default():
        build()
        saver = tf.train.Saver()
        message = tf.train.export_meta_graph(saver_def=saver.saver_def)
    message.meta_info_def.ClearField("stripped_op_list")
    return message


def damaged_meta_graph(rng: random.Random) -> bytes:
    """Of a file, in bytes or, more seldom because reading it is slow, in text."""
    as_text = rng.random() < 0.1
    message = meta_graph()
    if rng.random() < 0.5:
        message = damaged_message(message, rng)
    data = to_text(message).encode() if as_text else message.SerializePartialToString()
    return data if message is not meta_graph() else damaged_bytes(data, rng)


def read_meta_graph() -> str:
    with tf.Graph().as_default():
        try:
            tf.train.import_meta_graph("m.meta")
        except REFUSED:
            return "refused"
        except OSError:
            return "no graph"
    return "imported"


@pytest.mark.parametrize("count", [150, pytest.param(10_000, marks=pytest.mark.soak)])
def test_meta_graphs(count: int) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(count):
        data = damaged_meta_graph(random.Random(number))
        system = MemorySystem()
        system.put("m.meta", data)
        with using(Files(system)):
            outcomes[measured(read_meta_graph, len(data), number)] += 1
        assert system.open_paths == []
    assert min(outcomes[kind] for kind in ("refused", "no graph", "imported")) > count // 20


def read_graph(data: bytes) -> str:
    try:
        message = proto.GraphDef.FromString(data)
    except proto.DecodeError:
        return "no graph"
    with tf.Graph().as_default():
        try:
            tf.import_graph_def(message)
        except REFUSED:
            return "refused"
    return "imported"


@pytest.mark.parametrize("count", [150, pytest.param(10_000, marks=pytest.mark.soak)])
def test_graph_defs(count: int) -> None:
    sound = meta_graph().graph_def
    outcomes: Counter[str] = Counter()
    for number in range(count):
        rng = random.Random(number)
        if number % 2:
            data = damaged_bytes(sound.SerializeToString(), rng)
        else:
            data = damaged_message(sound, rng).SerializePartialToString()
        outcomes[measured(lambda data=data: read_graph(data), len(data), number)] += 1
    assert min(outcomes[kind] for kind in ("refused", "no graph", "imported")) > count // 20


# ---- restoring ----------------------------------------------------------------------------------


class Model:
    """Variables in a session, and a checkpoint of other values of theirs."""

    def __init__(self) -> None:
        self.graph = tf.Graph()
        with self.graph.as_default():
            build()
            self.variables = tf.global_variables()
            self.saver = tf.train.Saver()
            self.session = tf.Session()
            self.session.run(tf.global_variables_initializer())
        self.saved = self.values()
        system = MemorySystem()
        with using(Files(system)):
            self.saver.save(self.session, "m", write_meta_graph=False, write_state=False)
        names = [name.removeprefix("m") for name in system.names("") if name != "m"]
        self.files = {ending: system.content("m" + ending) for ending in names}
        self.other = [value + 5 for value in self.saved]

    def values(self) -> list[Any]:
        return [np.array(value) for value in self.session.run(self.variables)]

    def restore(self, files: Bundle) -> str:
        system = MemorySystem()
        for ending, content in files.items():
            system.put("m" + ending, content)
        for variable, value in zip(self.variables, self.other, strict=True):
            variable.load(value, self.session)
        with using(Files(system)):
            try:
                self.saver.restore(self.session, "m")
            except tf.errors.OpError:
                return "refused"
            finally:
                assert system.open_paths == []
        return "restored"


@pytest.mark.parametrize("count", [200, pytest.param(20_000, marks=pytest.mark.soak)])
def test_restoring(count: int) -> None:
    """A variable has its old value or the saved one; where checksums are right, of its shape."""
    model = Model()
    outcomes: Counter[str] = Counter()
    for number in range(count):
        rng = random.Random(number)
        how = blind if number % 2 else rng.choice(REPAIRING)
        files = how(model.files, rng)
        began = time.thread_time()
        outcome = model.restore(files)
        assert time.thread_time() - began < SECOND
        outcomes[f"{how is blind} {outcome}"] += 1
        both = zip(model.values(), model.saved, model.other, strict=True)
        for value, saved, other in both:
            assert value.shape == saved.shape
            assert value.dtype == saved.dtype
            if how is blind:
                wanted = [saved] if outcome == "restored" else [saved, other]
                assert any(np.array_equal(value, one) for one in wanted)
    assert len(outcomes) == 4
    assert min(outcomes.values()) > count // 100
