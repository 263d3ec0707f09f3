"""Reductions, matrices, segments and transforms whose graphs are compared with TensorFlow 1.1.0's.

    python linalg_programs.py MODULE > graphs_linalg.json      # MODULE: tensorflow (1.1.0)

graphs_linalg.json is what TensorFlow 1.1.0 printed: for each program a list of
[id, name, type, [input tensors], [control inputs]] in the order the operations were made, and for
gradients a list of [name, shape].
"""
import importlib
import json
import sys

import numpy as np

REDUCTIONS = ("reduce_sum", "reduce_mean", "reduce_prod", "reduce_max", "reduce_min",
              "reduce_logsumexp", "count_nonzero")


def x_of(tf, *shape, dtype="float32"):
    return tf.placeholder(tf.as_dtype(dtype), list(shape), name="p")


def unknown(tf, dtype="float32"):
    return tf.placeholder(tf.as_dtype(dtype), name="u")


def reductions(tf):
    x, u = x_of(tf, None, 3), unknown(tf)
    for name in REDUCTIONS:
        function = getattr(tf, name)
        function(x)
        function(x, 1)
        function(x, [0, -1], keep_dims=True, name="given")
        function(x, axis=[], name="none")
        function(x, reduction_indices=[0])
        function(u)
        function(u, keep_dims=True)
        function([[1.0, 2.0], [3.0, 4.0]])
        function([1.0, 2.0], 0)
        if name != "reduce_logsumexp":
            function(np.ones((2, 3)), axis=np.array([0]))
            function(x, np.int64(1))
            function(x, tf.constant([1]))
        with tf.name_scope("scope"):
            function(2.5)


def logical_reductions(tf):
    x, u = x_of(tf, 2, 3, dtype="bool"), unknown(tf, "bool")
    for function in (tf.reduce_all, tf.reduce_any):
        function(x)
        function(x, [1], True, "named")
        function(u, reduction_indices=0)
        function(u)
        function([True, False])
    tf.count_nonzero(x, 1, dtype=tf.int32)
    tf.count_nonzero(x, dtype=tf.float32, name="n")
    tf.count_nonzero(tf.constant([1, 0]))


def positions(tf):
    x = x_of(tf, 2, 3)
    tf.argmax(x)
    tf.argmax(x, 1)
    tf.argmin(x, axis=-1, name="least")
    tf.argmin(x, dimension=1)
    tf.arg_max(x, 0)
    tf.arg_min(x, 1, name="a")
    tf.argmax([1.0, 2.0], 0)
    tf.argmax(x, tf.constant(0))


def scans(tf):
    x, u = x_of(tf, None, 3), unknown(tf)
    for function in (tf.cumsum, tf.cumprod):
        function(x)
        function(x, 1, exclusive=True)
        function(u, axis=-1, reverse=True, name="back")
        function([1.0, 2.0])


def counts(tf):
    x = x_of(tf, None, dtype="int32")
    tf.bincount(x)
    tf.bincount([1, 1, 3], weights=[1.0, 2.0, 3.0])
    tf.bincount(x, minlength=3)
    tf.bincount(x, maxlength=tf.constant(5), minlength=2, dtype=tf.float64)
    tf.bincount(unknown(tf, "int32"), weights=tf.constant([1, 2]))


def products(tf):
    a, b, u = x_of(tf, None, 3), x_of(tf, 3, None), unknown(tf)
    c = x_of(tf, 2, None, 3, 3)
    z = x_of(tf, 2, 2, dtype="complex64")
    zz = x_of(tf, 5, 2, 2, dtype="complex64")
    tf.matmul(a, b)
    tf.matmul(a, a, transpose_b=True, name="gram")
    tf.matmul(b, a, transpose_a=True, transpose_b=True)
    tf.matmul(b, b, adjoint_a=True)
    tf.matmul(z, z, adjoint_a=True, adjoint_b=True)
    tf.matmul(z, z, transpose_a=True, adjoint_b=True, name="z")
    tf.matmul(a, u)
    tf.matmul(u, u)
    tf.matmul(c, c, transpose_b=True)
    tf.matmul(zz, zz, transpose_a=True, adjoint_b=True)
    tf.matmul(u, c, adjoint_a=True, name="batch")
    tf.matmul([[1.0, 2.0]], [[3.0], [4.0]])
    tf.matmul(np.ones((2, 3)), np.ones((3, 2)), name="numpy")
    tf.matmul(a, b, a_is_sparse=True)
    tf.matmul(a, b, b_is_sparse=True, transpose_a=False, adjoint_b=False, name="sparse")
    tf.matmul(z, z, a_is_sparse=True)
    tf.matmul(tf.constant([[1]]), tf.constant([[2]]))
    tf.trace(a)
    tf.trace(c, name="t")
    tf.trace([[1, 2], [3, 4]])


