"""What went wrong in a plan, said of the operation in which it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skflow import errors
from skflow.graph.nodes import Operation
from skflow.graph.shapes import shape_brackets
from skflow.runtime.emit import Code
from skflow.runtime.steps import Node

if TYPE_CHECKING:
    from skflow.runtime.tracing import TracedCode


def explained(error: Exception, code: Code | TracedCode) -> Exception:
    """The error with the operation at which it happened.

    Parameters
    ----------
    error : Exception
        What the function of a plan has raised.
    code : Code or TracedCode
        The plan.

    Returns
    -------
    Exception
        The same one if nothing is to be added.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != "<plan>":
        trace = trace.tb_next
    node = None if trace is None else code.node_at(trace.tb_lineno)
    if node is None or trace is None:
        return error
    if isinstance(error, errors.OpError):
        if error.op is not None:
            return error
        return _at(type(error), node, error.message, error)
    if isinstance(error, (ValueError, FloatingPointError, np.linalg.LinAlgError)):
        return _at(errors.InvalidArgumentError, node, _sentence(node, error, trace), error)
    return error


def _at(kind: type[errors.OpError], node: Node, message: str, error: Exception) -> Exception:
    op = node.op
    # What a kernel says in such brackets comes after them: the sentence is TensorFlow's.
    sentence, bracket, rest = message.partition("\n\t [[")
    node_text = f"[[Node: {op.name} = {op.type}[{_attributes(op)}]({_inputs(op)})]]"
    text = f"{sentence}\n\t {node_text}{bracket}{rest}"
    if kind is errors.OpError:
        found = errors.OpError(op.node_def, op, text, getattr(error, "error_code", 2))
    else:
        found = kind(op.node_def, op, text)  # type: ignore[call-arg]
    return found


def _attributes(op: Operation) -> str:
    shown = []
    for key in sorted(op.attrs):
        value = op.attrs[key]
        if isinstance(value, (bool, int, float)):
            shown.append(f"{key}={str(value).lower()}")
        elif isinstance(value, str):
            shown.append(f'{key}="{value}"')
        elif hasattr(value, "as_datatype_enum"):
            shown.append(f"{key}=DT_{_proto_name(value.name)}")
    return ", ".join(shown)


def _proto_name(name: str) -> str:
    return {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}.get(name, name.upper())


def _inputs(op: Operation) -> str:
    names = [t._as_node_def_input() for t in op.inputs]
    return ", ".join([*names, *(f"^{c.name}" for c in op._control_inputs)])


def _sentence(node: Node, error: Exception, trace: Any) -> str:
    """TensorFlow's sentence for arrays that do not fit."""
    definition = node.definition
    arrays = _arguments_at(trace, len(node.inputs))
    if arrays is not None and definition.explain is not None:
        return str(definition.explain(*arrays))
    if arrays is not None and definition.broadcast:
        shapes = [shape_brackets(np.shape(a)) for a in arrays]
        return f"Incompatible shapes: {' vs. '.join(shapes)}"
    return str(error)


def _arguments_at(trace: Any, count: int) -> list[Any] | None:
    """The arrays that the failing line was given, read off its text and frame."""
    code: Code | TracedCode | None = trace.tb_frame.f_globals.get("plan_code")
    if code is None:
        return None
    line = code.text.splitlines()[trace.tb_lineno - 1]
    inner = line[line.index("(") + 1 : line.rindex(")")]
    names = [n.strip() for n in inner.split(",")][:count]
    found = trace.tb_frame.f_locals
    if not all(n.removesuffix(".T") in found for n in names):
        return None
    # A product takes its operands turned; what is wrong is said of the operands themselves.
    return [found[n].T if n[0] == "t" else found[n.removesuffix(".T")] for n in names]
