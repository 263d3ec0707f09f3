"""Small programs that skflow and every TensorFlow from 1.1 on can build.

Each builds a graph and returns a `Plan`: names only, since the reader of a file has nothing else.
"""

# ruff: noqa: ARG005, B905, PYI024  # Python 3.6 runs it too; loops have more than their bodies use

import collections

import numpy as np

Plan = collections.namedtuple("Plan", "fetches train feeds")
"""Names of tensors to compute, of an operation that trains or None, and arrays by tensor name."""


def rows(count=24, width=3, seed=0):
    rng = np.random.RandomState(seed)
    x = rng.randn(count, width).astype(np.float32)
    return x, (x.dot(np.arange(1.0, width + 1)) + 0.3).astype(np.float32)[:, None]


def regression(tf, make):
    """Linear regression by gradients, as in the notebook that all of this began with."""
    x, y = rows()
    inputs = tf.placeholder(tf.float32, [None, 3], name="X")
    labels = tf.placeholder(tf.float32, [None, 1], name="y")
    theta = tf.Variable(tf.random_uniform([3, 1], -1.0, 1.0, seed=42), name="theta")
    bias = tf.Variable(0.0, name="bias")
    predictions = tf.add(tf.matmul(inputs, theta), bias, name="predictions")
    with tf.name_scope("loss"):
        error = predictions - labels
        loss = tf.reduce_mean(tf.square(error), name="mse")
    train = make(tf).minimize(loss, name="train")
    fetches = [predictions.name, loss.name, theta.name, bias.name]
    return Plan(fetches, train.name, {inputs.name: x, labels.name: y})


def optimizing(make):
    return lambda tf: regression(tf, make)


def by_hand(tf):
    """Updates by `assign`, as the first programs of a course have them."""
    x, y = rows()
    inputs = tf.constant(x, name="X")
    labels = tf.constant(y, name="y")
    theta = tf.Variable(tf.zeros([3, 1]), name="theta")
    error = tf.matmul(inputs, theta) - labels
    loss = tf.reduce_mean(tf.square(error), name="mse")
    gradients = 2 / 24 * tf.matmul(tf.transpose(inputs), error)
    train = tf.assign(theta, theta - 0.1 * gradients)
    return Plan([loss.name, theta.name], train.op.name, {})


def normal_equation(tf):
    x, y = rows()
    inputs, labels = tf.constant(x, tf.float64, name="X"), tf.constant(y, tf.float64, name="y")
    turned = tf.transpose(inputs)
    theta = tf.matmul(tf.matmul(tf.matrix_inverse(tf.matmul(turned, inputs)), turned), labels)
    kept = tf.Variable(np.float64(2.0), name="kept")
    return Plan([theta.name, tf.multiply(theta, kept, name="scaled").name], None, {})


def shared_modules(tf):
    """Rectifiers that share a threshold."""
    x, _ = rows()

    def relu(inputs):
        threshold = tf.get_variable("threshold", [], initializer=tf.constant_initializer(0.1))
        w = tf.Variable(tf.random_normal([3, 1], seed=5), name="weights")
        b = tf.Variable(0.0, name="bias")
        return tf.maximum(tf.add(tf.matmul(inputs, w), b, name="z"), threshold, name="max")

    inputs = tf.placeholder(tf.float32, [None, 3], name="X")
    found = []
    for i in range(3):
        with tf.variable_scope("relu", reuse=i > 0):
            found.append(relu(inputs))
    output = tf.add_n(found, name="output")
    loss = tf.reduce_sum(output * output)
    train = tf.train.GradientDescentOptimizer(0.001).minimize(loss)
    return Plan([output.name, loss.name], train.name, {inputs.name: x})