def matmul_operator(tf):
    a = x_of(tf, None, 3)
    a.__matmul__(tf.constant([[1.0], [2.0], [3.0]]))
    a.__matmul__(np.ones((3, 2)))
    a.__rmatmul__([[1.0, 2.0]])


def systems(tf):
    a, c, b = x_of(tf, 3, 3), x_of(tf, None, 2, 2), x_of(tf, 3, None)
    rhs = x_of(tf, None, 2, 4)
    tf.matrix_inverse(a)
    tf.matrix_inverse(c, adjoint=True, name="inverse")
    tf.matrix_inverse([[1.0, 2.0], [3.0, 4.0]])
    tf.matrix_determinant(c)
    tf.matrix_determinant([[1.0, 2.0], [3.0, 4.0]], name="d")
    tf.matrix_solve(a, b)
    tf.matrix_solve(c, rhs, adjoint=True)
    tf.matrix_triangular_solve(a, b)
    tf.matrix_triangular_solve(c, rhs, lower=False, adjoint=True, name="tri")
    tf.matrix_solve_ls(a, b)
    tf.matrix_solve_ls(c, rhs, l2_regularizer=0.5, fast=False, name="ls")
    tf.matrix_solve_ls([[1.0, 2.0]], [[1.0]], 1)
    tf.cholesky(a)
    tf.cholesky(c, name="chol")
    tf.cholesky_solve(a, b)
    tf.cholesky_solve(c, rhs, name="solve")
    tf.cholesky_solve([[1.0]], [[2.0]])


def decompositions(tf):
    a, c, z = x_of(tf, 3, 3), x_of(tf, None, 4, 2), x_of(tf, 2, 3, dtype="complex64")
    tf.qr(a)
    tf.qr(c, full_matrices=True, name="q")
    tf.self_adjoint_eig(a)
    tf.self_adjoint_eig([[1.0, 2.0], [2.0, 1.0]], name="eig")
    tf.self_adjoint_eigvals(a)
    tf.self_adjoint_eigvals(a, name="values")
    tf.svd(a)
    tf.svd(c, full_matrices=True, name="ignored")
    tf.svd(z, compute_uv=False)
    tf.svd(z)


def norms(tf):
    x, z = x_of(tf, 2, None, 3), x_of(tf, 2, 3, dtype="complex64")
    tf.norm(x)
    tf.norm(x, axis=1)
    tf.norm(x, ord=1)
    tf.norm(x, ord=1, axis=-1, keep_dims=True)
    tf.norm(x, ord=np.inf, axis=0, name="highest")
    tf.norm(x, ord=np.inf)
    tf.norm(x, ord=3)
    tf.norm(x, ord=2.5, axis=2)
    tf.norm(x, ord="fro", axis=[0, 1])
    tf.norm(x, ord=1, axis=(-2, -1))
    tf.norm(x, ord=np.inf, axis=[0, 2], keep_dims=True)
    tf.norm(z)
    tf.norm(z, ord=1)
    tf.norm([3.0, 4.0])


