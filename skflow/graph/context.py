"""What a stateful kernel may ask of the runtime, and values that it may give it unread."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from skflow.graph.core import Graph
from skflow.graph.dtypes import Array, DType
from skflow.graph.nodes import Operation
from skflow.graph.philox import PhiloxStream


class Stored(ABC):
    """A value that lies in a file and goes straight into a variable's memory.

    Whatever else it is given to sees an array.

    Parameters
    ----------
    shape : tuple of int
        The value's shape.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    @abstractmethod
    def verify(self) -> None:
        """Read the value to see that it is undamaged, and keep nothing of it."""

    @abstractmethod
    def read_into(self, target: Array) -> None:
        """Read the value into an array of its shape, which holds anything if that fails."""

    @abstractmethod
    def read(self) -> Array:
        """Return the value in new memory."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        del copy
        return np.asarray(self.read(), dtype=dtype)


class Reference(Protocol):
    """A variable's place in a session: what a ``Ref(T)`` input is at run time."""

    name: str
    dtype: DType
    initialized: bool
    value: Array
    """The live storage, which kernels update in place; meaningless until initialized."""

    def read(self) -> Array:
        """The live storage; FailedPreconditionError while it holds no value."""

    def assign(self, value: Array, validate_shape: bool = True) -> None:
        """Copy a value in; InvalidArgumentError if the shapes must match and do not."""


class OpContext(Protocol):
    """The run that an operation is part of, as its kernel sees it."""

    op: Operation

    @property
    def threads(self) -> int:
        """How many threads the session's runs may use, the caller's own among them."""

    def reference(self) -> Reference:
        """The session's variable behind this operation (a ``VariableV2``)."""

    def resource(self, make: Any) -> Any:
        """This operation's own object in this session, made by ``make()`` at first use.

        It is kept from run to run and ends with the session.
        """

    def stream(self) -> PhiloxStream:
        """This operation's random stream in this session.

        The attributes `seed` and `seed2` start it, unless the session was told otherwise.
        """

    def call(self, body: Graph, arguments: Sequence[Any]) -> list[Any]:
        """Run a body graph (with ``inputs`` and ``outputs``) on values and return its outputs."""
