"""Rows of the operations that name, write and read checkpoints."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from tests.op_cases.case import Case, Elsewhere

_TESTS: Final = "tests/train/test_saver_ops.py"
_FILES: Final = "it writes or reads files"


def _strings(*values: bytes) -> Any:
    return np.array(values, dtype=object)


def _scalar(value: bytes) -> Any:
    return np.array(value, dtype=object)


def _joined(inputs: list[Any], separator: str = "") -> Any:
    found = inputs[0]
    for other in inputs[1:]:
        found = found + separator.encode() + other
    return found


def _shard(basename: Any, shard: Any, num_shards: Any) -> Any:
    return _scalar(b"%s-%05d-of-%05d" % (basename.item(), shard, num_shards))


def _shards(basename: Any, num_shards: Any) -> Any:
    return _scalar(b"%s-?????-of-%05d" % (basename.item(), num_shards))


CASES: list[Case | Elsewhere] = [
    Case(
        "StringJoin",
        [[_strings(b"a", b"", b"\xff"), _strings(b"x", b"yz", b"")]],
        _joined,
        special=[
            ([_strings(b"a", b"b"), _scalar(b"c")],),
            ([_scalar(b"a"), _strings()],),
            ([_strings(b"a", b"b").reshape(1, 2), _scalar(b"c"), _scalar(b"")],),
        ],
    ),
    Case(
        "StringJoin",
        [[_scalar(b"a"), _strings(b"x", b"yz")]],
        _joined,
        attrs={"separator": ", "},
    ),
    Case(
        "ShardedFilename",
        [_scalar(b"dir/m\xc3\xa9.ckpt"), np.array(3), np.array(12)],
        _shard,
        special=[(_scalar(b""), np.array(123456), np.array(1234567))],
    ),
    Case("ShardedFilespec", [_scalar(b"dir/m.ckpt"), np.array(12)], _shards),
    Elsewhere("SaveV2", f"{_TESTS}::test_what_is_saved_is_restored", _FILES),
    Elsewhere("RestoreV2", f"{_TESTS}::test_what_is_saved_is_restored", _FILES),
    Elsewhere("Save", f"{_TESTS}::test_the_oldest_operations", _FILES),
    Elsewhere("Restore", f"{_TESTS}::test_the_oldest_operations", _FILES),
    Elsewhere("RestoreSlice", f"{_TESTS}::test_the_oldest_operations", _FILES),
    Elsewhere("SaveSlices", f"{_TESTS}::test_the_older_format", _FILES),
    Elsewhere("MergeV2Checkpoints", f"{_TESTS}::test_shards_are_merged", _FILES),
]