def tensordots(tf):
    a, b, u = x_of(tf, 2, 3, 4), x_of(tf, 4, 3, 5), unknown(tf)
    n = x_of(tf, None, 3, 4)
    tf.tensordot(a, b, 1)
    tf.tensordot(a, b, [[2, 1], [0, 1]])
    tf.tensordot(a, b, ([-1], [0]), name="dot")
    tf.tensordot(n, b, [[1], [1]])
    tf.tensordot(n, b, 1)
    tf.tensordot(u, b, 1)
    tf.tensordot(u, u, [[0], [0]])
    tf.tensordot(a, b, tf.constant([[2], [0]]))
    tf.tensordot(a, b, np.array([[2], [0]]))
    tf.tensordot([[1.0, 2.0]], [[1.0], [2.0]], 1, name="constants")
    tf.tensordot(a, a, [[0, 1, 2], [0, 1, 2]])
    tf.tensordot(a, b, [(2,), (0,)])


def einsums(tf):
    a, b = x_of(tf, 2, 3), x_of(tf, 3, 4)
    n, m, v = x_of(tf, None, 3, 4), x_of(tf, None, 4, None), x_of(tf, 3)
    tf.einsum("ij,jk->ik", a, b)
    tf.einsum("ij,jk", a, b)
    tf.einsum("ij->ji", a)
    tf.einsum("ij->", a)
    tf.einsum("ij->i", a)
    tf.einsum("i,i->", v, v)
    tf.einsum("i,j->ij", v, v)
    tf.einsum("ij,ij->ij", a, a)
    tf.einsum("aij,ajk->aik", n, m)
    tf.einsum("aij,jk->aik", n, x_of(tf, 4, 5))
    tf.einsum("ijk,kjl->il", x_of(tf, 3, None, None), x_of(tf, None, None, 2))
    tf.einsum("ij,jk,kl->il", a, b, x_of(tf, 4, 2))
    tf.einsum("abc,abd->dca", x_of(tf, 2, 3, 4), x_of(tf, 2, 3, 5))
    tf.einsum("i,i,i->", v, v, v)
    tf.einsum("ij,ik,il->jkl", a, a, a)
    tf.einsum("ji,i,i->j", a, v, v)
    tf.einsum("ij->ji", [[1.0, 2.0]])


def segments(tf):
    x, ids = x_of(tf, None, 2), x_of(tf, None, dtype="int32")
    for name in ["sum", "mean", "prod", "max", "min"]:
        function = getattr(tf, "segment_" + name)
        function(x, ids)
        function(x, [0, 0, 1], name="s")
        function([[1.0, 2.0]], [0])
    for function in (tf.unsorted_segment_sum, tf.unsorted_segment_max):
        function(x, ids, 3)
        function(x, [0, 2, 1], tf.constant(4), name="u")
        function([1.0, 2.0], [0, 1], 2)


def transforms(tf):
    x = x_of(tf, 2, None, 4, dtype="complex64")
    for function in (tf.fft, tf.ifft, tf.fft2d, tf.ifft2d, tf.fft3d, tf.ifft3d):
        function(x)
        function(x, name="named")
    tf.fft([1.0, 2.0])


def moments(tf):
    x, y, h = x_of(tf, None, 3), x_of(tf, 2, 3, 4), x_of(tf, 2, 3, dtype="float16")
    for data in (x, y, h):
        tf.nn.moments(data, [0])
        tf.nn.moments(data, [0, 1], keep_dims=True)
        tf.nn.moments(data, axes=[0], shift=tf.reduce_mean(data, 0), name="shifted")
        tf.nn.sufficient_statistics(data, [0])
        tf.nn.sufficient_statistics(data, [1, 0, 1], shift=tf.cast(0.5, data.dtype),
                                    keep_dims=True, name="stats")
        tf.nn.weighted_moments(data, [0], 1.0)
        tf.nn.weighted_moments(data, [0, 1], data, keep_dims=True, name="weighted")
        tf.nn.zero_fraction(data)
    tf.nn.normalize_moments(2.0, [1.0], [3.0], None)
    tf.nn.normalize_moments(tf.constant(2.0), [1.0], [3.0], 0.5, name="norm")
    tf.nn.weighted_moments([1.0, 2.0], [0], [1, 2])
    tf.nn.zero_fraction([1, 0], name="zeros")


PROGRAMS = (reductions, logical_reductions, positions, scans, counts, products, matmul_operator,
            systems, decompositions, norms, tensordots, einsums, segments, transforms, moments)

