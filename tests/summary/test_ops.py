"""Summaries equal TensorFlow 1.1.0's: graphs node by node, messages byte by byte."""

from __future__ import annotations

import base64
import gzip
import json
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import proto
from skflow.graph.registry import raw
from skflow.proto.text import parse_text
from tests.golden import summary_programs

GOLDEN: dict[str, dict[str, Any]] = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "golden" / "summaries.json.gz").read_bytes())
)
FILES = ("writer", "from_graph_def", "cache")
PLAIN = [n for n in summary_programs.PROGRAMS if n not in FILES]


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def test_the_golden_file_holds_every_program() -> None:
    assert list(GOLDEN["graphs"]) == list(GOLDEN["results"]) == list(summary_programs.PROGRAMS)


def comparable(text: str) -> Any:
    """A result without what TensorFlow says of its devices, and images unpacked."""
    error, found, _ = text.partition("\n\t [[Node: ")
    if found or ": " in text:
        return error.partition("\n\nCaused by")[0].partition("\n\t [[")[0]
    summary = proto.Summary.FromString(base64.b64decode(text))
    for value in summary.value:
        if value.histo.num > 1 << 14:
            # The sums of so many are nearer than TensorFlow's; the tests of buckets hold them.
            value.histo.sum = value.histo.sum_squares = 0.0
        if value.HasField("image"):
            value.image.encoded_image_string = unpacked(value.image.encoded_image_string)
    return summary.SerializeToString()


def unpacked(png: bytes) -> bytes:
    """A PNG file with its data unpacked: how tightly they are packed is up to zlib's version."""
    found, at = [b"", png[:8]], 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        name, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", png, at + 8 + length)
        assert checksum == zlib.crc32(name + data)
        found[0 if name == b"IDAT" else 1] += data if name == b"IDAT" else name + data
        at += length + 12
    # The header's window is made smaller than the one it was packed with.
    return found[1] + zlib.decompressobj(-15).decompress(found[0][2:-4]) + found[0][-4:]


@pytest.mark.parametrize("name", PLAIN)
def test_bytes_equal_tensorflows(name: str) -> None:
    """Every dtype, ranks, infinities, pictures and sounds; the sentences of mistakes."""
    graph, found = summary_programs.run(tf, name)
    wanted = GOLDEN["results"][name]
    assert len(found) == len(wanted)
    if name in ("scalars", "kinds"):
        assert found == wanted
    else:
        for i, (mine, theirs) in enumerate(zip(found, wanted, strict=True)):
            assert comparable(mine) == comparable(theirs), f"{name}, {i}"
    assert [node(text) for text in graph] == [node(text) for text in GOLDEN["graphs"][name]]


def node(text: str) -> Any:
    """A node's message and the shapes of its outputs."""
    end = text.rindex("\n") + 1
    return parse_text(text[:end], proto.NodeDef), text[end:]


def test_the_older_sound() -> None:
    """It has the rate as an attribute."""
    data = np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 6)
    graph = tf.get_default_graph()
    tag, sound = tf.constant("a"), tf.constant(data)
    old = graph.create_op(
        "AudioSummary",
        [tag, sound],
        [tf.string],
        attrs={"sample_rate": proto.AttrValue(f=8000.0), "max_outputs": proto.AttrValue(i=1)},
    )
    new = tf.summary.audio("a", data, 8000.0, max_outputs=1)
    with tf.Session() as session:
        found, wanted = session.run([old.outputs[0], new])
    assert found == wanted


def test_text() -> None:
    """TensorBoard's plugin for texts is named, and the tag."""
    with tf.name_scope("notes"):
        tensor = tf.summary.text("a b", tf.constant([["x", "*y*"], ["é", ""]]))
    assert tf.get_collection(tf.GraphKeys.SUMMARIES) == [tensor]
    with tf.Session() as session:
        (value,) = tf.Summary.FromString(session.run(tensor)).value
    assert value.tag == "notes/a_b"
    assert value.metadata.plugin_data.plugin_name == "text"
    assert [d.size for d in value.tensor.tensor_shape.dim] == [2, 2]
    assert list(value.tensor.string_val) == [b"x", b"*y*", "é".encode(), b""]
    with pytest.raises(ValueError, match="Expected tensor Const:0 to have dtype string, got"):
        tf.summary.text("t", tf.constant(1.0, name="Const"))


def test_metadata_that_is_none() -> None:
    x = tf.placeholder(tf.string, [])
    op = tf.get_default_graph().create_op(
        "TensorSummaryV2", [tf.constant("t"), tf.constant(1.0), x], [tf.string]
    )
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match="SummaryMetadata"),
    ):
        session.run(op.outputs[0], {x: b"\x0a\x05a"})


