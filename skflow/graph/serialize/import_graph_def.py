"""A graph from its message, into the default graph: `tf.import_graph_def`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from skflow import proto
from skflow.graph.conversion import convert_to_tensor
from skflow.graph.core import Graph, get_default_graph
from skflow.graph.nodes import Operation, Tensor, user_frames
from skflow.graph.registry import OpDef, own
from skflow.graph.scopes import name_scope
from skflow.graph.serialize.bodies import add_bodies
from skflow.graph.serialize.budget import Budget
from skflow.graph.serialize.function_body import Functions
from skflow.graph.serialize.known_operations import Operations
from skflow.graph.serialize.make_node import Maker
from skflow.graph.serialize.node_attrs import invalid
from skflow.graph.serialize.ordering import in_order
from skflow.versions import GRAPH_DEF_VERSION, GRAPH_DEF_VERSION_MIN_PRODUCER, VERSION

_VARIABLES: Final = ("VariableV2", "Variable")
_COLOCATION: Final = b"loc:@"


def import_graph_def(
    graph_def: Any,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: Mapping[str, Any] | None = None,
    producer_op_list: Any = None,
) -> list[Operation | Tensor] | None:
    """Add the operations of a stored graph to the default graph.

    Parameters
    ----------
    graph_def : GraphDef
        The stored graph; it is not changed.
    input_map : dict of str to Tensor, optional
        From names of tensors in the stored graph to what its nodes take instead; from a name
        behind a ``^`` to the operation they wait for instead.
    return_elements : list of str, optional
        Names of operations and tensors in the stored graph that are to be returned.
    name : str, optional
        The name scope of what is added, ``"import"`` by default; ``""`` for none.
    op_dict : dict of str to OpDef, optional
        The declarations to read the nodes by: an operation that it lacks is refused, and what it
        gives as defaults is filled in.
    producer_op_list : OpList, optional
        The declarations of the program that wrote the graph. Attributes unknown here are ignored
        if they have the default given there.

    Returns
    -------
    list of Operation and Tensor, or None
        What `return_elements` names, in that order.

    Raises
    ------
    TypeError
        If an argument is not what it should be.
    ValueError
        If the stored graph is damaged, needs what is not here, or lacks what `input_map` and
        `return_elements` name. Operations added before remain.
    RuntimeError
        If the default graph is finalized.

    Notes
    -----
    Nothing that is stored is trusted: types, shapes and sizes are checked, only declared
    operations are made, and memory and nesting are bounded. Operations are added in the order
    of the stored graph, unless one there comes before what it takes. Conditionals and loops are
    those of ``If`` and ``While``; what `tf.py_func` calls is not stored, so ``PyFunc`` is
    refused.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    graph_def = _checked_graph_def(graph_def)
    inputs = _checked_map(input_map)
    wanted = None if return_elements is None else _checked_elements(return_elements)
    _check_versions(graph_def.versions)
    graph = get_default_graph()
    with name_scope(name, "import", list(inputs.values())) as scope:
        sources = _Sources(graph, inputs, scope)
        importer = _Importer(graph, graph_def, sources, op_dict, producer_op_list)
        importer.run()
        sources.check_all_used()
        return None if wanted is None else [importer.element(n) for n in wanted]


def _checked_graph_def(graph_def: Any) -> proto.GraphDef:
    if isinstance(graph_def, proto.GraphDef):
        return graph_def
    if getattr(getattr(graph_def, "DESCRIPTOR", None), "full_name", "") != "tensorflow.GraphDef":
        raise TypeError("graph_def must be a GraphDef proto.")
    return proto.GraphDef.FromString(graph_def.SerializeToString())


def _checked_map(input_map: Any) -> dict[str, Any]:
    if input_map is None:
        return {}
    if not isinstance(input_map, dict) or not all(isinstance(k, str | bytes) for k in input_map):
        raise TypeError("input_map must be a dictionary mapping strings to Tensor objects.")
    return {canonical_name(k): v for k, v in input_map.items()}


def _checked_elements(elements: Sequence[Any]) -> list[str]:
    found = list(elements)
    if not all(isinstance(e, str | bytes) for e in found):
        raise TypeError("return_elements must be a list of strings.")
    return [e.decode() if isinstance(e, bytes) else e for e in found]


