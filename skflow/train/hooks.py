"""Hooks that save checkpoints and summaries every so many steps or seconds."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from skflow import logging, proto
from skflow.graph.core import get_default_graph
from skflow.graph.serialize.meta_graph import create_meta_graph_def
from skflow.summary.file_writer import FileWriterCache
from skflow.train.global_step import get_global_step
from skflow.train.meta_graph import write_graph
from skflow.train.session_run_hook import (
    SessionRunArgs,
    SessionRunContext,
    SessionRunHook,
    SessionRunValues,
)


class SecondOrStepTimer:
    """Tells when it is time again.

    Parameters
    ----------
    every_secs : float, optional
        Seconds between two times.
    every_steps : int, optional
        Steps between two times.

    Raises
    ------
    ValueError
        Unless one of them is given.

    Source: the behaviour of TensorFlow 1.1.0.
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None) -> None:
        if every_secs is None and every_steps is None:
            raise ValueError("Either every_secs or every_steps should be provided.")
        if every_secs is not None and every_steps is not None:
            raise ValueError("Can not provide both every_secs and every_steps.")
        self._every_secs = every_secs
        self._every_steps = every_steps
        self._last_step: Any = None
        self._last_time = 0.0

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether it is time at a step: at the first asked for, and never twice at one."""
        if self._last_step is None:
            return True
        if self._last_step == step:
            return False
        if self._every_secs is not None:
            return time.time() >= self._last_time + self._every_secs
        return bool(step >= self._last_step + self._every_steps)

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Note that the time was used.

        Parameters
        ----------
        step : int
            The step.

        Returns
        -------
        seconds, steps : (float, int) or (None, None)
            Since the last time; None at the first.
        """
        now = time.time()
        passed: tuple[float | None, int | None] = (None, None)
        if self._last_step is not None:
            passed = now - self._last_time, step - self._last_step
        self._last_step, self._last_time = step, now
        return passed

    def last_triggered_step(self) -> Any:
        """The step at which the time was last used, or None."""
        return self._last_step


def _global_step(hook: str) -> Any:
    found = get_global_step()
    if found is None:
        raise RuntimeError(f"Global step should be created to use {hook}.")
    return found


class CheckpointSaverListener:
    """What a `CheckpointSaverHook` calls around its saves; by default nothing happens."""

    def begin(self) -> None:
        """Be told that the loop begins."""

    def before_save(self, session: Any, global_step_value: int) -> None:
        """Be told that a checkpoint is about to be saved."""

    def after_save(self, session: Any, global_step_value: int) -> None:
        """Be told that a checkpoint was saved."""

    def end(self, session: Any, global_step_value: int) -> None:
        """Be told that the loop ends."""


class CheckpointSaverHook(SessionRunHook):
    """Saves checkpoints, and the graph at the first run.

    Parameters
    ----------
    checkpoint_dir : str
        The directory of checkpoints, event files and ``graph.pbtxt``.
    save_secs : float, optional
        Seconds between two checkpoints.
    save_steps : int, optional
        Steps between two checkpoints.
    saver : Saver, optional
        What saves.
    checkpoint_basename : str
        The prefix of the files' names.
    scaffold : object, optional
        An object whose `saver` saves.
    listeners : list of CheckpointSaverListener, optional
        What to call around the saves.

    Raises
    ------
    ValueError
        Unless one of `saver` and `scaffold`, and one of `save_secs` and `save_steps`, is given.

    Source: the behaviour of TensorFlow 1.1.0.
    """

    def __init__(
        self,
        checkpoint_dir: str,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Any = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Any = None,
        listeners: Sequence[CheckpointSaverListener] | None = None,
    ) -> None:
        logging.info("Create CheckpointSaverHook.")
        if (saver is None) == (scaffold is None):
            raise ValueError("Exactly one of saver or scaffold must be provided.")
        self._saver = saver
        self._scaffold = scaffold
        self._checkpoint_dir = checkpoint_dir
        self._save_path = os.path.join(checkpoint_dir, checkpoint_basename)  # noqa: PTH118  # as the caller wrote it
        self._timer = SecondOrStepTimer(save_secs, save_steps)
        self._listeners = listeners or []

    def begin(self) -> None:
        """Find the global step and open an event file.

        Raises
        ------
        RuntimeError
            If the graph has no global step.
        """
        self._summary_writer = FileWriterCache.get(self._checkpoint_dir)
        self._global_step_tensor = _global_step("CheckpointSaverHook")
        for listener in self._listeners:
            listener.begin()

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Ask for the global step; write the graph before the first run.

        Parameters
        ----------
        run_context : SessionRunContext
            The run.

        Returns
        -------
        SessionRunArgs
        """
        del run_context
        if self._timer.last_triggered_step() is None:
            self._write_graph()
        return SessionRunArgs(self._global_step_tensor)

    def _write_graph(self) -> None:
        graph = get_default_graph()
        message = graph.as_graph_def(add_shapes=True)
        write_graph(message, self._checkpoint_dir, "graph.pbtxt")
        saver = self._get_saver()
        saver_def = None if saver is None else saver.saver_def
        self._summary_writer.add_graph(graph)
        self._summary_writer.add_meta_graph(
            create_meta_graph_def(graph_def=message, saver_def=saver_def)
        )

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Save if it is time.

        Parameters
        ----------
        run_context : SessionRunContext
            The run.
        run_values : SessionRunValues
            The global step.
        """
        step = run_values.results
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            self._save(step, run_context.session)

    def end(self, session: Any) -> None:
        """Save the last step.

        Parameters
        ----------
        session : Session
            The session.
        """
        step = session.run(self._global_step_tensor)
        if step != self._timer.last_triggered_step():
            self._save(step, session)
        for listener in self._listeners:
            listener.end(session, step)

    def _save(self, step: Any, session: Any) -> None:
        logging.info("Saving checkpoints for %d into %s.", step, self._save_path)
        for listener in self._listeners:
            listener.before_save(session, step)
        self._get_saver().save(session, self._save_path, global_step=step)
        log = proto.SessionLog(status=proto.SessionLog.CHECKPOINT, checkpoint_path=self._save_path)
        self._summary_writer.add_session_log(log, step)
        for listener in self._listeners:
            listener.after_save(session, step)

    def _get_saver(self) -> Any:
        return self._saver if self._saver is not None else self._scaffold.saver


