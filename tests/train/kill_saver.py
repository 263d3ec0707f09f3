"""Kill processes that save, at random moments, and see what they leave.

    python kill_saver.py DIRECTORY numbered|same KILLS SEED

A process restores what its predecessor left, then counts on and saves after each count. After each
kill the newest checkpoint must be whole and no older than the last save that returned. Prints what
was done as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import skflow as tf

LONGEST = 0.3  # seconds from a process's first save to its end
SAVING = b"S"


def build() -> Any:
    """A graph of variables that all hold the same number, and its saver."""
    for i in range(3):
        tf.Variable(np.zeros(10_000 * 10**i // 10, "f"), name=f"v{i}")
    placeholder = tf.placeholder(tf.float32, ())
    setting = tf.group(
        *(tf.assign(v, tf.fill(v.get_shape().as_list(), placeholder)) for v in variables())
    )
    return placeholder, setting, tf.train.Saver(max_to_keep=2)


def variables() -> Any:
    return tf.global_variables()


def work(model: Any, directory: str, numbered: bool, out: int) -> None:
    """Go on where the last process ended, until this one is killed."""
    placeholder, setting, saver = model
    session = tf.Session()
    step = read(directory)[0]
    state = tf.train.get_checkpoint_state(directory)
    if state is not None:
        saver.recover_last_checkpoints(list(state.all_model_checkpoint_paths))
    while True:
        step += 1
        session.run(setting, {placeholder: step})
        os.write(out, SAVING)
        saver.save(session, f"{directory}/m", global_step=step if numbered else None)
        os.write(out, f"{step};".encode())


def read(directory: str) -> Any:
    """The number that the newest checkpoint holds, and its prefix; 0 if there is none."""
    latest = tf.train.latest_checkpoint(directory)
    return (0, None) if latest is None else read_one(latest)


def read_one(latest: str) -> Any:
    """The number that a checkpoint holds, and its prefix."""
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(latest + ".meta")
        saver.restore(session, latest)
        values = {float(v) for a in session.run(variables()) for v in np.unique(a)}
    if len(values) != 1:
        raise AssertionError(f"{latest} mixes {values}")
    return int(values.pop()), latest


def one(model: Any, directory: str, numbered: bool, rng: random.Random) -> Any:
    """Start a process and kill it; return the steps it had saved, and whether it was saving."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(inlet)
            work(model, directory, numbered, outlet)
        except BaseException as error:  # noqa: BLE001
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(1)
    os.close(outlet)
    said = os.read(inlet, 1)
    time.sleep(rng.random() * LONGEST)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while part := os.read(inlet, 1 << 16):
        said += part
    os.close(inlet)
    if not os.WIFSIGNALED(status):
        raise AssertionError("the process ended by itself")
    steps = [int(s) for s in said.replace(SAVING, b"").decode().split(";")[:-1]]
    return steps, said.endswith(SAVING)


def main() -> None:
    directory, mode, kills, seed = sys.argv[1:]
    rng = random.Random(int(seed))
    model = build()
    last = saves = while_saving = 0
    for _ in range(int(kills)):
        steps, saving = one(model, directory, mode == "numbered", rng)
        last, saves = max([last, *steps]), saves + len(steps)
        while_saving += saving
        found, path = read(directory)
        if found < last:
            raise AssertionError(f"{path} holds {found}, {last} was saved")
        last = found
    check_others(directory)
    said = {"kills": int(kills), "saves": saves, "killed_while_saving": while_saving}
    sys.stdout.write(json.dumps(said))


def check_others(directory: str) -> None:
    """Whatever has an index is a whole checkpoint, though nobody may have told of it."""
    names = [path.name for path in Path(directory).iterdir()]
    for prefix in sorted(n.removesuffix(".index") for n in names if n.endswith(".index")):
        found, path = read_one(f"{directory}/{prefix}")
        if prefix not in ("m", f"m-{found}"):
            raise AssertionError(f"{path} holds {found}")


if __name__ == "__main__":
    main()
