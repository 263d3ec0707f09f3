"""The names of TensorFlow 1.1.0 that the engine promises exist, with their signatures."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import skflow as tf

GOLDEN: dict[str, str] = json.loads(
    (Path(__file__).parent / "golden" / "public_names.json").read_text(encoding="utf-8")
)
# What `inspect.signature` said of a class without a constructor of its own.
ANY_CLASS = "class(/, *args, **kwargs)"
CONSTANTS: dict[str, type] = {
    "int": int,
    "str": str,
    "tuple": tuple,
    "NoneType": type(None),
    "dtype": tf.DType,
}


def lookup(name: str) -> Any:
    """What a name such as ``tf.nn.relu`` stands for; AttributeError if there is no such thing."""
    found: Any = tf
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


def signature(found: Any) -> str:
    """A signature in the form of the golden file: no annotations, a class marked as one."""
    shown = inspect.signature(found)
    bare = [p.replace(annotation=p.empty) for p in shown.parameters.values()]
    text = str(shown.replace(parameters=bare, return_annotation=shown.empty))
    return f"class{text}" if isinstance(found, type) else text


def complaint(name: str, wanted: str) -> str | None:
    """What is wrong with a name, if anything."""
    try:
        found = lookup(name)
    except AttributeError as error:
        return f"{name}: missing ({error})"
    if wanted in CONSTANTS:
        kind = CONSTANTS[wanted]
        if isinstance(found, kind) and not (kind is int and isinstance(found, bool)):
            return None
        return f"{name}: {type(found).__name__} instead of {wanted}"
    if wanted == ANY_CLASS:
        return None if isinstance(found, type) else f"{name}: {found!r} is not a class"
    actual = signature(found)
    return None if actual == wanted else f"{name}: {actual} instead of {wanted}"


def test_the_golden_file_is_whole() -> None:
    assert len(GOLDEN) == 486


def test_every_name_has_its_signature() -> None:
    complaints = [c for name, wanted in GOLDEN.items() if (c := complaint(name, wanted))]
    assert not complaints, "\n".join([f"{len(complaints)} of {len(GOLDEN)}:", *complaints])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("tf.no_such_name", "()"),
        ("tf.nn", "class()"),
        ("tf.float32", "int"),
        ("tf.add", "(x, y)"),
        ("tf.add", ANY_CLASS),
    ],
)
def test_a_wrong_name_is_seen(name: str, wanted: str) -> None:
    try:
        assert complaint(name, wanted)
    except TypeError:
        assert name == "tf.nn"  # a module has no signature


@pytest.mark.parametrize(
    "name",
    [
        "tf.AUTO_REUSE",
        "tf.log_sigmoid",
        "tf.uint32",
        "tf.uint64",
        "tf.train.cosine_decay",
        "tf.Session.make_callable",
        "tf.InteractiveSession.make_callable",
    ],
)
def test_names_of_later_versions(name: str) -> None:
    assert lookup(name) is not None


def test_keywords_of_later_versions() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    y = tf.reduce_sum(tf.stop_gradient(x) * x, axis=1, keepdims=True)
    assert y.get_shape().as_list() == [2, 1]
    u = x * x
    (grad,) = tf.gradients(u * x, [x], stop_gradients=[u])
    with tf.Session() as session:
        assert session.run(grad).tolist() == [[1.0, 4.0], [9.0, 16.0]]
