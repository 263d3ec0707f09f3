"""The text of a compiled region: a function for its caller and one for a thread that helps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Final

from skflow.runtime.jit.elements import Scalar
from skflow.runtime.jit.expressions import loaded, stored
from skflow.runtime.jit.regions import Region
from skflow.runtime.jit.statements import Statement
from skflow.runtime.jit.table import CALLED, CONTROL, PARTS, RUN, SLEEP, STATUS, Table
from skflow.runtime.lookout import GIVEN
from skflow.runtime.steps import Value

# An array object's memory and flags lie at fixed places behind the head of every object.
_HEAD: Final = object.__basicsize__
_DATA: Final = _HEAD // 8
_RANK: Final = (_HEAD + 8) // 4
_DIMS: Final = (_HEAD + 16) // 8
_FLAGS: Final = (_HEAD + 48) // 4
_PLAIN: Final = 0x101  # row by row, aligned

# What the function returns if an array given has another shape than the plan was made for, or does
# not lie row by row; and from which number on which phase found something wrong with what it was
# given, after which nothing was done.
OTHER_SHAPE: Final = 1
OTHER_LAYOUT: Final = 2
WRONG: Final = 3

# What the function is told of threads that help: nothing, or that they are there, or that they have
# been called and look out for a signal.
ALONE, ARE_THERE, ARE_CALLED = 0, 1, 2

# Counters, each in a cache line of its own. A ticket says which run it is, which phase, and which
# part of it is next; who takes the part raises it. So whoever comes late, or has slept through the
# end of a run, finds that the ticket is another one, and can do no harm.
TICKET, _DONE, INSIDE, CONTROL_BYTES = 0, 64, 128, 192
CLOSED: Final = 4095  # stands for no phase
_MOST_PHASES: Final = 4000
_SHARED: Final = 12.0  # microseconds from which a phase is worth sharing
_LOOKS: Final = 4000  # looks, of 20 to 50 ns, that a helper takes before it sleeps or leaves
_NAP: Final = 50  # microseconds that it sleeps while a phase lasts that it has no part in
_PATIENCE: Final = 20_000  # looks and naps without a part after which it leaves anyway


class Source:
    """A region as the text of a module.

    Parameters
    ----------
    region : Region
        What to do.
    table : Table
        Told of every piece of memory that is mentioned.
    outside : callable
        Whether a value is used outside of the region.
    given : iterable of Value
        Values that come as objects with each call, in order.

    Attributes
    ----------
    text : str
        The module, equal for equal regions.
    phases : int
        How many phases are shared with a helper.
    """

    def __init__(
        self,
        region: Region,
        table: Table,
        outside: Callable[[Value], bool],
        given: Iterable[Value],
    ) -> None:
        self._table = table
        self._outside = outside
        self._given = list(given)
        self._parts: list[str] = []
        self._functions: dict[Statement, str] = {}
        self.phases = 0
        self._in_functions = {
            v for s in region.statements if not isinstance(s, Scalar) for v in [*s.reads, *s.writes]
        }
        main: list[str] = []
        helper: list[str] = []
        names: dict[Value, str] = {}
        for i, phase in enumerate(region.phases):
            if isinstance(phase[0], Scalar):
                for statement in phase:
                    main += self._scalar(statement, names)
            else:
                main += self._phase(phase, helper)
            if any(s.checks for s in phase):
                end = [*_closed(), f"return {WRONG + i}"]
                main += [f"if t[{STATUS}] != 0:", *[f"    {line}" for line in end]]
        self.text = "\n".join([*self._parts, *self._run(main), *self._help(helper), ""])

    # ---- the parts --------------------------------------------------------------------

    def _function(self, statement: Statement) -> str:
        """The name of a statement's function, written at its first use."""
        known = self._functions.get(statement)
        if known is not None:
            return known
        name = f"s{len(self._functions)}"
        self._functions[statement] = name
        body = "".join([f"    {line}\n" for line in statement.lines(self._table)])
        self._parts.append(f"@inline\ndef {name}(t, lo, hi):\n{body}\n")
        return name

    def _scalar(self, statement: Statement, names: dict[Value, str]) -> list[str]:
        assert isinstance(statement, Scalar)
        found = []
        for value in statement.reads:
            if value not in names:
                names[value] = f"r{len(names)}"
                text = loaded(f"{self._table.pointer(value)}[0]", value.dtype.np_dtype)
                found.append(f"{names[value]} = {text}")
        out = statement.writes[0]
        name = f"r{len(names)}"
        found += statement.named(name, names, self._table)
        names[out] = name
        if out in self._in_functions or self._outside(out):
            text = stored(names[out], out.dtype.np_dtype)
            found.append(f"{self._table.pointer(out)}[0] = {text}")
        return found

    def _phase(self, phase: list[Statement], helper: list[str]) -> list[str]:
        cost = sum([s.cost for s in phase])
        parts = [(s, lo, hi) for s in phase for lo, hi in pairwise([0, *s.ends])]
        if cost < _SHARED or len(parts) == 1 or self.phases == _MOST_PHASES:
            return [f"{self._function(s)}(t, {lo}, {hi})" for s, lo, hi in parts]
        number = self.phases
        self.phases += 1
        # What takes longest is begun first.
        parts.sort(key=lambda p: -p[0].cost * (p[2] - p[1]) / p[0].ends[-1])
        body = []
        for i, (statement, lo, hi) in enumerate(parts):
            body.append(f"    {'elif' if i else 'if'} c == {i}:")
            body.append(f"        {self._function(statement)}(t, {lo}, {hi})")
        first = len(parts)
        lines = "".join([f"{line}\n" for line in body])
        self._parts.append(f"@inline\ndef phase{number}(t, c):\n{lines}\n")
        take = f"c = take(w, {{}}, {first})"
        helper += [
            f"{'if' if number == 0 else 'elif'} p == {number}:",
            f"    {take.format('q')}",
            f"    while c < {first}:",
            "        looks = 0",
            f"        phase{number}(t, c)",
            f"        fetch_add(w + {_DONE}, 1)",
            f"        {take.format('q')}",
        ]
        return [
            "if w != 0:",
            f"    store(w, (q + {number}) << 16)",
            f"    {take.format(f'q + {number}')}",
            f"    while c < {first}:",
            f"        phase{number}(t, c)",
            f"        fetch_add(w + {_DONE}, 1)",
            f"        {take.format(f'q + {number}')}",
            f"    x += {first}",
            f"    wait_for(w + {_DONE}, x, t[{SLEEP}])",
            "else:",
            f"    for c in range({first}):",
            f"        phase{number}(t, c)",
        ]

    # ---- the whole --------------------------------------------------------------------

    def _run(self, main: list[str]) -> list[str]:
        objects = [f"o{i}" for i in range(len(self._given))]
        plain = [f"(i32({o})[{_FLAGS}] & {_PLAIN}) != {_PLAIN}" for o in objects]
        found = [f"def run({', '.join(['address', 'shared', *objects])}):", "t = i64(address)"]
        if plain:
            found += [f"if {' or '.join(plain)}:", f"    return {OTHER_LAYOUT}"]
        for value, name in zip(self._given, objects, strict=True):
            if value.feed is None:  # plans are chosen by the shapes that are fed
                dims = value.shape or ()
                other = [f"i32({name})[{_RANK}] != {len(dims)}"]
                other += [f"i64(i64({name})[{_DIMS}])[{j}] != {d}" for j, d in enumerate(dims)]
                found += [f"if {' or '.join(other)}:", f"    return {OTHER_SHAPE}"]
        found += [
            f"{self._table.address(v)} = i64({o})[{_DATA}]"
            for v, o in zip(self._given, objects, strict=True)
        ]
        if self.phases:
            found += [f"if shared == {ARE_CALLED}:", f"    store(t[{CALLED}], {GIVEN})"]
        found += [f"t[{STATUS}] = 0", f"w = t[{CONTROL}] if shared else 0"]
        # The run's number and how many parts have been done in all runs before it.
        found += [f"t[{RUN}] += 1", f"q = t[{RUN}] << 12", f"x = t[{PARTS}]"]
        found += main
        if self.phases:
            found += _closed()
        found.append("return 0")
        return [found[0], *[f"    {line}" for line in found[1:]]]

    def _help(self, helper: list[str]) -> list[str]:
        if not self.phases:
            return []
        body = [
            "t = i64(address)",
            f"w = t[{CONTROL}]",
            f"fetch_add(w + {INSIDE}, 1)",
            "looks = 0",
            f"while looks < {_PATIENCE}:",
            "    q = load(w) >> 16",
            f"    p = q & {CLOSED}",
            *[f"    {line}" for line in helper],
            "    looks += 1",
            f"    if p == {CLOSED} and load(t[{CALLED}]) % 2:",
            "        break",
            f"    if looks < {_LOOKS}:",
            "        pause()",
            f"    elif p == {CLOSED}:",
            "        break",
            "    else:",
            f"        sleep(t[{SLEEP}], {_NAP})",
            f"fetch_add(w + {INSIDE}, -1)",
            "return 0",
        ]
        return ["", "", "def help(address):", *[f"    {line}" for line in body]]


def _closed() -> list[str]:
    """Lines that end a run: no part can be taken any more."""
    return ["if w != 0:", f"    store(w, (q + {CLOSED}) << 16)", f"    t[{PARTS}] = x"]
