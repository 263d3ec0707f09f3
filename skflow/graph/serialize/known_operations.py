"""Which operations a stored graph may have, and the attributes its nodes bring."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from skflow import proto
from skflow.graph.registry import REGISTRY, OpDef
from skflow.graph.serialize.attrs import attr_to_proto
from skflow.graph.serialize.budget import Budget
from skflow.graph.serialize.node_attrs import read_attrs
from skflow.graph.serialize.op_defs import ADDED_LATER, HINTS, attr_kinds

_OLD_CONTROL_FLOW: Final = frozenset(
    prefix + name
    for prefix in ("", "Ref")
    for name in ("Switch", "Merge", "Enter", "Exit", "NextIteration")
) | {"LoopCond", "ControlTrigger"}
_RESOURCES: Final = re.compile(r"(Var|ReadVariable|Assign\w*Variable|Resource)\w*Op|Resource\w+")
_PYTHON: Final = ("PyFunc", "PyFuncStateless")
_INSIDE: Final = ("_Arg",)  # stands for an argument: never a node of its own


class Operations:
    """The operations that may be imported.

    Parameters
    ----------
    budget : Budget
        What may be made of the file.
    functions : collection of str
        The names of the functions in the graph's library.
    op_dict : mapping of str to OpDef, optional
        The declarations by which to read; by default those here.
    producer_op_list : OpList, optional
        The declarations by which the graph was written.
    """

    def __init__(
        self,
        budget: Budget,
        functions: Collection[str],
        op_dict: Mapping[str, proto.OpDef] | None,
        producer_op_list: proto.OpList | None,
    ) -> None:
        self._budget = budget
        self._functions = functions
        self._op_dict = op_dict
        self._written = {} if producer_op_list is None else {o.name: o for o in producer_op_list.op}

    def find(self, node: proto.NodeDef) -> OpDef:
        """Return the declaration of a node's operation; ValueError if there is none."""
        type = node.op
        found = REGISTRY.get(type)
        absent = self._op_dict is not None and type not in self._op_dict
        if found is None or absent or type in _INSIDE:
            raise ValueError(f"No op named {type} in defined operations.{self._why(node)}")
        if type in _PYTHON:
            token = node.attr["token"].s.decode(errors="replace") if "token" in node.attr else ""
            raise ValueError(
                f"graph_def is invalid at node {node.name!r}: it calls the Python function "
                f"{token!r}, which a graph does not hold. Leave the node out and pass what it "
                "computes as input_map."
            )
        return found

    def _why(self, node: proto.NodeDef) -> str:
        said = f" Node {node.name!r} is one"
        if node.op in _OLD_CONTROL_FLOW:
            return (
                f"{said}: conditionals and loops of Switch, Merge, Enter, Exit and NextIteration "
                "are not supported, only those of If and While, which TensorFlow writes after "
                "tf.compat.v1.enable_control_flow_v2()."
            )
        if _RESOURCES.fullmatch(node.op):
            return (
                f"{said}: resource variables are not supported, only those that TensorFlow writes "
                "after tf.compat.v1.disable_resource_variables()."
            )
        if node.op in self._functions:
            return f"{said}: functions of the library are supported in If and While only."
        return f"{said}."

    def attrs(self, node: proto.NodeDef, definition: OpDef) -> dict[str, Any]:
        """Read the attributes of a node (see `read_attrs`)."""
        defaults: dict[str, proto.AttrValue] = {}
        if self._op_dict is not None:
            defaults = _defaults(self._op_dict[node.op])
        usual = {k: attr_to_proto(v) for k, v in ADDED_LATER.get(node.op, {}).items()}
        if node.op in self._written:
            usual |= _defaults(self._written[node.op])
        known = attr_kinds(definition) if usual else {}
        dropped = {k for k in HINTS if k in node.attr and k not in definition.attrs}
        dropped |= {
            k for k, v in usual.items() if k not in known and k in node.attr and node.attr[k] == v
        }
        return read_attrs(node, definition, self._budget, defaults, dropped)


def _defaults(op_def: proto.OpDef) -> dict[str, proto.AttrValue]:
    return {a.name: a.default_value for a in op_def.attr if a.HasField("default_value")}
