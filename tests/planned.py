"""Plans without sessions, as far as they are made before they are written down."""

from __future__ import annotations

from typing import Any

from skflow.runtime import passes
from skflow.runtime.plan import Lowering
from skflow.runtime.state import State
from skflow.runtime.steps import Plan


def planned(fetches: Any, feeds: dict[Any, Any] | None = None) -> Plan:
    """The plan of some fetches, for the shapes that are fed; scheduled."""
    feeds = feeds or {}
    plan = Lowering(State()).lower(list(fetches), list(feeds), list(feeds.values()))
    passes.merge_updates(plan)
    passes.schedule(plan)
    return plan
