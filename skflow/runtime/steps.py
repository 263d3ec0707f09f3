"""Steps: what a plan is made of, values that flow between nodes."""

from __future__ import annotations

from typing import Any

from skflow.graph.dtypes import Array, DType
from skflow.graph.nodes import Operation
from skflow.graph.registry import OpDef
from skflow.graph.shapes import Shape
from skflow.graph.spec import Spec
from skflow.runtime.state import Variable


class Value:
    """What flows along an edge of a plan.

    Exactly one of `const` (known now), `feed` (comes with the run), `variable` (a reference) and
    `node` says where it comes from. In a plan with open dimensions `probe` is what would be known
    if each of them were one particular large prime (see `Lowering`).
    """

    __slots__ = ("const", "dtype", "feed", "index", "node", "probe", "shape", "uses", "variable")

    def __init__(
        self,
        dtype: DType,
        shape: Shape,
        *,
        const: Array | None = None,
        feed: int | None = None,
        node: Node | None = None,
        index: int = 0,
        variable: Variable | None = None,
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.const = const
        self.feed = feed
        self.node = node
        self.index = index
        self.variable = variable
        self.probe: Spec | None = None
        self.uses: list[Node] = []

    @property
    def static(self) -> bool:
        """Whether rank and all dimensions are known."""
        return self.shape is not None and None not in self.shape

    def __repr__(self) -> str:
        return f"Value({self.dtype.name}, {self.shape})"


class Node:
    """One step of a plan: an operation on values, or the reading of a variable.

    Of the kinds, ``"update"`` stands for the joined updates of one optimizer; ``"wait"`` does
    nothing but wait for the nodes in `after`.
    """

    __slots__ = (
        "after",
        "attrs",
        "definition",
        "inputs",
        "kind",
        "members",
        "op",
        "outputs",
        "position",
        "same",
        "writes",
    )

    def __init__(self, op: Operation, inputs: list[Value], kind: str = "op") -> None:
        self.op = op
        self.definition: OpDef = op.definition
        self.attrs: dict[str, Any] = op.attrs
        self.kind = kind
        self.inputs = inputs
        self.outputs: list[Value] = []
        self.after: list[Node] = []
        self.position = -1
        self.members: list[Node] = []
        self.same: tuple[Operation, ...] = ()  # other operations that compute the same
        self.writes: list[Variable] = []
        for value in inputs:
            value.uses.append(self)

    @property
    def kept(self) -> bool:
        """Whether it runs even if nobody wants its outputs."""
        return self.kind in ("op", "update") and (self.definition.stateful or bool(self.writes))

    def __lt__(self, other: Node) -> bool:
        return self.position < other.position

    def __repr__(self) -> str:
        return f"Node({self.op.name}: {self.definition.type})"


class Plan:
    """The nodes of a run in a valid order, and the values that it returns.

    The storage of the variables in `moved` may lie elsewhere in the middle of a run. If it is to
    run `alone`, no other thread runs anything of the session meanwhile.
    """

    def __init__(
        self,
        nodes: list[Node],
        results: list[Value | None],
        feeds: list[Value],
        moved: set[Variable],
    ) -> None:
        self.nodes = nodes
        self.results = results
        self.feeds = feeds
        self.moved = moved
        self.alone = False


def is_number(value: Value) -> bool:
    """Whether a value is a single number of a type that NumPy has quick scalars of."""
    return value.shape == () and value.variable is None and value.dtype.np_dtype.char in "fdilq?"


def spec_of(value: Value) -> Spec:
    return Spec(value.dtype, value.shape, value.const)


def probe_of(value: Value) -> Spec | None:
    """What is known of a value if open dimensions are taken for primes; ``None`` if too little."""
    if value.probe is not None:
        return value.probe
    return spec_of(value) if value.static else None
