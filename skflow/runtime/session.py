"""Sessions: look up the plan, fill in what is fed, run, and give back what is fetched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from skflow.graph.core import Graph, get_default_graph
from skflow.graph.lazy import LazyModule
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.stacks import default_session
from skflow.runtime.calls import Call, Context, run_reporting
from skflow.runtime.feed import feed_items
from skflow.runtime.fetch import FetchList
from skflow.runtime.locks import ReentrantLock
from skflow.runtime.options import read_options
from skflow.runtime.program import Program
from skflow.runtime.state import State

if TYPE_CHECKING:
    from skflow.runtime import describe
    from skflow.runtime.describe import CompiledPlan
else:
    describe = LazyModule("skflow.runtime.describe")

_MOST_CALLS: Final = 1024


def _call_key(fetches: Any, feed_dict: dict[Any, Any] | None) -> Any:
    """What tells calls of `run` apart: fetches by identity, and what is fed."""
    kind = type(fetches)
    fetched: Any = (kind, *map(id, fetches)) if kind in (list, tuple) else id(fetches)
    return (fetched, *feed_dict) if feed_dict else fetched


def _lasts(fetch: Any) -> bool:
    """Whether a fetch lives as long as its graph, so that its id stays its own."""
    return type(fetch) in (Tensor, Operation)


class BaseSession:
    """What `Session` and `InteractiveSession` share.

    Parameters
    ----------
    target : str
        Only ``""``, the process itself.
    graph : Graph, optional
        The graph to run; by default the default graph.
    config : ConfigProto, optional
        How many threads a run may use, and when its plan is compiled (see `docs/threads.md`).

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    InvalidArgumentError
        If a number of threads is negative.
    """

    def __init__(
        self, target: str | bytes = "", graph: Graph | None = None, config: Any = None
    ) -> None:
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        if not isinstance(target, (str, bytes)):
            raise TypeError(f"target must be a string, but got {target}")
        self._graph = get_default_graph() if graph is None else graph
        self._target = target
        self._config = config
        self._closed = False
        self._state = State(read_options(config))
        self._calls: dict[Any, Call] = {}
        self._programs: dict[Any, Program] = {}
        self._bodies: dict[Graph, Program] = {}
        self._lock = ReentrantLock()

    @property
    def graph(self) -> Graph:
        """The graph that this session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as a ``GraphDef`` message."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> bytes:
        """The target, as TensorFlow gives it."""
        return self._target.encode() if isinstance(self._target, str) else self._target

    def close(self) -> None:
        """Forget all variables; a closed session does not run any more."""
        with self._lock:
            self._closed = True
            for program in [*self._programs.values(), *self._bodies.values()]:
                program.close()
            self._calls.clear()
            self._programs.clear()
            self._bodies.clear()
            self._state.clear()

    def as_default(self) -> AbstractContextManager[Any]:
        """Make this the session that `Tensor.eval` and `Operation.run` use in the block."""
        return default_session(self)

    def run(
        self,
        fetches: Any,
        feed_dict: dict[Any, Any] | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Run what the fetches need, once, and return their values.

        Parameters
        ----------
        fetches : object
            A tensor, operation, variable, name, sparse tensor, or any nesting of them.
        feed_dict : dict, optional
            Values to use in place of tensors (any tensors, not only placeholders).
        options : RunOptions, optional
            What to report: with ``trace_level=RunOptions.FULL_TRACE`` the times and memory of
            each step, with ``output_partition_graphs=True`` the part of the graph that is run.
            Nothing else in it matters.
        run_metadata : RunMetadata, optional
            Holds the report afterwards, and nothing else; also when the run fails.

        Returns
        -------
        object
            Values in the nesting of the fetches: arrays and scalars of the caller's own,
            ``None`` for operations.

        Raises
        ------
        RuntimeError
            If the session is closed or the graph empty.
        TypeError, ValueError
            If something cannot be fetched or fed.
        OpError
            If an operation fails; it names the operation and where it was built.

        Notes
        -----
        Within one run variables are read before they are updated unless control dependencies
        say otherwise. A run that updates variables runs alone; others may run at the same time.
        """
        if feed_dict is not None and not isinstance(feed_dict, dict):
            raise TypeError(f"feed_dict must be a dictionary, but got {type(feed_dict)}")
        key = _call_key(fetches, feed_dict)
        call = self._calls.get(key)
        values: Collection[Any] = feed_dict.values() if feed_dict else ()
        if call is None or self._closed:
            call, values = self._prepare(key, fetches, feed_dict)
        if options is not None or run_metadata is not None:
            return run_reporting(call, values, self._graph, options, run_metadata)
        return call(values)

    def plan(self, fetches: Any, feed_dict: dict[Any, Any] | None = None) -> CompiledPlan:
        """What `run` does for some fetches and feeds: the compiled steps, to be looked at.

        Parameters
        ----------
        fetches, feed_dict : object
            As in `run`; nothing is run, but of what is fed the shapes matter.

        Returns
        -------
        CompiledPlan
            Call its `describe` to see the steps, their shapes and bytes, and the lines of the
            program that they come from.

        Raises
        ------
        RuntimeError, TypeError, ValueError
            As in `run`.
        """
        if feed_dict is not None and not isinstance(feed_dict, dict):
            raise TypeError(f"feed_dict must be a dictionary, but got {type(feed_dict)}")
        call, values = self._prepare(_call_key(fetches, feed_dict), fetches, feed_dict)
        program = call.program
        assert isinstance(program, Program)
        executable = program.executable(program.feeders.arrays(values))
        return describe.CompiledPlan(executable.code, self._body, program.feeds)

    def _release(self, above: int, most: int) -> None:
        """Let go of what can be had again (see `Program.release`); variables stay."""
        with self._lock:
            for program in [*self._programs.values(), *self._bodies.values()]:
                program.release(above, most)

    def __reduce__(self) -> Any:
        raise TypeError("A session cannot be copied or pickled: save its variables instead.")

    def _check_not_closed(self) -> None:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")

    def _check_open(self) -> None:
        self._check_not_closed()
        if not self._graph._operations:
            raise RuntimeError(
                "The Session graph is empty.  Add operations to the graph before calling run()."
            )

    def _prepare(
        self, key: Any, fetches: Any, feed_dict: dict[Any, Any] | None
    ) -> tuple[Call, list[Any]]:
        """The call of `run` that fits, made if it is new, and the values to feed it."""
        self._check_open()
        items = feed_items(self._graph, feed_dict or {})
        call = self._make_call(fetches, [t for t, _ in items])
        flat = fetches if type(fetches) in (list, tuple) else (fetches,)
        if all(type(k) is Tensor for k in feed_dict or ()) and all(map(_lasts, flat)):
            with self._lock:
                if len(self._calls) >= _MOST_CALLS:
                    self._calls.clear()
                self._calls[key] = call
        return call, [v for _, v in items]

    def _make_call(self, fetches: Any, feeds: list[Tensor]) -> Call:
        wanted = FetchList(self._graph, fetches)
        key = (tuple(wanted.items), tuple(feeds))
        with self._lock:
            program = self._programs.get(key)
            if program is None:
                if len(self._programs) >= _MOST_CALLS:
                    self._programs.clear()
                program = Program(self._state, wanted.items, feeds, self._context)
                self._programs[key] = program
        return Call(program, wanted.rebuild)

    def make_callable(
        self, fetches: Any, feed_list: Sequence[Any] | None = None, accept_options: bool = False
    ) -> Callable[..., Any]:
        """Return a function that runs the fetches on values given in order.

        Parameters
        ----------
        fetches : object
            As in `run`.
        feed_list : list of Tensor, optional
            The tensors that the function's arguments are fed for.
        accept_options : bool
            Whether the function takes ``options`` and ``run_metadata``, as `run` does.

        Returns
        -------
        callable
            ``f(*values)``; quicker than `run` for small steps.

        Raises
        ------
        TypeError
            If `feed_list` is not a list.
        """
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError("`feed_list` must be a list or tuple.")
        self._check_open()
        feeds = [t for t, _ in feed_items(self._graph, dict.fromkeys(feed_list or ()))]
        call, count = self._make_call(fetches, feeds), len(feeds)

        def bound(call: Callable[[Collection[Any]], Any]) -> Callable[..., Any]:
            def function(*values: Any) -> Any:
                if self._closed:
                    self._check_not_closed()
                if len(values) != count:
                    raise TypeError(f"{count} values are fed, {len(values)} were given")
                return call(values)

            return function

        function = bound(call)

        def reporting(*values: Any, options: Any = None, run_metadata: Any = None) -> Any:
            if options is None and run_metadata is None:
                return function(*values)
            report = bound(lambda v: run_reporting(call, v, self._graph, options, run_metadata))
            return report(*values)

        return reporting if accept_options else function

    def _context(self, op: Operation) -> Context:
        return Context(op, self)

    def _call_body(self, body: Any, arguments: Sequence[Any]) -> list[Any]:
        program = self._bodies.get(body)
        if program is None:
            program = self._body(body)
        return list(program.run([np.asarray(a) for a in arguments]))

    def _body(self, body: Any) -> Program:
        """The program of a body, made at its first use."""
        with self._lock:
            program = self._bodies.get(body)
            if program is None:
                program = self._bodies[body] = Program(
                    self._state, body.outputs, body.inputs, self._context, inner=True
                )
            return program


class Session(BaseSession):
    """Runs operations of a graph and remembers the values of its variables.

    Sessions of one graph share nothing. One session may be used from many threads.

    Parameters
    ----------
    target : str
        Only ``""``, the process itself.
    graph : Graph, optional
        The graph to run; by default the default graph.
    config : ConfigProto, optional
        How many threads a run may use, and when its plan is compiled (see `docs/threads.md`).

    Examples
    --------
    >>> import skflow as tf
    >>> with tf.Graph().as_default(), tf.Session() as session:
    ...     print(session.run(tf.constant(6) * 7))
    42
    """

    def __init__(
        self, target: str | bytes = "", graph: Graph | None = None, config: Any = None
    ) -> None:
        super().__init__(target, graph, config)
        self._entered: ExitStack | None = None

    def __enter__(self) -> Self:
        if self._entered is not None:
            raise RuntimeError(
                "Session context managers are not re-entrant. Use `Session.as_default()` if you "
                "want to enter a session multiple times."
            )
        self._entered = ExitStack()
        self._entered.enter_context(self._graph.as_default())
        self._entered.enter_context(self.as_default())
        return self

    def __exit__(self, *exc: object) -> None:
        entered, self._entered = self._entered, None
        if entered is not None:
            entered.close()
        self.close()

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """Do nothing: resources never outlive their session."""
        del target, containers, config


class InteractiveSession(BaseSession):
    """A session that is the default one from its making until it is closed.

    Parameters
    ----------
    target : str
        Only ``""``, the process itself.
    graph : Graph, optional
        The graph to run; by default the default graph.
    config : ConfigProto, optional
        How many threads a run may use, and when its plan is compiled (see `docs/threads.md`).
    """

    def __init__(
        self, target: str | bytes = "", graph: Graph | None = None, config: Any = None
    ) -> None:
        super().__init__(target, graph, config)
        self._entered = ExitStack()
        self._entered.enter_context(self.as_default())
        if graph is not None:
            self._entered.enter_context(graph.as_default())

    def close(self) -> None:
        """Stop being the default session and forget all variables."""
        super().close()
        self._entered.close()
