"""Mistakes with reductions, matrices and segments, and what TensorFlow 1.1.0 says of them.

    python linalg_mistakes.py MODULE > mistakes_linalg.json      # MODULE: tensorflow (1.1.0)

mistakes_linalg.json is what TensorFlow 1.1.0 said: for each program the class and the sentence, up
to "[[Node:".
"""
import importlib
import json
import sys

import numpy as np

X = np.arange(6, dtype=np.float32).reshape(2, 3)
SQUARE = np.array([[2, 1], [1, 3]], np.float32)
SINGULAR = np.array([[1, 2], [2, 4]], np.float32)
NAN = np.full((2, 2), np.nan, np.float32)
ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)


def run(tf, function, *arrays, **options):
    """Feed arrays of which the graph knows nothing but the types."""
    arrays = [np.asarray(a) for a in arrays]
    feeds = {tf.placeholder(tf.as_dtype(a.dtype)): a for a in arrays}
    result = function(*feeds, **options)
    with tf.Session() as session:
        return session.run(result[0] if isinstance(result, (tuple, list)) else result, feeds)


def computed(tf, tensor):
    with tf.Session() as session:
        return session.run(tensor)


def i32(value):
    return np.array(value, np.int32)


def reductions(tf):
    yield "axis", lambda: tf.reduce_sum(X, 2)
    yield "negative axis", lambda: tf.reduce_max(X, [0, -3])
    yield "axis at run time", lambda: run(tf, tf.reduce_sum, X, i32(2))
    yield "negative axis at run time", lambda: run(tf, tf.reduce_mean, X, i32(-3))
    yield "rank of axes", lambda: tf.reduce_sum(X, [[0, 1]])
    yield "float axis", lambda: tf.reduce_sum(X, 1.0)
    yield "both names", lambda: tf.reduce_sum(X, axis=0, reduction_indices=1)
    yield "sum of bool", lambda: tf.reduce_sum([True])
    yield "max of strings", lambda: tf.reduce_max(["a"])
    yield "any of floats", lambda: tf.reduce_any([1.0])
    yield "all of a float tensor", lambda: tf.reduce_all(tf.constant([1.0]))
    yield "argmax axis", lambda: tf.argmax(X, 2)
    yield "argmax axis at run time", lambda: run(tf, tf.argmax, X, i32(2))
    yield "argmin axis at run time", lambda: run(tf, tf.argmin, X, i32(-3))
    yield "argmax axes", lambda: tf.argmax(X, [0])
    yield "argmax axes at run time", lambda: run(tf, tf.argmax, X, i32([0]))
    yield "argmax of a scalar", lambda: computed(tf, tf.argmax(np.float32(1), 0))
    yield "argmax of nothing", lambda: computed(tf, tf.argmax(np.zeros((0, 2), np.float32), 0))
    yield "argmax both names", lambda: tf.argmax(X, axis=0, dimension=1)


def scans(tf):
    for name in ("cumsum", "cumprod"):
        scan = getattr(tf, name)
        yield name + " axis", lambda scan=scan: computed(tf, scan(X, 2))
        yield name + " axis at run time", lambda scan=scan: run(tf, scan, X, i32(-3))
        yield name + " axes", lambda scan=scan: computed(tf, scan(X, [0]))
        yield name + " of a scalar", lambda scan=scan: computed(tf, scan(np.float32(1), 0))


def counts(tf):
    yield "bincount negative", lambda: computed(tf, tf.bincount([-1, 2]))
    yield "bincount weights", lambda: computed(tf, tf.bincount([1, 1, 3], weights=[1.0, 2.0]))
    yield "bincount size", lambda: computed(tf, tf.bincount([1], maxlength=-1))
    yield "bincount type", lambda: tf.bincount([1], dtype=tf.float16)


