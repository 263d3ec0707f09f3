"""Fits that are broken off after some of their checkpoints, and what must not hang on that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np

from skflow.estimators.runs import Run
from tests.estimators.cases import X, outputs, quietly, values


class BrokenOff(Exception):
    """The process is gone."""


@contextmanager
def ended_after(writes: int) -> Iterator[list[int]]:
    """Let a fit end with its checkpoint of this number; gives the steps of those written."""
    steps: list[int] = []
    write = Run.write

    def counted(run: Run, step: int, *args: Any) -> None:
        write(run, step, *args)
        steps.append(step)
        if len(steps) == writes:
            raise BrokenOff

    with mock.patch.object(Run, "write", counted):
        yield steps


def broken_off(fit: Callable[[], Any], writes: int) -> list[int]:
    """Fit until so many checkpoints are written; their steps."""
    with ended_after(writes) as steps:
        try:
            quietly(fit)
        except BrokenOff:
            return steps
    raise AssertionError(f"it ended by itself, with {len(steps)} checkpoints")


def resumed(fit: Callable[[], Any], *writes: int) -> Any:
    """What becomes of a fit that is broken off again and again, and then comes to its end."""
    last = 0
    for count in writes:
        steps = broken_off(fit, count)
        assert steps == sorted(steps)
        assert steps[0] > last  # what was done before is not done again
        last = steps[-1]
    with ended_after(-1) as steps:
        model = quietly(fit)
    assert steps[0] >= last
    return model


def check_same(one: Any, other: Any, rows: Any = X) -> None:
    """Two models are the same to the bit, and so are their histories but for the time."""
    assert values(one) == values(other)
    for name in ("n_iter_", "best_iter_", "loss_", "loss_curve_", "validation_scores_"):
        found, expected = getattr(one, name), getattr(other, name)
        np.testing.assert_array_equal(found, expected, strict=found is not None)
        assert type(found) is type(expected)
    assert one.history_.keys() == other.history_.keys()
    for name in one.history_.keys() - {"seconds"}:
        np.testing.assert_array_equal(one.history_[name], other.history_[name])
    assert len(one.history_["seconds"]) == one.n_iter_
    assert _bytes(outputs(one, rows)) == _bytes(outputs(other, rows))


def _bytes(found: Any) -> list[bytes]:
    return [part.tobytes() for part in (found if isinstance(found, list) else [found])]