def test_equal_tensors_keep_their_names() -> None:
    """Equal operations are one, unless their names are in what they compute."""
    x = tf.placeholder(tf.float32, [2])
    both = [tf.summary.tensor_summary(n, x) for n in ("one", "two")]
    with tf.Session() as session:
        found = session.run(both, {x: [1.0, 2.0]})
    assert [tf.Summary.FromString(f).value[0].node_name for f in found] == ["one", "two"]


def test_an_image_without_pixels() -> None:
    """TensorFlow 1.1.0 aborts the process."""
    x = tf.placeholder(tf.uint8)
    image = tf.summary.image("i", x)
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InternalError, match="PNG encoding failed"),
    ):
        session.run(image, {x: np.zeros((1, 0, 3, 1))})


@pytest.mark.parametrize(
    ("color", "said"),
    [
        (np.array([1.0, 2.0]), "bad_color must be uint8"),
        (np.array([[1]], np.uint8), r"bad_color must be a vector, got shape \[1,1\]"),
        (np.array([1], np.uint8), "expected depth <= bad_color.size, got depth = 3, bad_color.siz"),
    ],
)
def test_colors_that_are_none(color: Any, said: str) -> None:
    graph = tf.get_default_graph()
    pixels = tf.constant(np.zeros((1, 2, 2, 3), np.float32))
    value = proto.AttrValue(tensor=tf.constant(color).op.node_def.attr["value"].tensor)
    op = graph.create_op(
        "ImageSummary", [tf.constant("t"), pixels], [tf.string], attrs={"bad_color": value}
    )
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=said):
        session.run(op.outputs[0])


def test_the_color_of_what_is_not_finite() -> None:
    pixels = np.zeros((1, 1, 2, 3), np.float32)
    pixels[0, 0, 1, 2] = np.nan
    color = np.array([1, 2, 3, 4], np.uint8)
    value = proto.AttrValue(tensor=tf.constant(color).op.node_def.attr["value"].tensor)
    op = tf.get_default_graph().create_op(
        "ImageSummary",
        [tf.constant("t"), tf.constant(pixels)],
        [tf.string],
        attrs={"bad_color": value},
    )
    with tf.Session() as session:
        (found,) = tf.Summary.FromString(session.run(op.outputs[0])).value
    # One row: the filter's number, a black pixel, and the color of the other as a difference.
    (kind, *row) = unpacked(found.image.encoded_image_string)[-11:-4]
    assert kind == 0
    assert row == [0, 0, 0, 1, 2, 3]


# ---- several histograms in one run -----------------------------------------------------------


def test_histograms_made_together_are_those_made_alone() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(size) for size in (3, 70_000, 1, 20_000, 5, 8, 9, 100, 7)]
    types = [np.float32, np.float32, np.float64, np.float32, np.int32] + [np.float32] * 4
    values = [(a * 10).astype(t) for a, t in zip(arrays, types, strict=True)]
    made = [tf.summary.histogram(f"h{i}", v) for i, v in enumerate(map(tf.constant, values))]
    tf.summary.histogram("empty", tf.zeros([0]))
    with tf.Session() as session:
        alone = [session.run(m) for m in made]
        assert session.run(made) == alone
        whole = proto.Summary.FromString(session.run(tf.summary.merge(made)))
    assert whole == proto.Summary.FromString(b"".join(alone))
    assert [v.tag for v in whole.value] == [f"h{i}" for i in range(len(made))]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(("wrong", "what"), [(math.nan, "Nan"), (math.inf, "Infinity")])
def test_the_one_of_several_histograms_that_fails_is_named(
    place: int, wrong: float, what: str
) -> None:
    x = tf.placeholder(tf.float32, (3, 4))
    made = [tf.summary.histogram(f"h{i}", x[i]) for i in range(3)]
    values = np.ones((3, 4), np.float32)
    with tf.Session() as session:
        fine = session.run(made, {x: values})
        values[place, 2] = wrong
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=f"{what} in summary histogram for: h{place}"
        ) as caught:
            session.run(made, {x: values})
        assert caught.value.op is made[place].op
        values[place, 2] = 1
        assert session.run(made, {x: values}) == fine


def test_histograms_of_one_tag() -> None:
    tags = tf.placeholder(tf.string, ())
    x, y = tf.constant([1.0]), tf.constant([2.0, 3.0])
    made = [raw.HistogramSummary(tags, v) for v in (x, y)]
    with tf.Session() as session:
        found = session.run(made, {tags: "same"})
        values = [proto.Summary.FromString(data).value[0] for data in found]
        assert [(v.tag, v.histo.num) for v in values] == [("same", 1), ("same", 2)]
        with pytest.raises(tf.errors.InvalidArgumentError, match="Duplicate tag same found"):
            session.run(tf.summary.merge(made), {tags: "same"})
