"""Bytes, text and the types that count as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow import compat


def test_round_trip() -> None:
    assert compat.as_bytes("µ") == compat.as_bytes(b"\xc2\xb5") == b"\xc2\xb5"
    assert compat.as_text(b"\xc2\xb5") == compat.as_text("µ") == "µ"
    assert compat.as_bytes("µ", "latin-1") == b"\xb5"
    assert compat.as_text(b"\xb5", encoding="latin-1") == "µ"
    assert compat.as_str is compat.as_text


def test_subclasses_of_str_and_bytes_count() -> None:
    assert compat.as_bytes(np.str_("a")) == b"a"
    assert compat.as_text(np.bytes_(b"a")) == "a"


@pytest.mark.parametrize("convert", [compat.as_bytes, compat.as_text])
@pytest.mark.parametrize(
    ("value", "shown"), [(1, "1"), (None, "None"), ((1, 2), r"\(1, 2\)"), (["a"], r"\['a'\]")]
)
def test_other_types_are_refused(convert: Any, value: Any, shown: str) -> None:
    with pytest.raises(TypeError, match=f"^Expected binary or unicode string, got {shown}$"):
        convert(value)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(UnicodeDecodeError):
        compat.as_text(b"\xff")


def test_as_str_any() -> None:
    assert compat.as_str_any(b"abc") == "abc"
    assert compat.as_str_any("abc") == "abc"
    assert compat.as_str_any(1.5) == "1.5"
    assert compat.as_str_any(None) == "None"


@pytest.mark.parametrize(
    ("value", "integral", "real", "is_complex"),
    [
        (1, True, True, True),
        (True, True, True, True),
        (np.int8(1), True, True, True),
        (np.uint64(1), True, True, True),
        (1.5, False, True, True),
        (np.float16(1), False, True, True),
        (1j, False, False, True),
        (np.complex64(1), False, False, True),
        (np.bool_(True), False, False, False),
        ("1", False, False, False),
    ],
)
def test_number_types(value: Any, integral: bool, real: bool, is_complex: bool) -> None:
    assert isinstance(value, compat.integral_types) == integral
    assert isinstance(value, compat.real_types) == real
    assert isinstance(value, compat.complex_types) == is_complex


def test_text_types() -> None:
    assert compat.bytes_or_text_types == (bytes, str)