def _check_versions(versions: proto.VersionDef) -> None:
    said = "GraphDef"
    if versions.producer < GRAPH_DEF_VERSION_MIN_PRODUCER:
        raise ValueError(
            f"{said} producer version {versions.producer} below min producer "
            f"{GRAPH_DEF_VERSION_MIN_PRODUCER} supported by TensorFlow {VERSION}.  Please "
            "regenerate your graph."
        )
    if versions.min_consumer > GRAPH_DEF_VERSION:
        raise ValueError(
            f"{said} min consumer version {versions.min_consumer} above current version "
            f"{GRAPH_DEF_VERSION} for TensorFlow {VERSION}.  Please upgrade TensorFlow."
        )
    if GRAPH_DEF_VERSION in versions.bad_consumers:
        raise ValueError(
            f"{said} disallows consumer version {GRAPH_DEF_VERSION}.  Please upgrade TensorFlow: "
            "this version is likely buggy."
        )


# ---- names ------------------------------------------------------------------------------


def parse_tensor_name(name: str) -> tuple[str, int]:
    """Split the name of a tensor into that of its operation and the output's number.

    Parameters
    ----------
    name : str
        ``"op:number"``, or ``"op"`` for the first output.

    Returns
    -------
    (str, int)

    Raises
    ------
    ValueError
        If it is no such name.
    """
    op, _, number = name.partition(":")
    if ":" in name and not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise ValueError(f"Cannot convert {name!r} to a tensor name.")
    return op, int(number or 0)


def canonical_name(name: str | bytes) -> str:
    """The name of an input with its output's number, or of a control input as it is."""
    text = name.decode() if isinstance(name, bytes) else name
    if text.startswith("^"):
        return text
    op, number = parse_tensor_name(text)
    return f"{op}:{number}"


class _Sources:
    """What the caller gives in place of tensors and operations of the stored graph.

    Parameters
    ----------
    graph : Graph
        The graph that is added to.
    given : dict of str to object
        From canonical names to tensors, operations or values.
    scope : str
        The name scope of the import.
    """

    def __init__(self, graph: Graph, given: dict[str, Any], scope: str) -> None:
        tensors: dict[str, Any] = {k: v for k, v in given.items() if not k.startswith("^")}
        if not all(isinstance(v, Tensor) for v in tensors.values()):
            if not scope:
                raise ValueError(
                    "tf.import_graph_def() requires a non-empty `name` if `input_map` contains "
                    "non-Tensor values. Try calling tf.convert_to_tensor() on `input_map` values "
                    "before calling tf.import_graph_def()."
                )
            with name_scope("_inputs"):
                tensors = {k: convert_to_tensor(v) for k, v in tensors.items()}
        self._tensors: dict[str, Tensor] = {k: own(graph, v) for k, v in tensors.items()}
        self._controls = {k: _operation(v) for k, v in given.items() if k.startswith("^")}
        self._used: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._tensors or name in self._controls

    def tensor(self, name: str) -> Tensor:
        """The tensor given for a name."""
        self._used.add(name)
        return self._tensors[name]

    def control(self, name: str) -> Operation:
        """The operation given for the name of a control input."""
        self._used.add(name)
        return self._controls[name]

    def check_all_used(self) -> None:
        """Raise ValueError if no node takes what was given."""
        unused = [k for k in (*self._tensors, *self._controls) if k not in self._used]
        if unused:
            raise ValueError(
                f"Attempted to map inputs that were not found in graph_def: [{', '.join(unused)}]"
            )


def _operation(given: Any) -> Operation:
    found = given.op if isinstance(given, Tensor) else given
    if not isinstance(found, Operation):
        raise TypeError(f"A control input can be mapped to an operation only, not to {given!r}")
    return found


# ---- the graph --------------------------------------------------------------------------


