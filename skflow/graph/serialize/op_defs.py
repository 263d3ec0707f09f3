"""The declarations of operations as messages: what a graph's reader may ask of its writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from skflow import proto
from skflow.graph.declaration import FIXED_TYPES, Arg, Attr
from skflow.graph.dtypes import bool_, complex64, int32, int64
from skflow.graph.registry import REGISTRY, OpDef
from skflow.graph.serialize.attrs import attr_to_proto
from skflow.graph.serialize.functions import LOOPS

_IN_SEGMENTS: Final = ("SparseSegmentMean", "SparseSegmentSqrtN", "SparseSegmentSum")
_ON_SEGMENTS: Final = (*_IN_SEGMENTS, "SparseSegmentMeanGrad", "SparseSegmentSqrtNGrad")
_LATER: Final = {
    ("ApplyAdam", "use_nesterov"),
    ("MatrixBandPart", "Tindex"),
    *[(name, "Tsegmentids") for name in _ON_SEGMENTS],
}
_FFT: Final = ("FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D")
_SCATTER_ND: Final = ("ScatterNd", "ScatterNdAdd", "ScatterNdSub", "ScatterNdUpdate")
_FTRL: Final = ("ApplyFtrl", "ApplyFtrlV2", "SparseApplyFtrl", "SparseApplyFtrlV2")
_ON_FILES: Final = (
    "MergeV2Checkpoints",
    "Restore",
    "RestoreSlice",
    "RestoreV2",
    "Save",
    "SaveSlices",
    "SaveV2",
)
_AGGREGATES: Final = ("AddN", "AddV2")
_UNINITIALIZED: Final = ("Assign", "IsVariableInitialized", "RefIdentity")

MINIMA: Final[dict[tuple[str, str], int]] = {
    ("AddN", "N"): 1,
    ("Assert", "T"): 1,
    ("AudioSummary", "max_outputs"): 1,
    ("AudioSummaryV2", "max_outputs"): 1,
    ("Concat", "N"): 2,
    ("ConcatOffset", "N"): 2,
    ("ConcatV2", "N"): 2,
    ("DynamicPartition", "num_partitions"): 1,
    ("DynamicStitch", "N"): 1,
    ("Einsum", "N"): 1,
    ("ImageSummary", "max_images"): 1,
    ("MergeSummary", "N"): 1,
    ("Pack", "N"): 1,
    ("ParallelDynamicStitch", "N"): 1,
    ("Print", "U"): 1,
    ("RestoreV2", "dtypes"): 1,
    ("Save", "T"): 1,
    ("SaveSlices", "T"): 1,
    ("SaveV2", "dtypes"): 1,
    ("ShapeN", "N"): 1,
    ("Split", "num_split"): 1,
    ("SplitV", "num_split"): 1,
    ("StringJoin", "N"): 1,
    ("SymbolicGradient", "Tin"): 1,
    ("SymbolicGradient", "Tout"): 1,
    ("Unpack", "num"): 0,
}
"""The least value of an attribute, or the least length of a list."""

# By attribute: its value, and the operations that have it.
_ADDED: Final[tuple[tuple[str, Any, tuple[str, ...]], ...]] = (
    ("Tcomplex", complex64, _FFT),
    ("Tindex", int64, ("MatrixBandPart",)),
    ("Tindices", int64, ("SparseTensorDenseMatMul",)),
    ("Tk", int32, ("TopKV2",)),
    ("Tnumsegments", int32, ("UnsortedSegmentMax", "UnsortedSegmentSum")),
    ("Tsegmentids", int32, _ON_SEGMENTS),
    ("T", bool_, ("Where",)),
    ("Truncate", False, ("Cast",)),
    ("bad_indices_policy", b"", ("GatherNd", *_SCATTER_ND)),
    ("incompatible_shape_error", True, ("Equal", "NotEqual")),
    ("index_type", int32, ("Fill", "TopKV2")),
    ("multiply_linear_by_lr", False, _FTRL),
    ("output_dtype", int64, ("Multinomial",)),
    ("output_type", int64, ("ArgMax", "ArgMin")),
    ("shape_type", int32, ("ConcatOffset",)),
    ("update_slots", True, ("ApplyAdagrad", "SparseApplyAdagrad")),
)

ADDED_LATER: Final[dict[str, dict[str, Any]]] = {}
"""By operation: the attributes it has since, with the values by which it does what it did."""

for _key, _value, _types in _ADDED:
    for _type in _types:
        ADDED_LATER.setdefault(_type, {})[_key] = _value

HINTS: Final = ("grad_a", "grad_b", "grad_x", "grad_y", "sparse_gradient")
"""Attributes since which change no value: of products, whether an input is a gradient; of sums
of rows, whether their gradient is to hold those rows only."""

_DIAGONALS: Final = ("MatrixDiagPartV3", "MatrixDiagV3", "MatrixSetDiagV3")
_ALIGNMENTS: Final = ("LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT")
CHOICES: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("BiasAdd", "data_format"): ("NHWC", "NCHW"),
    ("BiasAddGrad", "data_format"): ("NHWC", "NCHW"),
    ("MirrorPad", "mode"): ("REFLECT", "SYMMETRIC"),
    ("MirrorPadGrad", "mode"): ("REFLECT", "SYMMETRIC"),
    **{(name, "align"): _ALIGNMENTS for name in _DIAGONALS},
}
"""The texts that an attribute may have."""


def is_later(type: str, key: str) -> bool:
    """Whether TensorFlow 1.1.0 does not know an attribute: it is written only if it matters."""
    return (type, key) in _LATER


def attr_kinds(definition: OpDef) -> dict[str, str]:
    """The attributes that a node of some type may have, and their kinds.

    Parameters
    ----------
    definition : OpDef
        The declaration.

    Returns
    -------
    dict of str to str
        Those that inputs and outputs refer to come first.
    """
    kinds: dict[str, str] = {}
    for arg in (*definition.inputs, *definition.outputs):
        if arg.number is not None:
            kinds[arg.number] = "int"
        if arg.type not in FIXED_TYPES:
            kinds[arg.type] = "list(type)" if arg.many else "type"
    return kinds | {k: a.kind for k, a in definition.attrs.items()}


def op_def(definition: OpDef) -> proto.OpDef:
    """Convert a declaration to a message.

    Parameters
    ----------
    definition : OpDef
        The declaration.

    Returns
    -------
    OpDef
        Without descriptions. A loop returns as much as it takes, as TensorFlow's does.
    """
    message = proto.OpDef(name=definition.type)
    message.input_arg.extend(_arg_def(definition, a) for a in definition.inputs)
    message.output_arg.extend(_arg_def(definition, a) for a in definition.outputs)
    loop = definition.type in LOOPS
    if loop:
        message.output_arg[0].type_list_attr = message.input_arg[0].type_list_attr
    for key, kind in attr_kinds(definition).items():
        if key[0] != "_" and not (loop and key == "Tout"):
            _add_attr(message, definition, key, kind)
    # What takes a reference, or goes to files, is stateful here alone.
    elsewhere = definition.type in _ON_FILES or any(a.ref for a in definition.inputs)
    message.is_stateful = definition.stateful and not elsewhere
    message.is_commutative = definition.commutative
    message.is_aggregate = definition.type in _AGGREGATES
    message.allows_uninitialized_input = definition.type in _UNINITIALIZED
    return message


def _arg_def(definition: OpDef, arg: Arg) -> proto.OpDef.ArgDef:
    message = proto.OpDef.ArgDef(name=arg.name, is_ref=arg.ref)
    if arg.number is not None:
        message.number_attr = arg.number
    if arg.many:
        message.type_list_attr = arg.type
    elif arg.type in FIXED_TYPES:
        message.type = FIXED_TYPES[arg.type].as_datatype_enum
    elif is_later(definition.type, arg.type):
        message.type = definition.attrs[arg.type].default.as_datatype_enum
    else:
        message.type_attr = arg.type
    return message


def _add_attr(message: proto.OpDef, definition: OpDef, key: str, kind: str) -> None:
    attr = message.attr.add(name=key, type=kind)
    declared: Attr | None = definition.attrs.get(key)
    if declared is not None and declared.default is not ... and declared.default is not None:
        attr.default_value.CopyFrom(attr_to_proto(declared.default, kind))
    allowed: Any = definition.types.get(key)
    if allowed is not None:
        attr.allowed_values.CopyFrom(attr_to_proto(list(allowed), "list(type)"))
    choices = CHOICES.get((definition.type, key))
    if choices is not None:
        attr.allowed_values.CopyFrom(attr_to_proto(list(choices), "list(string)"))
    least = MINIMA.get((definition.type, key))
    if least is not None:
        attr.has_minimum, attr.minimum = True, least


def summary(message: proto.OpDef) -> str:
    """Print a declaration in one line, as TensorFlow's messages do.

    Parameters
    ----------
    message : OpDef
        The declaration.

    Returns
    -------
    str
        Such as ``Op<name=Neg; signature=x:T -> y:T; attr=T:type>``.
    """
    before = ", ".join(_arg_text(a) for a in message.input_arg)
    after = ", ".join(_arg_text(a) for a in message.output_arg)
    attrs = "".join(f"; attr={a.name}:{a.type}" for a in message.attr)
    return f"Op<name={message.name}; signature={before} -> {after}{attrs}>"


def _arg_text(arg: proto.OpDef.ArgDef) -> str:
    kind = arg.type_attr or arg.type_list_attr
    if not kind:
        kind = proto.DataType.Name(arg.type).removeprefix("DT_").lower()
    kind = f"{arg.number_attr}*{kind}" if arg.number_attr else kind
    return f"{arg.name}:{f'Ref({kind})' if arg.is_ref else kind}"


def stripped_op_list(graph_def: proto.GraphDef) -> proto.OpList:
    """Collect the declarations of the operations that a graph uses.

    Parameters
    ----------
    graph_def : GraphDef
        The graph.

    Returns
    -------
    OpList
        In the order of their names, without descriptions.

    Raises
    ------
    ValueError
        If an operation is not declared.
    """
    functions = {f.signature.name for f in graph_def.library.function}
    used = {n.op for n in _nodes(graph_def)} - functions
    unknown = sorted(used - REGISTRY.keys())
    if unknown:
        raise ValueError(f"Op {unknown[0]} is used by the graph, but is not registered")
    found = proto.OpList()
    found.op.extend(op_def(REGISTRY[name]) for name in sorted(used))
    return found


def _nodes(graph_def: proto.GraphDef) -> Iterator[proto.NodeDef]:
    parts: Iterable[Any] = (graph_def.node, *[f.node_def for f in graph_def.library.function])
    for nodes in parts:
        yield from nodes
