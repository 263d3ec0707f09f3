"""Whatever interrupts a saver, the last checkpoint that was saved is there, whole."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow.io import stored_tensor
from skflow.io.commit_record import RECORD_ENDING
from skflow.io.files import Files, current, using
from tests.io.memory_files import Fault, MemorySystem, PowerLoss

ROOT = Path(__file__).parents[2]
CODES = (errno.ENOSPC, errno.EIO, errno.EINTR, 0)
LASTING = ("once", "same", "all")
SAVES = 3


@dataclass
class World:
    """A model whose variables all hold the number of the last step, and its saver."""

    graph: Any
    session: Any
    variables: list[Any]
    saver: Any
    numbered: bool
    returned: list[int] = field(default_factory=list)

    def save(self, step: int) -> str:
        """Save the model as it is after a step, with a graph that tells the step too."""
        for variable in self.variables:
            variable.load(np.full(variable.get_shape().as_list(), step, "f"), self.session)
        with self.graph.as_default():
            tf.add_to_collection("steps", f"step {step}")
            path: str = self.saver.save(
                self.session, "m", global_step=step if self.numbered else None
            )
        self.returned.append(step)
        return path


def build(numbered: bool, sharded: bool) -> World:
    graph = tf.Graph()
    with graph.as_default():
        with tf.device("/cpu:0" if sharded else None):
            first = tf.Variable(np.zeros((3, 4), "f"), name="first")
        variables = [first, tf.Variable(np.zeros(5, "f"), name="second")]
        saver = tf.train.Saver(max_to_keep=2, sharded=sharded)
    return World(graph, tf.Session(graph=graph), variables, saver, numbered)


def step_of(prefix: str) -> int:
    """The step that a checkpoint is of, graph and variables alike."""
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(f"{prefix}.meta")
        saver.restore(session, prefix)
        values = {v for a in session.run(tf.global_variables()) for v in a.reshape(-1).tolist()}
        (step,) = values
        assert tf.get_collection("steps")[-1] in (f"step {int(step)}", f"step {int(step)}".encode())
        return int(step)


def check(world: World) -> None:
    """What the directory has is no older than the last save that returned."""
    latest = tf.train.latest_checkpoint("")
    if latest is None:
        assert not world.returned
        return
    assert step_of(latest) >= max(world.returned, default=0)
    state = tf.train.get_checkpoint_state("")
    assert state is not None
    for path in state.all_model_checkpoint_paths:
        assert tf.train.checkpoint_exists(path) or path != latest


def check_next_save(world: World) -> None:
    """One more save goes well; temporary files are those of checkpoints that are whole."""
    path = world.save(99)
    assert step_of(path) == 99
    assert tf.train.latest_checkpoint("") == path
    for name in current().list_directory(""):
        if name.endswith(RECORD_ENDING):
            assert step_of(name.removesuffix(RECORD_ENDING)) in range(1, SAVES + 1)
    assert not [name for name in current().list_directory("") if "skflow" in name]


SETTINGS = {
    "numbered": (True, False),
    "same": (False, False),
    "numbered-shards": (True, True),
    "same-shards": (False, True),
    "same-helped": (False, False),
}


@pytest.fixture(params=list(SETTINGS))
def setting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, bool]:
    """Whether checkpoints are numbered and sharded; two threads may read a tensor."""
    if request.param.endswith("helped"):
        monkeypatch.setattr(stored_tensor, "WORTH_HELP", 16)
    return SETTINGS[request.param]


def lengths(numbered: bool, sharded: bool, stride: int) -> Iterator[int]:
    """Numbers of calls at which something may happen."""
    world, system = build(numbered, sharded), MemorySystem()
    with using(Files(system)):
        for step in range(1, SAVES + 1):
            world.save(step)
    yield from range(0, len(system.calls) + 1, stride)


# ---- loss of power ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stride", "variants"), [(17, 3), pytest.param(1, 16, marks=pytest.mark.soak)]
)
def test_power_loss(setting: tuple[bool, bool], stride: int, variants: int) -> None:
    """Three saves end at any call; what was not synced is lost, torn, or out of order."""
    for length in lengths(*setting, stride):
        world, system = build(*setting), MemorySystem()
        system.power_until = length
        with using(Files(system)):
            try:
                for step in range(1, SAVES + 1):
                    world.save(step)
            except PowerLoss:
                pass
        for seed in range(variants):
            with using(Files(system.after_power_loss(seed))):
                check(world)
        with using(Files(system.after_power_loss(2))):
            check_next_save(world)


# ---- errors of the system ---------------------------------------------------------------


@pytest.mark.parametrize("stride", [13, pytest.param(1, marks=pytest.mark.soak)])
def test_failing_calls(setting: tuple[bool, bool], stride: int) -> None:
    """Each call fails, once or for ever: the checkpoint before is intact, the error says where."""
    for number, at in enumerate(lengths(*setting, stride)):
        for code in CODES if stride == 1 else (CODES[number % len(CODES)],):
            for lasting in LASTING if stride == 1 else (LASTING[number % len(LASTING)],):
                fail(*setting, Fault(at, code, lasting))


def fail(numbered: bool, sharded: bool, fault: Fault) -> None:
    world, system = build(numbered, sharded), MemorySystem()
    system.fault = fault
    errors = []
    with using(Files(system)):
        for step in range(1, SAVES + 1):
            try:
                world.save(step)
            except (tf.errors.OpError, ValueError) as error:
                errors.append(error)
    for error in errors:
        said = error.message if isinstance(error, tf.errors.OpError) else str(error)
        # The directory, the state file, or a file of the checkpoint.
        assert any(f"{name}" in said for name in ("m", ".", "checkpoint")), said
    if fault.lasting == "once" and fault.code in (errno.EINTR, 0):
        assert not errors
    system.fault = None
    with using(Files(system.after_kill())):
        check(world)
        check_next_save(world)
    assert system.open_paths == []


def test_failing_reads(setting: tuple[bool, bool]) -> None:
    """A restore that fails says so, and gives no value that was not saved."""
    world, system = build(*setting), MemorySystem()
    with using(Files(system)):
        path = world.save(1)
        clean = len(system.calls)
        assert step_of(path) == 1
        count = len(system.calls) - clean
        for code in CODES:
            for lasting in LASTING:
                for at in range(count):
                    system.calls.clear()
                    system.fault = Fault(at, code, lasting)
                    try:
                        assert step_of(path) == 1
                    except (tf.errors.OpError, OSError):
                        assert code
                    system.fault = None
        assert system.open_paths == []


# ---- killed processes -------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["numbered", "same"])
@pytest.mark.parametrize("kills", [8, pytest.param(500, marks=pytest.mark.soak)])
def test_kills(tmp_path: Path, mode: str, kills: int) -> None:
    """Processes that train and save are killed at random moments; each goes on from the last."""
    script = Path(__file__).with_name("kill_saver.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(tmp_path), mode, str(kills), "1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    said = json.loads(done.stdout)
    assert said["kills"] == kills
    assert said["saves"] > 0
    assert said["killed_while_saving"] > 0
