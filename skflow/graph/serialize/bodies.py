"""Conditionals, loops and their gradients get the functions they name as bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from skflow import proto
from skflow.graph.body import BodyGraph
from skflow.graph.core import Graph
from skflow.graph.dtypes import DType, bool_, string
from skflow.graph.nodes import Tensor
from skflow.graph.ops._branches import common_shape, record_both
from skflow.graph.ops._replay import are_pure, record
from skflow.graph.serialize.function_body import Functions
from skflow.graph.serialize.functions import CONDITIONALS, LOOPS
from skflow.graph.serialize.node_attrs import invalid
from skflow.graph.shapes import Shape, compatible, merge

_GRADIENT: Final = "SymbolicGradient"


def add_bodies(
    functions: Functions,
    graph: Graph,
    node: proto.NodeDef,
    attrs: dict[str, Any],
    inputs: list[Tensor],
) -> None:
    """Give a node the bodies that its attributes name.

    Parameters
    ----------
    functions : Functions
        The functions of the library.
    graph : Graph
        The graph or body that the node is in.
    node : NodeDef
        The node.
    attrs : dict
        Its attributes, which become those that the registry has.
    inputs : list of Tensor
        What it takes, of the types that the attributes say.

    Raises
    ------
    ValueError
        If functions are missing or do not fit.
    """
    if node.op in CONDITIONALS:
        _Conditional(functions, graph, node, attrs, inputs).finish()
    elif node.op in LOOPS:
        _Loop(functions, graph, node, attrs, inputs).finish()
    elif node.op == _GRADIENT:
        _Gradient(functions, graph, node, attrs, inputs).finish()


class _Control:
    """A node with bodies in the making; see `add_bodies` for the parameters."""

    def __init__(
        self,
        functions: Functions,
        graph: Graph,
        node: proto.NodeDef,
        attrs: dict[str, Any],
        inputs: list[Tensor],
    ) -> None:
        self.functions = functions
        self.graph = graph
        self.node = node
        self.attrs = attrs
        self.inputs = inputs

    def make(
        self, key: str, wanted: Sequence[DType], fixed: int, shapes: Sequence[Shape] = ()
    ) -> tuple[BodyGraph, list[Tensor]]:
        """A body and its results; all arguments from number `fixed` on are like the inputs.

        Parameters
        ----------
        key : str
            The attribute.
        wanted : sequence of DType
            The types of the arguments.
        fixed : int
            The number of the first argument that has the value of an input.
        shapes : sequence of tuple or None
            What is known of the shapes of the arguments before.
        """
        likes = self.inputs[-len(wanted) :] if wanted else []
        found = self.functions.signature(self.node, self.attrs, key).arguments
        if found != list(wanted):
            raise self.mismatch(key, "takes", found, wanted)

        def add(body: BodyGraph, i: int, name: str) -> Tensor:
            if i >= fixed:
                return body.add_input(likes[i], name)
            return body.add_typed_input(wanted[i], shapes[i], name)

        return self.functions.body(self.graph, self.node, self.attrs, key, add)

    def mismatch(
        self, key: str, verb: str, found: Sequence[DType], wanted: Sequence[DType]
    ) -> ValueError:
        """The error about the types of a function's arguments or results."""
        return invalid(
            self.node,
            f"The function of attr {key!r} {verb} [{', '.join(d.name for d in found)}], not "
            f"[{', '.join(d.name for d in wanted)}]",
        )

    def shapes(self, count: int) -> list[Shape]:
        """The declared shapes of the outputs, unknown if there are none."""
        declared = self.attrs["output_shapes"]
        if declared and len(declared) != count:
            raise invalid(
                self.node, f"It has {count} outputs and {len(declared)} shapes in output_shapes"
            )
        return list(declared) or [None] * count

    def merged(self, i: int, declared: Shape, found: Shape) -> Shape:
        """What is known of a shape from two sides; ValueError if they disagree."""
        both = merge(declared, found)
        if both is False:
            raise invalid(
                self.node, f"Output {i} is declared to have shape {declared}, but has {found}"
            )
        return both  # type: ignore[no-any-return]

    def types(self, tensors: Sequence[Tensor]) -> list[DType]:
        """The types of tensors, references aside."""
        return [t.dtype.base_dtype for t in tensors]


