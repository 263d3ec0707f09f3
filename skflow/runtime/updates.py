"""An optimizer's step over flat memory: one pass for all of its variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.ops._updates import BLOCK, UPDATE_RULES, Rule
from skflow.runtime.passes import roles
from skflow.runtime.state import State, Variable
from skflow.runtime.steps import Node
from skflow.runtime.threads import pool

# Bytes: with fewer, waking a worker costs more than it saves; and those that are updated by then.
_WORTH_SHARING: Final = 1 << 19
_WAKING: Final = 1 << 18


class FlatUpdate:
    """The joined updates of one optimizer, bound to memory.

    Parameters
    ----------
    node : Node
        The joined node.
    state : State
        The session's memory; the variables are laid side by side in it if that is possible.
    gradient : numpy.ndarray
        Flat memory for all gradients, one after the other.
    scalars : list of numpy.ndarray or None
        The hyperparameters, if they are known before the run.
    """

    def __init__(
        self, node: Node, state: State, gradient: Array, scalars: Sequence[Array | None]
    ) -> None:
        self.rule: Rule = UPDATE_RULES[node.definition.type]
        attrs = node.members[0].attrs
        self.flags = {k: attrs[k] for k in self.rule.flags}
        self.one = gradient.dtype.type(1)
        self.blocks = [
            block for arrays in _columns(node, state, gradient) for block in _blocks(arrays)
        ]
        away = 0
        if gradient.nbytes >= _WORTH_SHARING and pool.workers:
            away = round(len(self.blocks) * (0.5 - 0.5 * _WAKING / gradient.nbytes))
        self.here, self.there = self.blocks[away:], self.blocks[:away]
        size = max((block[0].size for block in self.blocks), default=0)
        self.work = [
            [np.empty(size, gradient.dtype) for _ in range(self.rule.work)]
            for _ in range(2 if self.there else 1)
        ]
        known = all(s is not None for s in scalars)
        self._known = self._constants(scalars) if known else None

    def _constants(self, scalars: Sequence[Any]) -> tuple[Any, ...]:
        kind = type(self.one)
        numbers = [s[()] if s.dtype.kind in "iu" else kind(s) for s in scalars]
        with np.errstate(all="ignore"):
            return self.rule.constants(self.one, *numbers, **self.flags)

    def __call__(self, *scalars: Any) -> None:
        """Update the variables and their slots by the gradients that lie in memory."""
        constants = self._constants(scalars) if self._known is None else self._known
        if self.there:
            pool.both(
                self._run,
                (self.here, constants, self.work[0]),
                (self.there, constants, self.work[1]),
            )
        else:
            self._run(self.here, constants, self.work[0])

    def _run(
        self, blocks: Sequence[tuple[Array, ...]], constants: tuple[Any, ...], work: list[Array]
    ) -> None:
        update = self.rule.update
        for arrays in blocks:
            size = arrays[0].size
            extra = work if work and size == work[0].size else [w[:size] for w in work]
            update(*arrays, *constants, *extra)


def _columns(node: Node, state: State, gradient: Array) -> list[list[Array]]:
    """Groups of flat arrays (variable, slots, gradient) that are updated together."""
    by_role: list[list[Variable]] = []
    for member in node.members:
        variables, _, _ = roles(member)
        for i, value in enumerate(variables):
            if i == len(by_role):
                by_role.append([])
            assert value.variable is not None
            by_role[i].append(value.variable)
    flat = [state.arrange(variables) for variables in by_role]
    if all(f is not None for f in flat):
        return [[f for f in flat if f is not None] + [gradient]]
    columns = []
    at = 0
    for i in range(len(node.members)):
        arrays = [role[i].value.reshape(-1) for role in by_role]
        columns.append([*arrays, gradient[at : at + arrays[0].size]])
        at += arrays[0].size
    return columns


def _blocks(arrays: list[Array]) -> list[tuple[Array, ...]]:
    """Blocks of about equal size."""
    size = arrays[0].size
    length = -(-size // max(1, -(-size // BLOCK)))
    return [tuple(a[at : at + length] for a in arrays) for at in range(0, size, length or 1)]