def net(tf):
    """Embedding, concatenation, dropout, splitting, clipping and sparse momentum."""
    rng = np.random.RandomState(0)
    ids = tf.placeholder(tf.int32, [None, 4], name="ids")
    inputs = tf.placeholder(tf.float32, [None, 6], name="X")
    labels = tf.placeholder(tf.int64, [None], name="y")
    training = tf.placeholder_with_default(False, shape=[], name="training")
    with tf.variable_scope("embed"):
        make = tf.random_uniform_initializer(-1, 1, seed=1)
        table = tf.get_variable("table", [20, 3], initializer=make)
        embedded = tf.reshape(tf.nn.embedding_lookup(table, ids), [-1, 12])
    h = tf.concat([inputs[:, 1:], embedded], axis=1, name="inputs")
    with tf.variable_scope("hidden"):
        make = tf.truncated_normal_initializer(stddev=0.3, seed=2)
        w = tf.get_variable("w", [17, 8], initializer=make)
        b = tf.get_variable("b", [8], initializer=tf.zeros_initializer())
        h = tf.nn.relu(tf.nn.bias_add(tf.matmul(h, w), b), name="relu")
        h = tf.nn.dropout(h, tf.where(training, 0.5, 1.0), seed=3)
    a, c = tf.split(h, 2, axis=1)
    h = tf.reduce_max(tf.stack([a, c], axis=2), axis=2)
    h = h * tf.reduce_sum(a * c, axis=1, keep_dims=True)
    with tf.variable_scope("out"):
        make = tf.truncated_normal_initializer(stddev=0.3, seed=4)
        v = tf.get_variable("v", [4, 3], initializer=make)
        logits = tf.matmul(h, v, name="logits")
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.add(tf.reduce_mean(losses), 0.01 * tf.nn.l2_loss(w), name="loss")
    step = tf.Variable(0, trainable=False, name="global_step")
    rate = tf.train.exponential_decay(0.1, step, 5, 0.9)
    optimizer = tf.train.MomentumOptimizer(rate, 0.9)
    pairs = [
        (g if isinstance(g, tf.IndexedSlices) else tf.clip_by_norm(g, 1.0), x)
        for g, x in optimizer.compute_gradients(loss)
    ]
    train = optimizer.apply_gradients(pairs, global_step=step, name="train")
    hits = tf.cast(tf.nn.in_top_k(logits, labels, 1), tf.float32)
    accuracy = tf.reduce_mean(hits, name="accuracy")
    feeds = {
        ids.name: rng.randint(0, 20, (32, 4)),
        inputs.name: rng.randn(32, 6),
        labels.name: rng.randint(0, 3, 32),
        training.name: True,
    }
    return Plan([loss.name, logits.name, accuracy.name, step.name], train.name, feeds)


def classifier(tf):
    """Two layers, softmax cross-entropy, a penalty, gradients clipped by their global norm."""
    x, _ = rows(30, 4, 3)
    y = np.eye(3, dtype=np.float32)[np.argmax(x[:, :3], axis=1)]
    inputs = tf.placeholder(tf.float32, [None, 4], name="X")
    labels = tf.placeholder(tf.float32, [None, 3], name="y")
    h = inputs
    for name, width in (("hidden", 5), ("logits", 3)):
        with tf.variable_scope(name):
            size = int(h.get_shape()[1])
            make = tf.truncated_normal_initializer(stddev=0.5, seed=width)
            w = tf.get_variable("w", [size, width], initializer=make)
            b = tf.get_variable("b", [width], initializer=tf.zeros_initializer())
            h = tf.nn.bias_add(tf.matmul(h, w), b, name="z")
            h = tf.nn.elu(h) if name == "hidden" else h
            tf.add_to_collection("penalties", tf.nn.l2_loss(w))
    losses = tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=h)
    penalty = 0.01 * tf.add_n(tf.get_collection("penalties"))
    loss = tf.add(tf.reduce_mean(losses), penalty, name="loss")
    variables = tf.trainable_variables()
    clipped, norm = tf.clip_by_global_norm(tf.gradients(loss, variables), 0.5)
    train = tf.train.AdamOptimizer(0.05).apply_gradients(
        list(zip(clipped, variables)), name="train"
    )
    fetches = [loss.name, tf.nn.softmax(h, name="probabilities").name, norm.name]
    return Plan(fetches, train.name, {inputs.name: x, labels.name: y})


