"""An optimizer's step over flat memory: one pass for all of its variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Final

import numpy as np

from skflow.graph.dtypes import Array
from skflow.graph.ops._updates import BLOCK, UPDATE_RULES, Rule, scratch
from skflow.runtime.passes import roles
from skflow.runtime.state import State, Variable
from skflow.runtime.steps import Node
from skflow.runtime.threads import pool

# Bytes of variables and slots: with fewer, waking a worker costs more than it saves.
_WORTH_SHARING: Final = 1 << 21


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
    cuts : sequence of int
        Where the parts begin, and the last one ends, in the flat memory, that `after` waits for.
    """

    def __init__(
        self,
        node: Node,
        state: State,
        gradient: Array,
        scalars: Sequence[Array | None],
        cuts: Sequence[int] = (),
    ) -> None:
        self.rule: Rule = UPDATE_RULES[node.definition.type]
        attrs = node.members[0].attrs
        self.flags = {k: attrs[k] for k in self.rule.flags}
        self.one = gradient.dtype.type(1)
        columns = columns_of(node, state, gradient)
        self._parts = [_within(columns, a, b) for a, b in pairwise(cuts)]
        rest = [(0, cuts[0]), (cuts[-1], gradient.size)] if cuts else [(0, gradient.size)]
        self.blocks = [block for a, b in rest for block in _within(columns, a, b)]
        self._scratch = gradient.dtype, self.rule.work
        worth = gradient.nbytes * (1 + len(self.rule.slots)) >= _WORTH_SHARING
        self._helpers = min(state.threads - 1, pool.workers) if worth or cuts else 0
        self._alone: list[tuple[tuple[Array, ...], list[Array]]] = []
        if not self._helpers:
            size = max((block[0].size for block in self.blocks), default=0)
            work = [np.empty(size, gradient.dtype) for _ in range(self.rule.work)]
            self._alone = [(b, [w[: b[0].size] for w in work]) for b in self.blocks]
        known = all(s is not None for s in scalars)
        with np.errstate(all="ignore"):  # as in a run
            self._known = self._constants(scalars) if known else None

    def _constants(self, scalars: Sequence[Any]) -> tuple[Any, ...]:
        kind = type(self.one)
        # Making a number of one of its own type takes as long as all the rest.
        numbers = [
            s if type(s) is kind else s[()] if s.dtype.kind in "iu" else kind(s) for s in scalars
        ]
        return self.rule.constants(self.one, *numbers, **self.flags)

    def bound(self) -> Callable[..., None]:
        """What updates all: this object, or something quicker where all is known."""
        if self._known is None or len(self._alone) != 1:
            return self
        arrays, work = self._alone[0]
        return partial(self.rule.update, *arrays, *[_as_operand(c) for c in self._known], *work)

    def __call__(self, *scalars: Any) -> None:
        """Update the variables and their slots by the gradients that lie in memory."""
        constants = self._constants(scalars) if self._known is None else self._known
        if self._helpers:
            calls = [((block,), constants) for block in self.blocks]
            pool.share(self._update, calls, self._helpers)
        for arrays, work in self._alone:
            self.rule.update(*arrays, *constants, *work)

    def after(
        self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]], *scalars: Any
    ) -> None:
        """Make a gradient part by part, and with each update what it is the gradient of.

        Parameters
        ----------
        function : callable
            Makes a part of the gradient.
        calls : sequence of tuple
            Its arguments, part by part.
        *scalars : numpy scalars
            The hyperparameters, if they were not known before.
        """
        constants = self._constants(scalars) if self._known is None else self._known

        def work(blocks: Sequence[tuple[Array, ...]], arguments: tuple[Any, ...] | None) -> None:
            if arguments is not None:
                function(*arguments)
            self._update(blocks, constants)

        parts: list[tuple[Any, Any]] = list(zip(self._parts, calls, strict=True))
        rest = [((block,), None) for block in self.blocks]
        pool.share(work, [*parts[:-1], *rest, parts[-1]], self._helpers)

    def _update(self, blocks: Sequence[tuple[Array, ...]], constants: tuple[Any, ...]) -> None:
        work = scratch(*self._scratch)
        for arrays in blocks:
            size = arrays[0].size
            fitting = work if size == BLOCK else [w[:size] for w in work]
            self.rule.update(*arrays, *constants, *fitting)


def _as_operand(number: Any) -> Any:
    """A constant the way kernels take it quickest: a number would be made an array each time."""
    return np.asarray(number) if isinstance(number, np.floating) else number


def _within(columns: list[list[Array]], start: int, end: int) -> list[tuple[Array, ...]]:
    """Blocks of what lies between two places of the flat memory."""
    found: list[tuple[Array, ...]] = []
    at = 0
    for arrays in columns:
        size = arrays[0].size
        low, high = max(start - at, 0), min(end - at, size)
        if low < high:
            found.extend(_blocks([a[low:high] for a in arrays]))
        at += size
    return found


def columns_of(node: Node, state: State, gradient: Array) -> list[list[Array]]:
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
