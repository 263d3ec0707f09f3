"""A set of files that is replaced is the old one or the new one, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import copy
import errno
from collections.abc import Callable, Iterator

import pytest

from skflow import errors
from skflow.io.commit import commit, write_atomically
from skflow.io.files import Files, using
from skflow.io.snapshot import Opener, open_together
from tests.io.memory_files import Fault, MemorySystem, PowerLoss

VARIANTS = 16
CODES = (errno.ENOSPC, errno.EIO, errno.EINTR, 0)
ENDINGS = (".index", ".data-00000-of-00001", ".meta")
OLD_ENDINGS = (".index", ".data-00000-of-00002", ".data-00001-of-00002", ".meta")


def endings_of(number: int) -> tuple[str, ...]:
    """Every other save has its data in two files."""
    return OLD_ENDINGS if number % 2 else ENDINGS


def content_of(number: int, ending: str) -> bytes:
    return f"save {number} {ending} ".encode() * (number + 3)


def save(prefix: str, number: int) -> None:
    with commit(prefix) as transaction:
        for ending in endings_of(number):
            with_parts = content_of(number, ending)
            writer = transaction.create(ending)
            writer.write(with_parts[:20])
            writer.write(with_parts[20:])
        for ending in set(transaction.existing) - set(endings_of(number)):
            transaction.remove(ending)


def load(prefix: str) -> int | None:
    """Return which save's files a prefix has, all of them; None if it has none."""

    def read_all(opener: Opener) -> tuple[int, Opener]:
        index = opener.open(".index")
        number = int(index.pread(0, index.size()).split()[1])
        for ending in endings_of(number):
            file = index if ending == ".index" else opener.open(ending)
            assert file.pread(0, file.size()) == content_of(number, ending)
        return number, opener

    try:
        number, opener = open_together(prefix, read_all)
    except errors.NotFoundError:
        return None
    opener.close()
    return number


def fresh() -> MemorySystem:
    system = MemorySystem()
    system.put("other", b"")
    return system


def three_saves(prefix_of: Callable[[int], str], returned: list[int]) -> None:
    for number in range(3):
        save(prefix_of(number), number)
        write_atomically("checkpoint", str(number).encode())
        returned.append(number)


def run_until(
    length: int | None, prefix_of: Callable[[int], str]
) -> tuple[MemorySystem, list[int], bool]:
    """Make three saves until the power goes; return whether it did."""
    system, returned = fresh(), []
    system.power_until = length
    with using(Files(system)):
        try:
            three_saves(prefix_of, returned)
        except PowerLoss:
            return system, returned, True
    return system, returned, False


def same(_number: int) -> str:
    return "model"


def numbered(number: int) -> str:
    return f"model-{number}"


def check_after(found: MemorySystem, returned: list[int], prefix_of: Callable[[int], str]) -> None:
    """What was saved is there, and one more save leaves nothing lying about."""
    done = len(returned)
    with using(Files(found)):
        if prefix_of is same:
            assert load("model") in ({done - 1, done} if done else {None, 0})
        else:
            assert [load(numbered(k)) for k in range(done)] == returned
            assert load(numbered(done)) in {None, done}
        state = found.content("checkpoint") if "checkpoint" in found.names("") else b"-1"
        assert int(state) in {done - 1, done}
        assert load(prefix_of(int(state))) is not None or int(state) == -1
        save(prefix_of(7), 7)
        assert load(prefix_of(7)) == 7
    assert not [name for name in found.names("") if "skflow" in name]
    assert found.open_paths == []


@pytest.mark.parametrize("prefix_of", [same, numbered])
def test_power_loss_at_every_call(prefix_of: Callable[[int], str]) -> None:
    length = 0
    while True:
        system, returned, lost = run_until(length, prefix_of)
        for seed in range(VARIANTS):
            check_after(
                system.after_power_loss(seed + 100 * length * (seed > 1)), returned, prefix_of
            )
        check_after(system.after_kill(), returned, prefix_of)
        if not lost:
            break
        length += 1
    assert length > 90


def test_power_loss_while_recovering() -> None:
    """Also when what is found is left again, in the middle of being finished or replaced."""
    for length in range(2, 60, 3):
        system, _, lost = run_until(length, same)
        assert lost
        first = system.after_power_loss(length)
        with using(Files(first)):
            before = load("model")
        for again in range(0, 70, 3):
            second = system.after_power_loss(length)
            second.power_until = again
            finished = False
            with using(Files(second)):
                try:
                    save("model", 5)
                    finished = True
                except PowerLoss:
                    pass
            third = second.after_power_loss(again + 2)
            with using(Files(third)):
                assert load("model") in ({5} if finished else {before, 5})


@pytest.mark.parametrize("lasting", ["once", "same", "all"])
@pytest.mark.parametrize("code", CODES)
def test_every_call_of_a_save_failing(code: int, lasting: str) -> None:
    at = 0
    while True:
        system = fresh()
        with using(Files(system)):
            save("model", 1)
            start = len(system.calls)
            system.fault = Fault(start + at, code, lasting)
            raised = None
            try:
                save("model", 2)
            except errors.OpError as error:
                raised = error
            struck = len(system.calls) > start + at
            system.fault = None
            assert system.open_paths == []
            found = load("model")
            if raised is None:
                assert found == 2
            else:
                assert found in {1, 2}
                assert raised.message.startswith(("model", ".; "))
            if code == 0 or (code == errno.EINTR and lasting == "once"):
                assert raised is None
            save("model", 3)
            assert load("model") == 3
        assert not [name for name in system.names("") if "skflow" in name]
        if not struck:
            break
        at += 1
    assert at > 30


def failed_saves(lasting: str) -> Iterator[MemorySystem]:
    """Systems on which a second save has failed at each of its calls in turn."""
    at = 0
    while True:
        system = fresh()
        with using(Files(system)):
            save("model", 1)
            start = len(system.calls)
            system.fault = Fault(start + at, errno.EIO, lasting)
            with contextlib.suppress(errors.OpError):
                save("model", 2)
        if len(system.calls) <= start + at:
            return
        system.fault = None
        yield system
        at += 1


@pytest.mark.parametrize("lasting", ["once", "same"])
def test_power_loss_after_a_save_that_failed(lasting: str) -> None:
    """What was taken back must not return in part."""
    for number, system in enumerate(failed_saves(lasting)):
        for seed in range(VARIANTS):
            with using(Files(system.after_power_loss(seed + 100 * number * (seed > 1)))):
                assert load("model") in {1, 2}


def test_power_loss_while_cleaning_up_after_a_save_that_failed() -> None:
    """Where a record was taken back and nobody knows whether for good."""
    cases = 0
    for system in failed_saves("same"):
        left = [name for name in system.names("") if "skflow" in name]
        if not left or "model.skflow-commit" in left:
            continue
        start = len(system.calls)
        for length in range(60):
            again = copy.deepcopy(system)
            again.power_until = start + length
            with using(Files(again)), contextlib.suppress(PowerLoss):
                save("other", 3)
            for seed in range(VARIANTS):
                with using(Files(again.after_power_loss(seed + 100 * length * (seed > 1)))):
                    assert load("model") in {1, 2}
        cases += 1
    assert cases