def partitioned(tf):
    """A variable in three parts, which files hold as one."""
    x, y = rows(20, 7, 4)
    inputs = tf.placeholder(tf.float32, [None, 7], name="X")
    labels = tf.placeholder(tf.float32, [None, 1], name="y")
    make = tf.random_normal_initializer(stddev=0.1, seed=7)
    with tf.variable_scope("model", partitioner=tf.fixed_size_partitioner(3)):
        w = tf.get_variable("w", [7, 1], initializer=make)
    loss = tf.reduce_mean(tf.square(tf.matmul(inputs, w) - labels), name="loss")
    train = tf.train.AdagradOptimizer(0.5).minimize(loss, name="train")
    return Plan([loss.name, tf.identity(w, name="whole").name], train.name, {
        inputs.name: x, labels.name: y})  # fmt: skip


def kinds(tf):
    """Variables of many types; a counter that goes on."""
    made = [
        tf.Variable(np.arange(6, dtype=np.int32).reshape(2, 3), name="i32"),
        tf.Variable(np.array([1 << 40, -3], np.int64), name="i64"),
        tf.Variable(np.array([1.5, -2.25]), name="f64"),
        tf.Variable(np.array([0.5, 2.0], np.float16), name="f16"),
        tf.Variable(np.array([True, False]), name="flags"),
        tf.Variable(np.array([1 + 2j], np.complex64), name="c64"),
        tf.Variable(np.array([200, 3], np.uint8), name="u8"),
        tf.Variable(np.zeros([0, 2], np.float32), name="nothing"),
        tf.Variable(7, name="scalar"),
    ]
    train = tf.assign_add(made[-1], 2)
    return Plan([v.name for v in made], train.op.name, {})


def arrays(tf):
    """What moves elements about, with a gradient."""
    x, _ = rows(6, 4)
    inputs = tf.placeholder(tf.float32, [6, 4], name="X")
    scale = tf.Variable(2.0, name="scale")
    y = tf.tile(tf.reverse(inputs, [1]), [1, 2]) * scale
    y = tf.pad(tf.transpose(y), [[1, 0], [0, 2]])
    y = tf.gather(y, [3, 0, 3])
    y = tf.strided_slice(y, [0, 1], [3, 7], [2, 2])
    y = tf.squeeze(tf.expand_dims(y, 0), [0])
    z = tf.where(y > 0.0, tf.cumsum(y, axis=1), tf.one_hot([1, 2], 3))
    (grad,) = tf.gradients(z, [inputs])
    top, where = tf.nn.top_k(inputs, 2)
    found = [y, z, grad, top, where, tf.argmax(inputs, 1), tf.norm(inputs), tf.shape(grad)]
    train = tf.assign(scale, scale * 1.5)
    return Plan([t.name for t in found], train.op.name, {inputs.name: x})


def losses(tf):
    x, y = rows(12, 3, 9)
    inputs = tf.placeholder(tf.float32, [None, 3], name="X")
    labels = tf.placeholder(tf.float32, [None, 1], name="y")
    w = tf.Variable(np.full([3, 1], 0.3, np.float32), name="w")
    z = tf.matmul(inputs, w)
    p = tf.sigmoid(labels)
    found = [
        tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=p, logits=z)),
        tf.reduce_logsumexp(z),
        tf.reduce_mean(tf.nn.softplus(z) + tf.nn.relu6(z) + tf.tanh(z)),
        tf.reduce_sum(tf.nn.moments(z, [0])[1]),
        tf.reduce_mean(tf.nn.l2_normalize(z, 0) * tf.nn.softsign(z)),
    ]
    loss = tf.add_n(found, name="loss")
    train = tf.train.RMSPropOptimizer(0.01).minimize(loss)
    return Plan([t.name for t in [*found, loss]], train.name, {inputs.name: x, labels.name: y})


def matrices(tf):
    x, _ = rows(4, 4, 11)
    matrix = tf.Variable(x.T.dot(x) + np.eye(4, dtype=np.float32), name="m")
    chol = tf.cholesky(matrix)
    solved = tf.matrix_solve(matrix, tf.ones([4, 1]))
    norm = tf.reduce_sum(tf.matrix_inverse(matrix)) + tf.matrix_determinant(matrix)
    (grad,) = tf.gradients(norm, [matrix])
    found = [chol, solved, norm, grad, tf.trace(matrix), tf.matrix_band_part(matrix, 1, 0)]
    train = tf.assign_sub(matrix, 0.001 * grad)
    return Plan([t.name for t in found], train.op.name, {})


