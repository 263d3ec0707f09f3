"""What a stateful kernel may ask of the runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from skflow.graph.core import Graph
from skflow.graph.dtypes import Array, DType
from skflow.graph.nodes import Operation
from skflow.graph.philox import PhiloxStream


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
