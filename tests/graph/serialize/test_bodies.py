"""Functions of a stored graph become the bodies of conditionals and loops, or are refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skflow as tf
from skflow import proto
from skflow.graph.serialize import meta_graph

GRAPHS = Path(__file__).parents[2] / "golden" / "graphs"


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


# ---- TensorFlow 2's own -----------------------------------------------------------------------


def test_control_flow_of_tensorflow_2() -> None:
    """What version 2.21 wrote computes the same, random numbers included."""
    message = proto.MetaGraphDef.FromString((GRAPHS / "control_flow_v2.meta").read_bytes())
    noted = json.loads((GRAPHS / "control_flow_v2.json").read_text(encoding="utf-8"))
    meta_graph.import_scoped_meta_graph(message)
    with tf.Session() as session:
        for feeds, wanted in zip(noted["feeds"], noted["values"], strict=True):
            for value, other in zip(session.run(noted["fetches"], feeds), wanted, strict=True):
                np.testing.assert_allclose(value, other, rtol=2e-6, atol=1e-6)


def test_gradients_of_what_tensorflow_2_wrote() -> None:
    message = proto.MetaGraphDef.FromString((GRAPHS / "control_flow_v2.meta").read_bytes())
    meta_graph.import_scoped_meta_graph(message)
    graph = tf.get_default_graph()
    x, s = (graph.get_tensor_by_name(n) for n in ("x:0", "s:0"))
    value = np.array([[0.3, 0.5, -0.2]])
    for name in ("y:0", "w:0", "z:0"):
        (grad,) = tf.gradients(graph.get_tensor_by_name(name), x)
        with tf.Session() as session:
            found = session.run(grad, {x: value, s: 1.5})
            for i in range(3):
                step = np.zeros((1, 3))
                step[0, i] = 1e-2
                ends = [session.run(name, {x: value + k * step, s: 1.5}).sum() for k in (1, -1)]
                np.testing.assert_allclose(found[0, i], (ends[0] - ends[1]) / 2e-2, rtol=2e-3)


# ---- ours, damaged ----------------------------------------------------------------------------


def choosing() -> Any:
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.cond(tf.reduce_sum(x) > 0.0, lambda: [x * 2.0, x], lambda: [tf.exp(x), -x], name="c")


def drawing() -> Any:
    x = tf.placeholder(tf.float32, [2], name="x")
    p = tf.placeholder(tf.bool, [], name="p")
    r = tf.cond(p, lambda: x * tf.random_uniform([2]), lambda: x, name="c")
    tf.gradients(r, x)


def looping() -> Any:
    x = tf.placeholder(tf.float32, [2], name="x")
    r = tf.while_loop(lambda i, *_: i < 3, lambda i, a: (i + 1, tf.sin(a) * x), [0, x], name="w")
    tf.gradients(r[1], x)


def shaking() -> Any:
    x = tf.placeholder(tf.float32, [2], name="x")
    r = tf.while_loop(
        lambda i, *_: i < 3, lambda i, a: (i + 1, a * tf.random_uniform([2])), [0, x], name="w"
    )
    tf.gradients(r[1], x)


class Damage:
    """A stored graph with handles on the parts to damage.

    Parameters
    ----------
    build : callable
        Builds the graph.
    """

    def __init__(self, build: Callable[[], Any]) -> None:
        with tf.Graph().as_default() as graph:
            build()
        self.message = tf.GraphDef.FromString(graph.as_graph_def().SerializeToString())
        self.functions = {f.signature.name: f for f in self.message.library.function}
        kinds = ("If", "StatelessIf", "While", "StatelessWhile")
        self.node = next(n for n in self.message.node if n.op in kinds)
        self.gradient = next((n for n in self.message.node if n.op == "SymbolicGradient"), None)

    def function(self, ending: str) -> Any:
        return next(f for name, f in self.functions.items() if name.endswith(ending))


def rename_reference(d: Damage) -> None:
    d.node.attr["then_branch"].func.name = "nothing"


def drop_reference(d: Damage) -> None:
    del d.node.attr["then_branch"]


def no_function(d: Damage) -> None:
    d.node.attr["then_branch"].s = b"c/Merge/then_branch"


def recursion(d: Damage) -> None:
    inner = d.function("then_branch").node_def.add()
    inner.CopyFrom(d.node)
    inner.name = "inner"
    inner.input[:] = ["inner_test", *d.node.input[1:]]
    test = d.function("then_branch").node_def.add(name="inner_test", op="Const")
    test.attr["dtype"].type = 10
    test.attr["value"].tensor.dtype = 10
    inner.input[:] = ["inner_test:output:0", *[f"arg_{i}" for i in range(len(d.node.input) - 1)]]


def cycle_inside(d: Damage) -> None:
    first = d.function("then_branch").node_def[0]
    first.input.append(f"^{first.name}")


def same_names(d: Damage) -> None:
    d.function("then_branch").node_def.add().CopyFrom(d.function("then_branch").node_def[0])


def name_of_an_argument(d: Damage) -> None:
    d.function("then_branch").node_def[0].name = "arg_0"


def missing_input(d: Damage) -> None:
    d.function("else_branch").node_def[0].input[0] = "nothing:output:0"


def missing_output(d: Damage) -> None:
    d.function("else_branch").node_def[0].input[0] = "arg_0:output:0"


def missing_control_input(d: Damage) -> None:
    d.function("else_branch").node_def[0].input.append("^nothing")


def unknown_operation(d: Damage) -> None:
    d.function("else_branch").node_def[0].op = "Frobnicate"


def old_control_flow(d: Damage) -> None:
    d.function("else_branch").node_def[0].op = "Switch"


def returns_nothing(d: Damage) -> None:
    d.function("else_branch").ret["ret_1"] = "nowhere"


def returns_less(d: Damage) -> None:
    del d.function("else_branch").signature.output_arg[1]


def returns_another_type(d: Damage) -> None:
    d.function("else_branch").signature.output_arg[1].type = 3


def takes_more(d: Damage) -> None:
    d.function("else_branch").signature.input_arg.add(name="more", type=1)


def takes_any_type(d: Damage) -> None:
    d.function("else_branch").signature.input_arg[0].type_attr = "T"


def takes_no_type(d: Damage) -> None:
    d.function("else_branch").signature.input_arg[0].type = 20


def wrong_shapes(d: Damage) -> None:
    d.node.attr["output_shapes"].list.shape[0].dim[0].size = 5


def few_shapes(d: Damage) -> None:
    del d.node.attr["output_shapes"].list.shape[0]


def stateless_though_drawing(d: Damage) -> None:
    d.node.op = "StatelessIf"
    del d.node.attr["_recorded"]


def too_much_recorded(d: Damage) -> None:
    d.node.attr["_recorded"].list.i[:] = [7, 1]


def less_than_nothing_recorded(d: Damage) -> None:
    d.node.attr["_recorded"].list.i[:] = [-1, 1]


def many_loop_variables(d: Damage) -> None:
    d.node.attr["_loop_variables"].i = 9


def few_loop_variables(d: Damage) -> None:
    d.node.attr["_loop_variables"].i = 1


def condition_of_numbers(d: Damage) -> None:
    d.node.attr["cond"].func.name = d.node.attr["body"].func.name


def body_of_a_condition(d: Damage) -> None:
    d.node.attr["body"].func.name = d.node.attr["cond"].func.name


def wrong_invariant(d: Damage) -> None:
    d.node.attr["output_shapes"].list.shape[1].dim[0].size = 3


def wrong_result(d: Damage) -> None:
    d.function("w/Exit/body").node_def.add(name="k", op="Const").attr["dtype"].type = 1
    const = d.function("w/Exit/body").node_def[-1]
    const.attr["value"].tensor.dtype = 1
    const.attr["value"].tensor.tensor_shape.dim.add(size=7)
    const.attr["value"].tensor.float_val.append(1.0)
    d.function("w/Exit/body").ret["ret_1"] = "k:output:0"


def replay_of_nothing(d: Damage) -> None:
    d.node.attr["_replays"].b = True


def gradient_of_no_loop(d: Damage) -> None:
    d.gradient.attr["f"].func.name = d.gradient.attr["_backward"].func.name


def gradient_without_a_body(d: Damage) -> None:
    del d.gradient.attr["_backward"]


def flow_of_a_counter(d: Damage) -> None:
    d.gradient.attr["_flows"].list.i[:] = [0]


def flow_out_of_range(d: Damage) -> None:
    d.gradient.attr["_flows"].list.i[:] = [9]


def another_form(d: Damage) -> None:
    d.gradient.attr["_forms"].list.s[:] = [b"spare:1"]


def form_out_of_range(d: Damage) -> None:
    d.gradient.attr["_forms"].list.s[:] = [b"dense:99"]


def form_of_a_counter(d: Damage) -> None:
    d.gradient.attr["_forms"].list.s[:] = [b"dense:0"]


def backward_function_of_another_loop(d: Damage) -> None:
    d.function("_backward").signature.input_arg[0].type = 2


def backward_function_that_returns_less(d: Damage) -> None:
    del d.function("_backward").signature.output_arg[1]


CASES = [
    (choosing, rename_reference, "'c/Merge': Function 'nothing' is not in the library"),
    (choosing, drop_reference, "No attr named 'then_branch' in name: \"c/Merge\""),
    (choosing, no_function, "value with type 'string' when 'func' expected for attr 'then_bra"),
    (choosing, recursion, "Functions are nested more than 32 deep.*inside function 'c/Merge/then"),
    (choosing, cycle_inside, "part of a cycle in function 'c/Merge/then_branch'"),
    (choosing, same_names, "Function 'c/Merge/then_branch' has two nodes of one name"),
    (choosing, name_of_an_argument, "has two nodes of one name"),
    (choosing, missing_input, "Input tensor 'nothing:output:0' not found in graph_def"),
    (choosing, missing_output, "Input tensor 'arg_0:output:0' not found in graph_def"),
    (choosing, missing_control_input, r"Control input '\^nothing' not found"),
    (choosing, unknown_operation, "No op named Frobnicate in defined op.*inside function 'c/Mer"),
    (choosing, old_control_flow, "No op named Switch.*are not supported"),
    (choosing, returns_nothing, "returns 'nowhere' as 'ret_1', which it does not compute"),
    (choosing, returns_less, r"'else_branch' returns \[float32\], not \[float32, float32\]"),
    (choosing, returns_another_type, "as 'ret_1', which it does not compute, or not in that type"),
    (choosing, takes_more, r"'else_branch' takes \[float32, float32\], not \[float32\]"),
    (choosing, takes_any_type, "has arguments of no certain type"),
    (choosing, takes_no_type, "Function 'c/Merge/else_branch': Cannot convert value 20 to"),
    (choosing, wrong_shapes, r"Output 0 is declared to have shape \(5,\), but has \(2,\)"),
    (choosing, few_shapes, "It has 2 outputs and 1 shapes in output_shapes"),
    (drawing, stateless_though_drawing, "A branch of it is stateful: it must be an If"),
    (drawing, too_much_recorded, r"It cannot have recorded \[7, 1\] of its outputs"),
    (drawing, less_than_nothing_recorded, "It cannot have recorded"),
    (looping, many_loop_variables, "It cannot have 9 loop variables"),
    (looping, few_loop_variables, "Its body changes more than 1 loop variables"),
    (looping, condition_of_numbers, r"'cond' returns \[int32, float32, float32\], not \[bool\]"),
    (looping, body_of_a_condition, r"'body' returns \[bool\], not \[int32, float32, float32\]"),
    (looping, wrong_invariant, r"Output 1 is declared to have shape \(3,\), but has \(2,\)"),
    (looping, wrong_result, r"for loop variable 1 is not an invariant.* \(2,\), but \(7,\) after"),
    (looping, replay_of_nothing, "It replays a record that it does not take"),
    (looping, gradient_of_no_loop, "Only gradients of loops are supported"),
    (looping, gradient_without_a_body, "Only gradients of loops are supported: no '_backward'"),
    (looping, flow_of_a_counter, "_flows names what no gradient flows through"),
    (looping, flow_out_of_range, "_flows names what no gradient flows through"),
    (looping, another_form, "'spare:1' is no form of a gradient"),
    (looping, form_out_of_range, "'dense:99' is no form of a gradient"),
    (looping, form_of_a_counter, "_flows and _forms do not fit Tout and _shapes"),
    (looping, backward_function_of_another_loop, r"'_backward' takes \[float64, "),
    (looping, backward_function_that_returns_less, "'_backward' returns"),
]


@pytest.mark.parametrize(
    ("build", "change", "match"), CASES, ids=[change.__name__ for _, change, _ in CASES]
)
def test_damaged_functions(build: Any, change: Any, match: str) -> None:
    damage = Damage(build)
    tf.import_graph_def(damage.message, name="fine")
    change(damage)
    with pytest.raises(ValueError, match=match):
        tf.import_graph_def(damage.message)


def test_functions_that_call_each_other_twice() -> None:
    """Thirty levels that double would be a thousand million bodies."""
    message = Damage(choosing).message
    functions = {f.signature.name: f for f in message.library.function}
    template = functions["c/Merge/then_branch"]
    del message.library.function[:]
    names = [f"f{i}" for i in range(30)]
    node = next(n for n in message.node if n.op == "StatelessIf")
    for name, following in zip(names, [*names[1:], None], strict=True):
        function = message.library.function.add()
        function.CopyFrom(template)
        function.signature.name = name
        if following is not None:
            test = function.node_def.add(name="test", op="Const")
            test.attr["dtype"].type = 10
            test.attr["value"].tensor.dtype = 10
            inner = function.node_def.add()
            inner.CopyFrom(node)
            inner.name = "inner"
            inner.input[:] = ["test:output:0", "arg_0"]
            for key in ("then_branch", "else_branch"):
                inner.attr[key].func.name = following
    for key in ("then_branch", "else_branch"):
        node.attr[key].func.name = "f0"
    with pytest.raises(ValueError, match="far more operations and tensors than it holds"):
        tf.import_graph_def(message)


def test_a_loop_of_tensorflows_form() -> None:
    """Without notes of ours, and with values that the body leaves as they are."""
    damage = Damage(looping)
    del damage.node.attr["_loop_variables"]
    damage.message.node.remove(damage.gradient)
    kept = {n.name for n in damage.message.node if not n.name.startswith("gradients")}
    message = tf.graph_util.extract_sub_graph(damage.message, sorted(kept))
    (found,) = tf.import_graph_def(message, return_elements=["w/Exit"])
    assert [t.dtype for t in found.outputs] == [tf.int32, tf.float32, tf.float32]
    with tf.Session() as session:
        values = session.run(found.outputs, {"import/x:0": [0.5, 1.0]})
    a = x = np.array([0.5, 1.0])
    for _ in range(3):
        a = np.sin(a) * x
    np.testing.assert_allclose(values[1], a, rtol=1e-6)
    np.testing.assert_allclose(values[2], x)


def test_more_gradients_of_what_comes_back() -> None:
    """Of a loop that drew random numbers, whose record was written for an earlier gradient."""
    damage = Damage(shaking)
    assert damage.node.attr["_keeps_record"].b
    tf.import_graph_def(damage.message, name="")
    graph = tf.get_default_graph()
    x, r = graph.get_tensor_by_name("x:0"), graph.get_tensor_by_name("w/Exit_1:0")
    (again,) = tf.gradients(r, x)
    first = graph.get_tensor_by_name("gradients/w/Exit_grad/SymbolicGradient:0")
    with tf.Session() as session:
        value, one, other = session.run([r, first, again], {x: [0.5, 2.0]})
    np.testing.assert_allclose(one, other)
    np.testing.assert_allclose(one * [0.5, 2.0], value, rtol=1e-6)
