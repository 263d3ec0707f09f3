"""The mistakes behind observed_errors.json, one small program each."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import skflow as tf

Program = Callable[[], Any]
PROGRAMS: dict[str, Program] = {}


def program(title: str) -> Callable[[Program], Program]:
    """Enter a function into the list under the title that TensorFlow's answer has."""

    def enter(function: Program) -> Program:
        PROGRAMS[title] = function
        return function

    return enter


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(fetches, feed_dict=feeds)


def in_other_graph(make: Callable[[], Any]) -> Any:
    with tf.Graph().as_default():
        return make()


def in_scope(reuse: bool | None = None, *args: Any, **kwargs: Any) -> Any:
    with tf.variable_scope("a", reuse=reuse):
        return tf.get_variable("t", *args, **kwargs)


# ---- values that are missing or do not fit --------------------------------------------------


@program("uninitialized variable")
def _() -> None:
    run(tf.Variable(3, name="x"))


@program("uninitialized variable via op")
def _() -> None:
    run(tf.Variable(3, name="x") * 2)


def unfed(shape: Any) -> Program:
    return lambda: run(tf.placeholder(tf.float32, shape=shape, name="A") + 1)


PROGRAMS["unfed placeholder (None,3)"] = unfed((None, 3))
PROGRAMS["unfed placeholder no shape"] = unfed(None)
PROGRAMS["unfed placeholder scalar"] = unfed(())
PROGRAMS["unfed placeholder (2,3)"] = unfed((2, 3))


def feed(dtype: Any, *values: Any, shape: Any = None) -> Any:
    p = tf.placeholder(dtype, shape, name="A")
    q = p + 1
    with tf.Session() as session:
        found = [session.run(q, feed_dict={p: v}) for v in values]
    return found[0] if len(found) == 1 else tuple(found)


PROGRAMS["wrong feed shape"] = lambda: feed(tf.float32, [[1, 2]], shape=(None, 3))
PROGRAMS["feed non numeric"] = lambda: feed(tf.float32, "abc")
PROGRAMS["feed float to int32"] = lambda: feed(tf.int32, 1.7, np.float64(2.9))
PROGRAMS["feed too-large int"] = lambda: feed(tf.int32, 2**40)
PROGRAMS["feed a Tensor"] = lambda: feed(tf.float32, tf.constant(1.0))


@program("feed from another graph")
def _() -> None:
    p = in_other_graph(lambda: tf.placeholder(tf.float32, name="A"))
    run(tf.constant(1.0) + 1, {p: 1.0})


@program("fetch from another graph")
def _() -> None:
    p = in_other_graph(lambda: tf.constant(1.0, name="A"))
    tf.constant(1.0)
    run(p)


@program("fetch op from another graph")
def _() -> None:
    p = in_other_graph(tf.no_op)
    tf.constant(1.0)
    run(p)


@program("mix graphs in op")
def _() -> None:
    p = in_other_graph(lambda: tf.constant(1.0, name="A"))
    q = tf.constant(1.0)
    return p + q


def fetch(what: Any) -> Program:
    return lambda: (tf.constant(1.0), run(what))[1]


PROGRAMS["fetch None"] = fetch(None)
PROGRAMS["fetch int"] = fetch(5)
PROGRAMS["fetch unknown name"] = fetch("nope")
PROGRAMS["fetch unknown name:0"] = fetch("nope:0")
PROGRAMS["fetch []"] = fetch([])
PROGRAMS["empty graph"] = lambda: run("x")


# ---- sessions and graphs ------------------------------------------------------------------


@program("closed session")
def _() -> None:
    c = tf.constant(1.0)
    session = tf.Session()
    session.close()
    session.run(c)


PROGRAMS["eval no session"] = lambda: tf.constant(1.0).eval()
PROGRAMS["op.run no session"] = lambda: tf.no_op().run()


@program("eval default session other graph")
def _() -> None:
    p = in_other_graph(lambda: tf.constant(1.0, name="A"))
    tf.constant(2.0)
    with tf.Session():
        p.eval()


@program("finalized")
def _() -> None:
    tf.constant(1.0)
    tf.get_default_graph().finalize()
    tf.constant(2.0)


@program("reentrant session")
def _() -> None:
    tf.constant(1.0)
    with tf.Session() as session, session:
        pass


@program("interactive")
def _() -> Any:
    session = tf.InteractiveSession()
    value = tf.constant(3.0).eval()
    session.close()
    return value


PROGRAMS["reset inside"] = lambda: None


# ---- variables ----------------------------------------------------------------------------


@program("get_variable twice")
def _() -> None:
    with tf.variable_scope("relu"):
        tf.get_variable("t", shape=())
        tf.get_variable("t", shape=())


@program("get_variable reuse missing")
def _() -> None:
    with tf.variable_scope("relu", reuse=True):
        tf.get_variable("t")


@program("get_variable reuse shape")
def _() -> None:
    in_scope(shape=(2,))
    in_scope(True, shape=(3,))


