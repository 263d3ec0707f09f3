"""The public functions that add summary operations to the graph."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from skflow import logging, proto
from skflow.compat import as_str_any
from skflow.graph.collections import GraphKeys, add_to_collection, get_collection
from skflow.graph.conversion import convert
from skflow.graph.dtypes import float32, string
from skflow.graph.nodes import Tensor
from skflow.graph.registry import raw
from skflow.graph.scopes import name_scope

_NOT_IN_TAGS: Final = re.compile(r"[^-/\w\.]")
_NO_DESCRIPTION: Final = "{}"
_SUMMARIES: Final = (GraphKeys.SUMMARIES,)


def _clean(name: Any) -> Any:
    """A name with other characters than those of names replaced, which the log tells."""
    if name is None:
        return None
    cleaned = _NOT_IN_TAGS.sub("_", name).lstrip("/")
    if not cleaned:
        raise ValueError(f"{name!r} is not a valid node name")
    if cleaned != name:
        logging.info("Summary name %s is illegal; using %s instead.", name, cleaned)
    return cleaned


def _collected(value: Tensor, collections: Iterable[Any] | None) -> Tensor:
    for key in _SUMMARIES if collections is None else collections:
        add_to_collection(key, value)
    return value


def _at_least_one(value: int, attr: str, type: str) -> None:
    if value < 1:
        raise ValueError(f"Attr '{attr}' of '{type}' Op passed {value} less than minimum 1.")


def scalar(name: str, tensor: Any, collections: Iterable[Any] | None = None) -> Tensor:
    """Summarize a number: a point of a curve.

    Parameters
    ----------
    name : str
        The name of the operation, and the curve's in TensorBoard, the name scope before it.
    tensor : Tensor of a real type, shape ()
        The number.
    collections : list, optional
        Collections to add the summary to; ``[GraphKeys.SUMMARIES]`` by default.

    Returns
    -------
    Tensor of string, shape ()
        A serialized `Summary`.

    Raises
    ------
    TypeError
        If the tensor is of another type.
    InvalidArgumentError
        In the run, if there is not one number.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    with name_scope(_clean(name), None, [tensor]) as scope:
        return _collected(
            raw.ScalarSummary(scope.rstrip("/"), tensor, name=scope),
            collections,
        )


def histogram(name: str, values: Any, collections: Iterable[Any] | None = None) -> Tensor:
    """Summarize how numbers are distributed.

    Parameters
    ----------
    name : str
        The name of the operation, and of the histogram in TensorBoard.
    values : Tensor of a real type, any shape
        Finite numbers.
    collections : list, optional
        Collections to add the summary to; ``[GraphKeys.SUMMARIES]`` by default.

    Returns
    -------
    Tensor of string, shape ()
        A serialized `Summary`, with TensorFlow's 1551 buckets of which empty ones are joined.

    Raises
    ------
    InvalidArgumentError
        In the run, if a number is NaN or infinite.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    with name_scope(_clean(name), "HistogramSummary", [values]) as scope:
        return _collected(
            raw.HistogramSummary(scope.rstrip("/"), values, name=scope),
            collections,
        )


def image(
    name: str, tensor: Any, max_outputs: int = 3, collections: Iterable[Any] | None = None
) -> Tensor:
    """Summarize images.

    Parameters
    ----------
    name : str
        The name of the operation, and of the images in TensorBoard.
    tensor : Tensor of uint8, float32 or float16, shape (images, height, width, channels)
        Grey, RGB or RGBA: 1, 3 or 4 channels. Numbers that are not uint8 are scaled, image by
        image: the largest to 255 or, if any is negative, zero to 128 and the farthest from it to
        1 or 255. Pixels with NaN or an infinity are red.
    max_outputs : int
        The most images to take.
    collections : list, optional
        Collections to add the summary to; ``[GraphKeys.SUMMARIES]`` by default.

    Returns
    -------
    Tensor of string, shape ()
        A serialized `Summary` with PNG files of tags ``name/image`` or ``name/image/0``, ...

    Raises
    ------
    ValueError
        If `max_outputs` is less than one.
    InvalidArgumentError
        In the run, if the shape is another.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    with name_scope(_clean(name), None, [tensor]) as scope:
        _at_least_one(max_outputs, "max_images", "ImageSummary")
        return _collected(
            raw.ImageSummary(scope.rstrip("/"), tensor, max_images=max_outputs, name=scope),
            collections,
        )


