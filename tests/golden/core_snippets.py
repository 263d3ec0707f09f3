"""Lines of core_snippets.txt, run with any TensorFlow: what they give, or what they complain of.

A snippet is a line, with the lines beginning with ``|`` that follow it; its last line is an
expression. ``[name]`` opens a section. Run as a script with TensorFlow 1.1.0 this writes
core_snippets.json.gz, what TensorFlow answers.
"""

import functools
import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
HEADING = re.compile(r"\[\w+\]$")
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def sections() -> Any:
    """The snippets' sources, by section."""
    found: Any = {}
    for line in (HERE / "core_snippets.txt").read_text(encoding="utf-8").splitlines():
        if HEADING.match(line):
            current = found[line[1:-1]] = []
        elif line.startswith("|"):
            current[-1] += "\n" + line[2:]
        elif line and not line.startswith("#"):
            current.append(line)
    return found


def plain(value: Any) -> Any:
    """A value in the terms of JSON, the same for any versions of NumPy and Python."""
    if isinstance(value, np.generic):
        return ["np." + value.dtype.name, plain(value.item())]
    if isinstance(value, np.ndarray):
        items = [plain(v) for v in value.reshape(-1).tolist()]
        return ["array", value.dtype.name, list(value.shape), items]
    if isinstance(value, (float, complex, bytes)):
        return repr(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return [[plain(k), plain(v)] for k, v in value.items()]
    if isinstance(value, type):
        return value.__name__
    if hasattr(value, "dense_shape"):
        return ["slices", plain(value.values), plain(value.indices), plain(value.dense_shape)]
    return ADDRESS.sub("", repr(value))


def attempt(function: Any, *args: Any, **options: Any) -> Any:
    """What a call returns, or the class and sentence of what it raises."""
    try:
        return plain(function(*args, **options))
    except Exception as error:  # noqa: BLE001
        said = getattr(error, "message", None) or (error.args[0] if error.args else "")
        kind = type(error).__name__.replace("PatternError", "error")  # Python 3.13's name
        return "{}: {}".format(kind, ADDRESS.sub("", str(said)))


def each(function: Any, *values: Any) -> Any:
    """What a function makes of each of some values."""
    return [attempt(function, v) for v in values]


def named(grad: Any) -> Any:
    """A gradient's name, or those of its parts."""
    if hasattr(grad, "dense_shape"):
        return [grad.values.name, grad.indices.name, grad.dense_shape.name]
    return grad.name


def rounded(value: Any) -> Any:
    """Results to four digits, which hang on no order of summation."""
    if isinstance(value, tuple):
        return [None if v is None else rounded(v) for v in value]
    return np.asarray(np.round(value, 4) + 0, np.asarray(value).dtype)


class Context:
    """The names that snippets use besides ``tf`` and ``np``."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf

    def nodes(self, start: int = 0) -> Any:
        """The default graph, operation by operation."""
        return [
            [
                op.name,
                op.type,
                [t.name for t in op.inputs],
                sorted(c.name for c in op.control_inputs),
            ]
            for op in self.tf.get_default_graph().get_operations()[start:]
        ]

    def names(self) -> Any:
        return [op.name for op in self.tf.get_default_graph().get_operations()]

    def run(self, fetches: Any, feeds: Any = None) -> Any:
        with self.tf.Session() as session:
            return session.run(fetches, feeds)

    def grad(self, *args: Any, **options: Any) -> Any:
        """Names and values of gradients; inside gradients only the results' names agree."""
        feeds = options.pop("feeds", None)
        found = self.tf.gradients(*args, **options)
        kept = [g for g in found if g is not None]
        with self.tf.Session() as session:
            session.run(self.tf.global_variables_initializer())
            values = iter(session.run(kept, feeds))
        return [None if g is None else (named(g), rounded(next(values))) for g in found]


def answer(tf: Any, source: str) -> Any:
    """What a snippet gives in a graph of its own."""
    tf.reset_default_graph()
    context = Context(tf)
    names: Any = {"tf": tf, "np": np, "each": each, "attempt": attempt, "plain": plain}
    names.update((n, getattr(context, n)) for n in ("nodes", "names", "run", "grad"))
    *body, last = source.split("\n")

    def execute() -> Any:
        exec("\n".join(body), names)
        return eval(last, names)

    return attempt(execute)


@functools.lru_cache(maxsize=None)  # noqa: UP033  # for the Python of TensorFlow 1.1.0
def recorded(section: str) -> Any:
    """The snippets of a section, and what TensorFlow 1.1.0 answers."""
    found = json.loads(gzip.decompress((HERE / "core_snippets.json.gz").read_bytes()))[section]
    assert list(found) == sections()[section]
    return found


def check(tf: Any, section: str, source: str) -> None:
    """Compare an answer with TensorFlow's."""
    found = json.loads(json.dumps(answer(tf, source)))
    wanted = recorded(section)[source]
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for i, pair in enumerate(zip(found, wanted)):  # noqa: B905
            assert pair[0] == pair[1], "answer {}".format(i)  # noqa: UP032
    assert found == wanted


def record() -> None:
    import tensorflow as tf

    found = {k: {s: answer(tf, s) for s in v} for k, v in sections().items()}
    text = json.dumps(found, ensure_ascii=False, indent=0).encode()
    (HERE / "core_snippets.json.gz").write_bytes(gzip.compress(text, 9))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    record()
