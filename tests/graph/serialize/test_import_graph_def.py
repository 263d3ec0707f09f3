"""What importing a graph does beyond TensorFlow 1.1.0, or refuses before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import proto
from skflow.proto import _pool
from skflow.proto.text import parse_text
from tests.golden.import_programs import ABC, DTYPE, FLOAT, const, node, place


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


ERROR = "incompatible_shape_error"


def graph(*nodes: str) -> Any:
    return parse_text(" ".join(nodes), tf.GraphDef)


def attr(key: str, value: str) -> str:
    return f'attr {{ key: "{key}" value {{ {value} }} }}'


def refused(match: str, *nodes: str, **options: Any) -> None:
    with pytest.raises(ValueError, match=match):
        tf.import_graph_def(graph(*nodes), **options)


# ---- order ------------------------------------------------------------------------------------


def test_nodes_come_after_what_they_take() -> None:
    """The order is the stored one as far as may be; names do not hang on it."""
    message = graph(
        node("sum", "Add", "neg", "x"),
        node("neg", "Neg", "x", "^wait"),
        const("y"),
        place("x"),
        node("wait", "NoOp", extra=""),
        node("Neg", "Neg", "y"),
    )
    (total,) = tf.import_graph_def(message, return_elements=["sum:0"], name="")
    names = [op.name for op in total.graph.get_operations()]
    assert names == ["y", "x", "wait", "neg", "sum", "Neg"]
    assert [op.name for op in total.op.inputs[0].op.control_inputs] == ["wait"]
    with tf.Session() as session:
        assert session.run(total, {"x:0": 3.0}) == 0.0


@pytest.mark.parametrize(
    ("nodes", "path"),
    [
        ([node("a", "Neg", "a")], "'a' takes 'a'"),
        ([node("a", "Neg", "b"), node("b", "Neg", "a")], "'a' takes 'b' takes 'a'"),
        ([node("a", "Neg", "b"), const("c"), node("b", "Neg", "c", "^a")], "'a' takes 'b' takes "),
        ([node(f"n{i}", "Neg", f"n{(i + 1) % 9}") for i in range(9)], "'n3' takes ... takes 'n0'"),
    ],
)
def test_cycles(nodes: list[str], path: str) -> None:
    refused(f"graph_def is invalid at node '.*': It is part of a cycle: .*{path}", *nodes)


def test_a_long_chain() -> None:
    """As deep as a graph may be: nothing recurses."""
    count = 5000
    nodes = [place("n0"), *(node(f"n{i}", "Neg", f"n{i - 1}") for i in range(1, count))]
    (end,) = tf.import_graph_def(
        graph(*reversed(nodes)), return_elements=[f"n{count - 1}:0"], name=""
    )
    with tf.Session() as session:
        assert session.run(end, {"n0:0": 2.0}) == -2.0


def test_names_are_unique() -> None:
    refused("at node 'a': Its name is not unique", const("a"), const("b"), const("a"))


def test_control_inputs_come_last() -> None:
    refused("must come after regular", const("a"), const("b"), node("c", "Add", "a", "^b", "b"))


# ---- operations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond", "RefSwitch"]
)
def test_old_control_flow(kind: str) -> None:
    """It says what to do, and names the node."""
    refused(
        f"No op named {kind} in defined operations. Node 'cond/x' is one: conditionals and loops "
        r"of Switch, .*only those of If and While.*enable_control_flow_v2\(\)",
        const("a"),
        node("cond/x", kind, "a"),
    )


@pytest.mark.parametrize(
    "kind",
    [
        *("VarHandleOp", "ReadVariableOp", "VarIsInitializedOp", "AssignVariableOp"),
        *("AssignAddVariableOp", "ResourceApplyAdam", "ResourceGather", "ResourceScatterAdd"),
    ],
)
def test_resource_variables(kind: str) -> None:
    refused(
        f"No op named {kind} in defined operations. Node 'v/x' is one: resource variables are not "
        r"supported, .*disable_resource_variables\(\)",
        const("a"),
        node("v/x", kind, "a"),
    )


def test_what_is_no_node_of_a_graph() -> None:
    refused("No op named _Arg in", node("a", "_Arg"))
    library = 'library { function { signature { name: "f" } } }'
    refused(
        "No op named f .*Node 'a' is one: functions of the library are supported in If and While",
        node("a", "f"),
        library,
    )


def test_python_functions() -> None:
    nodes = [
        node("p", "PyFunc", extra=attr("token", 's: "pyfunc_7"') + attr("Tin", "list { }")),
        node("q", "PyFuncStateless", extra=""),
    ]
    refused("'p': it calls the Python function 'pyfunc_7', which a graph does not", *nodes)
    refused("'q': it calls the Python function ''", nodes[1])


def test_declarations_to_read_by() -> None:
    neg = proto.OpDef(name="Neg")
    neg.attr.add(name="T", type="type").default_value.type = 1
    declared = {"Neg": neg, "Placeholder": proto.OpDef(name="Placeholder")}
    message = graph(place("a"), node("b", "Neg", "a", extra=""))
    tf.import_graph_def(message, op_dict=declared)
    refused("Expected one attr with name 'T'", place("a"), node("b", "Neg", "a", extra=""))
    del declared["Neg"]
    with pytest.raises(ValueError, match="No op named Neg in defined operations. Node 'b'"):
        tf.import_graph_def(message, op_dict=declared)


@pytest.mark.parametrize(
    ("versions", "match"),
    [
        ("min_consumer: 22", "min consumer version 22 above current version 21 for TensorFlow 1.1"),
        ("bad_consumers: [3, 21]", "disallows consumer version 21"),
        ("producer: -1", "producer version -1 below min producer 0"),
    ],
)
def test_versions(versions: str, match: str) -> None:
    refused(f"GraphDef {match}", f"versions {{ {versions} }}")


# ---- attributes -------------------------------------------------------------------------------


def test_attributes_of_later_versions() -> None:
    """Those by which an operation does what it always did are dropped, others refused."""
    hints = FLOAT + attr("grad_a", "b: false") + attr("grad_b", "b: true")
    nodes = [place("a"), node("b", "MatMul", "a", "a", extra=hints)]
    nodes.append(node("c", "Equal", "a", "a", extra=FLOAT + attr(ERROR, "b: true")))
    found = tf.import_graph_def(graph(*nodes), return_elements=["b", "c"])
    assert set(found[0].node_def.attr) == {"T", "transpose_a", "transpose_b"}
    assert set(found[1].node_def.attr) == {"T"}
    refused(
        f"NodeDef mentions attr '{ERROR}' not in Op<name=Equal; signature=x:T, y:T -> z:bool; .*"
        "newer version",
        place("a"),
        node("b", "Equal", "a", "a", extra=FLOAT + attr(ERROR, "b: false")),
    )


def test_attributes_of_the_writers_version() -> None:
    message = graph(place("a"), node("b", "Neg", "a", extra=FLOAT + attr("new", "i: 4")))
    written = proto.OpList()
    new = written.op.add(name="Neg").attr.add(name="new", type="int")
    with pytest.raises(ValueError, match="mentions attr 'new'"):
        tf.import_graph_def(message, producer_op_list=written)
    new.default_value.i = 5
    with pytest.raises(ValueError, match="mentions attr 'new'"):
        tf.import_graph_def(message, producer_op_list=written)
    new.default_value.i = 4
    tf.import_graph_def(message, producer_op_list=written)


@pytest.mark.parametrize(
    ("type", "inputs", "given", "match"),
    [
        ("Neg", "a", attr("T", "i: 1"), "value with type 'int' when 'type' expected for attr 'T'"),
        ("Neg", "a", attr("T", 'placeholder: "T"'), "No value is given for attr 'T'"),
        ("Neg", "a", attr("T", "type: DT_STRING"), "string is not in the list of allowed values: "),
        ("Neg", "a", attr("T", "type: DT_RESOURCE"), "DT_RESOURCE here, which resource variables"),
        ("Neg", "a", attr("T", "type: DT_VARIANT"), "DT_VARIANT here, in which TensorFlow 2 keeps"),
        ("Neg", "a", attr("T", "type: 77"), "There is no type 77 here"),
        ("Neg", "a", attr("T", "type: DT_INVALID"), "There is no type DT_INVALID here"),
        (
            "Neg",
            "a",
            attr("T", "type: DT_FLOAT_REF"),
            "must not have reference type value of float",
        ),
        (
            "Pack",
            "a",
            FLOAT + attr("N", "i: 0"),
            "Value of 0 must be at least minimum 1 for attr 'N",
        ),
        ("Pack", "a", FLOAT + attr("N", "i: -3"), "must be at least minimum 1"),
        (
            "Pack",
            "a",
            FLOAT + attr("N", "i: 2"),
            r"Input types mismatch \(expected 'float32, float32",
        ),
        ("Pack", "a", FLOAT + attr("N", f"i: {1 << 62}"), "Input types mismatch"),
        (
            "Pack",
            "a",
            FLOAT + attr("N", "i: 1") + attr("axis", "i: 9"),
            "Invalid axis: 9; must be in",
        ),
        ("Unpack", "a", FLOAT + attr("num", "i: -1"), "must be at least minimum 0"),
        ("Unpack", "a", FLOAT + attr("num", "i: 2000000000"), "more operations and tensors"),
        (
            "BiasAdd",
            "a b",
            FLOAT + attr("data_format", 's: "X"'),
            "'X' is not in the list of allow",
        ),
        ("BiasAdd", "a b", FLOAT + attr("data_format", r's: "\377"'), "can't decode byte"),
        ("MatMul", "a b", FLOAT + attr("transpose_a", "i: 1"), "'int' when 'bool' expected"),
        (
            "Squeeze",
            "a",
            FLOAT + attr("squeeze_dims", "list { f: 1 }"),
            r"'list\(float\)' when 'lis",
        ),
        ("Squeeze", "a", FLOAT + attr("squeeze_dims", "list { i: 1 f: 1 }"), "lists of several"),
        (
            "Identity",
            "a",
            FLOAT + attr("_class", 's: "x"'),
            r"'string' when 'list\(string\)' expec",
        ),
        ("Identity", "a", FLOAT + attr("_gradient_op_type", "i: 1"), "when 'string' expected"),
        (
            "Identity",
            "a",
            FLOAT + attr("_output_shapes", "list { }"),
            "1 outputs but the _output_sha",
        ),
        (
            "Identity",
            "a",
            FLOAT + attr("_x", 'placeholder: "T"'),
            "No value is given for attr '_x'",
        ),
        ("Identity", "a", FLOAT + attr("", "i: 3"), "NodeDef mentions attr ''"),
        ("Placeholder", "", DTYPE + attr("shape", "shape { dim { size: -2 } }"), "less than -1"),
        (
            "Placeholder",
            "",
            DTYPE + attr("shape", f"shape {{ {'dim { size: 1 } ' * 255} }}"),
            "A shape of 255 dimensions",
        ),
        (
            "Placeholder",
            "",
            DTYPE + attr("shape", "shape { unknown_rank: true dim { size: 1 } }"),
            "unknown rank has dimensions",
        ),
    ],
)
def test_damaged_attributes(type: str, inputs: str, given: str, match: str) -> None:
    nodes = [const("a", "float_val: 1", "2"), const("b", "float_val: 1", "2")]
    refused(match, *nodes, node("x", type, *inputs.split(), extra=given))


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("dtype: DT_INT32", "Inconsistent dtype: attr 'dtype' is float32, the value's type int32"),
        (
            "dtype: DT_FLOAT tensor_shape { dim { size: -1 } }",
            "shape of a stored tensor must be fu",
        ),
        ('dtype: DT_FLOAT tensor_content: "abc"', "1 elements of type float32 has 3 bytes"),
        ("dtype: DT_FLOAT float_val: [1, 2]", "has 2 elements"),
        (
            "dtype: DT_FLOAT tensor_shape { dim { size: 9000000 } } float_val: [1, 2]",
            "takes too much memory for what is stored",
        ),
        ("dtype: DT_RESOURCE", "for attr 'value'"),
    ],
)
def test_damaged_constants(value: str, match: str) -> None:
    refused(match, node("a", "Const", extra=DTYPE + attr("value", f"tensor {{ {value} }}")))


def test_constants_that_repeat_themselves() -> None:
    """One number is kept as it is; a few bytes do not become gigabytes."""
    nodes = [const(f"c{i}", "float_val: 7", f"{1 << 40}") for i in range(8)]
    found = tf.import_graph_def(graph(*nodes), return_elements=[f"c{i}:0" for i in range(8)])
    assert all(t.get_shape().as_list() == [1 << 40] for t in found)
    assert all(t.op.get_attr("value").strides == (0,) for t in found)
    nodes = [const(f"c{i}", "float_val: 7", "100 100 50") for i in range(200)]
    found = tf.import_graph_def(graph(*nodes), return_elements=[f"c{i}" for i in range(200)])
    owned = [op for op in found if op.get_attr("value").strides != (0, 0, 0)]
    assert 0 < len(owned) < 10
    assert (found[-1].get_attr("value") == 7).all()


def test_a_shape_from_a_constant_that_repeats_itself() -> None:
    """Nobody counts to 2**40 for it."""
    size = node("s", "Const", extra=attr("dtype", "type: DT_INT32") + attr(
        "value", f"tensor {{ dtype: DT_INT32 tensor_shape {{ dim {{ size: {1 << 40} }} }} int_val: 1 }}"
    ))  # fmt: skip
    reshape = node("r", "Reshape", "a", "s", extra=FLOAT + attr("Tshape", "type: DT_INT32"))
    (found,) = tf.import_graph_def(graph(const("a"), size, reshape), return_elements=["r:0"])
    assert found.get_shape().ndims is None


def test_a_shape_of_a_length_that_no_shape_has() -> None:
    """Neither does it make a list of 2**40 unknown dimensions."""
    dims = attr("dtype", "type: DT_INT32") + attr("shape", f"shape {{ dim {{ size: {1 << 40} }} }}")
    shape = node("s", "Placeholder", extra=dims)
    kinds = {
        "Reshape": "Tshape",
        "Transpose": "Tperm",
        "Tile": "Tmultiples",
        "Fill": "",
        "Sum": "Tidx",
    }
    for kind, key in kinds.items():
        extra = FLOAT + (attr(key, "type: DT_INT32") if key else "")
        inputs = ("s", "a") if kind == "Fill" else ("a", "s")
        tf.import_graph_def(graph(place("a"), shape, node("r", kind, *inputs, extra=extra)))
    total = node("t", "Pack", "s", "s", extra=attr("T", "type: DT_INT32") + attr("N", "i: 2"))
    tf.import_graph_def(graph(shape, total))


def test_shapes_of_too_many_dimensions() -> None:
    """As an operation's output too."""
    dims = attr("shape", f"shape {{ {'dim { size: 1 } ' * 254} }}")
    axis = node("i", "Const", extra=attr("dtype", "type: DT_INT32") + attr(
        "value", "tensor { dtype: DT_INT32 tensor_shape { } int_val: 0 }"
    ))  # fmt: skip
    wider = node("b", "ExpandDims", "a", "i", extra=FLOAT + attr("Tdim", "type: DT_INT32"))
    refused("'b': An output has 255 dimensions", place("a", dims), axis, wider)


