"""The operations that turn values into `Summary` messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from skflow import errors, proto
from skflow.graph.context import OpContext
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import (
    Array,
    DType,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
)
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.serialize.tensors import shape_to_proto
from skflow.graph.shapes import Shape, shape_brackets
from skflow.summary import images, png, wav
from skflow.summary.histograms import serialized_summaries

_REAL: Final = (float32, float64, int32, int64, uint8, int16, int8, uint16, float16)
_PICTURES: Final = (uint8, float32, float16)
_RED: Final = np.array([255, 0, 0, 255], np.uint8)
_CHANNELS: Final = (1, 3, 4)
_LARGEST_IMAGE: Final = 1 << 29  # pixels


def _scalar(*_specs: Any) -> Shape:
    return ()


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _text(value: Any) -> str:
    """A tag as messages hold it."""
    return str(value.decode(errors="replace") if isinstance(value, bytes) else value)


def _single(tag: Array, message: str) -> str:
    if tag.ndim:
        raise _invalid(message)
    return _text(tag.item())


def _serialized(values: Sequence[Any]) -> Array:
    data = proto.Summary(value=values).SerializeToString()
    return np.array(data, dtype=object)


def _tags(tag: str, kind: str, wanted: int, found: int) -> list[str]:
    """A tag for each of several pictures or sounds; how they look depends on how many one asked."""
    if wanted == 1:
        return [f"{tag}/{kind}"][:found]
    return [f"{tag}/{kind}/{i}" for i in range(min(wanted, found))]


# ---- numbers ----------------------------------------------------------------------------


def _scalar_summary(tags: Array, values: Array) -> Array:
    if tags.shape != values.shape:
        named = f" (tag '{_text(tags.reshape(-1)[0])}')" if tags.size == 1 else ""
        raise _invalid(
            f"tags and values not the same shape: {shape_brackets(tags.shape)} != "
            f"{shape_brackets(values.shape)}{named}"
        )
    numbers = values.reshape(-1).astype(np.float32).tolist()
    pairs = zip(tags.reshape(-1).tolist(), numbers, strict=True)
    return _serialized([proto.Summary.Value(tag=_text(t), simple_value=v) for t, v in pairs])


define(
    "ScalarSummary",
    "tags: string, values: T -> summary: string",
    types={"T": _REAL},
    infer=_scalar,
    kernel=_scalar_summary,
    grad=NOT_DIFFERENTIABLE,
)


def _histogram_summary(context: OpContext, tag: Array, values: Array) -> Array:
    text = _single(tag, "tags must be scalar")
    data = serialized_summaries({text: values}, context.threads)[text]
    if data is None:
        flat = values.reshape(-1)
        what = "Nan" if np.isnan(flat[np.isfinite(flat).argmin()]) else "Infinity"
        raise _invalid(f"{what} in summary histogram for: {context.op.name}")
    return np.array(data, dtype=object)


def _histogram_summaries(*calls: tuple[OpContext, Array, Array]) -> list[Array] | None:
    """The same for several of them, if nothing is wrong with any."""
    values = {_text(tag.item()): values for _, tag, values in calls if not tag.ndim}
    if len(values) < len(calls):
        return None
    found = serialized_summaries(values, calls[0][0].threads)
    if None in found.values():
        return None
    return [np.array(data, dtype=object) for data in found.values()]


define(
    "HistogramSummary",
    "tag: string, values: T -> summary: string",
    attrs={"T": Attr("type", float32)},
    types={"T": _REAL},
    infer=_scalar,
    kernel=_histogram_summary,
    together=_histogram_summaries,
    grad=NOT_DIFFERENTIABLE,
    context=True,
)


# ---- pictures and sound -----------------------------------------------------------------


def _image_summary(tag: Array, tensor: Array, *, max_images: int, bad_color: Array) -> Array:
    text = _single(tag, "Tags must have be a scalar")
    _check_images(tensor)
    count, height, width, channels = tensor.shape
    color = np.asarray(bad_color)
    if color.dtype != np.uint8:
        raise _invalid(f"bad_color must be uint8, got {color.dtype}")
    if color.ndim != 1:
        raise _invalid(f"bad_color must be a vector, got shape {shape_brackets(color.shape)}")
    if tensor.dtype != np.uint8 and color.size < channels:
        raise _invalid(
            f"expected depth <= bad_color.size, got depth = {channels}, "
            f"bad_color.size = {color.size}"
        )
    tags = _tags(text, "image", max_images, count)
    if tags and not height * width:
        raise errors.InternalError(None, None, "PNG encoding failed: the image has no pixels")
    values = []
    for i, name in enumerate(tags):
        pixels = tensor[i]
        if tensor.dtype != np.uint8:
            pixels = images.to_bytes(pixels, color[:channels])
        image = proto.Summary.Image(
            height=height,
            width=width,
            colorspace=channels,
            encoded_image_string=png.encode(pixels),
        )
        values.append(proto.Summary.Value(tag=name, image=image))
    return _serialized(values)


def _check_images(tensor: Array) -> None:
    shape = shape_brackets(tensor.shape)
    if tensor.ndim != 4 or tensor.shape[3] not in _CHANNELS:
        raise _invalid(f"Tensor must be 4-D with last dim 1, 3, or 4, not {shape}")
    if tensor.shape[1] * tensor.shape[2] >= _LARGEST_IMAGE:
        raise _invalid(f"Tensor too large for summary {shape}")


define(
    "ImageSummary",
    "tag: string, tensor: T -> summary: string",
    attrs={
        "max_images": 3,
        "T": Attr("type", float32),
        "bad_color": Attr("tensor", _RED),
    },
    types={"T": _PICTURES},
    infer=_scalar,
    kernel=_image_summary,
    grad=NOT_DIFFERENTIABLE,
)


def _audio(tag: Array, tensor: Array, sample_rate: float, max_outputs: int) -> Array:
    text = _single(tag, "Tag must be a scalar")
    if tensor.ndim not in (2, 3):
        raise _invalid(f"Tensor must be 3-D or 2-D, got: {shape_brackets(tensor.shape)}")
    if not sample_rate > 0:
        raise _invalid("sample_rate must be > 0")
    sounds = tensor.reshape(*tensor.shape, 1) if tensor.ndim == 2 else tensor
    count, frames, channels = sounds.shape
    hertz = max(round(sample_rate), 1)
    values = []
    for i, name in enumerate(_tags(text, "audio", max_outputs, count)):
        sound = proto.Summary.Audio(
            sample_rate=sample_rate,
            num_channels=channels,
            length_frames=frames,
            content_type="audio/wav",
            encoded_audio_string=wav.encode(sounds[i], hertz),
        )
        values.append(proto.Summary.Value(tag=name, audio=sound))
    return _serialized(values)


def _audio_summary(tag: Array, tensor: Array, *, sample_rate: float, max_outputs: int) -> Array:
    return _audio(tag, tensor, sample_rate, max_outputs)


def _audio_summary_v2(tag: Array, tensor: Array, sample_rate: Array, *, max_outputs: int) -> Array:
    if sample_rate.size != 1:
        shape = shape_brackets(sample_rate.shape)
        raise _invalid(f"sample_rate must be rank-0, got: {shape}")
    return _audio(tag, tensor, float(sample_rate.item()), max_outputs)


define(
    "AudioSummary",
    "tag: string, tensor: float32 -> summary: string",
    attrs={"sample_rate": Attr("float"), "max_outputs": 3},
    infer=_scalar,
    kernel=_audio_summary,
    grad=NOT_DIFFERENTIABLE,
)
define(
    "AudioSummaryV2",
    "tag: string, tensor: float32, sample_rate: float32 -> summary: string",
    attrs={"max_outputs": 3},
    infer=_scalar,
    kernel=_audio_summary_v2,
    grad=NOT_DIFFERENTIABLE,
)


# ---- whole tensors ----------------------------------------------------------------------


def _tensor_summary(context: OpContext, tensor: Array, *, T: DType) -> Array:
    content = _tensor(tensor, T)
    return _serialized([proto.Summary.Value(node_name=context.op.name, tensor=content)])


def _tensor_summary_v2(
    tag: Array, tensor: Array, serialized_summary_metadata: Array, *, T: DType
) -> Array:
    metadata = proto.SummaryMetadata()
    try:
        metadata.ParseFromString(serialized_summary_metadata.item())
    except proto.DecodeError:
        raise _invalid("Could not parse SummaryMetadata from serialized_summary_metadata") from None
    value = proto.Summary.Value(tag=_single(tag, "tag must be scalar"), tensor=_tensor(tensor, T))
    value.metadata.CopyFrom(metadata)
    return _serialized([value])


def _tensor(tensor: Array, dtype: DType) -> Any:
    """A tensor's message: its bytes in one piece, or each text by itself."""
    found = proto.TensorProto(
        dtype=dtype.as_datatype_enum, tensor_shape=shape_to_proto(tensor.shape)
    )
    if dtype is string:
        found.string_val.extend(tensor.reshape(-1).tolist())
    else:
        found.tensor_content = tensor.tobytes()
    return found


