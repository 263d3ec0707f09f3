"""Small graphs imported in many ways, and mistakes with them, as TensorFlow 1.1.0 takes them.

    python import_programs.py MODULE > imports.json      # MODULE: tensorflow (1.1.0) or skflow

In imports.json ``graphs`` holds for each program the names of what it returns and all nodes of the
graph afterwards, as text; ``mistakes`` the class and the sentence of what is raised.
"""
# ruff: noqa: ARG005, BLE001  # some maps need no graph; any mistake is noted

import importlib
import json
import sys

import numpy as np

FLOAT = 'attr { key: "T" value { type: DT_FLOAT } }'
DTYPE = 'attr { key: "dtype" value { type: DT_FLOAT } }'


def node(name, op, *inputs, extra=FLOAT, device=""):
    fed = " ".join(f'input: "{i}"' for i in inputs)
    at = f'device: "{device}"' if device else ""
    return f'node {{ name: "{name}" op: "{op}" {fed} {at} {extra} }}'


def const(name, values="float_val: 1", dims=""):
    shape = " ".join(f"dim {{ size: {d} }}" for d in dims.split())
    value = f"tensor {{ dtype: DT_FLOAT tensor_shape {{ {shape} }} {values} }}"
    return node(name, "Const", extra=f'{DTYPE} attr {{ key: "value" value {{ {value} }} }}')


def place(name, shape=""):
    return node(name, "Placeholder", extra=DTYPE + shape)


def shapes(text):
    return f'attr {{ key: "_output_shapes" value {{ list {{ {text} }} }} }}'


def group(*names):
    held = " ".join(f's: "loc:@{n}"' for n in names)
    return f'attr {{ key: "_class" value {{ list {{ {held} }} }} }}'


def graph(tf, *nodes):
    """The message whose text the nodes are."""
    text = " ".join(nodes)
    if tf.__name__ == "skflow":
        from skflow.proto.text import parse_text

        return parse_text(text, tf.GraphDef)
    from google.protobuf import text_format

    return text_format.Merge(text, tf.GraphDef())


ABC = (const("a"), const("b"), node("c", "Add", "a", "b"), node("d", "Neg", "c:0", "^b"))


# ---- programs: each imports and returns the elements it asked for -----------------------------


def plain(tf):
    tf.import_graph_def(graph(tf, *ABC))


def no_prefix(tf):
    tf.import_graph_def(graph(tf, *ABC), name="")


def taken_names(tf):
    tf.constant(1.0, name="a")
    tf.import_graph_def(graph(tf, *ABC), name="")
    tf.import_graph_def(graph(tf, *ABC), name="")
    tf.import_graph_def(graph(tf, *ABC))
    tf.import_graph_def(graph(tf, *ABC))


def scopes(tf):
    with tf.name_scope("s"):
        tf.import_graph_def(graph(tf, *ABC))
        tf.import_graph_def(graph(tf, *ABC), name="t")
        tf.import_graph_def(graph(tf, *ABC), name="")
        tf.import_graph_def(graph(tf, *ABC), name="s/t/")


def scoped_names(tf):
    tf.import_graph_def(
        graph(tf, const("x/y/a"), node("x/z", "Neg", "x/y/a"), const(".b"), const("A-c/"))
    )


def elements(tf):
    return tf.import_graph_def(
        graph(tf, *ABC), return_elements=["a", "b:0", "c:0", "d", b"c"], name="n"
    )


def no_elements(tf):
    return tf.import_graph_def(graph(tf, *ABC), return_elements=[])


def mapped(tf):
    x = tf.constant(5.0, name="x")
    return tf.import_graph_def(graph(tf, *ABC), {"a": x, "c:0": x, b"b:0": x}, ["c", "d:0"])


def mapped_values(tf):
    return tf.import_graph_def(graph(tf, *ABC), {"a": 3.0, "b": np.float32(4)}, ["c:0"], "n")


def unordered(tf):
    tf.import_graph_def(graph(tf, const("b"), const("a"), node("c", "Add", "b", "a")))


def waiting(tf):
    with tf.control_dependencies([tf.constant(1, name="first")]):
        tf.import_graph_def(graph(tf, *ABC))


def devices(tf):
    text = graph(
        tf,
        node("a", "Placeholder", extra=DTYPE, device="/cpu:0"),
        node("b", "Neg", "a"),
        node("c", "Neg", "a", device="/job:w/task:1"),
    )
    tf.import_graph_def(text)
    with tf.device("/job:ps/gpu:1"):
        tf.import_graph_def(text)


def colocated(tf):
    tf.import_graph_def(
        graph(
            tf,
            const("a"),
            node("b", "Neg", "a", extra=FLOAT + group("a")),
            node("c", "Neg", "a", extra=FLOAT + group("a", "b")),
            node("d", "Neg", "a", extra=FLOAT + 'attr { key: "_class" value { list { s: "x" } } }'),
        ),
        name="n",
    )


