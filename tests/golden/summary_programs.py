"""Small programs that summarize values, for several engines.

    python summary_programs.py MODULE > summaries.json      # MODULE: tensorflow, skflow, ...

summaries.json, which is kept packed, is what TensorFlow 1.1.0 printed. ``graphs`` holds for each
program the text of every node in the order they were made, with the shapes of its outputs;
``results`` what the program returned, bytes in base 64.
"""

from __future__ import annotations

import base64
import importlib
import json
import pathlib
import sys
import tempfile
from typing import Any

import numpy as np

REAL = ("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16")


def packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


def outcome(tf: Any, make: Any, feeds: Any = None) -> str:
    """The bytes that a summary holds, or what building or running it raises."""
    try:
        tensor = make()
        with tf.Session() as session:
            return packed(session.run(tensor, feeds))
    except Exception as error:  # noqa: BLE001
        message = getattr(error, "message", None) or str(error)
        return f"{type(error).__name__}: {message}"


def outcomes(tf: Any, makers: Any) -> Any:
    return [outcome(tf, make) for make in makers]


def fed(tf: Any, values: Any, make: Any) -> str:
    """A summary of what the graph does not know beforehand."""
    x = tf.placeholder(values.dtype, name="x")
    return outcome(tf, lambda: make(x), {x: values})


# ---- graphs ------------------------------------------------------------------------------


def scalars(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [], name="x")
    tf.summary.scalar("loss", x)
    with tf.name_scope("train"):
        tf.summary.scalar("loss", x)
        tf.summary.scalar("loss", x * 2, collections=["mine"])
        tf.summary.scalar("a b/c(d)", 3)
    tf.summary.scalar("/lead/x", 2.5, collections=[])
    tf.summary.scalar("v", tf.Variable(1.0, name="v"))
    merged = tf.summary.merge_all()
    again = tf.summary.merge([merged, tf.summary.scalar("other", 1.0)], ["m"], "both")
    tf.summary.merge(tf.get_collection("mine"), name="x y")
    keys = [[t.name for t in tf.get_collection(k)] for k in ("summaries", "mine", "m")]
    return [*keys, again.name, tf.summary.merge_all("nothing"), str(again.get_shape())]


def kinds(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 4, 4, 3], name="x")
    tf.summary.histogram("weights", x)
    tf.summary.histogram(None, tf.constant([1, 2]))
    tf.summary.histogram("literal", [1.0, 2.0])
    tf.summary.image("im", x)
    tf.summary.image("one", tf.zeros([1, 2, 2, 1], tf.uint8), max_outputs=1)
    tf.summary.audio("sound", tf.placeholder(tf.float32, [2, None]), 44100)
    tf.summary.audio("stereo", tf.zeros([1, 8, 2]), tf.constant(8000.0), max_outputs=1)
    tf.summary.tensor_summary("t", x)
    described = tf.summary.tensor_summary(
        "d", tf.constant([b"a"]), tf.summary.SummaryDescription(type_hint="hint"), ["c"]
    )
    tf.summary.merge_all(key=tf.GraphKeys.SUMMARIES)
    node = described.op.node_def
    return tf.summary.get_summary_description(node).type_hint