def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Iterable[Any] | None = None,
) -> Tensor:
    """Summarize sounds.

    Parameters
    ----------
    name : str
        The name of the operation, and of the sounds in TensorBoard.
    tensor : Tensor of float32, shape (sounds, frames) or (sounds, frames, channels)
        Samples from -1 to 1; what lies outside is clipped.
    sample_rate : Tensor of float32, shape ()
        Frames a second (Hz).
    max_outputs : int
        The most sounds to take.
    collections : list, optional
        Collections to add the summary to; ``[GraphKeys.SUMMARIES]`` by default.

    Returns
    -------
    Tensor of string, shape ()
        A serialized `Summary` with WAV files of tags ``name/audio`` or ``name/audio/0``, ...

    Raises
    ------
    ValueError
        If `max_outputs` is less than one.
    InvalidArgumentError
        In the run, if shape or rate make no sound.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    with name_scope(_clean(name), None, [tensor]) as scope:
        rate = convert(sample_rate, float32, "sample_rate")
        _at_least_one(max_outputs, "max_outputs", "AudioSummaryV2")
        return _collected(
            raw.AudioSummaryV2(
                scope.rstrip("/"), tensor, rate, max_outputs=max_outputs, name=scope
            ),
            collections,
        )


def tensor_summary(
    name: str,
    tensor: Any,
    summary_description: Any = None,
    collections: Iterable[Any] | None = None,
) -> Tensor:
    """Summarize a whole tensor.

    Parameters
    ----------
    name : str
        The name of the operation, which the summary has in place of a tag.
    tensor : Tensor
        Of any type and shape.
    summary_description : SummaryDescription, optional
        What viewers may want to know; it stands in the graph.
    collections : list, optional
        Collections to add the summary to; ``[GraphKeys.SUMMARIES]`` by default.

    Returns
    -------
    Tensor of string, shape ()
        A serialized `Summary`.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    description = _NO_DESCRIPTION
    if summary_description is not None:
        from google.protobuf import json_format

        description = json_format.MessageToJson(summary_description)
    with name_scope(name, None, [tensor]) as scope:
        return _collected(
            raw.TensorSummary(tensor, description=description, name=scope), collections
        )


def text(name: str, tensor: Any, collections: Iterable[Any] | None = None) -> Tensor:
    """Summarize text, which TensorBoard shows as Markdown and tables.

    Parameters
    ----------
    name : str
        The name of the operation, and of the text in TensorBoard.
    tensor : Tensor of string
        A text, or a vector or matrix of texts.
    collections : list, optional
        Collections to add the summary to; ``[GraphKeys.SUMMARIES]`` by default.

    Returns
    -------
    Tensor of string, shape ()
        A serialized `Summary`. TensorFlow 1.1.0 does not know the operation: graphs that hold it
        are for later versions.

    Raises
    ------
    ValueError
        If the tensor is of another type.

    Source: the behaviour of TensorFlow 1.15.
    """
    tensor = convert(tensor)
    if tensor.dtype.base_dtype is not string:
        raise ValueError(
            f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype!r}"
        )
    plugin = proto.SummaryMetadata.PluginData(plugin_name="text")
    metadata = proto.SummaryMetadata(plugin_data=plugin).SerializeToString()
    with name_scope(_clean(name), None, [tensor]) as scope:
        return _collected(
            raw.TensorSummaryV2(scope.rstrip("/"), tensor, metadata, name=scope), collections
        )


def merge(inputs: Any, collections: Iterable[Any] | None = None, name: str | None = None) -> Tensor:
    """Gather summaries in one.

    Parameters
    ----------
    inputs : list of Tensor of string
        Serialized summaries, of any shapes.
    collections : list, optional
        Collections to add the summary to; none by default.
    name : str, optional
        The operation's name.

    Returns
    -------
    Tensor of string, shape ()
        A serialized `Summary`.

    Raises
    ------
    TypeError
        If it is no list of tensors of strings.
    ValueError
        If the list is empty.
    InvalidArgumentError
        In the run, if two values have one tag, or an input is no summary.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    name = _clean(name)
    if isinstance(inputs, Tensor):
        raise TypeError("'Tensor' object is not iterable.")
    with name_scope(name, "Merge", inputs):
        if isinstance(inputs, (list, tuple)) and not inputs:
            raise ValueError(
                "List argument 'inputs' to 'MergeSummary' Op with length 0 shorter than minimum "
                "length 1."
            )
        return _collected(raw.MergeSummary(inputs, name=name), collections or ())


def merge_all(key: Any = GraphKeys.SUMMARIES) -> Tensor | None:
    """Gather all summaries of the default graph in one.

    Parameters
    ----------
    key : str
        The collection that holds them.

    Returns
    -------
    Tensor of string, shape (), or None
        A serialized `Summary`; None if the collection is empty.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    found = get_collection(key)
    return merge(found) if found else None


def get_summary_description(node_def: proto.NodeDef) -> proto.SummaryDescription:
    """Read the description that a `tensor_summary` has in the graph.

    Parameters
    ----------
    node_def : NodeDef
        A ``TensorSummary``.

    Returns
    -------
    SummaryDescription

    Raises
    ------
    ValueError
        If the node is of another type.

    Source: the behaviour of TensorFlow 1.1.0.
    """
    from google.protobuf import json_format

    if node_def.op != "TensorSummary":
        raise ValueError(f"Can't get_summary_description on {node_def.op}")
    found = proto.SummaryDescription()
    json_format.Parse(as_str_any(node_def.attr["description"].s), found)
    return found
