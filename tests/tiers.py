"""The two ways in which a session may run a plan, for tests that hold on both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import skflow as tf


@dataclass(frozen=True)
class Tier:
    """One of the ways.

    Parameters
    ----------
    name : str
        ``"first"``, the generated Python function, or ``"second"``, the compiled one. Where the
        second one cannot be had, it is the first one too.
    """

    name: str

    def __str__(self) -> str:
        return self.name

    def config(self, **settings: Any) -> Any:
        """A configuration under which sessions take this way, from the first run if they can."""
        options = tf.OptimizerOptions
        level = options.ON_2 if self.name == "second" else options.OFF
        graph = tf.GraphOptions(optimizer_options=options(global_jit_level=level))
        return tf.ConfigProto(graph_options=graph, **settings)

    def session(self, graph: Any = None, **settings: Any) -> Any:
        """A session that takes this way."""
        return tf.Session(graph=graph, config=self.config(**settings))

    def ready(self) -> None:
        """Return when what has run until now is compiled."""
        if self.name == "second":
            tf.wait_until_compiled()


TIERS: Final = (Tier("first"), Tier("second"))
