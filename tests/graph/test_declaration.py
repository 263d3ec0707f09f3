"""The language in which operations are declared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow.graph.declaration import Arg, Attr, as_attr, coerce, keywords, parse_args
from skflow.graph.dtypes import float32, int32


def test_arguments() -> None:
    found = parse_args("x: T, ref: Ref(T), values: N * T, data: Tin..., n: int32")
    assert found == (
        Arg("x", "T"),
        Arg("ref", "T", ref=True),
        Arg("values", "T", number="N"),
        Arg("data", "Tin", many=True),
        Arg("n", "int32"),
    )
    assert [a.is_list for a in found] == [False, False, True, True, False]
    assert parse_args("") == parse_args("  ") == ()


@pytest.mark.parametrize("text", ["x", "x: ", ": T", "x: T y", "x: Ref(T", "x: N * ", "x: 2 * T!"])
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="as an argument of an operation"):
        parse_args(text)


@pytest.mark.parametrize(
    ("default", "kind"),
    [
        (True, "bool"),
        (1, "int"),
        (1.0, "float"),
        ("x", "string"),
        (b"y", "string"),
        (int32, "type"),
    ],
)
def test_defaults_give_kinds(default: Any, kind: str) -> None:
    assert as_attr(default) == Attr(kind, default)
    given = Attr("shape")
    assert as_attr(given) is given
    assert given.default is ...


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("type", "float32", float32),
        ("type", np.int32, int32),
        ("shape", [None, 2], (None, 2)),
        ("shape", None, None),
        ("int", np.int64(3), 3),
        ("float", 1, 1.0),
        ("bool", 0, False),
        ("string", b"a", "a"),
        ("string", "text", "text"),
        ("list(int)", (np.int32(1), 2.0), [1, 2]),
        ("list(type)", [1, "int32"], [float32, int32]),
        ("list(shape)", [[1], None], [(1,), None]),
        ("tensor", 5, 5),
    ],
)
def test_values_are_brought_to_their_kind(kind: str, value: Any, wanted: Any) -> None:
    found = coerce(kind, value)
    assert found == wanted
    assert type(found) is type(wanted)


def test_keywords_are_the_attributes_a_function_wants() -> None:
    def kernel(x: Any, y: Any, *, axis: int, out: Any = None, keep: bool = False) -> None: ...

    assert keywords(kernel) == ("axis", "keep")
    assert keywords(np.add) == ()
    assert keywords(None) == ()
