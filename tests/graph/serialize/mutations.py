"""Messages and their bytes, damaged at random."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

NUMBERS = (0, 1, -1, 2, 7, 127, 255, 4096, 1 << 20, (1 << 31) - 1, -(1 << 31))
LARGE = (*NUMBERS, 1 << 40, (1 << 63) - 1, -(1 << 63))
REALS = (0.0, -1.5, 1e30, float("inf"), float("nan"))
TEXTS = ("", "/", "^", ":", "a:0:0", "a:-1", "^^x", "x" * 300, "\u00e9", "_", "$", "a b", "0")
BYTES = (b"", b"\xff", b"loc:@", b"loc:@nothing", b"\0" * 64, b"dense:0", b"slices:9")


# ---- bytes ------------------------------------------------------------------------------------


def damaged_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut, repeat or overwrite, up to four times."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not found:
            break
        at = rng.randrange(len(found))
        until = min(len(found), at + rng.choice((1, 1, 2, 8, 64)))
        match rng.randrange(6):
            case 0:
                found[at] ^= 1 << rng.randrange(8)
            case 1:
                found[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 2:
                del found[at:until]
            case 3:
                found[at:at] = found[at:until]
            case 4:
                del found[at:]
            case 5:
                other = rng.randrange(len(found))
                found[at:until] = found[other : other + until - at]
    return bytes(found)


# ---- messages ---------------------------------------------------------------------------------


def parts(message: Any) -> Iterator[Any]:
    """A message and all messages in it."""
    yield message
    for _, value in message.ListFields():
        if hasattr(value, "ListFields"):
            yield from parts(value)
        elif hasattr(value, "items"):
            for key in list(value):
                if hasattr(value[key], "ListFields"):
                    yield from parts(value[key])
        elif not isinstance(value, str | bytes | int | float):
            for item in value:
                if hasattr(item, "ListFields"):
                    yield from parts(item)


def damaged_message(message: Any, rng: random.Random) -> Any:
    """A copy of a message, changed in up to four places."""
    found = type(message)()
    found.CopyFrom(message)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        everything = [p for p in parts(found) if p.ListFields()]
        if not everything:
            break
        part = rng.choice(everything)
        field, value = rng.choice(part.ListFields())
        try:
            _change(part, field, value, rng)
        except (ValueError, TypeError, OverflowError):
            part.ClearField(field.name)  # the field's own type refuses that value
    return found


def _change(part: Any, field: Any, value: Any, rng: random.Random) -> None:
    if rng.random() < 0.15:
        part.ClearField(field.name)
    elif hasattr(value, "items"):
        _change_map(value, rng)
    elif hasattr(value, "ListFields"):
        _replace(value, rng)
    elif isinstance(value, str | bytes | bool | int | float):
        setattr(part, field.name, _scalar(value, rng))
    else:
        _change_list(value, rng)


def _scalar(value: Any, rng: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice((*LARGE, value + 1, value - 1))
    if isinstance(value, float):
        return rng.choice(REALS)
    if isinstance(value, bytes):
        return rng.choice((*BYTES, damaged_bytes(value, rng)))
    at = rng.randrange(len(value) + 1)
    return rng.choice((*TEXTS, value[:at], value + "x", f"{value}:0", f"^{value}", value[at:]))


def _replace(message: Any, rng: random.Random) -> None:
    """Another message of the class, or an empty one."""
    if rng.random() < 0.5:
        message.Clear()
    else:
        message.MergeFrom(message)


def _change_map(entries: Any, rng: random.Random) -> None:
    key = rng.choice(sorted(entries))
    other = rng.choice(sorted(entries))
    if hasattr(entries[key], "CopyFrom"):
        match rng.randrange(3):
            case 0:
                entries[key].CopyFrom(entries[other])
            case 1:
                entries[rng.choice(("T", "_x", "shape", "N", "_class", ""))].CopyFrom(entries[key])
            case 2:
                del entries[key]
    elif rng.random() < 0.5:
        del entries[key]
    else:
        entries[key] = entries[other] if rng.random() < 0.5 else _scalar(entries[key], rng)


def _change_list(values: Any, rng: random.Random) -> None:
    at, other = rng.randrange(len(values)), rng.randrange(len(values))
    message = hasattr(values[at], "CopyFrom")
    match rng.randrange(4):
        case 0:
            del values[at]
        case 1:
            values.append(values[at])
        case 2:
            if message:
                values[at].CopyFrom(values[other])
            else:
                values[at] = values[other]
        case 3:
            if message:
                values[at].Clear()
            else:
                values[at] = _scalar(values[at], rng)
