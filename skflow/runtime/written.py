"""Lines become a function; a long one is made of parts, since Python compiles those quicker."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

# Python takes time for a function that grows with the square of the names it finds bound.
_PART: Final = 1000  # lines
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_MARGIN: Final = " " * 8


class _Part(NamedTuple):
    """A stretch of lines: what it finds bound, takes from lines before and leaves for later ones.

    Of what it takes the last user gives up the name's value, so that it is not kept for longer.
    """

    lines: list[str]
    bound: list[str]
    taken: list[str]
    given_up: list[str]
    left: list[str]


class Written:
    """A function of straight lines, bound to what some of its names stand for.

    Parameters
    ----------
    lines : list of str
        Statements of one line each.
    results : list of str
        Expressions for what the function returns: a tuple.
    bound : list of str
        The names that it finds bound.
    inputs : list of str
        The names of its parameters.
    owner : object
        What its globals call ``plan_code``, for whoever explains an error in it.

    Attributes
    ----------
    text : str
        The whole text.
    """

    def __init__(
        self,
        lines: Sequence[str],
        results: Sequence[str],
        bound: Sequence[str],
        inputs: Sequence[str],
        owner: Any,
    ) -> None:
        self._inputs = inputs
        self._places: list[list[int]] = []
        self._starts: list[tuple[int, int]] = []  # a part's first line in the text, and among all
        short = len(lines) <= _PART and len(results) <= _PART
        text = (
            self._whole(lines, results, bound) if short else self._in_parts(lines, results, bound)
        )
        self.text = "\n".join(text)
        space: dict[str, Any] = {"plan_code": owner}
        exec(compile(self.text, "<plan>", "exec"), space)
        self._binders = [space[f"bind{i}"] for i in range(len(self._places))]
        self._bind_whole = space.get("bind")

    def bind(self, items: Sequence[Any]) -> Callable[..., tuple[Any, ...]]:
        """The function for what the bound names stand for, in their order."""
        # By name it would take a time that grows with the square of their number.
        if self._bind_whole is not None:
            return self._bind_whole(*items)  # type: ignore[no-any-return]
        parts = [
            binder(*[items[i] for i in places])
            for binder, places in zip(self._binders, self._places, strict=True)
        ]
        return _in_turn(parts, self._inputs)

    def index(self, line: int) -> int:
        """Which of the lines stands at a line of the text, the first being 1; or a number < 0."""
        for first, at in reversed(self._starts):
            if line >= first:
                return line - first + at
        return -1

    def _whole(
        self, lines: Sequence[str], results: Sequence[str], bound: Sequence[str]
    ) -> list[str]:
        head = [f"def bind({', '.join(bound)}):", f"    def step({', '.join(self._inputs)}):"]
        self._starts.append((len(head) + 1, 0))
        body = [*lines, f"return ({''.join(r + ', ' for r in results)})"]
        return [*head, *(_MARGIN + line for line in body), "    return step"]

    def _in_parts(
        self, lines: Sequence[str], results: Sequence[str], bound: Sequence[str]
    ) -> list[str]:
        found = [f"_results.extend(({', '.join(some)},))" for some in _blocks(results)]
        text: list[str] = []
        at = 0
        places = {name: i for i, name in enumerate(bound)}
        for number, part in enumerate(_split([*lines, *found], bound, self._inputs)):
            self._places.append([places[name] for name in part.bound])
            text.append(f"def bind{number}({', '.join(part.bound)}):")
            text.append("    def step(_values, _results):")
            text.extend(f"{_MARGIN}{name} = _values[{name!r}]" for name in part.taken)
            text.extend(f"{_MARGIN}{name} = _values.pop({name!r})" for name in part.given_up)
            self._starts.append((len(text) + 1, at))
            text.extend(_MARGIN + line for line in part.lines)
            text.extend(f"{_MARGIN}_values[{name!r}] = {name}" for name in part.left)
            text.append("    return step")
            at += len(part.lines)
        return text


def _in_turn(
    parts: Sequence[Callable[..., Any]], inputs: Sequence[str]
) -> Callable[..., tuple[Any, ...]]:
    def step(*arrays: Any) -> tuple[Any, ...]:
        values = dict(zip(inputs, arrays, strict=True))
        results: list[Any] = []
        for part in parts:
            part(values, results)
        return tuple(results)

    return step


def _blocks(items: Sequence[str]) -> list[Sequence[str]]:
    return [items[i : i + _PART] for i in range(0, len(items), _PART)]


def _split(lines: Sequence[str], bound: Sequence[str], inputs: Sequence[str]) -> list[_Part]:
    """Parts of lines, with the names that pass from one to the others."""
    outside = set(bound)
    local = set(inputs)
    for line in lines:
        target, assigns, _ = line.partition(" = ")
        if assigns:
            local.update(n for n in _NAME.findall(target) if n not in outside)
    blocks = _blocks(lines)
    used = [dict.fromkeys(n for line in block for n in _NAME.findall(line)) for block in blocks]
    last = {name: i for i, names in enumerate(used) for name in names if name in local}
    known = set(inputs)
    parts = []
    for i, (block, names) in enumerate(zip(blocks, used, strict=True)):
        own = [n for n in names if n in local]
        entering = [n for n in own if n in known]
        parts.append(
            _Part(
                list(block),
                [n for n in names if n in outside],
                [n for n in entering if last[n] > i],
                [n for n in entering if last[n] == i],
                [n for n in own if last[n] > i],
            )
        )
        known.update(own)
    return parts
