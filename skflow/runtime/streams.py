"""A session's random streams: started from seeds, started again, and carried elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from skflow.graph.core import Graph
from skflow.graph.dtypes import Array
from skflow.graph.nodes import Operation
from skflow.graph.philox import PhiloxStream, seed_pair

if TYPE_CHECKING:
    from skflow.runtime.session import BaseSession


class Streams:
    """The streams that the random operations of one session draw from, made at first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[Operation, PhiloxStream] = {}
        # In the place of the one the operations were built with.
        self._graph_seed: int | None = None
        self._operations: dict[str, Operation] = {}
        self._looked_at = 0

    def operations(self, graph: Graph) -> dict[str, Operation]:
        """What `random_operations` finds, looked for again only if the graph has grown."""
        count = len(graph._operations)
        if count != self._looked_at:
            self._operations, self._looked_at = random_operations(graph), count
        return self._operations

    def of(self, op: Operation) -> PhiloxStream:
        """The stream of an operation with the attributes `seed` and `seed2`."""
        found = self._streams.get(op)
        if found is None:
            with self._lock:
                found = self._streams.get(op)
                if found is None:
                    found = self._streams[op] = PhiloxStream.from_seeds(*self._seeds(op))
        return found

    def _seeds(self, op: Operation) -> tuple[int, int]:
        seed, seed2 = op.attrs["seed"], op.attrs["seed2"]
        if self._graph_seed is None or not _is_seeded(op):
            return seed, seed2
        return seed_pair(self._graph_seed, seed2, 0)  # type: ignore[return-value]

    def restart(self, graph_seed: int) -> None:
        """Begin all seeded streams again, as `restart_streams` does."""
        with self._lock:
            self._graph_seed = graph_seed
            self._streams = {op: s for op, s in self._streams.items() if not _is_seeded(op)}

    def replace(self, streams: Mapping[Operation, PhiloxStream]) -> None:
        """Let operations draw from other streams from now on."""
        with self._lock:
            self._streams = {**self._streams, **streams}

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._streams = {}
            self._graph_seed = None


def _is_seeded(op: Operation) -> bool:
    """Whether an operation's seeds determine what it draws."""
    return bool(op.attrs["seed"] or op.attrs["seed2"])


def restart_streams(session: BaseSession, seed: int) -> None:
    """Let random operations draw as in a new session of a graph with another seed.

    Parameters
    ----------
    session : Session or InteractiveSession
        The session. Its plans stay as they are, and so do its variables.
    seed : int
        What ``tf.set_random_seed`` would have been called with before the graph was built.

    Raises
    ------
    RuntimeError
        If the session is closed.

    Notes
    -----
    Operations built without any seed, whose streams differ from session to session, go on with
    theirs. A run under way may draw its last numbers from the old streams.
    """
    session._check_not_closed()
    session._state.streams.restart(int(seed))


def read_streams(session: BaseSession) -> dict[str, Array]:
    """Say where all the random streams of a session are.

    Parameters
    ----------
    session : Session or InteractiveSession
        The session, which should not be running.

    Returns
    -------
    dict of str to numpy.ndarray of int64, shape (3,)
        For each random operation of the graph, those in the bodies of conditionals and loops
        included: the key, the upper half of the counter and the number of the next block, all
        modulo 2**64. Nothing else is kept from draw to draw.

    Raises
    ------
    RuntimeError
        If the session is closed.
    """
    session._check_not_closed()
    streams = session._state.streams
    found = {name: streams.of(op) for name, op in streams.operations(session.graph).items()}
    return {
        name: np.array([*s.seeds, s.position], np.uint64).view(np.int64)
        for name, s in found.items()
    }


def write_streams(session: BaseSession, states: Mapping[str, Array]) -> None:
    """Let a session draw what another one would have drawn next.

    Parameters
    ----------
    session : Session or InteractiveSession
        The session, of the same graph or one built by the same program.
    states : dict of str to numpy.ndarray of int64, shape (3,)
        What `read_streams` gave; operations that it does not name go on as they are.

    Raises
    ------
    RuntimeError
        If the session is closed.
    ValueError
        If a name is of no random operation of the graph, or a state has another form; then no
        stream is changed.
    """
    session._check_not_closed()
    known = session._state.streams.operations(session.graph)
    foreign = [name for name in states if name not in known]
    if foreign:
        raise ValueError(
            f"There are states of random streams for {foreign}, but the graph's random "
            f"operations are {list(known)}"
        )
    session._state.streams.replace({known[n]: _stream_at(n, s) for n, s in states.items()})


def _stream_at(name: str, state: Array) -> PhiloxStream:
    numbers = np.asarray(state)
    if numbers.shape != (3,) or numbers.dtype.kind not in "iu":
        raise ValueError(
            f"The state of the random stream of {name!r} must be three integers, but it has "
            f"type {numbers.dtype} and shape {numbers.shape}"
        )
    seed, seed2, position = numbers.tolist()
    return PhiloxStream(seed, seed2, position % 2**64)


def random_operations(graph: Graph) -> dict[str, Operation]:
    """The random operations of a graph and of the bodies in it, by name.

    Where operations of several bodies have one name, all but the first get a number after it.
    """
    found: dict[str, Operation] = {}
    for op in _operations(graph, {graph}):
        if "seed" in op.attrs and "seed2" in op.attrs:
            name, count = op.name, 0
            while name in found:
                count += 1
                name = f"{op.name}_{count}"
            found[name] = op
    return found


def _operations(graph: Graph, seen: set[Graph]) -> Iterator[Operation]:
    """All operations of a graph, and of the bodies in it that were not seen before."""
    for op in graph._operations:
        yield op
        for value in op.attrs.values():
            if isinstance(value, Graph) and value not in seen:
                seen.add(value)
                yield from _operations(value, seen)
