"""Declarations as messages equal TensorFlow's."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

import skflow as tf
from skflow import proto
from skflow.graph.registry import REGISTRY
from skflow.graph.serialize import op_defs

GOLDEN = Path(__file__).parents[2] / "golden"
THEIRS = {
    o.name: o
    for o in proto.OpList.FromString(gzip.decompress((GOLDEN / "op_defs.binpb.gz").read_bytes())).op
}
# Of ours alone: arguments of bodies, which a graph never holds.
OWN = {"_Arg"}
OURS = sorted(REGISTRY.keys() & THEIRS.keys())

# TensorFlow lists types that it has no kernels for, quantized ones and those of later versions.
KNOWN_TYPES = {d.as_datatype_enum for d in op_defs.FIXED_TYPES.values()}


def test_every_operation_is_tensorflows() -> None:
    own = {name for name in REGISTRY if not name.startswith("Test")} - THEIRS.keys()
    assert own <= OWN | {"SymbolicGradient"}
    assert len(OURS) > 250


def without_types(message: Any) -> Any:
    """A declaration with its attributes by name, and without lists of types."""
    found = {}
    for attr in message.attr:
        kept = proto.OpDef.AttrDef()
        kept.CopyFrom(attr)
        kept.ClearField("description")
        if attr.allowed_values.list.type:
            kept.ClearField("allowed_values")
        found[attr.name] = kept
    return found


@pytest.mark.parametrize("name", OURS)
def test_declaration(name: str) -> None:
    """Arguments in order, attributes with kinds, defaults, limits and choices, and flags."""
    ours, theirs = op_defs.op_def(REGISTRY[name]), THEIRS[name]
    assert list(ours.input_arg) == list(theirs.input_arg)
    assert list(ours.output_arg) == list(theirs.output_arg)
    mine, wanted = without_types(ours), without_types(theirs)
    later = op_defs.ADDED_LATER.get(name, {}).keys()
    kept = {k: v for k, v in wanted.items() if k not in later and k not in op_defs.HINTS}
    extra = {k for k in mine if op_defs.is_later(name, k)}
    assert mine.keys() - extra == kept.keys()
    for key, attr in kept.items():
        # The least length of a list is also that of what the inputs determine.
        if attr.has_minimum and attr.minimum == 0:
            attr.ClearField("has_minimum")
        if mine[key].has_minimum and mine[key].minimum == 0:
            mine[key].ClearField("has_minimum")
        assert mine[key] == attr
    assert ours.is_stateful == theirs.is_stateful
    assert ours.is_aggregate == theirs.is_aggregate
    assert ours.allows_uninitialized_input == theirs.allows_uninitialized_input


def test_the_list_of_a_graph() -> None:
    """In the order of names, each once, with those inside bodies."""
    x = tf.placeholder(tf.float32, [], name="x")
    tf.cond(x > 0.0, lambda: tf.exp(x), lambda: x * x)
    found = op_defs.stripped_op_list(x.graph.as_graph_def())
    names = [o.name for o in found.op]
    assert names == sorted(names)
    assert {"Const", "Exp", "Greater", "Mul", "Placeholder", "StatelessIf"} == set(names)
    assert found.op[0] == op_defs.op_def(REGISTRY["Const"])


def test_an_operation_that_is_not_declared() -> None:
    graph = tf.GraphDef()
    graph.node.add(name="a", op="Frobnicate")
    with pytest.raises(ValueError, match="Op Frobnicate is used by the graph, but is not regist"):
        op_defs.stripped_op_list(graph)


def test_summary() -> None:
    assert op_defs.summary(op_defs.op_def(REGISTRY["Neg"])) == (
        "Op<name=Neg; signature=x:T -> y:T; attr=T:type>"
    )
    assert "values:N*T, axis:Tidx" in op_defs.summary(op_defs.op_def(REGISTRY["ConcatV2"]))
    assert "ref:Ref(T)" in op_defs.summary(op_defs.op_def(REGISTRY["Assign"]))
    assert "cond:Tcond, input:Tin" in op_defs.summary(op_defs.op_def(REGISTRY["If"]))
