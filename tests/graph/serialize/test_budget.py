"""A graph may ask for some memory beyond its file, and for more the larger the file is."""

from __future__ import annotations

import pytest

from skflow.graph.serialize.budget import Budget


def test_items() -> None:
    budget = Budget(16_000)
    budget.make(4096 + 1000)
    with pytest.raises(ValueError, match="far more operations and tensors than it holds"):
        budget.make(1)


def test_memory() -> None:
    """What is refused does not count."""
    budget = Budget(1 << 20)
    assert not budget.allow((20 << 20) + 1)
    assert budget.allow(12 << 20)
    assert not budget.allow(9 << 20)
    assert budget.allow(8 << 20)
    assert not budget.allow(1)