def randoms(tf):
    """Streams with seeds begin anew in each session."""
    scale = tf.Variable(1.5, name="scale")
    found = [
        tf.random_uniform([3], seed=1) * scale,
        tf.random_normal([2, 2], seed=2),
        tf.truncated_normal([4], stddev=0.5, seed=3),
        tf.random_shuffle(tf.range(6), seed=4),
        tf.nn.dropout(tf.ones([8]), 0.5, seed=5),
        tf.random_uniform([4], 0, 100, dtype=tf.int32, seed=6),
    ]
    train = tf.assign_add(scale, 0.25)
    return Plan([t.name for t in found], train.op.name, {})


# ---- conditionals and loops: If and While, which TensorFlow has since 1.13 ---------------------


def conditionals(tf):
    x, _ = rows(2, 3)
    inputs = tf.placeholder(tf.float32, [None, 3], name="X")
    v = tf.Variable(np.float32([1.0, 2.0, 3.0]), name="v")
    count = tf.Variable(0.0, name="count")
    r = tf.cond(
        tf.reduce_sum(inputs) > 0.0,
        lambda: tf.tanh(inputs) * v,
        lambda: tf.cond(tf.reduce_max(v) > 2.0, lambda: tf.exp(inputs), lambda: inputs * inputs),
    )
    found = [tf.identity(r, name="r")]
    train = tf.cond(
        count < 2.0, lambda: tf.assign_add(count, 1.5) * 1.0, lambda: tf.assign(count, -1.0) * 1.0
    )
    found.append(tf.identity(train, name="counted"))
    return Plan([t.name for t in found], found[1].op.name, {inputs.name: x})


def loops(tf):
    x, _ = rows(2, 3)
    inputs = tf.placeholder(tf.float32, [None, 3], name="X")
    w = tf.Variable(np.eye(3, dtype=np.float32) * 1.1, name="w")
    total = tf.Variable(0.0, name="total")
    r = tf.while_loop(
        lambda i, a, b: i < 4,
        lambda i, a, b: (tf.add(i, 1), tf.tanh(tf.matmul(a, w)), b),
        (tf.constant(0), inputs, inputs),
    )

    def body(i):
        with tf.control_dependencies([tf.assign_add(total, 2.0)]):
            return tf.add(i, 1)

    count = tf.while_loop(lambda i: i < 3, body, [tf.constant(0)])
    inner = tf.while_loop(
        lambda i, a: i < 3,
        lambda i, a: (
            tf.add(i, 1),
            tf.cond(tf.equal(i, 1), lambda: a * 2.0, lambda: tf.subtract(a, 0.5)),
        ),
        (tf.constant(0), inputs),
    )
    found = [tf.identity(t, name=f"r{i}") for i, t in enumerate([r[1], r[2], inner[1]])]
    train = tf.identity(count, name="counted")
    return Plan([t.name for t in found], train.op.name, {inputs.name: x})


def gradients_of_conditionals(tf):
    x, _ = rows(2, 3)
    inputs = tf.placeholder(tf.float32, [None, 3], name="X")
    v = tf.Variable(np.float32([1.0, 2.0, 3.0]), name="v")
    r = tf.cond(
        tf.reduce_sum(inputs) > 0.0, lambda: tf.tanh(inputs) * v, lambda: tf.exp(inputs) + v
    )
    loss = tf.reduce_sum(r * r, name="loss")
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss, name="train")
    return Plan([loss.name, v.name], train.name, {inputs.name: x})


def gradients_of_loops(tf):
    x, _ = rows(2, 3)
    inputs = tf.placeholder(tf.float32, [None, 3], name="X")
    w = tf.Variable(np.eye(3, dtype=np.float32) * 0.9, name="w")
    r = tf.while_loop(
        lambda i, a: i < 4,
        lambda i, a: (tf.add(i, 1), tf.tanh(tf.matmul(a, w)) * tf.random_uniform([], seed=1)),
        (tf.constant(0), inputs),
    )
    loss = tf.reduce_sum(tf.square(r[1]), name="loss")
    train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss, name="train")
    return Plan([loss.name, w.name], train.name, {inputs.name: x})