@program("get_variable reuse dtype")
def _() -> None:
    in_scope(shape=(2,))
    in_scope(True, shape=(2,), dtype=tf.int32)


PROGRAMS["get_variable no shape"] = lambda: tf.get_variable("t")
PROGRAMS["get_variable const init+shape"] = lambda: tf.get_variable(
    "t", shape=(2,), initializer=tf.constant([1.0, 2.0])
)
PROGRAMS["get_variable string no init"] = lambda: tf.get_variable("t", shape=(2,), dtype=tf.string)


@program("Variable in variable_scope")
def _() -> str:
    with tf.variable_scope("a"):
        return tf.Variable(1.0, name="t").name


@program("reuse tf.Variable via get_variable")
def _() -> None:
    with tf.variable_scope("a"):
        tf.Variable(1.0, name="t")
    in_scope(True)


PROGRAMS["Variable no init"] = tf.Variable
PROGRAMS["Variable(None)"] = lambda: tf.Variable(None)
PROGRAMS["Variable unknown shape"] = lambda: tf.Variable(tf.placeholder(tf.float32))
PROGRAMS["assign wrong shape"] = lambda: tf.assign(tf.Variable([1.0, 2.0]), [1.0, 2.0, 3.0])
PROGRAMS["assign wrong dtype"] = lambda: tf.assign(tf.Variable([1.0, 2.0]), tf.constant([1, 2]))


# ---- types and shapes ---------------------------------------------------------------------

PROGRAMS["dtype int+float const"] = lambda: tf.constant(1) + tf.constant(1.5)
PROGRAMS["int32 tensor + python float"] = lambda: tf.constant(1) + 1.5
PROGRAMS["float tensor + python int"] = lambda: tf.constant(1.5) + 1
PROGRAMS["python float - int tensor"] = lambda: 1.5 - tf.constant(1)
PROGRAMS["matmul dtype"] = lambda: tf.matmul(tf.constant([[1]]), tf.constant([[1.0]]))
PROGRAMS["matmul shape"] = lambda: tf.matmul(tf.constant([[1.0, 2.0]]), tf.constant([[1.0, 2.0]]))
PROGRAMS["matmul rank"] = lambda: tf.matmul(tf.constant([1.0, 2.0]), tf.constant([[1.0, 2.0]]))
PROGRAMS["add shapes"] = lambda: tf.constant([1.0, 2.0]) + tf.constant([1.0, 2.0, 3.0])
PROGRAMS["tf.add(int,float)"] = lambda: tf.add(tf.constant(1), 2.5)
PROGRAMS["reshape bad"] = lambda: tf.reshape(tf.constant([1.0, 2.0, 3.0]), [2, 2])
PROGRAMS["sqrt int"] = lambda: tf.sqrt(tf.constant(4))


@program("runtime add shapes")
def _() -> None:
    p = tf.placeholder(tf.float32, [None])
    run(p + tf.constant([1.0, 2.0, 3.0]), {p: [1.0, 2.0]})


@program("runtime matmul shapes")
def _() -> None:
    p = tf.placeholder(tf.float32, [None, None])
    run(tf.matmul(p, tf.constant([[1.0], [2.0]])), {p: [[1.0, 2.0, 3.0]]})


@program("set_shape conflict")
def _() -> None:
    tf.placeholder(tf.float32, [None, 3]).set_shape([2, 4])


# ---- tensors are not values ---------------------------------------------------------------

PROGRAMS["bool(tensor)"] = lambda: bool(tf.constant(True))
PROGRAMS["iter(tensor)"] = lambda: list(tf.constant([1, 2]))
PROGRAMS["iter(variable)"] = lambda: iter(tf.Variable([1, 2]))
PROGRAMS["len(tensor)"] = lambda: len(tf.constant([1, 2]))
PROGRAMS["np.array(tensor)"] = lambda: np.array(tf.constant([1.0, 2.0])).dtype
PROGRAMS["tensor==tensor"] = lambda: tf.constant(1) == tf.constant(1)
PROGRAMS["hashable tensor"] = lambda: isinstance({tf.constant(1): 2}, dict)


# ---- constants ----------------------------------------------------------------------------

PROGRAMS["constant None"] = lambda: tf.constant(None)
PROGRAMS["constant ragged"] = lambda: tf.constant([[1], [2, 3]])
PROGRAMS["constant mixed"] = lambda: tf.constant([1, "a"])
PROGRAMS["constant dtype mismatch"] = lambda: tf.constant(1.5, dtype=tf.int32)
PROGRAMS["constant shape too many"] = lambda: tf.constant([1, 2, 3], shape=[2])
PROGRAMS["constant shape fill"] = lambda: run(tf.constant([1, 2], shape=[2, 2]))
PROGRAMS["placeholder_with_default"] = lambda: run(tf.placeholder_with_default(False, shape=()))


# ---- training and gradients ---------------------------------------------------------------


def minimize(loss: Any) -> Any:
    return tf.train.GradientDescentOptimizer(0.1).minimize(loss)


PROGRAMS["minimize no vars"] = lambda: minimize(tf.placeholder(tf.float32))


