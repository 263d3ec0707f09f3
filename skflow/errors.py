"""Exceptions raised on purpose by the engine, under TensorFlow's names and codes."""

from __future__ import annotations

import contextlib
import itertools
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

__all__ = [
    "ABORTED",
    "ALREADY_EXISTS",
    "CANCELLED",
    "DATA_LOSS",
    "DEADLINE_EXCEEDED",
    "FAILED_PRECONDITION",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "OK",
    "OUT_OF_RANGE",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
    "UNKNOWN",
    "AbortedError",
    "AlreadyExistsError",
    "CancelledError",
    "DataLossError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "OpError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
    "error_code_from_exception_type",
    "exception_type_from_error_code",
    "raise_exception_on_not_ok_status",
]

OK: Final = 0
CANCELLED: Final = 1
UNKNOWN: Final = 2
INVALID_ARGUMENT: Final = 3
DEADLINE_EXCEEDED: Final = 4
NOT_FOUND: Final = 5
ALREADY_EXISTS: Final = 6
PERMISSION_DENIED: Final = 7
RESOURCE_EXHAUSTED: Final = 8
FAILED_PRECONDITION: Final = 9
ABORTED: Final = 10
OUT_OF_RANGE: Final = 11
UNIMPLEMENTED: Final = 12
INTERNAL: Final = 13
UNAVAILABLE: Final = 14
DATA_LOSS: Final = 15
UNAUTHENTICATED: Final = 16

TracebackLine: TypeAlias = tuple[str, int, str, str | None]


class FailedOp(Protocol):
    """What an error asks of the operation that failed.

    An operation may also have an `_original_op`: the one it was made for, such as the forward
    operation of a gradient.
    """

    @property
    def name(self) -> str:
        """The operation's name."""

    @property
    def traceback(self) -> Sequence[TracebackLine]:
        """File, line number, function and source line of each call that led to the operation."""


class OpError(Exception):
    """An error while a graph runs.

    Parameters
    ----------
    node_def : NodeDef or None
        The node that failed, if known.
    op : Operation or None
        The operation that failed, if known.
    message : str
        What went wrong.
    error_code : int
        One of this module's codes, such as `INVALID_ARGUMENT`.

    Notes
    -----
    An error can be pickled, as it must be to leave a worker process; its operation then arrives
    as a record of its name and traceback, without its graph.
    """

    def __init__(self, node_def: Any, op: FailedOp | None, message: str, error_code: int) -> None:
        super().__init__(message)
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code

    @property
    def message(self) -> str:
        """What went wrong, without where the operation was defined."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, or None."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The node that failed, or None."""
        return self._node_def

    @property
    def error_code(self) -> int:
        """The code of this kind of error."""
        return self._error_code

    def __str__(self) -> str:
        if self._op is None:
            return self._message
        parts = [
            f"{self._message}\n\nCaused by op {self._op.name!r}, defined at:\n",
            *_definition(self._op),
            f"\n{type(self).__name__} (see above for traceback): {self._message}\n",
        ]
        return "".join(parts)

    def __reduce__(self) -> tuple[Any, ...]:
        state = {**self.__dict__, "_op": _record(self._op)}
        return _restore, (type(self), self.args), state


class CancelledError(OpError):
    """An operation was cancelled, for instance because its session closed."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, CANCELLED)


class UnknownError(OpError):
    """An error that fits no other class."""

    def __init__(
        self, node_def: Any, op: FailedOp | None, message: str, error_code: int = UNKNOWN
    ) -> None:
        super().__init__(node_def, op, message, error_code)


class InvalidArgumentError(OpError):
    """An operation got a value that it can never work with."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, INVALID_ARGUMENT)


class DeadlineExceededError(OpError):
    """The time allowed for a run ended first."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, DEADLINE_EXCEEDED)


class NotFoundError(OpError):
    """A file, or a tensor in a checkpoint, does not exist."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, NOT_FOUND)


class AlreadyExistsError(OpError):
    """Something to be created exists already."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, ALREADY_EXISTS)


class PermissionDeniedError(OpError):
    """The caller may not do this, such as write to a file."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, PERMISSION_DENIED)


class UnauthenticatedError(OpError):
    """The caller did not prove who it is."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, UNAUTHENTICATED)


class ResourceExhaustedError(OpError):
    """Memory, disk space or a quota has run out."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, RESOURCE_EXHAUSTED)


class FailedPreconditionError(OpError):
    """The state is not ready for the operation, such as a variable without a value."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, FAILED_PRECONDITION)


class AbortedError(OpError):
    """An operation was given up, usually because of another at the same time."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, ABORTED)


class OutOfRangeError(OpError):
    """An operation went past the end, such as that of the input."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, OUT_OF_RANGE)


class UnimplementedError(OpError):
    """There is no implementation of this operation, or not for these types."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, UNIMPLEMENTED)


class InternalError(OpError):
    """Something that the engine relies on does not hold: a bug."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, INTERNAL)


class UnavailableError(OpError):
    """A service cannot be used now; it may work later."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, UNAVAILABLE)


