"""Nodes in an order in which each comes after what it takes."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def in_order(wanted: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """Order nodes by what they take, otherwise as they come.

    Parameters
    ----------
    wanted : sequence of sequence of int
        For each node the numbers of those that it takes something from.

    Returns
    -------
    order : list of int
        The numbers of all nodes, unless there is a cycle.
    cycle : list of int
        Nodes each of which takes something from the next, the last one from the first.
    """
    if all(other < i for i, others in enumerate(wanted) for other in others):
        return list(range(len(wanted))), []
    users: list[list[int]] = [[] for _ in wanted]
    missing = [0] * len(wanted)
    for i, others in enumerate(wanted):
        missing[i] = len(others)
        for other in others:
            users[other].append(i)
    ready = [i for i, count in enumerate(missing) if not count]
    order = []
    while ready:
        i = heapq.heappop(ready)
        order.append(i)
        for user in users[i]:
            missing[user] -= 1
            if not missing[user]:
                heapq.heappush(ready, user)
    return order, _cycle(wanted, set(order)) if len(order) < len(wanted) else []


def _cycle(wanted: Sequence[Sequence[int]], done: set[int]) -> list[int]:
    """A cycle among the nodes that are not done, each of which takes another of them."""
    at = next(i for i in range(len(wanted)) if i not in done)
    path: list[int] = []
    places: dict[int, int] = {}
    while at not in places:
        places[at] = len(path)
        path.append(at)
        at = next(other for other in wanted[at] if other not in done)
    return path[places[at] :]
