"""TensorFlow 2.21 reads our checkpoints with their graphs, we read its, and both go on alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as ours
from skflow import proto
from tests.interop.script import exchange

pytestmark = pytest.mark.interop

OURS = sorted(exchange.programs.PROGRAMS.keys() - exchange.programs.OWN.keys())
THEIRS = sorted({**exchange.programs.PLAIN, **exchange.programs.CHOICES})
# TensorFlow's kernel of Adadelta is another one since 1.5.
CHANGED = "adadelta"


@pytest.mark.parametrize("name", [n for n in OURS if n != CHANGED])
def test_ours_in_tensorflow(name: str, theirs: Any, tmp_path: Path) -> None:
    exchange.build(ours, name, tmp_path)
    assert exchange.differences(theirs, tmp_path) == []


@pytest.mark.parametrize("name", THEIRS)
def test_tensorflows_here(name: str, theirs: Any, tmp_path: Path) -> None:
    exchange.build(theirs, name, tmp_path)
    assert exchange.differences(ours, tmp_path) == []


@pytest.mark.parametrize("name", THEIRS)
def test_there_and_back(name: str, theirs: Any, tmp_path: Path) -> None:
    """What TensorFlow wrote and we saved again is to TensorFlow what it was."""
    exchange.build(theirs, name, tmp_path)
    prefix = str(tmp_path / exchange.PREFIX)
    resave(ours, prefix)
    assert exchange.differences(theirs, tmp_path) == []


@pytest.mark.parametrize("name", [n for n in OURS if n != CHANGED])
def test_here_and_back(name: str, theirs: Any, tmp_path: Path) -> None:
    """What we wrote and TensorFlow saved again is to us what it was."""
    exchange.build(ours, name, tmp_path)
    prefix = str(tmp_path / exchange.PREFIX)
    resave(theirs, prefix)
    assert exchange.differences(ours, tmp_path) == []


def resave(tf: Any, prefix: str) -> None:
    """Load a checkpoint from its files alone and write it again, with its graph, in its place."""
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(prefix + ".meta")
        with tf.Session() as session:
            saver.restore(session, prefix)
            for path in Path(prefix).parent.glob(f"{exchange.PREFIX}.*"):
                path.unlink()
            saver.save(session, prefix)


def test_adadelta_of_ours_in_tensorflow(theirs: Any, tmp_path: Path) -> None:
    """It evaluates equal, and goes on as our reading of TensorFlow's later graphs does."""
    exchange.build(ours, CHANGED, tmp_path)
    wrong = exchange.differences(theirs, tmp_path)
    assert wrong
    assert not any("in step 0" in text for text in wrong)
    note(theirs, tmp_path)
    meta = tmp_path / f"{exchange.PREFIX}.meta"
    message = proto.MetaGraphDef.FromString(meta.read_bytes())
    for node in message.graph_def.node:
        if node.op == "ApplyAdadelta":
            node.attr["_step_first"].b = True
    meta.write_bytes(message.SerializeToString())
    assert exchange.differences(ours, tmp_path) == []


def note(tf: Any, folder: Path) -> None:
    """Note what a checkpoint computes with some engine."""
    prefix = str(folder / exchange.PREFIX)
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(prefix + ".meta")
        with tf.Session() as session:
            saver.restore(session, prefix)
            found = exchange.compute(session, exchange.stored_plan(folder))
    np.savez(folder / "values.npz", *found)
