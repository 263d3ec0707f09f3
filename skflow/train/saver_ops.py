"""The operations that write checkpoints and read them."""

from __future__ import annotations

import functools
import math
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from skflow import errors
from skflow.graph.context import OpContext, Stored
from skflow.graph.declaration import Attr
from skflow.graph.dtypes import Array, DType
from skflow.graph.registry import NOT_DIFFERENTIABLE, define
from skflow.graph.shapes import Shape, merged, shape_brackets
from skflow.graph.spec import Spec
from skflow.io import files
from skflow.io.bundle_format import Entry
from skflow.io.bundle_merge import merge_bundles
from skflow.io.bundle_reader import BundleReader
from skflow.io.bundle_writer import BundleWriter
from skflow.io.commit import commit
from skflow.io.old_writer import Part, write_old_checkpoint
from skflow.io.slices import TensorSlice, parse_shape_and_slice
from skflow.io.system import Status
from skflow.train.saver_runs import Checkpoint, add_companions, opened

# From so many bytes on a value goes straight from its file to its variable.
_LARGE: Final = 1 << 20
# Two writes that follow each other closely may have one time: it tells of a later one only if it
# lies so many seconds back.
_SETTLED: Final = 2.0
_TYPES: Final = Attr("list(type)")


# ---- names of shards --------------------------------------------------------------------


def _text(value: Any) -> str:
    """A string tensor's single element, as the system's calls take names."""
    data = np.asarray(value, dtype=object).reshape(-1)[0]
    return data.decode(errors="surrogateescape") if isinstance(data, bytes) else str(data)


def _scalars(*specs: Spec) -> Shape:
    for spec in specs:
        spec.require_rank(0)
    return ()


def _sharded_filename(basename: Array, shard: Array, num_shards: Array) -> Any:
    name = f"{_text(basename)}-{int(shard):05d}-of-{int(num_shards):05d}"
    return np.array(name.encode(errors="surrogateescape"), dtype=object)


def _sharded_filespec(basename: Array, num_shards: Array) -> Any:
    name = f"{_text(basename)}-?????-of-{int(num_shards):05d}"
    return np.array(name.encode(errors="surrogateescape"), dtype=object)


define(
    "ShardedFilename",
    "basename: string, shard: int32, num_shards: int32 -> filename: string",
    infer=_scalars,
    kernel=_sharded_filename,
    grad=NOT_DIFFERENTIABLE,
)
define(
    "ShardedFilespec",
    "basename: string, num_shards: int32 -> filename: string",
    infer=_scalars,
    kernel=_sharded_filespec,
    grad=NOT_DIFFERENTIABLE,
)


# ---- TensorFlow's second format: a prefix, an index, files of raw bytes ------------------


def _vectors_of(count: int, *specs: Spec) -> None:
    for spec in specs:
        (found,) = spec.require_rank(1) or (None,)
        if found is not None and found != count:
            raise ValueError(f"Dimension must be {count} but is {found}")


def _save_shapes(prefix: Spec, names: Spec, slices: Spec, tensors: Sequence[Spec]) -> list[Shape]:
    prefix.require_rank(0)
    _vectors_of(len(tensors), names, slices)
    return []


def _restore_shapes(
    prefix: Spec, names: Spec, slices: Spec, *, dtypes: Sequence[DType]
) -> list[Shape]:
    prefix.require_rank(0)
    merged(names.require_rank(1), slices.require_rank(1))
    return [None] * len(dtypes)


def _checked(prefix: Array, names: Array, slices: Array, count: int, what: str) -> list[Any]:
    """The names and the texts of slices of what is saved or restored, in pairs."""
    if prefix.size != 1:
        raise _invalid(f"Input prefix should have a single element, got {prefix.size} instead.")
    if names.ndim != 1 or slices.ndim != 1:
        raise _invalid(
            "Input tensor_names and shape_and_slices should be an 1-D tensors, got "
            f"{shape_brackets(names.shape)} and {shape_brackets(slices.shape)} instead."
        )
    if names.size != slices.size:
        raise _invalid(
            "tensor_names and shape_and_slices have different number of elements: "
            f"{names.size} vs. {slices.size}"
        )
    if names.size != count:
        raise _invalid(f"Got {names.size} tensor names, but {count} {what}.")
    return [(_text(n), _text(s)) for n, s in zip(names, slices, strict=True)]


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _parts(pairs: Sequence[Any], tensors: Sequence[Array]) -> Iterator[Part]:
    """What is to be saved, whole tensors and slices alike."""
    for (name, text), values in zip(pairs, tensors, strict=True):
        shape, extents = values.shape, TensorSlice.full(values.ndim)
        if text:
            shape, extents, own = parse_shape_and_slice(text)
            if own != values.shape:
                raise _invalid(
                    "Slice in shape_and_slice specification does not match the shape of the "
                    f"tensor to  save: {text}, tensor: {shape_brackets(values.shape)}"
                )
        yield Part(name, shape, extents, values)


