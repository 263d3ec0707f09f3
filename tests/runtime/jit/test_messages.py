"""Messages arrive as they were sent, in whichever pieces, or not at all."""

from __future__ import annotations

import io
from typing import Any

import pytest

from skflow.runtime.jit.messages import read_message, write_message


class Piecemeal(io.BytesIO):
    """A stream that gives and takes a few bytes at a time, as pipes may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 3))

    def write(self, data: Any) -> int:
        return super().write(bytes(data[:5]))


@pytest.mark.parametrize("kind", [io.BytesIO, Piecemeal])
def test_messages_follow_each_other(kind: type[io.BytesIO]) -> None:
    stream = kind()
    sent = [({"a": 1, "names": {"run": "x"}}, b"body"), ({}, b""), ({"é": "ü"}, b"\0" * 1000)]
    for facts, body in sent:
        write_message(stream, facts, body)
    stream.seek(0)
    assert [read_message(stream) for _ in sent] == sent
    assert read_message(stream) is None


def test_a_message_that_ends_too_soon() -> None:
    stream = io.BytesIO()
    write_message(stream, {"a": 1}, b"body")
    whole = stream.getvalue()
    for end in range(len(whole)):
        assert read_message(io.BytesIO(whole[:end])) is None


def test_a_message_that_promises_too_much() -> None:
    assert read_message(io.BytesIO(b"\xff" * 100)) is None