def test_notes_of_every_kind_come_back() -> None:
    """Attributes that begin with an underscore are kept, whatever they are."""
    one = {
        "s": r's: "a\377"',
        "i": "i: -3",
        "f": "f: 0.5",
        "b": "b: true",
        "type": "type: DT_HALF",
        "shape": "shape { dim { size: 2 } dim { size: -1 } }",
        "unknown": "shape { unknown_rank: true }",
        "tensor": "tensor { dtype: DT_INT32 tensor_shape { } int_val: 4 }",
        "func": 'func { name: "f" attr { key: "T" value { type: DT_FLOAT } } }',
    }
    several = {f"{k}s": f"list {{ {v} {v} }}" for k, v in one.items()}
    notes = {f"_{k}": v for k, v in (one | several | {"none": "list { }"}).items()}
    extra = FLOAT + " ".join(attr(k, v) for k, v in notes.items())
    message = graph(const("a"), node("b", "Neg", "a", extra=extra))
    (found,) = tf.import_graph_def(message, return_elements=["b"])
    assert dict(found.node_def.attr) == dict(message.node[1].attr)


# ---- what is given from outside ---------------------------------------------------------------


def test_control_inputs_can_be_mapped() -> None:
    mine = tf.no_op(name="mine")
    message = graph(const("a"), node("b", "Neg", "a", "^a"), node("c", "Neg", "a", "^gone"))
    b, c = tf.import_graph_def(message, {"^a": mine, "^gone": mine}, ["b", "c"])
    assert b.control_inputs == c.control_inputs == [mine]
    with pytest.raises(ValueError, match=r"not found in graph_def: \[\^q\]"):
        tf.import_graph_def(message, {"^gone": mine, "^q": mine})
    with pytest.raises(TypeError, match="mapped to an operation only, not to 3"):
        tf.import_graph_def(message, {"^a": 3})


