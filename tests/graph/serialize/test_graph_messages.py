"""The messages of graphs equal TensorFlow 1.1.0's, node by node."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from skflow import proto
from skflow.graph.shapes import compatible, merge, to_shape
from tests.golden import graph_messages

ARCHIVE = Path(__file__).parents[2] / "golden" / "graphs" / "programs.zip"
PROGRAMS = dict(graph_messages.programs())

# Where ours differ, and why.
COUNTED = ("PyFunc", "PyFuncStateless")  # their tokens count the calls in the process
# TensorFlow 1.1.0 forgets `reduction_indices` here, and drops every axis of length one.
MISTAKEN = {("linalg/reductions", "ReduceLogSumExp_2/Squeeze")}
# A slice that only asks for its device is not built.
LEANER = {"variable/AdagradDA"}


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def nodes(message: Any) -> dict[str, Any]:
    return {n.name: n for n in message.node}


def is_at_least_as_sharp(found: Any, wanted: Any) -> bool:
    """Whether what is known of shapes agrees with TensorFlow's, and is no less."""
    pairs = zip(found.list.shape, wanted.list.shape, strict=True)
    shapes = [(to_shape(a), to_shape(b)) for a, b in pairs]
    return all(compatible(a, b) and merge(a, b) == a for a, b in shapes)


def without_waits(node: Any) -> Any:
    """A node without the control inputs that TensorFlow has inside gradients instead."""
    copy = tf.NodeDef()
    copy.CopyFrom(node)
    noted = [f"^{n.decode()}" for n in copy.attr["_reads_first"].list.s]
    del copy.attr["_reads_first"]
    kept = [i for i in node.input if i not in noted]
    del copy.input[:]
    copy.input.extend(kept)
    return copy


def differences(name: str, found: Any, wanted: Any) -> Iterator[str]:
    found = without_waits(found)
    if (found.op, found.device, list(found.input)) != (
        wanted.op,
        wanted.device,
        list(wanted.input),
    ):
        yield f"{wanted} is {found}"
    for key in sorted(set(found.attr) | set(wanted.attr)):
        a, b = found.attr[key], wanted.attr[key]
        if key == "_output_shapes":
            same = is_at_least_as_sharp(a, b)
        else:
            same = a == b or (key == "token" and found.op in COUNTED)
        if not same and (name, found.name) not in MISTAKEN:
            yield f"{found.name}: {key} is {a}, not {b}"


def test_the_golden_file_holds_every_program() -> None:
    with zipfile.ZipFile(ARCHIVE) as archive:
        assert archive.namelist() == list(PROGRAMS)
    assert len(PROGRAMS) > 80


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", PROGRAMS)
def test_messages(name: str) -> None:
    """Every node outside gradients: type, inputs, device, all attributes, shapes."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        wanted = proto.GraphDef.FromString(archive.read(name))
    found = graph_messages.message(tf, PROGRAMS[name])
    mine, theirs = nodes(found), nodes(wanted)
    absent = theirs.keys() - mine.keys()
    assert not absent or name in LEANER
    wrong = [d for n in theirs if n in mine for d in differences(name, mine[n], theirs[n])]
    assert not wrong, f"{len(wrong)} differences: {wrong[:3]}"
    assert found.versions == wanted.versions
