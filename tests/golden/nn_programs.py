"""Small programs with neural network and sparse functions, to be built by several engines.

    python nn_programs.py MODULE > graphs_nn.json      # MODULE: tensorflow (1.1.0), skflow, ...

graphs_nn.json is what TensorFlow 1.1.0 printed. ``graphs`` holds for each program a list of
[id, name, type, [input tensors], [control inputs]] in the order the operations were made;
``gradients`` the names of the tensors that ``tf.gradients`` returned (of the slices' values, for
IndexedSlices).
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import numpy as np


def activations(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.nn.relu(x)
    tf.nn.relu(x, name="r")
    tf.nn.relu6(x)
    tf.nn.relu6([1.0, 7.0], name="six")
    tf.nn.elu(x)
    tf.nn.softplus(x)
    tf.nn.softsign(x, name="sign")
    tf.nn.crelu(x)
    tf.nn.crelu([1.0], name="c")
    tf.nn.sigmoid(x)
    tf.nn.tanh(x, name="t")


def layers(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="w")
    tf.nn.bias_add(x, [1.0, 2.0, 3.0])
    tf.nn.bias_add(x, [1.0, 2.0, 3.0], name="biased")
    tf.nn.bias_add(tf.ones([1, 2, 2, 2]), [1.0, 2.0], data_format="NHWC")
    tf.nn.xw_plus_b(x, w, [1.0, 2.0])
    tf.nn.xw_plus_b(x, w, [1.0, 2.0], name="affine")
    tf.nn.relu_layer(x, w, [1.0, 2.0])
    tf.nn.relu_layer([[1.0, 2.0, 3.0]], w, [1.0, 2.0], name="layer")


def dropout(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.nn.dropout(x, 0.5)
    tf.nn.dropout(x, 1.0)
    tf.nn.dropout(x, tf.constant(0.25), name="kept")
    tf.nn.dropout(tf.ones([2, 3]), 0.9, noise_shape=[2, 1], seed=5)
    tf.nn.dropout([1.0, 2.0], tf.placeholder(tf.float32, []))


def norms(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.nn.l2_loss(x)
    tf.nn.l2_loss([1.0], name="half")
    tf.nn.l2_normalize(x, 1)
    tf.nn.l2_normalize(x, [0, 1], epsilon=1e-6, name="unit")


def softmaxes(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    cube = tf.placeholder(tf.float32, [2, 3, 4], name="cube")
    part = tf.placeholder(tf.float32, [None, 3, 4], name="part")
    vague = tf.placeholder(tf.float32, name="vague")
    tf.nn.softmax(x)
    tf.nn.log_softmax(x, name="logs")
    tf.nn.softmax(x, dim=0)
    tf.nn.softmax(cube)
    tf.nn.softmax(cube, dim=2, name="last")
    tf.nn.log_softmax(cube, dim=1, name="middle")
    tf.nn.softmax(part, dim=0)
    tf.nn.softmax(vague)
    tf.nn.softmax([1.0, 2.0])


def softmax_cross_entropies(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None, 3], name="y")
    loss = tf.nn.softmax_cross_entropy_with_logits
    loss(labels=y, logits=x)
    loss(labels=y, logits=x, name="entropy")
    loss(labels=[[0, 1]], logits=[[1.0, 2.0]])
    loss(labels=tf.ones([2, 3, 4]), logits=tf.placeholder(tf.float32, [2, 3, 4]), dim=1)
    loss(labels=tf.placeholder(tf.float16, [None, 2]), logits=tf.placeholder(tf.float16, [4, 2]))
    loss(labels=tf.placeholder(tf.float32), logits=tf.placeholder(tf.float32))
    loss(labels=tf.ones([3]), logits=[1.0, 2.0, 3.0])


def sparse_cross_entropies(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits
    loss(labels=tf.placeholder(tf.int32, [None]), logits=x)
    loss(labels=[1, 2], logits=x, name="entropy")
    loss(labels=[0], logits=tf.placeholder(tf.float16, [None, 2]))
    loss(labels=tf.placeholder(tf.int64, [2, 3]), logits=tf.placeholder(tf.float32, [2, 3, 4]))
    loss(labels=tf.placeholder(tf.int64), logits=tf.placeholder(tf.float16), name="vague")
    loss(labels=1, logits=[1.0, 2.0])


def logistic_losses(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None, 3], name="y")
    tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x)
    tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[0.5], name="logistic")
    tf.nn.weighted_cross_entropy_with_logits(y, x, 2.0)
    tf.nn.weighted_cross_entropy_with_logits([1.0], [0.5], tf.constant([3.0]), name="weighted")
    tf.nn.log_poisson_loss(y, x)
    tf.nn.log_poisson_loss(y, x, compute_full_loss=True, name="poisson")


def largest(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.nn.top_k(x)
    tf.nn.top_k(x, 2, sorted=False, name="two")
    tf.nn.top_k([1, 2, 3], k=tf.constant(2))
    tf.nn.in_top_k(x, [1, 2], 2)
    tf.nn.in_top_k([[0.1, 0.9]], tf.constant([1], tf.int64), 1, name="right")


def lookups(tf: Any) -> None:
    tables = [tf.placeholder(tf.float32, [n, 2], name=f"table{n}") for n in (5, 4, 4)]
    vague = [tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [3, None])]
    tf.nn.embedding_lookup(tables[0], [1, 2])
    tf.nn.embedding_lookup(tables[0], tf.constant([[1], [2]]), name="rows")
    tf.nn.embedding_lookup([tables[0]], [1, 2], max_norm=1.5)
    tf.nn.embedding_lookup(tables, [0, 7, 3])
    tf.nn.embedding_lookup(tables, tf.constant([0, 7], tf.int64), "div", name="runs")
    tf.nn.embedding_lookup(tables, tf.placeholder(tf.int32, [None, 2]), max_norm=2.0)
    tf.nn.embedding_lookup(vague, [0, 1], partition_strategy="div")


def variable_lookup(tf: Any) -> None:
    table = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="table")
    parts = [tf.Variable([[1.0]], name="first"), tf.Variable([[2.0]], name="second")]
    tf.nn.embedding_lookup(table, [1])
    tf.nn.embedding_lookup(parts, [1, 0])


def sparse_lookups(tf: Any) -> None:
    table = tf.placeholder(tf.float32, [5, 2], name="table")
    ids = tf.SparseTensor([[0, 0], [0, 2], [1, 0]], tf.constant([1, 3, 1], tf.int64), [2, 3])
    weights = tf.SparseTensor([[0, 0], [0, 2], [1, 0]], [1.0, 2.0, 3.0], [2, 3])
    fed = tf.SparseTensor(tf.placeholder(tf.int64, [None, 2]), tf.placeholder(tf.int32, [None]),
                          tf.placeholder(tf.int64, [2]))
    for combiner in ("sum", "mean", "sqrtn"):
        tf.nn.embedding_lookup_sparse(table, ids, None, combiner=combiner)
        tf.nn.embedding_lookup_sparse(table, ids, weights, combiner=combiner, name=combiner)
    tf.nn.embedding_lookup_sparse([table, table], fed, None, combiner="sum", max_norm=1.0)


def sparse_tensors(tf: Any) -> None:
    s = tf.SparseTensor(indices=[[0, 1], [2, 0]], values=[1.0, 2.0], dense_shape=[3, 4])
    fed = tf.sparse_placeholder(tf.float32, name="fed")
    tf.sparse_placeholder(tf.float32, shape=[None, 3])
    tf.sparse_placeholder(tf.int32, shape=np.array([2, 3]), name="whole")
    tf.sparse_tensor_dense_matmul(s, [[1.0], [2.0], [3.0], [4.0]])
    tf.sparse_tensor_dense_matmul(fed, tf.ones([2, 2]), adjoint_a=True, name="product")
    tf.sparse_tensor_to_dense(s)
    tf.sparse_tensor_to_dense(fed, default_value=-1.0, validate_indices=False, name="dense")
    tf.sparse_to_dense([1, 3], [5], 1.0)
    tf.sparse_to_dense([[0, 1]], [2, 3], [7], default_value=-1, name="filled")
    tf.sparse_reorder(s)
    tf.sparse_reorder(fed, name="ordered")
    tf.sparse_reduce_sum(s)
    tf.sparse_reduce_sum(s, axis=1, keep_dims=True)
    tf.sparse_reduce_sum(fed, reduction_axes=[0])
    tf.sparse_reduce_sum(tf.sparse_placeholder(tf.float32))
    tf.matmul(tf.ones([2, 3]), tf.ones([3, 2]), a_is_sparse=True)


def batch_losses(tf: Any) -> None:
    y = tf.placeholder(tf.float32, [None, 3], name="y")
    p = tf.placeholder(tf.float32, [None, 3], name="p")
    tf.losses.log_loss([1.0], [0.5])
    tf.losses.log_loss(y, p, scope="loss")
    tf.losses.mean_squared_error(y, p)
    tf.losses.mean_squared_error(tf.ones([2, 3]), tf.zeros([2, 3]), weights=[[1.0], [0.0]])
    tf.losses.absolute_difference(tf.ones([2], tf.int32), tf.zeros([2]), weights=[1.0, 0.5])
    tf.losses.cosine_distance(y, p, dim=1, loss_collection=None)
    tf.losses.hinge_loss(y, p, weights=2.0)
    tf.losses.mean_pairwise_squared_error(y, p)
    tf.losses.get_total_loss()
    tf.losses.get_regularization_loss()
    tf.losses.compute_weighted_loss(tf.constant([1, 2]), weights=tf.constant([1.0, 0.0]))


def batch_entropies(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [4, 3], name="x")
    y = tf.placeholder(tf.float32, [4, 3], name="y")
    tf.losses.sigmoid_cross_entropy(y, x)
    tf.losses.sigmoid_cross_entropy(tf.ones([4, 3], tf.int32), x, label_smoothing=0.1)
    tf.losses.softmax_cross_entropy(y, x, weights=tf.ones([4]))
    tf.losses.softmax_cross_entropy(tf.ones([4, 3], tf.int32), x, label_smoothing=0.1)
    tf.losses.sparse_softmax_cross_entropy([0, 1, 2, 0], x)
    tf.losses.sparse_softmax_cross_entropy([[0], [1], [2], [0]], x, weights=tf.ones([4, 1]))


PROGRAMS = (
    activations, layers, dropout, norms, softmaxes, softmax_cross_entropies,
    sparse_cross_entropies, logistic_losses, largest, lookups, variable_lookup, sparse_lookups,
    sparse_tensors, batch_losses, batch_entropies,
)


# ---- gradients ----------------------------------------------------------------------------


def elementwise(tf: Any) -> list[Any]:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    nn = tf.nn
    functions = (nn.relu, nn.relu6, nn.elu, nn.softplus, nn.softsign, nn.softmax, nn.log_softmax,
                 nn.l2_loss)
    return [g for f in functions for g in tf.gradients(f(x), [x])]


def second_order(tf: Any) -> list[Any]:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    found = []
    for f in (tf.nn.relu, tf.nn.elu):
        seed = tf.placeholder(tf.float32, [None, 3])
        first = tf.gradients(f(x), x, grad_ys=seed)[0]
        found += tf.gradients(first, [seed])
    return found


def biases(tf: Any) -> list[Any]:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    b = tf.placeholder(tf.float32, [3], name="b")
    return tf.gradients(tf.nn.bias_add(x, b), [x, b])  # type: ignore[no-any-return]


def entropies(tf: Any) -> list[Any]:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None, 3], name="y")
    labels = tf.placeholder(tf.int32, [None], name="labels")
    dense = tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=x)
    sparse = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x)
    return [*tf.gradients(dense, [x, y]), *tf.gradients(sparse, [x])]


def top_entries(tf: Any) -> list[Any]:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    return tf.gradients(tf.nn.top_k(x, 2)[0], [x])  # type: ignore[no-any-return]


def products(tf: Any) -> list[Any]:
    b = tf.placeholder(tf.float32, [None, 4], name="b")
    s = tf.sparse_placeholder(tf.float32, name="s")
    found = []
    for a, c in ((False, False), (True, False), (False, True), (True, True)):
        y = tf.sparse_tensor_dense_matmul(s, b, adjoint_a=a, adjoint_b=c)
        found += tf.gradients(y, [s.values, b])
    y = tf.matmul(tf.nn.relu(b), b, transpose_b=True, a_is_sparse=True)
    return [*found, *tf.gradients(y, [b])]


def reordered(tf: Any) -> list[Any]:
    s = tf.sparse_placeholder(tf.float32, name="s")
    return [*tf.gradients(tf.sparse_reorder(s).values, [s.values]),
            *tf.gradients(tf.sparse_reduce_sum(s, 0), [s.values])]


def looked_up(tf: Any) -> list[Any]:
    table = tf.placeholder(tf.float32, [5, 2], name="table")
    ids = tf.SparseTensor([[0, 0], [0, 2], [1, 0]], tf.constant([1, 3, 1], tf.int64), [2, 3])
    found = tf.gradients(tf.nn.embedding_lookup(table, [1, 1]), [table])
    for combiner in ("sum", "mean", "sqrtn"):
        y = tf.nn.embedding_lookup_sparse(table, ids, None, combiner=combiner)
        found += tf.gradients(y, [table])
    return found  # type: ignore[no-any-return]


GRADIENTS = (elementwise, second_order, biases, entropies, top_entries, products, reordered,
             looked_up)


def observe(tf: Any, program: Any) -> list[Any]:
    """The graph that a program builds."""
    tf.reset_default_graph()
    tf.set_random_seed(42)
    program(tf)
    return [
        [op._id, op.name, op.type, [t.name for t in op.inputs], [c.name for c in op.control_inputs]]
        for op in tf.get_default_graph().get_operations()
    ]


def names(tf: Any, program: Any) -> list[str | None]:
    """The names of the gradients that a program returns."""
    tf.reset_default_graph()
    return [None if g is None else g.name for g in program(tf)]


def main() -> None:
    """Print what a module builds."""
    tf = importlib.import_module(sys.argv[1])
    json.dump({"graphs": {p.__name__: observe(tf, p) for p in PROGRAMS},
               "gradients": {p.__name__: names(tf, p) for p in GRADIENTS}}, sys.stdout)


if __name__ == "__main__":
    main()