def given_shapes(tf):
    found = tf.import_graph_def(
        graph(
            tf,
            place("a"),
            place("b", shapes("shape { dim { size: -1 } dim { size: 3 } }")),
            node("c", "Neg", "b", extra=FLOAT + shapes("shape { dim { size: 2 } dim { size: -1 } }")),
            node("d", "Neg", "a", extra=FLOAT + shapes("shape { unknown_rank: true }")),
        ),
        return_elements=["a:0", "b:0", "c:0", "d:0"],
    )
    tf.constant([str(t.get_shape()) for t in found])
    return found


def placeholder_shapes(tf):
    def text(dims):
        return f'attr {{ key: "shape" value {{ shape {{ {dims} }} }} }}'

    found = tf.import_graph_def(
        graph(
            tf,
            place("a", text("")),
            place("b", text("dim { size: 2 }")),
            place("c", text("unknown_rank: true")),
            place("d", text("dim { size: -1 }")),
        ),
        return_elements=["a:0", "b:0", "c:0", "d:0"],
    )
    tf.constant([str(t.get_shape()) for t in found])
    return found


def defaults(tf):
    tf.import_graph_def(
        graph(
            tf,
            place("a"),
            node("b", "MatMul", "a", "a"),
            node("c", "MatMul", "a", "a", extra=FLOAT + 'attr { key: "transpose_a" value { } }'),
            node("d", "Const", extra='attr { key: "dtype" value { type: DT_INT32 } } attr { '
                 'key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 2 } } '
                 'int_val: 0 int_val: 1 } } }'),
            node("e", "Sum", "a", "d"),
        )
    )  # fmt: skip


def later_defaults(tf):
    """Attributes of a later version at their defaults, which its declarations tell."""
    text = graph(
        tf, place("a"), node("b", "Neg", "a", extra=FLOAT + 'attr { key: "new" value { i: 3 } }')
    )
    meta = graph_of_ops(tf)
    op = meta.op.add(name="Neg")
    op.attr.add(name="new", type="int").default_value.i = 3
    tf.import_graph_def(text, producer_op_list=meta)


def graph_of_ops(tf):
    if tf.__name__ == "skflow":
        from skflow.proto import OpList

        return OpList()
    from tensorflow.core.framework.op_def_pb2 import OpList

    return OpList()


def notes(tf):
    tf.import_graph_def(
        graph(
            tf,
            const("a"),
            node("b", "Neg", "a", extra=FLOAT + 'attr { key: "_mine" value { s: "x" } } '
                 'attr { key: "_gradient_op_type" value { s: "Mine" } } '
                 'attr { key: "_several" value { list { i: 3 i: 4 } } }'),
        )
    )  # fmt: skip


def overridden_gradients(tf):
    with tf.get_default_graph().gradient_override_map({"Neg": "Mine"}):
        tf.import_graph_def(graph(tf, *ABC))


def variables(tf):
    shape = 'attr { key: "shape" value { shape { dim { size: 2 } } } }'
    ref = 'attr { key: "T" value { type: DT_FLOAT } } '
    tf.import_graph_def(
        graph(
            tf,
            node("v", "VariableV2", extra=DTYPE + shape),
            const("one", "float_val: 1", "2"),
            node("v/Assign", "Assign", "v", "one", extra=ref + group("v")),
            node("v/read", "Identity", "v", extra=ref + group("v")),
        )
    )


def constants(tf):
    dims = "float_val: 1 float_val: 2", "2 2"
    tf.import_graph_def(
        graph(
            tf,
            const("a", "float_val: 1"),
            const("b", "float_val: 1", "3"),
            const("c", *dims),
            const("d", "", "2"),
            const("e", r'tensor_content: "\000\000\200?\000\000\000@"', "2"),
        )
    )


def empty(tf):
    tf.import_graph_def(tf.GraphDef())


PROGRAMS = (
    plain,
    no_prefix,
    taken_names,
    scopes,
    scoped_names,
    elements,
    no_elements,
    mapped,
    mapped_values,
    unordered,
    waiting,
    devices,
    colocated,
    given_shapes,
    placeholder_shapes,
    defaults,
    later_defaults,
    notes,
    overridden_gradients,
    variables,
    constants,
    empty,
)


# ---- mistakes ---------------------------------------------------------------------------------


def doing(*nodes, **options):
    return lambda tf: tf.import_graph_def(graph(tf, *nodes), **options)


def mapping(make, *nodes, **options):
    return lambda tf: tf.import_graph_def(graph(tf, *nodes), make(tf), **options)