def test_inside_a_branch() -> None:
    x = tf.placeholder(tf.float32, [], name="x")

    def branch() -> Any:
        (found,) = tf.import_graph_def(graph(*ABC), {"a": x}, ["d:0"])
        return found

    found = tf.cond(x > 0.0, branch, lambda: x)
    with tf.Session() as session:
        assert session.run(found, {x: 2.0}) == -3.0
        assert session.run(found, {x: -2.0}) == -2.0


def test_the_message_is_not_changed() -> None:
    message = graph(place("a"), node("b", "MatMul", "a", "a"))
    before = message.SerializeToString(deterministic=True)
    tf.import_graph_def(message)
    assert message.SerializeToString(deterministic=True) == before


def test_a_message_of_another_pool() -> None:
    """Such as TensorFlow's own class."""
    other = _pool._load().names["GraphDef"]
    assert other is not tf.GraphDef
    message = other.FromString(graph(*ABC).SerializeToString())
    (found,) = tf.import_graph_def(message, return_elements=["d:0"])
    assert found.name == "import/d:0"


def test_outputs_are_counted_from_the_front() -> None:
    refused(r"Cannot convert 'a:-1' to a tensor name", const("a"), node("b", "Neg", "a:-1"))
    refused("Cannot convert 'a:٣'", const("a"), node("b", "Neg", "a:٣"))
    with pytest.raises(ValueError, match="return_element 'a:-1' not found"):
        tf.import_graph_def(graph(const("a")), return_elements=["a:-1"])