def choices(tf):
    """Conditionals within one another, over what is fed and what is stored."""
    x, _ = rows(2, 3)
    inputs = tf.placeholder(tf.float32, [None, 3], name="X")
    v = tf.Variable(np.float32([1.0, 2.0, 3.0]), name="v")
    total = tf.reduce_sum(inputs)
    r = tf.cond(
        total > 0.0,
        lambda: tf.tanh(inputs) * v,
        lambda: tf.cond(tf.reduce_max(v) > 2.0, lambda: tf.exp(inputs), lambda: inputs * inputs),
    )
    train = tf.assign_sub(v, [0.5, 0.5, 0.5])
    return Plan([tf.identity(r, name="r").name], train.op.name, {inputs.name: x})


def rounds(tf):
    """A loop with a conditional in it."""
    x, _ = rows(2, 3)
    inputs = tf.placeholder(tf.float32, [None, 3], name="X")
    w = tf.Variable(np.eye(3, dtype=np.float32) * 1.1, name="w")
    r = tf.while_loop(
        lambda i, a: i < 5,
        lambda i, a: (
            tf.add(i, 1),
            tf.cond(tf.equal(i, 1), lambda: a * 2.0, lambda: tf.tanh(tf.matmul(a, w))),
        ),
        (tf.constant(0), inputs),
    )
    train = tf.assign(w, w * 0.9)
    found = [tf.identity(t, name=name) for t, name in zip(r, ("i", "a"))]
    return Plan([t.name for t in found], train.op.name, {inputs.name: x})


# ---- what TensorFlow has other operations for since ---------------------------------------------


def products(tf):
    """Batches of matrices, sums over labels, diagonals, and their gradients."""
    x, _ = rows(24, 4)
    inputs = tf.placeholder(tf.float32, [2, 3, 4, 4], name="X")
    w = tf.Variable(np.float32(np.arange(48).reshape(2, 3, 4, 2) % 7) / 7 - 0.4, name="w")
    u = tf.Variable(np.float32(np.arange(6).reshape(2, 3)) / 6, name="u")
    y = tf.matmul(inputs, w)
    z = tf.einsum("ij,jk->ik", u, tf.transpose(u))
    d = tf.matrix_diag(u) + tf.eye(3)
    kept = tf.matrix_set_diag(y[:, :, :2], tf.matrix_diag_part(inputs[:, :, 1:3, 1:3]))
    loss = tf.add_n([tf.reduce_sum(t * t) for t in (y, z, d, kept)], name="loss")
    train = tf.train.AdamOptimizer(0.05).minimize(loss, name="train")
    found = [loss, tf.trace(z), d, kept, w]
    return Plan([t.name for t in found], train.name, {inputs.name: x.reshape(2, 3, 4, 4)})


def words(tf):
    """Sparse look-ups in a table in two parts, with sums by segment, and counts."""
    rng = np.random.RandomState(2)
    ids = tf.placeholder(tf.int64, [None], name="ids")
    owners = np.int64([[0, 0], [0, 1], [1, 0], [2, 0], [2, 1], [2, 2]])
    sparse = tf.SparseTensor(tf.constant(owners), ids, tf.constant(np.int64([3, 3])))
    make = tf.random_uniform_initializer(-1, 1, seed=3)
    with tf.variable_scope("words", partitioner=tf.fixed_size_partitioner(2)):
        table = tf.get_variable("table", [9, 4], initializer=make)
    means = [
        tf.nn.embedding_lookup_sparse(table, sparse, None, combiner=name)
        for name in ("mean", "sqrtn", "sum")
    ]
    inner = tf.get_variable("inner", [5, 4], initializer=make)
    picked = tf.nn.embedding_lookup(inner, tf.constant([3, 1, 3]))
    loss = tf.add_n([tf.reduce_sum(tf.square(t - 0.3)) for t in [*means, picked]], name="loss")
    train = tf.train.AdagradOptimizer(0.1).minimize(loss, name="train")
    counts = tf.bincount(tf.cast(ids, tf.int32), minlength=9)
    found = [loss, *means, picked, counts]
    return Plan([t.name for t in found], train.name, {ids.name: rng.randint(0, 9, 6)})