class SummarySaverHook(SessionRunHook):
    """Writes summaries to event files.

    Parameters
    ----------
    save_steps : int, optional
        Steps between two summaries.
    save_secs : float, optional
        Seconds between two summaries.
    output_dir : str, optional
        The directory of the event files, if no writer is given.
    summary_writer : FileWriter, optional
        What writes. Without it and `output_dir` nothing is written.
    scaffold : object, optional
        An object whose `summary_op` gives summaries.
    summary_op : Tensor of string or list of them, optional
        What gives summaries, such as `tf.summary.merge_all` returns.

    Raises
    ------
    ValueError
        Unless one of `scaffold` and `summary_op`, and one of `save_secs` and `save_steps`, is
        given.

    Source: the behaviour of TensorFlow 1.1.0.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ) -> None:
        if (scaffold is None) == (summary_op is None):
            raise ValueError("Exactly one of scaffold or summary_op must be provided.")
        self._summary_op = summary_op
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._scaffold = scaffold
        self._timer = SecondOrStepTimer(save_secs, save_steps)

    def begin(self) -> None:
        """Find the global step and open an event file.

        Raises
        ------
        RuntimeError
            If the graph has no global step.
        """
        if self._summary_writer is None and self._output_dir:
            self._summary_writer = FileWriterCache.get(self._output_dir)
        self._next_step: Any = None
        self._requested = False
        self._global_step_tensor = _global_step("SummarySaverHook")

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs:
        """Ask for the global step and, if it is time, for the summaries.

        Parameters
        ----------
        run_context : SessionRunContext
            The run.

        Returns
        -------
        SessionRunArgs
        """
        del run_context
        fetches = {"global_step": self._global_step_tensor}
        first = self._next_step is None
        self._requested = first or self._timer.should_trigger_for_step(self._next_step)
        if self._requested and (found := self._summaries()) is not None:
            fetches["summary"] = found
        return SessionRunArgs(fetches)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Write the summaries, after a first entry that says that the session has started.

        Parameters
        ----------
        run_context : SessionRunContext
            The run.
        run_values : SessionRunValues
            What `before_run` asked for.
        """
        del run_context
        if not self._summary_writer:
            return
        step = run_values.results["global_step"]
        if self._next_step is None:
            start = proto.SessionLog(status=proto.SessionLog.START)
            self._summary_writer.add_session_log(start, step)
        if self._requested:
            self._timer.update_last_triggered_step(step)
            for summary in run_values.results.get("summary", ()):
                self._summary_writer.add_summary(summary, step)
        self._next_step = step + 1

    def end(self, session: Any = None) -> None:
        """Have everything written.

        Parameters
        ----------
        session : Session, optional
            The session.
        """
        del session
        if self._summary_writer:
            self._summary_writer.flush()

    def _summaries(self) -> list[Any] | None:
        given = self._summary_op if self._summary_op is not None else self._scaffold.summary_op
        return given if given is None or isinstance(given, list) else [given]
