"""Numbers of all kinds that histograms are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from skflow.summary.buckets import limits

TYPES = (np.float32, np.float64)


def next_to_limits(dtype: Any) -> Any:
    """All limits and their neighbours, zeros, and the numbers next to zero."""
    with np.errstate(over="ignore"):
        at = limits().astype(dtype)
        near = [at, np.nextafter(at, dtype(np.inf)), np.nextafter(at, dtype(-np.inf))]
    tiny = np.nextafter(dtype(0), dtype(1))
    values = np.concatenate([*near, np.array([0.0, -0.0, tiny, -tiny], dtype)])
    return values[np.isfinite(values)]


@st.composite
def spread(draw: st.DrawFn, most: int = 5000) -> Any:
    """Numbers of either sign over some powers of ten, zeros among them."""
    count = draw(st.integers(1, most))
    dtype = draw(st.sampled_from(TYPES))
    low = draw(st.floats(-50, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = 10.0 ** rng.uniform(low, low + draw(st.floats(0, 60)), count)
    values *= rng.choice([-1, 1], count)
    values[rng.random(count) < draw(st.floats(0, 1))] = draw(st.sampled_from([0.0, -0.0]))
    with np.errstate(over="ignore", under="ignore"):
        values = values.astype(dtype)
    return np.where(np.isfinite(values), values, dtype(1))
