"""Patterns: what shapes that came have in common, for plans in which dimensions are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from skflow.graph.shapes import Shape

_PRIMES: Final = (1_000_003, 1_000_033, 1_000_037, 1_000_039, 1_000_081, 1_000_099)

Pattern = tuple[tuple[int, ...] | None, ...]
"""Shapes in which a negative number stands for an open dimension, the same for equal ones."""


def opened(known: Sequence[tuple[Shape, ...]]) -> Pattern:
    """What shapes that came have in common; dimensions that always agreed share a number.

    The pattern fits the last of them: a dimension of one, which broadcasts, stays one.
    """
    symbols: dict[tuple[int | None, ...], int] = {}
    pattern: list[tuple[int, ...] | None] = []
    for versions in zip(*known, strict=True):
        if len({len(v) for v in versions}) > 1:
            pattern.append(None)
            continue
        dims = []
        for sizes in zip(*versions, strict=True):
            same = len(set(sizes)) == 1 or sizes[-1] == 1
            dims.append(sizes[-1] if same else symbols.setdefault(sizes, -1 - len(symbols)))
        pattern.append(tuple(dims))
    return tuple(pattern)


def fits(pattern: Pattern, shapes: Sequence[Shape]) -> bool:
    """Whether shapes are of a pattern; a dimension of one, which broadcasts, is never open."""
    symbols: dict[int, int] = {}
    for wanted, shape in zip(pattern, shapes, strict=True):
        if wanted is None or shape is None:
            continue
        if len(wanted) != len(shape):
            return False
        for p, d in zip(wanted, shape, strict=True):
            if p < 0 and d is not None:
                if d == 1 or symbols.setdefault(p, d) != d:
                    return False
            elif p != d:
                return False
    return True


def with_primes(pattern: Pattern) -> tuple[list[Shape], list[Shape]]:
    """The shapes of a pattern, with unknown dimensions and with primes in their place."""
    plain: list[Shape] = []
    primes: list[Shape] = []
    for dims in pattern:
        few = dims is not None and min(dims, default=0) >= -len(_PRIMES)
        plain.append(None if dims is None else tuple([d if d >= 0 else None for d in dims]))
        primes.append(
            tuple([d if d >= 0 else _PRIMES[-1 - d] for d in dims]) if dims and few else None
        )
    return plain, primes
