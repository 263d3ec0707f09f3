"""How Hypothesis looks for examples here: the same ones in every run, with all the time it takes."""

from __future__ import annotations

from hypothesis import settings

steady = settings(max_examples=100, deadline=None, derandomize=True, database=None)