# ---- what versions mean -----------------------------------------------------------------------


@pytest.mark.parametrize(("producer", "wanted"), [(0, None), (21, None), (24, [])])
def test_scalar_placeholders(producer: int, wanted: Any) -> None:
    """TensorFlow 1.1.0 writes the same for a scalar and for no shape at all."""
    message = graph(place("a", attr("shape", "shape { }")), f"versions {{ producer: {producer} }}")
    (found,) = tf.import_graph_def(message, return_elements=["a:0"])
    assert found.get_shape() == tf.TensorShape(wanted)


def test_variables_of_one_name_agree() -> None:
    def declared(name: str, dtype: str, size: int) -> str:
        return node(
            name,
            "VariableV2",
            extra=attr("dtype", f"type: {dtype}")
            + attr("shape", f"shape {{ dim {{ size: {size} }} }}")
            + attr("shared_name", 's: "v"'),
        )

    tf.import_graph_def(graph(declared("a", "DT_FLOAT", 2), declared("b", "DT_FLOAT", 2)))
    for other in (declared("b", "DT_DOUBLE", 2), declared("b", "DT_FLOAT", 3)):
        refused("'b': Trying to share variable v, but", declared("a", "DT_FLOAT", 2), other)


def test_gradients_of_what_was_imported() -> None:
    x = tf.constant(3.0)
    (d,) = tf.import_graph_def(graph(*ABC), {"a": x}, ["d:0"])
    with tf.Session() as session:
        assert session.run(tf.gradients(d, x)) == [-1.0]


def test_arrays_are_the_graphs_own() -> None:
    """Bytes of the message are not shared."""
    message = graph(const("a", r'tensor_content: "\000\000\200?\000\000\000@"', "2"))
    (found,) = tf.import_graph_def(message, return_elements=["a"])
    value = found.get_attr("value")
    assert value.flags.writeable
    assert value.dtype == np.float32
    assert value.tolist() == [1.0, 2.0]
