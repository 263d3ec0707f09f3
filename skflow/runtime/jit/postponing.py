"""Nodes that are as well computed where they are used, since what they take is there anyway.

The penalties of weights are such: of variables and single numbers alone, they could be computed
long before the gradients they are added to. Computed in the same pass, they need no memory.
"""

from __future__ import annotations

from skflow.runtime.jit.choice import Choice
from skflow.runtime.jit.elements import Loop
from skflow.runtime.state import Variable
from skflow.runtime.steps import Node, Value


def postponed(nodes: list[Node], choice: Choice) -> tuple[list[Node], dict[Node, Node]]:
    """Put nodes right before their only users where that is as good.

    Parameters
    ----------
    nodes : list of Node
        In a valid order.
    choice : Choice
        The kinds of their statements.

    Returns
    -------
    list of Node
        All of them in another valid order.
    dict of Node to Node
        The users of those that have been put elsewhere.
    """
    first = next((i for i, n in enumerate(nodes) if n.writes), len(nodes))
    unchanged = set(nodes[:first])  # none of them comes after a change of what it reads
    awaited = {a for n in nodes for a in n.after}
    users: dict[Node, Node] = {}
    before: dict[Node, list[Node]] = {}
    for node in nodes[:first]:
        user = _only_user(node, choice)
        if user in unchanged and node not in awaited and not node.after:
            users[node] = user
            before.setdefault(user, []).append(node)
    order = [n for node in nodes if node not in users for n in [*before.get(node, ()), node]]
    return order, users


def _only_user(node: Node, choice: Choice) -> Node | None:
    """The loop that alone uses what another loop of its shape makes of what is there anyway."""
    if choice.kinds.get(node) is not Loop:
        return None
    value = node.outputs[0]
    if len(value.uses) != 1 or value in choice.fetched:
        return None
    user = value.uses[0]
    alike = choice.kinds.get(user) is Loop and user.outputs[0].shape == value.shape
    return user if alike and all(_is_there(v, choice) for v in node.inputs) else None


def _is_there(value: Value, choice: Choice) -> bool:
    """Whether a value takes no memory, or takes it all the time."""
    lasting = value.const is not None or isinstance(choice.resource(value), Variable)
    return lasting or value.shape == ()
