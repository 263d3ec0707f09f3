"""Rows of the operations that turn values into messages."""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np

from tests.op_cases.case import Case, Elsewhere

_GOLDEN: Final = "tests/summary/test_ops.py::test_bytes_equal_tensorflows"
_BYTES: Final = "bytes are compared with what TensorFlow wrote"


def _strings(*values: bytes) -> Any:
    return np.array(values, dtype=object)


def _field(number: int, content: bytes) -> bytes:
    """A field of a message, shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


def _scalars(tags: Any, values: Any) -> Any:
    found = b"".join(
        _field(1, _field(1, t) + b"\x15" + struct.pack("<f", v))
        for t, v in zip(tags.reshape(-1), values.reshape(-1), strict=True)
    )
    return np.array(found, dtype=object)


def _joined(inputs: list[Any]) -> Any:
    """Messages one after another are one message of all their values."""
    return np.array(b"".join(b"".join(x.reshape(-1)) for x in inputs), dtype=object)


CASES: list[Case | Elsewhere] = [
    Case(
        "ScalarSummary",
        [_strings(b"a", b"b/c", b"d"), np.array([1, 0, 100])],
        _scalars,
        special=[
            (np.array(b"x", dtype=object), np.array(3)),
            (_strings(), np.zeros(0, np.int64)),
            (_strings(b"a", b"a").reshape(1, 2), np.array([[1, 2]])),
        ],
    ),
    Case(
        "MergeSummary",
        [[_scalars(_strings(b"a"), np.array([1.0])), _scalars(_strings(b"b"), np.array([2.0]))]],
        _joined,
        special=[([_strings(), np.array(b"", dtype=object)],)],
    ),
    Elsewhere("HistogramSummary", _GOLDEN, _BYTES),
    Elsewhere("ImageSummary", _GOLDEN, _BYTES),
    Elsewhere("AudioSummary", "tests/summary/test_ops.py::test_the_older_sound", _BYTES),
    Elsewhere("AudioSummaryV2", _GOLDEN, _BYTES),
    Elsewhere("TensorSummary", _GOLDEN, _BYTES),
    Elsewhere("TensorSummaryV2", "tests/summary/test_ops.py::test_text", "it is later's"),
]
