"""Large terms that come of variables alone, such as penalties' gradients, take no memory.

They are worked out where they are used, a block at a time, with the same functions on the same
numbers: results are equal bit by bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.registry import OpDef
from skflow.graph.shapes import num_elements
from skflow.runtime.steps import Node, Plan, Value

_LARGE: Final = 1 << 20  # elements
_BLOCK: Final = 1 << 15  # elements: the few arrays of a block stay in a core's cache
# Operations on single numbers whose results hang on nothing else, not even on where these lie.
_EXACT: Final = ("Add", "Sub", "Mul", "Neg", "Abs", "Sign", "Square", "AddN")


def join_large(plan: Plan) -> None:
    """Let large elementwise nodes work out what they take from variables, where nobody else does.

    Parameters
    ----------
    plan : Plan
        A plan whose nodes are in a valid order; it is changed.
    """
    fetched = {v for v in plan.results if v is not None}
    joined: dict[Node, Node] = {}
    gone: set[Node] = set()
    for node in reversed(plan.nodes):
        terms = _terms(node, fetched) if node not in gone and _qualifies(node) else []
        if terms:
            joined.update(dict.fromkeys([node, *terms], _joined(node, terms)))
            gone.update(terms)
    if not joined:
        return
    plan.nodes = [joined.get(n, n) for n in plan.nodes if n not in gone]
    for node in plan.nodes:
        if any(a in joined for a in node.after):
            node.after = list(dict.fromkeys(joined.get(a, a) for a in node.after))


def _qualifies(node: Node) -> bool:
    if node.kind != "op" or node.definition.type not in _EXACT or len(node.outputs) != 1:
        return False
    value = node.outputs[0]
    if not value.static or value.dtype.np_dtype.char not in "fd":
        return False
    alike = all(v.shape == value.shape or num_elements(v.shape) == 1 for v in node.inputs)
    return alike and (num_elements(value.shape) or 0) >= _LARGE


def _terms(root: Node, fetched: set[Value]) -> list[Node]:
    """The nodes that only serve a node and need nothing but what lasts, users first."""
    found: list[Node] = []
    stack = [root]
    while stack:
        user = stack.pop()
        for value in dict.fromkeys(user.inputs):
            node = value.node
            if node is None or value in fetched or not _lasts(value):
                continue
            whole = node.kind == "op" and value.shape == root.outputs[0].shape
            if whole and set(value.uses) == {user}:
                found.append(node)
                stack.append(node)
    return found


def _lasts(value: Value) -> bool:
    """Whether a value is there anyhow, or comes of such values by nodes that can be joined."""
    stack = [value]
    while stack:
        found = stack.pop()
        node = found.node
        if num_elements(found.shape) == 1 or node is None or node.kind == "read":
            continue
        if not _qualifies(node) or node.after:
            return False
        stack.extend(node.inputs)
    return True


def _joined(root: Node, terms: Sequence[Node]) -> Node:
    """A node in the place of a node and its terms."""
    order = [*reversed(terms), root]
    made = [n.outputs[0] for n in order]
    leaves = list(dict.fromkeys(v for n in order for v in n.inputs if v not in made))
    places = {v: i for i, v in enumerate([*leaves, *made])}
    for node in order:
        for value in node.inputs:
            value.uses = [u for u in value.uses if u is not node]
    steps = [(n.definition.bind_kernel(n.attrs), [places[v] for v in n.inputs]) for n in order]
    node = Node(root.op, leaves)
    node.definition = _definition(len(leaves), _Blocks(steps))
    node.attrs = {}
    node.after = root.after
    node.same = tuple([n.op for n in terms])
    node.outputs = root.outputs
    node.outputs[0].node = node
    return node


def _definition(count: int, kernel: Any) -> OpDef:
    inputs = ", ".join(f"x{i}: float32" for i in range(count))
    return OpDef(
        "Blocked",
        f"{inputs} -> y: float32",
        attrs={},
        types={},
        infer=None,
        kernel=kernel,
        grad=None,
        flags=frozenset({"elementwise", "out"}),
        specialize=None,
        explain=None,
        partial=None,
    )


class _Blocks:
    """Some elementwise functions, one after the other, on a block of all arrays at a time.

    Parameters
    ----------
    steps : list of (function, list of int)
        A function and what it takes: the given arrays are numbered from zero, and the results of
        earlier steps are behind them.
    """

    def __init__(self, steps: Sequence[tuple[Any, list[int]]]) -> None:
        self._steps = steps

    def __call__(self, *arrays: Array, out: Array | None = None) -> Array:
        """The last step's result, for arrays of one shape and single numbers."""
        full = max(arrays, key=np.size)
        whole = out is not None and out.flags.c_contiguous
        result = out if out is not None and whole else np.empty(full.shape, full.dtype)
        flat = result.reshape(-1)
        given = [
            np.ascontiguousarray(a).reshape(-1) if a.size > 1 else a.reshape(()) for a in arrays
        ]
        work = [np.empty(min(_BLOCK, flat.size), full.dtype) for _ in self._steps[1:]]
        for at in range(0, flat.size, _BLOCK):
            block = flat[at : at + _BLOCK]
            found = [a[at : at + _BLOCK] if a.ndim else a for a in given]
            places = [*[w[: block.size] for w in work], block]
            for (kernel, taken), place in zip(self._steps, places, strict=True):
                found.append(kernel(*[found[i] for i in taken], out=place))
        if out is None or whole:
            return result
        out[...] = result
        return out