def mistakes(tf: Any) -> Any:
    x = tf.constant(1.0)
    s = tf.summary
    return outcomes(tf, [
        lambda: s.scalar("", x), lambda: s.scalar("-x", x),
        lambda: s.scalar(None, x), lambda: s.scalar("b", tf.constant(True)),
        lambda: s.scalar("c", tf.constant(1j)), lambda: s.scalar("v", [1.0, 2.0]),
        lambda: s.scalar("m", [[1.0, 2.0]]), lambda: s.scalar("s", tf.constant("x")),
        lambda: s.histogram("h", tf.constant(True)), lambda: s.histogram("hs", tf.constant("x")),
        lambda: s.histogram("nan", [1.0, float("nan"), float("inf")]),
        lambda: s.histogram("inf", [1.0, float("inf"), float("nan")]),
        lambda: s.histogram("scope/ninf", [[-float("inf")]]),
        lambda: s.image("i", tf.zeros([2, 2, 3])), lambda: s.image("i2", tf.zeros([1, 2, 2, 2])),
        lambda: s.image("i3", tf.zeros([1, 2, 2, 1], tf.int32)),
        lambda: s.image("i4", tf.zeros([1, 2, 2, 1]), max_outputs=0),
        lambda: s.audio("a", tf.zeros([3]), 1.0), lambda: s.audio("a2", tf.zeros([1, 3]), 0.0),
        lambda: s.audio("a3", tf.zeros([1, 3]), -1.0), lambda: s.audio("a4", tf.zeros([1, 0]), 1.0),
        lambda: s.audio("a5", tf.zeros([1, 3]), [1.0]),
        lambda: s.audio("a6", tf.zeros([1, 3]), 1.0, max_outputs=0),
        lambda: s.audio("a7", tf.zeros([1, 3, 0]), 1.0), lambda: s.audio("a8", [[1, 2]], 1.0),
        lambda: s.audio("a9", tf.zeros([1, 3], tf.float64), 1.0),
        lambda: s.merge([]), lambda: s.merge([s.scalar("q", x)] * 2),
        lambda: s.merge([tf.constant(b"\x0a\x05ab")]), lambda: s.merge(s.scalar("r", x)),
        lambda: s.merge([x]), lambda: s.get_summary_description(x.op.node_def),
        lambda: s.merge([s.scalar("d", x), s.histogram("d/", x)]),
    ])


# ---- numbers -----------------------------------------------------------------------------


def numbers(tf: Any) -> Any:
    values = [0, 1, 100, 1e-7, 0.1, -2.5, 1e30, 1e300, float("nan"), float("-inf")]
    found = []
    for kind in REAL:
        for value in values[:3] if "int" in kind else values:
            with np.errstate(all="ignore"):
                array = np.array(value).astype(kind)
            found.append(fed(tf, array, lambda x: tf.summary.scalar("x", x)))
            found.append(fed(tf, array.reshape(1), lambda x: tf.summary.scalar("x", x)))
    found.append(fed(tf, np.array([1.0, 2.0]), lambda x: tf.summary.scalar("x", x)))
    found.append(fed(tf, np.ones((1, 1)), lambda x: tf.summary.scalar("x", x)))
    return found


def samples() -> Any:
    rng = np.random.RandomState(5)
    return [
        np.zeros(0), np.zeros(3), np.array(7.0), np.array([-0.0, 0.0]), np.arange(-5.0, 6.0),
        np.array([1e-13, -1e-13, 1e-12, 1e20, 1.5e20, -1e300, 5e-324]), np.full(10, 1e200),
        rng.standard_normal((30, 20)), rng.standard_normal(5000) * 1e-3, rng.standard_cauchy(9000),
        np.where(rng.random_sample(6000) < 0.5, 0.0, rng.standard_normal(6000)),
        10.0 ** rng.uniform(-16, 24, 5000) * rng.choice([-1, 1], 5000),
        np.cumprod(np.full(1600, 1.1)) * 1e-12, rng.standard_normal(70000),
    ]


def histograms(tf: Any) -> Any:
    found = []
    for values in samples():
        for kind in ("float32", "float64", "float16"):
            with np.errstate(all="ignore"):
                array = values.astype(kind)
            array = array[np.isfinite(array)] if array.ndim else array
            found.append(fed(tf, array, lambda x: tf.summary.histogram("h", x)))
    rng = np.random.RandomState(6)
    for kind in REAL[3:]:
        array = rng.randint(0 if kind[0] == "u" else -100, 100, 50).astype(kind)
        found.append(fed(tf, array, lambda x: tf.summary.histogram("h", x)))
        info = np.iinfo(kind)
        array = np.repeat(np.array([info.min, info.max, 0, 1], kind), 1300)
        found.append(fed(tf, array, lambda x: tf.summary.histogram("h", x)))
    return found


# ---- pictures, sound, tensors ------------------------------------------------------------


