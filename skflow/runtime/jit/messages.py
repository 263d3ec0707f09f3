"""Messages between the process that runs kernels and the one that compiles them."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO, Final

_HEAD: Final = struct.Struct("<II")  # sizes of the facts, in JSON, and of the body
_PIECE: Final = 1 << 20  # bytes: what is damaged may promise more than memory can hold


def write_message(stream: BinaryIO, facts: dict[str, Any], body: bytes) -> None:
    """Send facts and a body.

    Parameters
    ----------
    stream : file object
        Where to.
    facts : dict
        What JSON can hold.
    body : bytes
        Text or code.
    """
    head = json.dumps(facts).encode()
    rest = memoryview(_HEAD.pack(len(head), len(body)) + head + body)
    while rest:
        rest = rest[stream.write(rest) or 0 :]
    stream.flush()


def read_message(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """Receive facts and a body; ``None`` at the end of the stream."""
    head = _exactly(stream, _HEAD.size)
    if head is None:
        return None
    sizes = _HEAD.unpack(head)
    facts, body = (_exactly(stream, size) for size in sizes)
    if facts is None or body is None:
        return None
    return json.loads(facts), body


def _exactly(stream: BinaryIO, size: int) -> bytes | None:
    """So many bytes, which may come one after the other; ``None`` if there are not as many."""
    found = bytearray()
    while len(found) < size:
        piece = stream.read(min(size - len(found), _PIECE))
        if not piece:
            return None
        found += piece
    return bytes(found)