MISTAKES = {
    "no graph": lambda tf: tf.import_graph_def(3),
    "text": lambda tf: tf.import_graph_def("a"),
    "another message": lambda tf: tf.import_graph_def(tf.NodeDef()),
    "map of another kind": mapping(lambda tf: [3], *ABC),
    "map of numbers": mapping(lambda tf: {3: tf.constant(1.0)}, *ABC),
    "elements of another kind": doing(*ABC, return_elements=[3]),
    "unknown operation": doing(node("a", "Frobnicate")),
    "unknown element": doing(*ABC, return_elements=["q"]),
    "unknown output": doing(*ABC, return_elements=["c:1"]),
    "no output's number": doing(*ABC, return_elements=["c:x"]),
    "two colons": doing(*ABC, return_elements=["c:0:0"]),
    "unused map": mapping(lambda tf: {"q": tf.constant(1.0)}, *ABC),
    "map of two colons": mapping(lambda tf: {"a:0:0": tf.constant(1.0)}, *ABC),
    "map of no number": mapping(lambda tf: {"a:x": tf.constant(1.0)}, *ABC),
    "values without a name": mapping(lambda tf: {"a": 1.0}, *ABC, name=""),
    "map of another type": mapping(lambda tf: {"a": tf.constant(1)}, *ABC),
    "missing input": doing(node("c", "Neg", "a")),
    "missing output": doing(const("a"), node("c", "Neg", "a:1")),
    "missing control input": doing(const("a"), node("c", "Neg", "a", "^b")),
    "no input": doing(node("c", "Neg")),
    "an input short": doing(const("a"), node("c", "Add", "a")),
    "an input too many": doing(const("a"), node("c", "Neg", "a", "a")),
    "input of two colons": doing(const("a"), node("c", "Neg", "a:0:0")),
    "input of no number": doing(const("a"), node("c", "Neg", "a:x")),
    "another type": doing(
        const("a"), node("c", "Neg", "a", extra='attr { key: "T" value { type: DT_INT32 } }')
    ),
    "no reference": doing(const("a"), const("b"), node("c", "Assign", "a", "b")),
    "no type": doing(const("a"), node("c", "Neg", "a", extra="")),
    "no value": doing(node("a", "Const", extra=DTYPE)),
    "wrong shapes": doing(
        const("a", "float_val: 1", "2"), const("b", "float_val: 1", "3"), node("c", "Add", "a", "b")
    ),
    "wrong rank": doing(const("a"), node("c", "MatMul", "a", "a")),
    "wrong given shape": doing(
        const("a"), node("c", "Neg", "a", extra=FLOAT + shapes("shape { dim { size: 2 } }"))
    ),
    "bad name": doing(node("a b", "NoOp", extra="")),
    "name of a hyphen": doing(node("-a", "NoOp", extra=""), name=""),
    "bad scope": doing(*ABC, name="a b"),
    "bad device": doing(node("a", "NoOp", extra="", device="/nope:0")),
    "unknown group": doing(const("a"), node("c", "Neg", "a", extra=FLOAT + group("q"))),
    "finalized": lambda tf: [
        tf.get_default_graph().finalize(),
        tf.import_graph_def(graph(tf, *ABC)),
    ],
    "two graphs": lambda tf: tf.import_graph_def(
        graph(tf, *ABC),
        {"a": tf.constant(1.0), "b": elsewhere(tf)},
    ),
}


def elsewhere(tf):
    with tf.Graph().as_default():
        return tf.constant(1.0, name="elsewhere")


# ---- what is observed -------------------------------------------------------------------------


def text_of(message):
    """A message as TensorFlow 1.1.0 prints it, in one line."""
    text = str(message)
    if type(message).__module__ == "skflow.proto":
        from skflow.proto.text import to_text

        text = to_text(message)
    return " ".join(text.split())


def node_record(message):
    """A node as lists: maps have no order."""
    attrs = sorted([key, text_of(value)] for key, value in message.attr.items())
    return [message.name, message.op, list(message.input), message.device, attrs]


def observe(tf, program):
    """The names of what a program returns and the nodes of the graph."""
    with tf.Graph().as_default() as g:
        found = program(tf)
        nodes = [node_record(n) for n in g.as_graph_def().node]
        ids = [[op.name, op._id] for op in g.get_operations()]
    return {
        "elements": None if found is None else [e.name for e in found],
        "nodes": nodes,
        "ids": ids,
    }


def mistake(tf, title):
    """The class and sentence of what is raised, if anything is."""
    with tf.Graph().as_default():
        try:
            MISTAKES[title](tf)
        except Exception as error:
            return [type(error).__name__, str(error).split("\n")[0]]
    return None


def main():
    tf = importlib.import_module(sys.argv[1])
    found = {
        "graphs": {p.__name__: observe(tf, p) for p in PROGRAMS},
        "mistakes": {title: mistake(tf, title) for title in MISTAKES},
    }
    json.dump(found, sys.stdout, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
