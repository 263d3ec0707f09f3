"""The messages of the graphs that small programs build, as TensorFlow 1.1.0 writes them.

    python graph_messages.py MODULE > graphs/programs.zip      # MODULE: tensorflow (1.1.0)

In graphs/programs.zip ``family/program`` is the program's GraphDef, shapes included, without what
is inside gradients.
"""
import ast
import importlib
import io
import pathlib
import re
import sys
import types
import zipfile

FAMILIES = {
    "array": "PROGRAMS",
    "control": "PLAIN",
    "linalg": "PROGRAMS",
    "math": "PROGRAMS",
    "nn": "PROGRAMS",
    "variable": "PROGRAMS",
}


class Bare(ast.NodeTransformer):
    """Takes annotations off, which Python 3.6 would evaluate."""

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_FunctionDef(self, node):
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node):
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign([node.target], node.value), node)


def load(name):
    """A module beside this one."""
    path = pathlib.Path(__file__).with_name(name + ".py")
    source = path.read_text(encoding="utf-8").replace("from __future__ import annotations\n", "")
    module = types.ModuleType(name)
    module.__file__ = str(path)
    exec(compile(Bare().visit(ast.parse(source)), str(path), "exec"), module.__dict__)
    return module


def programs():
    """Pairs of a name and a program."""
    for family, listed in sorted(FAMILIES.items()):
        found = getattr(load(family + "_programs"), listed)
        found = found if isinstance(found, dict) else {p.__name__: p for p in found}
        for name, program in sorted(found.items()):
            yield family + "/" + name, program


def message(tf, program):
    """The message of the graph that a program builds, without the insides of gradients."""
    tf.reset_default_graph()
    tf.set_random_seed(42)
    program(tf)
    found = tf.get_default_graph().as_graph_def(add_shapes=True)
    kept = [n for n in found.node if "gradients" not in re.split("[/_]", n.name)]
    del found.node[:]
    found.node.extend(kept)
    return found


def main():
    tf = importlib.import_module(sys.argv[1])
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, program in programs():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, message(tf, program).SerializeToString())
    sys.stdout.buffer.write(content.getvalue())


if __name__ == "__main__":
    main()
