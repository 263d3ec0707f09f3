"""No plan is quick because it remembers what has changed: feeds, results and random numbers."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from skflow.runtime.jit import hot
from tests.plan_cases import Case, assert_same
from tests.plan_kinds import KINDS
from tests.tiers import TIERS

# Compiling a plan takes a while: the others are left to the long campaign.
QUICK = ("elementwise", "products", "losses", "Adam", "assigning", "randoms", "controlled")
CASES = [
    pytest.param(
        (kind, tier),
        id=f"{kind}-{tier}".replace(" ", "_"),
        marks=[pytest.mark.soak] if tier is not TIERS[0] and kind not in QUICK else [],
    )
    for kind in KINDS
    for tier in TIERS
]


@pytest.fixture(scope="module", params=CASES)
def case(request: Any) -> Iterator[Case]:
    """A program that has run; the tests of this file go on with it, one after the other."""
    found = Case(*request.param)
    yield found
    found.session.close()


@pytest.fixture(autouse=True)
def _whole(case: Case) -> None:
    """After a failure the next test begins anew."""
    if not case.whole:
        case.start()


def arrays_of(found: list[Any]) -> list[np.ndarray]:
    return [a for a in found if isinstance(a, np.ndarray)]


def test_the_tier_is_what_it_says(case: Case) -> None:
    """The second one runs kernels, where there are any to run: else these tests say nothing."""
    programs = case.session._programs.values()
    plans = [plan for program in programs for plan in program._plans.values()]
    compiled = any(plan._running is not plan.code for plan in plans)
    plain = case.tier is TIERS[0] or case.kind in ("layouts", "functions", "texts")
    assert compiled == (hot.compiling.available and not plain), list(hot.compiling.failures)


# ---- feeds --------------------------------------------------------------------------------


def test_a_feed_changed_in_place(case: Case) -> None:
    """The same array objects, with other numbers in them."""
    feeds = case.draw()
    for _ in range(4):
        case.check(feeds)
        for x, draw in case.draws.items():
            if feeds[x].size:
                new = draw(case.rng)
                while new.shape != feeds[x].shape:
                    new = draw(case.rng)
                feeds[x][...] = new


def test_new_feeds_at_old_addresses(case: Case) -> None:
    """New arrays that lie where earlier ones, which are gone, have lain."""
    ids: list[set[int]] = []
    for _ in range(6):
        feeds = case.draw()
        ids.append({id(a) for a in feeds.values()})
        case.check(feeds)
        del feeds
        gc.collect(0)


def reversed_rows(a: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(a[::-1])[::-1] if a.ndim else a


def every_other(a: np.ndarray) -> np.ndarray:
    wide = np.zeros((*a.shape, 3), a.dtype)
    wide[..., 1] = a
    return wide[..., 1]


def unaligned(a: np.ndarray) -> np.ndarray:
    if a.dtype.hasobject:
        return a
    memory = np.zeros(a.nbytes + 1, np.uint8)[1:]
    found = memory.view(a.dtype).reshape(a.shape)
    found[...] = a
    return found


def read_only(a: np.ndarray) -> np.ndarray:
    found = a.copy()
    found.flags.writeable = False
    return found


def swapped(a: np.ndarray) -> np.ndarray:
    return a.astype(a.dtype.newbyteorder())


def subclass(a: np.ndarray) -> np.ndarray:
    return a.view(np.memmap)


def columns_first(a: np.ndarray) -> np.ndarray:
    return a.copy(order="F")


LAYOUTS: list[Callable[[np.ndarray], Any]] = [
    reversed_rows,
    every_other,
    unaligned,
    read_only,
    swapped,
    subclass,
    columns_first,
    np.ndarray.tolist,
]


def test_feeds_in_any_layout(case: Case) -> None:
    """What lies otherwise, or must be converted, counts by its values; it stays as it is."""
    feeds = case.draw()
    layouts = LAYOUTS[:-1] if any(a.size > 1000 for a in feeds.values()) else LAYOUTS
    for layout in [*layouts, *layouts]:
        plain = case.draw()
        feeds = {x: layout(a) for x, a in plain.items()}
        case.check(feeds, plain)
        for x, a in plain.items():
            assert np.array_equal(feeds[x], a), layout


def test_one_number_fed_for_many(case: Case) -> None:
    """Broadcast arrays, whose elements are all the same memory."""
    for _ in range(2):
        feeds = {}
        for x, a in case.draw().items():
            first = a.reshape(-1)[:1].reshape((1,) * a.ndim)
            feeds[x] = np.broadcast_to(first, a.shape)
        case.check(feeds)


# ---- results ------------------------------------------------------------------------------


def test_results_are_nobody_elses(case: Case) -> None:
    """Whatever is written into results, feeds, variables and other results do not show it."""
    for _ in range(3):
        feeds = case.draw()
        kept = {x: a.copy() for x, a in feeds.items()}
        arrays = arrays_of(case.check(feeds))
        for i, a in enumerate(arrays):
            assert a.flags.writeable
            assert not any(np.may_share_memory(a, b) for b in arrays[i + 1 :]), i
            assert not any(np.may_share_memory(a, b) for b in feeds.values()), i
        for a in arrays:
            a[...] = b"?" if a.dtype.hasobject else 77
        assert all(np.array_equal(feeds[x], kept[x]) for x in feeds)
        case.check_variables()


def test_results_stay_as_they_are(case: Case) -> None:
    """Later runs do not write into what earlier ones gave back, nor do changed feeds."""
    kept = []
    for _ in range(4):
        feeds = case.draw()
        arrays = arrays_of(case.check(feeds))
        kept += [(a, a.copy()) for a in arrays]
        for a in feeds.values():
            a[...] = b"?" if a.dtype.hasobject else 1
    assert all(np.array_equal(a, copy) for a, copy in kept)


def test_results_as_feeds(case: Case) -> None:
    """What one run gave back is fed to the next one, which gives back new arrays."""
    found = case.check(case.draw())
    for _ in range(3):
        feeds = case.draw()
        for x, a in feeds.items():
            alike = [b for b in arrays_of(found) if b.shape == a.shape and b.dtype == a.dtype]
            if alike and a.dtype.kind == "f":
                feeds[x] = np.clip(alike[0], -4.0, 4.0, out=alike[0])
        found = case.check(feeds)


# ---- other fetches of the same graph --------------------------------------------------------


def few(case: Case, fetches: list[Any]) -> list[Any]:
    """Fewer on the second tier, where compiling each plan takes a while."""
    return fetches if case.tier is TIERS[0] else fetches[:1]


def test_each_fetch_alone(case: Case) -> None:
    """A plan of fewer fetches gives the values that these fetches alone ask for."""
    for fetch in few(case, case.fetches):
        for _ in range(2):
            feeds = case.draw()
            (expected,) = case.interpreter.run([fetch], {x: a.copy() for x, a in feeds.items()})
            assert_same(case.session.run(fetch, feeds), expected, fetch.name)
        case.check_variables()


def test_every_tensor_may_be_fed(case: Case) -> None:
    """Values given in place of computed ones count, and are not remembered afterwards."""
    for fetch in few(case, case.fetches[:4]):
        if not hasattr(fetch, "dtype") or fetch.dtype.is_ref_dtype or fetch in case.draws:
            continue
        feeds = case.draw()
        value = np.asarray(case.check(feeds)[case.fetches.index(fetch)])
        case.check({**feeds, fetch: value})
        case.check(feeds)
