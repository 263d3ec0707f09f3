"""Kill processes that fit with a `model_dir`, at random moments, until each fit has come to its end.

    python kill_fit.py DIRECTORY KILLS SEED

Whatever was killed must go on no earlier than from the last checkpoint that was said to be
written, and end to the bit as a fit that nobody disturbed. Prints what was done as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from skflow.estimators import DNNClassifier, DNNLinearCombinedRegressor, DNNRegressor
from skflow.estimators.runs import Run

LONGEST = 0.3  # seconds from a process's beginning to its end, on a machine that is not busy

RNG = np.random.RandomState(0)
X = RNG.normal(size=(200, 5))
Y = np.sin(X[:, 0]) + X[:, 1]


def models() -> list[tuple[Any, Any]]:
    """Models that train for a while, and their targets."""
    shared = {"random_state": 0, "tol": 0.0, "n_iter_no_change": 10_000}
    return [
        (
            DNNRegressor(
                (30,),
                dropout=0.2,
                batch_size=16,
                max_iter=25,
                early_stopping=True,
                l2_regularization_strength=0.1,
                **shared,
            ),
            Y,
        ),
        (
            DNNLinearCombinedRegressor((20,), dnn_dropout=0.1, batch_size=32, steps=200, **shared),
            Y,
        ),
        (DNNClassifier((10,), optimizer="L-BFGS", dropout=0.05, max_iter=60, **shared), Y > 0),
    ]


def result(model: Any) -> str:
    """All that a model has learnt and tells of its training, in short."""
    parts = [model.get_variable_value(n).tobytes().hex() for n in model.get_variable_names()]
    told = [model.loss_curve_, model.validation_scores_, model.best_iter_, model.n_iter_]
    return hashlib.sha256(json.dumps([parts, told]).encode()).hexdigest()


def work(model: Any, y: Any, directory: str, out: int) -> None:
    """Fit, and tell of each checkpoint and of the end."""
    enter, write = Run.__enter__, Run.write

    def told_enter(run: Run) -> Run:
        step = 0 if run.stored is None else run.stored.facts["step"]
        os.write(out, f"from {Path(run.directory).name} {step}\n".encode())
        return enter(run)

    def told_write(run: Run, step: int, *args: Any) -> None:
        os.write(out, b"writing\n")
        write(run, step, *args)
        os.write(out, f"wrote {Path(run.directory).name} {step}\n".encode())

    Run.__enter__, Run.write = told_enter, told_write  # type: ignore[method-assign]
    model.set_params(model_dir=directory, save_checkpoints_steps=7).fit(X, y)
    os.write(out, f"result {result(model)}\n".encode())


def one(model: Any, y: Any, directory: str, wait: float) -> list[list[str]]:
    """Start a process, kill it if it is still there after a while, and return what it told."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(inlet)
            work(model, y, directory, outlet)
            os._exit(0)
        except BaseException as error:  # noqa: BLE001
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(1)
    os.close(outlet)
    said = os.read(inlet, 1)
    end = time.monotonic() + wait
    while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < end:
        time.sleep(0.002)
    if not ended[0]:
        os.kill(child, signal.SIGKILL)
        ended = os.waitpid(child, 0)
    while part := os.read(inlet, 1 << 16):
        said += part
    os.close(inlet)
    if os.WIFEXITED(ended[1]) and os.WEXITSTATUS(ended[1]):
        raise AssertionError("the process failed")
    return [line.split() for line in said.decode().split("\n")[:-1]]


def check(lines: list[list[str]], written: dict[str, int]) -> None:
    """See that a process went on where it had to, and add what it wrote to what was written."""
    for kind, *rest in lines:
        if kind == "from" and int(rest[1]) < written.get(rest[0], 0):
            raise AssertionError(f"{rest[0]} goes on from {rest[1]}, not from {written[rest[0]]}")
        if kind == "wrote":
            written[rest[0]] = int(rest[1])


def main() -> None:
    directory, kills, seed = sys.argv[1:]
    rng = random.Random(int(seed))
    todo = [(model, y, result(model.fit(X, y))) for model, y in models()]
    said = {"kills": 0, "killed_while_writing": 0, "resumed": 0, "finished": 0, "runs": 0}
    written: dict[str, int] = {}
    longest = LONGEST

    def killing() -> bool:
        return said["kills"] < int(kills) or said["resumed"] < max(1, int(kills) // 5)

    while killing() or said["finished"] < len(todo):
        model, y, expected = todo[said["finished"] % len(todo)]
        wait = rng.random() * longest if killing() else 600.0
        lines = one(model, y, directory, wait)
        check(lines, written)
        said["resumed"] += any(line[0] == "from" and line[2] != "0" for line in lines)
        if lines[-1][0] == "result":
            if lines[-1][1] != expected:
                raise AssertionError(f"{model} ended otherwise")
            said["finished"] += 1
        else:
            said["kills"] += 1
            said["killed_while_writing"] += lines[-1][0] == "writing"
            if not any(line[0] == "wrote" for line in lines):
                longest *= 1.2  # so that each comes to a checkpoint in the end
            elif longest > LONGEST:
                longest /= 1.2
    said["runs"] = len(list(Path(directory).iterdir()))
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
