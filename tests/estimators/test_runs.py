"""Directories of runs: one for each training, whole at any moment, never shared."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import skflow as tf
from skflow import errors
from skflow.estimators.runs import FORMAT, Policy, Run, read
from skflow.io import commit, files
from skflow.io.bundle_writer import BundleWriter
from tests.io.memory_files import Fault, MemorySystem, PowerLoss

EVERY = Policy(None, 1, 2)
VALUES = {"w": np.arange(6.0).reshape(2, 3), "net/b": np.ones(2, "f")}
EXTRAS = {"best/w": np.zeros((2, 3)), "streams/dropout": np.array([1, 2, 3])}


def write(run: Run, step: int, *, finished: bool = False, meta: bytes | None = b"graph") -> None:
    """Write a checkpoint whose numbers say of which step it is."""
    values = {name: value + step for name, value in VALUES.items()}
    run.write(step, values, EXTRAS, {"finished": finished, "course": [step, math.nan]}, meta)


def step_in(run: Run) -> int:
    """The step that a run goes on from, all of it."""
    if run.stored is None:
        return 0
    step = int(run.stored.facts["step"])
    expected = {name: value + step for name, value in VALUES.items()}
    for found, wanted in ((run.stored.values, expected), (run.stored.extras, EXTRAS)):
        assert found.keys() == wanted.keys()
        assert all(found[name].tobytes() == wanted[name].tobytes() for name in wanted)
    assert run.stored.facts["course"][0] == step
    assert math.isnan(run.stored.facts["course"][1])
    return step


@pytest.fixture
def system() -> Iterator[MemorySystem]:
    system = MemorySystem()
    with files.using(files.Files(system)):
        yield system


# ---- which directory ---------------------------------------------------------------------


def test_only_what_was_broken_off_goes_on(tmp_path: Path) -> None:
    directories = []
    for number, (step, finished) in enumerate([(3, False), (5, True), (2, True), (1, False)]):
        with Run(str(tmp_path / "deep" / "down"), "Kind-0", EVERY) as run:
            assert step_in(run) == (3 if number == 1 else 0)
            directories.append(Path(run.directory).name)
            write(run, step, finished=finished)
    assert directories == ["Kind-0", "Kind-0", "Kind-0-2", "Kind-0-3"]
    with Run(str(tmp_path / "deep" / "down"), "Kind-0", EVERY) as run:
        assert (Path(run.directory).name, step_in(run)) == ("Kind-0-3", 1)
    with Run(str(tmp_path / "deep" / "down"), "Kind-1", EVERY) as run:
        assert (Path(run.directory).name, step_in(run)) == ("Kind-1", 0)


def test_two_at_a_time_have_two_directories(tmp_path: Path) -> None:
    with Run(str(tmp_path), "Kind-0", EVERY) as one, Run(str(tmp_path), "Kind-0", EVERY) as two:
        assert two.directory == one.directory + "-2"
        write(one, 1)
        write(two, 2)
        with Run(str(tmp_path), "Kind-0", EVERY) as three:
            assert three.directory == one.directory + "-3"
    with Run(str(tmp_path), "Kind-0", EVERY) as one, Run(str(tmp_path), "Kind-0", EVERY) as two:
        assert (step_in(one), step_in(two)) == (1, 2)


def test_a_directory_may_be_moved(tmp_path: Path) -> None:
    with Run(str(tmp_path / "old"), "Kind-0", EVERY) as run:
        write(run, 1)
        write(run, 2)
    (tmp_path / "old").rename(tmp_path / "new")
    with Run(str(tmp_path / "new"), "Kind-0", EVERY) as run:
        assert step_in(run) == 2
        write(run, 3)
    assert not (tmp_path / "old").exists()
    state = tf.train.get_checkpoint_state(str(tmp_path / "new" / "Kind-0"))
    assert [Path(p).name for p in state.all_model_checkpoint_paths] == [
        "model.ckpt-2",
        "model.ckpt-3",
    ]


def test_relative_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for model_dir in ("", "runs", "more/runs/"):
        with Run(model_dir, "Kind-0", EVERY) as run:
            write(run, 1)
        with Run(model_dir, "Kind-0", EVERY) as run:
            assert step_in(run) == 1
        latest = tf.train.latest_checkpoint(run.directory)
        assert latest == os.path.join(model_dir, "Kind-0", "model.ckpt-1")  # noqa: PTH118


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("killed", ["owner", "child"])
def test_a_killed_process_gives_the_lock_back(tmp_path: Path, killed: str) -> None:
    """Even if a process that it has forked off lives on."""
    inlet, outlet = os.pipe()
    owner = os.fork()
    if owner == 0:
        run = Run(str(tmp_path), "Kind-0", EVERY)
        child = os.fork()
        if child == 0 and killed == "child":
            run.__exit__(None, None, None)
        if child:
            os.write(outlet, f"{child}\n".encode())
        while True:
            signal.pause()
    child = int(os.read(inlet, 100))
    first, last = (owner, child) if killed == "owner" else (child, owner)
    try:
        os.kill(first, signal.SIGKILL)
        if first == owner:
            os.waitpid(owner, 0)
        with Run(str(tmp_path), "Kind-0", EVERY) as run:
            assert run.directory.endswith("Kind-0" if first == owner else "Kind-0-2")
    finally:
        os.kill(last, signal.SIGKILL)
    if last == owner:
        os.waitpid(owner, 0)
    os.close(inlet)
    os.close(outlet)


def test_where_there_are_no_locks(system: MemorySystem, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> bool:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(system, "try_lock", refuse)
    with Run("/runs", "Kind-0", EVERY) as run:
        write(run, 1)
    with Run("/runs", "Kind-0", EVERY) as run:
        assert step_in(run) == 1


def test_what_nobody_uses_any_more_is_closed(system: MemorySystem) -> None:
    with Run("/runs", "Kind-0", EVERY) as run:
        assert system.open_paths == ["/runs/Kind-0/lock"]
        write(run, 1, finished=True)
    assert system.open_paths == []
    system.put("/runs/Kind-0/checkpoint", b"no state")
    with pytest.raises(errors.DataLossError):
        Run("/runs", "Kind-0", EVERY)
    assert system.open_paths == []


# ---- when, and how many --------------------------------------------------------------------


def test_checkpoints_are_due_after_steps(system: MemorySystem) -> None:
    del system
    with Run("/runs", "Kind-0", Policy(1e-9, 4, 5)) as run:
        assert [run.is_due(step) for step in (1, 3, 4, 5)] == [False, False, True, True]
        write(run, 5)
        assert [run.is_due(step) for step in (5, 8, 9)] == [False, False, True]
    with Run("/runs", "Kind-0", Policy(None, 4, 5)) as run:
        assert [run.is_due(step) for step in (0, 8, 9)] == [False, False, True]


def test_checkpoints_are_due_after_time(
    system: MemorySystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    del system
    clock = SimpleNamespace(now=50.0)
    monkeypatch.setattr("skflow.estimators.runs.time", SimpleNamespace(monotonic=lambda: clock.now))
    with Run("/runs", "Kind-0", Policy(10.0, None, 5)) as run:
        for start in (50.0, 65.0):
            clock.now = start + 9.0
            assert not run.is_due(100)
            clock.now = start + 15.0
            assert run.is_due(1)
            write(run, 1)
    with Run("/runs", "Kind-0", Policy(None, None, 5)) as run:
        clock.now = 1e9
        assert not run.is_due(10**9)


def test_old_ones_go_with_all_that_is_left_of_them(system: MemorySystem) -> None:
    with Run("/runs", "Kind-0", Policy(None, 1, 3)) as run:
        for name in (
            "model.ckpt-1.data-00000-of-00001",
            "model.ckpt-2.meta",
            "model.ckpt-30.index",
        ):
            system.put(f"/runs/Kind-0/{name}", b"left by a process that was killed")
        others = ["model.ckpt-best.index", "model.ckpt.index", "notes-1.txt", "lock", "checkpoint"]
        for name in others[:3]:
            system.put(f"/runs/Kind-0/{name}", b"the user's")
        for step in (3, 4, 40, 5, 5):
            write(run, step)
    endings = ("data-00000-of-00001", "index", "meta")
    kept = [f"model.ckpt-{step}.{ending}" for step in (4, 40, 5) for ending in endings]
    assert system.names("/runs/Kind-0") == sorted([*kept, *others])
    state = tf.train.get_checkpoint_state("/runs/Kind-0")
    names = [f"/runs/Kind-0/model.ckpt-{step}" for step in (4, 40, 5)]
    assert list(state.all_model_checkpoint_paths) == names
    assert state.model_checkpoint_path == names[-1] == tf.train.latest_checkpoint("/runs/Kind-0")


def test_a_finished_one_is_not_read(system: MemorySystem) -> None:
    """Only its facts: there may be many, and large ones."""
    with Run("/runs", "Kind-0", EVERY) as run:
        write(run, 1, finished=True)
    found = read("/runs/Kind-0/model.ckpt-1")
    assert (found.finished, found.values, found.extras) == (True, {}, {})
    del system


# ---- what goes wrong -----------------------------------------------------------------------


def prepared(steps: int = 2) -> MemorySystem:
    """A system on which a run has written checkpoints and was killed."""
    system = MemorySystem()
    with files.using(files.Files(system)), Run("/runs", "Kind-0", EVERY) as run:
        for step in range(1, steps + 1):
            write(run, step)
    return system.after_kill()


def go_on(system: MemorySystem) -> None:
    """Go on and write one checkpoint more."""
    with files.using(files.Files(system)), Run("/runs", "Kind-0", EVERY) as run:
        write(run, step_in(run) + 1)


def found_in(system: MemorySystem) -> int:
    """Where the next process goes on."""
    system.fault = None
    with files.using(files.Files(system)), Run("/runs", "Kind-0", EVERY) as run:
        step = step_in(run)
        write(run, step + 1)
        assert run.stored is None or system.names("/runs/Kind-0").count("lock") == 1
    names = system.names("/runs/Kind-0")
    kept = {name.split(".")[1] for name in names if name.startswith("model")}
    assert kept == {f"ckpt-{s}" for s in (step, step + 1) if s}
    assert len(names) == 2 + 3 * len(kept)
    return step


def calls(before: Callable[[], MemorySystem]) -> int:
    system = before()
    go_on(system)
    return len(system.calls)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("lasting", ["once", "all"])
def test_a_fault_at_any_call_names_the_path_and_spares_what_was_there(
    code: int, lasting: str
) -> None:
    for at in range(calls(prepared)):
        system = prepared()
        system.fault = Fault(at, code, lasting)
        try:
            go_on(system)
        except errors.OpError as error:
            assert "/runs" in str(error)  # noqa: PT017
            assert system.open_paths == []
        else:
            assert lasting == "once" or at > 10
        assert found_in(system.after_kill()) in (2, 3)


def test_a_fault_that_cannot_be_overlooked() -> None:
    """Whatever is done to say what was written is done, or its failure told."""
    told = 0
    for at in range(calls(prepared)):
        system = prepared()
        system.fault = Fault(at, errno.ENOSPC, "all")
        try:
            go_on(system)
        except errors.OpError:
            told += 1
        else:
            assert found_in(system.after_kill()) == 3
    assert told > 20


@pytest.mark.parametrize("steps", [0, 2])
def test_the_power_goes_at_any_call(steps: int) -> None:
    seen = set()
    total = calls(lambda: prepared(steps))
    for at in range(total):
        system = prepared(steps)
        system.power_until = at
        with suppress(PowerLoss):  # the very last call may go unnoticed
            go_on(system)
        for seed in (0, 1, at + 2):
            seen.add(found_in(system.after_power_loss(seed)))
    assert seen == {steps, steps + 1}
    system = prepared(steps)
    go_on(system)
    assert found_in(system.after_power_loss(0)) == steps + 1


# ---- damage --------------------------------------------------------------------------------


def refused(system: MemorySystem) -> None:
    """Whatever lies there, it is told of, and stays."""
    names = system.names("/runs/Kind-0")
    before = {name: system.content(f"/runs/Kind-0/{name}") for name in names}
    try:
        with files.using(files.Files(system)), Run("/runs", "Kind-0", EVERY) as run:
            step_in(run)
            return
    except errors.OpError as error:
        assert "/runs/Kind-0" in str(error)  # noqa: PT017
    assert system.names("/runs/Kind-0") == names
    assert before == {name: system.content(f"/runs/Kind-0/{name}") for name in names}


FILES = ["checkpoint", "model.ckpt-2.index", "model.ckpt-2.data-00000-of-00001"]


@settings(max_examples=60)
@given(
    name=st.sampled_from(FILES),
    place=st.floats(0, 1, exclude_max=True),
    change=st.integers(1, 255) | st.none(),
)
def test_damaged_files(name: str, place: float, change: int | None) -> None:
    system = prepared()
    path = f"/runs/Kind-0/{name}"
    content = bytearray(system.content(path))
    at = int(place * len(content))
    if change is None:
        del content[at:]
    else:
        content[at] ^= change
    system.put(path, bytes(content))
    refused(system)


@settings(max_examples=60)
@given(content=st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_other_states(content: bytes) -> None:
    for written in (content, b'model_checkpoint_path: "' + content + b'"'):
        system = prepared()
        system.put("/runs/Kind-0/checkpoint", written)
        refused(system)


@pytest.mark.parametrize("name", FILES[1:])
def test_missing_files(system: MemorySystem, name: str) -> None:
    with Run("/runs", "Kind-0", EVERY) as run:
        write(run, 2)
    files.current().remove(f"/runs/Kind-0/{name}")
    with pytest.raises(errors.NotFoundError, match="/runs/Kind-0/model"):
        Run("/runs", "Kind-0", EVERY)
    assert name not in system.names("/runs/Kind-0")


@pytest.mark.parametrize(
    "content", [b"", b"x", b"model_checkpoint_path: 1", b'other: "x"', b"\xff"]
)
def test_a_state_that_says_nothing(content: bytes) -> None:
    """It is not taken for a new run: that would remove what was written."""
    system = prepared()
    system.put("/runs/Kind-0/checkpoint", content)
    with files.using(files.Files(system)), pytest.raises(errors.DataLossError) as caught:
        Run("/runs", "Kind-0", EVERY)
    assert "/runs/Kind-0/checkpoint: this is no" in str(caught.value)


def put(content: bytes | None, values: Any = VALUES) -> None:
    """Write a checkpoint with other facts, or none, as a program of another kind might."""
    files.current().make_directories("/runs/Kind-0")
    with commit.commit("/runs/Kind-0/model.ckpt-2") as transaction:
        bundle = BundleWriter(transaction)
        for name, value in values.items():
            bundle.add(name, value)
        if content is not None:
            bundle.add("_fit/facts", np.array(content, dtype=object))
        bundle.finish()
    tf.train.update_checkpoint_state("/runs/Kind-0", "/runs/Kind-0/model.ckpt-2")


FACTS = {"format": FORMAT, "step": 2, "finished": False}


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b"9" * 10_000,
        *(
            json.dumps({**FACTS, name: value}).encode()
            for name, value in [
                ("format", FORMAT + 1),
                ("step", "2"),
                ("step", -1),
                ("step", 2.0),
                ("step", True),
                ("finished", 1),
                ("finished", None),
            ]
        ),
    ],
    ids=lambda content: str(content)[:48],
)
def test_checkpoints_of_others(system: MemorySystem, content: bytes | None) -> None:
    put(content)
    before = system.names("/runs/Kind-0")
    with pytest.raises(errors.DataLossError, match=r"/runs/Kind-0/model.ckpt-2: this is no"):
        Run("/runs", "Kind-0", EVERY)
    assert system.names("/runs/Kind-0") == sorted([*before, "lock"])
    put(json.dumps(FACTS).encode())
    with Run("/runs", "Kind-0", EVERY) as run:
        assert run.stored is not None
        assert run.stored.facts == FACTS


def test_facts_of_another_form(system: MemorySystem) -> None:
    del system
    for value in (np.zeros(3), np.array([b"{}", b"{}"], dtype=object), np.array(1)):
        put(None, {**VALUES, "_fit/facts": value})
        with pytest.raises(errors.DataLossError, match="this is no checkpoint"):
            Run("/runs", "Kind-0", EVERY)


@pytest.mark.parametrize("model_dir", ["/file", "/file/below"])
def test_no_directory(system: MemorySystem, model_dir: str) -> None:
    system.put("/file", b"")
    with pytest.raises(errors.OpError, match="/file"):
        Run(model_dir, "Kind-0", EVERY)


def test_no_name_for_a_directory(tmp_path: Path) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="run"):
        Run(f"{tmp_path}/run\0s", "Kind-0", EVERY)


def test_a_system_that_cannot_be_written_to(system: MemorySystem) -> None:
    system.read_only = True
    with pytest.raises(errors.OpError, match="/runs"):
        Run("/runs", "Kind-0", EVERY)
