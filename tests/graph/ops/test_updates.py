"""Update rules on arrays: any shape and block size, and nothing but what they should change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow.graph.ops import _updates
from skflow.graph.ops.training import UPDATE_RULES, Rule


@pytest.mark.parametrize("name", UPDATE_RULES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rule_is_the_same_in_blocks_of_any_shape(name: str, dtype: Any, monkeypatch: Any) -> None:
    rule = UPDATE_RULES[name]
    rng = np.random.default_rng(3)
    arrays = [rng.random((7, 6)).astype(dtype) + dtype(0.1) for _ in range(1 + len(rule.slots))]
    grad = rng.standard_normal((7, 6)).astype(dtype)
    numbers = [
        np.int64(3) if s == "global_step" else dtype(-0.5 if s == "lr_power" else 0.25)
        for s in rule.scalars
    ]

    def updated(start: Any, slope: Any) -> list[Any]:
        changed = [a.copy(order="K") for a in start]
        kept = slope.copy()
        rule.apply(changed[0], changed[1:], slope, numbers)
        np.testing.assert_array_equal(slope, kept)
        return changed

    whole = updated(arrays, grad)
    monkeypatch.setattr(_updates, "BLOCK", 5)
    monkeypatch.setattr(_updates._local, "arrays", {}, raising=False)
    for start in (arrays, [np.asfortranarray(a) for a in arrays]):
        for slope in (grad, np.asfortranarray(grad)):
            for a, b in zip(whole, updated(start, slope), strict=True):
                np.testing.assert_array_equal(a, b)
    flat = updated([a.reshape(-1) for a in arrays], grad.reshape(-1))
    np.testing.assert_array_equal(flat[0], whole[0].reshape(-1))


@pytest.mark.parametrize("rule", UPDATE_RULES.values(), ids=UPDATE_RULES)
def test_rule_updates_nothing_and_scalars(rule: Rule) -> None:
    numbers = [np.int64(3) if s == "global_step" else np.float32(0.25) for s in rule.scalars]
    for shape in ((0, 2), ()):
        arrays = [np.ones(shape, np.float32) for _ in range(1 + len(rule.slots))]
        rule.apply(arrays[0], arrays[1:], np.ones(shape, np.float32), numbers)
        assert all(np.isfinite(a).all() for a in arrays)
        assert arrays[0].shape == shape


def test_small_rules_say_what_they_do() -> None:
    var, accum = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    UPDATE_RULES["ApplyGradientDescent"].apply(var, [], np.array([2.0, 4.0]), [0.5])
    assert var.tolist() == [0.0, 0.0]
    UPDATE_RULES["ApplyMomentum"].apply(var, [accum], np.ones(2), [0.5, 2.0])
    assert (accum.tolist(), var.tolist()) == ([7.0, 9.0], [-3.5, -4.5])
    UPDATE_RULES["ApplyMomentum"].apply(var, [accum], np.ones(2), [1.0, 0.0], use_nesterov=True)
    assert (accum.tolist(), var.tolist()) == ([1.0, 1.0], [-4.5, -5.5])


def test_scratch_is_kept_by_thread_and_type() -> None:
    first = _updates.scratch(np.dtype(np.float32), 2)
    assert _updates.scratch(np.dtype(np.float32), 1)[0] is first[0]
    assert _updates.scratch(np.dtype(np.float64), 1)[0].dtype == np.float64