class _Importer:
    """Adds the nodes of a stored graph, each after what it takes.

    Parameters
    ----------
    graph : Graph
        The graph to add to.
    graph_def : GraphDef
        The stored graph.
    sources : _Sources
        What to take instead of some tensors.
    op_dict, producer_op_list : object
        See `import_graph_def`.
    """

    def __init__(
        self,
        graph: Graph,
        graph_def: proto.GraphDef,
        sources: _Sources,
        op_dict: Mapping[str, Any] | None,
        producer_op_list: Any,
    ) -> None:
        self._graph = graph
        self._nodes = graph_def.node
        self._sources = sources
        self._made: dict[str, Operation] = {}
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._inputs: list[tuple[list[str], list[str]]] = []
        functions = {f.signature.name for f in graph_def.library.function}
        budget = Budget(graph_def.ByteSize())
        self._operations = Operations(budget, functions, op_dict, producer_op_list)
        self._maker = Maker(graph_def.versions.producer, budget, user_frames())
        self._renamed: dict[str, str] = {}
        self._functions = Functions(
            graph_def.library, self._operations, self._maker, self._renamed, add_bodies
        )

    def run(self) -> None:
        """Add all nodes."""
        definitions = [self._operations.find(n) for n in self._nodes]
        for i, node in enumerate(self._nodes):
            if node.name in self._numbers:
                raise invalid(node, "Its name is not unique")
            self._numbers[node.name] = i
        self._inputs = [_split_inputs(n) for n in self._nodes]
        order = self._order()
        for node in self._nodes:
            full = self._graph.operation_name(node.name or node.op)
            self._names.append(full)
            if node.op in _VARIABLES:
                self._renamed[node.name] = full
        for i in order:
            self._add(i, definitions[i])

    def _order(self) -> list[int]:
        wanted = []
        for data, controls in self._inputs:
            names = [parse_tensor_name(n)[0] for n in data if n not in self._sources]
            names += [n[1:] for n in controls if n not in self._sources]
            wanted.append(list({self._numbers[n] for n in names if n in self._numbers}))
        order, cycle = in_order(wanted)
        if cycle:
            names = [repr(self._nodes[i].name) for i in [*cycle, cycle[0]]]
            path = " takes ".join(names if len(names) < 6 else [*names[:4], "...", names[-1]])
            raise invalid(self._nodes[cycle[0]], f"It is part of a cycle: {path}")
        return order

    def _add(self, i: int, definition: OpDef) -> None:
        node = self._nodes[i]
        data, controls = self._inputs[i]
        attrs = self._operations.attrs(node, definition)
        if "_class" in attrs:
            attrs["_class"] = [self._colocated(node, c) for c in attrs["_class"]]
        inputs = [(n, self._tensor(node, n)) for n in data]
        waits = [(n[1:], self._control(node, n)) for n in controls]

        def prepare(attrs: dict[str, Any], tensors: list[Tensor]) -> None:
            self._functions.prepare(self._graph, node, attrs, tensors)

        self._made[node.name] = self._maker.make(
            self._graph, node, definition, self._names[i], inputs, attrs, waits, prepare
        )

    def _tensor(self, node: proto.NodeDef, name: str) -> Tensor:
        if name in self._sources:
            return self._sources.tensor(name)
        op, number = parse_tensor_name(name)
        outputs = self._maker.outputs(self._made[op]) if op in self._made else []
        if number >= len(outputs):
            raise invalid(node, f"Input tensor {name!r} not found in graph_def.")
        return outputs[number]

    def _control(self, node: proto.NodeDef, name: str) -> Operation:
        if name in self._sources:
            return self._sources.control(name)
        found = self._made.get(name[1:])
        if found is None:
            raise invalid(node, f"Control input {name!r} not found in graph_def.")
        return found

    def _colocated(self, node: proto.NodeDef, group: bytes) -> bytes:
        """The group of operations of one device, by the name that its first has been given."""
        if not group.startswith(_COLOCATION):
            return group
        other = group.removeprefix(_COLOCATION).decode(errors="replace")
        if other not in self._numbers:
            raise ValueError(
                "Specified colocation to an op that does not exist during import: "
                f"{other} in {node.name}"
            )
        return _COLOCATION + self._names[self._numbers[other]].encode()

    def element(self, name: str) -> Operation | Tensor:
        """What a name in the stored graph has become; ValueError if there is no such thing."""
        missing = ValueError(f"Requested return_element {name!r} not found in graph_def.")
        if ":" not in name:
            found = self._made.get(name)
            if found is None:
                raise missing
            return found
        try:
            op, number = parse_tensor_name(name)
        except ValueError:
            raise missing from None
        outputs = self._maker.outputs(self._made[op]) if op in self._made else []
        if number >= len(outputs):
            raise missing
        return outputs[number]


def _split_inputs(node: proto.NodeDef) -> tuple[list[str], list[str]]:
    """The canonical names of what a node takes and waits for."""
    data: list[str] = []
    controls: list[str] = []
    for name in node.input:
        if name.startswith("^"):
            controls.append(name)
        elif controls:
            raise invalid(node, "Control dependencies must come after regular dependencies")
        else:
            data.append(canonical_name(name))
    return data, controls
