"""Where a training goes on that has made some passes, maybe with more classes than before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skflow.estimators.training import State, TrainingGraph, Values

Array = NDArray[Any]


@dataclass(frozen=True)
class Start:
    """Where a training goes on.

    Attributes
    ----------
    values : dict of str to ndarray
        The values of the network's variables.
    state : State, optional
        What else there was: slots and random streams.
    places : ndarray of int, optional
        Which outputs of the new network the old one's are, if there are more now.
    """

    values: Values
    state: State | None
    places: Array | None

    def load(self, graph: TrainingGraph, seed: int, rows: float) -> None:
        """Let a graph go on from here; what is new in it begins as in `TrainingGraph.start`."""
        self._check_same(graph)
        old = dict(self.values) if self.state is None else {**self.values, **self.state.slots}
        anew = self.places is not None or not old.keys() >= set(graph.all_names)
        if anew:
            graph.start(seed, rows, {})
        else:
            graph.restart(seed)
        if self.places is None:
            graph.load(old)
        else:
            fresh = graph.everything()
            graph.load({n: self._grown(n, old[n], fresh[n]) for n in old if n in fresh})
        graph.share(rows)
        if anew or (self.state is not None and self.state.rates != graph.rates()):
            graph.settle()
        if self.state is not None:
            graph.restore_streams(self.state.streams)

    def _check_same(self, graph: TrainingGraph) -> None:
        """Raise unless the network has the variables that it had, maybe for more classes."""
        now = graph.shapes()
        before = {name: value.shape for name, value in self.values.items()}
        if now.keys() != before.keys() or (self.places is None and now != before):
            raise ValueError(
                "partial_fit goes on where the last call ended, so the network must stay the same, "
                f"but the shapes of its variables changed from {before} to {now}."
            )

    def _grown(self, name: str, old: Array, fresh: Array) -> Array:
        """An array whose last axis may be the outputs: the new ones begin anew."""
        if old.shape == fresh.shape:
            return old
        places = self.places
        assert places is not None
        outputs = {1, 2} if len(places) == 2 else {len(places)}
        if old.shape[:-1] != fresh.shape[:-1] or old.shape[-1] not in outputs:
            raise ValueError(
                f"The variable {name!r} cannot take new classes: its shape was {old.shape} and is "
                f"{fresh.shape} now."
            )
        grown = fresh.copy()
        if old.shape[-1] == 1 and len(places) == 2:
            # The log odds of the second class become one number for each of the two.
            if name in self.values:
                grown[..., places] = old * np.array([-0.5, 0.5], old.dtype)
        else:
            grown[..., places] = old
        return grown