def products(tf):
    one, two, three = (np.ones(s, np.float32) for s in ((2, 2, 3), (3, 3, 3), (2, 2, 2, 3)))
    yield "both transposed and adjoint", lambda: tf.matmul(X, X, transpose_a=True, adjoint_a=True)
    yield "second both", lambda: tf.matmul(X, X, transpose_b=True, adjoint_b=True)
    yield "inner sizes", lambda: tf.matmul(X, X)
    yield "inner sizes transposed", lambda: tf.matmul(X, X, transpose_a=True, transpose_b=True)
    yield "ranks", lambda: tf.matmul(one, X)
    yield "batches", lambda: tf.matmul(one, two)
    yield "batch inner sizes", lambda: tf.matmul(one, one)
    yield "batch ranks", lambda: tf.matmul(one, three)
    yield "types", lambda: tf.matmul(tf.constant([[1]]), tf.constant([[1.0]]))
    yield "int64", lambda: tf.matmul(np.ones((2, 2), np.int64), np.ones((2, 2), np.int64))
    yield "batch of int8", lambda: tf.matmul(np.ones((1, 2, 2), np.int8),
                                             np.ones((1, 2, 2), np.int8))
    yield "ranks at run time", lambda: run(tf, tf.matmul, one, np.ones((3, 3), np.float32))
    yield "vectors at run time", lambda: run(tf, tf.matmul, X[0], X[0])
    yield "batches at run time", lambda: run(tf, tf.matmul, one, two)
    yield "inner sizes at run time", lambda: run(tf, tf.matmul, one, one)
    yield "transposed at run time", lambda: run(tf, tf.matmul, X, SQUARE, transpose_b=True)
    yield "matrix at run time", lambda: run(
        tf, lambda a: tf.matmul(a, tf.placeholder_with_default(X, [None, None])), one)
    yield "matrix sizes at run time", lambda: run(
        tf, lambda a: tf.matmul(tf.placeholder_with_default(X, [None, None]), tf.reshape(
            a, [-1, 1])), np.ones(2, np.float32))
    yield "trace of a vector", lambda: tf.trace(X[0])


def systems(tf):
    tall = np.ones((3, 1), np.float32)
    yield "inverse", lambda: computed(tf, tf.matrix_inverse(SINGULAR))
    yield "inverse of NaN", lambda: computed(tf, tf.matrix_inverse(NAN))
    yield "inverse not square", lambda: tf.matrix_inverse(X)
    yield "inverse not square at run time", lambda: run(tf, tf.matrix_inverse, X)
    yield "inverse of a vector", lambda: tf.matrix_inverse(X[0])
    yield "inverse of int32", lambda: tf.matrix_inverse(np.eye(2, dtype=np.int32))
    yield "inverse of float16", lambda: tf.matrix_inverse(np.eye(2, dtype=np.float16))
    yield "determinant not square", lambda: tf.matrix_determinant(X)
    yield "determinant at run time", lambda: run(tf, tf.matrix_determinant, X)
    yield "determinant infinite", lambda: computed(
        tf, tf.matrix_determinant(SQUARE * np.float32(1e30)))
    yield "solve", lambda: computed(tf, tf.matrix_solve(SINGULAR, X))
    yield "solve sizes", lambda: tf.matrix_solve(SQUARE, tall)
    yield "solve sizes at run time", lambda: run(tf, tf.matrix_solve, SQUARE, tall)
    yield "solve not square", lambda: tf.matrix_solve(X, X)
    yield "solve not square at run time", lambda: run(tf, tf.matrix_solve, X, X)
    yield "solve a vector", lambda: tf.matrix_solve(SQUARE, X[0])
    yield "solve ranks", lambda: tf.matrix_solve(np.stack([SQUARE, SQUARE]), X)
    yield "triangular", lambda: computed(
        tf, tf.matrix_triangular_solve(np.array([[1, 2], [2, 0]], np.float32), X))
    yield "triangular not square", lambda: tf.matrix_triangular_solve(X, X)
    yield "triangular sizes", lambda: run(tf, tf.matrix_triangular_solve, SQUARE, tall)
    yield "least squares deficient", lambda: computed(
        tf, tf.matrix_solve_ls(SINGULAR, tall[:2]))
    yield "least squares of ones", lambda: computed(
        tf, tf.matrix_solve_ls(np.ones((3, 2), np.float32), tall))
    yield "least squares weight", lambda: computed(
        tf, tf.matrix_solve_ls(SQUARE, tall[:2], l2_regularizer=-1.0))
    yield "least squares weights", lambda: tf.matrix_solve_ls(
        SQUARE, tall[:2], l2_regularizer=[1.0, 2.0])
    yield "least squares sizes", lambda: tf.matrix_solve_ls(SQUARE, tall)
    yield "least squares at run time", lambda: run(tf, tf.matrix_solve_ls, SQUARE, tall)
    yield "least squares gradient", lambda: tf.gradients(
        tf.matrix_solve_ls(tf.constant(SQUARE), tall[:2], fast=False),
        tf.get_default_graph().get_tensor_by_name("Const:0"))


