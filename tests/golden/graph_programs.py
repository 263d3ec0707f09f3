"""Small programs whose graphs TensorFlow 1.1.0's answers in observed_graphs.json describe."""

from __future__ import annotations

from typing import Any


def first_graph(tf: Any) -> Any:
    x = tf.Variable(3, name="x")
    y = tf.Variable(4, name="y")
    f = x * x * y + y + 2
    return f, tf.global_variables_initializer()


def lifecycle(tf: Any) -> Any:
    w = tf.constant(3)
    x = w + 2
    return x + 5, x * 3


def normal_equation(tf: Any) -> Any:
    X = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], name="X")
    y = tf.constant([[1.0], [2.0], [3.0]], name="y")
    XT = tf.transpose(X)
    return tf.matmul(tf.matmul(tf.matrix_inverse(tf.matmul(XT, X)), XT), y)


def manual_gradient(tf: Any) -> Any:
    X = tf.placeholder(tf.float32, (None, 9), name="X")
    y = tf.placeholder(tf.float32, (None, 1), name="y")
    theta = tf.Variable(tf.random_uniform([9, 1], -1.0, 1.0, seed=42), name="theta")
    error = tf.matmul(X, theta, name="predictions") - y
    tf.reduce_mean(tf.square(error), name="mse")
    gradients = 2 / 100 * tf.matmul(tf.transpose(X), error)
    tf.assign(theta, theta - 0.01 * gradients)
    return tf.global_variables_initializer()


def name_scopes(tf: Any) -> None:
    tf.Variable(0, name="a")
    tf.Variable(0, name="a")
    with tf.name_scope("param"):
        tf.Variable(0, name="a")
    with tf.name_scope("param"):
        tf.Variable(0, name="a")
    with tf.name_scope("param/"):
        tf.constant(1)
    with tf.name_scope(None):
        tf.constant(1)
    tf.constant(1, name="Const_2")
    tf.constant(1)
    tf.constant(1)


def modules(tf: Any) -> Any:
    def relu(X: Any) -> Any:
        with tf.name_scope("relu"):
            w = tf.Variable(tf.random_normal((int(X.get_shape()[1]), 1)), name="weights")
            b = tf.Variable(0.0, name="bias")
            return tf.maximum(tf.add(tf.matmul(X, w), b, name="z"), 0.0, name="max")

    X = tf.placeholder(tf.float32, shape=(None, 3), name="X")
    return tf.add_n([relu(X) for _ in range(5)], name="output")


def shared_variable(tf: Any) -> Any:
    def relu(X: Any) -> Any:
        with tf.variable_scope("relu", reuse=True):
            threshold = tf.get_variable("threshold")
            w = tf.Variable(tf.random_normal((int(X.get_shape()[1]), 1)), name="weights")
            b = tf.Variable(0.0, name="bias")
            return tf.maximum(tf.add(tf.matmul(X, w), b, name="z"), threshold, name="max")

    X = tf.placeholder(tf.float32, shape=(None, 3), name="X")
    with tf.variable_scope("relu"):
        tf.get_variable("threshold", shape=(), initializer=tf.constant_initializer(0.0))
    return tf.add_n([relu(X) for _ in range(5)], name="output")


def shared_inside(tf: Any) -> Any:
    def relu(X: Any) -> Any:
        threshold = tf.get_variable("threshold", shape=(), initializer=tf.constant_initializer(0.0))
        w = tf.Variable(tf.random_normal((int(X.get_shape()[1]), 1)), name="weights")
        b = tf.Variable(0.0, name="bias")
        return tf.maximum(tf.add(tf.matmul(X, w), b, name="z"), threshold, name="max")

    X = tf.placeholder(tf.float32, shape=(None, 3), name="X")
    relus = []
    for i in range(5):
        with tf.variable_scope("relu", reuse=(i >= 1)):
            relus.append(relu(X))
    return tf.add_n(relus, name="output")


def random_ops(tf: Any) -> None:
    tf.random_uniform([3])
    tf.random_normal([3], seed=1)
    tf.truncated_normal([2, 2], stddev=0.1)
    tf.random_shuffle(tf.range(5))
    tf.nn.dropout(tf.ones([2, 3]), keep_prob=0.5)


def operators(tf: Any) -> Any:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    made = [-x / 2 + x**2 - 1.5, abs(x) // 2.0, x > 0.0]
    made += [x[0], x[:, 1:], x[..., tf.newaxis]]
    tf.cast(x, tf.int32)
    tf.reduce_sum(x, axis=1)
    tf.reshape(x, [-1])
    tf.concat([x, x], axis=0)
    with tf.control_dependencies([x]):
        tf.no_op(name="after")
    return made


PROGRAMS = (
    first_graph,
    lifecycle,
    normal_equation,
    manual_gradient,
    name_scopes,
    modules,
    shared_variable,
    shared_inside,
    random_ops,
    operators,
)


def observe(tf: Any, program: Any) -> list[Any]:
    """A program's graph as [id, name, type, inputs, control inputs], operation by operation."""
    tf.reset_default_graph()
    tf.set_random_seed(42)
    program(tf)
    return [
        [
            op._id,
            op.name,
            op.type,
            [t.name for t in op.inputs],
            [c.name for c in op.control_inputs],
        ]
        for op in tf.get_default_graph().get_operations()
    ]