# ---- the names of gradients ---------------------------------------------------------------


def gradient_cases(tf):
    """Names of cases, with the ys and the xs to differentiate them by."""
    def square(*batch):
        return x_of(tf, *batch, 3, 3)

    for name in ["sum", "mean", "prod", "max", "min"]:
        function = getattr(tf, "reduce_" + name)
        for x, label in ((x_of(tf, 3, 4), "static"), (x_of(tf, None, 4), "batch"),
                         (unknown(tf), "unknown")):
            yield f"{name} {label} all", function(x), [x]
            yield f"{name} {label} 0", function(x, 0), [x]
            yield f"{name} {label} kept", function(x, [1], keep_dims=True), [x]
    for ta in (False, True):
        for tb in (False, True):
            a, b = square(), square()
            yield f"matmul {ta} {tb}", tf.matmul(a, b, ta, tb), [a, b]
            a, b = square(2), square(2)
            yield (f"batch matmul {ta} {tb}", tf.matmul(a, b, adjoint_a=ta, adjoint_b=tb), [a, b])
    for a, label in ((square(), "matrix"), (square(2), "batch")):
        b = x_of(tf, *a.get_shape().as_list()[:-1], 2)
        yield f"inverse {label}", tf.matrix_inverse(a), [a]
        yield f"determinant {label}", tf.matrix_determinant(a), [a]
        yield f"cholesky {label}", tf.cholesky(a), [a]
        yield f"solve {label}", tf.matrix_solve(a, b), [a, b]
        yield f"triangular {label}", tf.matrix_triangular_solve(a, b), [a, b]
        yield f"eigenvalues {label}", tf.self_adjoint_eig(a)[0], [a]
        yield f"eigenvectors {label}", list(tf.self_adjoint_eig(a)), [a]
    for shape in ((4, 3), (3, 4)):
        a, b = x_of(tf, *shape), x_of(tf, shape[0], 2)
        yield f"least squares {shape}", tf.matrix_solve_ls(a, b, 0.1), [a, b]
    x = x_of(tf, 3, 2)
    for name in ["sum", "mean", "min", "max"]:
        yield f"segment {name}", getattr(tf, "segment_" + name)(x, [0, 0, 1]), [x]
    yield "unsorted sum", tf.unsorted_segment_sum(x, [0, 0, 1], 3), [x]
    yield "unsorted max", tf.unsorted_segment_max(x, [0, 0, 1], 3), [x]
    yield "cumsum", tf.cumsum(x), [x]
    yield "cumprod", tf.cumprod(x), [x]
    yield "trace", tf.trace(x), [x]
    yield "norm", tf.norm(x), [x]
    yield "highest", tf.norm(x, ord=np.inf, axis=[0, 1]), [x]
    yield "logsumexp", tf.reduce_logsumexp(x, 0), [x]
    yield "moments", list(tf.nn.moments(x, [0])), [x]
    yield "tensordot", tf.tensordot(x, x, [[0], [0]]), [x]
    yield "einsum", tf.einsum("ij,ik->jk", x, x), [x]


def gradients(tf):
    """For each case the name and the shape of each gradient."""
    found = []
    tf.reset_default_graph()
    for label, ys, xs in gradient_cases(tf):
        grads = tf.gradients(ys, xs)
        found.append([label, [[g.name, str(g.get_shape())] for g in grads]])
    return found


def recorded(tf, program):
    tf.reset_default_graph()
    program(tf)
    return [
        [op._id, op.name, op.type, [t.name for t in op.inputs], [c.name for c in op.control_inputs]]
        for op in tf.get_default_graph().get_operations()]


def main():
    tf = importlib.import_module(sys.argv[1])
    parts = [(p.__name__, recorded(tf, p)) for p in PROGRAMS] + [("gradients", gradients(tf))]
    for i, (name, rows) in enumerate(parts):
        lines = ",\n  ".join(json.dumps(row) for row in rows)
        before = ",\n" if i else "{"
        sys.stdout.write(f'{before}"{name}": [\n  {lines}]')
    sys.stdout.write("}\n")


if __name__ == "__main__":
    main()
