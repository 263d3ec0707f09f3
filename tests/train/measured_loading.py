"""Load files that ask for far more memory than they have bytes, and say what they were given.

    python measured_loading.py

Each file is loaded in a process of its own. Prints for each kind its size, the memory it took and
what came of it as JSON. Python's own memory and protobuf's are both in these numbers.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

import skflow as tf
from skflow import proto
from skflow.io import crc, files
from skflow.io.bundle_format import INDEX_ENDING
from skflow.io.bundle_reader import BundleReader
from skflow.io.coding import fixed32, varint
from skflow.io.table_format import BlockHandle, footer
from tests.io.bundle_mutators import Bundle
from tests.io.bundle_parts import joined, taken_apart
from tests.io.memory_files import MemorySystem
from tests.io.test_bundle_damage import small

COUNT = 300_000


# ---- graphs -------------------------------------------------------------------------------------


def field(number: int, data: bytes) -> bytes:
    """A message as part of another."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def within(path: tuple[int, ...], data: bytes) -> bytes:
    for number in reversed(path):
        data = field(number, data)
    return data


def empty(number: int) -> bytes:
    return field(number, b"") * COUNT


def collection(name: str, messages: list[bytes]) -> bytes:
    """A graph of a variable, and a collection of messages."""
    with tf.Graph().as_default():
        tf.Variable(1.0, name="v")
        graph = tf.get_default_graph().as_graph_def().SerializeToString()
    values = b"".join(field(1, message) for message in messages)
    entry = field(1, name.encode()) + within((2, 2), values)
    return field(2, graph) + field(4, entry)


def savers() -> bytes:
    message = proto.SaverDef(save_tensor_name="v", restore_op_name="v", filename_tensor_name="v")
    start = message.SerializeToString()
    return collection("savers", [start + b"\xf8\x07" + varint(i) for i in range(COUNT // 4)])


GRAPHS: dict[str, Callable[[], bytes]] = {
    "nodes": lambda: within((2,), empty(1)),
    "inputs": lambda: within((2, 1), empty(3)),
    "functions": lambda: within((2, 2), empty(1)),
    "operations": lambda: within((1, 2), empty(1)),
    "arguments": lambda: within((1, 2, 1), empty(2)),
    "attributes": lambda: within((1, 2, 1), empty(4)),
    "shapes": lambda: within((2, 1, 5), field(1, b"a") + within((2, 1), empty(7))),
    "names": lambda: within((2, 1, 5), field(1, b"a") + within((2, 1), empty(9))),
    "texts": lambda: field(4, field(1, b"a") + within((2, 2), empty(1))),
    "anything": lambda: field(4, field(1, b"a") + within((2, 5), empty(1))),
    "tensors": lambda: within((2, 1, 5), field(1, b"a") + within((2, 1), empty(8) * 4)),
    "fewer tensors": lambda: within(
        (2, 1, 5), field(1, b"a") + within((2, 1), field(8, b"") * (1 << 17))
    ),
    "tensors in tensors": lambda: within(
        (2, 1, 5), field(1, b"a") + within((2, 8, 15), empty(3) * 4)
    ),
    "tensors of few bytes": lambda: within(
        (2, 1, 5), field(1, b"a") + within((2, 1), b"\xc2\x00\x00" * COUNT)
    ),
    "savers": savers,
    "unknown": lambda: empty(127),
}


def load_graph(data: bytes) -> str:
    system = MemorySystem()
    system.put("m.meta", data)
    with files.using(files.Files(system)), tf.Graph().as_default():
        try:
            tf.train.import_meta_graph("m.meta")
        except (TypeError, ValueError, KeyError, OSError) as error:
            return type(error).__name__
    return "imported"


# ---- bundles ------------------------------------------------------------------------------------


def entry(**fields: Any) -> Bundle:
    parts = taken_apart(small())
    message = parts.entries[b"f"]
    for name, value in fields.items():
        if name == "shape":
            message.shape.dim[0].size = value
        else:
            setattr(message, name, value)
    return joined(parts)


def shards() -> Bundle:
    parts = taken_apart(small())
    parts.header.num_shards = 2**31 - 1
    return joined(parts)


def packed() -> Bundle:
    """A block that says it is compressed, of four gigabytes."""
    block = varint(2**32 - 1) + b"\xfe\x00\x00" * 1000
    content = block + b"\x01" + fixed32(crc.masked(block + b"\x01"))
    end = footer(BlockHandle(0, len(block)), BlockHandle(0, len(block)))
    return {**small(), ".index": content + end}


BUNDLES: dict[str, Callable[[], Bundle]] = {
    "a long tensor": lambda: entry(shape=2**40, size=2**42),
    "a long tensor in few bytes": lambda: entry(shape=2**40),
    "many strings": lambda: entry(dtype=7, shape=2**40, size=2**40 + 4),
    "many data files": shards,
    "a packed block": packed,
}


def load_bundle(bundle: Bundle) -> str:
    system = MemorySystem()
    for ending, content in bundle.items():
        system.put("m" + ending, content)
    with files.using(files.Files(system)):
        try:
            with BundleReader("m") as reader:
                for name in reader.names():
                    reader.read(name)
        except tf.errors.OpError as error:
            return type(error).__name__
    return "read"


# ---- processes ----------------------------------------------------------------------------------


def most_memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def apart(work: Callable[[], str]) -> tuple[int, str]:
    """The memory that something took in a process of its own, and what came of it."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        before = most_memory()
        outcome = work()
        os.write(outlet, json.dumps([most_memory() - before, outcome]).encode())
        os._exit(0)
    os.close(outlet)
    said = os.read(inlet, 1 << 16)
    os.close(inlet)
    _, status = os.waitpid(child, 0)
    if status:
        raise AssertionError(f"a process ended with {status}")
    used, outcome = json.loads(said)
    return used, outcome


def main() -> None:
    found = {}
    sound = small()
    assert load_bundle(sound) == "read"
    assert load_graph(collection("", [])) == "imported"
    for name, make in GRAPHS.items():
        data = make()
        found[name] = len(data), *apart(lambda data=data: load_graph(data))
    for name, bomb in BUNDLES.items():
        bundle = bomb()
        size = sum(map(len, bundle.values()))
        assert INDEX_ENDING in bundle
        found[name] = size, *apart(lambda bundle=bundle: load_bundle(bundle))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
