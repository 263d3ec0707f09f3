"""Small programs whose nodes, attributes included, TensorFlow 1.1.0 wrote to node_defs.json.gz."""

from __future__ import annotations

from typing import Any

import numpy as np


def constants(tf: Any) -> None:
    tf.constant([1.5, 2], tf.float16)
    tf.constant(3, tf.uint8)
    tf.constant([1, 2], tf.uint16)
    tf.constant([-1, 2], tf.int8)
    tf.constant([[1], [2]], tf.int64)
    tf.constant([True, False])
    tf.constant(True)
    tf.constant([1 + 2j, 3], tf.complex64)
    tf.constant(1 - 2j, tf.complex128)
    tf.constant(["a", "\u00e9"])
    tf.constant(b"\xff\x00x")
    tf.constant("text")
    tf.constant([1, 2], shape=[2, 2])
    tf.constant(0.5, shape=[3])
    tf.constant([], tf.float32)
    tf.constant(np.zeros((2, 0)))
    tf.constant(np.arange(6.0).reshape(2, 3), name="array")
    tf.zeros([3, 2])
    tf.zeros([0, 3], tf.int32)
    tf.ones([2], tf.float64)
    tf.fill([2, 2], 3.0)
    tf.linspace(0.0, 1.0, 5)
    tf.range(1, 10, 2)
    tf.zeros_like(tf.placeholder(tf.float32, [2, None]))
    tf.ones_like(tf.constant([1, 2]))
    tf.eye(3)


def arrays(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [4, 6], name="x")
    n = tf.placeholder(tf.int32, [None], name="n")
    tf.concat([x, x, x], axis=1)
    tf.stack([x, x], axis=1)
    tf.unstack(x, axis=0)
    tf.split(x, 2, axis=1)
    tf.split(x, [1, 3, 2], axis=1)
    tf.squeeze(tf.expand_dims(x, 1), [1])
    tf.expand_dims(x, -1)
    tf.tile(x, [1, 2])
    tf.pad(x, [[1, 1], [0, 2]])
    tf.pad(x, [[1, 1], [0, 2]], mode="REFLECT")
    tf.gather(x, n)
    tf.gather_nd(x, [[0, 1]])
    tf.transpose(x, [1, 0])
    tf.slice(x, [0, 1], [2, -1])
    tf.strided_slice(x, [0, 0], [4, 6], [2, 1], end_mask=1)
    tf.one_hot(n, 5, on_value=1.0, off_value=0.0, axis=0)
    tf.reverse(x, [1])
    tf.where(x > 0, x, -x)
    tf.where(x > 0)
    tf.reshape(x, [-1, 3])
    tf.shape(x, out_type=tf.int64)
    tf.size(x)
    tf.rank(x)
    tf.meshgrid(n, n)
    tf.boolean_mask(x, x[:, 0] > 0)
    tf.sequence_mask(n, 3)
    tf.unique(n)
    tf.dynamic_partition(n, n, 3)
    tf.dynamic_stitch([n, n], [n, n])
    tf.reverse_sequence(x, n, 1)
    tf.bitcast(n, tf.float32)
    tf.matrix_band_part(x, 1, 0)
    tf.identity(x, name="same")
    tf.stop_gradient(x)
    tf.placeholder_with_default(x, [None, 6])