define(
    "TensorSummary",
    "tensor: T -> summary: string",
    attrs={"description": "", "labels": Attr("list(string)", []), "display_name": ""},
    infer=_scalar,
    kernel=_tensor_summary,
    grad=NOT_DIFFERENTIABLE,
    context=True,
)
define(
    "TensorSummaryV2",
    "tag: string, tensor: T, serialized_summary_metadata: string -> summary: string",
    infer=_scalar,
    kernel=_tensor_summary_v2,
    grad=NOT_DIFFERENTIABLE,
)


# ---- several summaries ------------------------------------------------------------------


def _merge_summary(inputs: Sequence[Array]) -> Array:
    parts = [item for array in inputs for item in array.ravel().tolist()]
    parse, seen = proto.Summary.FromString, set()
    try:
        for data in parts:
            parse(data)
    except proto.DecodeError:
        raise _invalid("Could not parse one of the summary inputs") from None
    # A message's fields may come in pieces, one after the other.
    merged = b"".join(parts)
    for value in parse(merged).value:
        # Summaries of tensors have no tags.
        if (tag := value.tag) and tag in seen:
            raise _invalid(f"Duplicate tag {tag} found in summary inputs")
        seen.add(tag)
    return np.array(merged, dtype=object)


define(
    "MergeSummary",
    "inputs: N * string -> summary: string",
    infer=_scalar,
    kernel=_merge_summary,
    grad=NOT_DIFFERENTIABLE,
)