def pictures() -> Any:
    rng = np.random.RandomState(7)
    wave = np.sin(np.arange(40 * 30 * 3).reshape(1, 40, 30, 3) / 50.0)
    spoilt = rng.standard_normal((1, 6, 5, 3))
    spoilt[0, 1, 2, 0], spoilt[0, 3, :, 1], spoilt[0, 5, 4] = np.nan, np.inf, -np.inf
    return [
        rng.random_sample((4, 7, 5, 1)), rng.standard_normal((2, 9, 8, 3)),
        rng.random_sample((1, 5, 6, 4)) * 300, wave, wave * 1e-7, wave + 1, np.abs(wave) * 1e-8,
        spoilt, np.abs(spoilt), np.full((1, 2, 2, 1), np.nan), np.zeros((1, 3, 3, 1)),
        np.zeros((0, 3, 3, 1)), np.full((1, 1, 1, 3), 7.0),
        np.linspace(0, 1, 3 * 200 * 150).reshape(1, 200, 150, 3), np.ones((1, 1, 300, 1)) * 3,
        np.linspace(-1, 2, 64 * 64).reshape(1, 64, 64, 1),
    ]


def images(tf: Any) -> Any:
    found = []
    for values in pictures():
        for kind in ("float32", "float16", "uint8"):
            with np.errstate(all="ignore"):
                array = (np.nan_to_num(values) * 20 if kind == "uint8" else values).astype(kind)
            found += [
                fed(tf, array, lambda x, n=most: tf.summary.image("im", x, n)) for most in (1, 3)
            ]
    return found


def sounds(tf: Any) -> Any:
    rng = np.random.RandomState(8)
    made = [
        rng.uniform(-1.2, 1.2, (4, 30)), rng.uniform(-1, 1, (2, 11, 2)), np.zeros((1, 5)),
        np.array([[0.5, -0.5, 1.5, -1.5, 2.5]]) / 32768, np.zeros((0, 4)),
        np.array([[np.nan, np.inf, -np.inf, 1.0, -1.0, 0.99999]]), np.ones((1, 2, 1)),
    ]
    found = []
    for values in made:
        array = values.astype("float32")
        for rate in (44100.0, 0.3, 0.5, 1.5, 2.5, 8000.25):
            found += [
                fed(tf, array, lambda x, r=rate, n=most: tf.summary.audio("a", x, r, n))
                for most in (1, 3)
            ]
    return found


def tensors(tf: Any) -> Any:
    found = []
    for kind in (*REAL, "complex64", "complex128", "bool"):
        for shape in ((), (0,), (3,), (2, 3)):
            array = (np.arange(np.prod(shape)).reshape(shape) % 2).astype(kind)
            found.append(fed(tf, array, lambda x: tf.summary.tensor_summary("t", x)))
    for texts in (b"a", [b"a", b"a", b""], [[b"\xff", b"x"]], []):
        array = np.array(texts, dtype=object)
        x = tf.placeholder(tf.string, name="s")
        made = tf.summary.tensor_summary("scope/t", x)
        found.append(outcome(tf, [made].pop, {x: array}))
    return found


def merges(tf: Any) -> Any:
    s = tf.summary
    x = tf.constant([1.0, 2.0])
    a, b, c = s.scalar("a", 1.0), s.histogram("b", x), s.tensor_summary("c", x)
    d = s.tensor_summary("d", x)
    return outcomes(tf, [
        lambda: s.merge([a]), lambda: s.merge([a, b, c, d]), lambda: s.merge([c, c]),
        lambda: s.merge([tf.stack([a, b]), c]), lambda: s.merge([tf.constant(b""), a]),
        s.merge_all, lambda: s.merge([s.merge([a]), s.merge([b])]),
    ])


# ---- files -------------------------------------------------------------------------------


def events(tf: Any, folder: str) -> Any:
    """What each event of a folder's file holds, but for times: kind, step, content."""
    found = []
    for path in sorted(pathlib.Path(folder).iterdir()):
        for event in tf.train.summary_iterator(str(path)):
            kind = event.WhichOneof("what")
            value = getattr(event, kind) if kind else b""
            if hasattr(value, "SerializeToString"):
                value = value.SerializeToString()
            elif isinstance(value, str):
                value = value.encode()
            found.append([kind, event.step, packed(value)])
    return found


