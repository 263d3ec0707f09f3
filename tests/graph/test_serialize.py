"""Operations, attributes and tensors become messages and come back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from skflow import proto
from skflow.graph import serialize
from skflow.graph.conversion import constant
from skflow.graph.core import Graph, get_default_graph
from skflow.graph.dtypes import ALL, DType, float32, int64, string
from skflow.graph.functions import array, control, math
from skflow.graph.nodes import Operation
from skflow.graph.registry import raw
from skflow.graph.shapes import TensorShape
from skflow.proto.text import to_text


@pytest.fixture(autouse=True)
def _graph() -> Any:
    with Graph().as_default():
        yield


def example(dtype: DType, shape: tuple[int, ...]) -> Any:
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    if dtype is string:
        texts = [b"\xff" * int(v) for v in values.reshape(-1)]
        out = np.empty(len(texts), dtype=object)
        out[:] = texts
        return out.reshape(shape)
    if dtype.is_complex:
        values = values + 0.5j
    return values.astype(dtype.np_dtype)


# ---- tensors ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ALL, ids=lambda d: d.name)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (0,), (2, 0, 3)], ids=str)
def test_tensors_come_back(dtype: DType, shape: tuple[int, ...]) -> None:
    array = example(dtype, shape)
    message = serialize.tensor_to_proto(array)
    found = serialize.array_from_proto(proto.TensorProto.FromString(message.SerializeToString()))
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert np.array_equal(found, array)


@pytest.mark.parametrize("dtype", ALL, ids=lambda d: d.name)
def test_fewer_entries_than_elements(dtype: DType) -> None:
    """The last entry stands for all that follow."""
    array = example(dtype, (6,))
    array[2:] = array[1]
    message = serialize.tensor_to_proto(array, given=2)
    assert not message.tensor_content
    assert np.array_equal(serialize.array_from_proto(message), array)


def test_no_entry_at_all_is_zeros() -> None:
    message = proto.TensorProto(dtype=1)
    message.tensor_shape.dim.add(size=2)
    assert serialize.array_from_proto(message).tolist() == [0.0, 0.0]


def test_a_huge_repetition_takes_no_memory() -> None:
    message = proto.TensorProto(dtype=2, double_val=[1.5])
    message.tensor_shape.dim.add(size=1 << 40)
    found = serialize.array_from_proto(message)
    assert found.shape == (1 << 40,)
    assert found[-1] == 1.5
    assert found.strides == (0,)


def stored(dims: list[int], **values: Any) -> Any:
    message = proto.TensorProto(**values)
    for size in dims:
        message.tensor_shape.dim.add(size=size)
    return message


@pytest.mark.parametrize(
    "message",
    [
        stored([3], dtype=1, tensor_content=b"\0" * 11),
        stored([-1], dtype=1, float_val=[1.0]),
        stored([1], dtype=1, float_val=[1.0, 2.0]),
        stored([2], dtype=7, tensor_content=b"ab"),
        stored([1], dtype=8, scomplex_val=[1.0]),
        stored([1 << 30, 1 << 30], dtype=1, float_val=[1.0, 2.0]),
        stored([1 << 40, 1 << 40], dtype=1, float_val=[1.0]),
        proto.TensorProto(
            dtype=1, float_val=[1.0], tensor_shape=proto.TensorShapeProto(unknown_rank=True)
        ),
    ],
    ids=["short", "unknown", "long", "bytes", "half", "large", "larger", "rank"],
)
def test_damaged_tensors_are_refused(message: Any) -> None:
    with pytest.raises(ValueError):
        serialize.array_from_proto(message)


def test_unknown_types_are_refused() -> None:
    with pytest.raises(TypeError):
        serialize.array_from_proto(stored([1], dtype=20))


# ---- shapes and attributes ----------------------------------------------------------------


@pytest.mark.parametrize("shape", [None, (), (2, None, 0)], ids=str)
def test_shapes(shape: Any) -> None:
    message = TensorShape(shape).as_proto()
    assert isinstance(message, proto.TensorShapeProto)
    assert TensorShape(message) == TensorShape(shape)
    assert message.unknown_rank == (shape is None)
    assert [d.size for d in message.dim] == [-1 if d is None else d for d in shape or ()]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("type", float32),
        ("type", float32.as_ref),
        ("shape", (2, None)),
        ("shape", None),
        ("int", -3),
        ("float", 0.5),
        ("bool", True),
        ("string", b"a\xff"),
        ("list(type)", [float32, int64]),
        ("list(int)", [1, 2]),
        ("list(float)", [0.5]),
        ("list(bool)", [True, False]),
        ("list(string)", [b"a", b""]),
        ("list(shape)", [(1,), None]),
        ("list(int)", []),
    ],
)
def test_attributes_come_back(kind: str, value: Any) -> None:
    message = serialize.attr_to_proto(value, kind)
    found = serialize.attr_from_proto(proto.AttrValue.FromString(message.SerializeToString()))
    assert found == value
    assert type(found) is type(value)


def test_attributes_without_a_declaration() -> None:
    """Their kind is what their value suggests."""
    assert serialize.attr_to_proto([b"loc:@x"]).list.s == [b"loc:@x"]
    assert serialize.attr_to_proto(True).WhichOneof("value") == "b"
    assert serialize.attr_to_proto(np.ones(2)).tensor.dtype == 2
    assert serialize.attr_to_proto([]).WhichOneof("value") == "list"
    with pytest.raises(TypeError, match="cannot be an attribute"):
        serialize.attr_to_proto({})


def test_attributes_without_a_value_are_refused() -> None:
    for message in (proto.AttrValue(), proto.AttrValue(placeholder="T")):
        with pytest.raises(ValueError, match="without a value"):
            serialize.attr_from_proto(message)


# ---- operations ---------------------------------------------------------------------------


def test_a_constant_stores_what_was_given() -> None:
    """As TensorFlow's: what fills the rest of a shape is not written out."""
    filled = constant(0.5, shape=[2, 3]).op.node_def.attr["value"].tensor
    assert list(filled.float_val) == [0.5]
    whole = constant([1, 2], shape=[1, 2]).op.node_def.attr["value"].tensor
    assert whole.tensor_content == b"\1\0\0\0\2\0\0\0"
    assert set(constant([1, 2], shape=[3]).op.node_def.attr) == {"value", "dtype"}


