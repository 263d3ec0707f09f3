"""What a session remembers from run to run: variables and the resources of stateful kernels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet, WeakValueDictionary

import numpy as np

from skflow import errors
from skflow.graph.context import Stored
from skflow.graph.dtypes import Array, DType
from skflow.graph.nodes import Operation
from skflow.graph.shapes import is_full, num_elements, shape_brackets
from skflow.runtime.locks import SharedLock
from skflow.runtime.options import Options, read_options
from skflow.runtime.streams import Streams


class Variable:
    """One variable's value in one session.

    Parameters
    ----------
    op : Operation
        The ``VariableV2`` operation that declares it.
    state : State
        The session's memory, told when the storage moves.
    """

    __slots__ = ("_state", "arena", "at", "dtype", "initialized", "name", "value")

    def __init__(self, op: Operation, state: State) -> None:
        self.name = op.attrs.get("shared_name") or op.name
        self.dtype: DType = op.outputs[0].dtype.base_dtype
        self.initialized = False
        self.arena: Array | None = None
        self.at = 0  # where the storage begins in its arena, in elements
        self._state = state
        shape = op.attrs["shape"]
        dims = shape if is_full(shape) else (0,)
        self.value: Array = np.zeros(dims, dtype=self.dtype.np_dtype)

    def read(self) -> Array:
        """The live storage; FailedPreconditionError while it holds no value."""
        if not self.initialized:
            raise errors.FailedPreconditionError(
                None, None, f"Attempting to use uninitialized value {self.name}"
            )
        return self.value

    def assign(self, value: Array | Stored, validate_shape: bool = True) -> None:
        """Copy a value in.

        Raises
        ------
        InvalidArgumentError
            If the shapes differ and `validate_shape` is set; the old value stays.
        """
        if self.value.shape == np.shape(value):
            if isinstance(value, Stored):
                self._fill(value)
            else:
                self.value[...] = value
        elif validate_shape and (self.initialized or num_elements(self.value.shape)):
            raise errors.InvalidArgumentError(
                None,
                None,
                "Assign requires shapes of both tensors to match. lhs shape= "
                f"{shape_brackets(self.value.shape)} rhs shape= {shape_brackets(np.shape(value))}",
            )
        else:
            new = value.read() if isinstance(value, Stored) else value
            convert = np.array if new is value else np.asarray
            self.move(convert(new, self.dtype.np_dtype, order="C"))
        self.initialized = True

    def _fill(self, stored: Stored) -> None:
        """Read a value from its file; if it proves to be damaged, the old value stays."""
        if self.initialized:
            stored.verify()
        # Should the file fail now, there is neither the old value nor the new one.
        self.initialized = False
        self._state.layout += 1  # plans see when they are bound whether there is a value
        stored.read_into(self.value)

    def forget(self) -> None:
        """Hold no value and no memory: plans that know the variable may outlive its session."""
        self.initialized = False
        self.value, self.arena = np.zeros(0, self.value.dtype), None

    def move(self, storage: Array) -> None:
        """Let the value live in `storage` from now on; plans bound to the old place are redone."""
        self.value = storage
        self.arena = None
        self._state.layout += 1


class State:
    """The memory of one session: nothing in it is shared with another session.

    Parameters
    ----------
    options : Options, optional
        What the session was told about threads and compiling.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.threads, self.branches, self.jit = options or read_options(None)
        self.layout = 0
        self.lock = SharedLock()
        self.streams = Streams()
        self._lock = threading.RLock()
        self._variables: dict[str, Variable] = {}
        self._resources: dict[Operation, Any] = {}
        self._plans: WeakSet[Any] = WeakSet()
        self._gradients: WeakValueDictionary[Any, Array] = WeakValueDictionary()

    def add_plan(self, plan: Any) -> None:
        """Take note of a compiled plan: when variables move, its idle memory is let go of."""
        with self._lock:
            self._plans.add(plan)

    def variable(self, op: Operation) -> Variable:
        """The variable a ``VariableV2`` operation declares, by its name."""
        name = op.attrs.get("shared_name") or op.name
        found = self._variables.get(name)
        if found is None:
            with self._lock:
                found = self._variables.setdefault(name, Variable(op, self))
        return found

    def gradient_memory(
        self, variables: Sequence[Variable], size: int, dtype: np.dtype[Any]
    ) -> Array:
        """Memory for the gradients of an update, the same as long as somebody holds it."""
        key = (*variables, size, dtype)
        with self._lock:
            found = self._gradients.get(key)
            if found is None:
                found = self._gradients[key] = np.empty(size, dtype)
            return found

    def arrange(self, variables: Sequence[Variable]) -> Array | None:
        """Lay variables side by side in one flat array.

        Returns
        -------
        numpy.ndarray or None
            The flat array, whose parts are the variables' storages in order; ``None`` if one of
            them lies in another arrangement already.
        """
        first = variables[0]
        if first.arena is not None:
            ends = np.cumsum([v.value.size for v in variables])
            same = all(v.arena is first.arena for v in variables)
            if (
                same
                and first.arena.size == ends[-1]
                and all(v.at == end - v.value.size for v, end in zip(variables, ends, strict=True))
            ):
                return first.arena
        if any(v.arena is not None for v in variables):
            return None
        with self._lock:
            for plan in self._plans:
                plan.release(-1)  # it is bound to where they lie now, and would keep that
        flat: Array = np.concatenate([v.value.reshape(-1) for v in variables])
        at = 0
        for variable in variables:
            size = variable.value.size
            variable.move(flat[at : at + size].reshape(variable.value.shape))
            variable.arena, variable.at = flat, at
            at += size
        return flat

    def resource(self, op: Operation, make: Callable[[], Any]) -> Any:
        """The object a stateful operation keeps in this session, made at first use."""
        try:
            return self._resources[op]
        except KeyError:
            with self._lock:
                if op not in self._resources:
                    self._resources[op] = make()
                return self._resources[op]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for variable in self._variables.values():
                variable.forget()
            self._variables.clear()
            self._resources.clear()
            self.streams.clear()
            self.layout += 1
