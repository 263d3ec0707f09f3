"""Products with sparse matrices, and with dense ones that hold many zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skflow.graph.conversion import constant
from skflow.graph.dtypes import COMPLEX, FLOATS, Array, float32, int32, int64
from skflow.graph.nodes import Operation, Tensor
from skflow.graph.ops._arrays import invalid
from skflow.graph.ops._csr import Pattern, check_parts, constant_pattern
from skflow.graph.registry import define, raw
from skflow.graph.shapes import Shape, equal_dims, shape_brackets
from skflow.graph.spec import Spec


def _column(indices: Tensor, column: int) -> Tensor:
    """A column of a matrix."""
    return raw.StridedSlice(  # type: ignore[no-any-return]
        indices,
        [0, column],
        [0, column + 1],
        [1, 1],
        begin_mask=1,
        end_mask=1,
        shrink_axis_mask=2,
    )


# ---- sparse times dense -------------------------------------------------------------------


def _dense_factor(b: Array, adjoint: bool) -> Array:
    return b.conj().T if adjoint else b


def _inner(adjoint_a: bool, adjoint_b: bool) -> tuple[int, int]:
    """The positions of the sizes that must be equal."""
    return (0 if adjoint_a else 1), (1 if adjoint_b else 0)


def pattern_of(indices: Array, shape: Array) -> Pattern | None:
    """What the products of a run with one sparse matrix share; ``None`` of parts that are none."""
    if indices.ndim != 2 or shape.shape != (2,):
        return None
    return Pattern(indices, (int(shape[0]), int(shape[1])))


def _sparse_matmul_dense(
    indices: Array,
    values: Array,
    shape: Array,
    b: Array,
    pattern: Pattern | None = None,
    *,
    adjoint_a: bool,
    adjoint_b: bool,
    out: Array | None = None,
) -> Array:
    check_parts(indices, values, shape, b, _inner(adjoint_a, adjoint_b))
    if pattern is None:
        pattern = pattern_of(indices, shape)
        assert pattern is not None  # the parts fit
    return pattern.product(values, _dense_factor(b, adjoint_b), adjoint_a, out)


def _sparse_matmul_dense_for(specs: Sequence[Spec], attrs: dict[str, Any]) -> Any:
    """The product with a constant pattern, which is put in order once."""
    indices, values, shape = (s.value for s in specs[:3])
    if indices is None or shape is None or indices.ndim != 2 or indices.shape[1] != 2:
        return None
    if shape.shape != (2,):
        return None
    adjoint_a, adjoint_b = attrs["adjoint_a"], attrs["adjoint_b"]
    inner = _inner(adjoint_a, adjoint_b)
    pattern = constant_pattern(indices, (int(shape[0]), int(shape[1])))
    if values is not None:
        pattern.hold(values)

    def product(
        indices: Array, values: Array, shape: Array, b: Array, *, out: Array | None = None
    ) -> Array:
        check_parts(indices, values, shape, b, inner)
        return pattern.product(values, _dense_factor(b, adjoint_b), adjoint_a, out)

    return product


def _sparse_matmul_dense_infer(
    indices: Spec, values: Spec, shape: Spec, b: Spec, *, adjoint_a: bool, adjoint_b: bool
) -> Shape:
    del indices, values
    known = shape.as_shape()
    if known is not None and len(known) != 2:
        raise ValueError(f"Shape must be rank 2 but is rank {len(known)}")
    sizes = b.require_rank(2) or (None, None)
    dims = known or (None, None)
    at, bt = _inner(adjoint_a, adjoint_b)
    equal_dims(dims[at], sizes[bt])
    return dims[1 - at], sizes[1 - bt]


def _sparse_matmul_dense_grad(op: Operation, dy: Tensor) -> list[Any]:
    """Gradients of the sparse factor's values and of the dense factor.

    TensorFlow 1.1.0 has none for complex numbers; here they are conjugated as in `MatMul`.
    """
    indices, values, shape, b = op.inputs
    adjoint_a, adjoint_b = op.attrs["adjoint_a"], op.attrs["adjoint_b"]
    rows, columns = _column(indices, 0), _column(indices, 1)
    if adjoint_b:
        # With B' in the product, B's gradient is (op(A)' dY)'.
        back = raw.SparseTensorDenseMatMul(indices, values, shape, dy, adjoint_a=not adjoint_a)
        db = raw.Transpose(_conj(back), [1, 0], name="transpose")
        factor = raw.Transpose(_conj(b), [1, 0], name="transpose_1")
    else:
        back = db = raw.SparseTensorDenseMatMul(
            indices,
            values,
            shape,
            dy,
            adjoint_a=not adjoint_a,
            name="SparseTensorDenseMatMul/SparseTensorDenseMatMul",
        )
        factor = b
    sizes = b.get_shape()
    if sizes.ndims == 2:
        # A fed matrix's shape says it only in the run, too late to find the gradient a place.
        back.set_shape(sizes.as_list()[::-1] if adjoint_b else sizes)
    left = raw.Gather(dy, columns if adjoint_a else rows)
    right = raw.Gather(factor, rows if adjoint_a else columns)
    products = raw.Mul(_conj(left), right) if adjoint_a else raw.Mul(left, _conj(right))
    return [None, raw.Sum(products, constant(1, int32), name="Sum"), None, db]


def _conj(x: Tensor) -> Tensor:
    if not x.dtype.base_dtype.is_complex:
        return x
    return raw.Conj(x)  # type: ignore[no-any-return]


define(
    "SparseTensorDenseMatMul",
    "a_indices: int64, a_values: T, a_shape: int64, b: T -> product: T",
    attrs={"adjoint_a": False, "adjoint_b": False},
    types={"T": (*FLOATS, int32, int64, *COMPLEX)},
    infer=_sparse_matmul_dense_infer,
    kernel=_sparse_matmul_dense,
    specialize=_sparse_matmul_dense_for,
    grad=_sparse_matmul_dense_grad,
    out=True,
)


# ---- dense times dense, with many zeros ---------------------------------------------------


def _sparse_matmul(a: Array, b: Array, *, transpose_a: bool, transpose_b: bool) -> Array:
    left, right = a.T if transpose_a else a, b.T if transpose_b else b
    if a.ndim != 2 or b.ndim != 2:
        raise invalid(f"{'b' if a.ndim == 2 else 'a'} is not a matrix")
    if left.shape[1] != right.shape[0]:
        raise invalid(
            f"Matrix size incompatible: a: {shape_brackets(a.shape)}, b: {shape_brackets(b.shape)}"
        )
    found: Array = left @ right
    return found


def _sparse_matmul_infer(a: Spec, b: Spec, *, transpose_a: bool, transpose_b: bool) -> Shape:
    left, right = a.require_rank(2) or (None, None), b.require_rank(2) or (None, None)
    rows, inner = left[::-1] if transpose_a else left
    other, columns = right[::-1] if transpose_b else right
    equal_dims(inner, other)
    return rows, columns


def _product(
    a: Tensor, b: Tensor, transpose_a: bool, transpose_b: bool, sparse: tuple[Any, Any], name: str
) -> Tensor:
    flags = {"transpose_a": transpose_a, "transpose_b": transpose_b}
    if not any(sparse):
        return raw.MatMul(a, b, name=name, **flags)  # type: ignore[no-any-return]
    return raw.SparseMatMul(  # type: ignore[no-any-return]
        a, b, a_is_sparse=sparse[0], b_is_sparse=sparse[1], name=name, **flags
    )


def _sparse_matmul_grad(op: Operation, dy: Tensor) -> list[Tensor]:
    a, b = op.inputs
    ta, tb = op.attrs["transpose_a"], op.attrs["transpose_b"]
    a_zeros, b_zeros = op.attrs["a_is_sparse"], op.attrs["b_is_sparse"]
    dy_zeros = dy.op.type == "ReluGrad"
    if ta:
        da = _product(b, dy, tb, True, (b_zeros, dy_zeros), "MatMul")
    else:
        da = _product(dy, b, False, not tb, (dy_zeros, b_zeros), "MatMul")
    if tb:
        db = _product(dy, a, True, ta, (dy_zeros, a_zeros), "MatMul_1")
    else:
        db = _product(a, dy, not ta, False, (a_zeros, dy_zeros), "MatMul_1")
    return [da, db]


define(
    "SparseMatMul",
    "a: Ta, b: Tb -> product: float32",
    attrs={
        "transpose_a": False,
        "transpose_b": False,
        "a_is_sparse": False,
        "b_is_sparse": False,
        "Ta": float32,
        "Tb": float32,
    },
    types={"Ta": (float32,), "Tb": (float32,)},
    infer=_sparse_matmul_infer,
    kernel=_sparse_matmul,
    grad=_sparse_matmul_grad,
)