def writer(tf: Any) -> Any:
    with tf.device("/cpu:0"):
        x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.name_scope("net"):
        w = tf.Variable(tf.zeros([3, 1]), name="w")
        y = tf.matmul(x, w, name="y")
    tf.summary.scalar("mean", tf.reduce_mean(y))
    folder = tempfile.mkdtemp()
    found = [str(sorted(p.name for p in pathlib.Path(folder).iterdir()))]
    out = tf.summary.FileWriter(folder, tf.get_default_graph())
    value = tf.Summary.Value
    summary = tf.Summary(value=[value(tag="a", simple_value=1.5), value(tag="b", histo={"min": 1})])
    out.add_summary(summary)
    out.add_summary(summary.SerializeToString(), 7)
    out.add_summary(summary, global_step=np.int64(-3))
    out.add_summary(b"", 2**62)
    out.add_session_log(tf.SessionLog(status=tf.SessionLog.START, msg="m"), 1.9)
    out.add_run_metadata(tf.RunMetadata(), "first", 5)
    out.add_run_metadata(tf.RunMetadata(), "second")
    out.add_event(tf.Event(step=9, log_message=tf.LogMessage(level=20, message="hello")))
    out.add_graph(tf.get_default_graph(), 3)
    out.flush()
    out.add_event(tf.Event(wall_time=2.5))
    tried = [
        lambda: out.add_run_metadata(tf.RunMetadata(), "first"), lambda: out.add_graph(None),
        lambda: out.add_graph(tf.get_default_graph(), graph_def=tf.GraphDef()),
        lambda: out.add_graph("graph"), lambda: out.add_meta_graph(tf.GraphDef()),
        lambda: out.add_summary(b"\xff\xff"), lambda: out.add_summary(summary, 2**63),
        lambda: out.add_summary("text"), lambda: out.add_session_log(summary),
        lambda: out.get_logdir() == folder,
    ]
    found += [raised(f) for f in tried]
    out.close()
    out.add_summary(summary, 100)
    out.flush()
    out.close()
    return [found, events(tf, folder)]


def from_graph_def(tf: Any) -> Any:
    tf.constant(1.0, name="c")
    message = tf.get_default_graph().as_graph_def()
    folder = tempfile.mkdtemp()
    out = tf.summary.FileWriter(folder, graph_def=message)
    out.add_graph(message, 2)
    out.add_graph(None, graph_def=tf.get_default_graph())
    out.close()
    return events(tf, folder)


def cache(tf: Any) -> Any:
    tf.constant(1.0, name="c")
    get = tf.summary.FileWriterCache.get
    folders = [tempfile.mkdtemp() for _ in range(2)]
    one, two = (get(f) for f in folders)
    found = [get(folders[0]) is one, one is two]
    tf.summary.FileWriterCache.clear()
    found.append(get(folders[0]) is one)
    two.add_session_log(tf.SessionLog(status=3, checkpoint_path="p"), 4)
    two.close()
    return [found, events(tf, folders[1])]


def raised(function: Any) -> str:
    """What a mistake raises."""
    try:
        return f"VALUE {function()!r}"
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"


PROGRAMS = {f.__name__: f for f in (
    scalars, kinds, mistakes, numbers, histograms, images, sounds, tensors, merges, writer,
    from_graph_def, cache,
)}
# Programs whose graphs tell nothing new.
PLAIN = ("mistakes", "numbers", "histograms", "images", "sounds", "tensors")


def run(tf: Any, name: str) -> Any:
    """The nodes a program makes, and what it returns."""
    tf.reset_default_graph()
    tf.set_random_seed(42)
    result = PROGRAMS[name](tf)
    operations = tf.get_default_graph().get_operations()
    graph = [str(op) + " ".join(str(t.get_shape()) for t in op.outputs) for op in operations]
    return [] if name in PLAIN else graph, result


def main() -> None:
    """Print what the module named on the command line makes of the programs."""
    tf = importlib.import_module(sys.argv[1])
    found = {name: run(tf, name) for name in PROGRAMS}
    graphs, results = ({n: f[i] for n, f in found.items()} for i in (0, 1))
    json.dump({"graphs": graphs, "results": results}, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
