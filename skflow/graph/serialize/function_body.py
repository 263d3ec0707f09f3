"""A function of a graph's library as a body."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from skflow import proto
from skflow.graph.body import BodyGraph
from skflow.graph.core import Graph
from skflow.graph.dtypes import DType, as_dtype
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.serialize.functions import CONDITIONALS, LOOPS
from skflow.graph.serialize.known_operations import Operations
from skflow.graph.serialize.make_node import Controls, Inputs, Maker
from skflow.graph.serialize.node_attrs import invalid
from skflow.graph.serialize.ordering import in_order

_DEEPEST: Final = 32
_ITEMS_PER_BODY: Final = 8
_VARIABLES: Final = ("VariableV2", "Variable")

AddArgument = Callable[[BodyGraph, int, str], Tensor]


@dataclass(frozen=True)
class Signature:
    """The types of a function's arguments and results, in order."""

    arguments: list[DType]
    results: list[DType]


class Functions:
    """The functions of one graph's library, of which bodies are made one by one.

    Parameters
    ----------
    library : FunctionDefLibrary
        The library.
    operations : Operations
        What the nodes may be.
    maker : Maker
        Makes operations of them.
    renamed : dict of str to str
        From the names of the graph's variables to those they have been given.
    prepare : callable
        Makes bodies of the functions that a node refers to.
    """

    def __init__(
        self,
        library: proto.FunctionDefLibrary,
        operations: Operations,
        maker: Maker,
        renamed: dict[str, str],
        prepare: Callable[..., None],
    ) -> None:
        self._functions = {f.signature.name: f for f in library.function}
        self._operations = operations
        self._maker = maker
        self._renamed = renamed
        self._prepare = prepare
        self._depth = 0

    def prepare(
        self, graph: Graph, node: proto.NodeDef, attrs: dict[str, Any], inputs: list[Tensor]
    ) -> None:
        """Make bodies of the functions that a node of a graph refers to."""
        self._prepare(self, graph, node, attrs, inputs)

    def signature(self, node: proto.NodeDef, attrs: dict[str, Any], key: str) -> Signature:
        """Return the signature of the function that an attribute names."""
        function = self._find(node, attrs, key)
        args = (*function.signature.input_arg, *function.signature.output_arg)
        if any(a.type_attr or a.number_attr or a.type_list_attr or a.is_ref for a in args):
            raise invalid(
                node, f"Function {function.signature.name!r} has arguments of no certain type"
            )
        try:
            types = [as_dtype(a.type) for a in args]
        except TypeError as error:
            raise invalid(node, f"Function {function.signature.name!r}: {error}") from None
        count = len(function.signature.input_arg)
        return Signature(types[:count], types[count:])

    def _find(self, node: proto.NodeDef, attrs: dict[str, Any], key: str) -> proto.FunctionDef:
        reference = attrs.get(key)
        if reference is None:
            raise invalid(node, f"Expected one attr with name {key!r}")
        found = self._functions.get(reference.name)
        if found is None:
            raise invalid(node, f"Function {reference.name!r} is not in the library")
        return found

    def body(
        self, graph: Graph, node: proto.NodeDef, attrs: dict[str, Any], key: str, add: AddArgument
    ) -> tuple[BodyGraph, list[Tensor]]:
        """Make a body of the function that an attribute names.

        Parameters
        ----------
        graph : Graph
            The graph or body that the node is in.
        node : NodeDef
            The node.
        attrs : dict
            Its attributes.
        key : str
            The attribute.
        add : callable
            ``add(body, i, name)`` adds the argument with number `i`.

        Returns
        -------
        body : BodyGraph
            The body, without outputs.
        results : list of Tensor
            What the function returns.

        Raises
        ------
        ValueError
            If the function is damaged, or functions are nested too deep.
        """
        function = self._find(node, attrs, key)
        name = function.signature.name
        if self._depth >= _DEEPEST:
            raise invalid(node, f"Functions are nested more than {_DEEPEST} deep")
        self._depth += 1
        try:
            self._maker.budget.make(_ITEMS_PER_BODY + len(function.node_def))
            body = BodyGraph(graph)
            _set_apart(body)
            with body.uncounted():
                return body, self._fill(body, function, add)
        except ValueError as error:
            if self._depth > 1:
                raise
            raise ValueError(f"{error} (It is inside function {name!r}.)") from None
        finally:
            self._depth -= 1

    def _fill(self, body: BodyGraph, function: proto.FunctionDef, add: AddArgument) -> list[Tensor]:
        known = _Names(function, self._maker)
        for i, arg in enumerate(function.signature.input_arg):
            known.arguments[arg.name] = add(body, i, arg.name)
        nodes = function.node_def
        for i in known.order():
            known.made[nodes[i].name] = self._make(body, nodes[i], known)
        ends = [function.ret.get(a.name, "") for a in function.signature.output_arg]
        results = [known.tensor(end) for end in ends]
        for arg, end, found in zip(function.signature.output_arg, ends, results, strict=True):
            if found is None or found.dtype.as_datatype_enum != arg.type:
                raise ValueError(
                    f"Function {function.signature.name!r} returns {end!r} as {arg.name!r}, which "
                    "it does not compute, or not in that type"
                )
        return [t for t in results if t is not None]

    def _make(self, body: BodyGraph, node: proto.NodeDef, known: _Names) -> Operation:
        definition = self._operations.find(node)
        attrs = self._operations.attrs(node, definition)
        if node.op in _VARIABLES:
            own = attrs["shared_name"] or node.name
            attrs["shared_name"] = self._renamed.get(own, own)
        inputs, controls = known.inputs_of(node)

        def prepare(attrs: dict[str, Any], tensors: list[Tensor]) -> None:
            self.prepare(body, node, attrs, tensors)

        return self._maker.make(body, node, definition, node.name, inputs, attrs, controls, prepare)


