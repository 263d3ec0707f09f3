"""Bundles are joined as TensorFlow joins them, or not at all."""

from __future__ import annotations

import contextlib
import errno
from typing import Any

import numpy as np
import pytest

from skflow import errors
from skflow.io.bundle_merge import merge_bundles
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import BundleWriter, write_bundle
from skflow.io.commit import commit
from skflow.io.files import Files, using
from skflow.io.slices import TensorSlice
from tests.io.memory_files import Fault, MemorySystem

PREFIXES = ["temp/0", "temp/1", "temp/2"]


def three() -> MemorySystem:
    system = MemorySystem()
    with using(Files(system)) as layer:
        layer.make_directories("temp")
        for number, prefix in enumerate(PREFIXES):
            with commit(prefix) as transaction:
                bundle = BundleWriter(transaction)
                bundle.add(f"v{number}", number)
                part = TensorSlice(((2 * number, 2), (0, -1)))
                bundle.add_part("p", (6, 2), part, np.full((2, 2), number))
                bundle.finish()
    return system


def test_merged() -> None:
    system = three()
    with using(Files(system)):
        write_bundle("model", [("old", 1)])
        merge_bundles(PREFIXES, "model", finally_add=lambda t: t.create(".meta").write(b"m"))
        with BundleReader("model") as reader:
            assert reader.names() == ["p", "v0", "v1", "v2"]
            assert [int(reader.read(f"v{k}")) for k in range(3)] == [0, 1, 2]
            assert reader.read("p").tolist() == [[k // 2] * 2 for k in range(6)]
    data = [f"model.data-0000{k}-of-00003" for k in range(3)]
    assert system.names("") == [*data, "model.index", "model.meta"]


def test_directories_stay_if_asked_for_or_not_empty() -> None:
    for keep, more in ((True, False), (False, True)):
        system = three()
        if more:
            system.put("temp/file", b"")
        with using(Files(system)):
            merge_bundles(PREFIXES, "model", delete_old_directories=not keep)
        assert system.names("temp") == ["file"] * more


def change(system: MemorySystem, prefix: str, *tensors: tuple[str, Any]) -> None:
    with using(Files(system)):
        write_bundle(prefix, tensors)


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        ([("v0", 1)], "Duplicate tensor keyed by v0 encountered, when merging prefix: temp/2"),
        ([("p", 1)], "Duplicate tensor keyed by p encountered"),
    ],
)
def test_one_name_twice(tensors: list[tuple[str, Any]], problem: str) -> None:
    system = three()
    change(system, "temp/2", *tensors)
    with using(Files(system)):
        with pytest.raises(errors.InvalidArgumentError, match=problem):
            merge_bundles(PREFIXES, "model")
    assert system.names("") == ["temp"]


@pytest.mark.parametrize(("shape", "kind"), [((5, 2), np.int64), ((6, 2), np.int32)])
def test_parts_of_different_wholes(shape: tuple[int, int], kind: type) -> None:
    system = three()
    with using(Files(system)):
        with commit("temp/2") as transaction:
            bundle = BundleWriter(transaction)
            bundle.add_part("p", shape, TensorSlice(((4, 1), (0, -1))), np.ones((1, 2), kind))
            bundle.finish()
        with pytest.raises(errors.InvalidArgumentError, match="Parts of p differ in type or shape"):
            merge_bundles(PREFIXES, "model")


def test_a_bundle_is_missing() -> None:
    system = three()
    with using(Files(system)):
        with pytest.raises(errors.NotFoundError, match="^temp/3.index; No such file"):
            merge_bundles([*PREFIXES, "temp/3"], "model")
        with pytest.raises(errors.DataLossError, match="not an sstable"):
            system.put("temp/3.index", bytes(100))
            merge_bundles([*PREFIXES, "temp/3"], "model")
    assert system.names("") == ["temp"]


@pytest.mark.parametrize("lasting", ["once", "same", "all"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_every_call_failing(code: int, lasting: str) -> None:
    """The target's old bundle stays, or the new one stands for it."""
    at = 0
    while True:
        system = three()
        with using(Files(system)):
            write_bundle("model", [("old", 1)])
            system.fault = Fault(len(system.calls) + at, code, lasting)
            start = len(system.calls)
            with contextlib.suppress(errors.OpError):
                merge_bundles(PREFIXES, "model")
            struck = len(system.calls) > start + at
            system.fault = None
            assert system.open_paths == []
            with BundleReader("model") as reader:
                if "old" in reader:
                    assert int(reader.read("old")) == 1
                else:
                    assert reader.read("p").shape == (6, 2)
                    assert int(reader.read("v2")) == 2
        if not struck:
            break
        at += 1
    assert at > 60