def _save(prefix: Array, names: Array, slices: Array, tensors: Sequence[Array]) -> None:
    pairs = _checked(prefix, names, slices, len(tensors), "tensors")
    path = _text(prefix)
    _make_directory(path)
    with commit(path) as transaction:
        bundle = BundleWriter(transaction)
        for part in _parts(pairs, tensors):
            if part.extents.is_full:
                bundle.add(part.name, part.values)
            else:
                bundle.add_part(part.name, part.shape, part.extents, part.values)
        bundle.finish()
        add_companions(path, transaction)


def _make_directory(prefix: str) -> None:
    """Make the directory of a checkpoint, though not those that it lies in."""
    directory = os.path.split(prefix)[0]
    if files.current().is_directory(os.path.split(directory)[0]):
        files.current().make_directories(directory)


def _restore(
    context: OpContext, prefix: Array, names: Array, slices: Array, *, dtypes: Sequence[DType]
) -> list[Any]:
    pairs = _checked(prefix, names, slices, len(dtypes), "expected dtypes")
    with opened(_text(prefix)) as (checkpoint, lasts):
        return [
            _restored(checkpoint, name, text, dtype, lasts and _only_assigned(context, i))
            for i, ((name, text), dtype) in enumerate(zip(pairs, dtypes, strict=True))
        ]


def _only_assigned(context: OpContext, index: int) -> bool:
    """Whether an output goes to variables and nowhere else."""
    consumers = context.op.outputs[index].consumers()
    in_body = context.op.graph.outer is not None
    return bool(consumers) and not in_body and all(op.type == "Assign" for op in consumers)


def _restored(checkpoint: Checkpoint, name: str, text: str, dtype: DType, may_wait: bool) -> Any:
    """A tensor, or a slice of one, as an array or, if it is large, still in its file."""
    entry = _entry(checkpoint, name)
    if entry.dtype != dtype.as_datatype_enum:
        found = entry.type_name.removeprefix("DT_").lower()
        raise _invalid(
            f"Expected to restore a tensor of type {dtype.name}, got a tensor of type {found} "
            f"instead: tensor_name = {name}{_where(checkpoint)}"
        )
    part, shape = None, entry.shape
    if text:
        whole, part, shape = parse_shape_and_slice(text)
        if whole != entry.shape:
            raise _invalid(
                f"Shape in shape_and_slice spec {shape_brackets(whole)} does not match the shape "
                f"stored in checkpoint: {shape_brackets(entry.shape)}{_where(checkpoint)}"
            )
    if may_wait and isinstance(checkpoint, BundleReader) and dtype.np_dtype.kind != "O":
        size = math.prod(shape) * dtype.np_dtype.itemsize
        if size > _LARGE:
            return _StoredPart(checkpoint, name, part, shape, dtype)
    return checkpoint.read(name, part=part)


def _entry(checkpoint: Checkpoint, name: str) -> Entry:
    try:
        return checkpoint.entry(name)
    except errors.NotFoundError as error:
        raise errors.NotFoundError(
            None, None, f"Key {name} not found in checkpoint{_where(checkpoint)}"
        ) from error


def _where(checkpoint: Checkpoint) -> str:
    return f"\n\t [[Checkpoint: {checkpoint.prefix}]]"


