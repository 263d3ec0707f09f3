"""The generated files of `skflow.proto` follow from its `.proto` texts."""

from __future__ import annotations

import pytest
from google.protobuf import descriptor_pb2, text_format

from skflow.proto import _pool
from skflow.proto._compiler import ProtoSyntaxError, compile_folder, compile_texts
from skflow.proto.build import FOLDER, generated

HEAD = 'syntax = "proto3"; package p; '


@pytest.mark.parametrize(("name", "content"), generated().items(), ids=list(generated()))
def test_generated_file_is_up_to_date(name: str, content: bytes) -> None:
    assert (FOLDER / name).read_bytes() == content, "run `python -m skflow.proto.build`"


def test_every_text_is_compiled() -> None:
    files = compile_folder(FOLDER).file
    assert sorted(file.name for file in files) == sorted(
        f"skflow/proto/{path.name}" for path in FOLDER.glob("*.proto")
    )
    assert len(files) > 5


def test_short_names_are_unique() -> None:
    nodes = [n for f in compile_folder(FOLDER).file for n in (*f.message_type, *f.enum_type)]
    names = [node.name for node in nodes]
    assert len(set(names)) == len(names)
    assert set(names) | {"Message", "DecodeError"} == set(_pool.registry().names)


def test_everything_that_is_understood() -> None:
    """One small file against its descriptor, written out by hand."""
    text = """
    // A comment.
    syntax = "proto3";
    package p;
    message Outer {
      enum Kind { NONE = 0; BAD = -1; }
      message Inner { Kind kind = 1; }
      reserved 4;
      reserved "old";
      repeated Inner some_inner = 2;
      map<string, Outer.Inner> by_name = 3;
      oneof one { bytes b = 5; p.Outer o = 6; }
    }
    """
    expected = """
    name: "a.proto" package: "p" syntax: "proto3"
    message_type {
      name: "Outer"
      field { name: "some_inner" number: 2 label: LABEL_REPEATED type: TYPE_MESSAGE
              type_name: ".p.Outer.Inner" }
      field { name: "by_name" number: 3 label: LABEL_REPEATED type: TYPE_MESSAGE
              type_name: ".p.Outer.ByNameEntry" }
      field { name: "b" number: 5 label: LABEL_OPTIONAL type: TYPE_BYTES oneof_index: 0 }
      field { name: "o" number: 6 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".p.Outer"
              oneof_index: 0 }
      nested_type {
        name: "Inner"
        field { name: "kind" number: 1 label: LABEL_OPTIONAL type: TYPE_ENUM
                type_name: ".p.Outer.Kind" }
      }
      nested_type {
        name: "ByNameEntry"
        field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
        field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE
                type_name: ".p.Outer.Inner" }
        options { map_entry: true }
      }
      enum_type { name: "Kind" value { name: "NONE" number: 0 } value { name: "BAD" number: -1 } }
      oneof_decl { name: "one" }
      reserved_range { start: 4 end: 5 }
      reserved_name: "old"
    }
    """
    file = descriptor_pb2.FileDescriptorProto()
    text_format.Parse(expected, file)
    assert list(compile_texts({"a.proto": text}).file) == [file]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("service S {}", "a.proto:1: unexpected 'service'"),
        (HEAD + "message M {\nint32 a = x;}", "a.proto:2: expected a number, got 'x'"),
        (HEAD + "message M { int32 a 1; }", "expected '=', got '1'"),
        (HEAD + "message M { int32 a = 1 [packed = true]; }", "unexpected character '\\['"),
        (HEAD + "message M {", "the text ends too early"),
        (HEAD + "message M { Lost a = 1; }", "p.M.a: unknown type Lost"),
        (HEAD + 'import "b.proto";', "imports missing or in a circle: \\['a.proto'\\]"),
        (HEAD + "import b;", "expected a string, got 'b'"),
    ],
)
def test_what_is_not_understood_is_an_error(text: str, reason: str) -> None:
    with pytest.raises(ProtoSyntaxError, match=reason):
        compile_texts({"a.proto": text})


def test_a_type_is_visible_only_through_an_import() -> None:
    other = HEAD + "message N {}"
    user = "message M { N n = 1; }"
    assert compile_texts({"a.proto": HEAD + 'import "b.proto"; ' + user, "b.proto": other}).file
    with pytest.raises(ProtoSyntaxError, match="unknown type N"):
        compile_texts({"a.proto": HEAD + user, "b.proto": other})