def decompositions(tf):
    yield "cholesky", lambda: computed(tf, tf.cholesky(SINGULAR - 2))
    yield "cholesky semidefinite", lambda: computed(tf, tf.cholesky(SINGULAR))
    yield "cholesky not square", lambda: tf.cholesky(X)
    yield "cholesky at run time", lambda: run(tf, tf.cholesky, X)
    yield "eigenvalues of NaN", lambda: computed(tf, tf.self_adjoint_eigvals(NAN))
    yield "eigenvalues not square", lambda: tf.self_adjoint_eig(X)
    yield "eigenvalues at run time", lambda: run(tf, tf.self_adjoint_eig, X)
    yield "svd of a vector", lambda: tf.svd(X[0])
    yield "qr of a vector", lambda: tf.qr(X[0])
    for name in ("svd", "qr"):
        def gradient(name=name):
            x = tf.constant(X, name="x")
            return tf.gradients(getattr(tf, name)(x)[0], x)
        yield name + " gradient", gradient
    yield "argmax gradient", lambda: tf.gradients(
        tf.argmax(tf.constant(X, name="x"), 0), tf.get_default_graph().get_tensor_by_name("x:0"))


def norms(tf):
    yield "order", lambda: tf.norm(X, ord=-1)
    yield "name of order", lambda: tf.norm(X, ord="x")
    yield "fro of vectors", lambda: tf.norm(X, ord="fro", axis=0)
    yield "matrix order", lambda: tf.norm(X, ord=2, axis=[0, 1])
    yield "one axis in a list", lambda: tf.norm(X, axis=[0])
    yield "equal axes", lambda: tf.norm(X, axis=[0, 0])
    yield "float axis", lambda: tf.norm(X, axis=1.0)


def contractions(tf):
    c = tf.constant
    yield "no axes", lambda: tf.tensordot(X, X, 0)
    yield "three lists", lambda: tf.tensordot(X, X, [[0], [0], [1]])
    yield "numbers", lambda: tf.tensordot(X, X, [0, 0])
    yield "axis out of range", lambda: tf.tensordot(X, X, [[5], [0]])
    yield "axis twice", lambda: tf.tensordot(X, X, [[0, 0], [0, 0]])
    yield "sizes at run time", lambda: computed(tf, tf.tensordot(X, X, 1))
    yield "ellipsis", lambda: tf.einsum("...ij->ji", c(X))
    yield "capitals", lambda: tf.einsum("IJ->J", c(X))
    yield "too few", lambda: tf.einsum("ij,jk->ik", c(X))
    yield "unknown output", lambda: tf.einsum("ij->ijk", c(X))
    yield "rank", lambda: tf.einsum("ijk->ij", c(X))
    yield "diagonal", lambda: tf.einsum("ii->i", c(SQUARE))
    yield "sizes", lambda: tf.einsum("ij,jk->ik", c(X), c(X))
    yield "three sizes", lambda: tf.einsum("i,i,i->", c(X[0]), c(X[0]), c(X[:, 0]))
    yield "three ranks", lambda: tf.einsum("ij,i,i->", c(X[0]), c(X[0]), c(X[:, 0]))
    yield "three diagonals", lambda: tf.einsum("ii,i,i->", c(SQUARE), c(X[:, 0]), c(X[:, 0]))
    yield "three unknown", lambda: tf.einsum("i,i,i->k", c(X[0]), c(X[0]), c(X[0]))
    yield "nothing", lambda: tf.einsum("")
    yield "unknown rank", lambda: tf.einsum("ij,jk->ik", tf.placeholder(tf.float32), c(X))