class _StoredPart(Stored):
    """A tensor, or a slice of one, in an open checkpoint."""

    def __init__(
        self,
        checkpoint: BundleReader,
        name: str,
        part: TensorSlice | None,
        shape: tuple[int, ...],
        dtype: DType,
    ) -> None:
        super().__init__(shape)
        self._checkpoint = checkpoint
        self._name = name
        self._part = part
        self._dtype = dtype.np_dtype
        self._verified: list[Status] | None = None

    def verify(self) -> None:
        before, now = self._checkpoint.statuses(), time.time()
        self._checkpoint.verify(self._name, self._part)
        if all(0 < status.modified < now - _SETTLED for status in before):
            self._verified = before

    def read_into(self, target: Array) -> None:
        # An open file may still be written to: without a sign of that once was enough.
        if self._verified == self._checkpoint.statuses():
            self._checkpoint.read(self._name, target, self._part, check=False)
            if self._verified == self._checkpoint.statuses():
                return
        self._checkpoint.read(self._name, target, self._part)

    def read(self) -> Array:
        target: Array = np.empty(self.shape, self._dtype)
        self.read_into(target)
        return target


define(
    "SaveV2",
    "prefix: string, tensor_names: string, shape_and_slices: string, tensors: dtypes... ->",
    attrs={"dtypes": _TYPES},
    infer=_save_shapes,
    kernel=_save,
    grad=NOT_DIFFERENTIABLE,
    stateful=True,
)
define(
    "RestoreV2",
    "prefix: string, tensor_names: string, shape_and_slices: string -> tensors: dtypes...",
    attrs={"dtypes": _TYPES},
    infer=_restore_shapes,
    kernel=_restore,
    grad=NOT_DIFFERENTIABLE,
    stateful=True,
    context=True,
)


def _merge_shapes(prefixes: Spec, destination: Spec) -> list[Shape]:
    prefixes.require_rank(1)
    destination.require_rank(0)
    return []


def _merge(prefixes: Array, destination: Array, *, delete_old_dirs: bool) -> None:
    path = _text(destination)
    _make_directory(path)
    merge_bundles(
        [_text(p) for p in prefixes],
        path,
        delete_old_directories=delete_old_dirs,
        finally_add=functools.partial(add_companions, path),
    )


define(
    "MergeV2Checkpoints",
    "checkpoint_prefixes: string, destination_prefix: string ->",
    attrs={"delete_old_dirs": True},
    infer=_merge_shapes,
    kernel=_merge,
    grad=NOT_DIFFERENTIABLE,
    stateful=True,
)


# ---- the format before it: one table that holds everything ------------------------------


def _save_slices(filename: Array, names: Array, slices: Array, data: Sequence[Array]) -> None:
    pairs = _checked(filename, names, slices, len(data), "tensors")
    path = _text(filename)
    _make_directory(path)
    write_old_checkpoint(path, _parts(pairs, data))


def _save_whole(filename: Array, names: Array, data: Sequence[Array]) -> None:
    _save_slices(filename, names, np.full(names.shape, b"", dtype=object), data)


def _save_whole_shapes(filename: Spec, names: Spec, data: Sequence[Spec]) -> list[Shape]:
    return _save_shapes(filename, names, names, data)


def _restore_slice(
    context: OpContext, file_pattern: Array, tensor_name: Array, text: Array, *, dt: DType
) -> Any:
    names, slices = tensor_name.reshape(1), text.reshape(1)
    return _restore(context, file_pattern, names, slices, dtypes=[dt])[0]


def _restore_whole(
    context: OpContext, file_pattern: Array, tensor_name: Array, *, dt: DType
) -> Any:
    return _restore_slice(context, file_pattern, tensor_name, np.array(b"", object), dt=dt)


def _unknown(*specs: Spec) -> Shape:
    _scalars(*specs)
    return None


for _name, _arguments, _kernel, _infer in (
    ("Save", "tensor_names: string", _save_whole, _save_whole_shapes),
    ("SaveSlices", "tensor_names: string, shapes_and_slices: string", _save_slices, _save_shapes),
):
    define(
        _name,
        f"filename: string, {_arguments}, data: T... ->",
        attrs={"T": _TYPES},
        infer=_infer,
        kernel=_kernel,
        grad=NOT_DIFFERENTIABLE,
        stateful=True,
    )
for _name, _arguments, _reader in (
    ("Restore", "tensor_name: string", _restore_whole),
    ("RestoreSlice", "tensor_name: string, shape_and_slice: string", _restore_slice),
):
    define(
        _name,
        f"file_pattern: string, {_arguments} -> tensor: dt",
        attrs={"dt": Attr("type"), "preferred_shard": -1},
        infer=_unknown,
        kernel=_reader,
        grad=NOT_DIFFERENTIABLE,
        stateful=True,
        context=True,
    )
