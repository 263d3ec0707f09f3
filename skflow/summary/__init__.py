"""Summaries, event files and TensorBoard: `tf.summary`."""

from typing import Any as _Any, Final as _Final

from skflow import proto as _proto
from skflow.summary.file_writer import (
    FileWriter as FileWriter,
    FileWriterCache as FileWriterCache,
)
from skflow.summary.functions import (
    audio as audio,
    get_summary_description as get_summary_description,
    histogram as histogram,
    image as image,
    merge as merge,
    merge_all as merge_all,
    scalar as scalar,
    tensor_summary as tensor_summary,
    text as text,
)

_MESSAGES: _Final = ("Event", "SessionLog", "Summary", "SummaryDescription", "TaggedRunMetadata")


def __getattr__(name: str) -> _Any:
    """Load a message at its first use: protobuf is not needed to build and run graphs."""
    if name in _MESSAGES:
        return getattr(_proto, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, messages included."""
    return sorted({*globals(), *_MESSAGES})