def _set_apart(body: BodyGraph) -> None:
    """Let a body have names of its own, and nothing of the blocks that it is made in."""
    body._names_in_use = {}
    body._name_stack = ""
    body._device_stack = []
    body._colocation_stack = []
    body._gradient_overrides = {}


class _Names:
    """What the names in a function stand for.

    Parameters
    ----------
    function : FunctionDef
        The function.
    maker : Maker
        What knows the outputs of operations.

    Attributes
    ----------
    arguments : dict of str to Tensor
        The arguments by their names.
    made : dict of str to Operation
        The operations by their names.
    """

    def __init__(self, function: proto.FunctionDef, maker: Maker) -> None:
        self._maker = maker
        self._nodes = function.node_def
        self._name = function.signature.name
        self._numbers = {n.name: i for i, n in enumerate(self._nodes)}
        self.arguments: dict[str, Tensor] = {}
        self.made: dict[str, Operation] = {}

    def order(self) -> list[int]:
        """The numbers of the nodes, each after those it takes something from."""
        names = [*self.arguments, *self._numbers]
        if len(set(names)) < len(self._nodes) + len(self.arguments):
            raise ValueError(f"Function {self._name!r} has two nodes of one name")
        wanted = [list(self._needs(n.input)) for n in self._nodes]
        order, cycle = in_order(wanted)
        if cycle:
            node = self._nodes[cycle[0]]
            raise invalid(node, f"It is part of a cycle in function {self._name!r}")
        return order

    def _needs(self, names: Iterable[str]) -> set[int]:
        bare = (n.removeprefix("^").partition(":")[0] for n in names)
        return {self._numbers[n] for n in bare if n in self._numbers}

    def tensor(self, name: str) -> Tensor | None:
        """What ``argument`` or ``node:output_argument:index`` stands for."""
        node, _, place = name.partition(":")
        if not place:
            return self.arguments.get(node)
        op = self.made.get(node)
        output, _, number = place.partition(":")
        if op is None or not number.isdecimal():
            return None
        found = self._argument(op, output)
        index = int(number)
        return found[index] if index < len(found) else None

    def _argument(self, op: Operation, output: str) -> Sequence[Tensor]:
        """The tensors of one output argument of an operation."""
        args = op.definition.outputs
        if op.type in (*CONDITIONALS, *LOOPS):
            return self._maker.outputs(op) if output == args[0].name else []
        for arg, group in zip(args, op.definition.group(op.outputs, args, op.attrs), strict=True):
            if arg.name == output:
                return group if arg.is_list else [group]
        return []

    def inputs_of(self, node: proto.NodeDef) -> tuple[Inputs, Controls]:
        """What a node takes and waits for."""
        inputs: Inputs = []
        controls: Controls = []
        for name in node.input:
            if name.startswith("^"):
                op = self.made.get(name[1:])
                if op is None and name[1:] not in self.arguments:
                    raise invalid(node, f"Control input {name!r} not found in graph_def.")
                controls.extend([(name[1:], op)] if op is not None else [])
                continue
            tensor = self.tensor(name)
            if tensor is None:
                raise invalid(node, f"Input tensor {name!r} not found in graph_def.")
            if controls:
                raise invalid(node, "Control dependencies must come after regular dependencies")
            inputs.append((name, tensor))
        return inputs, controls
