"""Rewrites of a plan: the updates of one optimizer become one, and every node gets its place."""

from __future__ import annotations

import heapq
from typing import Any

from skflow.graph.ops._updates import UPDATE_RULES
from skflow.graph.shapes import num_elements
from skflow.runtime.state import Variable
from skflow.runtime.steps import Node, Plan, Value


def merge_updates(plan: Plan) -> None:
    """Join the updates of one optimizer into one node over flat memory.

    Updates are joined if they are of one type, take the same hyperparameters and wait for the
    same nodes, and none of them depends on another.
    """
    groups: dict[Any, list[Node]] = {}
    for node in plan.nodes:
        if node.kind == "op" and node.definition.type in UPDATE_RULES:
            key = _group_key(plan, node)
            if key is not None:
                groups.setdefault(key, []).append(node)
    for members in groups.values():
        if not _depend_on_each_other(members) and not _share_variables(members):
            _join(plan, members)


def roles(node: Node) -> tuple[list[Value], list[Value], Value]:
    """An update's variables (its own, then its slots), hyperparameters and gradient."""
    rule = UPDATE_RULES[node.definition.type]
    named = {a.name: v for a, v in zip(node.definition.inputs, node.inputs, strict=True)}
    variables = [node.inputs[0], *[named[s] for s in rule.slots]]
    return variables, [named[s] for s in rule.scalars], named[rule.gradient]


def _group_key(plan: Plan, node: Node) -> Any:
    variables, scalars, gradient = roles(node)
    if not all(v.static and v.shape == gradient.shape for v in variables):
        return None
    if any(v.variable in plan.moved for v in variables) or any(s.shape != () for s in scalars):
        return None
    attrs = tuple((k, v) for k, v in node.attrs.items() if isinstance(v, (bool, int)))
    return node.definition.type, gradient.dtype, attrs, tuple(scalars), frozenset(node.after)


def _share_variables(members: list[Node]) -> bool:
    names = [v for node in members for v in node.writes]
    return len(set(names)) != len(names)


def _depend_on_each_other(members: list[Node]) -> bool:
    wanted = set(members)
    seen: set[Node] = set()
    stack = [n for m in members for n in _before(m)]
    while stack:
        node = stack.pop()
        if node in wanted:
            return True
        if node not in seen:
            seen.add(node)
            stack.extend(_before(node))
    return False


def _before(node: Node) -> list[Node]:
    return [*node.after, *[v.node for v in node.inputs if v.node is not None]]


def _join(plan: Plan, members: list[Node]) -> None:
    """Replace nodes by one that takes the inputs of all and gives the outputs of all."""
    first = members[0]
    inputs = [v for m in members for v in m.inputs]
    joined = Node(first.op, inputs, "update")
    joined.after = first.after
    joined.writes = [v for m in members for v in m.writes]
    joined.members = members
    replaced = set(members)
    for member in members:
        for value in member.inputs:
            value.uses = [u for u in value.uses if u is not member]
        for value in member.outputs:
            value.node = joined
        joined.outputs.extend(member.outputs)
    kept = [n for n in plan.nodes if n not in replaced]
    kept.append(joined)
    for node in kept:
        if any(a in replaced for a in node.after):
            node.after = list(dict.fromkeys(joined if a in replaced else a for a in node.after))
    plan.nodes = kept


def schedule(plan: Plan) -> None:
    """Put the nodes in the order they run: writes of variables as late as they can be."""
    waiting: dict[Node, int] = {}
    followers: dict[Node, list[Node]] = {}
    for i, node in enumerate(plan.nodes):
        node.position = i
        before = set(_before(node))
        waiting[node] = len(before)
        for other in before:
            followers.setdefault(other, []).append(node)
    readers: list[tuple[int, Node]] = []
    writers: list[tuple[int, Node]] = []
    for node in plan.nodes:
        if not waiting[node]:
            heapq.heappush(writers if node.writes else readers, (node.position, node))
    order: list[Node] = []
    while readers or writers:
        _, node = heapq.heappop(readers or writers)
        order.append(node)
        for other in followers.get(node, ()):
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(writers if other.writes else readers, (other.position, other))
    plan.nodes = order
    for i, node in enumerate(order):
        node.position = i


def protect_reads(plan: Plan) -> set[Node]:
    """The reads whose value must be copied because a write comes between them and a use."""
    writes: dict[Variable, list[int]] = {}
    for node in plan.nodes:
        for variable in node.writes:
            writes.setdefault(variable, []).append(node.position)
    copied: set[Node] = set()
    fetched = {v for v in plan.results if v is not None}
    for node in plan.nodes:
        if node.kind != "read":
            continue
        read = node.inputs[0].variable
        later = [p for p in writes.get(read, ()) if p > node.position] if read else []
        if later and _last_use(node.outputs[0], fetched) >= min(later):
            copied.add(node)
    return copied


def _last_use(value: Value, fetched: set[Value]) -> float:
    """Where a value, or a view of it, is used for the last time."""
    if value in fetched:
        return float("inf")
    last = -1.0
    for node in value.uses:
        last = max(last, node.position)
        if node.kind == "op" and node.definition.view:
            last = max([last, *[_last_use(v, fetched) for v in node.outputs]])
    return last


def count_products(plan: Plan) -> int:
    """Multiply-adds of the largest matrix product of a plan; unknown sizes count as large."""
    largest = 0
    for node in plan.nodes:
        if node.kind == "op" and node.definition.type in ("MatMul", "BatchMatMul"):
            a, out = node.inputs[0], node.outputs[0]
            inner, count = num_elements(a.shape), num_elements(out.shape)
            if inner is None or count is None:
                return 1 << 62
            rows = max(out.shape[-2] if out.shape else 1, 1)  # type: ignore[type-var]
            largest = max(largest, inner // rows * count)  # type: ignore[operator]
    return largest
