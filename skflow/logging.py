"""Messages to the user, through the standard library's logger named "tensorflow".

What TensorFlow 1.1.0 does, less two of its faults: the handler looks up `sys.stderr` when it
writes, so that a redirection holds, and `flush` flushes. The root logger is left alone, and
records still reach it.
"""

from __future__ import annotations

import itertools
import logging as _logging
import sys
from collections.abc import Iterator
from logging import DEBUG, ERROR, FATAL, INFO, WARN
from typing import Final, TextIO

__all__ = [
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "TaskLevelStatusMessage",
    "debug",
    "error",
    "fatal",
    "flush",
    "get_verbosity",
    "info",
    "log",
    "log_every_n",
    "log_first_n",
    "log_if",
    "set_verbosity",
    "vlog",
    "warn",
    "warning",
]


class _StandardStreamHandler(_logging.StreamHandler[TextIO]):
    """A handler for whatever `sys.stdout` or `sys.stderr` is at the time."""

    def __init__(self, stream_name: str) -> None:
        # Handler, not StreamHandler, whose own would store a stream.
        _logging.Handler.__init__(self)
        self._stream_name = stream_name
        self.setFormatter(_logging.Formatter(_logging.BASIC_FORMAT))

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The stream to write to now."""
        stream: TextIO = getattr(sys, self._stream_name)
        return stream


def _configure(logger: _logging.Logger) -> None:
    """Give the logger its handler, unless it has one, say of TensorFlow's in this process."""
    interactive = hasattr(sys, "ps1") or bool(sys.flags.interactive)
    if interactive:
        logger.setLevel(INFO)
    if not logger.handlers:
        logger.addHandler(_StandardStreamHandler("stdout" if interactive else "stderr"))


_logger: Final = _logging.getLogger("tensorflow")
_configure(_logger)

# The logger's own methods, so that a record names the caller's line.
log = _logger.log
debug = _logger.debug
info = _logger.info
warning = warn = _logger.warning
error = _logger.error
fatal = _logger.critical


def TaskLevelStatusMessage(msg: object) -> None:
    """Log a message about the whole task, as an error.

    Parameters
    ----------
    msg : str
        The message.
    """
    _logger.error(msg, stacklevel=2)


def vlog(level: int, msg: object, *args: object, **kwargs: object) -> None:
    """Log a message.

    Parameters
    ----------
    level : int
        One of this module's levels, or a number between them.
    msg : str
        The message, or a ``%`` format for `args`.
    *args, **kwargs
        As in `logging.Logger.log`.
    """
    kwargs.setdefault("stacklevel", 2)
    _logger.log(level, msg, *args, **kwargs)  # type: ignore[arg-type]


def log_if(level: int, msg: object, condition: object, *args: object) -> None:
    """Log a message if a condition holds.

    Parameters
    ----------
    level : int
        One of this module's levels.
    msg : str
        The message, or a ``%`` format for `args`.
    condition : bool
        Whether to log.
    *args
        What the format needs.
    """
    if condition:
        _logger.log(level, msg, *args, stacklevel=2)


def log_every_n(level: int, msg: object, n: int, *args: object) -> None:
    """Log a message the first of every `n` times that the calling line runs.

    Parameters
    ----------
    level : int
        One of this module's levels.
    msg : str
        The message, or a ``%`` format for `args`.
    n : int
        How many calls make one message.
    *args
        What the format needs.
    """
    if _calls_before() % n == 0:
        _logger.log(level, msg, *args, stacklevel=2)


def log_first_n(level: int, msg: object, n: int, *args: object) -> None:
    """Log a message the first `n` times that the calling line runs.

    Parameters
    ----------
    level : int
        One of this module's levels.
    msg : str
        The message, or a ``%`` format for `args`.
    n : int
        How many messages to log.
    *args
        What the format needs.
    """
    if _calls_before() < n:
        _logger.log(level, msg, *args, stacklevel=2)


def flush() -> None:
    """Write out what the handlers hold back."""
    for handler in _logger.handlers:
        handler.flush()


def get_verbosity() -> int:
    """Return the level from which on messages are logged: `WARN` unless set.

    Returns
    -------
    int
        A level.
    """
    return _logger.getEffectiveLevel()


def set_verbosity(verbosity: int | str) -> None:
    """Set the level from which on messages are logged.

    Parameters
    ----------
    verbosity : int or str
        A level, or its name.
    """
    _logger.setLevel(verbosity)


_calls: dict[tuple[str, int], Iterator[int]] = {}


def _calls_before() -> int:
    """Count a call by the line two frames up; return how many came before it."""
    frame = sys._getframe(2)
    # setdefault and next are each atomic, so that threads never count one call twice.
    return next(_calls.setdefault((frame.f_code.co_filename, frame.f_lineno), itertools.count()))