class _Conditional(_Control):
    """``If`` or ``StatelessIf``."""

    def finish(self) -> None:
        attrs, wanted = self.attrs, self.types(self.inputs[1:])
        then, results = self.make("then_branch", wanted, 0)
        other, others = self.make("else_branch", wanted, 0)
        for key, found in (("then_branch", results), ("else_branch", others)):
            if self.types(found) != attrs["Tout"]:
                raise self.mismatch(key, "returns", self.types(found), attrs["Tout"])
        then.outputs, other.outputs = results, others
        shapes = self.shapes(len(results))
        attrs["output_shapes"] = [
            self.merged(i, s, common_shape(a._spec.shape, b._spec.shape))
            for i, (s, a, b) in enumerate(zip(shapes, results, others, strict=True))
        ]
        if self.node.op == "If":
            self._add_records(then, other)
        elif not are_pure(then, other):
            raise invalid(self.node, "A branch of it is stateful: it must be an If")
        then.close()
        other.close()
        attrs["then_branch"], attrs["else_branch"] = then, other

    def _add_records(self, then: BodyGraph, other: BodyGraph) -> None:
        attrs = self.attrs
        counts = attrs["_recorded"]
        if not counts:
            attrs["_recorded"] = record_both(then, other)
            extra = then.outputs[len(attrs["Tout"]) :]
            attrs["Tout"] = [*attrs["Tout"], *self.types(extra)]
            attrs["output_shapes"].extend([None] * len(extra))
            return
        if len(counts) != 2 or min(counts) < 0 or sum(counts) > len(then.outputs):
            raise invalid(self.node, f"It cannot have recorded {counts} of its outputs")
        count = len(then.outputs) - sum(counts)
        middle = count + counts[0]
        then.recorded = _recorded(then.outputs[count:middle], then.outputs[:count])
        other.recorded = _recorded(other.outputs[middle:], other.outputs[:count])


def _recorded(values: Sequence[Tensor], results: Sequence[Tensor]) -> list[Tensor]:
    """The tensors of a body whose values some of its outputs record.

    A reference is recorded by an operation that reads it for this purpose alone.
    """
    found = []
    for value in values:
        op = value.op
        reads = op.type == "Identity" and op.inputs[0].dtype.is_ref_dtype
        only_recorded = reads and not value._consumers and value not in results
        found.append(op.inputs[0] if only_recorded else value)
    return found


class _Loop(_Control):
    """``While`` or ``StatelessWhile``."""

    def finish(self) -> None:
        attrs, types = self.attrs, self.types(self.inputs)
        stateless = self.node.op == "StatelessWhile"
        self._replays = stateless and bool(attrs.get("_replays"))
        self._keeps = not stateless and bool(attrs.get("_keeps_record"))
        self._width = len(types) - self._replays
        if self._replays and types[-1:] != [string]:
            raise invalid(self.node, "It replays a record that it does not take")
        self._shapes = self.shapes(len(types))
        count = attrs.pop("_loop_variables", self._width)
        if not 0 <= count <= self._width:
            raise invalid(self.node, f"It cannot have {count} loop variables")
        for i in range(count):
            self.merged(i, self._shapes[i], self.inputs[i]._spec.shape)
        wanted = types[: self._width]
        cond, holds = self._make("cond", wanted, count)
        if self.types(holds) != [bool_]:
            raise self.mismatch("cond", "returns", self.types(holds), [bool_])
        cond.outputs = holds
        body, results = self._make("body", wanted, count)
        self._finish_body(body, results, count)
        run = (body,) if self._replays else (cond, body)
        if stateless and not are_pure(*run):
            raise invalid(self.node, "Its condition or body is stateful: it must be a While")
        cond.close()
        body.close()
        attrs["cond"], attrs["body"] = cond, body
        attrs["Tout"], attrs["output_shapes"] = types[:count], self._shapes[:count]
        if not stateless:
            attrs["Tout"].append(string)
            attrs["output_shapes"].append(None)

    def _make(
        self, key: str, wanted: Sequence[DType], count: int
    ) -> tuple[BodyGraph, list[Tensor]]:
        """A body that takes what loops; one that replays takes what is recorded too."""
        found = self.functions.signature(self.node, self.attrs, key).arguments
        rows = found[self._width :] if self._replays and key == "body" else []
        if found != [*wanted, *rows]:
            raise self.mismatch(key, "takes", found, wanted)

        def add(body: BodyGraph, i: int, name: str) -> Tensor:
            if count <= i < self._width:
                return body.add_input(self.inputs[i], name)
            shape = self._shapes[i] if i < count else None
            return body.add_typed_input(found[i], shape, name)

        return self.functions.body(self.graph, self.node, self.attrs, key, add)

    def _finish_body(self, body: BodyGraph, results: list[Tensor], count: int) -> None:
        """Let the body return what it changes, then what it records."""
        wanted = self.types(self.inputs[: self._width])
        extra = results[self._width :]
        if self.types(results[: self._width]) != wanted or (extra and not self._keeps):
            raise self.mismatch("body", "returns", self.types(results), wanted)
        varying = [i for i in range(self._width) if results[i] is not body.inputs[i]]
        if any(i >= count for i in varying):
            raise invalid(self.node, f"Its body changes more than {count} loop variables")
        for i in varying:
            if not compatible(results[i]._spec.shape, self._shapes[i]):
                raise invalid(
                    self.node,
                    f"The shape for loop variable {i} is not an invariant for the loop: it is "
                    f"{self._shapes[i]}, but {results[i].get_shape()} after one iteration",
                )
        body.outputs = [results[i] for i in varying]
        self.attrs["_varying"] = varying
        if self._keeps:
            body.recorded = _recorded(extra, body.outputs)
            body.outputs.extend(extra)
        elif self.node.op == "While":
            body.outputs.extend(record(body))


