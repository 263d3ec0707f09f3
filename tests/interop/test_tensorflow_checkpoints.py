"""The checkpoints that TensorFlow 1.1.0 wrote go through us to TensorFlow 2.21, and train on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as ours

pytestmark = pytest.mark.interop

GOLDEN = Path(__file__).parents[1] / "golden"
STEPS = 5
Expected = dict[str, np.ndarray]


def expected(folder: str) -> Expected:
    with np.load(GOLDEN / folder / "expected.npz") as held:
        return {name: held[name] for name in held.files}


def resaved(path: Path, to: Path) -> str:
    """Load a checkpoint from its files alone and save it, with its graph, elsewhere."""
    with ours.Graph().as_default(), ours.Session() as session:
        saver = ours.train.import_meta_graph(f"{path}.meta")
        saver.restore(session, str(path))
        return saver.save(session, str(to))


def losses(tf: Any, prefix: str, feeds: Expected, loss: str, train: str) -> list[float]:
    """The losses before each of some steps, and after the last one, from the files alone."""
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(prefix + ".meta")
        saver.restore(session, prefix)
        found = [session.run(loss, feeds)]
        for _ in range(STEPS):
            session.run(train, feeds)
            found.append(session.run(loss, feeds))
    return found


# ---- linear regression by Adam, with variables of every kind ----------------------------------


def test_adam_through_us(theirs: Any, tmp_path: Path) -> None:
    """Values and loss are TensorFlow 1.1.0's, in 2.21; the next losses are equal in both."""
    known = expected("tf_checkpoint")
    prefix = resaved(GOLDEN / "tf_checkpoint" / "model.ckpt-5", tmp_path / "again")
    with theirs.Graph().as_default(), theirs.Session() as session:
        saver = theirs.train.import_meta_graph(prefix + ".meta")
        saver.restore(session, prefix)
        stored = {v.op.name: session.run(v) for v in theirs.global_variables()}
    compared = 0
    for name, value in stored.items():
        if name.replace("/", "__") in known:
            np.testing.assert_array_equal(value, known[name.replace("/", "__")])
            compared += 1
    assert compared == 12
    assert stored["extra/str"].tolist() == [b"ab", b"", b"\xff"]
    feeds = {"X:0": known["feed_X"], "y:0": known["feed_y"]}
    mine, its = (losses(tf, prefix, feeds, "loss/mse:0", "adam") for tf in (ours, theirs))
    np.testing.assert_allclose(its[0], known["mse_after"], rtol=1e-6)
    np.testing.assert_allclose(mine, its, rtol=1e-6)
    assert its[-1] < its[0]


# ---- embedding, dropout, splitting, clipping, sparse momentum ---------------------------------


def test_a_network_through_us(theirs: Any, tmp_path: Path) -> None:
    """Loss, logits and accuracy at the save, and the losses of the steps that follow."""
    known = expected("tf_checkpoint_net")
    prefix = resaved(GOLDEN / "tf_checkpoint_net" / "model.ckpt-7", tmp_path / "again")
    feeds = {"ids:0": known["feed_ids"], "X:0": known["feed_X"], "y:0": known["feed_y"]}
    with theirs.Graph().as_default(), theirs.Session() as session:
        saver = theirs.train.import_meta_graph(prefix + ".meta")
        saver.restore(session, prefix)
        found = session.run(["loss:0", "out/logits:0", "accuracy:0"], feeds)
    wanted = [known[k] for k in ("loss_at_save", "logits_at_save", "accuracy")]
    for value, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-6)
    for tf in (ours, theirs):
        found = losses(tf, prefix, feeds, "loss:0", "train")
        np.testing.assert_allclose(found[1:], known["losses_after"], rtol=2e-6)
    rate = {**feeds, "training:0": True}
    mine, its = (losses(tf, prefix, rate, "loss:0", "train") for tf in (ours, theirs))
    np.testing.assert_allclose(mine, its, rtol=1e-5)