def segments(tf):
    for name in ("segment_sum", "segment_mean", "segment_min", "segment_prod"):
        function = getattr(tf, name)
        for label, ids in (("length", [0, 1]), ("order", [0, 2, 1]), ("first", [-1, 0, 1]),
                           ("all", [-3, -2, -1]), ("start", [1, 0, 0]), ("last", [0, 0, -1])):
            yield f"{name} {label}", lambda f=function, i=ids: computed(tf, f(ROWS, i))
        yield f"{name} rank", lambda f=function: f(ROWS, [[0, 1, 2]])
        yield f"{name} rank at run time", lambda f=function: run(tf, f, ROWS, i32([[0, 1, 2]]))
        yield f"{name} scalar", lambda f=function: f(np.float32(3), [0])
    for name in ("unsorted_segment_sum", "unsorted_segment_max"):
        function = getattr(tf, name)
        yield f"{name} length", lambda f=function: f(ROWS, [0, 1], 3)
        yield f"{name} prefix", lambda f=function: f(ROWS, [[0, 1]], 3)
        yield f"{name} negative size", lambda f=function: f(ROWS, [0, 1, 2], -1)
        yield f"{name} sizes", lambda f=function: f(ROWS, [0, 1, 2], [3])
        yield f"{name} int64 size", lambda f=function: f(ROWS, [0, 1, 2], tf.constant(np.int64(3)))
        yield f"{name} range", lambda f=function: computed(tf, f(ROWS, [0, 3, 1], 3))
        yield f"{name} negative", lambda f=function: computed(tf, f(ROWS, [0, -1, 1], 3))
        yield f"{name} second", lambda f=function: computed(
            tf, f(ROWS, [[0, 1], [1, 0], [2, 3]], 3))
        yield f"{name} at run time", lambda f=function: run(tf, f, ROWS, i32([0, 1]), i32(3))
        yield f"{name} sizes at run time", lambda f=function: run(
            tf, f, ROWS, i32([0, 1, 0]), i32([3]))


def transforms(tf):
    yield "fft of a scalar", lambda: tf.fft(np.complex64(1))
    yield "fft2d of a vector", lambda: tf.fft2d(np.ones(3, np.complex64))
    yield "fft of complex128", lambda: tf.fft(tf.constant(np.ones(3, np.complex128)))


PROGRAMS = (reductions, scans, counts, products, systems, decompositions, norms, contractions,
            segments, transforms)


def said(tf, mistake):
    """The class and the sentence of the error that a program raises."""
    tf.reset_default_graph()
    try:
        value = mistake()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what is compared
        message = getattr(error, "message", None) or (error.args[0] if error.args else "")
        return [type(error).__name__, str(message).split("[[Node:")[0].strip()]
    return ["VALUE", repr(value)]


def observe(tf):
    for program in PROGRAMS:
        tf.reset_default_graph()
        for label, mistake in program(tf):
            yield f"{program.__name__}: {label}", said(tf, mistake)


def main():
    tf = importlib.import_module(sys.argv[1])
    lines = [f"{json.dumps(label)}: {json.dumps(found)}" for label, found in observe(tf)]
    sys.stdout.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