class DataLossError(OpError):
    """Stored data are damaged or cut short."""

    def __init__(self, node_def: Any, op: FailedOp | None, message: str) -> None:
        super().__init__(node_def, op, message, DATA_LOSS)


_CLASSES: Final[dict[int, Any]] = {
    CANCELLED: CancelledError,
    UNKNOWN: UnknownError,
    INVALID_ARGUMENT: InvalidArgumentError,
    DEADLINE_EXCEEDED: DeadlineExceededError,
    NOT_FOUND: NotFoundError,
    ALREADY_EXISTS: AlreadyExistsError,
    PERMISSION_DENIED: PermissionDeniedError,
    UNAUTHENTICATED: UnauthenticatedError,
    RESOURCE_EXHAUSTED: ResourceExhaustedError,
    FAILED_PRECONDITION: FailedPreconditionError,
    ABORTED: AbortedError,
    OUT_OF_RANGE: OutOfRangeError,
    UNIMPLEMENTED: UnimplementedError,
    INTERNAL: InternalError,
    UNAVAILABLE: UnavailableError,
    DATA_LOSS: DataLossError,
}
_CODES: Final = {class_: code for code, class_ in _CLASSES.items()}


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """Return the class of the errors with a code.

    Parameters
    ----------
    error_code : int
        A code other than `OK`.

    Returns
    -------
    type
        A subclass of `OpError`.

    Raises
    ------
    KeyError
        If no class has that code.

    Examples
    --------
    >>> exception_type_from_error_code(NOT_FOUND)
    <class 'skflow.errors.NotFoundError'>
    """
    class_: type[OpError] = _CLASSES[error_code]
    return class_


def error_code_from_exception_type(cls: type[OpError]) -> int:
    """Return the code of a class of errors.

    Parameters
    ----------
    cls : type
        A subclass of `OpError` defined in this module.

    Returns
    -------
    int
        Its code.

    Raises
    ------
    KeyError
        If the class has no code of its own.

    Examples
    --------
    >>> error_code_from_exception_type(NotFoundError) == NOT_FOUND
    True
    """
    return _CODES[cls]


@dataclass
class Status:
    """How a block of code ended, for callers that report failure by a code.

    Attributes
    ----------
    code : int
        `OK`, or the code of an error.
    message : str
        What went wrong.
    """

    code: int = OK
    message: str = ""


@contextlib.contextmanager
def raise_exception_on_not_ok_status() -> Iterator[Status]:
    """Raise the error that a block of code records in its status.

    Yields
    ------
    Status
        A status that is `OK` until the block says otherwise. An exception that the block raises
        itself passes through.

    Raises
    ------
    OpError
        Of the class of the status's code, when the block ends and the code is not `OK`.

    Examples
    --------
    >>> with raise_exception_on_not_ok_status() as status:
    ...     status.code, status.message = NOT_FOUND, "no such file"
    Traceback (most recent call last):
        ...
    skflow.errors.NotFoundError: no such file
    """
    status = Status()
    yield status
    if status.code == OK:
        return
    if status.code not in _CLASSES:
        # The third line up: past this generator and contextlib's __exit__, to the block.
        warnings.warn(f"Unknown error code: {status.code}", stacklevel=3)
        raise UnknownError(None, None, status.message, status.code)
    raise _CLASSES[status.code](None, None, status.message)


@dataclass(frozen=True)
class _OpRecord:
    """What is left of an operation when its error leaves the process."""

    name: str
    traceback: tuple[TracebackLine, ...]
    _original_op: _OpRecord | None = None


def _record(op: Any) -> _OpRecord | None:
    if op is None:
        return None
    lines = tuple(tuple(line) for line in op.traceback)
    return _OpRecord(op.name, lines, _record(_original(op)))


def _original(op: Any) -> Any:
    return getattr(op, "_original_op", None)


def _restore(cls: type[OpError], args: tuple[Any, ...]) -> OpError:
    error = cls.__new__(cls, *args)
    error.args = args
    return error


def _definition(op: Any) -> Iterator[str]:
    """Yield the lines that say where an operation, and those it was made for, were defined."""
    lines = _format(op)
    yield from lines
    while (op := _original(op)) is not None:
        yield f"\n...which was originally created as op {op.name!r}, defined at:\n"
        previous, lines = lines, _format(op)
        yield from _without_repeats(lines, previous)


def _format(op: Any) -> list[str]:
    return traceback.format_list([tuple(line) for line in op.traceback])


def _without_repeats(lines: list[str], previous: list[str]) -> Iterator[str]:
    """Yield `lines`, with runs that `previous` has at the same place cut to their two ends.

    The last line, where the operation was made, always shows.
    """
    pairs = itertools.zip_longest(lines, previous[: len(lines)])
    for same, run in itertools.groupby(pairs, lambda pair: pair[0] == pair[1]):
        first, *inner = (line for line, _ in run)
        yield first
        if same and len(inner) > 1:
            yield f"[elided {len(inner) - 1} identical lines from previous traceback]\n"
            yield inner[-1]
        else:
            yield from inner
