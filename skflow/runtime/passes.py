"""Rewrites of a plan: the updates of one optimizer become one, and every node gets its place."""

from __future__ import annotations

import heapq
from bisect import bisect_right
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
    if not groups:
        return
    later = _followers(plan, {n for members in groups.values() for n in members})
    joined: dict[Node, Node] = {}
    for members in groups.values():
        alone = later.isdisjoint(members) or not _depend_on_each_other(members, joined)
        if alone and not _share_variables(members):
            joined.update(dict.fromkeys(members, _join(members)))
    _replace(plan, joined)


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


def _followers(plan: Plan, nodes: set[Node]) -> set[Node]:
    """What depends on some of a plan's nodes, which are in a valid order."""
    found: set[Node] = set()
    for node in plan.nodes:
        if any(n in nodes or n in found for n in predecessors(node)):
            found.add(node)
    return found


def _depend_on_each_other(members: list[Node], joined: dict[Node, Node]) -> bool:
    """Whether one of some nodes depends on another, now that others have been joined."""
    wanted = set(members)
    seen: set[Node] = set()
    stack = [n for m in members for n in predecessors(m)]
    while stack:
        found = stack.pop()
        node = joined.get(found, found)
        if node in wanted:
            return True
        if node not in seen:
            seen.add(node)
            stack.extend(predecessors(node))
    return False


def predecessors(node: Node) -> list[Node]:
    """What has to run before a node: what it takes values of, and what it waits for."""
    return [*node.after, *[v.node for v in node.inputs if v.node is not None]]


def _join(members: list[Node]) -> Node:
    """One node in the place of some, that takes the inputs of all and gives the outputs of all."""
    first = members[0]
    inputs = [v for m in members for v in m.inputs]
    joined = Node(first.op, inputs, "update")
    joined.after = first.after
    joined.writes = [v for m in members for v in m.writes]
    joined.members = members
    replaced = set(members)
    for value in dict.fromkeys(inputs):
        value.uses = [u for u in value.uses if u not in replaced]
    for member in members:
        for value in member.outputs:
            value.node = joined
        joined.outputs.extend(member.outputs)
    return joined


def _replace(plan: Plan, joined: dict[Node, Node]) -> None:
    """Put nodes in the place of those that they stand for."""
    plan.nodes = [n for n in plan.nodes if n not in joined]
    plan.nodes.extend(dict.fromkeys(joined.values()))
    for node in plan.nodes:
        if any(a in joined for a in node.after):
            node.after = list(dict.fromkeys(joined.get(a, a) for a in node.after))


def schedule(plan: Plan) -> None:
    """Put the nodes in the order they run: writes of variables as late as they can be."""
    waiting: dict[Node, int] = {}
    followers: dict[Node, list[Node]] = {}
    for i, node in enumerate(plan.nodes):
        node.position = i
        before = set(predecessors(node))
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
    last = last_uses(plan)
    for node in plan.nodes:
        if node.kind != "read":
            continue
        read = node.inputs[0].variable
        places = writes.get(read, ()) if read else ()
        following = bisect_right(places, node.position)
        if following < len(places) and last[node.outputs[0]] >= places[following]:
            copied.add(node)
    return copied


def last_uses(plan: Plan) -> dict[Value, float]:
    """The position at which each value of a plan, or a view of it, is used for the last time."""
    found: dict[Value, float] = {v: float("inf") for v in plan.results if v is not None}
    for node in reversed(plan.nodes):
        view = node.kind == "op" and node.definition.view
        until = max([node.position, *[found.get(v, -1.0) for v in node.outputs]]) if view else 0
        for value in node.outputs:
            found.setdefault(value, -1.0)
        for value in node.inputs:
            found[value] = max(found.get(value, -1.0), node.position, until)
    return found


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