def math(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.constant([1.0, 2.0, 3.0], name="y")
    tf.add_n([x, x])
    tf.matmul(x, x, transpose_b=True)
    tf.matmul(tf.ones([2, 3, 4]), tf.ones([2, 5, 4]), adjoint_b=True)
    tf.cumsum(x, axis=1, exclusive=True)
    tf.cumprod(x, reverse=True)
    tf.argmax(x, 1)
    tf.cast(x, tf.int64)
    tf.clip_by_value(x, -1.0, 1.0)
    tf.clip_by_norm(x, 2.0)
    tf.reduce_mean(x, axis=[0, 1], keep_dims=True)
    tf.reduce_max(x)
    tf.reduce_logsumexp(x, axis=1)
    tf.reduce_all(x > 0)
    tf.squared_difference(x, y)
    tf.segment_sum(x, [0, 0, 1])
    tf.unsorted_segment_sum(x, [0, 2, 1], 3)
    tf.tensordot(x, y, 1)
    tf.einsum("ij,j->i", x, y)
    tf.maximum(x, 0.0)
    tf.pow(x, 2.0)
    tf.equal(x, y)
    tf.logical_and(x > 0, x < 1)
    tf.is_nan(x)
    tf.floormod(x, y)
    tf.complex(y, y)
    tf.norm(x, axis=1)
    tf.check_numerics(x, "bad")
    tf.bincount([0, 1, 1])
    tf.cholesky(tf.eye(2))
    tf.matrix_solve(tf.eye(2), tf.ones([2, 1]), adjoint=True)
    tf.matrix_triangular_solve(tf.eye(2), tf.ones([2, 1]), lower=False)
    tf.self_adjoint_eig(tf.eye(2))
    tf.svd(tf.eye(2), full_matrices=True)
    tf.qr(tf.eye(2))
    tf.fft(tf.complex(y, y))


def nets(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    labels = tf.placeholder(tf.int32, [None], name="labels")
    w = tf.get_variable("w", [4, 3])
    b = tf.get_variable("b", [3], initializer=tf.zeros_initializer())
    logits = tf.nn.bias_add(tf.matmul(x, w), b)
    tf.nn.xw_plus_b(x, w, b)
    tf.nn.relu_layer(x, w, b)
    hidden = [f(logits) for f in (tf.nn.relu, tf.nn.elu, tf.nn.softplus, tf.nn.relu6, tf.nn.crelu)]
    tf.nn.softmax(logits)
    tf.nn.log_softmax(logits)
    tf.nn.softmax_cross_entropy_with_logits(labels=hidden[0], logits=logits)
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    tf.nn.sigmoid_cross_entropy_with_logits(labels=hidden[0], logits=logits)
    tf.nn.l2_loss(w)
    tf.nn.l2_normalize(w, 0)
    tf.nn.moments(x, [0])
    tf.nn.top_k(logits, 2, sorted=False)
    tf.nn.in_top_k(logits, labels, 1)
    tf.nn.embedding_lookup(w, labels)
    tf.nn.dropout(logits, 0.5, noise_shape=[1, 3], seed=3)
    tf.nn.zero_fraction(logits)


def variables(tf: Any) -> None:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="v")
    with tf.variable_scope("scope", initializer=tf.truncated_normal_initializer(seed=1)):
        u = tf.get_variable("u", [2, 2])
        tf.get_variable("o", [2, 2], initializer=tf.orthogonal_initializer(seed=3))
    tf.get_variable("i", [2], dtype=tf.int32)
    tf.Variable(tf.random_normal([2]), trainable=False, validate_shape=False)
    tf.assign(v, u)
    tf.assign_add(v, [[1.0, 1.0], [1.0, 1.0]], use_locking=True)
    tf.assign_sub(v, v)
    tf.scatter_update(v, [0], [[1.0, 2.0]])
    tf.scatter_add(v, [0, 1], v)
    tf.scatter_nd_update(v, [[0, 1]], [5.0])
    tf.count_up_to(tf.Variable(0), 3)
    tf.is_variable_initialized(v)
    tf.report_uninitialized_variables()
    tf.local_variables_initializer()
    tf.global_variables_initializer()
    tf.get_variable("string", initializer=["a", "b"])


def surroundings(tf: Any) -> None:
    with tf.device("/gpu:1"), tf.name_scope("placed"):
        a = tf.constant(1.0)
        with tf.device("/job:worker"):
            b = a + 1.0
    with tf.get_default_graph().colocate_with(a.op):
        c = tf.constant(2.0) * a
        with tf.control_dependencies([b, c]):
            d = tf.identity(a)
            tf.no_op()
    tf.group(d, b.op, name="all")
    tf.tuple([a, b])
    tf.Print(d, [a, b], "message", first_n=2, summarize=5)
    with tf.get_default_graph().gradient_override_map({"Square": "Mine"}):
        tf.square(a)
    with tf.get_default_graph().container("box"):
        tf.Variable(1.0)


def streams(tf: Any) -> None:
    tf.random_uniform([2, 3], -1, 1, seed=4)
    tf.random_uniform([2], maxval=5, dtype=tf.int32, seed=4)
    tf.random_normal([3], mean=1.0, stddev=2.0, dtype=tf.float64)
    tf.truncated_normal([3])
    tf.random_shuffle([1, 2, 3], seed=5)
    tf.multinomial([[1.0, 2.0]], 3)


def sparse(tf: Any) -> None:
    tf.SparseTensor([[0, 1], [2, 0]], [1.0, 2.0], [3, 2])
    tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))
    tf.scatter_nd([[1]], [2.0], [4])
    v = tf.Variable([[1.0], [2.0]])
    ids = tf.SparseTensor([[0, 1], [2, 0]], tf.constant([1, 0], tf.int64), [3, 2])
    tf.nn.embedding_lookup_sparse(v, ids, None, combiner="mean")


PROGRAMS = (constants, arrays, math, nets, variables, surroundings, streams, sparse)
