"""Event files are read up to the first damage: TensorFlow's, our own and damaged ones."""

from __future__ import annotations

import errno
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import skflow as tf
from skflow.io.coding import fixed32
from skflow.io.crc import masked
from skflow.io.files import Files, using
from skflow.io.records import framed
from tests.io.memory_files import Fault, MemorySystem

THEIRS = next((Path(__file__).parents[1] / "golden" / "tf_events").iterdir())


def read(data: bytes) -> tuple[list[bytes], BaseException | None]:
    """The events before the end or the first damage, and the error that tells of it."""
    system = MemorySystem()
    system.put("events.log", data)
    return read_from(system)


def read_from(system: MemorySystem) -> tuple[list[bytes], BaseException | None]:
    found: list[bytes] = []
    with using(Files(system)):
        try:
            found.extend(e.SerializeToString() for e in tf.train.summary_iterator("events.log"))
        except tf.errors.OpError as error:
            return found, error
    assert not system.open_paths
    return found, None


def records(count: int = 4) -> list[bytes]:
    value = tf.Summary.Value
    summaries = [tf.Summary(value=[value(tag="x" * i, simple_value=i)]) for i in range(count)]
    events = [tf.Event(wall_time=i, step=i, summary=s) for i, s in enumerate(summaries)]
    return [e.SerializeToString() for e in events]


def test_what_tensorflow_wrote() -> None:
    events = list(tf.train.summary_iterator(str(THEIRS)))
    assert events[0].file_version == "brain.Event:2"
    kinds = [e.WhichOneof("what") for e in events]
    assert kinds[:3] == ["file_version", "graph_def", "meta_graph_def"]
    assert set(kinds[3:]) == {"summary"}
    graph = tf.GraphDef.FromString(events[1].graph_def)
    assert all("_output_shapes" in n.attr for n in graph.node if n.op != "NoOp")
    assert [e.step for e in events[3:]] == sorted(e.step for e in events[3:])


def test_every_truncation_ends_at_the_last_whole_event() -> None:
    made = records()
    data = b"".join(framed(r) for r in made)
    ends = [0]
    for record in made:
        ends.append(ends[-1] + len(framed(record)))
    for length in range(len(data) + 1):
        found, error = read(data[:length])
        assert error is None
        assert found == made[: sum(end <= length for end in ends[1:])]


def test_every_flipped_bit_is_seen() -> None:
    """The events before it come; the message names file and place."""
    made = records(3)
    frames = [framed(r) for r in made]
    data, start = b"".join(frames), 0
    for number, frame in enumerate(frames):
        for place in range(start, start + len(frame)):
            for bit in range(8):
                damaged = bytearray(data)
                damaged[place] ^= 1 << bit
                found, error = read(bytes(damaged))
                assert found == made[:number]
                assert isinstance(error, tf.errors.DataLossError)
                where = start if place < start + 12 else start + 12
                assert error.message == f"corrupted record at {where}: events.log"
        start += len(frame)


def test_a_record_that_is_no_event() -> None:
    made = records(2)
    data = framed(made[0]) + framed(b"\x0a\xff") + framed(made[1])
    found, error = read(data)
    assert found == made[:1]
    assert isinstance(error, tf.errors.DataLossError)
    assert error.message == f"no event in the record at {len(framed(made[0]))}: events.log"


def test_files_that_are_not_there() -> None:
    with pytest.raises(tf.errors.NotFoundError, match="no/such/file"):
        list(tf.train.summary_iterator("no/such/file"))
    with pytest.raises(tf.errors.FailedPreconditionError):
        list(tf.train.summary_iterator(str(THEIRS.parent)))
    assert read(b"") == ([], None)


def test_a_file_that_grows() -> None:
    """What is added while one reads is read."""
    made = records()
    system = MemorySystem()
    system.put("events.log", framed(made[0]))
    with using(Files(system)) as files:
        events = tf.train.summary_iterator("events.log")
        assert next(events).SerializeToString() == made[0]
        with files.create("events.log", append=True) as file:
            file.write(framed(made[1]))
        assert next(events).SerializeToString() == made[1]
        with pytest.raises(StopIteration):
            next(events)


# ---- damaged at random ------------------------------------------------------------------------


def mutants(data: bytes, rng: random.Random) -> Iterator[bytes]:
    """Files that bits, bytes, pieces and lengths have changed in, checksums repaired or not."""
    while True:
        found = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(found) + 1)
            match rng.randrange(6):
                case 0:
                    found[at : at + 1] = bytes([rng.randrange(256)])
                case 1:
                    del found[at : at + rng.randrange(64)]
                case 2:
                    found[at:at] = rng.randbytes(rng.randrange(64))
                case 3:
                    found[at:at] = found[rng.randrange(len(found) + 1) :][: rng.randrange(200)]
                case 4:
                    length = rng.choice([0, 1, 2**31, 2**63, 2**64 - 1, rng.randrange(10**6)])
                    header = length.to_bytes(8, "little")
                    found[at : at + 12] = header + fixed32(masked(header))
                case 5:
                    content = bytes(found[at : at + rng.randrange(100)])
                    content = bytes(b ^ (rng.random() < 0.05) for b in content)
                    found[at : at + len(content)] = framed(content)
        yield bytes(found)


def check(data: bytes, whole: list[bytes]) -> None:
    """Whatever comes before the first change comes, and nothing but DataLossError follows."""
    found, error = read(data)
    assert error is None or isinstance(error, tf.errors.DataLossError), error
    intact = b""
    for number, record in enumerate(whole):
        intact += framed(record)
        if not data.startswith(intact):
            break
        assert found[number] == record


def fuzz(count: int, seed: int) -> None:
    whole = records(5)
    data = b"".join(framed(r) for r in whole)
    for _, damaged in zip(range(count), mutants(data, random.Random(seed)), strict=False):
        check(damaged, whole)


def test_damaged_files() -> None:
    fuzz(1500, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_many_damaged_files(seed: int) -> None:
    fuzz(20_000, seed=seed + 100)


def test_disks_that_fail() -> None:
    """Every single call failing: an error with the path, and no file left open."""
    made = records(2)
    system = MemorySystem()
    system.put("events.log", b"".join(framed(r) for r in made))
    read_from(system)
    for at in range(len(system.calls)):
        broken = MemorySystem()
        broken.put("events.log", b"".join(framed(r) for r in made))
        broken.fault = Fault(at, errno.EIO)
        found, error = read_from(broken)
        assert found == made[: len(found)]
        if error is not None:
            assert "events.log" in str(error)
            assert not broken.open_paths