def penalties(tf):
    """The losses of tf.losses with weights, and clipped values."""
    x, _ = rows(10, 3, 5)
    inputs = tf.placeholder(tf.float32, [10, 3], name="X")
    weights = tf.placeholder(tf.float32, [10, 1], name="weights")
    w = tf.Variable(np.eye(3, dtype=np.float32) * 0.7, name="w")
    z = tf.matmul(inputs, w)
    y = tf.one_hot(tf.argmax(inputs, 1), 3)
    mean, variance = tf.nn.moments(z, [0])
    found = [
        tf.losses.mean_squared_error(y, z, weights),
        tf.losses.absolute_difference(y, z, weights),
        tf.losses.hinge_loss(y, z),
        tf.losses.log_loss(y, tf.sigmoid(z), weights),
        tf.losses.sigmoid_cross_entropy(y, z, label_smoothing=0.1),
        tf.losses.softmax_cross_entropy(y, z, weights=weights[:, 0]),
        tf.losses.sparse_softmax_cross_entropy(tf.argmax(inputs, 1), z),
        tf.losses.mean_pairwise_squared_error(y, z),
        tf.losses.cosine_distance(tf.nn.l2_normalize(y, 1), tf.nn.l2_normalize(z, 1), dim=1),
        tf.reduce_sum(tf.clip_by_value(z, -0.5, 0.5)),
        tf.reduce_sum((z - mean) * tf.rsqrt(variance + 1e-3) * w[0] * weights),
        tf.reduce_mean(tf.cumprod(z, axis=0)),
    ]
    loss = tf.add(tf.losses.get_total_loss(), tf.add_n(found[9:]), name="loss")
    train = tf.train.GradientDescentOptimizer(0.02).minimize(loss, name="train")
    sizes = np.float32([[0.0], [1.0], [2.0], [0.5], [1.0]] * 2)
    return Plan([t.name for t in [*found, loss]], train.name, {inputs.name: x, weights.name: sizes})


PLAIN = {
    "by_hand": by_hand,
    "normal_equation": normal_equation,
    "shared_modules": shared_modules,
    "net": net,
    "classifier": classifier,
    "partitioned": partitioned,
    "kinds": kinds,
    "arrays": arrays,
    "losses": losses,
    "matrices": matrices,
    "products": products,
    "words": words,
    "penalties": penalties,
    "randoms": randoms,
    "gradient_descent": optimizing(lambda tf: tf.train.GradientDescentOptimizer(0.05)),
    "momentum": optimizing(lambda tf: tf.train.MomentumOptimizer(0.02, 0.9)),
    "nesterov": optimizing(lambda tf: tf.train.MomentumOptimizer(0.02, 0.9, use_nesterov=True)),
    "adam": optimizing(lambda tf: tf.train.AdamOptimizer(0.05)),
    "adagrad": optimizing(lambda tf: tf.train.AdagradOptimizer(0.5)),
    "adadelta": optimizing(lambda tf: tf.train.AdadeltaOptimizer(0.5)),
    "rmsprop": optimizing(lambda tf: tf.train.RMSPropOptimizer(0.02, momentum=0.5)),
    "centered_rmsprop": optimizing(lambda tf: tf.train.RMSPropOptimizer(0.02, centered=True)),
    "ftrl": optimizing(lambda tf: tf.train.FtrlOptimizer(0.5, l1_regularization_strength=0.1)),
    "proximal_adagrad": optimizing(
        lambda tf: tf.train.ProximalAdagradOptimizer(0.3, l1_regularization_strength=0.01)
    ),
    "proximal_descent": optimizing(
        lambda tf: tf.train.ProximalGradientDescentOptimizer(0.05, l1_regularization_strength=0.01)
    ),
}
"""What TensorFlow 1.1.0 and later read and write."""

BODIES = {
    "conditionals": conditionals,
    "loops": loops,
    "gradients_of_conditionals": gradients_of_conditionals,
}
"""What skflow writes and TensorFlow 2.21 reads, though not 1.1.0."""

CHOICES = {"choices": choices, "rounds": rounds}
"""What both write in this way; TensorFlow 2.21 has no bodies that assign to such variables."""

OWN = {"gradients_of_loops": gradients_of_loops}
"""What skflow alone reads again: TensorFlow has no gradient of a functional loop as one operation."""

PROGRAMS = dict(PLAIN, **BODIES, **CHOICES, **OWN)