def test_text_and_missing_attributes() -> None:
    op = constant(2, name="two").op
    assert str(op) == to_text(op.node_def)
    assert str(op).startswith('name: "two"\nop: "Const"\n')
    with pytest.raises(ValueError, match="No attr named 'nope' in name: \"two\""):
        op.get_attr("nope")


def test_inputs_and_controls() -> None:
    x = constant([[1.0, 2.0]], name="x")
    with get_default_graph().control_dependencies([constant(1.0, name="first")]):
        y = raw.Identity(x, name="y")
    with get_default_graph().device("/cpu:0"):
        z = raw.Identity(y, name="z")
    assert list(y.op.node_def.input) == ["x", "^first"]
    assert list(z.op.node_def.input) == ["y"]
    assert z.op.node_def.device == "/device:CPU:0"


def test_an_operation_from_its_message() -> None:
    graph = get_default_graph()
    x = constant([[1.0, 2.0]], name="x")
    made = raw.Identity(x, name="made")
    message = proto.NodeDef()
    message.CopyFrom(made.op.node_def)
    message.name = "bare"
    op = Operation(message, graph, [x], [float32], [x.op])
    assert (op.name, op.type, op.graph) == ("bare", "Identity", graph)
    assert op.outputs[0].get_shape().as_list() == [1, 2]
    assert op.control_inputs == [x.op]
    assert op in x.consumers()
    assert op not in graph.get_operations()
    assert op._id == graph.version


def test_a_bare_operation_is_checked() -> None:
    graph = get_default_graph()
    x = constant(1.0)
    with pytest.raises(TypeError, match="NodeDef"):
        Operation("Identity", graph)
    with pytest.raises(ValueError, match="'a b' is not a valid node name"):
        Operation(proto.NodeDef(name="a b", op="Identity"), graph, [x])
    with pytest.raises(TypeError, match="input needs to be a Tensor"):
        Operation(proto.NodeDef(name="a", op="Identity"), graph, [1.0])
    with pytest.raises(TypeError, match="Op type not registered 'Nope'"):
        Operation(proto.NodeDef(name="a", op="Nope"), graph)
    with pytest.raises(TypeError, match="takes 1 inputs, got 2"):
        Operation(proto.NodeDef(name="a", op="Identity"), graph, [x, x])
    with pytest.raises(TypeError, match="computes"):
        Operation(proto.NodeDef(name="a", op="Identity"), graph, [x], [int64])
    with pytest.raises(TypeError, match="Control input"):
        Operation(proto.NodeDef(name="a", op="Identity"), graph, [x], None, [3])
    with pytest.raises(TypeError, match="g needs to be a Graph"):
        Operation(proto.NodeDef(name="a", op="Identity"), "graph", [x])


def test_create_op_takes_messages() -> None:
    message = constant([1.0, 2.0]).op.node_def.attr["value"]
    op = get_default_graph().create_op(
        "Const", [], [float32], attrs={"value": message, "dtype": proto.AttrValue(type=1)}
    )
    assert op.attrs["value"].tolist() == [1.0, 2.0]
    assert op.attrs["dtype"] is float32


def test_traceback_shows_the_source() -> None:
    op = constant(1.0).op
    filename, line, function, text = op.traceback[-1]
    assert filename == __file__
    assert line > 0
    assert function == "test_traceback_shows_the_source"
    assert text == "op = constant(1.0).op"


# ---- bodies -------------------------------------------------------------------------------


def test_bodies_are_functions_of_the_library() -> None:
    """Conditionals refer to them by name; inside, inputs are read as functions read them."""
    x = array.placeholder(float32, [2], name="x")
    control.cond(
        math.less(math.reduce_sum(x), 1.0),
        lambda: array.unstack(x)[1] * 2.0,
        lambda: control.cond(
            math.less(math.reduce_max(x), 3.0), lambda: x[0], lambda: math.reduce_sum(x)
        ),
        name="choose",
    )
    graph = get_default_graph()
    message = graph.as_graph_def()
    message = proto.GraphDef.FromString(message.SerializeToString())
    assert message.versions.min_consumer == 12
    functions = {f.signature.name: f for f in message.library.function}
    (node,) = [n for n in message.node if n.op.endswith("If")]
    then = functions[node.attr["then_branch"].func.name]
    other = functions[node.attr["else_branch"].func.name]
    assert len(functions) == 4
    assert [a.name for a in then.signature.input_arg] == ["arg_0"]
    unpacking = next(n for n in then.node_def if n.op == "Unpack")
    assert list(unpacking.input) == ["arg_0"]
    assert any(f"{unpacking.name}:output:1" in n.input for n in then.node_def)
    assert all(i.partition(":")[0] in {n.name for n in then.node_def} for i in then.ret.values())
    (inner,) = [n for n in other.node_def if n.op.endswith("If")]
    assert inner.attr["then_branch"].func.name in functions
    assert inner.attr["then_branch"].func.name.startswith(f"{other.signature.name}/")
    op = graph.get_operation_by_name(node.name)
    assert op.node_def.attr["then_branch"].func.name == then.signature.name