class _Gradient(_Control):
    """``SymbolicGradient``, the gradient of a function that is one loop."""

    def finish(self) -> None:
        attrs, types = self.attrs, self.types(self.inputs)
        missing = {"_backward", "_flows", "_forms", "_shapes"} - attrs.keys()
        if missing:
            raise invalid(self.node, f"Only gradients of loops are supported: no {min(missing)!r}")
        count = len(self.functions.signature(self.node, attrs, "f").arguments)
        given = self.inputs
        self.inputs = given[:count]
        function, results = self.make("f", types[:count], 0)
        self.inputs = given
        self._check_function(function, results)
        function.outputs = results
        loop = results[0].op.attrs
        self._check_outputs(loop)
        flows = [loop["body"].outputs[loop["_varying"].index(i)] for i in attrs["_flows"]]
        if types[count:] != self.types(flows):
            raise self.mismatch("f", "returns", self.types(flows), types[count:])
        attrs["_backward"] = self._backward([*loop["body"].inputs, *flows])
        attrs["f"] = function

    def _check_function(self, function: BodyGraph, results: Sequence[Tensor]) -> None:
        alone = len({t.op for t in results}) == 1 and results[0].op.type == "StatelessWhile"
        if not alone or list(results[0].op.inputs) != function.inputs:
            raise invalid(self.node, "Only gradients of loops are supported: 'f' is no loop")

    def _check_outputs(self, loop: dict[str, Any]) -> None:
        """Check what flows back and in which form against the loop."""
        attrs = self.attrs
        width = len(loop["T"]) - loop["_replays"]
        real = [i for i in loop["_varying"] if loop["T"][i].np_dtype.kind in "fc"]
        wanted = [loop["T"][i] for i in attrs["_flows"] if i in real]
        found = list(attrs["Tout"])
        if len(wanted) < len(attrs["_flows"]):
            raise invalid(self.node, "_flows names what no gradient flows through")
        for form in attrs["_forms"]:
            kind, _, index = form.partition(":")
            if kind not in ("dense", "slices") or not index.isdecimal() or int(index) >= width:
                raise invalid(self.node, f"{form!r} is no form of a gradient")
            wanted.append(loop["T"][int(index)])
            if kind == "slices":
                place = len(wanted)
                wanted.extend(d for d in found[place : place + 1] if d.is_integer)
        if found != wanted or len(attrs["_shapes"]) != len(found):
            raise invalid(self.node, "_flows and _forms do not fit Tout and _shapes")

    def _backward(self, likes: Sequence[Tensor]) -> BodyGraph:
        wanted = self.types(likes)
        found = self.functions.signature(self.node, self.attrs, "_backward").arguments
        if found != wanted:
            raise self.mismatch("_backward", "takes", found, wanted)

        def add(body: BodyGraph, i: int, name: str) -> Tensor:
            return body.add_typed_input(wanted[i], likes[i]._spec.shape, name)

        body, results = self.functions.body(self.graph, self.node, self.attrs, "_backward", add)
        if self.types(results) != self.attrs["Tout"]:
            raise self.mismatch("_backward", "returns", self.types(results), self.attrs["Tout"])
        body.outputs = results
        body.close()
        return body