@program("minimize no grads")
def _() -> None:
    tf.Variable(1.0, name="v")
    x = tf.constant(2.0) * 2
    minimize(x)


@program("minimize int var")
def _() -> None:
    v = tf.Variable(1, name="v")
    minimize(v * v)


@program("gradients unconnected")
def _() -> Any:
    x = tf.constant(1.0)
    return tf.gradients(tf.constant(2.0) * 2, [x])


@program("gradients det")
def _() -> str:
    x = tf.constant([1.0, 2.0])
    det = tf.matrix_determinant(tf.reshape(tf.concat([x, x], 0), [2, 2]))
    return tf.gradients(det, [x])[0].name


# ---- names --------------------------------------------------------------------------------


def after_a(look_up: Callable[[Any], Any]) -> Program:
    """A look-up in a graph that holds a tensor called ``a``."""
    return lambda: (tf.constant(1, name="a"), look_up(tf.get_default_graph()))


PROGRAMS["bad name"] = lambda: tf.constant(1, name="a b")
PROGRAMS["bad scope"] = lambda: tf.name_scope("_a").__enter__()
PROGRAMS["bad scope space"] = lambda: tf.name_scope("a b").__enter__()
PROGRAMS["get_tensor_by_name no colon"] = after_a(lambda g: g.get_tensor_by_name("a"))
PROGRAMS["get_tensor_by_name missing"] = after_a(lambda g: g.get_tensor_by_name("b:0"))
PROGRAMS["get_tensor_by_name idx"] = after_a(lambda g: g.get_tensor_by_name("a:1"))
PROGRAMS["get_operation_by_name missing"] = after_a(lambda g: g.get_operation_by_name("b"))
PROGRAMS["get_operation_by_name tensor"] = after_a(lambda g: g.get_operation_by_name("a:0"))


# ---- what kernels refuse ------------------------------------------------------------------

PROGRAMS["singular inverse"] = lambda: run(tf.matrix_inverse(tf.constant([[1.0, 2.0], [2.0, 4.0]])))
PROGRAMS["int div zero"] = lambda: run(tf.constant(1) // tf.constant(0))
PROGRAMS["check_numerics"] = lambda: run(tf.check_numerics(tf.constant(np.nan), "bad"))
PROGRAMS["in_top_k oob"] = lambda: run(tf.nn.in_top_k([[0.1, 0.9]], [3], 1))
PROGRAMS["gather oob"] = lambda: run(tf.gather([1.0, 2.0], [5]))
PROGRAMS["onehot"] = lambda: run(tf.one_hot([1, 5], 3))

sparse_loss = tf.nn.sparse_softmax_cross_entropy_with_logits
PROGRAMS["sparse xent oob"] = lambda: run(sparse_loss(labels=[3], logits=[[0.1, 0.9]]))
PROGRAMS["sparse xent positional"] = lambda: sparse_loss([[0.1, 0.9]], [1])
PROGRAMS["sparse xent rank"] = lambda: sparse_loss(labels=[[1]], logits=[[0.1, 0.9]])
PROGRAMS["log_loss"] = lambda: tf.losses.log_loss([1.0], [0.5]).name


# ---- checkpoints --------------------------------------------------------------------------

PROGRAMS["Saver no vars"] = tf.train.Saver
PROGRAMS["Saver two same"] = lambda: (tf.Variable(1.0, name="v"), tf.train.Saver([1]))


def with_saver(use: Callable[[Any, Any], Any], initial: Any = 1.0, name: str = "v") -> Any:
    """Let a function use a saver of one variable and a session that does not know its value."""
    tf.Variable(initial, name=name)
    saver = tf.train.Saver()
    with tf.Session() as session:
        return use(saver, session)


def in_empty_directory(function: Program) -> Program:
    """A program that may leave files behind."""

    def inside() -> Any:
        with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
            return function()

    return inside


def save_another() -> None:
    """Save a variable of a graph that is gone then."""
    Path("ck").mkdir()
    v = tf.Variable(1.0, name="v")
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(v.initializer)
        saver.save(session, "ck/m.ckpt")
    tf.reset_default_graph()


@program("restore missing")
@in_empty_directory
def restore_missing() -> Any:
    return with_saver(lambda saver, session: saver.restore(session, "none.ckpt"))


@program("save no dir")
@in_empty_directory
def save_without_directory() -> Any:
    return with_saver(lambda saver, session: saver.save(session, "nodir/none.ckpt"))


@program("save uninit")
@in_empty_directory
def save_without_directory_or_value() -> Any:
    return with_saver(lambda saver, session: saver.save(session, "ck/uninit.ckpt"))


@program("restore missing key")
@in_empty_directory
def restore_missing_key() -> Any:
    save_another()
    return with_saver(lambda saver, session: saver.restore(session, "ck/m.ckpt"), name="w")


@program("restore shape mismatch")
@in_empty_directory
def restore_another_shape() -> Any:
    save_another()
    return with_saver(lambda saver, session: saver.restore(session, "ck/m.ckpt"), [1.0, 2.0])
