"""Small training loops with hooks, for several engines.

    python hook_programs.py MODULE > hooks.json      # MODULE: tensorflow, skflow, ...

hooks.json is what TensorFlow 1.1.0 printed: the files and events a program left, and what it saw.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import sys
import tempfile
from typing import Any


def loop(tf: Any, hooks: Any, steps: int) -> Any:
    """Run hooks as a monitored session does, and note what they ask for."""
    step = tf.Variable(0, trainable=False, name="global_step", dtype=tf.int64)
    tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, step)
    train = tf.assign_add(step, 1)
    with tf.control_dependencies([train]):
        tf.summary.scalar("twice", step.read_value() * 2)
    seen = []
    for hook in hooks:
        hook.begin()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(steps):
            context = tf.train.SessionRunContext(tf.train.SessionRunArgs(train), session)
            asked = [hook.before_run(context) for hook in hooks]
            seen.append([described(a.fetches) for a in asked])
            session.run(train)
            for hook, args in zip(hooks, asked):  # noqa: B905  # Python 3.6
                results = session.run(args.fetches)
                hook.after_run(context, tf.train.SessionRunValues(results, None, None))
        for hook in hooks:
            hook.end(session)
    return seen


def described(fetches: Any) -> Any:
    if isinstance(fetches, dict):
        return {k: described(v) for k, v in sorted(fetches.items())}
    if isinstance(fetches, list):
        return [described(v) for v in fetches]
    return fetches.name


def events(tf: Any, folder: str) -> Any:
    """Kinds and steps of the events in a folder, and what summaries and logs say."""
    found = []
    for path in sorted(pathlib.Path(folder).glob("events.*")):
        for event in tf.train.summary_iterator(str(path)):
            kind = event.WhichOneof("what")
            said = ""
            if kind == "summary":
                said = [[v.tag, v.simple_value] for v in event.summary.value]
            elif kind == "session_log":
                place = event.session_log.checkpoint_path.replace(folder, "")
                said = [event.session_log.status, place]
            found.append([kind, event.step, said])
    return found


def files(folder: str) -> Any:
    names = (p.name for p in pathlib.Path(folder).iterdir())
    return sorted("events" if n.startswith("events") else n for n in names)


class Scaffold:
    """What hooks take a saver and a summary from."""

    def __init__(self, saver: Any = None, summary_op: Any = None) -> None:
        self.saver = saver
        self.summary_op = summary_op


class Late:
    """A saver, or a summary, of a graph that is not yet built."""

    def __init__(self, tf: Any) -> None:
        self._tf = tf
        self._saver = None

    @property
    def saver(self) -> Any:
        if self._saver is None:
            self._saver = self._tf.train.Saver()
        return self._saver

    @property
    def summary_op(self) -> Any:
        return self._tf.get_collection("summaries")


def listener(seen: Any) -> Any:
    class Listener:
        def begin(self) -> None:
            seen.append(["begin"])

        def before_save(self, _session: Any, step: Any) -> None:
            seen.append(["before", int(step)])

        def after_save(self, _session: Any, step: Any) -> None:
            seen.append(["after", int(step)])

        def end(self, _session: Any, step: Any) -> None:
            seen.append(["end", int(step)])

    return Listener()


def checkpoints(tf: Any) -> Any:
    folder, calls = tempfile.mkdtemp(), []
    hook = tf.train.CheckpointSaverHook(
        folder, save_steps=3, scaffold=Late(tf), checkpoint_basename="m",
        listeners=[listener(calls)],
    )
    seen = loop(tf, [hook], 8)
    tf.summary.FileWriterCache.get(folder).flush()
    found = [seen, calls, files(folder), events(tf, folder)]
    tf.summary.FileWriterCache.clear()
    return found


def ends_at_a_save(tf: Any) -> Any:
    folder, calls = tempfile.mkdtemp(), []
    hook = tf.train.CheckpointSaverHook(
        folder, save_steps=2, scaffold=Late(tf), listeners=[listener(calls)]
    )
    loop(tf, [hook], 3)
    tf.summary.FileWriterCache.clear()
    return [calls, files(folder)]


def summaries(tf: Any) -> Any:
    folder = tempfile.mkdtemp()
    hook = tf.train.SummarySaverHook(save_steps=3, output_dir=folder, scaffold=Late(tf))
    seen = loop(tf, [hook], 8)
    found = [seen, events(tf, folder)]
    tf.summary.FileWriterCache.clear()
    return found


def given_writer(tf: Any) -> Any:
    folder = tempfile.mkdtemp()
    constant = tf.summary.scalar("c", 2.5)
    writer = tf.summary.FileWriter(folder)
    hook = tf.train.SummarySaverHook(save_steps=2, summary_writer=writer, summary_op=constant)
    nothing = tf.train.SummarySaverHook(save_steps=1, summary_op=[constant])
    seen = loop(tf, [hook, nothing], 4)
    writer.close()
    return [seen, events(tf, folder)]


def mistakes(tf: Any) -> Any:
    saver, summary = object(), object()
    hooks = tf.train
    tried = [
        lambda: hooks.CheckpointSaverHook("d", save_steps=1),
        lambda: hooks.CheckpointSaverHook("d", save_steps=1, saver=saver, scaffold=Scaffold()),
        lambda: hooks.CheckpointSaverHook("d", saver=saver),
        lambda: hooks.CheckpointSaverHook("d", 1, 1, saver=saver),
        lambda: hooks.SummarySaverHook(save_steps=1),
        lambda: hooks.SummarySaverHook(1, summary_op=summary, scaffold=Scaffold()),
        lambda: hooks.SummarySaverHook(summary_op=summary),
        lambda: hooks.SummarySaverHook(1, 1, summary_op=summary),
        lambda: hooks.CheckpointSaverHook(tempfile.mkdtemp(), None, 1, saver=saver).begin(),
        lambda: hooks.SummarySaverHook(1, summary_op=summary).begin(),
    ]
    return [raised(f) for f in tried]


def raised(function: Any) -> str:
    """What a mistake raises."""
    try:
        return f"VALUE {function()!r}"
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"


PROGRAMS = {f.__name__: f for f in (
    checkpoints, ends_at_a_save, summaries, given_writer, mistakes,
)}


def main() -> None:
    """Print what the module named on the command line makes of the programs."""
    tf = importlib.import_module(sys.argv[1])
    found = {}
    for name, program in PROGRAMS.items():
        tf.reset_default_graph()
        found[name] = program(tf)
    json.dump(found, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
