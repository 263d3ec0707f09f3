"""Hooks save checkpoints and summaries when it is time, as TensorFlow 1.1.0's do."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from skflow import proto
from skflow.proto.text import parse_text
from skflow.train import hooks
from skflow.train.hooks import CheckpointSaverListener, SecondOrStepTimer
from tests.golden import hook_programs

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "golden" / "hooks.json").read_text(encoding="utf-8")
)


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()
    tf.summary.FileWriterCache.clear()


@pytest.mark.parametrize("name", hook_programs.PROGRAMS)
def test_programs(name: str) -> None:
    """Files, events, calls of listeners, fetches and mistakes are TensorFlow 1.1.0's."""
    found = json.loads(json.dumps(hook_programs.PROGRAMS[name](tf)))
    assert found == GOLDEN[name]


def test_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    timer = SecondOrStepTimer(every_secs=2.0)
    assert timer.should_trigger_for_step(1)
    assert timer.update_last_triggered_step(1) == (None, None)
    now[0] = 101.9
    assert not timer.should_trigger_for_step(2)
    now[0] = 102.0
    assert timer.should_trigger_for_step(2)
    assert not timer.should_trigger_for_step(1)
    assert timer.update_last_triggered_step(4) == (2.0, 3)
    assert timer.last_triggered_step() == 4


def test_hooks_do_nothing_of_themselves() -> None:
    hook = tf.train.SessionRunHook()
    context = tf.train.SessionRunContext(tf.train.SessionRunArgs("x"), "session")
    assert context.original_args == ("x", None, None)
    assert context.session == "session"
    hook.begin()
    hook.after_create_session(None, None)
    assert hook.before_run(context) is None
    hook.after_run(context, tf.train.SessionRunValues(None, None, None))
    hook.end(None)
    assert not context.stop_requested
    context.request_stop()
    assert context.stop_requested
    listener = CheckpointSaverListener()
    listener.begin()
    listener.before_save(None, 1)
    listener.after_save(None, 1)
    listener.end(None, 1)


def test_the_graph_is_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As text and to the event file, with the saver."""
    step = tf.train.create_global_step()
    saver = tf.train.Saver()
    with caplog.at_level(logging.INFO, logger="tensorflow"):
        hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=5, saver=saver)
        hook.begin()
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            context = tf.train.SessionRunContext(None, session)
            asked = hook.before_run(context)
            hook.after_run(context, tf.train.SessionRunValues(session.run(asked.fetches), None, {}))
            hook.end(session)
    assert asked.fetches is step
    assert f"Saving checkpoints for 0 into {tmp_path}/model.ckpt." in caplog.text
    text = (tmp_path / "graph.pbtxt").read_text(encoding="utf-8")
    wanted = tf.get_default_graph().as_graph_def(add_shapes=True)
    assert parse_text(text, proto.GraphDef) == wanted
    hooks.FileWriterCache.get(str(tmp_path)).flush()
    (path,) = tmp_path.glob("events.*")
    metas = [e.meta_graph_def for e in tf.train.summary_iterator(str(path)) if e.meta_graph_def]
    assert [proto.MetaGraphDef.FromString(m).saver_def for m in metas] == [
        proto.SaverDef(),
        saver.saver_def,
    ]
    assert tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "model.ckpt-0")
